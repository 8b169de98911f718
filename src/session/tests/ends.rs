//! Every attempt is closed once and every reply finished once, wherever the turn was stopped.

use std::time::Duration;

use super::world::*;
use crate::chat::ledger::Outcome;
use crate::chat::*;
use crate::session::{Activity, Effect, Happened, Timer};

#[test]
fn stopped_while_the_question_is_being_saved() {
    let mut world = World::new();
    world.store_answers = false;
    world.ask("Hello");
    world.stop();
    world.answer_store();
    assert!(world.started.is_empty() && world.opened.is_empty());
    assert_eq!(world.shown().status, Status::Interrupted);
    world.assert_at_rest();
}

#[test]
fn stopped_while_the_row_is_being_opened() {
    let mut world = World::new();
    world.store_answers = false;
    world.ask("Hello");
    let committed = world.waiting.pop_front().unwrap();
    world.happen(committed);
    world.stop();
    world.answer_store();
    assert!(world.started.is_empty(), "nothing is sent after a stop");
    let closing = world.closed.values().next().unwrap();
    assert_eq!(closing.outcome, Outcome::Interrupted);
    assert_eq!(closing.cost, Some(PicoUsd(0)), "what was never sent costs nothing");
    world.assert_at_rest();
}

#[test]
fn stopped_while_it_connects_or_waits() {
    for opened in [false, true] {
        let mut world = World::new();
        world.ask("Hello");
        if opened {
            world.open();
        }
        world.stop();
        assert_eq!(world.cancelled.len(), 1);
        world.end(Report::bare(Ending::Cancelled));
        let usage = world.closed.values().next().unwrap().usage.unwrap();
        assert!(usage.estimated && usage.input > 0, "the question may be billed: it is counted here");
        assert_eq!(world.shown().status, Status::Interrupted);
        world.assert_at_rest();
    }
}

#[test]
fn stopped_while_it_streams_keeps_the_text_and_counts_it_here() {
    let mut world = World::new();
    world.ask("Hello");
    world.text("Half an answ");
    world.stop();
    world.end(Report::bare(Ending::Cancelled));
    let reply = world.shown();
    assert_eq!((reply.content.as_str(), reply.status), ("Half an answ", Status::Interrupted));
    assert!(reply.usage.unwrap().estimated && reply.cost.unwrap() > PicoUsd(0));
    world.assert_at_rest();
    world.ask("Go on");
    assert_eq!(world.sent_texts(), ["Hello", "Half an answ", "Go on"], "it is sent as far as it came");
}

#[test]
fn stopped_while_it_waits_to_try_again() {
    let mut world = World::new();
    world.ask("Hello");
    world.fail(unavailable());
    assert!(matches!(world.session.activity(), Some(Activity::Backoff { attempt: 2, of: 5, .. })));
    world.stop();
    world.wait(SECOND * 600);
    assert_eq!(world.started.len(), 1, "the countdown is over for good");
    world.assert_at_rest();
}

#[test]
fn a_question_that_was_stopped_before_anything_came_is_not_sent_along_with_the_next() {
    let mut world = World::new();
    world.ask("One");
    world.stop();
    world.end(Report::bare(Ending::Cancelled));
    world.ask("Two");
    assert_eq!(world.sent_texts(), ["Two"], "whoever stops a question at once means to ask another");
}

#[test]
fn a_finish_that_crosses_a_stop_is_booked_as_billed() {
    let mut world = World::new();
    world.ask("Hello");
    world.text("Hi");
    world.stop();
    world.finish(Some(usage(100, 10)));
    let closing = world.closed.values().next().unwrap();
    assert_eq!((closing.outcome, closing.cost), (Outcome::Complete, Some(PicoUsd(120_000_000))));
    assert_eq!(world.shown().status, Status::Interrupted, "what is saved is not changed any more");
    world.assert_at_rest();
}

#[test]
fn a_cancellation_from_outside_ends_the_turn() {
    let mut world = World::new();
    world.ask("Hello");
    world.text("Hi");
    world.end(Report::bare(Ending::Cancelled));
    assert_eq!((world.shown().status, world.shown().content.as_str()), (Status::Interrupted, "Hi"));
    world.assert_at_rest();
}

#[test]
fn row_16_a_failure_after_the_first_token_keeps_the_text_and_replays_nothing() {
    for kind in [FailureKind::Cut, FailureKind::InvalidData, FailureKind::StreamError, FailureKind::Server] {
        let mut world = World::with_fallback();
        world.ask("Hello");
        world.text("So far, so");
        world.fail(Failure::new(kind, "reset by peer"));
        world.wait(SECOND * 600);
        assert_eq!(world.started.len(), 1, "{kind:?}: exactly one request");
        let reply = world.shown();
        assert_eq!((reply.status, reply.content.as_str()), (Status::Interrupted, "So far, so"), "{kind:?}");
        let counted = reply.usage.unwrap();
        assert!(counted.estimated && counted.output > 0 && counted.input > 0, "{kind:?}: {counted:?}");
        assert_eq!(world.closed.values().next().unwrap().usage, reply.usage, "{kind:?}");
        world.assert_at_rest();
        world.ask("continue");
        assert_eq!(world.sent_texts(), ["Hello", "So far, so", "continue"], "{kind:?}");
    }
}

#[test]
fn a_cut_off_reply_says_that_it_is_incomplete_and_how_to_go_on() {
    let mut world = World::new();
    world.ask("Hello");
    world.text("So far");
    world.fail(Failure::new(FailureKind::Cut, ""));
    assert!(world.note().starts_with("Incomplete"), "{}", world.note());
    assert!(world.note().contains("continue"), "{}", world.note());
}

#[test]
fn reasoning_or_a_tool_call_is_content_too() {
    for is_call in [false, true] {
        let mut world = World::new();
        world.ask("Hello");
        let attempt = world.attempt();
        world.happen(if is_call {
            Happened::ToolCallArrived {
                attempt,
                index: 0,
                id: Some("x".into()),
                name: Some("f".into()),
                arguments: String::new(),
            }
        } else {
            Happened::ReasoningArrived { attempt, text: "Let me think".into() }
        });
        world.fail(unavailable());
        assert_eq!(world.started.len(), 1, "nothing is replayed");
        assert_eq!(world.shown().status, Status::Interrupted, "what came is kept");
        assert!(world.shown().has_substance());
        world.assert_at_rest();
    }
}

#[test]
fn an_empty_first_piece_is_no_content() {
    let mut world = World::new();
    world.ask("Hello");
    assert_eq!(world.text(""), []);
    world.fail(unavailable());
    assert!(matches!(world.session.activity(), Some(Activity::Backoff { .. })), "it can still be made again");
}

#[test]
fn row_20_a_reply_without_end_is_cut_whatever_it_is_made_of() {
    let megabyte = "🪔".repeat(1 << 18);
    for is_call in [false, true] {
        let mut world = World::new();
        world.ask("Hello");
        let attempt = world.attempt();
        for _ in 0..40 {
            let arguments = megabyte.clone();
            world.happen(if is_call {
                Happened::ToolCallArrived { attempt, index: 0, id: None, name: Some("f".into()), arguments }
            } else {
                Happened::TextArrived { attempt, text: arguments }
            });
        }
        assert!(!world.session.is_busy());
        assert_eq!(world.shown().status, Status::Interrupted);
        assert!(world.note().contains("32 MiB"), "{}", world.note());
        world.end(Report::bare(Ending::Cancelled));
        world.assert_at_rest();
    }
}

#[test]
fn row_8_failed_regenerations_twenty_in_a_row_leave_the_old_reply() {
    let mut world = World::new();
    world.exchange("Hello", "The good answer.");
    let good = world.shown().id;
    for round in 0..20 {
        world.retry();
        match round % 3 {
            0 => drop(world.fail(unauthorized())),
            1 => {
                world.stop();
                world.end(Report::bare(Ending::Cancelled));
            }
            _ => {
                world.wait(Duration::from_mins(1));
                world.end(Report::bare(Ending::Cancelled));
            }
        }
        assert_eq!(world.shown().id, good, "round {round}");
        assert!(world.said.last().unwrap().contains("earlier one is still here"));
    }
    assert_eq!(world.session.conversation().siblings(good).len(), 21, "nothing was overwritten");
    world.assert_at_rest();
    world.ask("And then?");
    assert_eq!(world.sent_texts(), ["Hello", "The good answer.", "And then?"]);
}

#[test]
fn a_regeneration_that_came_half_way_is_shown() {
    let mut world = World::new();
    world.exchange("Hello", "Old.");
    world.retry();
    world.text("New, but");
    world.stop();
    assert_eq!(world.shown().content, "New, but");
}

#[test]
fn a_turn_that_takes_too_long_ends_in_every_phase() {
    let mut world = World::new();
    world.store_answers = false;
    world.ask("Hello");
    world.wait(SECOND * 900);
    assert_eq!(world.shown().status, Status::Failed, "even where the disk never answers");
    world.answer_store();
    world.assert_at_rest();

    let mut world = World::new();
    world.ask("Hello");
    for _ in 0..20 {
        world.text("word ");
        world.wait(SECOND * 60);
    }
    assert!(!world.session.is_busy());
    assert!(world.note().contains("15 min"), "{}", world.note());
    assert_eq!(world.shown().status, Status::Interrupted);
    world.end(Report::bare(Ending::Cancelled));
    assert_eq!(world.due_in(Timer::Turn), None);
    world.assert_at_rest();
}

#[test]
fn a_question_that_can_never_be_saved_ends_its_turn_and_gives_back_what_waits() {
    let mut world = World::new();
    world.store_answers = false;
    let effects = world.ask("Hello");
    let Some(Effect::Commit { message, .. }) = effects.first() else { panic!("{effects:?}") };
    let (message, reason) = (message.id, "Not sent, since it could not be saved: it is full.".to_owned());
    world.ask("And this?");
    world.happen(Happened::CommitFailed { message: id(999), reason: "of another".into() });
    assert!(world.session.is_busy());
    let effects = world.happen(Happened::CommitFailed { message, reason: reason.clone() });
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::AddReply(_) | Effect::FinishReply(_))));
    assert!(effects.contains(&Effect::TurnEnded) && !world.session.is_busy());
    let reply = world.session.conversation().leaf().unwrap();
    assert_eq!((reply.status, reply.note.as_ref()), (Status::Failed, Some(&reason)));
    assert_eq!((world.returned.as_slice(), world.started.len()), (["And this?".to_owned()].as_slice(), 0));
    assert_eq!(world.happen(Happened::CommitFailed { message, reason }), [], "told twice, it ends nothing more");
    assert_eq!(world.happen(Happened::Committed { message }), []);
}
