//! The waits of all sessions: at most one of each kind for each.

use std::collections::HashMap;
use std::time::Duration;

use crate::chat::ConversationId;
use crate::session::Timer;

/// Timers and when they are due, on the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Timers(HashMap<(ConversationId, Timer), Duration>);

impl Timers {
    pub fn start(&mut self, conversation: ConversationId, timer: Timer, due: Duration) {
        self.0.insert((conversation, timer), due);
    }

    pub fn cancel(&mut self, conversation: ConversationId, timer: Timer) {
        self.0.remove(&(conversation, timer));
    }

    /// Takes out the timers whose time has come, the earliest first.
    pub fn due(&mut self, now: Duration) -> Vec<(ConversationId, Timer)> {
        if self.next().is_none_or(|next| next > now) {
            return Vec::new();
        }
        let mut due: Vec<(Duration, (ConversationId, Timer))> =
            self.0.extract_if(|_, due| *due <= now).map(|(key, due)| (due, key)).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, key)| key).collect()
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }
}
