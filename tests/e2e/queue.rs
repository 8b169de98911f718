//! Messages that wait while a reply streams, and chats that stream behind another.

use super::kit::{ask, draft, halves, is_empty, open, quit, reply, said, submit, turns, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::{delta, stream};
use super::support::server::{End, Gate, Server};

#[test]
fn a_message_sent_meanwhile_waits_in_sight_and_goes_out_after_the_reply() {
    let gate = Gate::new();
    let server = Server::replies([halves("One", &gate, " done."), reply("Two done.")]);
    let session = open(&Home::new(), &server);
    submit(&session, "First");
    session.wait_for_text("One");
    submit(&session, "Second");
    let screen = session.wait_for_text("You · queued");
    assert!(screen.contains("1 queued"), "{}", screen.text);
    let label = screen.row_of("You · queued").unwrap();
    assert_eq!(screen.row(label + 1).trim(), "Second");
    assert_eq!(server.requests().len(), 1);
    gate.open();
    session.wait_for_text("Two done.");
    session.wait_until_gone("queued");
    assert_eq!(said(&server, 1), turns(&["First", "One done.", "Second"]));
}

#[test]
fn several_queued_messages_go_out_one_after_another() {
    let gate = Gate::new();
    let server = Server::replies([halves("A", &gate, "1"), reply("B2"), reply("C3")]);
    let session = open(&Home::new(), &server);
    submit(&session, "one");
    session.wait_for_text("Esc stops");
    submit(&session, "two");
    submit(&session, "three");
    session.wait_for_text("2 queued");
    gate.open();
    session.wait_for_text("C3");
    assert_eq!(said(&server, 2), turns(&["one", "A1", "two", "B2", "three"]));
}

#[test]
fn esc_returns_what_is_queued_to_the_box_before_what_is_being_written() {
    let server = Server::replies([stream().bytes(delta("half")).ends(End::Silence)]);
    let session = open(&Home::new(), &server);
    submit(&session, "First");
    session.wait_for_text("half");
    submit(&session, "Second");
    session.wait_for_text("You · queued");
    write(&session, "third");
    session.key(Key::Esc);
    let screen = session.wait_for(|screen| draft(screen) == "Second\n\nthird");
    assert!(screen.contains("incomplete") && !screen.contains("queued"), "{}", screen.text);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_chat_streams_on_while_another_is_in_front() {
    let gate = Gate::new();
    let held = halves("Behind the", &gate, " curtain.");
    let mut first = Some(held);
    let server = Server::start(move |request| match first.take_if(|_| request.body.contains("Slow one")) {
        Some(held) => held,
        None => reply("Quick answer."),
    });
    let session = open(&Home::new(), &server);
    submit(&session, "Slow one");
    session.wait_for_text("Behind the");
    write(&session, "half a thought");
    session.key(Key::Ctrl('n'));
    session.wait_for(|screen| is_empty(screen) && screen.contains("1 more streaming"));
    let screen = ask(&session, "Quick one", "Quick answer.");
    assert!(!screen.contains("Behind the"), "{}", screen.text);
    session.key(Key::F(2));
    session.wait_for(|screen| screen.contains("Conversations") && screen.contains("⋯ Slow one"));
    session.key(Key::Down);
    gate.open();
    session.wait_until_gone("⋯");
    session.key(Key::Enter);
    let screen = session.wait_for_text("Behind the curtain.");
    assert_eq!(draft(&screen), "half a thought", "each chat keeps its own draft");
    assert!(!screen.contains("more streaming"));
    session.key(Key::Ctrl('u'));
    session.wait_for(is_empty);
    quit(&session);
}
