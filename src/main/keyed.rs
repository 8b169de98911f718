//! A provider that looks its key up before each attempt and each call about a batch, off the loop: a key may come from a command or a
//! file, and may have been replaced since.

use std::path::PathBuf;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use munshi::chat::embedding::{EmbeddingReport, EmbeddingRequest};
use munshi::chat::offload::{OffloadedAnswer, RemoteBatch};
use munshi::chat::{Ending, Failure, FailureKind, Report, Request};
use munshi::config::{EndpointError, Endpoints};
use munshi::provider::offload::{Asked, Offload};
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

impl Offload for Keyed {
    fn upload(&self, provider: &str, path: PathBuf, name: &str) -> Asked<String> {
        let name = name.to_owned();
        self.ask(provider, move |adapter, provider| adapter.upload(provider, path, &name))
    }

    fn create(&self, provider: &str, input_file: &str, metadata: Vec<(String, String)>) -> Asked<RemoteBatch> {
        let file = input_file.to_owned();
        self.ask(provider, move |adapter, provider| adapter.create(provider, &file, metadata))
    }

    fn retrieve(&self, provider: &str, id: &str) -> Asked<RemoteBatch> {
        let id = id.to_owned();
        self.ask(provider, move |adapter, provider| adapter.retrieve(provider, &id))
    }

    fn recent(&self, provider: &str) -> Asked<Vec<RemoteBatch>> {
        self.ask(provider, |adapter, provider| adapter.recent(provider))
    }

    fn cancel(&self, provider: &str, id: &str) -> Asked<RemoteBatch> {
        let id = id.to_owned();
        self.ask(provider, move |adapter, provider| adapter.cancel(provider, &id))
    }

    fn download(&self, provider: &str, file: &str, to: PathBuf) -> Asked<u64> {
        let file = file.to_owned();
        self.ask(provider, move |adapter, provider| adapter.download(provider, &file, to))
    }

    fn delete_file(&self, provider: &str, file: &str) -> Asked<()> {
        let file = file.to_owned();
        self.ask(provider, move |adapter, provider| adapter.delete_file(provider, &file))
    }

    fn line(&self, custom_id: &str, request: &Request) -> String {
        self.adapter.line(custom_id, request)
    }

    fn read_line(&self, line: &str) -> Result<OffloadedAnswer, String> {
        self.adapter.read_line(line)
    }
}

impl Keyed {
    /// Makes one call of the Batch API, with the provider's present key.
    fn ask<T, F>(&self, provider: &str, call: F) -> Asked<T>
    where
        T: Send + 'static,
        F: FnOnce(&OpenAiProvider, &str) -> Asked<T> + Send + 'static,
    {
        let (adapter, keys, provider) = (Arc::clone(&self.adapter), self.keys.clone(), provider.to_owned());
        async move {
            keys.hand_to(&adapter, &provider).await?;
            let made = call(&adapter, &provider).await;
            if let Err(failure) = &made {
                keys.hear(failure, &provider);
            }
            made
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
