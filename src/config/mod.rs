//! Configuration: as written (`read`, `env_file`, `environment`), laid over each other (`layers`), then as
//! meant (`resolve`), each value with its origin. Takes the environment, the folders and what touches the
//! system as arguments; refuses to read the process's own.

pub mod base_url;
pub mod catalogue;
pub mod endpoints;
pub mod env_file;
pub mod environment;
pub mod error;
mod json;
pub mod key;
mod key_file;
pub mod layers;
pub mod read;
pub mod refreshed;
pub mod report;
mod resolve;
pub mod schema;
mod settings;
mod tooling;
pub mod value;
mod write;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use crate::chat::tooling::Tooling;
use crate::chat::{Catalogue, ModelRef, Settings};

pub use endpoints::{Access, Endpoint, EndpointError, Endpoints, KeyState};
pub use error::{ConfigError, Problem};
pub use key::{Key, KeyProblem};
pub use key_file::KeyFileError;
pub use layers::{Layers, Origin};
pub use resolve::expanded;
pub use write::{Change, WriteError, local_server_changes, save};

/// The configuration with every field explained, as `munshi config init` writes it.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// What configuration needs of the system, so that tests can let it fail.
#[derive(Debug, Clone, Copy)]
pub struct System {
    /// Replaces a file by new content, for its owner's eyes only: temporary, sync, rename, sync the folder.
    pub write_private: fn(&Path, &[u8]) -> io::Result<()>,
    /// Whether others than a file's owner may read it.
    pub others_may_read: fn(&Path) -> io::Result<bool>,
    /// Runs a program with arguments, without input, and ends it after a time with [`io::ErrorKind::TimedOut`].
    pub run: fn(&[String], Duration) -> io::Result<Output>,
}

/// The folders munshi keeps its files in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    pub config: PathBuf,
    pub data: PathBuf,
    pub state: PathBuf,
}

impl Paths {
    /// The configuration file, where no flag names another.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// munshi's own key file.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.config.join("keys.toml")
    }

    /// The folder of the lists of models that providers gave.
    #[must_use]
    pub fn listings(&self) -> PathBuf {
        self.data.join("models.d")
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("munshi.db")
    }
}

/// What the command line says about settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub model: Option<String>,
    pub system: Option<String>,
    pub temperature: Option<f32>,
    pub max_tokens: Option<u32>,
    pub log_level: Option<String>,
    pub theme: Option<String>,
    pub no_mouse: bool,
}

/// All that configuration is made from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The process's environment.
    pub env: BTreeMap<String, String>,
    /// The working folder; `None` where it is gone.
    pub cwd: Option<PathBuf>,
    /// The platform's folders; `MUNSHI_CONFIG_DIR`, `MUNSHI_DATA_DIR`, `MUNSHI_STATE_DIR` are laid over them here.
    pub paths: Paths,
    pub flags: Flags,
    pub system: System,
}

/// The environment as text: bytes that are not UTF-8 become replacement characters.
pub fn env_from(pairs: impl IntoIterator<Item = (OsString, OsString)>) -> BTreeMap<String, String> {
    let text = |os: OsString| os.to_string_lossy().into_owned();
    pairs.into_iter().map(|(name, value)| (text(name), text(value))).collect()
}

/// How much may be typed and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A longer message is refused with its size, and stays in the box.
    pub max_input_chars: usize,
    /// A longer paste becomes an attached text.
    pub paste_attachment_chars: usize,
}

/// How the screen looks and what it listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// The theme's name; whoever draws knows which there are.
    pub theme: String,
    pub mouse: bool,
}

/// Keys that the user gave to an action, as written, with their place for an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBinding {
    pub action: String,
    pub keys: Vec<String>,
    pub origin: Origin,
}

/// The configuration as meant.
#[derive(Debug, Clone)]
pub struct Config {
    pub model: ModelRef,
    /// The system prompt; empty for none.
    pub system: String,
    /// 0 to 2; `None` leaves it to the model.
    pub temperature: Option<f32>,
    /// Tokens a reply may have; `None` leaves it to the model.
    pub max_tokens: Option<u32>,
    pub settings: Settings,
    pub connect_timeout: Duration,
    pub catalogue: Arc<Catalogue>,
    pub endpoints: Endpoints,
    pub limits: Limits,
    pub ui: Ui,
    pub key_bindings: Vec<KeyBinding>,
    /// What is said of tools; `settings.tools` holds their limits.
    pub tooling: Tooling,
    /// A level (`info`) or a list of targets with levels (`info,munshi::provider=debug`).
    pub log_level: String,
    pub paths: Paths,
    /// The file that was read, or would be.
    pub file: PathBuf,
    /// Files that keys are taken from, there or not: nobody else is to read them.
    pub key_files: Vec<PathBuf>,
    /// What the user should know though nothing is wrong, such as an address that was ignored.
    pub notices: Vec<String>,
    layers: Layers,
}

impl Config {
    /// Reads files and environment and makes of them what is meant.
    ///
    /// # Errors
    /// All that is wrong, each with its file, line and what was expected.
    pub fn load(inputs: &Inputs) -> Result<Self, ConfigError> {
        let (config, problems) = resolve::load(inputs)?;
        if problems.is_empty() { Ok(config) } else { Err(ConfigError(problems)) }
    }

    /// As [`Config::load`], but gives what can be made of the rest where something is wrong: the defaults stand in for
    /// it. For `munshi doctor`.
    ///
    /// # Errors
    /// Where the built-in table of models is broken, which a test excludes.
    pub fn inspect(inputs: &Inputs) -> Result<(Self, Vec<Problem>), ConfigError> {
        resolve::load(inputs)
    }

    /// The same configuration with `provider` alone, served at `base_url`: for the demo.
    #[must_use]
    pub fn redirected(mut self, provider: &str, base_url: &str, key: Option<Key>) -> Self {
        self.endpoints = self.endpoints.redirected(provider, base_url, key);
        self
    }

    /// All values with their origins.
    pub fn layers(&self) -> &Layers {
        &self.layers
    }
}
