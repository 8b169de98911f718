//! What the screen asks of the program around it.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use munshi::chat::catalogue::ProviderSpec;
use munshi::chat::{AnswerSchema, ModelRef};
use munshi::config::{self, Change, Endpoints, Key, KeyState, base_url};
use munshi::platform::{clipboard, signals};
use munshi::provider::openai::{Endpoint, EndpointTable, OpenAiProvider};
use munshi::tui::host::{ChosenServer, FoundServer, Host};
use secrecy::{ExposeSecret as _, SecretString};

use crate::schema_file;
use crate::setup::SYSTEM;

/// Where local servers usually listen: Ollama, LM Studio, llama.cpp, vLLM.
const USUAL: [&str; 4] =
    ["http://127.0.0.1:11434/v1", "http://127.0.0.1:1234/v1", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8000/v1"];

/// The name that a server of the user's own gets, where it is none of the known ones.
const OWN_SERVER: &str = "local";

/// The program around the screen.
pub struct Program {
    pub adapter: Arc<OpenAiProvider>,
    pub endpoints: Endpoints,
    pub chosen: EndpointTable,
    pub config_file: PathBuf,
    /// Whether keys and settings are kept: the demo's must not take the place of real ones.
    pub keeps_keys: bool,
}

impl Host for Program {
    fn save_key(&self, provider: &str, key: SecretString) -> BoxFuture<'static, Result<String, String>> {
        let (endpoints, provider, keeps) = (self.endpoints.clone(), provider.to_owned(), self.keeps_keys);
        let chosen = self.chosen.clone();
        off_the_loop(move || {
            let key = Key::parse(key.expose_secret()).map_err(|problem| problem.to_string())?;
            let shown = key.to_string();
            // A server that was chosen in this run is asked as it stands there, and may want a key, too.
            chosen.set_key(&provider, SecretString::from(key.expose()));
            if !keeps {
                endpoints.use_key(&provider, key);
                return Ok(format!("The key {shown} is in use for {provider} until you leave; the demo keeps none."));
            }
            match endpoints.save_key(&provider, key) {
                Ok(None) => Ok(format!("The key {shown} is in use for {provider}, and kept for you alone.")),
                Ok(Some(advice)) => Ok(format!("The key {shown} is in use for {provider}. Note: {advice}.")),
                Err(error) => Ok(format!("The key {shown} is in use until you leave, but was not kept: {error}")),
            }
        })
    }

    fn has_key(&self, provider: &str) -> bool {
        self.chosen.get(provider).is_some()
            || !matches!(self.endpoints.key_state(provider), KeyState::Missing | KeyState::Unusable(_))
    }

    fn use_server(&self, base_url: String, model: String) -> BoxFuture<'static, Result<ChosenServer, String>> {
        if !self.keeps_keys {
            return async { Err("The demo has its own server; leave it to use another.".to_owned()) }.boxed();
        }
        let known = self.endpoints.iter().find(|(_, endpoint)| endpoint.base_url == base_url);
        let name = known.map_or_else(|| OWN_SERVER.to_owned(), |(name, _)| name.to_owned());
        let (chosen, endpoints, file) = (self.chosen.clone(), self.endpoints.clone(), self.config_file.clone());
        off_the_loop(move || {
            // One that is configured and can be asked keeps its key; any other answered without one.
            if matches!(endpoints.key_state(&name), KeyState::Missing | KeyState::Unusable(_)) {
                chosen.set(&name, Endpoint::keyless(&base_url));
            }
            let changes = config::local_server_changes(&name, &base_url, &model);
            config::save(&file, &changes, &SYSTEM).map_err(|error| error.to_string())?;
            let provider = ProviderSpec { name: name.clone(), base_url, api_key_env: None };
            Ok(ChosenServer { model: ModelRef::new(name, model), provider })
        })
    }

    fn probe(&self, address: Option<String>) -> BoxFuture<'static, Result<Vec<FoundServer>, String>> {
        let adapter = Arc::clone(&self.adapter);
        async move {
            if let Some(address) = address {
                let mut refused = None;
                for base_url in meant(&address)? {
                    match adapter.probe(&base_url).await {
                        Ok(models) => return Ok(vec![FoundServer { base_url, models }]),
                        Err(failure) => refused = refused.or(Some(failure.message)),
                    }
                }
                return Err(refused.unwrap_or_default());
            }
            let asked = USUAL.map(|base_url| {
                let adapter = Arc::clone(&adapter);
                async move { adapter.probe(base_url).await.ok().map(|models| (base_url, models)) }
            });
            let found = join_all(asked).await.into_iter().flatten();
            Ok(found.map(|(url, models)| FoundServer { base_url: url.to_owned(), models }).collect())
        }
        .boxed()
    }

    fn save_theme(&self, name: &str) -> BoxFuture<'static, Result<String, String>> {
        let (file, name, keeps) = (self.config_file.clone(), name.to_owned(), self.keeps_keys);
        off_the_loop(move || {
            if !keeps {
                return Ok(format!("The theme {name} holds until you leave; the demo writes no configuration."));
            }
            let change = Change::new(&["ui", "theme"], name.as_str());
            config::save(&file, &[change], &SYSTEM).map_err(|error| error.to_string())?;
            Ok(format!("The theme {name} is kept in the configuration."))
        })
    }

    fn save_setting(&self, path: &str, value: Option<String>) -> BoxFuture<'static, Result<String, String>> {
        let (file, path, keeps) = (self.config_file.clone(), path.to_owned(), self.keeps_keys);
        off_the_loop(move || {
            let change = Change::of(&path, value.as_deref())?;
            if !keeps {
                return Ok(format!("{path} holds until you leave; the demo writes no configuration."));
            }
            config::save(&file, &[change], &SYSTEM).map_err(|error| error.to_string())?;
            Ok(match value {
                Some(value) => format!("{path} = {value} is kept in the configuration."),
                None => format!("{path} is taken out of the configuration."),
            })
        })
    }

    fn read_schema(&self, file: &str) -> BoxFuture<'static, Result<AnswerSchema, String>> {
        let path = schema_file::path(file);
        off_the_loop(move || schema_file::read(&path))
    }

    fn copy(&self, text: String) -> BoxFuture<'static, bool> {
        off_the_loop(move || {
            matches!(clipboard::copy(&text, |name| env::var(name).ok()), clipboard::Copied::Confirmed { .. })
        })
    }

    fn export(&self, file_name: &str, content: String) -> BoxFuture<'static, Result<String, String>> {
        let path = schema_file::path(file_name);
        off_the_loop(move || write_new(&path, &content))
    }

    fn edit(&self, text: String) -> BoxFuture<'static, Result<String, String>> {
        let editor = env::var("VISUAL").or_else(|_| env::var("EDITOR")).unwrap_or_else(|_| "vi".to_owned());
        off_the_loop(move || edit_with(&editor, &text))
    }

    fn suspend(&self) {
        if let Err(error) = signals::suspend_self() {
            tracing::warn!(%error, "not suspended");
        }
    }
}

/// The base URLs that a typed address may mean: people leave out the scheme, and the path that most servers have.
fn meant(address: &str) -> Result<Vec<String>, String> {
    let local = format!("http://{address}");
    let full = match () {
        () if address.contains("://") => address.to_owned(),
        () if base_url::is_loopback(&local) => local,
        () => format!("https://{address}"),
    };
    let base = base_url::read(&full)?;
    let has_path = base.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    Ok(if has_path { vec![base] } else { vec![format!("{base}/v1"), base] })
}

/// Does what may block on a thread that may.
fn off_the_loop<T: Send + 'static + Fallback>(work: impl FnOnce() -> T + Send + 'static) -> BoxFuture<'static, T> {
    async move { tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| T::after(&error.to_string())) }.boxed()
}

/// What a piece of work gives that panicked.
trait Fallback {
    fn after(fault: &str) -> Self;
}

impl<T> Fallback for Result<T, String> {
    fn after(fault: &str) -> Self {
        Err(fault.to_owned())
    }
}

impl Fallback for bool {
    fn after(_: &str) -> Self {
        false
    }
}

/// Writes a file that is not there yet; a name that is taken gets a number.
fn write_new(path: &Path, content: &str) -> Result<String, String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    for number in 1..1000 {
        let name = if number == 1 { format!("{stem}{ending}") } else { format!("{stem}-{number}{ending}") };
        let target = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // A conversation is its owner's alone, also outside the database.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&target) {
            Ok(mut file) => {
                let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
                let shown = std::path::absolute(&target).unwrap_or(target);
                return written
                    .map(|()| shown.display().to_string())
                    .map_err(|error| format!("{} could not be written: {error}", shown.display()));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{} could not be written: {error}", target.display())),
        }
    }
    Err(format!("{} and 999 names like it are taken", path.display()))
}

/// Runs an editor on a private file. The editor may be given with arguments, as in `code --wait`.
fn edit_with(editor: &str, text: &str) -> Result<String, String> {
    let mut words = editor.split_whitespace();
    let program = words.next().ok_or("VISUAL and EDITOR name no program")?;
    let folder = tempfile::Builder::new().prefix("munshi-").tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("draft.md");
    munshi::platform::files::write_private(&file, text.as_bytes()).map_err(|error| error.to_string())?;
    let status = Command::new(program)
        .args(words)
        .arg(&file)
        .status()
        .map_err(|error| format!("{program} could not be started ({error}). Set VISUAL or EDITOR to an editor."))?;
    if !status.success() {
        return Err(format!("{program} ended with {status}; the draft is as it was."));
    }
    let edited = std::fs::read(&file).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&edited).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_understood_as_people_type_it() {
        let local = ["http://localhost:11434/v1".to_owned(), "http://localhost:11434".to_owned()];
        assert_eq!(meant("localhost:11434").unwrap(), local);
        assert_eq!(meant("http://localhost:11434/").unwrap(), local);
        assert_eq!(meant("api.example.org/openai").unwrap(), ["https://api.example.org/openai"]);
        assert!(meant("http://example.org").is_err(), "not over an open line");
        assert!(meant("not an address").is_err());
    }
}
