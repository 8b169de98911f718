//! What a running turn is doing, for whoever shows it.

use std::time::Duration;

use crate::chat::{ModelRef, Settings};

use super::turn::{Phase, Turn};

/// What a running turn is doing. All times are on the monotonic clock of the events' stamps.
#[derive(Debug, Clone, PartialEq)]
pub enum Activity {
    /// The question is on its way to the disk.
    Saving,
    /// Older messages that fit the question are looked for.
    Searching { since: Duration },
    /// The request is out; no answer yet.
    Connecting { model: ModelRef, since: Duration, gives_up: Duration },
    /// The server answered; no token yet.
    Waiting { model: ModelRef, since: Duration, gives_up: Duration },
    /// Tokens come. `tokens` are those so far, estimated.
    Streaming { tokens: u64, first: Duration, last: Duration, gives_up: Duration },
    /// The tools that the chat offers are asked for, which may start their servers.
    Gathering { since: Duration },
    /// So many calls of tools wait for the user's word.
    Asking { calls: usize },
    /// So many calls run, the first of them since then; the last limit passes at `gives_up`.
    Calling { calls: usize, since: Duration, gives_up: Duration },
    /// A failed attempt is made again at `until`: attempt `attempt` of `of`.
    Backoff { attempt: u32, of: u32, until: Duration, why: String },
}

impl Turn {
    pub(super) fn activity(&self, settings: &Settings) -> Activity {
        let model = self.model().clone();
        let first_token = first_token_limit(settings, &model);
        match &self.phase {
            Phase::Committing | Phase::Booking | Phase::Checking | Phase::Judging(_) => Activity::Saving,
            Phase::Gathering { since } => Activity::Gathering { since: *since },
            Phase::Calling(round) => match round.standing() {
                (0, Some((calls, since, gives_up))) => Activity::Calling { calls, since, gives_up },
                (calls, _) => Activity::Asking { calls },
            },
            Phase::Searching { since } => Activity::Searching { since: *since },
            Phase::Connecting { since } => {
                Activity::Connecting { model, since: *since, gives_up: since.saturating_add(first_token) }
            }
            Phase::Waiting { since } => {
                Activity::Waiting { model, since: *since, gives_up: since.saturating_add(first_token) }
            }
            Phase::Streaming { first } => Activity::Streaming {
                tokens: self.hundredths.div_ceil(100),
                first: *first,
                last: self.last_content,
                gives_up: self.last_content.saturating_add(settings.timeouts.silence),
            },
            Phase::Backoff { until, why } => Activity::Backoff {
                attempt: self.tries + 1,
                of: settings.retry.attempts,
                until: *until,
                why: why.clone(),
            },
        }
    }
}

/// How long `model` may take to its first token.
pub(super) fn first_token_limit(settings: &Settings, model: &ModelRef) -> Duration {
    settings.first_token(model)
}
