//! When the next request may be sent to one provider during a batch. Owns the window of requests in flight, the rate
//! that refusals teach, the waits a server asks for, and what its headers say is left. Refuses clocks and
//! randomness: `now` is an argument, and who sends, waits and retries stands elsewhere.
//!
//! Ask [`Pace::next`] again after every call that tells it something: an answer may bring a moment nearer.

mod budget;
mod history;
mod rate;
mod stray;
mod window;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use crate::chat::RateLimits;

use budget::Budget;
use rate::{Rate, Refusal};
use window::Window;

/// How late a timer may be without that the next request waits longer for it.
const LATENESS: Duration = Duration::from_millis(20);

/// Whether a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    Now,
    /// Not before this moment, which is after the `now` that was asked about.
    At(Duration),
    /// The window is full: something in flight has to end first.
    WhenOneEnds,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With an answer, and the tokens that it is said to have taken.
    Answered { tokens: Option<u64> },
    /// Refused for being one too many (429).
    Limited { retry_after: Option<Duration> },
    /// Refused since the server has too much to do (503, 529).
    Overloaded { retry_after: Option<Duration> },
    /// Anything else: it says nothing of how fast one may go.
    Other,
}

/// How things stand, for a line of progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    pub in_flight: u32,
    /// The most that may be in flight at present.
    pub window: u32,
    /// Requests a second, where refusals have taught a rate.
    pub per_second: Option<f64>,
    /// The end of a wait that the server asked for, while it lasts.
    pub paused_until: Option<Duration>,
}

/// A request in flight.
#[derive(Debug, Clone, Copy)]
struct Flight {
    sent: Duration,
    /// Its place among all that were sent.
    place: u64,
    tokens: u64,
    /// What had been sent up to it, itself included: requests and tokens.
    sums: [u64; 2],
    /// Whether the budgets had much left when it was sent, and whether its headers then said that nothing is.
    hopeful: [bool; 2],
    denied: [bool; 2],
    /// Sent before the program was suspended: how long it took says nothing.
    stale: bool,
}

/// The pace of one provider.
#[derive(Debug)]
pub struct Pace {
    flights: HashMap<u64, Flight>,
    window: Window,
    rate: Rate,
    /// Of requests, and of tokens.
    budgets: [Budget; 2],
    /// The weight of what is in flight, in requests and tokens.
    aloft: [u64; 2],
    paused_until: Duration,
}

impl Pace {
    /// A provider of which nothing is known; never more than `most` requests in flight, and never less than one.
    pub fn new(most: u32) -> Self {
        Self {
            flights: HashMap::new(),
            window: Window::new(most),
            rate: Rate::default(),
            budgets: [Budget::of_requests(), Budget::of_tokens()],
            aloft: [0; 2],
            paused_until: Duration::ZERO,
        }
    }

    /// When a request that weighs about so many tokens may be sent.
    pub fn next(&self, now: Duration, tokens: u64) -> Leave {
        if self.flights.len() >= self.window_now() as usize {
            return Leave::WhenOneEnds;
        }
        let [of_requests, of_tokens] = &self.budgets;
        let moment = self
            .paused_until
            .max(if self.rate.per_second().is_none() { self.window.moment() } else { self.rate.moment() })
            .max(of_requests.moment(now, 1, self.aloft[0]))
            .max(of_tokens.moment(now, tokens, self.aloft[1]));
        if moment > now { Leave::At(moment) } else { Leave::Now }
    }

    /// A request was sent; `id` is not that of another one in flight.
    pub fn sent(&mut self, now: Duration, id: u64, tokens: u64) {
        self.ended(now, id, End::Other); // An id that is used twice: the earlier one is given up, never counted for ever.
        if self.rate.per_second().is_none() {
            self.window.sent(now);
        }
        let weights = [1, tokens];
        let mut flight = Flight {
            sent: now,
            place: self.rate.sent(now),
            tokens,
            sums: [0; 2],
            hopeful: [false; 2],
            denied: [false; 2],
            stale: false,
        };
        for (which, budget) in self.budgets.iter_mut().enumerate() {
            (flight.sums[which], flight.hopeful[which]) = budget.sent(now, weights[which], self.aloft[which]);
            self.aloft[which] = self.aloft[which].saturating_add(weights[which]);
        }
        self.flights.insert(id, flight);
        let window = self.window_now();
        self.window.filled(now, self.flights.len(), window);
    }

    /// The headers of any answer to this request came, also of a refusal.
    pub fn heard(&mut self, now: Duration, id: u64, limits: &RateLimits) {
        let Some(flight) = self.flights.get_mut(&id) else { return };
        for (which, said) in [limits.requests, limits.tokens].iter().enumerate() {
            let empty = self.budgets[which].heard(now, flight.sent, flight.place, flight.sums[which], said);
            flight.denied[which] = empty && flight.hopeful[which];
        }
    }

    /// A request ended.
    pub fn ended(&mut self, now: Duration, id: u64, how: End) {
        let Some(flight) = self.flights.remove(&id) else { return };
        self.aloft[0] = self.aloft[0].saturating_sub(1);
        self.aloft[1] = self.aloft[1].saturating_sub(flight.tokens);
        match how {
            End::Answered { tokens } => {
                if let Some(tokens) = tokens {
                    self.budgets[1].answered(tokens, flight.tokens);
                }
                self.answered(now, flight);
            }
            End::Limited { retry_after } | End::Overloaded { retry_after } => self.refused(now, flight, retry_after),
            End::Other => self.rate.undecided(flight.place),
        }
    }

    /// The program was suspended. What was in flight took no time that means anything, and most of it is lost: the
    /// window opens anew from its start, and nothing is caught up on. A learned rate stays, as does a wait that the
    /// server asked for, since nobody knows whether the clock stood still meanwhile.
    pub fn resumed(&mut self, now: Duration) {
        for flight in self.flights.values_mut() {
            flight.stale = true;
        }
        self.window.restart();
        self.rate.resumed(now);
    }

    /// How things stand.
    pub fn standing(&self, now: Duration) -> Standing {
        Standing {
            in_flight: self.flights.len() as u32,
            window: self.window_now(),
            per_second: self.rate.per_second(),
            paused_until: (self.paused_until > now).then_some(self.paused_until),
        }
    }

    fn window_now(&self) -> u32 {
        self.window.size(self.rate.per_second())
    }

    fn answered(&mut self, now: Duration, flight: Flight) {
        for (budget, denied) in self.budgets.iter_mut().zip(flight.denied) {
            if denied {
                budget.contradicted();
            }
        }
        if !flight.stale {
            self.window.answered(now, flight.sent);
        }
        self.rate.answered(now, flight.place);
        if let Some(most) = self.window.outrun_by() {
            self.rate.cap(most);
        }
    }

    fn refused(&mut self, now: Duration, flight: Flight, retry_after: Option<Duration>) {
        let retry_after = retry_after.filter(|wait| !wait.is_zero());
        if let Some(wait) = retry_after {
            self.paused_until = self.paused_until.max(now.saturating_add(wait));
        }
        let patience = self.rate.patience();
        let mark = self.rate.mark();
        let one_waits = self
            .flights
            .values()
            .any(|other| other.place >= mark && !other.stale && now.saturating_sub(other.sent) > patience);
        self.rate.refused(Refusal {
            now,
            sent: flight.sent,
            place: flight.place,
            paused_until: retry_after.map(|_| self.paused_until),
            one_waits,
            stale: flight.stale,
        });
    }
}

/// A span, so many times.
fn scaled(span: Duration, times: f64) -> Duration {
    seconds(span.as_secs_f64() * times)
}

/// A span from a number of seconds that may be anything.
fn seconds(count: f64) -> Duration {
    /// Longer than any batch; keeps every sum of moments far from its end.
    const LONGEST: f64 = 1e9;
    if count.is_nan() { Duration::ZERO } else { Duration::from_secs_f64(count.clamp(0.0, LONGEST)) }
}
