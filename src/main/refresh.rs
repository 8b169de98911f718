//! `munshi models --refresh`: asks providers for their models and keeps what they say.

use std::process::ExitCode;
use std::time::Duration;

use color_eyre::eyre::{Result, eyre};
use futures::future::join_all;
use jiff::civil::Date;
use munshi::chat::listing::Listing;
use munshi::config::refreshed::{self, Refreshed};
use munshi::config::{Config, EndpointError, KeyState, report};
use munshi::provider::openai::{Endpoint, EndpointTable, HttpOptions, OpenAiProvider};
use munshi::runtime::Clock;
use munshi::text::Sanitised;
use secrecy::SecretString;

use crate::setup::SYSTEM;

/// How long a provider may take: a list with prices is a megabyte, and lines are slow.
const LIMIT: Duration = Duration::from_secs(30);

/// Those that give their list to anyone.
const NEED_NO_KEY: &[&str] = &["openrouter"];

/// Asks `provider`, or where that is empty each that has a key. What failed is said, and the rest kept.
pub fn models(provider: &str, json: bool, config: &Config) -> Result<ExitCode> {
    let asked = asked(provider, config)?;
    let today = Clock::start().now().day;
    let options = HttpOptions { connect_timeout: config.connect_timeout, ..HttpOptions::default() };
    let adapter = OpenAiProvider::new(EndpointTable::default(), options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answers = runtime.block_on(join_all(asked.iter().map(|name| ask(&adapter, config, name, today))));
    let mut brought = Vec::new();
    let mut failed = false;
    for (name, answer) in asked.iter().zip(answers) {
        let kept = answer.and_then(|(listing, base_url)| refreshed::keep(config, &listing, &base_url, &SYSTEM));
        match kept {
            Ok(refreshed) => brought.push(refreshed),
            Err(why) => {
                failed = true;
                crate::talk(&format!("munshi: {name}: {}", Sanitised::line(&why)));
            }
        }
    }
    crate::print(&shown(&brought, json, config)?)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn shown(brought: &[Refreshed], json: bool, config: &Config) -> Result<String> {
    if json {
        let rows: Vec<_> = brought.iter().map(report::refreshed_json).collect();
        return Ok(crate::data(format!("{}\n", serde_json::to_string_pretty(&rows)?)));
    }
    let text: String = brought.iter().map(|refreshed| report::refreshed(config, refreshed)).collect();
    Ok(Sanitised::new(&text).as_str().to_owned())
}

/// The names of the providers that are asked.
fn asked(provider: &str, config: &Config) -> Result<Vec<String>> {
    if !provider.is_empty() {
        if config.endpoints.get(provider).is_none() {
            let known: Vec<&str> = config.endpoints.iter().map(|(name, _)| name).collect();
            return Err(eyre!("no provider {provider:?} is configured; there are {}", known.join(", ")));
        }
        return Ok(vec![provider.to_owned()]);
    }
    let has_key =
        |name: &str| matches!(config.endpoints.key_state(name), KeyState::Present { .. } | KeyState::FromCommand(_));
    let names: Vec<String> =
        config.endpoints.iter().map(|(name, _)| name.to_owned()).filter(|name| has_key(name)).collect();
    if names.is_empty() {
        return Err(eyre!("no provider has a key; `munshi models --refresh openrouter` needs none"));
    }
    Ok(names)
}

/// A provider's list, and the address that gave it.
async fn ask(
    adapter: &OpenAiProvider,
    config: &Config,
    provider: &str,
    today: Date,
) -> Result<(Listing, String), String> {
    let endpoint = endpoint(config, provider)?;
    let base_url = endpoint.base_url.clone();
    adapter.endpoints().set(provider, endpoint);
    let models = adapter.list_models(provider, LIMIT).await.map_err(|failure| failure.message)?;
    if models.is_empty() {
        return Err("it lists no models; what was known of them stands".to_owned());
    }
    Ok((Listing { provider: provider.to_owned(), as_of: today, models }, base_url))
}

/// Where a provider is asked, and with which key.
fn endpoint(config: &Config, provider: &str) -> Result<Endpoint, String> {
    match config.endpoints.access(provider) {
        Ok(access) => {
            let key = access.key.map(|key| SecretString::from(key.expose().to_owned()));
            Ok(Endpoint { key, ..Endpoint::keyless(access.base_url) })
        }
        Err(EndpointError::Missing { .. }) if NEED_NO_KEY.contains(&provider) => {
            let base_url = config.endpoints.get(provider).map(|known| known.base_url.clone()).unwrap_or_default();
            Ok(Endpoint::keyless(base_url))
        }
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use munshi::config::{Flags, Inputs, Paths};

    use super::*;

    #[test]
    fn openrouter_s_list_needs_no_key_and_any_other_names_the_variable_it_wants() {
        let home = tempfile::tempdir().unwrap();
        let folder = || home.path().to_path_buf();
        let inputs = Inputs {
            env: BTreeMap::new(),
            cwd: None,
            paths: Paths { config: folder(), data: folder(), state: folder() },
            flags: Flags::default(),
            system: SYSTEM,
        };
        let config = Config::load(&inputs).unwrap();
        let open = endpoint(&config, "openrouter").unwrap();
        assert_eq!((open.base_url.as_str(), open.key.is_none()), ("https://openrouter.ai/api/v1", true));
        assert!(endpoint(&config, "groq").unwrap_err().contains("set GROQ_API_KEY"));
        assert!(asked("", &config).is_err(), "nobody is asked who has nothing to do with the user");
    }
}
