//! Servers that say what is left, truly or not. The tests print their figures: run them with `--nocapture --test-threads=1`.

use std::time::Duration;

use super::ms;
use super::servers::{Fixed, Saying, Server, Told, ToldFixed, Unlimited};
use super::simulation::{Batch, Outcome, run};
use crate::chat::{RateLimit, RateLimits};

/// Requests a minute, tokens a minute, what is counted for a guessed token, and a batch of some minutes.
const LIMITS: [(u64, u64, f64, u64); 6] = [
    (500, 10_000_000, 1.0, 3000),
    (3, 1_000_000, 1.0, 40),
    (60, 1_000_000, 1.0, 400),
    (10_000, 200_000, 1.0, 1500),
    (10_000, 200_000, 3.0, 800),
    (10_000, 200_000, 0.3, 4000),
];

fn shown(name: &str, batch: Batch, server: &mut dyn Server) -> Outcome {
    let out = run(batch, server);
    println!(
        "{name:<48} {:>4} ms, most {:>3}: {:>6.1} s, {:>6.1} requests and {:>6.0} guessed tokens a minute, {} refused, {} later",
        batch.latency.as_millis(),
        batch.most,
        out.took.as_secs_f64(),
        out.per_second() * 60.0,
        out.tokens as f64 / out.took.as_secs_f64() * 60.0,
        out.refused,
        out.refused_later,
    );
    out
}

#[test]
fn true_headers_are_used_to_nine_tenths_and_nothing_is_refused() {
    for latency in [20, 200, 2000] {
        for (most, jitter) in [(64, 0.15), (500, 0.4)] {
            for (requests, tokens, per_guess, count) in LIMITS {
                let batch = Batch { jitter, ..Batch::new(count, most, ms(latency)) };
                let what = format!("{requests} requests, {tokens} tokens, each {per_guess}");
                let of = |name: String, server: &mut dyn Server| {
                    let out = shown(&name, batch, server);
                    let minutes = out.took.as_secs_f64() / 60.0;
                    let used = out.answered as f64 / minutes / requests as f64;
                    let spent = out.tokens as f64 * per_guess / minutes / tokens as f64;
                    assert_eq!(out.refused_later, 0, "{name}, {batch:?}");
                    assert!(used.max(spent) >= 0.9, "{name}, {batch:?}: {used:.2} and {spent:.2} used");
                };
                of(format!("buckets: {what}"), &mut Told::new(requests as f64, tokens as f64, per_guess));
                of(format!("windows: {what}"), &mut ToldFixed::new(requests, tokens, per_guess));
            }
        }
    }
}

#[test]
fn a_short_batch_is_not_spread_over_the_minute_that_its_limit_is_of() {
    let batch = Batch::new(100, 64, ms(20));
    let out = shown("windows: 600 requests", batch, &mut ToldFixed::new(600, 10_000_000, 1.0));
    assert!(out.took.as_secs_f64() < 2.0);
}

#[test]
fn a_limit_far_above_what_may_be_in_flight_holds_nothing_up() {
    let out = shown("buckets: 30000 requests", Batch::new(10_000, 64, ms(200)), &mut Told::new(3e4, 2e8, 1.0));
    assert!(out.took.as_secs_f64() < 10_000.0 * 0.2 / 64.0 * 1.05);
}

/// Each of these headers, for requests and for tokens.
fn nonsense() -> Vec<RateLimits> {
    let year = Duration::from_hours(365 * 24);
    let resets = [None, Some(Duration::ZERO), Some(ms(1)), Some(ms(30_000)), Some(year), Some(Duration::MAX)];
    let mut all = Vec::new();
    for limit in [None, Some(0), Some(1), Some(500), Some(u64::MAX)] {
        for remaining in [None, Some(0), Some(1), Some(u64::MAX)] {
            for reset in resets {
                let (said, unsaid) = (RateLimit { limit, remaining, reset }, RateLimit::default());
                all.push(RateLimits { requests: said, tokens: unsaid });
                all.push(RateLimits { requests: unsaid, tokens: said });
            }
        }
    }
    all
}

#[test]
fn nonsense_never_stalls_for_more_than_a_minute_nor_hammers() {
    // A minute from the answer that brought the header, which came some 0.2 s after its request was sent.
    let longest = ms(60_300);
    for limits in nonsense() {
        let batch = Batch { until: Duration::from_mins(10), ..Batch::new(600, 64, ms(200)) };
        let out = run(batch, &mut Saying(Unlimited, limits));
        assert!(out.longest_stall <= longest && out.took + longest >= batch.until.min(out.took), "{limits:?}");
        assert!(out.answered >= 10, "{limits:?}: {}", out.answered);
        let out = run(batch, &mut Saying(Fixed::new(10, Duration::from_secs(1)), limits));
        assert!(out.longest_stall <= longest, "{limits:?}");
        assert!(out.refused <= 40, "{limits:?}: {} of {} refused", out.refused, out.sent);
    }
}

#[test]
fn nothing_left_for_ever_is_believed_for_a_minute() {
    for reset in [None, Some(Duration::from_hours(365 * 24))] {
        let requests = RateLimit { limit: Some(500), remaining: Some(0), reset };
        let limits = RateLimits { requests, tokens: RateLimit::default() };
        let out = shown("nothing left", Batch::new(2000, 64, ms(200)), &mut Saying(Unlimited, limits));
        assert!(out.took < ms(90_000), "{reset:?}: {:?}", out.took);
    }
}
