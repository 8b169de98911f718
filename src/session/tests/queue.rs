//! Messages sent while a reply streams.

use super::world::*;
use crate::chat::*;

#[test]
fn what_is_sent_meanwhile_waits_and_is_asked_in_order() {
    let mut world = World::new();
    world.ask("One");
    world.text("1");
    assert_eq!(world.ask("Two"), []);
    world.ask("Three");
    assert_eq!(world.session.queued().map(|queued| queued.text.as_str()).collect::<Vec<_>>(), ["Two", "Three"]);
    assert_eq!(world.committed.len(), 1, "it belongs to nobody's history yet");
    world.finish(None);
    assert_eq!(world.sent_texts(), ["One", "1", "Two"]);
    world.text("2");
    world.finish(None);
    assert_eq!(world.sent_texts(), ["One", "1", "Two", "2", "Three"]);
    world.text("3");
    world.finish(None);
    assert!(world.returned.is_empty());
    world.assert_at_rest();
}

#[test]
fn a_stop_gives_it_back() {
    let mut world = World::new();
    world.ask("One");
    world.ask("Two");
    world.ask("Three");
    world.stop();
    assert_eq!(world.returned, ["Two", "Three"]);
    world.end(Report::bare(Ending::Cancelled));
    assert_eq!(world.started.len(), 1);
    world.assert_at_rest();
}

#[test]
fn a_failure_gives_it_back() {
    for text in ["", "Half"] {
        let mut world = World::new();
        world.ask("One");
        world.ask("Two");
        world.text(text);
        world.fail(unauthorized());
        assert_eq!(world.returned, ["Two"]);
        world.assert_at_rest();
    }
}

#[test]
fn it_waits_through_retries() {
    let mut world = World::new();
    world.ask("One");
    world.ask("Two");
    world.fail(unavailable());
    world.wait(SECOND * 2);
    assert_eq!(world.sent_texts(), ["One"]);
    world.text("1");
    world.finish(None);
    assert_eq!(world.sent_texts(), ["One", "1", "Two"]);
}
