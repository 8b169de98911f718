//! Pastes: short, long, and too long; with brackets and without.

use super::kit::{begin, draft, enter, is_empty, open, reply, said, turns, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::server::Server;

#[test]
fn a_paste_of_several_lines_stands_in_the_box_and_sends_nothing() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    session.paste("first line\r\nsecond line\rthird line\n");
    session.wait_for(|screen| draft(screen).trim_end() == "first line\nsecond line\nthird line");
    assert!(server.requests().is_empty());
}

#[test]
fn row_26_a_paste_without_brackets_sends_nothing_by_itself() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    session.type_text("rm -rf\nsecond\nthird\n");
    session.wait_for(|screen| draft(screen).trim_end() == "rm -rf\nsecond\nthird");
    assert!(server.requests().is_empty());
}

#[test]
fn row_26_a_long_paste_becomes_an_attachment_and_is_sent_whole() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    let long = (0..2_500).map(|n| format!("row {n:05}\n")).collect::<Vec<_>>().concat();
    write(&session, "Sum this: ");
    session.paste(&long);
    let screen = session.wait_for(|screen| draft(screen).contains("[pasted text 1: 25,000 characters, 2,500 lines]"));
    assert!(!screen.contains("row 00001"));
    enter(&session);
    assert_eq!(said(&server, 0)[0].1.trim_end(), format!("Sum this: {}", long.trim_end()));
    session.key(Key::Up);
    session.wait_for(|screen| draft(screen).contains("[pasted text 1: 25,000 characters"));
}

#[test]
fn row_26_backspace_takes_an_attachment_away_as_one() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    session.paste(&"x".repeat(30_000));
    session.wait_for(|screen| draft(screen).contains("[pasted text 1: 30,000 characters, 1 line]"));
    session.key(Key::Backspace);
    session.wait_for(is_empty);
    write(&session, "nothing attached");
    enter(&session);
    assert_eq!(said(&server, 0), turns(&["nothing attached"]));
}

#[test]
fn an_input_over_the_limit_is_refused_with_its_size_and_stays_in_the_box() {
    let server = Server::replies([reply("ok")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).size(120, 24));
    session.paste(&"é".repeat(100_001));
    session.wait_for(|screen| draft(screen).contains("[pasted text 1: 100,001 characters"));
    session.key(Key::Enter);
    let screen = session.wait_for_text("Not sent: 100001 characters, and the limit is 100000");
    assert!(draft(&screen).contains("[pasted text 1: 100,001 characters"));
    assert!(server.requests().is_empty());
    session.key(Key::Backspace);
    session.wait_for(is_empty);
    write(&session, "shorter");
    enter(&session);
    assert_eq!(said(&server, 0), turns(&["shorter"]));
}

#[test]
fn the_limit_is_the_users_to_set() {
    let home = Home::new();
    home.write_config("[limits]\nmax_input_chars = 20\n");
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    write(&session, "exactly 20 letters..");
    enter(&session);
    assert_eq!(said(&server, 0), turns(&["exactly 20 letters.."]));
    session.wait_for_text("ok");
    write(&session, "exactly 21 letters...");
    session.key(Key::Enter);
    let screen = session.wait_for_text("Not sent: 21 characters, and the limit is 20");
    assert_eq!(draft(&screen), "exactly 21 letters...");
    assert_eq!(server.requests().len(), 1);
}
