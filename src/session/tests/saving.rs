//! A reply is on disk soon after it is on screen, and each byte of it once.

use std::time::Duration;

use super::world::*;
use crate::chat::*;
use crate::session::{Effect, Happened, Timer};

#[test]
fn text_is_saved_300_ms_after_the_first_that_is_not() {
    let mut world = World::new();
    world.ask("Hello");
    world.text("One ");
    assert_eq!(world.due_in(Timer::Save), Some(Duration::from_millis(300)));
    world.wait(Duration::from_millis(200));
    world.text("two ");
    assert_eq!(world.due_in(Timer::Save), Some(Duration::from_millis(100)), "more text does not put it off");
    world.wait(Duration::from_millis(100));
    let reply = world.attempt().reply;
    assert_eq!(world.chunks[&reply].0, "One two ");
    assert_eq!(world.due_in(Timer::Save), None, "no timer runs while nothing is unsaved");
    world.text("three");
    assert_eq!(world.due_in(Timer::Save), Some(Duration::from_millis(300)));
    world.finish(None);
    assert_eq!(world.finished[&reply].content, "One two three");
    world.assert_at_rest();
}

#[test]
fn chunks_are_the_reply_piece_by_piece_in_any_script() {
    let mut world = World::new();
    world.ask("Hello");
    let attempt = world.attempt();
    let pieces = ["क्षि", "👨‍👩‍👧", "é", "\n```rust\n", "x", ""];
    for round in 0..50 {
        let text = pieces[round % pieces.len()].to_owned();
        if round % 3 == 0 {
            world.happen(Happened::ReasoningArrived { attempt, text });
        } else {
            world.text(&text);
        }
        world.wait(Duration::from_millis(70));
    }
    world.wait(SECOND);
    let reply = world.shown();
    let (text, reasoning) = &world.chunks[&reply.id];
    assert_eq!((text, reasoning), (&reply.content, &reply.reasoning), "all is saved, nothing twice");
    world.stop();
    world.end(Report::bare(Ending::Cancelled));
    world.assert_at_rest();
}

#[test]
fn a_timer_with_nothing_to_save_saves_nothing() {
    let mut world = World::new();
    world.ask("Hello");
    assert_eq!(world.happen(Happened::TimerFired(Timer::Save)), []);
    world.text("Hi");
    world.wait(SECOND);
    let again = world.happen(Happened::TimerFired(Timer::Save));
    assert!(!again.iter().any(|effect| matches!(effect, Effect::SaveChunk { .. })));
}

#[test]
fn settings_are_saved_once_the_chat_is() {
    use crate::session::Change;
    let mut world = World::new();
    assert_eq!(world.happen(Happened::Changed(Change::Model(b()))), [], "an empty chat is never saved");
    assert!(!world.session.is_saved());
    world.exchange("Hello", "Hi");
    let effects = world.happen(Happened::Changed(Change::System("Rhyme.".into())));
    let [Effect::SaveMeta { meta, part: MetaPart::System }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((meta.system.as_str(), &meta.model), ("Rhyme.", &b()));
}
