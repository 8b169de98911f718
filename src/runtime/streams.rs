//! Attempts in flight: one task each, a mailbox back, and exactly one end for each.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::chat::{AttemptId, ConversationId, Ending, Failure, FailureKind, Report, Request};
use crate::provider::{Mailbox, Provider, Signal, mailbox};
use crate::session::Happened;

use super::ids;

/// How long a provider may take to let go of a cancelled attempt before it is dropped where it stands.
const LETS_GO_WITHIN: Duration = Duration::from_millis(50);

struct Running {
    conversation: ConversationId,
    mailbox: Mailbox,
    cancel: CancellationToken,
    report: Arc<Mutex<Option<Report>>>,
    /// Whether anything of the reply was drained.
    has_begun: bool,
}

/// All attempts in flight.
pub(super) struct Streams {
    provider: Arc<dyn Provider>,
    running: HashMap<AttemptId, Running>,
    arrived: Arc<Notify>,
}

impl Streams {
    pub fn new(provider: Arc<dyn Provider>, arrived: Arc<Notify>) -> Self {
        Self { provider, running: HashMap::new(), arrived }
    }

    pub fn set_provider(&mut self, provider: Arc<dyn Provider>) {
        self.provider = provider;
    }

    pub fn start(&mut self, conversation: ConversationId, attempt: AttemptId, request: Arc<Request>) {
        let (sink, mailbox) = mailbox(Arc::clone(&self.arrived));
        let cancel = CancellationToken::new();
        let report = Arc::new(Mutex::new(None));
        let work = self.provider.attempt(request, sink, cancel.clone());
        let (done, cancelled, arrived) = (Arc::clone(&report), cancel.clone(), Arc::clone(&self.arrived));
        #[expect(clippy::disallowed_methods, reason = "runtime/ is where tasks are spawned")]
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = AssertUnwindSafe(work).catch_unwind() => ended.unwrap_or_else(|_| {
                    Report::bare(Ending::Failed(Failure::new(FailureKind::Internal, "a task of munshi's panicked")))
                }),
                () = dropped(cancelled) => Report::bare(Ending::Cancelled),
            };
            *done.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
            arrived.notify_one();
        });
        self.running.insert(attempt, Running { conversation, mailbox, cancel, report, has_begun: false });
    }

    pub fn cancel(&mut self, attempt: AttemptId) {
        if let Some(running) = self.running.get(&attempt) {
            running.cancel.cancel();
        }
    }

    /// What came, attempt by attempt; an attempt's end is told after all that came of it.
    pub fn drain(&mut self) -> Vec<(ConversationId, Happened)> {
        let mut out = Vec::new();
        let mut over = Vec::new();
        for (attempt, running) in &mut self.running {
            // The end is looked at first: what it follows is then certainly in the mailbox.
            let report = running.report.lock().unwrap_or_else(PoisonError::into_inner).take();
            for signal in running.mailbox.drain() {
                running.has_begun |= !matches!(signal, Signal::Opened { .. });
                out.push((running.conversation, happened(*attempt, signal)));
            }
            if let Some(report) = report {
                out.push((running.conversation, Happened::Ended { attempt: *attempt, report, jitter: ids::jitter() }));
                over.push(*attempt);
            }
        }
        for attempt in over {
            self.running.remove(&attempt);
        }
        out
    }

    /// Whether there is an end, or a first piece of a reply, to be told.
    pub fn is_urgent(&self) -> bool {
        self.running.values().any(|running| {
            running.report.lock().unwrap_or_else(PoisonError::into_inner).is_some()
                || (!running.has_begun && !running.mailbox.is_empty())
        })
    }

    /// Whether there is anything to be told.
    pub fn has_waiting(&self) -> bool {
        self.running.values().any(|running| {
            !running.mailbox.is_empty() || running.report.lock().unwrap_or_else(PoisonError::into_inner).is_some()
        })
    }

    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        for running in self.running.values() {
            running.cancel.cancel();
        }
    }
}

/// Resolves a little after the cancellation: by then a well-behaved provider has returned by itself.
pub(super) async fn dropped(cancelled: CancellationToken) {
    cancelled.cancelled().await;
    tokio::time::sleep(LETS_GO_WITHIN).await;
}

fn happened(attempt: AttemptId, signal: Signal) -> Happened {
    match signal {
        Signal::Opened { limits, .. } => Happened::Opened { attempt, limits },
        Signal::Text(text) => Happened::TextArrived { attempt, text },
        Signal::Reasoning(text) => Happened::ReasoningArrived { attempt, text },
        Signal::ToolCall { index, id, name, arguments } => {
            Happened::ToolCallArrived { attempt, index, id, name, arguments }
        }
    }
}
