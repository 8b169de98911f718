//! Endpoints and their keys. Owns the order in which a key is looked for: one typed in this run, environment
//! and `.env`, `api_key_command`, munshi's key file. Refuses to pair a key with an address that came from
//! elsewhere than the key.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::System;
use super::key::{Key, KeyProblem};
use super::key_file::{self, KeyFileError};
use super::layers::Origin;

/// How long `api_key_command` may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// One provider, before its key is looked for.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// As it is shown: `OpenAI`.
    pub name: String,
    /// Without a slash at the end.
    pub base_url: String,
    /// Where it is used with a key that is not [`Endpoint::key_from_env`]: the same, unless the address came
    /// from the working folder's `.env`, which is trusted with that file's own key only.
    pub base_url_for_other_keys: String,
    /// The variable that holds the key, where one is named.
    pub key_env: Option<String>,
    pub key_from_env: Option<(SecretString, Origin)>,
    /// A program and its arguments, which prints the key; empty for none.
    pub key_command: Vec<String>,
    /// Whether requests without a key make no sense.
    pub key_needed: bool,
}

/// An address and the key that goes there.
#[derive(Debug, Clone)]
pub struct Access {
    pub base_url: String,
    /// `None` for a server that wants none.
    pub key: Option<Key>,
}

/// What is known of a provider's key without running anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// There is one, shown as `sk-…abcd`, and where it comes from.
    Present {
        shown: String,
        from: String,
    },
    /// `api_key_command` will be run when it is needed.
    FromCommand(String),
    NotNeeded,
    Missing,
    /// There is one that cannot be used, and why.
    Unusable(String),
}

/// Why an endpoint cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("no provider {0:?} is configured; add [providers.{0}] with its base_url to the configuration file")]
    UnknownProvider(String),
    #[error("no key for {name}: {how}, or enter it with /key")]
    Missing { name: String, how: String },
    #[error("the key for {name} ({from}) cannot be used: {problem}")]
    Unusable { name: String, from: String, problem: KeyProblem },
    #[error("api_key_command for {name} gave no key: {detail}. Run it in a shell to see why: {command}")]
    Command { name: String, detail: String, command: String },
    #[error(transparent)]
    File(#[from] KeyFileError),
}

/// All endpoints. Cheap to clone; clones share what was typed in this run.
#[derive(Debug, Clone)]
pub struct Endpoints(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    endpoints: BTreeMap<String, Endpoint>,
    key_file: PathBuf,
    system: System,
    /// Keys typed in this run, and those that commands gave; by provider.
    typed: Mutex<BTreeMap<String, Key>>,
    from_command: Mutex<BTreeMap<String, Key>>,
}

impl Endpoints {
    /// Endpoints with their key file.
    #[must_use]
    pub fn new(endpoints: BTreeMap<String, Endpoint>, key_file: PathBuf, system: System) -> Self {
        let (typed, from_command) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { endpoints, key_file, system, typed, from_command }))
    }

    /// One endpoint by the provider's name.
    #[must_use]
    pub fn get(&self, provider: &str) -> Option<&Endpoint> {
        self.0.endpoints.get(provider)
    }

    /// All endpoints, by the provider's name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Endpoint)> {
        self.0.endpoints.iter().map(|(name, endpoint)| (name.as_str(), endpoint))
    }

    /// One endpoint in place of all: `provider` leads to `base_url` with `key` and nothing else. For the demo, in
    /// which no other server is asked and no real key is used.
    #[must_use]
    pub fn redirected(&self, provider: &str, base_url: &str, key: Option<Key>) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        let fixed = Endpoint {
            name: provider.to_owned(),
            base_url_for_other_keys: base_url.clone(),
            base_url,
            key_env: None,
            key_from_env: key.map(|key| (SecretString::from(key.expose()), Origin::Default)),
            key_command: Vec::new(),
            key_needed: false,
        };
        Self::new(BTreeMap::from([(provider.to_owned(), fixed)]), self.0.key_file.clone(), self.0.system)
    }

    /// The address of `provider` and its key. Reads the key file and may run `api_key_command` (10 s at
    /// most): not for the thread that draws.
    ///
    /// # Errors
    /// Where no key is found that can be used, with how to mend it.
    pub fn access(&self, provider: &str) -> Result<Access, EndpointError> {
        let endpoint = self.get(provider).ok_or_else(|| EndpointError::UnknownProvider(provider.to_owned()))?;
        let other = |key| Access { base_url: endpoint.base_url_for_other_keys.clone(), key };
        if let Some(key) = lock(&self.0.typed).get(provider).cloned() {
            return Ok(other(Some(key)));
        }
        if let Some((text, origin)) = &endpoint.key_from_env {
            let key = endpoint.check(text.expose_secret(), &origin.to_string())?;
            return Ok(Access { base_url: endpoint.base_url.clone(), key: Some(key) });
        }
        if !endpoint.key_command.is_empty() {
            return self.ask_command(provider, endpoint).map(|key| other(Some(key)));
        }
        if let Some(text) = key_file::read(&self.0.key_file, provider, &self.0.system)? {
            let key = endpoint.check(text.expose_secret(), &self.0.key_file.display().to_string())?;
            return Ok(other(Some(key)));
        }
        if endpoint.key_needed {
            let how =
                endpoint.key_env.as_ref().map_or_else(|| "set api_key_env".to_owned(), |name| format!("set {name}"));
            return Err(EndpointError::Missing { name: endpoint.name.clone(), how });
        }
        Ok(other(None))
    }

    /// What is known of a provider's key without running a command; reads the key file.
    #[must_use]
    pub fn key_state(&self, provider: &str) -> KeyState {
        let Some(endpoint) = self.get(provider) else { return KeyState::Missing };
        let typed = lock(&self.0.typed).get(provider).map(ToString::to_string);
        if let Some(shown) = typed {
            return KeyState::Present { shown, from: "typed in this run".to_owned() };
        }
        if endpoint.key_from_env.is_none() && !endpoint.key_command.is_empty() {
            return KeyState::FromCommand(endpoint.key_command.join(" "));
        }
        let from = match &endpoint.key_from_env {
            Some((_, origin)) => origin.to_string(),
            None => self.0.key_file.display().to_string(),
        };
        match self.access(provider) {
            Ok(Access { key: Some(key), .. }) => KeyState::Present { shown: key.to_string(), from },
            Ok(Access { key: None, .. }) => KeyState::NotNeeded,
            Err(EndpointError::Missing { .. }) => KeyState::Missing,
            Err(error) => KeyState::Unusable(error.to_string()),
        }
    }

    /// Uses `key` for `provider` from now on, until munshi ends.
    pub fn use_key(&self, provider: &str, key: Key) {
        lock(&self.0.typed).insert(provider.to_owned(), key);
    }

    /// Forgets what `api_key_command` gave, so that it is run again: after a 401.
    pub fn forget_command_key(&self, provider: &str) {
        lock(&self.0.from_command).remove(provider);
    }

    /// Uses `key` from now on, and keeps it in munshi's key file. Gives what the user should know, where
    /// another key would be found first at the next start.
    ///
    /// # Errors
    /// Where it could not be kept; it is used all the same until munshi ends.
    pub fn save_key(&self, provider: &str, key: Key) -> Result<Option<String>, KeyFileError> {
        let saved = key_file::save(&self.0.key_file, provider, &key, &self.0.system);
        self.use_key(provider, key);
        saved?;
        let file = self.0.key_file.display();
        Ok(self.get(provider).and_then(|endpoint| match &endpoint.key_from_env {
            Some((_, origin)) => Some(format!(
                "the key is kept in {file}, but at the next start the one from {origin} comes first; remove that one"
            )),
            None if !endpoint.key_command.is_empty() => {
                Some(format!("the key is kept in {file}, but at the next start api_key_command comes first; remove it"))
            }
            None => None,
        }))
    }

    fn ask_command(&self, provider: &str, endpoint: &Endpoint) -> Result<Key, EndpointError> {
        if let Some(key) = lock(&self.0.from_command).get(provider).cloned() {
            return Ok(key);
        }
        let command = endpoint.key_command.join(" ");
        let fails =
            |detail: String| EndpointError::Command { name: endpoint.name.clone(), detail, command: command.clone() };
        let output = (self.0.system.run)(&endpoint.key_command, COMMAND_LIMIT).map_err(|error| match error.kind() {
            std::io::ErrorKind::TimedOut => fails("it took longer than 10 s".to_owned()),
            std::io::ErrorKind::NotFound => fails("the program was not found".to_owned()),
            _ => fails(error.to_string()),
        })?;
        if !output.status.success() {
            return Err(fails(format!("it ended with {}", output.status)));
        }
        let text = SecretString::from(String::from_utf8_lossy(&output.stdout).into_owned());
        let key = Key::parse(text.expose_secret()).map_err(|problem| fails(problem.to_string()))?;
        lock(&self.0.from_command).insert(provider.to_owned(), key.clone());
        Ok(key)
    }
}

impl Endpoint {
    fn check(&self, text: &str, from: &str) -> Result<Key, EndpointError> {
        Key::parse(text).map_err(|problem| EndpointError::Unusable {
            name: self.name.clone(),
            from: from.to_owned(),
            problem,
        })
    }
}

/// A map behind its lock; whoever panicked while holding it left it whole.
fn lock(map: &Mutex<BTreeMap<String, Key>>) -> std::sync::MutexGuard<'_, BTreeMap<String, Key>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
