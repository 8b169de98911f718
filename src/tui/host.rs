//! The port to what the screen asks of the program around it: keys, configuration, clipboard, local servers.
//! `main` implements it, so that the screen names no adapter.

use futures::future::BoxFuture;
use secrecy::SecretString;

use crate::chat::catalogue::ProviderSpec;
use crate::chat::{AnswerSchema, ModelRef};

/// A server that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundServer {
    pub base_url: String,
    pub models: Vec<String>,
}

/// A server that is in use from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenServer {
    pub model: ModelRef,
    /// What `/model` and `/key` know its provider by.
    pub provider: ProviderSpec,
}

/// What became of something the host was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// A key is in use, and kept where the sentence says.
    KeySaved { provider: String, result: Result<String, String> },
    /// A server is in use.
    ServerChosen(Result<ChosenServer, String>),
    /// A setting was written to the configuration, or why not.
    Saved(Result<String, String>),
}

/// What the screen asks of the program around it. Every call returns at once or gives a future; those that
/// do I/O are run off the loop.
pub trait Host: Send + Sync + 'static {
    /// Keeps a key for a provider and uses it from now on; gives where it is kept.
    fn save_key(&self, provider: &str, key: SecretString) -> BoxFuture<'static, Result<String, String>>;
    /// Whether a provider can be asked: it has a key, or needs none.
    fn has_key(&self, provider: &str) -> bool;
    /// Uses a server from now on and writes it to the configuration.
    fn use_server(&self, base_url: String, model: String) -> BoxFuture<'static, Result<ChosenServer, String>>;
    /// Asks a server, or the usual local ones, for their models.
    fn probe(&self, base_url: Option<String>) -> BoxFuture<'static, Result<Vec<FoundServer>, String>>;
    /// Writes the choice of a theme to the configuration.
    fn save_theme(&self, name: &str) -> BoxFuture<'static, Result<String, String>>;
    /// Writes a setting to the configuration, its path parted by dots and its value as a user writes it; `None` takes it
    /// out, so that the default holds. For `budget.message`, `budget.conversation`, `budget.day`, `budget.month` and
    /// `history.strategy`.
    fn save_setting(&self, path: &str, value: Option<String>) -> BoxFuture<'static, Result<String, String>>;
    /// Reads the JSON schema in a file and judges it; a sentence says what is wrong with it, and where.
    fn read_schema(&self, file: &str) -> BoxFuture<'static, Result<AnswerSchema, String>>;
    /// Puts a text into the system's clipboard; `false` where there is none to be sure of.
    fn copy(&self, text: String) -> BoxFuture<'static, bool>;
    /// Writes an export and gives its path. It never overwrites.
    fn export(&self, file_name: &str, content: String) -> BoxFuture<'static, Result<String, String>>;
    /// Edits a text in the user's editor; the terminal is the editor's meanwhile.
    fn edit(&self, text: String) -> BoxFuture<'static, Result<String, String>>;
    /// Stops the program until the shell lets it go on.
    fn suspend(&self);
}
