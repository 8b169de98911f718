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

    /// Takes out timers whose time has come, at most one for each conversation: its earliest. What that one
    /// leads to may cancel or restart the others, which stay for the next call.
    pub fn due(&mut self, now: Duration) -> Vec<(ConversationId, Timer)> {
        let mut due: Vec<(Duration, bool, Timer, ConversationId)> = self
            .0
            .iter()
            .filter(|(_, due)| **due <= now)
            // At the same moment, going on with the next model comes before giving up on this one.
            .map(|((conversation, timer), due)| (*due, *timer != Timer::Fallback, *timer, *conversation))
            .collect();
        due.sort_unstable();
        let mut told: Vec<(ConversationId, Timer)> = Vec::new();
        for (_, _, timer, conversation) in due {
            if told.iter().all(|(other, _)| *other != conversation) {
                self.0.remove(&(conversation, timer));
                told.push((conversation, timer));
            }
        }
        told
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Duration> {
        self.0.values().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn chat(number: u128) -> ConversationId {
        ConversationId(Uuid::from_u128(number))
    }

    #[test]
    fn of_timers_due_together_the_fallback_is_told_alone_and_can_still_call_off_the_first_token() {
        let mut timers = Timers::default();
        timers.start(chat(1), Timer::FirstToken, SECOND);
        timers.start(chat(1), Timer::Fallback, SECOND);
        assert_eq!(timers.due(SECOND), [(chat(1), Timer::Fallback)]);
        assert_eq!(timers.next(), Some(SECOND), "the loop comes back at once for the rest");
        timers.start(chat(1), Timer::FirstToken, 60 * SECOND);
        assert_eq!(timers.due(2 * SECOND), []);
    }

    #[test]
    fn the_earliest_of_each_chat_is_told_and_the_rest_at_the_next_call() {
        let mut timers = Timers::default();
        timers.start(chat(1), Timer::Turn, 3 * SECOND);
        timers.start(chat(1), Timer::Save, SECOND);
        timers.start(chat(2), Timer::Silence, 2 * SECOND);
        timers.start(chat(2), Timer::Turn, 9 * SECOND);
        assert_eq!(timers.due(SECOND / 2), []);
        assert_eq!(timers.due(5 * SECOND), [(chat(1), Timer::Save), (chat(2), Timer::Silence)]);
        assert_eq!(timers.due(5 * SECOND), [(chat(1), Timer::Turn)]);
        assert_eq!(timers.due(5 * SECOND), []);
        assert_eq!(timers.next(), Some(9 * SECOND));
    }
}
