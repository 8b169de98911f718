//! The environment and the `.env` files beside it. Owns which of them wins, and the rule that an address from
//! the working folder's `.env` is used only with that same file's key.

use std::collections::BTreeMap;

use super::env_file::EnvFile;
use super::error::Problem;
use super::layers::{Layers, Origin};
use super::schema::{Place, place};

/// Variables that hold settings, and the settings they hold.
const SETTINGS: [(&str, &str); 3] =
    [("OPENAI_MODEL", "model"), ("OPENAI_TEMPERATURE", "temperature"), ("OPENAI_MAX_TOKENS", "max_tokens")];

/// The variable with the default provider's address.
pub const BASE_URL: &str = "OPENAI_BASE_URL";

/// The real environment, then the `.env` files: the working folder's before the configuration folder's.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub real: BTreeMap<String, String>,
    pub files: Vec<EnvFile>,
}

/// A variable that was found.
#[derive(Clone)]
pub struct Found {
    pub value: String,
    pub origin: Origin,
    /// Whether it comes from a `.env` that is not the user's own.
    pub foreign: bool,
}

impl Environment {
    /// A variable from the real environment, else from the first `.env` that gives it. An empty one counts as none.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Found> {
        if let Some(value) = self.real(name) {
            let origin = Origin::Environment { name: name.to_owned() };
            return Some(Found { value: value.to_owned(), origin, foreign: false });
        }
        self.files.iter().find_map(|file| {
            let variable = file.get(name)?;
            let origin = Origin::EnvFile { path: file.path.clone(), line: variable.line, name: variable.name.clone() };
            Some(Found { value: variable.value.clone(), origin, foreign: !file.own })
        })
    }

    /// A variable from the real environment alone: names of folders are never taken from a `.env`.
    #[must_use]
    pub fn real(&self, name: &str) -> Option<&str> {
        self.real.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// Lays the settings that variables hold over the others.
    pub fn lay_settings(&self, layers: &mut Layers, problems: &mut Vec<Problem>) {
        let known = SETTINGS.iter().filter_map(|(name, setting)| Some((*setting, self.find(name)?)));
        let level = self.real("MUNSHI_LOG").map(|value| Found {
            value: value.to_owned(),
            origin: Origin::Environment { name: "MUNSHI_LOG".to_owned() },
            foreign: false,
        });
        for (setting, found) in known.chain(level.map(|found| ("log_level", found))) {
            let path = vec![setting.to_owned()];
            let Place::Setting(field) = place(&path) else { continue };
            match field.kind.read_text(&found.value) {
                Some(value) => layers.lay(path, value, found.origin),
                None => {
                    let says = format!("expected {}, found {:?}", field.kind.expected(), found.value);
                    problems.push(Problem::new(&found.origin, says));
                }
            }
        }
    }

    /// The default provider's address, if a variable gives one that may be used with `key`, the variable that
    /// the key was found in. An address from the working folder's `.env` goes with a key from that file
    /// alone; else it is left out, with a notice.
    pub fn base_url(&self, key: Option<&Found>, notices: &mut Vec<String>) -> Option<Found> {
        let found = self.find(BASE_URL)?;
        if !found.foreign || same_file(key.map(|key| &key.origin), &found.origin) {
            return Some(found);
        }
        notices.push(format!(
            "{} is ignored: the working folder's .env may set an address only together with its key, so that a stranger's folder cannot redirect yours",
            found.origin
        ));
        // What stands behind it is the user's own, and holds.
        let own = self.files.iter().filter(|file| file.own).cloned().collect();
        Self { real: BTreeMap::new(), files: own }.find(BASE_URL)
    }
}

fn same_file(key: Option<&Origin>, address: &Origin) -> bool {
    match (key, address) {
        (Some(Origin::EnvFile { path: key, .. }), Origin::EnvFile { path: address, .. }) => key == address,
        _ => false,
    }
}
