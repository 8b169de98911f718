//! What was sent lately, and what of it was refused. Owns the counting by the time of sending, since the server
//! decides when a request comes and not when its answer ends; refuses to conclude anything.

use std::collections::VecDeque;
use std::time::Duration;

/// Enough for a second of any provider, and for minutes of a slow one; about 100 kB.
const KEPT: usize = 4096;
/// A rate is that of the last second …
const AT_LEAST_FOR: Duration = Duration::from_secs(1);
/// … or of the last so many requests, where a second holds fewer.
const AT_LEAST_OF: usize = 10;
/// The shortest time a rate is measured over: a handful sent at once is no rate.
const SHORTEST: f64 = 0.1;

#[derive(Debug, Clone, Copy)]
struct Send {
    at: Duration,
    taken: bool,
}

#[derive(Debug, Default)]
pub(super) struct History {
    /// The place of the first one kept.
    first: u64,
    sends: VecDeque<Send>,
}

impl History {
    /// The place of the next one.
    pub(super) fn next_place(&self) -> u64 {
        self.first + self.sends.len() as u64
    }

    pub(super) fn push(&mut self, at: Duration) -> u64 {
        let place = self.next_place();
        if self.sends.len() == KEPT {
            self.sends.pop_front();
            self.first += 1;
        }
        self.sends.push_back(Send { at, taken: true });
        place
    }

    /// This one was not taken: refused, or nobody knows.
    pub(super) fn refuse(&mut self, place: u64) {
        let send = place.checked_sub(self.first).and_then(|index| self.sends.get_mut(index as usize));
        if let Some(send) = send {
            send.taken = false;
        }
    }

    /// How many a second the provider took of those sent up to `last`, but not before `from`, as if they
    /// had been sent over `at_least` so long; and how many that is.
    pub(super) fn rate_until(&self, last: Duration, from: Duration, at_least: Duration) -> (f64, usize) {
        let (taken, _, span) = self.lately(last, from);
        (taken as f64 / span.max(at_least).as_secs_f64().max(SHORTEST), taken)
    }

    /// How many a second it took of those, as if they had been sent over a second or longer; and the part that it refused.
    pub(super) fn taken_and_refused(&self, last: Duration, from: Duration) -> (f64, f64) {
        let (taken, sent, span) = self.lately(last, from);
        (taken as f64 / span.max(AT_LEAST_FOR).as_secs_f64(), (sent - taken) as f64 / sent.max(1) as f64)
    }

    /// How many were taken, how many were sent, and the time from the first of them.
    fn lately(&self, last: Duration, from: Duration) -> (usize, usize, Duration) {
        let sends = self.sends.iter().rev().skip_while(|send| send.at > last).take_while(|send| send.at >= from);
        let (mut taken, mut sent, mut span) = (0, 0, Duration::ZERO);
        for send in sends {
            let before = last.saturating_sub(send.at);
            if before > AT_LEAST_FOR && taken >= AT_LEAST_OF {
                break;
            }
            span = before;
            taken += usize::from(send.taken);
            sent += 1;
        }
        (taken, sent, span)
    }

    /// How many were taken of those sent in the time up to `until`.
    pub(super) fn taken_within(&self, span: Duration, until: Duration) -> usize {
        let from = until.saturating_sub(span);
        let within = self.sends.iter().rev().skip_while(|send| send.at >= until).take_while(|send| send.at >= from);
        within.filter(|send| send.taken).count()
    }

    pub(super) fn clear(&mut self) {
        self.first = self.next_place();
        self.sends.clear();
    }
}
