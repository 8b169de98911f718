//! How many requests may be in flight. Owns the start in small and the doubling, and how long an answer takes;
//! refuses to know why the provider would want less: that is the rate's.

use std::time::Duration;

use super::{LATENESS, seconds};

/// In flight before anything was answered: a provider of any size bears four, and from four to 64 it is four round trips.
const START: f64 = 4.0;
/// The window doubles with each round trip, and not much faster than this: with answers in a few milliseconds a
/// limit of so many a second would be overrun tenfold before its first refusal is heard.
const FASTEST_DOUBLING: f64 = 0.2;
/// And from this size on not faster than this, since a last doubling overruns the limit by half a window before the
/// refusals are heard. It costs a provider without a limit and with answers in 200 ms half a second, once.
const SMALL: f64 = 16.0;
const FAST_DOUBLING: f64 = 0.4;
/// A window counts as used once this part of it was in flight.
const USED: f64 = 0.9;
/// The share of a new answer in the mean latency: the last eight or so count.
const WEIGHT_OF_ONE: f64 = 0.125;
/// Room above what a rate needs at the mean latency: answers that take half as long again hold nothing up.
const ROOM: f64 = 1.5;
/// And for rates so low that hardly one is in flight.
const ROOM_AT_LEAST: f64 = 2.0;
/// A learned rate is kept, for the even spacing, up to this many times what the whole window can do.
const OUTRUN: f64 = 1.5;
/// A whole window is sent over this part of a round trip: what began as a burst spreads, and does not come back as one.
const SPREAD: f64 = 0.5;

#[derive(Debug)]
pub(super) struct Window {
    most: u32,
    size: f64,
    /// Mean seconds from sending to the end of an answer.
    latency: Option<f64>,
    /// When the window was last full.
    full_at: Option<Duration>,
    /// While no rate is known, the next request may be sent then.
    slot: Duration,
}

impl Window {
    pub(super) fn new(most: u32) -> Self {
        let most = most.max(1);
        Self { most, size: START.min(f64::from(most)), latency: None, full_at: None, slot: Duration::ZERO }
    }

    /// The most in flight at this rate, at least one.
    pub(super) fn size(&self, per_second: Option<f64>) -> u32 {
        let size = match (per_second, self.latency) {
            (Some(rate), Some(latency)) => (rate * latency * ROOM).ceil() + ROOM_AT_LEAST,
            _ => self.size,
        };
        (size.min(f64::from(self.most)) as u32).max(1)
    }

    /// The next request may be sent then, while no rate is known.
    pub(super) fn moment(&self) -> Duration {
        self.slot
    }

    /// A request is sent while no rate is known.
    pub(super) fn sent(&mut self, now: Duration) {
        let interval = self.latency.map_or(0.0, |latency| latency * SPREAD / self.size);
        self.slot = self.slot.max(now.saturating_sub(LATENESS)).saturating_add(seconds(interval));
    }

    /// So many are in flight of a window of this size.
    pub(super) fn filled(&mut self, now: Duration, in_flight: usize, size: u32) {
        if in_flight as f64 >= (f64::from(size) * USED).floor() {
            self.full_at = Some(now);
        }
    }

    /// An answer came to what was sent then: one more may be in flight, if the window was full meanwhile.
    pub(super) fn answered(&mut self, now: Duration, sent: Duration) {
        let took = now.saturating_sub(sent).as_secs_f64();
        let latency = self.latency.map_or(took, |mean| mean + (took - mean) * WEIGHT_OF_ONE);
        self.latency = Some(latency);
        if self.full_at.is_some_and(|at| at >= sent) {
            let doubling = if self.size < SMALL { FASTEST_DOUBLING } else { FAST_DOUBLING };
            self.size = (self.size + (latency / doubling).min(1.0)).min(f64::from(self.most));
        }
    }

    /// A rate that the whole window cannot use.
    pub(super) fn outrun_by(&self) -> Option<f64> {
        self.latency.filter(|latency| *latency > 0.0).map(|latency| f64::from(self.most) * OUTRUN / latency)
    }

    /// From the start again.
    pub(super) fn restart(&mut self) {
        self.size = self.size.min(START);
        self.full_at = None;
    }
}
