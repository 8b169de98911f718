//! A provider that looks its key up before each attempt, off the loop: a key may come from a command or a
//! file, and may have been replaced since.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use munshi::chat::embedding::{EmbeddingReport, EmbeddingRequest};
use munshi::chat::{Ending, Failure, FailureKind, Report, Request};
use munshi::config::{EndpointError, Endpoints};
use munshi::provider::openai::{Endpoint, EndpointTable, OpenAiProvider};
use munshi::provider::{Provider, Sink};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// The adapter with its keys.
pub struct Keyed {
    pub adapter: Arc<OpenAiProvider>,
    pub keys: Keys,
}

/// Where addresses and keys are looked up.
#[derive(Clone)]
pub struct Keys {
    pub endpoints: Endpoints,
    /// Endpoints that the user chose in this run, which the configuration does not know yet.
    pub chosen: EndpointTable,
}

impl Provider for Keyed {
    fn attempt(&self, request: Arc<Request>, sink: Sink, cancel: CancellationToken) -> BoxFuture<'static, Report> {
        let (adapter, keys) = (Arc::clone(&self.adapter), self.keys.clone());
        async move {
            let provider = request.model.provider.clone();
            if let Err(failure) = keys.hand_to(&adapter, &provider).await {
                return Report::bare(Ending::Failed(failure));
            }
            let report = adapter.attempt(request, sink, cancel).await;
            if let Ending::Failed(failure) = &report.ending {
                keys.hear(failure, &provider);
            }
            report
        }
        .boxed()
    }

    fn embed(&self, request: Arc<EmbeddingRequest>, cancel: CancellationToken) -> BoxFuture<'static, EmbeddingReport> {
        let (adapter, keys) = (Arc::clone(&self.adapter), self.keys.clone());
        async move {
            let provider = request.with.model.provider.clone();
            if let Err(failure) = keys.hand_to(&adapter, &provider).await {
                return EmbeddingReport { vectors: Err(Some(failure)), tokens: None, request_id: None };
            }
            let report = adapter.embed(request, cancel).await;
            if let Err(Some(failure)) = &report.vectors {
                keys.hear(failure, &provider);
            }
            report
        }
        .boxed()
    }
}

impl Keys {
    /// Puts the provider's present address and key into the adapter's table.
    async fn hand_to(&self, adapter: &OpenAiProvider, provider: &str) -> Result<(), Failure> {
        if let Some(endpoint) = self.chosen.get(provider) {
            adapter.endpoints().set(provider, endpoint);
            return Ok(());
        }
        let (endpoints, name) = (self.endpoints.clone(), provider.to_owned());
        let access = tokio::task::spawn_blocking(move || endpoints.access(&name)).await;
        let access = access.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
        let access = access.map_err(|error: EndpointError| Failure::new(FailureKind::NoKey, error.to_string()))?;
        let key = access.key.map(|key| SecretString::from(key.expose().to_owned()));
        adapter.endpoints().set(provider, Endpoint { key, ..Endpoint::keyless(access.base_url) });
        Ok(())
    }

    /// A key that came from a command and was refused is asked for again the next time.
    fn hear(&self, failure: &Failure, provider: &str) {
        if failure.kind == FailureKind::Unauthorized {
            self.endpoints.forget_command_key(provider);
        }
    }
}
