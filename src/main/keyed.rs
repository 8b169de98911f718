//! A provider that looks its key up before each attempt, off the loop: a key may come from a command or a
//! file, and may have been replaced since.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use munshi::chat::{Ending, Failure, FailureKind, Report, Request};
use munshi::config::{EndpointError, Endpoints};
use munshi::provider::openai::{Endpoint, EndpointTable, OpenAiProvider};
use munshi::provider::{Provider, Sink};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// The adapter with its keys.
pub struct Keyed {
    pub adapter: Arc<OpenAiProvider>,
    pub endpoints: Endpoints,
    /// Endpoints that the user chose in this run, which the configuration does not know yet.
    pub chosen: EndpointTable,
}

impl Provider for Keyed {
    fn attempt(&self, request: Arc<Request>, sink: Sink, cancel: CancellationToken) -> BoxFuture<'static, Report> {
        let adapter = Arc::clone(&self.adapter);
        let endpoints = self.endpoints.clone();
        let chosen = self.chosen.clone();
        async move {
            let provider = request.model.provider.clone();
            if let Some(endpoint) = chosen.get(&provider) {
                adapter.endpoints().set(&provider, endpoint);
            } else if let Err(failure) = look_up(&adapter, endpoints.clone(), provider.clone()).await {
                return Report::bare(Ending::Failed(failure));
            }
            let report = adapter.attempt(request, sink, cancel).await;
            if matches!(&report.ending, Ending::Failed(failure) if failure.kind == FailureKind::Unauthorized) {
                endpoints.forget_command_key(&provider);
            }
            report
        }
        .boxed()
    }
}

/// Puts the provider's present address and key into the adapter's table.
async fn look_up(adapter: &OpenAiProvider, endpoints: Endpoints, provider: String) -> Result<(), Failure> {
    let name = provider.clone();
    let access = tokio::task::spawn_blocking(move || endpoints.access(&name)).await;
    let access = access.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
    let access = access.map_err(|error: EndpointError| Failure::new(FailureKind::NoKey, error.to_string()))?;
    let key = access.key.map(|key| SecretString::from(key.expose().to_owned()));
    adapter.endpoints().set(provider, Endpoint { key, ..Endpoint::keyless(access.base_url) });
    Ok(())
}
