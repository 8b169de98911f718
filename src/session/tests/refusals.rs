//! Bad keys, and fields that a model does not take: the chapter's exercise and its relatives.

use super::world::*;
use crate::chat::*;
use crate::session::retry::Field;
use crate::session::{Change, Effect, Happened};

#[test]
fn a_bad_key_fails_once_says_how_to_mend_it_and_works_when_it_is_replaced() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    world.fail(unauthorized());
    world.wait(SECOND * 600);
    assert_eq!(world.started.len(), 1, "exactly one request, and to no other model");
    assert!(world.note().contains("/key"), "{}", world.note());
    assert_eq!(world.shown().status, Status::Failed);

    // The key is replaced outside of the session; then:
    world.retry();
    assert_eq!(world.sent_texts(), ["Hello"]);
    world.text("Hi there.");
    world.finish(Some(usage(9, 3)));
    let shown: Vec<_> = world.session.conversation().path().map(|message| message.content.as_str()).collect();
    assert_eq!(shown, ["Hello", "Hi there."], "the failed reply gives way");
    world.assert_at_rest();
}

#[test]
fn each_final_failure_is_one_request_and_a_sentence_that_says_how_to_mend_it() {
    let cases = [
        (FailureKind::NoKey, 0, "/key"),
        (FailureKind::BadRequest, 400, "/retry"),
        (FailureKind::BadRequest, 413, "/retry"),
        (FailureKind::BadRequest, 422, "/retry"),
        (FailureKind::Unauthorized, 401, "/key"),
        (FailureKind::Forbidden, 403, "/model"),
        (FailureKind::NotFound, 404, "/model"),
        (FailureKind::QuotaExhausted, 429, "credit"),
        (FailureKind::Redirect, 302, "base URL"),
        (FailureKind::NotAStream, 200, "/v1"),
        (FailureKind::Tls, 0, "certificate"),
    ];
    for (kind, status, mend) in cases {
        let mut world = World::new();
        world.ask("Hello");
        world.fail(failure(kind, status));
        world.wait(SECOND * 600);
        assert_eq!(world.started.len(), 1, "{kind:?}");
        assert!(world.note().contains(mend), "{kind:?}: {}", world.note());
        world.assert_at_rest();
    }
}

#[test]
fn a_refused_temperature_is_left_out_visibly_and_remembered() {
    let mut world = World::new();
    world.ask("Hello");
    let effects = world.fail(refusal("temperature"));
    assert!(effects.contains(&Effect::RememberRefusal { model: a(), field: Field::Temperature }));
    assert!(world.said[0].contains("temperature"), "{:?}", world.said);
    assert_eq!(world.request().temperature, None);
    world.text("Hi.");
    world.finish(None);
    world.ask("Again");
    assert_eq!(world.request().temperature, None, "remembered");
    assert_eq!(world.started.len(), 3);
    world.text("Hi.");
    world.finish(None);

    world.happen(Happened::Changed(Change::Model(b())));
    world.ask("And b?");
    assert_eq!(world.request().temperature, Some(0.7), "another model may take it");
}

#[test]
fn a_refused_output_limit_goes_under_its_other_name() {
    let mut world = World::new();
    world.ask("Hello");
    world.fail(refusal("max_tokens"));
    let other = OutputLimit { field: OutputLimitField::MaxCompletionTokens, tokens: 4_096 };
    assert_eq!(world.request().output_limit, Some(other));
    world.text("Hi.");
    world.finish(None);
    world.ask("Again");
    assert_eq!(world.request().output_limit, Some(other));
}

#[test]
fn an_output_limit_refused_under_both_names_ends_the_turn_and_is_not_held_against_the_model() {
    let mut world = World::new();
    world.ask("Hello");
    world.fail(refusal("max_tokens"));
    world.fail(refusal("max_completion_tokens"));
    assert_eq!(world.started.len(), 2, "it does not go round for ever");
    assert_eq!(world.shown().status, Status::Failed);
    world.assert_at_rest();
    world.happen(Happened::Changed(Change::MaxTokens(Some(100))));
    world.retry();
    let first = OutputLimit { field: OutputLimitField::MaxTokens, tokens: 100 };
    assert_eq!(world.request().output_limit, Some(first), "its value was wrong, not its name");
}

#[test]
fn refused_stream_options_are_left_out_for_the_whole_endpoint() {
    let mut world = World::new();
    world.ask("Hello");
    world.fail(refusal("stream_options"));
    assert!(!world.request().include_usage);
    world.text("Hi.");
    world.finish(None);
    assert!(world.shown().usage.unwrap().estimated, "then tokens are counted here");
    world.happen(Happened::Changed(Change::Model(b())));
    world.ask("b is at the same endpoint");
    assert!(!world.request().include_usage);
    world.text("Hi.");
    world.finish(None);
    world.happen(Happened::Changed(Change::Model(c())));
    world.ask("c is not");
    assert!(world.request().include_usage);
}

#[test]
fn each_field_is_given_up_once_even_by_a_server_that_refuses_all() {
    let mut world = World::new();
    world.ask("Hello");
    let mut named = ["temperature", "max_tokens", "stream_options", "max_completion_tokens", "temperature"].iter();
    while world.session.is_busy() {
        world.fail(refusal(named.next().expect("it ends")));
    }
    assert_eq!(world.started.len(), 4);
    assert_eq!(world.closed.len(), 4);
    world.assert_at_rest();
}

#[test]
fn what_was_sent_is_judged_and_not_what_was_changed_since() {
    let mut world = World::new();
    world.ask("Hello");
    world.happen(Happened::Changed(Change::Temperature(None)));
    world.fail(refusal("temperature"));
    assert_eq!(world.started.len(), 2, "the refused request carried one; the next does not");
    assert_eq!(world.request().temperature, None);
}

#[test]
fn a_400_that_names_what_was_not_sent_is_final() {
    let mut world = World::new();
    world.happen(Happened::Changed(Change::Temperature(None)));
    world.ask("Hello");
    world.fail(refusal("temperature"));
    assert_eq!(world.started.len(), 1);
    assert_eq!(world.shown().status, Status::Failed);
}

#[test]
fn what_another_chat_learned_need_not_be_learned_again() {
    let mut world = World::new();
    world.session.learn_refusal(a(), Field::Temperature);
    world.ask("Hello");
    assert_eq!(world.request().temperature, None);
}
