//! Summaries that a chat's strategy makes by itself, past its threshold.

use super::world::*;
use crate::chat::context::Strategy;
use crate::chat::*;
use crate::session::Change;
use crate::session::Happened;

/// A chat that summarises, with a limit that five turns pass.
fn summarising() -> World {
    let mut world = World::with(Settings { max_context_tokens: 400, ..Settings::default() });
    let history = History { strategy: Strategy::Summarise, ..History::default() };
    world.happen(Happened::Changed(Change::History(history)));
    world
}

fn long_turn(world: &mut World, number: usize) {
    world.ask(&format!("{number}{}", " word".repeat(30)));
    world.text("Noted.");
    world.finish(None);
}

#[test]
fn past_the_threshold_older_messages_are_summarised_unasked_and_incrementally() {
    let mut world = summarising();
    let mut made = 0;
    for number in 0..30 {
        long_turn(&mut world, number);
        assert!(world.session.plan().tokens <= 400);
        if world.session.is_summarising() {
            made += 1;
            let asked = world.request().messages[1].content.clone();
            assert_eq!(asked.contains("Summary so far:"), made > 1, "{asked}");
            world.text(&format!("Summary {made}."));
            world.finish(None);
        }
    }
    assert!((4..20).contains(&made), "{made}");
    let plan = world.session.plan();
    let (_, covered) = plan.summary.unwrap();
    assert!(plan.first_sent == covered && covered > 40, "nothing falls between summary and last messages: {plan:?}");
    assert_eq!(world.said, Vec::<String>::new(), "what goes well is not talked about");
    world.assert_at_rest();
}

#[test]
fn nothing_is_summarised_unprompted_unless_the_chat_asks_for_it() {
    let mut world = World::with(Settings { max_context_tokens: 400, ..Settings::default() });
    (0..30).for_each(|number| long_turn(&mut world, number));
    assert_eq!(world.started.len(), 30);
}

#[test]
fn a_summary_that_fails_is_said_and_the_oldest_are_left_out_instead() {
    let mut world = summarising();
    let mut failed = 0;
    for number in 0..12 {
        long_turn(&mut world, number);
        if world.session.is_summarising() {
            failed += 1;
            world.fail(unavailable());
        }
    }
    assert!(failed > 2);
    assert!(
        world.said[0].starts_with("The summary failed. openai has a fault of its own (503: sorry)"),
        "{:?}",
        world.said
    );
    assert!(world.said[0].contains("the oldest messages are left out instead"));
    let plan = world.session.plan();
    assert!(plan.first_sent > 0 && plan.tokens <= 400 && plan.summary.is_none(), "{plan:?}");
    assert_eq!(world.shown().status, Status::Complete, "the chat itself goes on");
    world.assert_at_rest();
}

#[test]
fn a_limit_by_count_makes_summaries_too() {
    let mut world = World::new();
    let history = History { strategy: Strategy::Summarise, max_messages: Some(8), ..History::default() };
    world.happen(Happened::Changed(Change::History(history)));
    let mut made = 0;
    for number in 0..20 {
        long_turn(&mut world, number);
        if world.session.is_summarising() {
            made += 1;
            world.text("So far.");
            world.finish(None);
        }
    }
    let plan = world.session.plan();
    let (_, covered) = plan.summary.unwrap();
    assert!((4..20).contains(&made) && plan.first_sent == covered && covered > 20, "{made} {plan:?}");
}

#[test]
fn what_a_single_long_answer_pushes_out_is_summarised_too() {
    let mut world = summarising();
    world.exchange("My locker is 4471.", "Noted.");
    world.ask("Tell me everything.");
    world.text(&" word".repeat(600));
    world.finish(None);
    assert!(world.session.is_summarising(), "{:?}", world.session.plan());
    assert!(world.request().messages[1].content.contains("4471"));
    world.text("- locker 4471");
    world.finish(None);
    let plan = world.session.plan();
    assert_eq!(plan.summary.map(|(_, covered)| covered), Some(plan.first_sent), "nothing falls between: {plan:?}");
    world.assert_at_rest();
}
