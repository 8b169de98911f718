//! Attempts in flight: one task each, a mailbox back, and exactly one end for each.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::chat::{AttemptId, ConversationId, Ending, Report, Request};
use crate::provider::{Mailbox, Provider, Signal, mailbox};
use crate::session::Happened;

use super::flight::{Flight, PROVIDER_LETS_GO_WITHIN};
use super::ids;

struct Running {
    conversation: ConversationId,
    mailbox: Mailbox,
    flight: Flight<Report>,
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
        let cut_short = |failure: Option<_>| Report::bare(failure.map_or(Ending::Cancelled, Ending::Failed));
        let work = |cancel| self.provider.attempt(request, sink, cancel);
        let flight = Flight::start(work, cut_short, PROVIDER_LETS_GO_WITHIN, &self.arrived);
        self.running.insert(attempt, Running { conversation, mailbox, flight, has_begun: false });
    }

    pub fn cancel(&mut self, attempt: AttemptId) {
        if let Some(running) = self.running.get(&attempt) {
            running.flight.cancel();
        }
    }

    /// What came, attempt by attempt; an attempt's end is told after all that came of it.
    pub fn drain(&mut self) -> Vec<(ConversationId, Happened)> {
        let mut out = Vec::new();
        let mut over = Vec::new();
        for (attempt, running) in &mut self.running {
            // The end is looked at first: what it follows is then certainly in the mailbox.
            let report = running.flight.take_report();
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
        self.running
            .values()
            .any(|running| running.flight.has_ended() || (!running.has_begun && !running.mailbox.is_empty()))
    }

    /// Whether there is anything to be told.
    pub fn has_waiting(&self) -> bool {
        self.running.values().any(|running| !running.mailbox.is_empty() || running.flight.has_ended())
    }

    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
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
