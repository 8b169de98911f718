//! Attempts at vectors in flight: one task each, and exactly one end for each.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::chat::embedding::{EmbeddingModel, EmbeddingReport, EmbeddingRequest};
use crate::chat::{AttemptId, ConversationId, Failure, FailureKind, MessageId};
use crate::provider::Provider;
use crate::runtime::streams::dropped;

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
    cancel: CancellationToken,
    report: Arc<Mutex<Option<EmbeddingReport>>>,
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
        let cancel = CancellationToken::new();
        let report = Arc::new(Mutex::new(None));
        let work = self.provider.embed(request, cancel.clone());
        let (done, cancelled, arrived) = (Arc::clone(&report), cancel.clone(), Arc::clone(&self.arrived));
        #[expect(clippy::disallowed_methods, reason = "runtime/ is where tasks are spawned")]
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = AssertUnwindSafe(work).catch_unwind() => ended.unwrap_or_else(|_| {
                    bare(Some(Failure::new(FailureKind::Internal, "a task of munshi's panicked")))
                }),
                () = dropped(cancelled) => bare(None),
            };
            *done.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
            arrived.notify_one();
        });
        self.running.insert(asked.attempt, Running { asked, cancel, report });
    }

    pub fn cancel(&mut self, attempt: AttemptId) {
        if let Some(running) = self.running.get(&attempt) {
            running.cancel.cancel();
        }
    }

    /// Those that have ended since the last time.
    pub fn drain(&mut self) -> Vec<(Asked, EmbeddingReport)> {
        let ended = |_: &AttemptId, running: &mut Running| {
            running.report.lock().unwrap_or_else(PoisonError::into_inner).is_some()
        };
        let over = self.running.extract_if(ended).filter_map(|(_, running)| {
            let report = running.report.lock().unwrap_or_else(PoisonError::into_inner).take();
            report.map(|report| (running.asked, report))
        });
        over.collect()
    }

    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
}

impl Drop for Embeds {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.cancel.cancel();
        }
    }
}

fn bare(failure: Option<Failure>) -> EmbeddingReport {
    EmbeddingReport { vectors: Err(failure), tokens: None, request_id: None }
}
