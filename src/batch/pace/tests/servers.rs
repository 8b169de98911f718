//! Virtual servers: each decides when a request comes, as a limiter at a provider's gate does.

use std::collections::VecDeque;
use std::time::Duration;

use crate::chat::{RateLimit, RateLimits};

#[derive(Debug, Clone, Copy, Default)]
pub struct Verdict {
    pub refused: bool,
    pub retry_after: Option<Duration>,
    pub limits: RateLimits,
}

pub trait Server {
    fn comes(&mut self, now: Duration, tokens: u64) -> Verdict;
    fn leaves(&mut self, _now: Duration) {}
}

fn verdict(taken: bool) -> Verdict {
    Verdict { refused: !taken, ..Verdict::default() }
}

pub struct Unlimited;

impl Server for Unlimited {
    fn comes(&mut self, _: Duration, _: u64) -> Verdict {
        verdict(true)
    }
}

/// So many in each window that begins anew all at once.
pub struct Fixed {
    pub limit: u64,
    pub every: Duration,
    pub says_when: bool,
    pub window: u128,
    pub used: u64,
}

impl Fixed {
    pub fn new(limit: u64, every: Duration) -> Self {
        Self { limit, every, says_when: false, window: 0, used: 0 }
    }
}

impl Server for Fixed {
    fn comes(&mut self, now: Duration, _: u64) -> Verdict {
        let window = now.as_nanos() / self.every.as_nanos();
        if window != self.window {
            (self.window, self.used) = (window, 0);
        }
        let taken = self.used < self.limit;
        self.used += u64::from(taken);
        let left = Duration::from_nanos(((window + 1) * self.every.as_nanos() - now.as_nanos()) as u64);
        Verdict { retry_after: (self.says_when && !taken).then_some(left), ..verdict(taken) }
    }
}

/// So many in any span of this length.
pub struct Sliding {
    pub limit: usize,
    pub span: Duration,
    pub taken: VecDeque<Duration>,
}

impl Sliding {
    pub fn new(limit: usize, span: Duration) -> Self {
        Self { limit, span, taken: VecDeque::new() }
    }
}

impl Server for Sliding {
    fn comes(&mut self, now: Duration, _: u64) -> Verdict {
        while self.taken.front().is_some_and(|at| *at + self.span <= now) {
            self.taken.pop_front();
        }
        let taken = self.taken.len() < self.limit;
        if taken {
            self.taken.push_back(now);
        }
        verdict(taken)
    }
}

/// A bucket that fills steadily.
#[derive(Debug, Clone, Copy)]
pub struct Tank {
    pub size: f64,
    pub per_second: f64,
    pub level: f64,
    pub at: Duration,
}

impl Tank {
    pub fn new(size: f64, per_second: f64) -> Self {
        Self { size, per_second, level: size, at: Duration::ZERO }
    }

    fn fill(&mut self, now: Duration) {
        self.level = (self.level + now.saturating_sub(self.at).as_secs_f64() * self.per_second).min(self.size);
        self.at = now;
    }

    fn said(&self) -> RateLimit {
        RateLimit {
            limit: Some(self.size as u64),
            remaining: Some(self.level as u64),
            reset: Some(Duration::from_secs_f64((self.size - self.level) / self.per_second)),
        }
    }
}

pub struct Bucket(pub Tank);

impl Server for Bucket {
    fn comes(&mut self, now: Duration, _: u64) -> Verdict {
        self.0.fill(now);
        let taken = self.0.level >= 1.0;
        self.0.level -= f64::from(u8::from(taken));
        verdict(taken)
    }
}

/// So many at a time.
pub struct Concurrent {
    pub most: u32,
    pub inside: u32,
}

impl Server for Concurrent {
    fn comes(&mut self, _: Duration, _: u64) -> Verdict {
        let taken = self.inside < self.most;
        self.inside += u32::from(taken);
        verdict(taken)
    }
    fn leaves(&mut self, _: Duration) {
        self.inside -= 1;
    }
}

/// Buckets of requests and tokens a minute, and headers that tell of them, as `OpenAI`'s do.
pub struct Told {
    pub requests: Tank,
    pub tokens: Tank,
    /// Counted for a guessed token.
    pub per_guess: f64,
}

impl Told {
    pub fn new(requests: f64, tokens: f64, per_guess: f64) -> Self {
        Self { requests: Tank::new(requests, requests / 60.0), tokens: Tank::new(tokens, tokens / 60.0), per_guess }
    }
}

impl Server for Told {
    fn comes(&mut self, now: Duration, tokens: u64) -> Verdict {
        self.requests.fill(now);
        self.tokens.fill(now);
        let weight = tokens as f64 * self.per_guess;
        let taken = self.requests.level >= 1.0 && self.tokens.level >= weight;
        if taken {
            self.requests.level -= 1.0;
            self.tokens.level -= weight;
        }
        let limits = RateLimits { requests: self.requests.said(), tokens: self.tokens.said() };
        Verdict { limits, ..verdict(taken) }
    }
}

/// Windows of a minute of requests and tokens, and headers that tell of them.
pub struct ToldFixed {
    pub requests: u64,
    pub tokens: u64,
    pub per_guess: f64,
    pub offset: Duration,
    pub window: u64,
    pub used: [u64; 2],
}

impl ToldFixed {
    pub fn new(requests: u64, tokens: u64, per_guess: f64) -> Self {
        Self { requests, tokens, per_guess, offset: Duration::from_secs(17), window: 0, used: [0; 2] }
    }
}

impl Server for ToldFixed {
    fn comes(&mut self, now: Duration, tokens: u64) -> Verdict {
        let since = now + self.offset;
        let window = since.as_secs() / 60;
        if window != self.window {
            (self.window, self.used) = (window, [0; 2]);
        }
        let weight = (tokens as f64 * self.per_guess) as u64;
        let taken = self.used[0] < self.requests && self.used[1] + weight <= self.tokens;
        if taken {
            self.used = [self.used[0] + 1, self.used[1] + weight];
        }
        let reset = Some(Duration::from_mins(window + 1).saturating_sub(since));
        let said = |limit: u64, used| RateLimit { limit: Some(limit), remaining: Some(limit - used), reset };
        let limits =
            RateLimits { requests: said(self.requests, self.used[0]), tokens: said(self.tokens, self.used[1]) };
        Verdict { limits, ..verdict(taken) }
    }
}

/// Another server, with headers that say this.
pub struct Saying<S>(pub S, pub RateLimits);

impl<S: Server> Server for Saying<S> {
    fn comes(&mut self, now: Duration, tokens: u64) -> Verdict {
        Verdict { limits: self.1, ..self.0.comes(now, tokens) }
    }
    fn leaves(&mut self, now: Duration) {
        self.0.leaves(now);
    }
}

/// One server, and from a moment on another.
pub struct Switched<S>(pub S, pub S, pub Duration);

impl<S: Server> Server for Switched<S> {
    fn comes(&mut self, now: Duration, tokens: u64) -> Verdict {
        if now < self.2 { self.0.comes(now, tokens) } else { self.1.comes(now, tokens) }
    }
}

/// Refuses all until a moment, with this wait, and nothing after it.
pub struct Hiccup(pub Duration, pub Option<Duration>);

impl Server for Hiccup {
    fn comes(&mut self, now: Duration, _: u64) -> Verdict {
        let refused = now < self.0;
        Verdict { retry_after: self.1.filter(|_| refused), ..verdict(!refused) }
    }
}
