//! What holds for every server, and for every order of events. The simulation itself asserts that nothing is sent before a
//! Retry-After has passed, that no more is in flight than may be, and that nothing stands still without a moment.

use std::time::Duration;

use proptest::prelude::*;

use super::ms;
use super::servers::{Bucket, Concurrent, Fixed, Saying, Server, Sliding, Tank, Told, ToldFixed};
use super::simulation::{Batch, run};
use crate::batch::pace::{End, Leave, Pace};
use crate::chat::{RateLimit, RateLimits};

fn span() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0..100_000_u64).prop_map(ms),
        1 => prop::sample::select(vec![Duration::ZERO, Duration::from_nanos(1), Duration::from_hours(9000), Duration::MAX]),
    ]
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..2000_u64, 1 => prop::sample::select(vec![0, 1, u64::MAX - 1, u64::MAX])]
}

fn limit() -> impl Strategy<Value = RateLimit> {
    let parts = (prop::option::of(count()), prop::option::of(count()), prop::option::of(span()));
    parts.prop_map(|(limit, remaining, reset)| RateLimit { limit, remaining, reset })
}

fn limits() -> impl Strategy<Value = RateLimits> {
    (limit(), limit()).prop_map(|(requests, tokens)| RateLimits { requests, tokens })
}

fn server(kind: u8, limit: u64, every: Duration, said: RateLimits) -> Box<dyn Server> {
    let fixed = Fixed::new(limit, every);
    let level = Tank::new(limit as f64, limit as f64 / every.as_secs_f64());
    match kind {
        0 => Box::new(fixed),
        1 => Box::new(Fixed { says_when: true, ..fixed }),
        2 => Box::new(Sliding::new(limit as usize, every)),
        3 => Box::new(Bucket(level)),
        4 => Box::new(Concurrent { most: limit as u32, inside: 0 }),
        5 => Box::new(Told::new(limit as f64 * 10.0, 1e5, 0.5)),
        6 => Box::new(ToldFixed::new(limit * 10, 100_000, 2.0)),
        _ => Box::new(Saying(fixed, said)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_batch_is_finished_and_refusals_stay_few(
        (kind, limit, every) in (0..8_u8, 1..80_u64, 100..60_000_u64),
        (latency, most, requests) in (1..5_000_u64, 0..200_u32, 1..200_u64),
        (slow_refusals, jitter, seed, said) in (any::<bool>(), 0.0..0.9, any::<u64>(), limits()),
    ) {
        let batch = Batch { slow_refusals, jitter, seed, ..Batch::new(requests, most, ms(latency)) };
        let out = run(batch, &mut *server(kind, limit, ms(every), said));
        prop_assert_eq!(out.answered, requests, "in {:?}", out.took);
        prop_assert!(out.peak <= most.max(1) as usize);
        // It may run into a wall with all that is in flight, and feels for each window's end: it never hammers.
        let windows = out.took.as_secs_f64() / 8.0;
        prop_assert!((out.refused as f64) < 3.0 * f64::from(most) + requests as f64 / 2.0 + windows + 50.0, "{} refused", out.refused);
    }

    #[test]
    fn no_order_of_events_breaks_it(
        most in 0..20_u32,
        events in prop::collection::vec((0..9_u8, 0..12_u64, span(), count(), limits()), 0..200),
    ) {
        let mut pace = Pace::new(most);
        let mut now = Duration::ZERO;
        for (event, id, span, tokens, said) in events {
            match event {
                0 => now = now.max(span),
                1 => pace.heard(now, id, &said),
                2 => pace.ended(now, id, End::Answered { tokens: Some(tokens) }),
                3 => pace.ended(now, id, End::Limited { retry_after: (tokens % 2 == 0).then_some(span) }),
                4 => pace.ended(now, id, End::Overloaded { retry_after: None }),
                5 => pace.ended(now, id, End::Other),
                6 if tokens % 8 == 0 => pace.resumed(now),
                // Whoever sends without leave, or an hour later than it could, breaks nothing either.
                7 => pace.sent(now, id, tokens),
                _ => if pace.next(now, tokens) == Leave::Now { pace.sent(now, id, tokens) },
            }
            match pace.next(now, tokens) {
                Leave::At(at) => prop_assert!(at > now),
                Leave::WhenOneEnds => prop_assert!(pace.standing(now).in_flight > 0),
                Leave::Now => prop_assert!(pace.standing(now).paused_until.is_none()),
            }
        }
    }
}
