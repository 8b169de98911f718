//! What is answered at single moments.

use std::time::Duration;

use super::ms;
use crate::batch::pace::{End, Leave, Pace};
use crate::chat::{RateLimit, RateLimits};

const ANSWERED: End = End::Answered { tokens: None };
const REFUSED: End = End::Limited { retry_after: None };

/// Sends at this moment for as long as it may, and says how many and what came then.
fn fill(pace: &mut Pace, now: Duration, first_id: u64) -> (u64, Leave) {
    for count in 0.. {
        match pace.next(now, 1000) {
            Leave::Now => pace.sent(now, first_id + count, 1000),
            then => return (count, then),
        }
    }
    unreachable!()
}

/// Sends as soon as it may until the window is full, and says how many that were.
fn fill_window(pace: &mut Pace, mut now: Duration, first_id: u64) -> u64 {
    for count in 0.. {
        if let Leave::At(at) = pace.next(now, 1000) {
            now = at;
        }
        if pace.next(now, 1000) == Leave::WhenOneEnds {
            return count;
        }
        pace.sent(now, first_id + count, 1000);
    }
    unreachable!()
}

fn requests(limit: u64, remaining: u64, reset: Duration) -> RateLimits {
    let requests = RateLimit { limit: Some(limit), remaining: Some(remaining), reset: Some(reset) };
    RateLimits { requests, tokens: RateLimit::default() }
}

#[test]
fn four_go_at_once_and_then_two_for_each_that_is_answered() {
    let mut pace = Pace::new(64);
    assert_eq!(fill(&mut pace, ms(0), 0), (4, Leave::WhenOneEnds));
    for id in 0..4 {
        pace.ended(ms(300), id, ANSWERED);
    }
    let (count, then) = fill(&mut pace, ms(300), 10);
    assert!(count <= 2 && matches!(then, Leave::At(_)), "{count} at once: what began as a burst spreads");
    assert_eq!(count + fill_window(&mut pace, ms(300), 20), 8);
}

#[test]
fn a_window_that_is_not_used_does_not_grow() {
    let mut pace = Pace::new(64);
    for id in 0..50 {
        pace.sent(ms(id * 300), id, 10);
        pace.ended(ms(id * 300 + 200), id, ANSWERED);
    }
    assert_eq!(pace.standing(ms(20_000)).window, 4);
}

#[test]
fn no_more_than_allowed_and_never_less_than_one() {
    for (most, window) in [(0, 1), (1, 1), (3, 3)] {
        let mut pace = Pace::new(most);
        assert_eq!(fill(&mut pace, ms(0), 0), (window, Leave::WhenOneEnds));
    }
}

#[test]
fn all_wait_for_retry_after_and_then_go_one_by_one() {
    let mut pace = Pace::new(64);
    fill(&mut pace, ms(0), 0);
    pace.ended(ms(100), 0, ANSWERED);
    pace.ended(ms(150), 1, End::Limited { retry_after: Some(ms(5000)) });
    pace.ended(ms(160), 2, End::Overloaded { retry_after: Some(ms(1000)) });
    assert_eq!(pace.standing(ms(200)).paused_until, Some(ms(5150)));
    for now in [161, 1161, 5149] {
        let Leave::At(at) = pace.next(ms(now), 1) else { panic!("sent at {now}") };
        assert!(at >= ms(5150));
    }
    let Leave::At(at) = pace.next(ms(5149), 1) else { panic!() };
    let (count, then) = fill(&mut pace, at, 10);
    assert_eq!(count, 1);
    assert!(matches!(then, Leave::At(next) if next >= at + ms(500)), "a burst after the wait: {then:?}");
}

#[test]
fn a_bunch_of_refusals_is_one_reaction() {
    let mut pace = Pace::new(64);
    fill(&mut pace, ms(0), 0);
    (0..4).for_each(|id| pace.ended(ms(300), id, ANSWERED));
    fill_window(&mut pace, ms(300), 10);
    pace.ended(ms(500), 10, REFUSED);
    let learned = pace.standing(ms(500)).per_second;
    assert!(learned.is_some());
    (11..18).for_each(|id| pace.ended(ms(510), id, REFUSED));
    assert_eq!(pace.standing(ms(510)).per_second, learned);
}

#[test]
fn what_is_in_flight_and_not_counted_is_not_there_to_spend() {
    let mut pace = Pace::new(64);
    pace.sent(ms(0), 0, 1);
    (1..4).for_each(|id| pace.sent(ms(500), id, 1));
    pace.heard(ms(600), 0, &requests(10, 3, ms(30_000)));
    pace.ended(ms(600), 0, ANSWERED);
    assert_eq!(pace.next(ms(600), 1), Leave::At(ms(30_600)), "three remained, and three were on their way");
}

#[test]
fn no_header_stalls_longer_than_a_minute() {
    let mut pace = Pace::new(64);
    pace.sent(ms(0), 0, 1);
    pace.heard(ms(100), 0, &requests(500, 0, Duration::MAX));
    pace.ended(ms(100), 0, ANSWERED);
    assert_eq!(pace.next(ms(100), 1), Leave::At(ms(60_100)));
    assert_eq!(pace.next(ms(60_100), 1), Leave::Now);
}

#[test]
fn an_answer_teaches_what_a_guessed_token_counts_until_headers_do() {
    let mut pace = Pace::new(64);
    pace.sent(ms(0), 0, 100);
    let tokens = RateLimit { limit: Some(1000), remaining: Some(500), reset: Some(ms(30_000)) };
    pace.heard(ms(100), 0, &RateLimits { requests: RateLimit::default(), tokens });
    pace.ended(ms(100), 0, End::Answered { tokens: Some(500) });
    assert_eq!(pace.next(ms(100), 100), Leave::At(ms(30_100)), "it takes five hundred, and a reserve stays");
}

#[test]
fn after_a_suspension_it_begins_in_small_and_keeps_what_it_learned() {
    let mut pace = Pace::new(64);
    fill(&mut pace, ms(0), 0);
    (0..4).for_each(|id| pace.ended(ms(300), id, ANSWERED));
    fill_window(&mut pace, ms(300), 10);
    pace.ended(ms(600), 10, ANSWERED);
    let hour = Duration::from_hours(1);
    pace.resumed(hour);
    (11..18).for_each(|id| pace.ended(hour, id, End::Other));
    assert_eq!(fill_window(&mut pace, hour, 20), 4);
    pace.ended(hour + ms(500), 20, End::Limited { retry_after: Some(ms(9000)) });
    let learned = pace.standing(hour).per_second;
    (21..24).for_each(|id| pace.ended(hour + ms(505), id, End::Other));
    pace.resumed(hour + ms(510));
    assert_eq!(pace.standing(hour).per_second, learned);
    assert!(matches!(pace.next(hour + ms(510), 1), Leave::At(at) if at >= hour + ms(9500)));
}

#[test]
fn an_unknown_request_says_nothing_and_one_id_is_in_flight_once() {
    let mut pace = Pace::new(2);
    pace.ended(ms(1), 7, End::Limited { retry_after: Some(ms(9000)) });
    pace.heard(ms(1), 7, &requests(1, 0, ms(9000)));
    assert_eq!(pace.next(ms(1), 1), Leave::Now);
    pace.sent(ms(1), 1, 1);
    pace.sent(ms(2), 1, 1);
    assert_eq!(pace.standing(ms(2)).in_flight, 1);
}
