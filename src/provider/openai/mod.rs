//! The OpenAI-compatible adapter: one attempt through async-openai, or one request for vectors. Owns bytes on the wire
//! and their meaning (what is sent, what is read, what a failure is called); refuses retries, fallback and every limit
//! of time but those of connecting, of vectors and of files that stand still.

mod body;
mod chunk;
mod client;
mod embedding;
mod endpoint;
mod headers;
mod lenient;
mod listing;
mod offload;
mod probe;
mod refusal;
mod reply;
mod service;
mod sse;
mod transport;

use std::sync::Arc;

use async_openai::Client;
use async_openai::error::OpenAIError;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::body::Body;
use self::chunk::Chunk;
use self::client::{Clients, WireConfig};
use self::embedding::FixedLengths;
use self::endpoint::Target;
pub use self::endpoint::{Endpoint, EndpointTable, HttpOptions};
use self::reply::Progress;
use self::service::{Exchange, Refused, Service};
use super::{Ending, Provider, Report, Signal, Sink};
use crate::chat::embedding::{EmbeddingReport, EmbeddingRequest};
use crate::chat::{Failure, FailureKind, FinishReason, Request};

/// Any endpoint that speaks chat completions as `OpenAI` does. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct OpenAiProvider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    endpoints: EndpointTable,
    options: HttpOptions,
    clients: Clients,
    fixed_lengths: FixedLengths,
}

impl OpenAiProvider {
    /// Opens nothing yet: the HTTP client is made for the first attempt.
    #[must_use]
    pub fn new(endpoints: EndpointTable, options: HttpOptions) -> Self {
        let clients = Clients::new(options);
        Self(Arc::new(Inner { endpoints, options, clients, fixed_lengths: FixedLengths::default() }))
    }

    /// The endpoints, whose keys may be replaced at any time.
    #[must_use]
    pub fn endpoints(&self) -> &EndpointTable {
        &self.0.endpoints
    }
}

impl Provider for OpenAiProvider {
    fn attempt(&self, request: Arc<Request>, sink: Sink, cancel: CancellationToken) -> BoxFuture<'static, Report> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let exchange = Arc::new(Exchange::default());
            let mut progress = Progress::default();
            // Dropping the attempt closes its connection.
            let ending = tokio::select! {
                biased;
                () = cancel.cancelled() => Ending::Cancelled,
                ended = inner.run(&request, &sink, &exchange, &mut progress) => match ended {
                    Ok(finish) => Ending::Finished(finish),
                    Err(failure) => Ending::Failed(failure),
                },
            };
            let mut report = progress.report(ending, &exchange);
            if let Ending::Failed(failure) = &mut report.ending {
                failure.request_id = failure.request_id.take().or_else(|| report.request_id.clone());
                debug!(model = %request.model, kind = ?failure.kind, status = failure.status, "attempt failed");
            } else {
                debug!(model = %request.model, request_id = report.request_id, "attempt ended");
            }
            report
        })
    }

    fn embed(&self, request: Arc<EmbeddingRequest>, cancel: CancellationToken) -> BoxFuture<'static, EmbeddingReport> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.embed(&request, &cancel).await })
    }
}

impl Inner {
    /// Where a provider is reached, checked.
    fn target(&self, provider: &str) -> Result<Target, Failure> {
        let endpoint = self.endpoints.get(provider).ok_or_else(|| {
            let words = format!(
                "No endpoint is configured for `{provider}`: add a [providers.{provider}] table to the config."
            );
            Failure::new(FailureKind::NotFound, words)
        })?;
        Target::check(provider, &endpoint)
    }

    /// The attempt, until it ends by itself.
    async fn run(
        &self,
        request: &Request,
        sink: &Sink,
        exchange: &Arc<Exchange>,
        progress: &mut Progress,
    ) -> Result<FinishReason, Failure> {
        let target = Arc::new(self.target(&request.model.provider)?);
        let client = self.clients.get(target.route).await?;
        let replied = self.converse(client, &target, request, sink, exchange, progress).await;
        replied.map_err(|failure| refusal::tidy(failure, target.key.as_ref()))
    }

    async fn converse(
        &self,
        client: reqwest::Client,
        target: &Arc<Target>,
        request: &Request,
        sink: &Sink,
        exchange: &Arc<Exchange>,
        progress: &mut Progress,
    ) -> Result<FinishReason, Failure> {
        let service = Service {
            client: client.clone(),
            target: Arc::clone(target),
            options: self.options,
            exchange: Arc::clone(exchange),
        };
        let library = Client::build(client, WireConfig::new(Arc::clone(target))).with_http_service(service);
        let opened = library.chat().create_stream_byot::<_, Chunk>(Body::new(request)).await;
        let chunks = opened.map_err(unopened)?;
        if let Some(head) = exchange.head.get() {
            sink.send(Signal::Opened { limits: head.limits, request_id: head.request_id.clone() }).await;
        }
        reply::read(chunks, exchange, sink, progress, self.options.max_text_bytes).await
    }
}

/// The failure of an attempt that opened no stream: the service's own, else a fault on this side.
fn unopened(error: OpenAIError) -> Failure {
    let words = match error {
        OpenAIError::Boxed(inner) => match inner.downcast::<Refused>() {
            Ok(refused) => return refused.0,
            Err(other) => other.to_string(),
        },
        other => other.to_string(),
    };
    Failure::new(FailureKind::Internal, format!("The request could not be made: {words}."))
}
