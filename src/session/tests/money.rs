//! What is booked: budgets, estimates and nonsense.

use super::world::*;
use crate::chat::budget::Refusal;
use crate::chat::model::{LongContext, Prices};
use crate::chat::*;
use crate::session::{Change, Effect, Happened, tokens};
use std::sync::Arc;

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
        if world.session.is_over_budget() {
            world.retry_over_budget();
        }
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

#[test]
fn a_budget_with_an_unknown_price_asks_first_and_a_deliberate_key_sends_it_once() {
    let mut world = World::new();
    world.set_budget();
    world.happen(Happened::Changed(Change::Model(c())));
    world.ask("Hello");
    assert!(world.started.is_empty() && world.opened.is_empty(), "nothing was sent, nothing booked");
    assert!(world.note().contains("the price of other/c"), "{}", world.note());
    assert!(world.session.is_over_budget());
    world.retry();
    assert!(world.started.is_empty(), "asked again it is refused again");
    world.retry_over_budget();
    assert_eq!(world.started.len(), 1);
    assert_eq!(world.caps, Vec::new(), "no cap is checked this once");
    world.text("Hi");
    world.finish(Some(usage(10, 2)));
    assert!(!world.session.is_over_budget());
    world.ask("Again");
    assert_eq!(world.started.len(), 1, "the next one asks first, as before");
}

#[test]
fn row_37_a_refusal_names_the_cap_and_all_caps_are_asked_for() {
    let mut world = World::new();
    world.refuses = true;
    let rupees = |amount: u64| Some(Local::from_micro(amount * 1_000_000));
    let budgets = Budgets { message: rupees(2), conversation: rupees(20), day: rupees(50), month: rupees(500) };
    world.session.set_settings(Arc::new(Settings { budgets, ..Settings::default() }));
    world.ask("Hello");
    let scopes: Vec<&str> = world.caps.iter().map(|cap| cap.scope.budget_name()).collect();
    assert_eq!(scopes, ["the message's budget", "the conversation's budget", "the day's budget", "the month's budget"]);
    assert!(world.note().starts_with("Not sent: the day's budget is ₹50.00; ₹49.50 of it is used"), "{}", world.note());
    assert!(world.note().contains("/budget once"), "{}", world.note());
    assert!(world.session.is_over_budget() && world.started.is_empty());
    world.refuses = false;
    world.retry_over_budget();
    assert_eq!((world.started.len(), world.caps.len()), (1, 0));
    assert!(!world.session.is_over_budget(), "the override is for once");
}

#[test]
fn the_price_that_is_shown_before_sending_holds_what_it_then_costs() {
    let mut world = World::new();
    for _ in 0..20 {
        world.ask("What is what?");
        world.text("It is what it is.");
        world.finish(None);
    }
    let draft = "word ".repeat(400);
    let before = world.session.preview(tokens::hundredths(&draft));
    world.ask(&draft);
    let input = tokens::of_request(&world.request());
    assert!(before.input.abs_diff(input) < input / 20, "{before:?} against {input}");
    world.text("Hi");
    world.finish(Some(usage(input, 4_096)));
    let cost = world.shown().cost.unwrap();
    assert!(before.least.unwrap() < cost && cost <= before.most.unwrap(), "{before:?} and then {cost:?}");
}

#[test]
fn what_a_provider_counts_makes_the_next_estimate_better() {
    let mut world = World::new();
    world.ask(&"Hello there, how are you today? ".repeat(40));
    let estimated = tokens::of_request(&world.request());
    let before = world.session.preview(0).input;
    world.text("Fine.");
    world.finish(Some(usage(estimated * 3 / 2, 2)));
    let after = world.session.preview(0).input;
    assert!(after > before * 13 / 10, "{before} and then {after}");
    // Nonsense teaches nothing for good: the factor has its bounds.
    world.ask("And now?");
    world.text("Fine.");
    world.finish(Some(usage(1_000_000, 2)));
    let sent = tokens::of_request(&world.request());
    assert!(world.session.preview(0).input < sent * 3);
}

#[test]
fn a_long_context_is_booked_at_the_prices_it_was_billed_with() {
    let mut catalogue = catalogue();
    let prices = |input| Prices { input, output: 1, cached_input: None, cache_write: None };
    let long = LongContext { above_tokens: 1_000, prices: prices(200) };
    let spec = ModelSpec { prices: Some(prices(100)), long_context: Some(long), ..ModelSpec::unknown(&a()) };
    catalogue.models.insert(a(), spec);
    let mut world = World::over(Conversation::new(meta()), Settings::default(), catalogue);
    world.exchange("Hello", "Hi");
    world.ask("More");
    world.text("Hi");
    world.finish(Some(usage(5_000, 2)));
    let booked: Vec<_> = world.opened.values().map(|opening| opening.prices.unwrap().input).collect();
    assert_eq!(booked, [100, 100]);
    let billed: Vec<_> = world.closed.values().map(|closing| closing.prices.map(|prices| prices.input)).collect();
    assert_eq!(billed, [None, Some(200)]);
}
