//! Stray refusals: those that say nothing of the rate, since the provider took more before, or refuses again what it has
//! just been seen to bear. Owns the memory of what was taken before; refuses to set a rate: that is `rate`'s.

use std::time::Duration;

use super::history::History;

/// A refusal is stray where what was sent in the last second is less than this part of what was taken before …
const FAR_BELOW: f64 = 0.75;
/// … unless more than this part of it is refused: so much is refused for its rate.
const MOST: f64 = 0.7;
/// After a stray refusal the rate may climb to so many times what was taken before, had nothing been refused; if that is
/// too much, refusals will tell, and such a climb takes a second.
const ABOVE: f64 = 3.0;
/// What was taken before fades by so much with each refusal: it may be that the provider bears less now.
const FADING: f64 = 0.97;
/// What was taken before the first refusal counts by half: a bucket may have been full.
const FIRST_PART: f64 = 0.5;
const SECOND: Duration = Duration::from_secs(1);
/// So many refusals in a row, each soon after the last although the rate had been taken back, contradict the ceiling. A
/// bucket or a sliding window that was overrun gives two.
const CONTRADICTIONS: u8 = 3;
/// A ceiling that is contradicted is far too low.
const BOOST: f64 = 4.0;
/// A wait that the server names is that for a window's end if it is this long …
const LONG_WAIT: Duration = Duration::from_secs(4);
/// … or if three in a row end sprees of the same rate, but for this part, and of so many requests or more: chance does not.
const ALIKE: f64 = 0.25;
const ALIKE_OF: u64 = 6;
const ALIKES: u8 = 2;

/// What became of the requests of the last second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lately {
    taken: f64,
    /// The part that was refused.
    refused: f64,
}

impl Lately {
    pub(super) fn is_mostly_refused(self) -> bool {
        self.refused > MOST
    }
}

#[derive(Debug, Default)]
pub(super) struct Strays {
    /// The most that was taken in a second, fading.
    level: f64,
    /// The first refusal of all: what was sent before it may have come from a full bucket.
    first: Duration,
    contradictions: u8,
    /// What was borne up to the last wait that the server named, and how often in a row that was the same.
    bore: f64,
    alike: u8,
}

impl Strays {
    /// The first refusal of all; so many a second were taken before it.
    pub(super) fn begin(&mut self, now: Duration, taken: f64) -> f64 {
        (self.first, self.level) = (now, taken * FIRST_PART);
        self.level
    }

    /// A refusal of what was sent then.
    pub(super) fn refused(&mut self, history: &History, sent: Duration) -> Lately {
        let (taken, refused) = history.taken_and_refused(sent, self.first);
        if sent.saturating_sub(self.first) < SECOND {
            return Lately { taken: self.level, refused };
        }
        let lately = Lately { taken, refused };
        self.level = if lately.is_mostly_refused() { taken } else { taken.max(self.level * FADING) };
        lately
    }

    /// Where the last refusal was stray, the ceiling that the rate may have.
    pub(super) fn ceiling(&self, lately: Lately) -> Option<f64> {
        let passed = 1.0 - lately.refused;
        let is_stray = lately.taken < self.level * FAR_BELOW * passed && !lately.is_mostly_refused();
        is_stray.then(|| self.level * ABOVE / passed)
    }

    /// Whether a refusal came although this ceiling had been kept; says a better one where that is so too often.
    pub(super) fn contradicted(&mut self, again: bool, ceiling: f64) -> Option<f64> {
        self.contradictions = if again { self.contradictions + 1 } else { 0 };
        (self.contradictions == CONTRADICTIONS).then(|| {
            self.contradictions = 0;
            self.level = self.level.max(ceiling) * BOOST;
            self.level
        })
    }

    /// Whether a wait that the server named says nothing, after so many were taken and so many a second borne.
    pub(super) fn may_be_chance(&mut self, wait: Duration, borne: f64, taken: u64) -> bool {
        let is_like = taken >= ALIKE_OF && (borne / self.bore - 1.0).abs() < ALIKE;
        self.alike = if is_like { self.alike.saturating_add(1) } else { 0 };
        self.bore = borne;
        wait < LONG_WAIT && self.alike < ALIKES
    }

    /// After a drought: so many a second were borne, and this part of what was taken before still counts.
    pub(super) fn after_drought(&mut self, borne: f64, part: f64) {
        self.level = borne.max(self.level * part);
    }

    /// More than this cannot be used.
    pub(super) fn cap(&mut self, per_second: f64) {
        self.level = self.level.min(per_second);
    }
}
