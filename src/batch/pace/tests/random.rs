//! Servers that refuse some of all requests at random, however slowly they come: such refusals say nothing of the rate.

use std::time::Duration;

use super::ms;
use super::servers::{Fixed, Server, Unlimited, Verdict};
use super::simulation::{Batch, Dice, Outcome, run};

const SECOND: Duration = Duration::from_secs(1);

/// Refuses this part of all, with this wait.
struct AtRandom(f64, Option<Duration>, Dice);

impl Server for AtRandom {
    fn comes(&mut self, _: Duration, _: u64) -> Verdict {
        let refused = self.2.roll() < self.0;
        Verdict { refused, retry_after: self.1.filter(|_| refused), ..Verdict::default() }
    }
}

fn batch(requests: u64) -> Batch {
    Batch::new(requests, 32, ms(100))
}

fn unhindered(requests: u64) -> Duration {
    run(batch(requests), &mut Unlimited).took
}

/// The time in which everybody had to wait.
fn pauses(out: &Outcome, wait: Duration) -> Duration {
    let mut until = Duration::ZERO;
    let spans = out.refusals.iter().map(|at| {
        let span = (*at + wait).saturating_sub(until.max(*at));
        until = *at + wait;
        span
    });
    spans.sum()
}

fn shown(percent: f64, wait: Option<Duration>, requests: u64, seed: u64) -> Outcome {
    let out = run(batch(requests), &mut AtRandom(percent / 100.0, wait, Dice(seed)));
    let paused = wait.map_or(0.0, |wait| pauses(&out, wait).as_secs_f64());
    let took = out.took.as_secs_f64();
    println!(
        "{percent:>2}% of {requests:>4}, {wait:?}: {took:>7.1} s, {paused:>7.1} s paused, {} refused",
        out.refused
    );
    assert_eq!(out.answered, requests);
    out
}

#[test]
fn refusals_at_random_with_a_wait_cost_their_waits_and_little_more() {
    let wait = 2 * SECOND;
    for (requests, seed) in [300, 3_000].into_iter().flat_map(|requests| [1, 2, 3].map(|seed| (requests, seed))) {
        for percent in [1.0, 3.0, 10.0, 40.0] {
            let out = shown(percent, Some(wait), requests, seed);
            let bound = (pauses(&out, wait) + unhindered(requests)) * 3 / 2 + 5 * SECOND;
            assert!(out.took < bound, "{:?} of {bound:?}", out.took);
        }
    }
}

#[test]
fn refusals_at_random_without_a_wait_cost_little_unless_they_are_many() {
    for (requests, seed) in [300, 3_000].into_iter().flat_map(|requests| [1, 2, 3].map(|seed| (requests, seed))) {
        for (percent, times) in [(1.0, 3), (3.0, 4), (10.0, 12), (40.0, 300)] {
            let out = shown(percent, None, requests, seed);
            let bound = unhindered(requests) * times + 8 * SECOND;
            assert!(out.took < bound, "{:?} of {bound:?}", out.took);
        }
    }
}

#[test]
fn a_limit_that_names_short_waits_is_no_chance() {
    for (limit, every) in [(50, SECOND), (100, 2 * SECOND), (20, 2 * SECOND), (10, SECOND)] {
        for (latency, slow_refusals) in [(20, false), (200, false), (200, true)] {
            let batch = Batch { slow_refusals, ..Batch::new(1_000, 64, ms(latency)) };
            let out = run(batch, &mut Fixed { says_when: true, ..Fixed::new(limit, every) });
            let (per_second, refused) = (out.per_second(), out.refused_percent());
            println!("{limit} in {every:?}, {latency} ms: {per_second:.1} a second, {refused:.2}% refused");
            assert!(per_second > 0.9 * limit as f64 / every.as_secs_f64());
            assert!(refused < if slow_refusals { 12.0 } else { 3.0 });
        }
    }
}
