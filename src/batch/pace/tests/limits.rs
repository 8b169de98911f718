//! Servers that say nothing and refuse. The tests print their figures: run them with `--nocapture --test-threads=1`.

use std::time::Duration;

use super::ms;
use super::servers::{Bucket, Concurrent, Fixed, Hiccup, Server, Sliding, Switched, Tank, Unlimited};
use super::simulation::{Batch, Outcome, run};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

fn shown(name: &str, batch: Batch, server: &mut dyn Server) -> Outcome {
    let out = run(batch, server);
    println!(
        "{name:<28} {:>4} ms, most {:>3}, {:<5} refusals: {:>7.1} s, {:>6.2} a second, {:>4} refused = {:>5.2}%",
        batch.latency.as_millis(),
        batch.most,
        if batch.slow_refusals { "slow" } else { "quick" },
        out.took.as_secs_f64(),
        out.per_second(),
        out.refused,
        out.refused_percent()
    );
    assert_eq!(out.answered, batch.requests);
    out
}

fn fifty_a_second() -> [(&'static str, Box<dyn Server>); 4] {
    [
        ("fixed windows", Box::new(Fixed::new(50, SECOND))),
        ("sliding window", Box::new(Sliding::new(50, SECOND))),
        ("bucket of 50", Box::new(Bucket(Tank::new(50.0, 50.0)))),
        ("bucket of 10", Box::new(Bucket(Tank::new(10.0, 50.0)))),
    ]
}

#[test]
fn without_a_limit_all_that_may_be_in_flight_soon_is() {
    let out = shown("none", Batch::new(10_000, 64, ms(200)), &mut Unlimited);
    assert!(out.took.as_secs_f64() < 10_000.0 * 0.2 / 64.0 * 1.035);
}

#[test]
fn a_limit_a_second_is_used_to_nine_tenths_with_hardly_a_refusal() {
    for slow_refusals in [false, true] {
        for (latency, most) in [(20, 64), (20, 500), (200, 64), (200, 500)] {
            for (name, mut server) in fifty_a_second() {
                let batch = Batch { slow_refusals, ..Batch::new(3_000, most, ms(latency)) };
                let out = shown(name, batch, &mut *server);
                assert!(out.per_second() >= 45.0 && out.refused_percent() < 2.0, "{name}, {batch:?}");
            }
        }
    }
}

#[test]
fn a_limit_that_the_latency_keeps_out_of_reach_costs_nothing() {
    for slow_refusals in [false, true] {
        for (name, mut server) in fifty_a_second() {
            let batch = Batch { slow_refusals, ..Batch::new(3_000, 64, ms(2_000)) };
            let out = shown(name, batch, &mut *server);
            // 64 in two seconds are 32 a second.
            assert!(out.per_second() >= 27.0 && out.refused_percent() < 2.0, "{name}, {batch:?}");
        }
    }
}

/// From four in flight, doubling every two seconds, 3,000 answers at 50 a second take 67.5 s at best, which is 44 a second:
/// after the start it is more than 45. Where refusals are only heard after two seconds, a doubling goes on for as long.
#[test]
fn long_latencies_cost_their_start_and_no_more() {
    for (slow_refusals, whole, after, refused) in [(false, 41.0, 45.0, 2.0), (true, 35.0, 36.0, 12.0)] {
        for (name, mut server) in fifty_a_second() {
            let batch = Batch { slow_refusals, ..Batch::new(3_000, 500, ms(2_000)) };
            let out = shown(name, batch, &mut *server);
            let later = out.between(14 * SECOND, 60 * SECOND);
            assert!(out.per_second() >= whole && later >= after, "{name}, {batch:?}: {later} after the start");
            assert!(out.refused_percent() < refused, "{name}, {batch:?}");
        }
    }
}

#[test]
fn a_limit_a_minute_is_learned_from_one_minute_to_the_next() {
    for (slow_refusals, refused) in [(false, 3.0), (true, 12.0)] {
        for latency in [20, 200, 2_000] {
            let batch = Batch { slow_refusals, ..Batch::new(3_000, 64, ms(latency)) };
            let of = |name, server: &mut dyn Server| {
                let out = shown(name, batch, server);
                assert!(out.took < 6 * MINUTE * 11 / 10 && out.refused_percent() < refused, "{name}, {batch:?}");
            };
            of("500 a minute, fixed", &mut Fixed::new(500, MINUTE));
            of("500 a minute, sliding", &mut Sliding::new(500, MINUTE));
            of("500 a minute, bucket", &mut Bucket(Tank::new(500.0, 500.0 / 60.0)));
            of("500 a minute, says when", &mut Fixed { says_when: true, ..Fixed::new(500, MINUTE) });
        }
    }
}

#[test]
fn three_a_minute_are_nearly_three_a_minute() {
    for slow_refusals in [false, true] {
        for latency in [20, 200, 2_000] {
            let batch = Batch { slow_refusals, ..Batch::new(60, 64, ms(latency)) };
            let of = |name, server: &mut dyn Server| {
                let out = shown(name, batch, server);
                assert!(out.took < 24 * MINUTE && out.refused < 60, "{name}, {batch:?}");
                let learned = out.refusals.iter().filter(|at| **at > 4 * MINUTE).count();
                println!("    {learned} of them after the fourth minute");
                assert!(learned <= 10, "{name}, {batch:?}");
            };
            of("3 a minute, fixed", &mut Fixed::new(3, MINUTE));
            of("3 a minute, sliding", &mut Sliding::new(3, MINUTE));
            of("3 a minute, bucket", &mut Bucket(Tank::new(3.0, 0.05)));
        }
    }
}

#[test]
fn eight_at_a_time_are_nearly_eight_at_a_time() {
    for slow_refusals in [false, true] {
        for latency in [20, 200, 2_000] {
            let batch = Batch { slow_refusals, ..Batch::new(3_000, 64, ms(latency)) };
            let out = shown("8 at a time", batch, &mut Concurrent { most: 8, inside: 0 });
            assert!(out.per_second() > 0.8 * 8000.0 / latency as f64 && out.refused_percent() < 2.0, "{batch:?}");
        }
    }
}

#[test]
fn a_limit_that_changes_is_followed() {
    for (before, after) in [(10, 100), (100, 10), (40, 50), (50, 40)] {
        let batch = Batch { until: 300 * SECOND, ..Batch::new(100_000, 64, ms(300)) };
        let mut server = Switched(Sliding::new(before, SECOND), Sliding::new(after, SECOND), 100 * SECOND);
        let out = run(batch, &mut server);
        let (first, last) = (out.between(20 * SECOND, 100 * SECOND), out.between(160 * SECOND, 300 * SECOND));
        println!("{before} a second, then {after}: {first:.1}, then {last:.1}; {:.2}% refused", out.refused_percent());
        assert!(first > 0.9 * before as f64 && last > 0.9 * after as f64 && out.refused_percent() < 2.0);
    }
}

#[test]
fn after_retry_after_there_is_no_burst() {
    let batch = Batch::new(2_000, 64, ms(200));
    let mut server = Fixed { says_when: true, ..Fixed::new(400, 20 * SECOND) };
    let out = shown("400 in 20 s, says when", batch, &mut server);
    assert!(out.took < 105 * SECOND && out.refused_percent() < 4.0);
    let after = out.sends.iter().position(|at| *at >= 20 * SECOND).unwrap();
    let in_a_second = out.sends[after..].iter().take_while(|at| **at < out.sends[after] + SECOND).count();
    assert!(in_a_second <= 22, "{in_a_second} in the second after the wait");
}

#[test]
fn refusals_at_the_start_are_not_taken_for_a_limit_for_ever() {
    for retry_after in [None, Some(ms(500)), Some(30 * SECOND)] {
        let batch = Batch::new(10_000, 64, ms(200));
        let out = shown("refuses for 10 s", batch, &mut Hiccup(10 * SECOND, retry_after));
        assert!(out.took < 110 * SECOND && out.refused < 50, "{retry_after:?}: {:?}", out.took);
    }
}
