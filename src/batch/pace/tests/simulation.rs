//! A batch in virtual time: sends whatever the pace lets it, sends again what was refused, counts, and watches that no
//! promise is broken on the way.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use super::ms;
use super::servers::{Server, Verdict};
use crate::batch::pace::{End, Leave, Pace};

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    pub requests: u64,
    pub most: u32,
    pub latency: Duration,
    /// Refusals take as long as answers; otherwise as long as the way to the server and back.
    pub slow_refusals: bool,
    /// How much latencies vary, as a part.
    pub jitter: f64,
    pub seed: u64,
    /// The end of the simulation if the batch takes longer.
    pub until: Duration,
}

impl Batch {
    pub fn new(requests: u64, most: u32, latency: Duration) -> Self {
        let until = Duration::from_hours(24);
        Self { requests, most, latency, slow_refusals: false, jitter: 0.15, seed: 1, until }
    }
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub answered: u64,
    pub sent: u64,
    pub refused: u64,
    /// Refused of those sent after the first answer was there.
    pub refused_later: u64,
    pub took: Duration,
    pub tokens: u64,
    pub peak: usize,
    pub answers: Vec<Duration>,
    pub longest_stall: Duration,
    pub sends: Vec<Duration>,
    pub refusals: Vec<Duration>,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }
    pub fn refused_percent(&self) -> f64 {
        100.0 * self.refused as f64 / self.sent.max(1) as f64
    }
    /// Answers a second between two moments.
    pub fn between(&self, from: Duration, to: Duration) -> f64 {
        let count = self.answers.iter().filter(|at| **at >= from && **at < to).count();
        count as f64 / to.saturating_sub(from).as_secs_f64()
    }
}

/// A small generator: the same numbers each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }
    fn about(&mut self, span: Duration, jitter: f64) -> Duration {
        span.mul_f64(1.0 + jitter * (2.0 * self.roll() - 1.0))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Wakes,
    Comes(u64),
    Ends(u64),
}

struct Run<'a> {
    batch: Batch,
    server: &'a mut dyn Server,
    pace: Pace,
    dice: Dice,
    events: BinaryHeap<Reverse<(Duration, u64, Event)>>,
    count: u64,
    flights: HashMap<u64, (Duration, u64, Verdict)>,
    waiting: u64,
    next_tokens: u64,
    first_answer: Option<Duration>,
    paused_until: Duration,
    wake: Option<Duration>,
    out: Outcome,
}

pub fn run(batch: Batch, server: &mut dyn Server) -> Outcome {
    let mut run = Run {
        batch,
        server,
        pace: Pace::new(batch.most),
        dice: Dice(batch.seed),
        events: BinaryHeap::new(),
        count: 0,
        flights: HashMap::new(),
        waiting: batch.requests,
        next_tokens: 1000,
        first_answer: None,
        paused_until: Duration::ZERO,
        wake: None,
        out: Outcome::default(),
    };
    run.fill(Duration::ZERO);
    while let Some(Reverse((now, _, event))) = run.events.pop() {
        if now > batch.until || run.out.answered == batch.requests {
            break;
        }
        run.out.took = now;
        run.step(now, event);
        run.fill(now);
    }
    run.out
}

impl Run<'_> {
    fn schedule(&mut self, at: Duration, event: Event) {
        self.count += 1;
        self.events.push(Reverse((at, self.count, event)));
    }

    /// A way to the server: a quarter of a latency, a few milliseconds at most.
    fn way(&mut self) -> Duration {
        let way = (self.batch.latency / 4).min(ms(20));
        self.dice.about(way, self.batch.jitter)
    }

    fn step(&mut self, now: Duration, event: Event) {
        match event {
            Event::Wakes => self.wake = self.wake.filter(|wake| *wake != now),
            Event::Comes(id) => self.comes(now, id),
            Event::Ends(id) => self.ends(now, id),
        }
    }

    fn comes(&mut self, now: Duration, id: u64) {
        let (sent, tokens, _) = self.flights[&id];
        let verdict = self.server.comes(now, tokens);
        self.flights.insert(id, (sent, tokens, verdict));
        let quick = verdict.refused && !self.batch.slow_refusals;
        let end = if quick { now + self.way() } else { sent + self.dice.about(self.batch.latency, self.batch.jitter) };
        self.schedule(end.max(now), Event::Ends(id));
    }

    fn ends(&mut self, now: Duration, id: u64) {
        let (sent, tokens, verdict) = self.flights.remove(&id).unwrap();
        self.pace.heard(now, id, &verdict.limits);
        if verdict.refused {
            self.out.refused += 1;
            self.out.refusals.push(now);
            self.out.refused_later += u64::from(self.first_answer.is_some_and(|first| sent > first));
            self.waiting += 1;
            if let Some(wait) = verdict.retry_after {
                self.paused_until = self.paused_until.max(now + wait);
            }
            self.pace.ended(now, id, End::Limited { retry_after: verdict.retry_after });
        } else {
            self.server.leaves(now);
            self.first_answer.get_or_insert(now);
            self.out.answered += 1;
            self.out.tokens += tokens;
            self.out.answers.push(now);
            self.pace.ended(now, id, End::Answered { tokens: Some(tokens) });
        }
    }

    fn fill(&mut self, now: Duration) {
        while self.waiting > 0 {
            match self.pace.next(now, self.next_tokens) {
                Leave::Now => self.send(now),
                Leave::At(at) => {
                    assert!(at > now, "a moment in the past: {at:?} at {now:?}");
                    // A timer is up to two milliseconds late.
                    let at = at + ms(2).mul_f64(self.dice.roll());
                    if self.wake.is_none_or(|wake| wake > at + ms(2)) {
                        self.wake = Some(at);
                        self.schedule(at, Event::Wakes);
                    }
                    return;
                }
                Leave::WhenOneEnds => {
                    assert!(!self.flights.is_empty(), "nothing is in flight that could end");
                    return;
                }
            }
        }
    }

    fn send(&mut self, now: Duration) {
        assert!(now >= self.paused_until, "sent at {now:?}, before {:?}", self.paused_until);
        if let Some(last) = self.out.sends.last() {
            self.out.longest_stall = self.out.longest_stall.max(now.saturating_sub(*last));
        }
        self.out.sent += 1;
        self.out.sends.push(now);
        self.waiting -= 1;
        let id = self.out.sent;
        self.pace.sent(now, id, self.next_tokens);
        self.flights.insert(id, (now, self.next_tokens, Verdict::default()));
        self.next_tokens = 500 + (1000.0 * self.dice.roll()) as u64;
        self.out.peak = self.out.peak.max(self.flights.len());
        assert!(self.flights.len() <= self.batch.most.max(1) as usize);
        let way = self.way();
        self.schedule(now + way, Event::Comes(id));
    }
}
