//! The port to a model: one attempt, no policy. Owns the trait, the request's way out and the signals'
//! way back; refuses retries, fallback and anything that decides.

pub mod mailbox;
pub mod offload;
pub mod openai;
pub mod scripted;

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::chat::embedding::{EmbeddingReport, EmbeddingRequest};
use crate::chat::{Failure, FailureKind, RateLimits, Request};

pub use crate::chat::{Ending, Report};

pub use mailbox::{Mailbox, Sink, mailbox};

/// What comes back while an attempt runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The server answered with a stream; nothing of the reply is here yet.
    Opened { limits: RateLimits, request_id: Option<String> },
    /// A piece of the reply's text.
    Text(String),
    /// A piece of the reply's reasoning.
    Reasoning(String),
    /// A piece of a tool call: the first piece of an index carries id and name.
    ToolCall { index: u32, id: Option<String>, name: Option<String>, arguments: String },
}

/// Something that can make one attempt at a reply.
pub trait Provider: Send + Sync + 'static {
    /// Makes exactly one attempt: sends `request`, puts what comes into `sink` in order, and returns how
    /// it ended. When `cancel` fires it lets go of the connection at once and returns [`Ending::Cancelled`].
    fn attempt(&self, request: Arc<Request>, sink: Sink, cancel: CancellationToken) -> BoxFuture<'static, Report>;

    /// Asks for vectors, once. Where there is no such endpoint, that is a failure of kind
    /// [`FailureKind::NotFound`]. When `cancel` fires it lets go of the connection at once.
    fn embed(&self, request: Arc<EmbeddingRequest>, cancel: CancellationToken) -> BoxFuture<'static, EmbeddingReport> {
        drop(cancel);
        let words = format!("{} embeds nothing here.", request.with.model.provider);
        let failure = Failure::new(FailureKind::NotFound, words);
        Box::pin(std::future::ready(EmbeddingReport { vectors: Err(Some(failure)), tokens: None, request_id: None }))
    }
}
