//! What one rate limit's headers leave. Owns the even spending of what remains, less what the provider had not yet
//! counted, and how many tokens it counts for one that was guessed; refuses to believe headers that successes belie.
//!
//! Spending the lower half of a limit evenly over the time until the reset fits both kinds of limits without telling them apart: a
//! window is used up just when it ends, and a bucket (whose reset is the time until it is full) comes to rest half full,
//! where what is spent equals what flows in.

use std::collections::VecDeque;
use std::time::Duration;

use super::scaled;
use crate::chat::RateLimit;

/// Limits are mostly of a minute: a reset further off (a day's limit) is spent as if it were so near, since a batch may well
/// be done before the day's limit is; and nothing waits longer than this for a header's word.
const MINUTE: Duration = Duration::from_mins(1);
/// The shortest window that is assumed to follow a reset.
const SHORTEST: Duration = Duration::from_secs(1);
/// This part of the limit stays unspent: requests overtake one another on their way, and tokens are guessed.
const RESERVE: f64 = 0.02;
/// While more than this part of the limit is left, nothing is spread: a short batch need not take a minute, and a bucket
/// comes to rest at this part anyway.
const PLENTY: f64 = 0.5;
/// And while it is enough for so many more: of a handful, each counts.
const MANY: f64 = 16.0;
/// Requests sent within so long may come in another order: the one that came first does not tell of the others.
const OVERTAKING: Duration = Duration::from_millis(50);
/// No more than this remains: nothing does, or a number that stands for nothing.
const EMPTY: u64 = 1;
/// So many successes that the headers called impossible, and they are no longer believed.
const BELIED: u8 = 2;
/// What the provider counts for a guessed token lies within these.
const FEWEST_PER_GUESS: f64 = 0.05;
const MOST_PER_GUESS: f64 = 20.0;
/// The share that older requests keep in what was counted: the last fifty or so matter.
const MEMORY: f64 = 0.98;
/// How far a bucket's reset may be from what its level says, as a part and as rounding to a whole second.
const BUCKET_PART: f64 = 0.1;
const BUCKET_SECOND: f64 = 1.0;
/// The share of one header in whether the limit is a bucket, and how sure one has to be of either.
const WEIGHT_OF_ONE: f64 = 0.1;
const SURE: f64 = 0.7;

#[derive(Debug, Clone, Copy)]
struct Snapshot {
    limit: f64,
    remaining: f64,
    reset_at: Duration,
    /// What had been sent when the provider counted.
    sum: u64,
    sent: Duration,
    place: u64,
    /// The reset was not said, or is not believed.
    doubtful: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    counted: f64,
    guessed: f64,
}

impl Tally {
    fn add(&mut self, counted: f64, guessed: f64) {
        self.counted = self.counted * MEMORY + counted;
        self.guessed = self.guessed * MEMORY + guessed;
    }

    fn ratio(self) -> Option<f64> {
        (self.guessed > 0.0).then(|| (self.counted / self.guessed).clamp(FEWEST_PER_GUESS, MOST_PER_GUESS))
    }
}

#[derive(Debug)]
pub(super) struct Budget {
    learns: bool,
    snapshot: Option<Snapshot>,
    /// The longest reset that was heard, up to a minute.
    period: Duration,
    sum: u64,
    /// Of those sent so lately that a next one may overtake them, the sums; and the sum of all before.
    recent: VecDeque<(Duration, u64)>,
    settled: u64,
    last: Option<(Duration, u64)>,
    /// By the headers, and by the answers: tokens as they were counted, and as they had been guessed.
    by_headers: Tally,
    by_answers: Tally,
    bucket: f64,
    belied: u8,
}

impl Budget {
    pub(super) fn of_requests() -> Self {
        Self {
            learns: false,
            snapshot: None,
            period: SHORTEST,
            sum: 0,
            recent: VecDeque::new(),
            settled: 0,
            last: None,
            by_headers: Tally::default(),
            by_answers: Tally::default(),
            bucket: 0.5,
            belied: 0,
        }
    }

    pub(super) fn of_tokens() -> Self {
        Self { learns: true, ..Self::of_requests() }
    }

    /// When so much more may be sent, with so much in flight; a moment that has passed means at once.
    pub(super) fn moment(&self, now: Duration, weight: u64, aloft: u64) -> Duration {
        let Some(snapshot) = self.at(now, aloft) else { return Duration::ZERO };
        let left = self.left(&snapshot);
        let spendable = snapshot.limit - reserve(snapshot.limit);
        if left < (weight as f64 * self.per_guess()).min(spendable) {
            return snapshot.reset_at;
        }
        // How tokens are counted is learnt from headers that come evenly.
        if !self.learns && left > snapshot.limit * PLENTY && left > weight as f64 * MANY {
            return Duration::ZERO;
        }
        let is_anew = self.snapshot.is_some_and(|before| now >= before.reset_at);
        let Some((at, last)) = self.last.filter(|_| !is_anew) else { return Duration::ZERO };
        let last = last as f64 * self.per_guess();
        let share = if left + last > 0.0 { (last / (left + last)).clamp(0.0, 1.0) } else { 0.0 };
        at.saturating_add(scaled(snapshot.reset_at.saturating_sub(at), share))
    }

    /// So much is sent: the sum of all that the provider counts before it and with it, and whether an answer to it would
    /// belie headers that say that nothing remains.
    pub(super) fn sent(&mut self, now: Duration, weight: u64, aloft: u64) -> (u64, bool) {
        let was_doubtful =
            self.snapshot.is_some_and(|snapshot| snapshot.doubtful && snapshot.remaining <= EMPTY as f64);
        self.snapshot = self.at_always(now, aloft);
        let hopeful = self.snapshot.is_some_and(|snapshot| self.left(&snapshot) > snapshot.limit / 2.0 + 1.0);
        while let Some((_, sum)) = self.recent.pop_front_if(|(at, _)| now.saturating_sub(*at) > OVERTAKING) {
            self.settled = sum;
        }
        self.sum = self.sum.saturating_add(weight);
        self.recent.push_back((now, self.sum));
        self.last = Some((now, weight));
        (self.settled.saturating_add(weight), hopeful || was_doubtful)
    }

    /// A header came with the answer to what was sent then; whether it says that hardly anything remains.
    pub(super) fn heard(&mut self, now: Duration, sent: Duration, place: u64, sum: u64, said: &RateLimit) -> bool {
        let Some(remaining) = said.remaining.filter(|_| said.limit != Some(0)) else { return false };
        let is_empty = remaining <= EMPTY;
        if !is_empty {
            self.belied = 0;
        }
        if self.snapshot.is_some_and(|snapshot| snapshot.place >= place) {
            return is_empty;
        }
        let known = self.snapshot.map_or(0.0, |snapshot| snapshot.limit);
        let limit = said.limit.map_or(known.max(remaining as f64), |limit| limit as f64).max(1.0);
        let reset = said.reset.unwrap_or(MINUTE);
        self.period = self.period.max(reset.min(MINUTE));
        let next = Snapshot {
            limit,
            remaining: (remaining as f64).min(limit),
            reset_at: now.saturating_add(reset.min(MINUTE)),
            sum,
            sent,
            place,
            doubtful: said.reset.is_none_or(|reset| reset > MINUTE),
        };
        if self.learns {
            self.learn(&next, reset);
        }
        self.snapshot = Some(next);
        is_empty
    }

    /// A request had an answer whose headers said that there could be none.
    pub(super) fn contradicted(&mut self) {
        self.belied = self.belied.saturating_add(1);
    }

    /// An answer took so many tokens, for so many guessed: a first notion, until the headers show how the provider counts.
    pub(super) fn answered(&mut self, counted: u64, guessed: u64) {
        self.by_answers.add(counted as f64, guessed as f64);
    }

    fn per_guess(&self) -> f64 {
        if self.learns { self.by_headers.ratio().or_else(|| self.by_answers.ratio()).unwrap_or(1.0) } else { 1.0 }
    }

    fn left(&self, snapshot: &Snapshot) -> f64 {
        let uncounted = self.sum.saturating_sub(snapshot.sum) as f64 * self.per_guess();
        (snapshot.remaining - uncounted - reserve(snapshot.limit)).max(0.0)
    }

    /// What is believed at this moment.
    fn at(&self, now: Duration, aloft: u64) -> Option<Snapshot> {
        if self.belied >= BELIED { None } else { self.at_always(now, aloft) }
    }

    /// Past its reset the limit is whole again, less what is in flight: nobody knows which side of it that came on.
    fn at_always(&self, now: Duration, aloft: u64) -> Option<Snapshot> {
        let snapshot = self.snapshot?;
        if now < snapshot.reset_at {
            return Some(snapshot);
        }
        let sum = self.sum.saturating_sub(aloft);
        let reset_at = now.saturating_add(self.period);
        Some(Snapshot { remaining: snapshot.limit, reset_at, sum, sent: now, ..snapshot })
    }

    /// How many tokens the provider counted for those guessed between two headers.
    fn learn(&mut self, next: &Snapshot, reset: Duration) {
        let lacking = next.limit - next.remaining;
        let by_level = lacking * MINUTE.as_secs_f64() / next.limit;
        let off = (by_level - reset.as_secs_f64()).abs();
        let fits = off <= by_level * BUCKET_PART + BUCKET_SECOND;
        self.bucket += (f64::from(u8::from(fits)) - self.bucket) * WEIGHT_OF_ONE;
        let Some(before) = self.snapshot else { return };
        let guessed = next.sum.saturating_sub(before.sum) as f64;
        let flowed = if self.bucket >= SURE {
            next.sent.saturating_sub(before.sent).as_secs_f64() * next.limit / MINUTE.as_secs_f64()
        } else if self.bucket <= 1.0 - SURE {
            0.0
        } else {
            return;
        };
        let counted = before.remaining + flowed - next.remaining;
        let is_whole = next.remaining >= next.limit * (1.0 - RESERVE);
        let has_turned = flowed == 0.0 && counted < 0.0;
        if guessed > 0.0 && !is_whole && !has_turned {
            self.by_headers.add(counted, guessed);
        }
    }
}

/// A whole number: of a limit of three, all three are spent.
fn reserve(limit: f64) -> f64 {
    (limit * RESERVE).floor()
}
