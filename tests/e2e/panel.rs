//! The panel of conversations.

use super::kit::{ask, is_empty, open, quit, reply, rows, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::{Screen, Session};
use super::support::server::Server;

/// Three conversations, the last one in front.
fn three(home: &Home, server: &Server) -> Session {
    let session = open(home, server);
    for question in ["Apples?", "Bananas?", "Cherries?"] {
        ask(&session, question, "Fruit.");
        submit(&session, "/new");
        session.wait_until_gone("Fruit.");
    }
    session
}

fn panel(session: &Session) -> Screen {
    session.key(Key::F(2));
    session.wait_for(|screen| screen.contains("Conversations") && screen.contains("2 messages"))
}

/// The titles in the panel, from above.
fn titles(screen: &Screen) -> Vec<&'static str> {
    let mut found: Vec<(usize, &'static str)> = ["Apples?", "Bananas?", "Cherries?", "Fruit salad"]
        .into_iter()
        .filter_map(|title| screen.row_of(title).map(|row| (row, title)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, title)| title).collect()
}

#[test]
fn the_panel_lists_by_recency_filters_and_opens() {
    let server = Server::replies([reply("Fruit.")]);
    let session = three(&Home::new(), &server);
    let screen = panel(&session);
    assert_eq!(titles(&screen), ["Cherries?", "Bananas?", "Apples?"], "{}", screen.text);
    session.type_text("anan");
    session.wait_for(|screen| titles(screen) == ["Bananas?"]);
    session.keys(std::iter::repeat_n(Key::Backspace, 4));
    session.wait_for(|screen| titles(screen).len() == 3);
    session.type_text("zzz");
    session.wait_for_text("No title matches.");
    session.key(Key::Esc);
    session.wait_for(|screen| titles(screen).len() == 3);
    session.keys([Key::Down, Key::Down, Key::Enter]);
    let screen = session.wait_for(|screen| screen.contains("Apples?") && screen.contains("Fruit."));
    assert!(!screen.contains("Conversations"));
    ask(&session, "More?", "Fruit.");
    assert_eq!(super::kit::said(&server, 3).len(), 3, "the opened conversation goes on");
    session.key(Key::Ctrl('b'));
    session.wait_for(|screen| screen.contains("Conversations") && screen.contains("4 messages"));
    session.key(Key::Ctrl('b'));
    session.wait_until_gone("Conversations");
}

#[test]
fn a_conversation_is_renamed_and_pinned() {
    let home = Home::new();
    let server = Server::replies([reply("Fruit.")]);
    let session = three(&home, &server);
    panel(&session);
    session.keys([Key::Down, Key::Down]);
    session.key(Key::Alt('r'));
    session.wait_for_text("Enter renames");
    session.key(Key::Ctrl('u'));
    session.type_text("Fruit salad");
    session.wait_for_text("Fruit salad");
    session.key(Key::Enter);
    session.wait_for(|screen| !screen.contains("Enter renames") && titles(screen).len() == 3);
    session.key(Key::Alt('p'));
    session.wait_for(|screen| screen.contains("★ Fruit salad") && titles(screen)[0] == "Fruit salad");
    session.key(Key::Esc);
    session.wait_for(is_empty);
    quit(&session);
    let kept = rows(&home, "SELECT title, pinned FROM conversations ORDER BY key", |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?))
    });
    assert_eq!(kept[0], ("Fruit salad".to_owned(), true));
}

#[test]
fn a_deleted_conversation_can_be_had_back() {
    let home = Home::new();
    let server = Server::replies([reply("Fruit.")]);
    let session = three(&home, &server);
    panel(&session);
    session.keys([Key::Down, Key::Delete]);
    let screen = session.wait_for_text("eleted “Bananas?”");
    assert_eq!(titles(&screen)[..2], ["Cherries?", "Apples?"]);
    assert!(screen.contains("Alt+Z"), "the key that is said is the key that works:\n{}", screen.text);
    session.key(Key::Alt('z'));
    session.wait_for(|screen| titles(screen) == ["Cherries?", "Bananas?", "Apples?"]);
    session.key(Key::Delete);
    session.wait_for_text("eleted “");
    session.key(Key::Esc);
    session.wait_for(is_empty);
    quit(&session);
    let listed = home.munshi().args(["chats", "list"]).command().output().unwrap();
    assert_eq!(String::from_utf8_lossy(&listed.stdout).lines().count(), 2);
}

#[test]
fn the_chat_in_front_can_be_deleted_and_leaves_an_empty_one() {
    let server = Server::replies([reply("Fruit.")]);
    let session = open(&Home::new(), &server);
    ask(&session, "Apples?", "Fruit.");
    panel(&session);
    session.key(Key::Delete);
    session.wait_for_text("eleted “Apples?”");
    session.key(Key::Esc);
    let screen = session.wait_for(is_empty);
    assert!(!screen.contains("Fruit."), "{}", screen.text);
    write(&session, "a new beginning");
}

#[test]
fn beside_a_wide_chat_the_panel_leaves_the_chat_in_sight() {
    let home = Home::new();
    let server = Server::replies([reply("Fruit.")]);
    let session = super::kit::begin(home.munshi().against(&server.base_url()).size(120, 40));
    ask(&session, "Apples?", "Fruit.");
    session.key(Key::F(2));
    let screen = session.wait_for(|screen| screen.contains("Conversations") && screen.contains("2 messages"));
    assert!(screen.contains("Fruit.") && screen.row(5).contains('│'), "{}", screen.text);
}

#[test]
fn the_panel_says_that_nothing_is_saved_yet() {
    let server = Server::replies([reply("Fruit.")]);
    let session = open(&Home::new(), &server);
    session.key(Key::F(2));
    session.wait_for_text("Nothing saved yet.");
    session.keys([Key::Enter, Key::Delete, Key::Alt('p'), Key::Alt('r'), Key::Alt('z')]);
    session.key(Key::Esc);
    session.wait_for(is_empty);
}
