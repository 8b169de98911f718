//! What is booked: budgets, estimates and nonsense.

use super::world::*;
use crate::chat::budget::Refusal;
use crate::chat::model::{LongContext, Prices};
use crate::chat::*;
use crate::session::{Change, Effect, Happened};

#[test]
fn row_21_usage_that_cannot_be_true_is_unknown_and_overflows_nothing() {
    let absurd = [
        usage(1_000_000_000_000_000_000, 1),
        usage(u64::MAX, u64::MAX),
        Usage { cached_input: 11, ..usage(10, 1) },
        Usage { cached_input: u64::MAX, cache_write: u64::MAX, ..usage(10, 1) },
        Usage { reasoning: u64::MAX, ..usage(10, 1) },
    ];
    for said in absurd {
        let mut world = World::new();
        world.ask("Hello");
        world.text("Hi");
        world.finish(Some(said));
        assert_eq!((world.shown().usage, world.shown().cost), (None, None), "{said:?}");
        let row = world.closed.values().next().unwrap();
        assert_eq!((row.usage, row.cost), (None, None));
        assert_eq!(Currency::default().show_cost(world.shown().cost), "unknown");
        world.ask("And the next request is composed without a panic");
    }
}

#[test]
fn absurd_usage_on_disk_does_not_overflow_the_context_count() {
    let mut conversation = Conversation::new(meta());
    let question = Message::text(id(1), conversation.meta.id, None, Role::User, "Hello".into(), 0);
    let reply = Message {
        usage: Some(usage(u64::MAX, u64::MAX)),
        status: Status::Complete,
        content: "Hi".into(),
        ..Message::reply(id(2), conversation.meta.id, id(1), a(), 0)
    };
    conversation.push(question);
    conversation.push(reply);
    let world = World::over(conversation, Settings::default(), catalogue());
    assert!(world.session.plan().tokens < 100);
}

#[test]
fn usage_that_is_missing_is_counted_here_and_marked() {
    let mut world = World::new();
    world.ask("Hello");
    world.text("Hi there, how are you?");
    world.finish(None);
    let counted = world.shown().usage.unwrap();
    assert!(counted.estimated);
    assert!((4..12).contains(&counted.output), "{counted:?}");
    assert_eq!(world.shown().cost, Some(PicoUsd((counted.input * 1_000_000 + counted.output * 2_000_000) as i64)));
}

#[test]
fn a_reservation_carries_the_worst_case() {
    let mut world = World::new();
    world.set_budget();
    world.ask(&"word ".repeat(1_000));
    let reserved = world.opened.values().next().unwrap().reserved.unwrap();
    world.text("Hi");
    world.finish(Some(usage(1_020, 4_096)));
    assert!(world.shown().cost.unwrap() <= reserved, "a reply of full length stays within it");
    assert!(reserved < PicoUsd(2 * world.shown().cost.unwrap().0), "and it is no fantasy");
}

#[test]
fn writing_to_a_dearer_cache_is_within_the_worst_case() {
    let mut catalogue = catalogue();
    let prices = Prices { input: 100, output: 1, cached_input: Some(10), cache_write: Some(125) };
    let long = LongContext { above_tokens: 1_000_000, prices };
    let spec = ModelSpec { prices: Some(prices), long_context: Some(long), ..ModelSpec::unknown(&a()) };
    catalogue.models.insert(a(), spec);
    let mut world = World::over(Conversation::new(meta()), Settings::default(), catalogue);
    world.set_budget();
    world.ask(&"word ".repeat(1_000));
    let reserved = world.opened.values().next().unwrap().reserved.unwrap();
    world.finish(Some(Usage { cache_write: 1_020, ..usage(1_020, 4_096) }));
    assert!(world.closed.values().next().unwrap().cost.unwrap() <= reserved);
}

#[test]
fn row_37_a_budget_forces_an_output_limit() {
    for (model, expected) in [(a(), 16_000), (c(), 4_096)] {
        let mut world = World::new();
        world.set_budget();
        world.happen(Happened::Changed(Change::MaxTokens(None)));
        world.happen(Happened::Changed(Change::Model(model)));
        world.ask("Hello");
        assert_eq!(world.request().output_limit.unwrap().tokens, expected);
    }
    let mut world = World::new();
    world.happen(Happened::Changed(Change::MaxTokens(None)));
    world.ask("Hello");
    assert_eq!(world.request().output_limit, None, "without a budget nothing is forced");
}

#[test]
fn a_refused_budget_ends_the_turn_with_nothing_sent() {
    let mut world = World::with_fallback();
    world.store_answers = false;
    world.set_budget();
    world.ask("Hello");
    world.ask("Queued");
    let committed = world.waiting.pop_front().unwrap();
    world.happen(committed);
    world.waiting.clear();
    let (&attempt, _) = world.opened.first_key_value().unwrap();
    world.opened.clear();
    let reason = "Today's budget of ₹50 would be passed. Raise it in the config, then /retry.".to_owned();
    let effects = world.happen(Happened::Refused { attempt, refusal: Refusal::NotSaved(reason.clone()) });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::CloseAttempt(_))), "there is no row to close");
    assert_eq!((world.shown().status, world.note()), (Status::Failed, reason.as_str()));
    assert_eq!(world.returned, ["Queued"]);
    assert!(world.started.is_empty());
    world.assert_at_rest();
}

#[test]
fn a_refusal_that_crosses_a_stop_leaves_nothing_open() {
    let mut world = World::new();
    world.store_answers = false;
    world.set_budget();
    world.ask("Hello");
    let committed = world.waiting.pop_front().unwrap();
    world.happen(committed);
    world.stop();
    let (&attempt, _) = world.opened.first_key_value().unwrap();
    world.opened.clear();
    world.waiting.clear();
    assert_eq!(world.happen(Happened::Refused { attempt, refusal: Refusal::NotSaved("no".into()) }), []);
    world.assert_at_rest();
}

#[test]
fn a_row_has_the_day_and_the_rate_of_its_opening() {
    let currency = Currency { rate: money::Rate(90_000_000), ..Currency::default() };
    let mut world = World::with(Settings { currency, ..Settings::default() });
    world.ask("Hello");
    let row = world.opened.values().next().unwrap();
    assert_eq!((row.rate, row.day, &row.model), (money::Rate(90_000_000), Stamp::fixed(world.now).day, &a()));
}

#[test]
fn an_answer_and_its_question_fit_the_window_together() {
    let mut catalogue = catalogue();
    let spec = ModelSpec { context_window: Some(4_096), ..ModelSpec::unknown(&a()) };
    catalogue.models.insert(a(), spec);
    let mut world = World::over(Conversation::new(meta()), Settings::default(), catalogue);
    world.ask(&"word ".repeat(1_000));
    let request = world.request();
    let input = crate::session::tokens::of_request(&request);
    let output = u64::from(request.output_limit.unwrap().tokens);
    assert!(input + output <= 4_096 && output >= 1_024, "{input} + {output}");
}
