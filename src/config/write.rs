//! Changes to the configuration file that munshi makes for the user: a theme that was chosen, a local server.
//! Owns that comments, order and everything else in the file stay; refuses to touch a file it cannot read.

use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::System;

/// One setting to be written.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its tables and its name.
    pub path: Vec<String>,
    pub value: Value,
}

impl Change {
    /// A change of the setting at `path`.
    #[must_use]
    pub fn new(path: &[&str], value: impl Into<Value>) -> Self {
        Self { path: path.iter().map(|part| (*part).to_owned()).collect(), value: value.into() }
    }
}

/// Why the configuration file was not changed. It is then as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("{path} is not changed, since it is no valid TOML: {detail}")]
    Broken { path: String, detail: String },
    #[error("{path} is not changed, since {table} in it is not a table")]
    NotATable { path: String, table: String },
    #[error("{path} could not be written, and is as it was: {detail}")]
    Io { path: String, detail: String },
}

/// Writes `changes` into the configuration file, which keeps its comments; a file that is a link stays one.
///
/// # Errors
/// Where nothing was changed.
pub fn save(file: &Path, changes: &[Change], system: &System) -> Result<(), WriteError> {
    let path = || file.display().to_string();
    let fails = |error: io::Error| WriteError::Io { path: path(), detail: error.to_string() };
    let text = match std::fs::read(file) {
        // Rewriting what is not UTF-8 would destroy it.
        Ok(bytes) => String::from_utf8(bytes)
            .map_err(|_| WriteError::Broken { path: path(), detail: "it is not UTF-8".to_owned() })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(fails(error)),
    };
    let mut document: DocumentMut =
        text.strip_prefix('\u{feff}').unwrap_or(&text).parse().map_err(|error: toml_edit::TomlError| {
            WriteError::Broken { path: path(), detail: error.message().to_owned() }
        })?;
    for change in changes {
        let table = change.path.split_last().map_or(&[][..], |(_, table)| table);
        put(document.as_table_mut(), &change.path, change.value.clone())
            .ok_or_else(|| WriteError::NotATable { path: path(), table: table.join(".") })?;
    }
    let target = file.canonicalize().unwrap_or_else(|_| PathBuf::from(file));
    (system.write_private)(&target, document.to_string().as_bytes()).map_err(fails)
}

/// Sets one value, with the spaces and the comment that stood beside the old one.
fn put(table: &mut dyn TableLike, path: &[String], mut value: Value) -> Option<()> {
    let (name, rest) = path.split_first()?;
    if rest.is_empty() {
        // A value's trailing comment is a part of the value: a new one without it would delete the comment.
        if let Some(old) = table.get(name).and_then(Item::as_value) {
            *value.decor_mut() = old.decor().clone();
        }
        match table.get_mut(name) {
            Some(item) => *item = Item::Value(value),
            None => {
                table.insert(name, Item::Value(value));
            }
        }
        return Some(());
    }
    if table.get(name).is_none() {
        let mut inner = Table::new();
        // `[providers.local]` needs no `[providers]` above it.
        inner.set_implicit(rest.len() > 1);
        table.insert(name, Item::Table(inner));
    }
    put(table.get_mut(name)?.as_table_like_mut()?, rest, value)
}

/// The changes that make `base_url` the provider `name` and one of its models the default.
#[must_use]
pub fn local_server_changes(name: &str, base_url: &str, model: &str) -> Vec<Change> {
    vec![
        Change::new(&["model"], format!("{name}/{model}")),
        Change::new(&["providers", name, "base_url"], base_url.trim_end_matches('/')),
    ]
}
