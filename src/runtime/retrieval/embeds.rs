//! Attempts at vectors in flight: one task each, and exactly one end for each.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::chat::embedding::{EmbeddingModel, EmbeddingReport, EmbeddingRequest};
use crate::chat::{AttemptId, ConversationId, Failure, MessageId};
use crate::provider::Provider;
use crate::runtime::flight::{Flight, PROVIDER_LETS_GO_WITHIN};

/// Whom vectors are asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub conversation: ConversationId,
    pub attempt: AttemptId,
    pub with: EmbeddingModel,
    /// The messages, each with the conversation it is of, in the order of the texts.
    pub messages: Vec<(ConversationId, MessageId)>,
}

struct Running {
    asked: Asked,
    flight: Flight<EmbeddingReport>,
}

/// All such attempts.
pub(super) struct Embeds {
    provider: Arc<dyn Provider>,
    running: HashMap<AttemptId, Running>,
    arrived: Arc<Notify>,
}

impl Embeds {
    pub fn new(provider: Arc<dyn Provider>, arrived: Arc<Notify>) -> Self {
        Self { provider, running: HashMap::new(), arrived }
    }

    pub fn set_provider(&mut self, provider: Arc<dyn Provider>) {
        self.provider = provider;
    }

    pub fn start(&mut self, asked: Asked, request: Arc<EmbeddingRequest>) {
        let work = |cancel| self.provider.embed(request, cancel);
        let flight = Flight::start(work, bare, PROVIDER_LETS_GO_WITHIN, &self.arrived);
        self.running.insert(asked.attempt, Running { asked, flight });
    }

    pub fn cancel(&mut self, attempt: AttemptId) {
        if let Some(running) = self.running.get(&attempt) {
            running.flight.cancel();
        }
    }

    /// Those that have ended since the last time.
    pub fn drain(&mut self) -> Vec<(Asked, EmbeddingReport)> {
        let over = self.running.extract_if(|_, running| running.flight.has_ended());
        let over = over.filter_map(|(_, running)| running.flight.take_report().map(|report| (running.asked, report)));
        over.collect()
    }

    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
}

fn bare(failure: Option<Failure>) -> EmbeddingReport {
    EmbeddingReport { vectors: Err(failure), tokens: None, request_id: None }
}
