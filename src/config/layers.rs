//! Settings laid over each other: defaults, file, environment, flags. Owns each value's origin; whoever is
//! laid later wins.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::schema::FIELDS;
use super::value::Value;
use crate::chat::Local;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// The configuration file; lines count from 1, and 0 is the file as a whole.
    File {
        path: PathBuf,
        line: usize,
    },
    Environment {
        name: String,
    },
    EnvFile {
        path: PathBuf,
        line: usize,
        name: String,
    },
    Flag {
        name: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line: 0 } => write!(f, "{}", path.display()),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment { name } => write!(f, "environment {name}"),
            Self::EnvFile { path, line, name } => write!(f, "{}:{line}: {name}", path.display()),
            Self::Flag { name } => write!(f, "{name}"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub value: Value,
    pub origin: Origin,
}

/// A setting's name with its tables: `["models", "gpt-4o", "first_token"]`.
pub type Path = Vec<String>;

/// All values that hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layers {
    entries: BTreeMap<Path, Entry>,
}

impl Layers {
    /// The built-in defaults alone.
    #[must_use]
    pub fn defaults() -> Self {
        let with_default = FIELDS.iter().filter_map(|field| Some((split(field.path), field.default.value()?)));
        Self { entries: with_default.map(|(path, value)| (path, Entry { value, origin: Origin::Default })).collect() }
    }

    /// Lays a value over what was there.
    pub fn lay(&mut self, path: Path, value: Value, origin: Origin) {
        self.entries.insert(path, Entry { value, origin });
    }

    /// The value that holds for `path`, parted by dots.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(&split(path))
    }

    /// The value that holds for a path whose parts may contain dots.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Entry> {
        let path: Path = path.iter().map(|part| (*part).to_owned()).collect();
        self.entries.get(&path)
    }

    /// All values with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.entries.iter()
    }

    /// The names the user chose within a table, such as the providers'.
    #[must_use]
    pub fn names_in(&self, table: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for path in self.entries.keys().filter(|path| path.len() > 1 && path[0] == table) {
            if names.last() != Some(&path[1]) {
                names.push(path[1].clone());
            }
        }
        names
    }

    pub(super) fn text(&self, path: &str) -> String {
        match self.get(path).map(|entry| &entry.value) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    pub(super) fn list(&self, path: &str) -> Vec<String> {
        match self.get(path).map(|entry| &entry.value) {
            Some(Value::List(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn time(&self, path: &str) -> Duration {
        match self.get(path).map(|entry| &entry.value) {
            Some(Value::Time(time)) => *time,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn whole(&self, path: &str) -> Option<u64> {
        match self.get(path).map(|entry| &entry.value) {
            Some(Value::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn number(&self, path: &str) -> Option<f64> {
        match self.get(path).map(|entry| &entry.value) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// An amount of money; `None` where none is set.
    pub(super) fn amount(&self, path: &str) -> Option<Local> {
        match self.get(path).map(|entry| &entry.value) {
            Some(Value::Amount(micro)) => Some(Local::from_micro(*micro)),
            _ => None,
        }
    }

    pub(super) fn switch(&self, path: &str) -> bool {
        matches!(self.get(path).map(|entry| &entry.value), Some(Value::Switch(true)))
    }
}

fn split(path: &str) -> Path {
    path.split('.').map(str::to_owned).collect()
}
