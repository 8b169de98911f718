//! The input box: lines, history, undo, shell keys, the editor.

use super::kit::{ask, begin, draft, enter, is_empty, open, reply, said, script, submit, turns, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::server::Server;

#[test]
fn three_ways_begin_a_new_line_and_enter_sends_them_all() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    write(&session, "one");
    session.key(Key::AltEnter);
    write(&session, "two");
    session.key(Key::Ctrl('j'));
    write(&session, "three\\");
    session.key(Key::Enter);
    session.wait_for(|screen| draft(screen).trim_end() == "one\ntwo\nthree");
    write(&session, "four");
    session.wait_for(|screen| draft(screen) == "one\ntwo\nthree\nfour");
    assert!(server.requests().is_empty());
    enter(&session);
    assert_eq!(said(&server, 0), turns(&["one\ntwo\nthree\nfour"]));
}

#[test]
fn up_and_down_go_through_what_was_sent_and_come_back_to_the_draft() {
    let home = Home::new();
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    ask(&session, "first question", "ok");
    ask(&session, "second question", "ok");
    write(&session, "unfinished");
    session.key(Key::Up);
    session.wait_for(|screen| draft(screen) == "second question");
    session.key(Key::Up);
    session.wait_for(|screen| draft(screen) == "first question");
    session.key(Key::Up);
    session.key(Key::Down);
    session.wait_for(|screen| draft(screen) == "second question");
    session.key(Key::Down);
    session.wait_for(|screen| draft(screen) == "unfinished");
    session.keys([Key::Ctrl('u'), Key::Ctrl('d')]);
    session.wait_exit();
    let later = open(&home, &server);
    later.wait_for(|screen| screen.contains("today ₹0.0") && !screen.contains("today ₹0.00 "));
    later.key(Key::Up);
    later.wait_for(|screen| draft(screen) == "second question");
}

#[test]
fn ctrl_c_puts_the_draft_away_and_up_brings_it_back() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    write(&session, "a precious thought");
    session.key(Key::Ctrl('c'));
    session.wait_for(is_empty);
    session.wait_for_text("put away");
    session.key(Key::Up);
    session.wait_for(|screen| draft(screen) == "a precious thought");
}

#[test]
fn what_was_deleted_comes_back_with_undo_and_goes_again_with_redo() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    write(&session, "keep this");
    session.key(Key::Ctrl('w'));
    session.wait_for(|screen| draft(screen).trim_end() == "keep");
    session.key(Key::Ctrl('u'));
    session.wait_for(is_empty);
    session.key(Key::Alt('z'));
    session.wait_for(|screen| draft(screen).trim_end() == "keep");
    session.key(Key::Alt('z'));
    session.wait_for(|screen| draft(screen) == "keep this");
    session.key(Key::Alt('Z'));
    session.wait_for(|screen| draft(screen).trim_end() == "keep");
}

#[test]
fn the_keys_of_a_shell_move_and_delete() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    write(&session, "beta gamma");
    session.key(Key::Ctrl('a'));
    session.type_text("alpha ");
    session.wait_for(|screen| draft(screen) == "alpha beta gamma");
    session.key(Key::Ctrl('e'));
    session.key(Key::Alt('b'));
    session.key(Key::Ctrl('k'));
    session.wait_for(|screen| draft(screen).trim_end() == "alpha beta");
    session.keys([Key::CtrlLeft, Key::Left]);
    session.key(Key::Alt('d'));
    session.wait_for(|screen| draft(screen).trim_end() == "alpha");
    session.keys([Key::Ctrl('a'), Key::Delete]);
    session.wait_for(|screen| draft(screen).trim_end() == "lpha");
}

#[test]
fn row_27_backspace_takes_whole_letters_of_any_script() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    session.type_text("aक्षि👨‍👩‍👧b");
    session.wait_for(|screen| draft(screen).starts_with('a') && draft(screen).ends_with('b'));
    session.keys([Key::Backspace, Key::Backspace, Key::Backspace]);
    session.wait_for(|screen| draft(screen) == "a");
    write(&session, "bc");
    enter(&session);
    assert_eq!(said(&server, 0), turns(&["abc"]));
}

#[test]
fn hindi_reaches_the_wire_letter_by_letter_as_it_was_typed() {
    let server = Server::replies([reply("नमस्ते, मैं ठीक हूँ।")]);
    let session = open(&Home::new(), &server);
    session.type_text("आप कैसे हैं?");
    session.wait_for(|screen| draft(screen).contains('?'));
    enter(&session);
    session.wait_for_text("ठीक");
    assert_eq!(said(&server, 0), turns(&["आप कैसे हैं?"]));
}

#[test]
fn the_box_grows_to_a_third_of_the_screen_and_no_further() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    for line in 0..20 {
        session.type_text(&format!("line {line}"));
        session.key(Key::Ctrl('j'));
    }
    let screen = session.wait_for(|screen| draft(screen).contains("line 19"));
    assert_eq!(super::kit::box_rows(&screen).len(), 8, "{}", screen.text);
    assert!(!draft(&screen).contains("line 1\n"));
}

#[test]
fn the_users_own_editor_writes_the_draft() {
    let home = Home::new();
    let editor = script(&home, "printf '%s and more\\n' \"$(cat \"$1\")\" > \"$1.new\" && mv \"$1.new\" \"$1\"");
    let server = Server::replies([reply("ok")]);
    let session = begin(home.munshi().against(&server.base_url()).env("VISUAL", &editor));
    write(&session, "a beginning");
    session.key(Key::Ctrl('g'));
    session.wait_for(|screen| draft(screen) == "a beginning and more");
    write(&session, "!");
    enter(&session);
    assert_eq!(said(&server, 0), turns(&["a beginning and more!"]));
}

#[test]
fn an_editor_that_cannot_be_started_costs_nothing() {
    let server = Server::replies([reply("ok")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).env("VISUAL", "no-such-editor"));
    write(&session, "my words");
    session.key(Key::Ctrl('g'));
    let screen = session.wait_for_text("could not be started");
    assert_eq!(draft(&screen), "my words");
}

#[test]
fn commands_complete_as_they_are_typed() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    write(&session, "/te");
    session.wait_for_text("Set how freely this chat's model chooses its words");
    session.key(Key::Tab);
    session.wait_for(|screen| draft(screen).trim_end() == "/temperature");
    write(&session, "0.3");
    enter(&session);
    session.wait_for_text("The temperature of this chat is 0.3.");
    submit(&session, "//temperature is no command");
    assert_eq!(said(&server, 0), turns(&["/temperature is no command"]));
}
