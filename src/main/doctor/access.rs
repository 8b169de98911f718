//! Whether the models can be reached: a key for each provider that is used, and its list of models.

use std::time::Duration;

use color_eyre::eyre::Result;
use futures::future::join_all;
use munshi::chat::listing::ListedModel;
use munshi::chat::{Failure, FailureKind, ModelRef};
use munshi::config::{Access, Config, EndpointError, KeyState};
use munshi::provider::openai::{Endpoint, EndpointTable, HttpOptions, OpenAiProvider};
use munshi::runtime::Clock;
use secrecy::SecretString;

use super::Finding;

/// How long a provider may take to give its list.
const LIMIT: Duration = Duration::from_secs(10);

/// A model that is used, with what is needed to ask its provider.
struct Asked<'a> {
    model: &'a ModelRef,
    access: Access,
}

pub(super) fn key_and_network(config: &Config, clock: &Clock) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (model, is_first) in used(config) {
        match config.endpoints.access(&model.provider) {
            Ok(access) => {
                findings.push(Finding::fine("key", there(config, &model.provider, &access)));
                asked.push(Asked { model, access });
            }
            Err(error) => findings.push(missing(&model.provider, &error, is_first)),
        }
    }
    if asked.is_empty() {
        findings.push(Finding::warning("network", "nobody was asked, since there is no key", "give a key first"));
        return Ok(findings);
    }
    let options = HttpOptions { connect_timeout: config.connect_timeout.min(LIMIT), ..HttpOptions::default() };
    let adapter = OpenAiProvider::new(EndpointTable::default(), options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    findings.extend(runtime.block_on(join_all(asked.iter().map(|asked| ask(&adapter, asked, clock)))));
    Ok(findings)
}

/// The chat's own model and its fallbacks, one of each provider; and whether it is the chat's own.
fn used(config: &Config) -> Vec<(&ModelRef, bool)> {
    let mut used: Vec<(&ModelRef, bool)> = vec![(&config.model, true)];
    for model in &config.settings.fallback {
        if used.iter().all(|(known, _)| known.provider != model.provider) {
            used.push((model, false));
        }
    }
    used
}

/// Where a key comes from. Not even its end is shown: this is what people paste where they ask for help.
fn there(config: &Config, provider: &str, access: &Access) -> String {
    match (&access.key, config.endpoints.key_state(provider)) {
        (None, _) => format!("{provider} needs none"),
        (_, KeyState::Present { from, .. }) => format!("{provider} has one, from {from}"),
        (_, KeyState::FromCommand(command)) => format!("{provider} has one, from api_key_command {command}"),
        _ => format!("{provider} has one"),
    }
}

fn missing(provider: &str, error: &EndpointError, is_first: bool) -> Finding {
    let mend = match error {
        EndpointError::Missing { how, .. } => {
            format!("{how}, or enter it with /key in the chat; `munshi --demo` needs none")
        }
        EndpointError::UnknownProvider(_) => "check the model's name in the configuration".to_owned(),
        EndpointError::Unusable { .. } => "copy the key again, whole and on one line".to_owned(),
        EndpointError::Command { .. } => "run that command in a shell, and mend what it says".to_owned(),
        EndpointError::File(_) => "do that, or take the file away and enter the key anew with /key".to_owned(),
    };
    let says = match error {
        EndpointError::Missing { .. } => format!("{provider} has none"),
        other => format!("{provider}: {other}"),
    };
    if is_first { Finding::failure("key", says, mend) } else { Finding::warning("key", says, mend) }
}

async fn ask(adapter: &OpenAiProvider, asked: &Asked<'_>, clock: &Clock) -> Finding {
    let provider = &asked.model.provider;
    let key = asked.access.key.as_ref().map(|key| SecretString::from(key.expose().to_owned()));
    adapter.endpoints().set(provider, Endpoint { key, ..Endpoint::keyless(&asked.access.base_url) });
    let begun = clock.mono();
    match adapter.list_models(provider, LIMIT).await {
        Ok(models) => answered(asked, &models, clock.mono().saturating_sub(begun)),
        Err(failure) => refused(asked, &failure),
    }
}

fn answered(asked: &Asked<'_>, models: &[ListedModel], took: Duration) -> Finding {
    let ModelRef { provider, id } = asked.model;
    let count = if models.len() == 1 { "1 model".to_owned() } else { format!("{} models", models.len()) };
    let took = took.as_millis();
    // Some servers have a default tag that nobody writes.
    let is_listed = models.iter().any(|model| model.id == *id || model.id.strip_suffix(":latest") == Some(id));
    if is_listed || models.is_empty() {
        return Finding::fine("network", format!("{provider} answered in {took} ms and lists {count}"));
    }
    let mend = format!(
        "check the model's name: `munshi models --refresh {provider}` and then `munshi models` list those there are"
    );
    Finding::warning("network", format!("{provider} answered and lists {count}, but {id} is not one of them"), mend)
}

fn refused(asked: &Asked<'_>, failure: &Failure) -> Finding {
    use FailureKind as K;
    let provider = &asked.model.provider;
    // A query may hold a key of its own.
    let base_url = asked.access.base_url.split('?').next().unwrap_or_default();
    let says = format!("{provider} at {base_url}: {}", failure.message);
    let address = format!("see to base_url of [providers.{provider}], or OPENAI_BASE_URL; it usually ends in /v1");
    let mend = match failure.kind {
        K::Unauthorized | K::NoKey => {
            "make a new key at the provider's dashboard, and enter it with /key in the chat".to_owned()
        }
        K::Forbidden => "see at the provider's dashboard what this key may do, and from where".to_owned(),
        K::QuotaExhausted => "add credit at the provider's dashboard".to_owned(),
        K::RateLimited | K::Transient | K::Server => {
            return Finding::warning(
                "network",
                says,
                "wait a minute and run this again; else see the provider's status page",
            );
        }
        K::NotFound => {
            let mend = format!("nothing, where the chat works: some servers have no list of models; else {address}");
            return Finding::warning("network", says, mend);
        }
        K::Tls => "check this computer's clock and its root certificates (the package ca-certificates)".to_owned(),
        K::Dns | K::Connect | K::Timeout => {
            format!("check that this computer is online, a proxy (HTTPS_PROXY), and that the server runs; {address}")
        }
        _ => address,
    };
    Finding::failure("network", says, mend)
}
