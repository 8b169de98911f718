//! One turn, in order.

use super::world::*;
use crate::chat::budget::Refusal;
use crate::chat::*;
use crate::session::{Activity, Effect, Happened, Timer};

/// The effects that a turn's order is about, by name.
fn names(effects: &[Effect]) -> Vec<&'static str> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Commit { .. } => Some("commit"),
            Effect::AddReply(_) => Some("add reply"),
            Effect::Book(_) => Some("book"),
            Effect::Reserve { .. } => Some("reserve"),
            Effect::StartAttempt { .. } => Some("start"),
            Effect::SaveChunk { .. } => Some("chunk"),
            Effect::CloseAttempt(_) => Some("close"),
            Effect::FinishReply(_) => Some("finish"),
            Effect::TurnEnded => Some("ended"),
            _ => None,
        })
        .collect()
}

#[test]
fn the_question_is_on_disk_and_the_row_is_open_before_anything_is_sent() {
    let mut world = World::new();
    world.store_answers = false;
    assert_eq!(names(&world.ask("Why?")), ["commit"]);
    assert_eq!(world.session.activity(), Some(Activity::Saving));

    let committed = world.waiting.pop_front().unwrap();
    assert_eq!(names(&world.happen(committed.clone())), ["add reply", "book"]);
    assert_eq!(names(&world.happen(committed)), [""; 0], "told twice is told once");

    let booked = world.waiting.pop_front().unwrap();
    assert_eq!(names(&world.happen(booked.clone())), ["start"]);
    assert_eq!(names(&world.happen(booked)), [""; 0]);

    assert!(matches!(world.session.activity(), Some(Activity::Connecting { .. })));
    world.open();
    assert!(matches!(world.session.activity(), Some(Activity::Waiting { .. })));
    world.text("Because.");
    assert!(matches!(world.session.activity(), Some(Activity::Streaming { tokens: 3, .. })));
    assert_eq!(names(&world.finish(Some(usage(10, 3)))), ["close", "finish", "ended"]);
    assert_eq!(world.shown().content, "Because.");
    assert_eq!(world.shown().status, Status::Complete);
    world.assert_at_rest();
}

#[test]
fn with_a_budget_the_worst_case_is_reserved_first() {
    let mut world = World::new();
    world.store_answers = false;
    world.set_budget();
    world.ask("Why?");
    let committed = world.waiting.pop_front().unwrap();
    assert_eq!(names(&world.happen(committed)), ["add reply", "reserve"]);
    assert!(world.started.is_empty(), "nothing is sent before the answer");
    world.answer_store();
    assert_eq!(world.started.len(), 1);
}

#[test]
fn what_is_sent_is_the_system_prompt_and_the_whole_path() {
    let mut world = World::new();
    world.exchange("What is PPF?", "A provident fund.");
    world.ask("And ELSS?");
    let request = world.request();
    let sent: Vec<_> = request.messages.iter().map(|message| (message.role, message.content.as_str())).collect();
    assert_eq!(
        sent,
        [
            (Role::System, "Be brief."),
            (Role::User, "What is PPF?"),
            (Role::Assistant, "A provident fund."),
            (Role::User, "And ELSS?"),
        ]
    );
    assert_eq!(request.temperature, Some(0.7));
    assert_eq!(request.output_limit, Some(OutputLimit { field: OutputLimitField::MaxTokens, tokens: 4_096 }));
    assert!(request.include_usage);
}

#[test]
fn a_chat_is_named_by_its_first_message_unless_the_user_named_it() {
    let mut world = World::new();
    world.ask("\n## \nTax in 2026, *simply*\nplease");
    assert_eq!(world.session.conversation().meta.title, "Tax in 2026, *simply*");

    let mut world = World::new();
    world.happen(Happened::Changed(crate::session::Change::Title("Mine".into())));
    world.ask("Hello");
    assert_eq!(world.session.conversation().meta.title, "Mine");
}

#[test]
fn an_empty_message_is_not_sent() {
    let mut world = World::new();
    assert_eq!(world.ask(" \n\t"), []);
    assert!(!world.session.is_busy());
}

#[test]
fn the_same_message_told_twice_is_there_once() {
    let mut world = World::new();
    let twice = Happened::Submitted { message: id(7), reply: id(8), text: "Hello".into() };
    world.happen(twice.clone());
    world.happen(twice.clone());
    world.text("Hi.");
    world.finish(None);
    world.happen(twice);
    world.happen(Happened::Retried { reply: id(8), over_budget: false });
    assert_eq!(world.session.conversation().len(), 2);
    world.assert_at_rest();
}

#[test]
fn late_events_of_a_stopped_attempt_change_no_text_and_close_its_row() {
    let mut world = World::new();
    world.ask("Count to ten");
    world.text("1 2 3");
    let attempt = world.attempt();
    assert!(world.stop().contains(&Effect::CancelAttempt { attempt }));
    assert!(world.closed.is_empty(), "the row waits for the end of the attempt");

    world.exchange("Never mind", "Fine.");
    for happened in [
        Happened::TextArrived { attempt, text: " 4 5 6".into() },
        Happened::ReasoningArrived { attempt, text: "hm".into() },
        Happened::ToolCallArrived { attempt, index: 0, id: None, name: Some("f".into()), arguments: "{}".into() },
        Happened::Opened { attempt, limits: RateLimits::default() },
    ] {
        assert_eq!(world.happen(happened), []);
    }
    let report = Report { usage: Some(usage(20, 30)), ..Report::bare(Ending::Cancelled) };
    world.happen(Happened::Ended { attempt, report: report.clone(), jitter: JITTER });
    assert_eq!(world.closed[&attempt].usage, Some(usage(20, 30)), "the ledger has what the provider bills");
    assert_eq!(world.happen(Happened::Ended { attempt, report, jitter: JITTER }), [], "once");
    let texts: Vec<_> = world.session.conversation().path().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["Count to ten", "1 2 3", "Never mind", "Fine."]);
    world.assert_at_rest();
}

#[test]
fn what_is_told_of_unknown_attempts_is_ignored() {
    let mut world = World::new();
    world.ask("Hello");
    let attempt = AttemptId { reply: id(99), ordinal: 3 };
    for happened in [
        Happened::Committed { message: id(98) },
        Happened::Booked { attempt },
        Happened::Refused { attempt, refusal: Refusal::NotSaved("no".into()) },
        Happened::Opened { attempt, limits: RateLimits::default() },
        Happened::TextArrived { attempt, text: "x".into() },
        Happened::Ended { attempt, report: Report::bare(Ending::Cancelled), jitter: JITTER },
    ] {
        assert_eq!(world.happen(happened), []);
    }
    assert!(world.session.is_busy());
}

#[test]
fn an_attempt_that_was_sent_is_neither_refused_nor_booked_again() {
    let mut world = World::new();
    world.ask("Hello");
    let attempt = world.attempt();
    world.text("Hi");
    assert_eq!(world.happen(Happened::Refused { attempt, refusal: Refusal::NotSaved("late".into()) }), []);
    world.stop();
    assert_eq!(world.happen(Happened::Booked { attempt }), [], "its row stays open until its end is told");
    world.end(Report::bare(Ending::Cancelled));
    world.assert_at_rest();
}

#[test]
fn text_of_an_attempt_that_was_not_made_yet_is_not_believed() {
    let mut world = World::new();
    world.store_answers = false;
    world.ask("Hello");
    let committed = world.waiting.pop_front().unwrap();
    world.happen(committed);
    let (&attempt, _) = world.opened.first_key_value().unwrap();
    assert_eq!(world.happen(Happened::TextArrived { attempt, text: "Hi".into() }), []);
    world.answer_store();
    assert_eq!(world.started.len(), 1, "the attempt is made all the same");
    world.text("Hello!");
    world.finish(None);
    assert_eq!(world.shown().content, "Hello!");
    world.assert_at_rest();
}

#[test]
fn the_rate_limits_told_last_are_kept() {
    let mut world = World::new();
    world.ask("Hello");
    let limits = RateLimits {
        requests: RateLimit { limit: Some(100), remaining: Some(9), reset: None },
        tokens: RateLimit::default(),
    };
    let attempt = world.attempt();
    world.happen(Happened::Opened { attempt, limits });
    world.text("Hi");
    world.finish(None);
    assert_eq!(world.session.limits().percent_left(), Some(9), "an answer without limits does not clear them");
    assert_eq!(world.due_in(Timer::Turn), None);
}
