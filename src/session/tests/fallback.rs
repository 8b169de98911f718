//! Row 17: who answers when the first model does not.

use std::time::Duration;

use super::world::*;
use crate::chat::*;
use crate::session::{Happened, Timer};

/// Fails until `model` is asked.
fn fail_until(world: &mut World, failure: &Failure, model: &ModelRef) {
    while world.session.is_busy() && world.request().model != *model {
        world.fail(failure.clone());
        if let Some(due) = world.due_in(Timer::Backoff) {
            world.wait(due);
        }
    }
}

#[test]
fn row_17_when_the_attempts_are_used_up_the_next_model_answers_at_its_own_price() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    fail_until(&mut world, &unavailable(), &b());
    assert_eq!(world.models_asked(), [a(), a(), a(), a(), a(), b()]);
    world.text("Hi.");
    world.finish(Some(usage(100, 10)));
    let reply = world.shown();
    assert_eq!(reply.note.as_deref(), Some("answered by b (a: 503)"));
    assert_eq!(reply.model, Some(b()));
    assert_eq!(reply.cost, Some(PicoUsd(100 * 10_000_000 + 10 * 20_000_000)));
    world.assert_at_rest();
    world.ask("Again");
    assert_eq!(world.request().model, a(), "the chat's own model is asked first again");
}

#[test]
fn a_model_that_is_not_found_is_passed_at_once() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    world.fail(failure(FailureKind::NotFound, 404));
    world.fail(failure(FailureKind::NotFound, 404));
    assert_eq!(world.models_asked(), [a(), b(), c()]);
    world.text("Hi.");
    world.finish(Some(usage(100, 10)));
    assert_eq!(world.note(), "answered by other/c (a: 404, b: 404)");
    assert_eq!(world.shown().cost, None, "its price is not known, so neither is the cost");
    world.assert_at_rest();
}

#[test]
fn a_late_first_token_is_fetched_elsewhere_and_the_late_attempt_still_closed() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    let late = world.attempt();
    world.open();
    world.wait(Duration::from_millis(9_999));
    assert_eq!(world.models_asked(), [a()]);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.models_asked(), [a(), b()]);
    assert!(world.cancelled.contains(&late));

    world.happen(Happened::TextArrived { attempt: late, text: "too late".into() });
    world.text("In time.");
    let report = Report { usage: Some(usage(50, 1)), ..Report::bare(Ending::Cancelled) };
    world.happen(Happened::Ended { attempt: late, report, jitter: JITTER });
    assert!(world.session.is_busy());
    world.finish(None);
    assert_eq!(world.shown().content, "In time.");
    assert_eq!(world.note(), "answered by b (a: no first token in 10 s)");
    assert_eq!(world.closed[&late].cost, Some(PicoUsd(52_000_000)), "at the price of the model it was asked of");
    world.assert_at_rest();
}

#[test]
fn never_on_a_refused_key_or_request() {
    for (kind, status) in
        [(FailureKind::BadRequest, 400), (FailureKind::Unauthorized, 401), (FailureKind::Forbidden, 403)]
    {
        let mut world = World::with_fallback();
        world.ask("Hello");
        world.fail(failure(kind, status));
        assert_eq!(world.models_asked(), [a()], "{kind:?}");
        world.assert_at_rest();
    }
}

#[test]
fn never_after_the_first_token() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    world.text("A");
    world.wait(SECOND * 100);
    world.happen(Happened::TimerFired(Timer::Fallback));
    world.happen(Happened::TimerFired(Timer::FirstToken));
    world.fail(failure(FailureKind::NotFound, 404));
    assert_eq!(world.models_asked(), [a()]);
}

#[test]
fn the_last_model_of_the_chain_has_until_its_first_token_limit() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    world.wait(SECOND * 20);
    assert_eq!(world.models_asked(), [a(), b(), c()]);
    world.wait(SECOND * 59);
    assert!(world.session.is_busy());
    world.wait(SECOND);
    assert!(!world.session.is_busy());
}

#[test]
fn where_nobody_answers_all_are_named_and_none_is_said_to_have_answered() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    for _ in 0..3 {
        world.fail(failure(FailureKind::NotFound, 404));
    }
    assert_eq!(world.shown().status, Status::Failed);
    assert!(!world.note().contains("answered by"), "{}", world.note());
    assert!(world.note().ends_with("Tried before it: a (404), b (404)."), "{}", world.note());
    world.assert_at_rest();
}

#[test]
fn a_stop_after_a_fallback_says_who_had_answered_only_where_one_did() {
    for text in ["", "Half"] {
        let mut world = World::with_fallback();
        world.ask("Hello");
        world.fail(failure(FailureKind::NotFound, 404));
        world.text(text);
        world.stop();
        assert_eq!(world.note().contains("answered by b"), !text.is_empty(), "{}", world.note());
    }
}

#[test]
fn a_model_named_twice_is_tried_once() {
    let mut world = World::with(Settings { fallback: vec![a(), b(), b()], ..Settings::default() });
    world.ask("Hello");
    while world.session.is_busy() {
        world.fail(failure(FailureKind::NotFound, 404));
    }
    assert_eq!(world.models_asked(), [a(), b()]);
}

#[test]
fn a_smaller_model_is_sent_no_more_than_it_takes() {
    let mut catalogue = catalogue();
    if let Some(spec) = catalogue.models.get_mut(&b()) {
        spec.context_window = Some(2_000);
    }
    let settings = Settings { fallback: vec![b()], ..Settings::default() };
    let mut world = World::over(Conversation::new(meta()), settings, catalogue);
    for round in 0..20 {
        world.exchange(&format!("Question {round}? {}", "word ".repeat(100)), "Answer.");
    }
    world.ask("Last");
    let all = world.sent_texts().len();
    world.fail(failure(FailureKind::NotFound, 404));
    let request = world.request();
    assert_eq!(request.model, b());
    assert!(world.sent_texts().len() < all);
    assert_eq!(world.sent_texts().last().unwrap(), "Last");
    let input = crate::session::tokens::of_request(&request);
    assert!(input + u64::from(request.output_limit.unwrap().tokens) <= 2_000, "{input}");
}
