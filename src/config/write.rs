//! Changes to the configuration file that munshi makes for the user: a theme, a budget, a local server.
//! Owns that comments, order and everything else in the file stay; refuses to touch a file it cannot read.

use std::io;
use std::path::{Path, PathBuf};

use toml_edit::{Document, DocumentMut, Item, Table, TableLike, TomlError, Value};

use super::System;
use super::schema::{Place, place};

/// One setting to be written, or to be taken out.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its tables and its name.
    pub path: Vec<String>,
    /// `None`: the setting is taken out.
    pub value: Option<Value>,
}

impl Change {
    /// A change of the setting at `path`.
    #[must_use]
    pub fn new(path: &[&str], value: impl Into<Value>) -> Self {
        Self { path: path.iter().map(|part| (*part).to_owned()).collect(), value: Some(value.into()) }
    }

    /// A change of the setting at `path`, its tables parted by dots, to what a user wrote: `250`, `truncate`. `None`
    /// takes it out.
    ///
    /// # Errors
    /// Where there is no such setting, or it does not take that: what was expected, in a sentence.
    pub fn of(path: &str, written: Option<&str>) -> Result<Self, String> {
        let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
        let Place::Setting(field) = place(&parts) else { return Err(format!("There is no setting {path}.")) };
        let Some(written) = written else { return Ok(Self { path: parts, value: None }) };
        let expected = || format!("{path}: expected {}, found {written:?}.", field.kind.expected());
        let value = field.kind.read_text(written).ok_or_else(expected)?;
        let value = value.to_string().parse::<Value>().map_err(|_| expected())?;
        Ok(Self { path: parts, value: Some(value) })
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
    let broken = |error: &TomlError| WriteError::Broken { path: path(), detail: error.message().to_owned() };
    let text = match std::fs::read(file) {
        // Rewriting what is not UTF-8 would destroy it.
        Ok(bytes) => String::from_utf8(bytes)
            .map_err(|_| WriteError::Broken { path: path(), detail: "it is not UTF-8".to_owned() })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(fails(error)),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut changed = text.to_owned();
    changed.parse::<DocumentMut>().map_err(|error| broken(&error))?;
    for change in changes {
        let table = change.path.split_last().map_or(&[][..], |(_, table)| table);
        let Some(value) = change.value.clone() else {
            changed = without(&changed, &change.path).map_err(|error| broken(&error))?;
            continue;
        };
        let mut document: DocumentMut = changed.parse().map_err(|error| broken(&error))?;
        put(document.as_table_mut(), &change.path, value)
            .ok_or_else(|| WriteError::NotATable { path: path(), table: table.join(".") })?;
        changed = document.to_string();
    }
    if changed == text {
        return Ok(());
    }
    let target = file.canonicalize().unwrap_or_else(|_| PathBuf::from(file));
    (system.write_private)(&target, changed.as_bytes()).map_err(fails)
}

/// The text without one setting. What was said about it stays: the comment lines above, and one beside it as a line of
/// its own.
fn without(text: &str, path: &[String]) -> Result<String, TomlError> {
    let parsed = Document::parse(text)?;
    let Some((name, tables)) = path.split_last() else { return Ok(text.to_owned()) };
    let table = tables.iter().try_fold(parsed.as_item(), |item, name| item.get(name));
    let span = table.and_then(|table| table.get(name)).and_then(Item::span);
    let (Some(table), Some(span)) = (table, span) else { return Ok(text.to_owned()) };
    if table.is_inline_table() {
        let mut document: DocumentMut = text.parse()?;
        let inner = tables.iter().try_fold(document.as_item_mut(), |item, name| item.get_mut(name));
        if let Some(inner) = inner.and_then(Item::as_table_like_mut) {
            inner.remove(name);
        }
        return Ok(document.to_string());
    }
    let begins = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let ends = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1);
    let beside = text[span.end..ends].trim_start_matches([' ', '\t']);
    let beside = if beside.starts_with('#') { beside } else { "" };
    Ok([&text[..begins], beside, &text[ends..]].concat())
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
