//! Slash commands that say something, and the ways out.

use super::kit::{AT_REST, ask, begin, dear, draft, is_empty, open, reply, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::sse_reply;
use super::support::server::Server;

#[test]
fn every_way_out_ends_well() {
    let server = Server::replies([reply("ok")]);
    let ways: [&[Key]; 2] = [&[Key::Ctrl('d')], &[Key::Ctrl('c'), Key::Ctrl('c')]];
    for way in ways {
        let session = open(&Home::new(), &server);
        session.keys(way.iter().cloned());
        assert!(session.wait_exit().success(), "{way:?}");
        assert!(!session.screen().alternate);
    }
    for word in ["/quit", "/exit", "quit", "exit"] {
        let session = open(&Home::new(), &server);
        write(&session, word);
        session.key(Key::Enter);
        assert!(session.wait_exit().success(), "{word}");
    }
    assert!(server.requests().is_empty(), "the words are no messages");
}

#[test]
fn ctrl_c_once_only_says_what_a_second_one_does() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    session.key(Key::Ctrl('c'));
    session.wait_for_text("Ctrl+C once more quits.");
    write(&session, "a change of mind");
    session.key(Key::Ctrl('c'));
    session.wait_for_text("put away");
    assert!(session.exit().is_none());
}

#[test]
fn ctrl_d_deletes_where_there_is_something() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    write(&session, "xyz");
    session.keys([Key::Ctrl('a'), Key::Ctrl('d')]);
    session.wait_for(|screen| draft(screen) == "yz");
}

#[test]
fn an_unknown_command_names_the_nearest_and_stays_in_the_box() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    write(&session, "/modle");
    session.key(Key::Enter);
    let screen = session.wait_for_text("There is no command /modle. Did you mean /model?");
    assert_eq!(draft(&screen), "/modle");
    assert!(server.requests().is_empty());
}

#[test]
fn a_path_is_a_message_and_no_command() {
    let server = Server::replies([reply("A file.")]);
    let session = open(&Home::new(), &server);
    ask(&session, "/etc/hosts is what?", "A file.");
    assert_eq!(super::kit::said(&server, 0)[0].1, "/etc/hosts is what?");
}

#[test]
fn clear_begins_anew_and_keeps_the_old_conversation() {
    let home = Home::new();
    let server = Server::replies([reply("Old words."), reply("New words.")]);
    let session = open(&home, &server);
    ask(&session, "One", "Old words.");
    write(&session, "clear");
    session.key(Key::Enter);
    session.wait_for(|screen| is_empty(screen) && !screen.contains("Old words."));
    ask(&session, "Two", "New words.");
    assert_eq!(super::kit::said(&server, 1).len(), 1, "the new chat begins without the old one");
    session.key(Key::F(2));
    session.wait_for(|screen| screen.contains("One") && screen.contains("2 messages"));
}

#[test]
fn help_shows_every_command_and_scrolls() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    session.key(Key::F(1));
    let top = session.wait_for_text("munshi · help");
    assert!(top.contains("Sends the draft.") && !top.contains("/status"), "{}", top.text);
    session.keys([Key::Down, Key::Down]);
    session.wait_until_gone("Sends the draft.");
    session.key(Key::Up);
    session.wait_for_text("Sends the draft.");
    session.key(Key::PageDown);
    session.wait_until_gone("Sends the draft.");
    session.key(Key::End);
    let end = session.wait_for_text("/quit /exit");
    for command in ["/export", "/cost", "/status", "/key [PROVIDER]", "/theme", "/mouse"] {
        assert!(end.contains(command), "{command}:\n{}", end.text);
    }
    session.key(Key::Esc);
    session.wait_for(is_empty);
    submit_and_see(&session, "/help", "munshi · help");
    session.key(Key::F(1));
    session.wait_for(is_empty);
}

#[track_caller]
fn submit_and_see(session: &super::support::pty::Session, command: &str, text: &str) {
    write(session, command);
    session.key(Key::Enter);
    session.wait_for_text(text);
}

#[test]
fn status_tells_model_settings_limits_and_places() {
    let home = Home::new();
    let limited = sse_reply(&["Plenty."])
        .header("x-ratelimit-limit-requests", "500")
        .header("x-ratelimit-remaining-requests", "20");
    let server = Server::replies([limited]);
    let session = begin(home.munshi().against(&server.base_url()).size(120, 40));
    let screen = ask(&session, "How much is left?", "Plenty.");
    assert!(screen.contains("4% of the rate limit left"), "{}", screen.text);
    submit(&session, "/status");
    let screen = session.wait_for_text("requests left");
    assert!(screen.contains("20 of 500") && screen.contains("gpt-4o-mini"), "{}", screen.text);
    let database = home.data_dir().join("munshi.db").display().to_string();
    assert!(screen.contains("temperature") && screen.contains(&database), "{}", screen.text);
}

#[test]
fn cost_shows_the_sums_of_this_chat_of_today_and_of_the_month() {
    let server = Server::replies([dear("Dear.")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).size(120, 40));
    ask(&session, "What?", "Dear.");
    session.wait_for_text("chat ₹38.25");
    submit_and_see(&session, "/cost", "This chat ₹38.25 · today ₹38.25 · this month ₹38.25");
    session.wait_for_text("a dollar is ₹85.");
    session.key(Key::Esc);
    session.wait_for(is_empty);
    session.key(Key::F(4));
    session.wait_for_text("munshi · costs");
    session.key(Key::F(4));
    session.wait_for(is_empty);
}

#[test]
fn the_mouse_is_given_back_to_the_terminal_and_taken_again() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    submit(&session, "/mouse off");
    session.wait_for(|screen| !screen.mouse);
    submit(&session, "/mouse");
    session.wait_for(|screen| screen.mouse);
    let without = begin(Home::new().munshi().against(&server.base_url()).arg("--no-mouse"));
    assert!(!without.screen().mouse);
}

#[test]
fn a_click_places_the_cursor_and_a_drag_copies() {
    let server = Server::replies([reply("copy these words")]);
    let session = open(&Home::new(), &server);
    ask(&session, "What?", "copy these words");
    write(&session, "abcdef");
    let screen = session.screen();
    let row = screen.row_of("abcdef").unwrap() as u16;
    session.key(Key::Click(3, row));
    session.wait_for(|screen| screen.cursor == (row, 3));
    session.type_text("X");
    session.wait_for(|screen| draft(screen) == "abXcdef");
    let screen = session.screen();
    let row = screen.row_of("copy these words").unwrap();
    let left = screen.row(row).find("copy").unwrap() + 1;
    let (right, row) = (left + 9, row + 1);
    session.send(format!("\x1b[<0;{left};{row}M\x1b[<32;{right};{row}M\x1b[<0;{right};{row}m").as_bytes());
    session.wait_for(|screen| screen.contains("clipboard") || screen.contains("Copied"));
    assert_eq!(session.clipboard(), ["copy these"]);
}

#[test]
fn a_wrong_argument_is_answered_with_what_would_be_right() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    submit(&session, "/temperature hot");
    session.wait_for_text("/temperature takes a number from 0 to 2, or none; not “hot”.");
    submit(&session, "/max-tokens -4");
    session.wait_for_text("/max-tokens takes a whole number above 0, or none; not “-4”.");
    submit(&session, "/theme neon");
    session.wait_for_text("There is no theme “neon”.");
    submit(&session, "/key sk-oops");
    session.wait_for(|screen| screen.contains("not the key") && screen.contains(AT_REST));
    submit(&session, "/export");
    session.wait_for_text("There is nothing to export yet.");
    submit(&session, "/retry");
    session.wait_for_text("There is no question to answer again yet.");
}
