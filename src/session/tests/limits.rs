//! Timeouts: rows 10, 11 and 24.

use std::time::Duration;

use super::world::*;
use crate::chat::*;
use crate::session::{Activity, Happened, Timer};

#[test]
fn row_10_an_answer_that_never_comes_is_given_up_at_the_first_token_limit() {
    for opened in [false, true] {
        let mut world = World::new();
        world.ask("Hello");
        if opened {
            world.open();
        }
        let gives_up = match world.session.activity() {
            Some(Activity::Connecting { gives_up, .. } | Activity::Waiting { gives_up, .. }) => gives_up,
            other => panic!("{other:?}"),
        };
        assert_eq!(gives_up, world.now + SECOND * 60, "the countdown that is shown");
        world.wait(Duration::from_millis(59_999));
        assert!(world.session.is_busy());
        world.wait(Duration::from_millis(1));
        assert_eq!(world.shown().status, Status::Failed);
        assert!(world.note().starts_with("No answer from a"), "{}", world.note());
        world.end(Report::bare(Ending::Cancelled));
        world.assert_at_rest();
    }
}

#[test]
fn a_model_that_reasons_may_have_a_longer_limit() {
    let first_token_by_model = [(a(), SECOND * 300)].into();
    let mut world = World::with(Settings { first_token_by_model, ..Settings::default() });
    world.ask("Think");
    world.wait(SECOND * 299);
    assert!(world.session.is_busy());
    world.wait(SECOND);
    assert!(!world.session.is_busy());
}

#[test]
fn row_11_a_stalled_stream_keeps_its_text_and_pings_do_not_count() {
    let mut world = World::new();
    world.ask("Hello");
    world.open();
    world.text("Some");
    for _ in 0..119 {
        world.wait(SECOND);
        world.open();
        world.text("");
    }
    assert!(world.session.is_busy());
    world.wait(SECOND);
    let reply = world.shown();
    assert_eq!((reply.status, reply.content.as_str()), (Status::Interrupted, "Some"));
    assert!(world.note().contains("nothing came for 2 min"), "{}", world.note());
    assert!(reply.usage.unwrap().estimated);
    world.end(Report::bare(Ending::Cancelled));
    world.assert_at_rest();
}

#[test]
fn content_puts_the_silence_limit_off() {
    let mut world = World::new();
    world.ask("Hello");
    for _ in 0..6 {
        world.text("word ");
        world.wait(SECOND * 119);
        assert!(world.session.is_busy());
    }
    world.wait(Duration::from_millis(999));
    assert!(world.session.is_busy(), "two minutes from the last content, not from some timer");
    world.wait(Duration::from_millis(1));
    assert!(!world.session.is_busy());
}

#[test]
fn row_24_after_a_suspend_every_limit_begins_anew() {
    let mut world = World::new();
    world.ask("Hello");
    world.now += SECOND * 5_000;
    world.happen(Happened::Resumed);
    assert_eq!(world.due_in(Timer::FirstToken), Some(SECOND * 60));
    assert_eq!(world.due_in(Timer::Turn), Some(SECOND * 900));
    world.text("Hi");
    world.now += SECOND * 5_000;
    for _ in 0..1_000 {
        world.happen(Happened::Resumed);
    }
    world.wait(SECOND * 119);
    assert!(world.session.is_busy(), "nobody was there to receive");
    world.text(" there");
    world.finish(None);
    assert_eq!(world.shown().content, "Hi there");
    assert_eq!(world.happen(Happened::Resumed), [], "nothing runs, so nothing is armed");
    world.assert_at_rest();
}

#[test]
fn a_suspend_while_a_fallback_is_near_arms_it_anew() {
    let mut world = World::with_fallback();
    world.ask("Hello");
    world.wait(SECOND * 9);
    world.happen(Happened::Resumed);
    world.wait(SECOND * 9);
    assert_eq!(world.models_asked(), [a()]);
    world.wait(SECOND);
    assert_eq!(world.models_asked(), [a(), b()]);
}

#[test]
fn limits_without_end_do_not_overflow() {
    let timeouts = Timeouts { first_token: Duration::MAX, silence: Duration::MAX, turn: SECOND };
    let mut world = World::with(Settings { timeouts, ..Settings::default() });
    world.store_answers = false;
    let (message, reply) = (world.fresh(), world.fresh());
    for happened in [
        Happened::Submitted { message, reply, text: "Hello".into() },
        Happened::Committed { message },
        Happened::Booked { attempt: AttemptId { reply, ordinal: 0 } },
        Happened::TextArrived { attempt: AttemptId { reply, ordinal: 0 }, text: "Hi".into() },
    ] {
        world.session.handle(crate::session::Event { at: Stamp::fixed(world.now), happened });
        assert!(world.session.activity().is_some());
    }
}
