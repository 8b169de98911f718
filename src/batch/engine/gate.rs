//! The gate before the providers: what waits to be sent, and when it may. Owns one pace for each provider, since a
//! fallback's limits are others; refuses to send anything itself.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::chat::{AttemptId, ConversationId, Ending, FailureKind, RateLimits, Report};
use crate::session::Effect;

use super::super::pace::{End, Leave, Pace};

/// A booking that waits.
pub struct Held {
    pub row: ConversationId,
    pub effect: Effect,
    provider: String,
    weight: u64,
}

/// An attempt on its way.
#[derive(Debug)]
struct Sent {
    provider: String,
    id: u64,
}

/// All that waits, and all that is on its way.
pub struct Gate {
    most: u32,
    paces: HashMap<String, Pace>,
    held: VecDeque<Held>,
    sent: HashMap<AttemptId, Sent>,
    count: u64,
}

impl Gate {
    /// Never more than `most` requests on their way to one provider.
    pub fn new(most: u32) -> Self {
        Self { most, paces: HashMap::new(), held: VecDeque::new(), sent: HashMap::new(), count: 0 }
    }

    fn pace(&mut self, provider: &str) -> &mut Pace {
        let most = self.most;
        self.paces.entry(provider.to_owned()).or_insert_with(|| Pace::new(most))
    }

    /// Lets a booking wait for its turn.
    pub fn hold(&mut self, row: ConversationId, provider: String, weight: u64, effect: Effect) {
        self.held.push_back(Held { row, effect, provider, weight });
    }

    /// The next booking that may go, oldest first of each provider.
    pub fn release(&mut self, now: Duration) -> Option<Held> {
        let mut shut: Vec<String> = Vec::new();
        for at in 0..self.held.len() {
            let (provider, weight) = (self.held[at].provider.clone(), self.held[at].weight);
            if shut.contains(&provider) {
                continue;
            }
            if self.next(&provider, now, weight) != Leave::Now {
                shut.push(provider);
                continue;
            }
            let held = self.held.remove(at)?;
            if let Some(attempt) = attempt(&held.effect) {
                self.count += 1;
                let id = self.count;
                self.pace(&provider).sent(now, id, weight);
                self.sent.insert(attempt, Sent { provider, id });
            }
            return Some(held);
        }
        None
    }

    /// When a fresh row may be sent to `provider`.
    pub fn next(&mut self, provider: &str, now: Duration, weight: u64) -> Leave {
        // Whichever the providers are, no more are on their way at once.
        if self.sent.len() >= self.most as usize {
            return Leave::WhenOneEnds;
        }
        self.pace(provider).next(now, weight)
    }

    /// The earliest moment at which something may go that waits; `None`: only once something has ended.
    pub fn due(&mut self, now: Duration) -> Option<Duration> {
        let waiting: Vec<(String, u64)> = self.held.iter().map(|held| (held.provider.clone(), held.weight)).collect();
        let mut due: Option<Duration> = None;
        let mut seen: Vec<&str> = Vec::new();
        for (provider, weight) in &waiting {
            if seen.contains(&provider.as_str()) {
                continue;
            }
            seen.push(provider);
            let at = match self.next(provider, now, *weight) {
                Leave::Now => Some(now),
                Leave::At(at) => Some(at),
                Leave::WhenOneEnds => None,
            };
            due = due.into_iter().chain(at).min();
        }
        due
    }

    /// The provider's headers came.
    pub fn heard(&mut self, attempt: AttemptId, now: Duration, limits: &RateLimits) {
        if limits.is_empty() {
            return;
        }
        if let Some((provider, id)) = self.sent.get(&attempt).map(|sent| (sent.provider.clone(), sent.id)) {
            self.pace(&provider).heard(now, id, limits);
        }
    }

    /// An attempt is over.
    pub fn ended(&mut self, attempt: AttemptId, now: Duration, report: &Report) {
        self.heard(attempt, now, &report.limits);
        let tokens = report.usage.map(|usage| usage.total());
        let end = match &report.ending {
            Ending::Finished(_) => End::Answered { tokens },
            Ending::Failed(failure) => match failure.kind {
                FailureKind::RateLimited => End::Limited { retry_after: failure.retry_after },
                // Any other fault says nothing of how much the provider bears.
                _ if matches!(failure.status, Some(503 | 529)) || failure.retry_after.is_some() => {
                    End::Overloaded { retry_after: failure.retry_after }
                }
                _ => End::Other,
            },
            Ending::Cancelled => End::Other,
        };
        self.close(attempt, now, end);
    }

    /// A booking that was let go is closed, by whatever: nothing more is heard of it.
    pub fn closed(&mut self, attempt: AttemptId, now: Duration) {
        self.close(attempt, now, End::Other);
    }

    fn close(&mut self, attempt: AttemptId, now: Duration, end: End) {
        if let Some(Sent { provider, id }) = self.sent.remove(&attempt) {
            self.pace(&provider).ended(now, id, end);
        }
    }

    /// Takes out what waits for a row.
    pub fn forget(&mut self, row: ConversationId) {
        self.held.retain(|held| held.row != row);
    }

    /// The rows of which something waits.
    pub fn waiting(&self) -> impl Iterator<Item = ConversationId> + '_ {
        self.held.iter().map(|held| held.row)
    }

    /// The program was suspended, and goes on.
    pub fn resumed(&mut self, now: Duration) {
        for pace in self.paces.values_mut() {
            pace.resumed(now);
        }
    }

    /// Until when a provider has asked to wait, where it has.
    pub fn paused_until(&mut self, provider: &str, now: Duration) -> Option<Duration> {
        self.pace(provider).standing(now).paused_until
    }
}

const fn attempt(effect: &Effect) -> Option<AttemptId> {
    match effect {
        Effect::Book(opening) | Effect::Reserve { opening, .. } => Some(opening.attempt),
        _ => None,
    }
}
