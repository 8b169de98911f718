//! When a failed attempt is made again, and after how long.

use std::time::Duration;

use super::world::*;
use crate::chat::*;
use crate::session::Timer;
use crate::session::retry::{Situation, Verdict, decide};

const RETRIED: [FailureKind; 7] = [
    FailureKind::Dns,
    FailureKind::Connect,
    FailureKind::Timeout,
    FailureKind::Transient,
    FailureKind::RateLimited,
    FailureKind::Server,
    FailureKind::Cut,
];
const NEXT_MODEL_ONLY: [FailureKind; 8] = [
    FailureKind::NotFound,
    FailureKind::QuotaExhausted,
    FailureKind::Tls,
    FailureKind::NotAStream,
    FailureKind::StreamError,
    FailureKind::InvalidData,
    FailureKind::Redirect,
    FailureKind::Stalled,
];
const FINAL: [FailureKind; 7] = [
    FailureKind::NoKey,
    FailureKind::BadRequest,
    FailureKind::Unauthorized,
    FailureKind::Forbidden,
    FailureKind::TurnTooLong,
    FailureKind::TooLarge,
    FailureKind::Internal,
];

/// What is decided on `failure` after `tries`, with and without a model to fall back to.
fn verdicts(failure: &Failure, tries: u32, has_content: bool) -> [Verdict; 2] {
    let request = Request::new(a(), Vec::new());
    [false, true].map(|has_next_model| {
        let situation = Situation { failure, request: &request, tries, has_content, has_next_model, jitter: JITTER };
        decide(situation, &RetryPolicy::default())
    })
}

#[test]
fn row_14_what_may_pass_is_tried_five_times_and_then_elsewhere() {
    for kind in RETRIED {
        for (tries, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
            let after = Duration::from_secs(seconds) + JITTER;
            let again = Verdict::Again { after };
            assert_eq!(verdicts(&Failure::new(kind, ""), tries, false), [again, again], "{kind:?} after {tries}");
        }
        for tries in [5, 6, u32::MAX] {
            let given_up = [Verdict::GiveUp, Verdict::Next];
            assert_eq!(verdicts(&Failure::new(kind, ""), tries, false), given_up, "{kind:?} after {tries}");
        }
    }
}

#[test]
fn row_15_what_will_not_pass_is_never_tried_again() {
    for kind in NEXT_MODEL_ONLY {
        assert_eq!(verdicts(&Failure::new(kind, ""), 1, false), [Verdict::GiveUp, Verdict::Next], "{kind:?}");
    }
    for kind in FINAL {
        assert_eq!(verdicts(&Failure::new(kind, ""), 1, false), [Verdict::GiveUp; 2], "{kind:?}");
    }
}

#[test]
fn after_the_first_token_nothing_is_made_again_nor_elsewhere() {
    for kind in RETRIED.into_iter().chain(NEXT_MODEL_ONLY).chain(FINAL) {
        let asked = Failure { retry_after: Some(SECOND), param: Some("temperature".into()), ..Failure::new(kind, "") };
        assert_eq!(verdicts(&asked, 1, true), [Verdict::GiveUp; 2], "{kind:?}");
    }
}

#[test]
fn row_13_the_server_is_waited_for_as_long_as_it_asks_up_to_two_minutes() {
    for kind in [FailureKind::RateLimited, FailureKind::Server, FailureKind::Transient] {
        for (asked_ms, waits) in [
            (0, true),
            (100, true),
            (30_000, true),
            (120_000, true),
            (120_001, false),
            (121_000, false),
            (3_600_000, false),
        ] {
            let asked = Duration::from_millis(asked_ms);
            let failure = Failure { retry_after: Some(asked), ..Failure::new(kind, "") };
            let again = Verdict::Again { after: asked };
            let expected = if waits { [again, again] } else { [Verdict::GiveUp, Verdict::Next] };
            assert_eq!(verdicts(&failure, 1, false), expected, "{kind:?} {asked_ms}");
        }
    }
}

#[test]
fn a_wait_of_our_own_is_a_minute_at_most() {
    let policy = RetryPolicy { attempts: u32::MAX, ..RetryPolicy::default() };
    let failure = unavailable();
    let request = Request::new(a(), Vec::new());
    for tries in 1..200 {
        let jitter = Duration::from_millis(999);
        let situation = Situation {
            failure: &failure,
            request: &request,
            tries,
            has_content: false,
            has_next_model: false,
            jitter,
        };
        let Verdict::Again { after } = decide(situation, &policy) else { panic!("not retried") };
        let doubled = 1u64.checked_shl(tries - 1).unwrap_or(u64::MAX).min(60);
        assert!(after >= Duration::from_secs(doubled) && after <= Duration::from_mins(1), "{tries}: {after:?}");
    }
}

#[test]
fn a_dead_server_gets_five_requests_with_growing_waits_between() {
    let mut world = World::new();
    world.ask("Hello");
    let mut waits = Vec::new();
    while world.session.is_busy() {
        world.fail(unavailable());
        if let Some(due) = world.due_in(Timer::Backoff) {
            waits.push(due.as_millis());
            world.wait(due.saturating_sub(Duration::from_millis(1)));
            assert_eq!(world.started.len(), waits.len(), "never earlier");
            world.wait(Duration::from_millis(1));
        }
    }
    assert_eq!(waits, [1_400, 2_400, 4_400, 8_400]);
    assert_eq!(world.started.len(), 5);
    assert_eq!(world.closed.len(), 5, "each has a row of its own");
    assert!(world.closed.values().all(|row| row.cost == Some(PicoUsd(0)) && row.status == Some(503)));
    assert_eq!(world.shown().status, Status::Failed);
    world.assert_at_rest();
}

#[test]
fn past_two_minutes_the_user_is_told_when_to_come_back() {
    for kind in [FailureKind::RateLimited, FailureKind::Server] {
        let mut world = World::new();
        world.ask("Hello");
        world.fail(Failure { retry_after: Some(SECOND * 3_600), ..failure(kind, 503) });
        assert_eq!(world.started.len(), 1);
        assert!(world.note().contains("1 h") && world.note().contains("Come back"), "{}", world.note());
        world.assert_at_rest();
    }
}

#[test]
fn a_retry_can_succeed_and_only_its_text_and_usage_count() {
    let mut world = World::new();
    world.ask("Hello");
    world.fail(Failure { retry_after: Some(SECOND * 30), ..failure(FailureKind::RateLimited, 429) });
    world.wait(SECOND * 30);
    world.text("Hi.");
    world.finish(Some(usage(10, 2)));
    assert_eq!(world.shown().content, "Hi.");
    assert_eq!(world.shown().cost, Some(PicoUsd(14_000_000)));
    assert_eq!(world.note(), "", "a mended hiccup leaves no note");
    world.assert_at_rest();
}

#[test]
fn a_failed_question_is_not_sent_again_until_it_is_retried() {
    let mut world = World::new();
    world.ask("First");
    world.fail(unauthorized());
    world.ask("Second");
    assert_eq!(world.sent_texts(), ["Second"]);
    world.fail(unauthorized());

    world.retry();
    assert_eq!(world.sent_texts(), ["Second"]);
    world.text("Two.");
    world.finish(None);
    world.ask("Third");
    assert_eq!(world.sent_texts(), ["Second", "Two.", "Third"]);
}

#[test]
fn there_must_be_a_question_to_retry_and_nothing_running() {
    let mut world = World::new();
    world.retry();
    assert!(world.said[0].contains("no question"));
    world.ask("Hello");
    assert_eq!(world.retry(), []);
    assert_eq!(world.started.len(), 1);
}
