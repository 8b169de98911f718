//! The rate that refusals teach. Owns the even spacing of requests, one reaction to each round trip of refusals, and
//! the gentle probing upwards; refuses to guess a rate before the provider has refused anything.
//!
//! A refusal says: of what was sent up to here, the provider took so much. Where it takes nothing more (a limit a minute is
//! used up) that is a drought: single requests feel for its end, and what was taken from the beginning of one spree to
//! the beginning of the next is the rate that the provider bears, whatever the length of its windows. Some refusals say
//! nothing of the rate at all (`stray`): those cost little of it.

use std::time::Duration;

use super::history::History;
use super::stray::Strays;
use super::{LATENESS, scaled, seconds};

/// After the first refusal of all: the answers to what was sent meanwhile are still to come, and a bucket that was
/// full has hidden the rate at which it fills. TCP halves its window there for the same reasons.
const FIRST_CUT: f64 = 0.5;
/// Nor is it ever less than this a second: a drought will tell.
const FIRST_LEAST: f64 = 1.0;
/// After later refusals, of the rate that was measured: enough for what waits at the provider to pass.
const CUT: f64 = 0.92;
/// After a drought.
const CUT_AFTER_DROUGHT: f64 = 0.9;
/// Where there is no measure. Where the last reaction is not a second ago the ceiling falls by less: a window overrun just
/// before takes less for a while, and the rate is soon back.
const BLIND_CUT: f64 = 0.75;
const BLIND_CEILING_CUT: f64 = 0.85;
/// After a refusal that says nothing of the rate.
const STRAY_CUT: f64 = 0.95;
/// A refusal comes soon after the last in this part of a unit.
const SOON: f64 = 0.5;
/// So many refusals in a row, with nothing taken between, are a drought; after a long calm one fewer.
const A_DROUGHT: u8 = 3;
/// A drought that refuses fewer feelers than this may be chance, as a short wait may be: what was known before …
const LONG_DROUGHT: u32 = 4;
/// … counts by this part; and where a wait says that the provider bears less than this part of it, nothing changes.
const SHORT_DROUGHT_CUT: f64 = 0.9;
const FAR_BELOW: f64 = 0.75;
/// So many since the last reaction, and over so long, make a measure.
const MEASURE: usize = 8;
const WHOLE_MEASURE: Duration = Duration::from_secs(1);
/// The rate climbs back to this part of the highest that was taken: a little under it.
const BELOW_CEILING: f64 = 0.97;
/// Half of the way back up, in units.
const HALF_WAY: f64 = 0.125;
/// A unit is the time without refusals after which the ceiling begins to rise, and in which its rise doubles: 8 s, or …
const UNIT: f64 = 8.0;
/// … at low rates the time of so many requests, since fewer teach nothing.
const UNIT_OF: f64 = 10.0;
/// The rise of the ceiling in a unit, at first and at most: the limit is passed by a thousandth or so a second, which costs a
/// refusal or two every twenty seconds, and a limit that was lifted is found in a minute.
const RISE: f64 = 0.016;
const STEEPEST_RISE: f64 = 0.8;
/// The rise in as long a time as the ceiling was guessed from, until a refusal while others are taken makes it a measure.
const RISE_IN_DOUBT: f64 = 0.05;
/// A drought after fewer than these says little (a server that had just begun to refuse everything): the rate begins at
/// [`FIRST_LEAST`] and climbs by so much with each answer, and a second. A second such drought is believed.
const FEW: u64 = 20;
const STEEP_AN_ANSWER: f64 = 0.05;
const STEEP_A_SECOND: f64 = 0.25;
/// The wait before the first feeler in a drought, and for each further one so much of the time that it has lasted, up to
/// the longest: the end of a minute is found less than an eighth of it late, for some sixteen refusals.
const FIRST_FEELER: Duration = Duration::from_millis(250);
const FEELER_PART: f64 = 0.5;
const LONGEST_FEELER: Duration = Duration::from_secs(8);
/// A request that was not refused in this many times what refusals take is presumed taken; and the least, for jitter.
const PATIENCE: f64 = 1.5;
const LEAST_PATIENCE: Duration = Duration::from_millis(50);
/// The longest a refusal took is forgotten by so much with each further one.
const FADING: f64 = 0.9;
/// No provider takes less than one a minute; with less a batch would stand still.
const LEAST: f64 = 1.0 / 60.0;
/// And none takes more: keeps the arithmetic finite.
const MOST: f64 = 1e6;

/// What is known of a request that was refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    pub now: Duration,
    pub sent: Duration,
    pub place: u64,
    /// The moment that the server named.
    pub paused_until: Option<Duration>,
    /// A request sent since the last reaction has gone without a refusal longer than refusals take.
    pub one_waits: bool,
    /// Sent before the program was suspended.
    pub stale: bool,
}

#[derive(Debug, Clone, Copy)]
struct Drought {
    since: Duration,
    /// When the last request was refused.
    until: Duration,
    wait: Duration,
    feeler: Option<(u64, Duration)>,
    /// How many feelers were refused.
    refused: u32,
}

/// From one drought to the next.
#[derive(Debug, Default, Clone, Copy)]
struct Spree {
    from: Option<Duration>,
    place: u64,
    taken: u64,
}

#[derive(Debug, Default)]
pub(super) struct Rate {
    per_second: Option<f64>,
    /// What the provider is thought to bear.
    ceiling: f64,
    /// Where that is a guess and not a measure: the seconds it was guessed from.
    doubt: Option<f64>,
    /// How many sprees in a row were of too few; and whether the ceiling is one that was therefore not believed.
    scant: u8,
    steep: bool,
    /// The next request may be sent then.
    slot: Duration,
    /// Requests from this place on were sent since the last reaction.
    mark: u64,
    reacted: Duration,
    grown: Duration,
    /// Whether requests wait for their slot: a rate that is not used proves nothing.
    binds: bool,
    taken_since: bool,
    /// How many refusals came since anything was taken.
    in_a_row: u8,
    strays: Strays,
    drought: Option<Drought>,
    spree: Spree,
    history: History,
    refusals_take: Duration,
}

impl Rate {
    pub(super) fn per_second(&self) -> Option<f64> {
        self.per_second
    }

    pub(super) fn mark(&self) -> u64 {
        self.mark
    }

    /// The next request may be sent then.
    pub(super) fn moment(&self) -> Duration {
        self.slot
    }

    /// A request without a refusal for this long was taken.
    pub(super) fn patience(&self) -> Duration {
        scaled(self.refusals_take, PATIENCE).saturating_add(LEAST_PATIENCE)
    }

    /// A request is sent; its place among all.
    pub(super) fn sent(&mut self, now: Duration) -> u64 {
        if let Some(Drought { feeler: Some((place, at)), .. }) = self.drought {
            // The next feeler goes only after the patience with this one: it was taken.
            self.drought_ends(now, place, at);
        }
        let place = self.history.push(now);
        self.spree.from.get_or_insert(now);
        self.spree.taken += 1;
        let patience = self.patience();
        if let Some(drought) = &mut self.drought {
            drought.feeler = Some((place, now));
            self.slot = now.saturating_add(drought.wait.max(patience));
        } else if let Some(rate) = self.per_second {
            let interval = seconds(1.0 / rate);
            self.binds = now <= self.slot.saturating_add(interval.max(LATENESS));
            self.slot = self.slot.max(now.saturating_sub(LATENESS)).saturating_add(interval);
        }
        place
    }

    pub(super) fn answered(&mut self, now: Duration, place: u64) {
        self.taken_since |= place >= self.mark;
        match self.drought {
            Some(Drought { feeler: Some((feeler, at)), .. }) if feeler == place => self.drought_ends(now, feeler, at),
            _ => self.grow(now),
        }
    }

    /// It ended without a word on the rate.
    pub(super) fn undecided(&mut self, place: u64) {
        self.not_taken(place);
        if let Some(drought) = &mut self.drought {
            drought.feeler = drought.feeler.filter(|(feeler, _)| *feeler != place);
        }
    }

    pub(super) fn refused(&mut self, refusal: Refusal) {
        let Refusal { now, sent, place, paused_until, one_waits, stale } = refusal;
        self.undecided(place);
        if !stale {
            let took = now.saturating_sub(sent);
            self.refusals_take = scaled(self.refusals_take, FADING).max(took);
        }
        let is_news = place >= self.mark;
        if let Some(until) = paused_until {
            self.paused(until.saturating_sub(sent), until, is_news);
        } else if is_news {
            self.react(now, sent, one_waits);
        }
        if is_news {
            self.mark = self.history.next_place();
            self.taken_since = false;
            // In a wait that the server named nothing could be taken: it is no part of any measure.
            let from = paused_until.unwrap_or(now);
            (self.reacted, self.grown) = (from, from);
        }
    }

    /// More than this cannot be used: a rate far above it would no longer space anything.
    pub(super) fn cap(&mut self, per_second: f64) {
        let most = per_second.max(LEAST);
        self.per_second = self.per_second.map(|rate| rate.min(most));
        self.ceiling = self.ceiling.min(most / BELOW_CEILING);
        self.strays.cap(most);
    }

    /// The program was suspended.
    pub(super) fn resumed(&mut self, now: Duration) {
        self.history.clear();
        self.spree = Spree { from: None, place: self.history.next_place(), taken: 0 };
        self.mark = self.history.next_place();
        self.taken_since = false;
        (self.reacted, self.grown) = (now, now);
        self.slot = self.slot.min(now);
        if let Some(drought) = &mut self.drought {
            (drought.wait, drought.feeler) = (FIRST_FEELER, None);
        }
    }

    fn not_taken(&mut self, place: u64) {
        self.history.refuse(place);
        if place >= self.spree.place {
            self.spree.taken = self.spree.taken.saturating_sub(1);
        }
    }

    fn react(&mut self, now: Duration, sent: Duration, one_waits: bool) {
        if let Some(drought) = &mut self.drought {
            drought.until = sent;
            drought.refused += 1;
            let dry = sent.saturating_sub(drought.since);
            drought.wait = scaled(dry, FEELER_PART).clamp(FIRST_FEELER, LONGEST_FEELER);
            self.slot = now.saturating_add(drought.wait);
            return;
        }
        let Some(rate) = self.per_second else {
            let (taken, _) = self.history.rate_until(sent, Duration::ZERO, now.saturating_sub(sent));
            self.ceiling = taken.max(FIRST_LEAST);
            self.strays.begin(now, self.ceiling);
            self.in_a_row = A_DROUGHT - 1;
            self.doubt = Some(1.0);
            return self.set(now, self.ceiling * FIRST_CUT);
        };
        let calm = sent.saturating_sub(self.reacted);
        let soon = calm.as_secs_f64() < SOON * UNIT.max(UNIT_OF / rate);
        self.in_a_row = match self.taken_since || one_waits {
            true if soon => 1,
            true => A_DROUGHT - 1,
            false => self.in_a_row.saturating_add(1),
        };
        if self.in_a_row < A_DROUGHT {
            self.steep = false;
            self.slow_down(now, sent, rate, soon);
        } else {
            let drought = Drought { since: self.reacted, until: sent, wait: FIRST_FEELER, feeler: None, refused: 0 };
            self.drought = Some(drought);
            self.slot = now.saturating_add(FIRST_FEELER);
        }
    }

    /// A refusal while others are taken.
    fn slow_down(&mut self, now: Duration, sent: Duration, rate: f64, soon: bool) {
        let lately = self.strays.refused(&self.history, sent);
        if let Some(ceiling) = self.strays.ceiling(lately) {
            self.ceiling = self.ceiling.max(ceiling);
            return self.set(now, rate * STRAY_CUT);
        }
        if sent.saturating_sub(self.reacted) < WHOLE_MEASURE {
            self.ceiling = (self.ceiling * BLIND_CEILING_CUT).max(LEAST);
            return self.set(now, rate * BLIND_CUT);
        }
        let again = soon && self.doubt.is_none() && !lately.is_mostly_refused();
        if let Some(ceiling) = self.strays.contradicted(again, self.ceiling) {
            self.ceiling = ceiling;
            return self.set(now, rate * STRAY_CUT);
        }
        let (taken, count) = self.history.rate_until(sent, self.reacted, Duration::ZERO);
        let measured = if count >= MEASURE { taken.min(rate / CUT) } else { rate * BLIND_CUT / CUT };
        self.doubt = None;
        self.ceiling = measured.min(self.ceiling).max(LEAST);
        self.set(now, (self.ceiling * CUT).min(rate));
    }

    /// The server named the moment: a drought whose end is known.
    fn paused(&mut self, wait: Duration, until: Duration, is_news: bool) {
        if is_news {
            let since = self.drought.take().map_or(self.reacted, |drought| drought.since);
            let (spree, borne) = self.borne(since, until, until);
            let lately = self.strays.refused(&self.history, until);
            let is_chance = self.strays.may_be_chance(wait, borne, self.spree.taken) && !lately.is_mostly_refused();
            match self.per_second {
                Some(rate) if is_chance && borne < self.ceiling * FAR_BELOW => {
                    self.ceiling = self.strays.contradicted(true, self.ceiling).unwrap_or(self.ceiling);
                    self.set(until, rate * STRAY_CUT);
                }
                Some(_) => self.learn(until, spree, borne, is_chance),
                None => {
                    let (taken, _) =
                        self.history.rate_until(until.saturating_sub(wait), Duration::ZERO, Duration::ZERO);
                    let level = self.strays.begin(until, taken);
                    self.learn(until, spree, if is_chance { borne.max(level) } else { borne }, false);
                }
            }
            self.spree = Spree { from: Some(until), place: self.history.next_place(), taken: 0 };
        } else {
            self.spree.from = self.spree.from.map(|from| if self.spree.taken == 0 { from.max(until) } else { from });
        }
        self.slot = self.slot.max(until);
    }

    fn drought_ends(&mut self, now: Duration, place: u64, at: Duration) {
        let Some(drought) = self.drought.take() else { return };
        self.spree.taken = self.spree.taken.saturating_sub(1); // The feeler belongs to the next.
        let lately = self.strays.refused(&self.history, drought.until);
        let (spree, borne) = self.borne(drought.since, drought.until, at);
        self.learn(now, spree, borne, drought.refused < LONG_DROUGHT && !lately.is_mostly_refused());
        self.spree = Spree { from: Some(at), place, taken: 1 };
        self.taken_since = true;
        (self.reacted, self.grown) = (now, now);
    }

    /// What the provider bears, after it was dry from `since` to `dry`, and took again at `until`: the mean of the whole
    /// spree, or of the time that the drought reached over if that was more (the spree may have begun slowly). Before it,
    /// the seconds that it is the mean of.
    fn borne(&self, since: Duration, dry: Duration, until: Duration) -> (f64, f64) {
        let spree = until.saturating_sub(self.spree.from.unwrap_or(until)).as_secs_f64().max(1.0);
        let lately = dry.saturating_sub(since).max(Duration::from_secs(1));
        let lately_taken = self.history.taken_within(lately, dry) as f64 / lately.as_secs_f64();
        let spree_taken = (self.spree.taken as f64).max(1.0) / spree;
        let span = if lately_taken > spree_taken { lately.as_secs_f64() } else { spree };
        (span, spree_taken.max(lately_taken).max(LEAST))
    }

    /// After a drought: so much was borne, over so many seconds.
    fn learn(&mut self, now: Duration, span: f64, borne: f64, may_be_chance: bool) {
        let part = if may_be_chance { SHORT_DROUGHT_CUT } else { 0.0 };
        self.ceiling = borne.max(self.ceiling * part);
        self.strays.after_drought(borne, part);
        self.scant = match self.spree.taken {
            0 => self.scant,
            1..FEW => self.scant.saturating_add(1),
            _ => 0,
        };
        self.steep = self.scant <= 1 && self.spree.taken < FEW;
        if self.steep {
            self.ceiling = self.ceiling.max(FIRST_LEAST);
        }
        self.doubt = Some(span);
        self.set(now, self.ceiling * CUT_AFTER_DROUGHT);
    }

    fn set(&mut self, now: Duration, rate: f64) {
        let rate = rate.max(LEAST);
        self.per_second = Some(rate);
        self.slot = now.saturating_add(seconds(1.0 / rate));
    }

    /// Climbs back to a little under the ceiling; later raises the ceiling itself.
    fn grow(&mut self, now: Duration) {
        let Some(rate) = self.per_second else { return };
        let unit = UNIT.max(UNIT_OF / rate);
        let step = (now.saturating_sub(self.grown).as_secs_f64() / unit).min(HALF_WAY);
        self.grown = now;
        if !self.binds || self.drought.is_some() {
            return;
        }
        let calm = now.saturating_sub(self.reacted).as_secs_f64() / unit;
        if calm > 1.0 {
            self.ceiling *= 1.0 + step * (RISE * (calm - 1.0).min(30.0).exp2()).min(STEEPEST_RISE);
        }
        if let Some(span) = self.doubt {
            self.ceiling *= 1.0 + step * unit * RISE_IN_DOUBT / span;
        }
        if self.steep {
            self.ceiling *= 1.0 + (step * unit * STEEP_A_SECOND).min(STEEP_AN_ANSWER);
        }
        self.ceiling = self.ceiling.min(MOST);
        let aim = self.ceiling * BELOW_CEILING;
        if rate < aim {
            self.per_second = Some(rate + (aim - rate) * (1.0 - (-step / HALF_WAY).exp2()));
        }
    }
}
