//! From what is written to what is meant: lays defaults, file, environment and flags over each other, and
//! judges what needs more than one of them. Owns no default of its own; those are in the schema's table.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;

use super::endpoints::{Endpoint, Endpoints};
use super::env_file::EnvFile;
use super::environment::{BASE_URL, Environment};
use super::error::{ConfigError, Problem};
use super::key_file::quoted;
use super::layers::{Layers, Origin};
use super::schema::{Place, place};
use super::value::Value;
use super::{
    Config, Flags, Inputs, KeyBinding, Limits, Paths, Ui, base_url, catalogue, read, refreshed, settings, tooling,
};
use crate::chat::Catalogue;
use crate::chat::catalogue::ProviderSpec;
use crate::chat::model::DEFAULT_PROVIDER;

/// What is gathered on the way.
#[derive(Default)]
struct Gathered {
    problems: Vec<Problem>,
    notices: Vec<String>,
}

/// What can be made of all that is written, and what is wrong with it.
pub(super) fn load(inputs: &Inputs) -> Result<(Config, Vec<Problem>), ConfigError> {
    let mut gathered = Gathered::default();
    let mut environment = Environment { real: inputs.env.clone(), files: Vec::new() };
    let paths = folders(&environment, &inputs.paths);
    environment.files = env_files(&paths, inputs.cwd.as_deref(), &mut gathered.notices);

    let mut layers = Layers::defaults();
    let file = inputs.flags.config.clone().unwrap_or_else(|| paths.config_file());
    lay_file(&mut layers, &file, inputs.flags.config.is_some(), &mut gathered.problems);
    environment.lay_settings(&mut layers, &mut gathered.problems);
    lay_flags(&mut layers, &inputs.flags, &mut gathered.problems);

    let mut catalogue =
        catalogue::built_in().map_err(|says| ConfigError(vec![Problem { at: Origin::Default, says }]))?;
    lay_providers(&mut catalogue, &layers, &mut gathered.problems);
    let endpoints = endpoints(&mut catalogue, &mut layers, &environment, &mut gathered);
    warn_of_open_env_files(inputs, &environment, &catalogue, &mut gathered.notices);
    refreshed::lay(&mut catalogue, &paths.listings(), &mut gathered.notices);
    catalogue::lay_models(&mut catalogue, &layers, &mut gathered.problems);
    let system = system_prompt(&mut layers, &file, &environment, &mut gathered.problems);
    let home = environment.real("HOME").map(PathBuf::from);
    let tooling = tooling::tooling(&layers, &file, home.as_deref(), &mut gathered.problems);
    let config = Config {
        model: catalogue.parse(&layers.text("model")),
        system,
        temperature: layers.number("temperature").map(|number| number as f32),
        max_tokens: layers.whole("max_tokens").and_then(|tokens| u32::try_from(tokens).ok()),
        settings: settings::settings(&layers, &catalogue, &tooling),
        connect_timeout: layers.time("timeouts.connect"),
        endpoints: Endpoints::new(endpoints, paths.key_file(), inputs.system),
        catalogue: Arc::new(catalogue),
        limits: Limits {
            max_input_chars: layers.whole("limits.max_input_chars").unwrap_or_default() as usize,
            paste_attachment_chars: layers.whole("limits.paste_attachment_chars").unwrap_or_default() as usize,
        },
        ui: Ui { theme: layers.text("ui.theme"), mouse: layers.switch("ui.mouse") },
        key_bindings: key_bindings(&layers),
        tooling,
        log_level: layers.text("log_level"),
        key_files: key_files(&paths, inputs.cwd.as_deref()),
        paths,
        file,
        notices: gathered.notices,
        layers,
    };
    Ok((config, gathered.problems))
}

/// The platform's folders, or those that the real environment names.
fn folders(environment: &Environment, platform: &Paths) -> Paths {
    let named = |name: &str, else_: &PathBuf| environment.real(name).map_or_else(|| else_.clone(), PathBuf::from);
    Paths {
        config: named("MUNSHI_CONFIG_DIR", &platform.config),
        data: named("MUNSHI_DATA_DIR", &platform.data),
        state: named("MUNSHI_STATE_DIR", &platform.state),
    }
}

/// Where keys may stand: munshi's own file, wherever a link leads from it, and both `.env` files.
fn key_files(paths: &Paths, cwd: Option<&Path>) -> Vec<PathBuf> {
    let own = [paths.key_file(), paths.config.join(".env")];
    own.into_iter().chain(cwd.map(|cwd| cwd.join(".env"))).collect()
}

/// The working folder's `.env` and the configuration folder's, in the order in which they are asked.
fn env_files(paths: &Paths, cwd: Option<&Path>, notices: &mut Vec<String>) -> Vec<EnvFile> {
    let same = cwd.is_some_and(|cwd| cwd.canonicalize().ok() == paths.config.canonicalize().ok() && cwd.exists());
    let working = cwd.filter(|_| !same).map(|cwd| (cwd.join(".env"), false));
    let mut files = Vec::new();
    for (path, own) in working.into_iter().chain([(paths.config.join(".env"), true)]) {
        match std::fs::read(&path) {
            Ok(bytes) => files.push(EnvFile::read(path, own, &bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if own => notices.push(format!("{} cannot be read: {error}", path.display())),
            // A folder or a stranger's file of that name is none of ours.
            Err(_) => {}
        }
    }
    for file in &files {
        // In a project's own .env, lines for others may be as they like.
        let ours = |name: &str| file.own || name.starts_with("OPENAI_") || name.ends_with("_API_KEY");
        for (line, name) in file.unreadable.iter().filter(|(_, name)| ours(name)) {
            let name = if name.contains(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) { "" } else { name };
            let what = if name.is_empty() { "this line" } else { name };
            notices.push(format!(
                "{}:{line}: {what} was skipped; expected NAME=value, with quotes that are closed",
                file.path.display()
            ));
        }
    }
    files
}

fn lay_file(layers: &mut Layers, file: &Path, named_by_flag: bool, problems: &mut Vec<Problem>) {
    let whole = Origin::File { path: file.to_path_buf(), line: 0 };
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !named_by_flag => return,
        Err(error) => {
            problems.push(Problem::new(&whole, format!("the configuration file cannot be read: {error}")));
            return;
        }
    };
    let written = read::read(file, &bytes);
    problems.extend(written.problems);
    for (path, entry) in written.entries {
        layers.lay(path, entry.value, entry.origin);
    }
}

fn lay_flags(layers: &mut Layers, flags: &Flags, problems: &mut Vec<Problem>) {
    let texts = [
        ("model", "--model", flags.model.clone()),
        ("system", "--system", flags.system.clone()),
        ("temperature", "--temperature", flags.temperature.map(|number| number.to_string())),
        ("max_tokens", "--max-tokens", flags.max_tokens.map(|number| number.to_string())),
        ("log_level", "--log-level", flags.log_level.clone()),
        ("ui.theme", "--theme", flags.theme.clone()),
        ("ui.mouse", "--no-mouse", flags.no_mouse.then(|| "false".to_owned())),
    ];
    for (setting, name, text) in texts {
        let path: Vec<String> = setting.split('.').map(str::to_owned).collect();
        let (Some(text), Place::Setting(field)) = (text, place(&path)) else { continue };
        let origin = Origin::Flag { name };
        match field.kind.read_text(&text) {
            Some(value) => layers.lay(path, value, origin),
            None => {
                problems.push(Problem::new(&origin, format!("expected {}, found {text:?}", field.kind.expected())));
            }
        }
    }
}

/// Lays the user's `[providers.NAME]` over the catalogue's.
fn lay_providers(catalogue: &mut Catalogue, layers: &Layers, problems: &mut Vec<Problem>) {
    for name in layers.names_in("providers") {
        let get = |field: &str| layers.at(&["providers", &name, field]);
        let text = |field: &str| match get(field).map(|entry| &entry.value) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let fields = ["name", "base_url", "api_key_env", "api_key_command"];
        let origin = fields.iter().find_map(|field| get(field)).map_or(Origin::Default, |entry| entry.origin.clone());
        if name.is_empty() || name.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
            problems
                .push(Problem::new(&origin, format!("a provider's name has no slash and no space, found {name:?}")));
            continue;
        }
        let base_url = match (get("base_url"), text("base_url")) {
            (Some(entry), Some(text)) => match base_url::read(&text) {
                Ok(url) => Some(url),
                Err(says) => {
                    problems.push(Problem::new(&entry.origin, format!("providers.{name}.base_url: {says}")));
                    continue;
                }
            },
            _ => None,
        };
        let known = catalogue.providers.get(&name);
        let Some(base_url) = base_url.or_else(|| known.map(|known| known.base_url.clone())) else {
            let says = format!(
                "providers.{name}: base_url is missing; expected an address such as \"https://api.example.org/v1\""
            );
            problems.push(Problem::new(&origin, says));
            continue;
        };
        let shown = text("name").or_else(|| known.map(|known| known.name.clone())).unwrap_or_else(|| name.clone());
        let api_key_env = text("api_key_env").or_else(|| known.and_then(|known| known.api_key_env.clone()));
        catalogue.providers.insert(name.clone(), ProviderSpec { name: shown, base_url, api_key_env });
    }
}

/// Every provider with what is known of its key, and the default provider's address from the environment.
fn endpoints(
    catalogue: &mut Catalogue,
    layers: &mut Layers,
    environment: &Environment,
    gathered: &mut Gathered,
) -> BTreeMap<String, Endpoint> {
    let mut endpoints = BTreeMap::new();
    for (provider, spec) in &mut catalogue.providers {
        let key = spec.api_key_env.as_ref().and_then(|name| environment.find(name));
        let mut base_url_for_other_keys = spec.base_url.clone();
        if provider == DEFAULT_PROVIDER
            && let Some(found) = environment.base_url(key.as_ref(), &mut gathered.notices)
        {
            match base_url::read(&found.value) {
                Ok(url) => {
                    if !found.foreign {
                        base_url_for_other_keys.clone_from(&url);
                    }
                    spec.base_url.clone_from(&url);
                    let path = ["providers", provider, "base_url"].map(str::to_owned).to_vec();
                    layers.lay(path, Value::Text(url), found.origin);
                }
                Err(says) => gathered.problems.push(Problem::new(&found.origin, format!("{BASE_URL}: {says}"))),
            }
        }
        let key_command = match layers.at(&["providers", provider, "api_key_command"]).map(|entry| &entry.value) {
            Some(Value::List(words)) => words.clone(),
            _ => Vec::new(),
        };
        let endpoint = Endpoint {
            name: spec.name.clone(),
            base_url: spec.base_url.clone(),
            base_url_for_other_keys,
            key_env: spec.api_key_env.clone(),
            key_from_env: key.map(|found| (SecretString::from(found.value), found.origin)),
            key_command,
            key_needed: spec.api_key_env.is_some() && !base_url::is_loopback(&spec.base_url),
        };
        endpoints.insert(provider.clone(), endpoint);
    }
    endpoints
}

/// A `.env` with a key in it that others can read is used, and said.
fn warn_of_open_env_files(
    inputs: &Inputs,
    environment: &Environment,
    catalogue: &Catalogue,
    notices: &mut Vec<String>,
) {
    let names: Vec<&String> = catalogue.providers.values().filter_map(|spec| spec.api_key_env.as_ref()).collect();
    for file in &environment.files {
        let holds_key = names.iter().any(|name| file.get(name).is_some());
        if holds_key && (inputs.system.others_may_read)(&file.path).unwrap_or(false) {
            let path = file.path.display();
            notices.push(format!(
                "{path} holds a key and others can read it; this mends it: chmod 600 {}",
                quoted(&file.path)
            ));
        }
    }
}

/// The system prompt: of `system` and `system_file` the one that was laid later.
fn system_prompt(layers: &mut Layers, file: &Path, environment: &Environment, problems: &mut Vec<Problem>) -> String {
    let text = layers.text("system");
    let Some(entry) = layers.get("system_file").cloned() else { return text.trim_end().to_owned() };
    match layers.get("system").map(|entry| &entry.origin) {
        Some(Origin::File { .. }) => {
            problems.push(Problem::new(&entry.origin, "system_file: system is set too; keep one of the two"));
            return text;
        }
        Some(Origin::Flag { .. }) => return text.trim_end().to_owned(),
        _ => {}
    }
    let written = layers.text("system_file");
    let home = environment.real("HOME").map(PathBuf::from);
    let path = expanded(&written, file, home.as_deref());
    match std::fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').trim_end().to_owned();
            layers.lay(vec!["system".to_owned()], Value::Text(text.clone()), entry.origin);
            text
        }
        Err(error) => {
            let says = format!("system_file: {} cannot be read: {error}", path.display());
            problems.push(Problem::new(&entry.origin, says));
            String::new()
        }
    }
}

/// A path as written in a file: `~` is the user's home, and what is relative is so to that file.
#[must_use]
pub fn expanded(written: &str, file: &Path, home: Option<&Path>) -> PathBuf {
    match (written.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_path_buf(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => file.parent().unwrap_or(Path::new("")).join(written),
    }
}

fn key_bindings(layers: &Layers) -> Vec<KeyBinding> {
    let bindings = layers.iter().filter(|(path, _)| path.len() == 2 && path[0] == "keys");
    bindings
        .filter_map(|(path, entry)| match &entry.value {
            Value::List(keys) => {
                Some(KeyBinding { action: path[1].clone(), keys: keys.clone(), origin: entry.origin.clone() })
            }
            _ => None,
        })
        .collect()
}
