//! Pastes: huge, and without brackets.

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::sse_reply;
use super::support::server::Server;
use super::world::{is_at_rest, leave, munshi, start, wait_for_ends};

#[test]
fn row_26_ten_megabytes_become_an_attachment_that_is_too_long_to_send_and_can_be_removed() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["never"])]);
    let session = start(munshi(&home, &server));
    let line = "ten megabytes of this, \u{928}\u{92e}\u{938}\u{94d}\u{924}\u{947}\n";
    let count = 10 * 1024 * 1024 / line.len();
    session.paste(&line.repeat(count));
    session.wait_for_text("[pasted text 1: ");
    session.type_text(" and words after it");
    session.wait_for_text("words after it");
    session.key(Key::Enter);
    session.wait_for_text("characters, and the limit is 100000 (limits.max_input_chars)");
    assert!(session.screen().contains("[pasted text 1: "), "what was not sent stays in the box");
    assert!(server.requests().is_empty());
    session.key(Key::Ctrl('u'));
    session.wait_for(is_at_rest);
    leave(&session, &home);
}

#[test]
fn row_26_a_long_paste_is_attached_and_sent_whole_when_the_user_sends_it() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["read ", "it"])]);
    let session = start(munshi(&home, &server));
    let text: String = (0..3_000).fold(String::new(), |text, n| text + &format!("line {n} of it\n"));
    session.type_text("look: ");
    session.paste(&text);
    session.wait_for_text("[pasted text 1: ");
    assert!(server.requests().is_empty(), "a paste never sends by itself");
    session.key(Key::Enter);
    session.wait_for_text("read it");
    wait_for_ends(&home, 1);
    let sent = server.requests()[0].messages().pop().unwrap();
    assert_eq!(sent, ("user".into(), format!("look: {text}")));
    session.wait_for(is_at_rest);
    leave(&session, &home);
}

#[test]
fn row_26_a_paste_without_brackets_is_a_draft_of_several_lines_and_sends_nothing() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["got ", "it"])]);
    let session = start(munshi(&home, &server));
    session.send(b"first line\rsecond line\rthird line\r");
    session.wait_for_text("third line");
    session.key(Key::Left);
    session.key(Key::End);
    let screen = session.screen();
    assert!(screen.contains("first line") && screen.contains("second line"), "{}", &*screen);
    assert!(server.requests().is_empty(), "a paste never sends by itself");
    // The user's own Enter, on its own, does.
    a_hand_takes_its_time();
    session.type_text("!");
    session.wait_for_text("!");
    a_hand_takes_its_time();
    session.key(Key::Enter);
    session.wait_for_text("got it");
    wait_for_ends(&home, 1);
    let sent = server.requests()[0].messages().pop().unwrap().1;
    assert!(sent.starts_with("first line\nsecond line\nthird line!"), "{sent:?}");
    session.wait_for(is_at_rest);
    leave(&session, &home);
}

/// Keys that come closer together than a hand can press them are taken for a part of the paste, and rightly so.
fn a_hand_takes_its_time() {
    std::thread::sleep(std::time::Duration::from_millis(300));
}

#[test]
fn row_26_hostile_bytes_in_a_paste_are_shown_and_not_obeyed() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["ok"])]);
    let session = start(munshi(&home, &server));
    // The end of a paste within a paste, and what would run if the rest were taken for keys.
    session.paste("a\x1b]52;c;aGk=\x07b\u{202e}c\x00d");
    session.wait_for(|screen| screen.contains("<U+202E>") && screen.contains('\u{241b}'));
    assert!(session.clipboard().is_empty());
    session.key(Key::Ctrl('u'));
    session.wait_for(is_at_rest);
    assert!(server.requests().is_empty());
    leave(&session, &home);
}
