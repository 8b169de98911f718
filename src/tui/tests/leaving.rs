//! Ctrl+C, Esc and the ways out.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::*;
use crate::tui::screens::welcome::Welcome;
use crate::tui::state::Overlay;

#[test]
fn ctrl_c_stops_the_reply_before_anything_else() {
    let mut play = Play::new();
    play.submit("Go");
    play.stream("half");
    play.type_text("a draft");
    play.press(ctrl('c'));
    assert!(!play.state.session().is_busy());
    assert_eq!(play.draft(), "a draft");
    assert!(!play.has_quit());
}

#[test]
fn ctrl_c_puts_the_draft_away_and_keeps_it_in_the_history() {
    let mut play = Play::new();
    play.type_text("a thought");
    play.press(ctrl('c'));
    assert_eq!(play.draft(), "");
    assert!(
        play.writes().iter().any(|write| matches!(write, Write::AddInputHistory { text, .. } if text == "a thought"))
    );
    play.press(KeyCode::Up);
    assert_eq!(play.draft(), "a thought");
}

#[test]
fn ctrl_c_twice_on_an_empty_draft_quits_and_once_only_says_so() {
    let mut play = Play::new();
    play.press(ctrl('c'));
    assert!(!play.has_quit() && play.screen().contains("Ctrl+C once more quits."));
    play.press(ctrl('c'));
    assert!(play.has_quit());
}

#[test]
fn two_presses_far_apart_or_with_something_between_do_not_quit() {
    let mut play = Play::new();
    play.press(ctrl('c'));
    play.pass(Duration::from_secs(3));
    play.press(ctrl('c'));
    assert!(!play.has_quit());
    play.type_text("x");
    play.press(KeyCode::Backspace);
    play.press(ctrl('c'));
    assert!(!play.has_quit());
}

#[test]
fn the_press_that_puts_a_draft_away_does_not_count_towards_quitting() {
    let mut play = Play::new();
    play.type_text("a thought");
    play.press(ctrl('c'));
    play.press(ctrl('c'));
    assert!(!play.has_quit());
    play.press(ctrl('c'));
    assert!(play.has_quit());
}

#[test]
fn ctrl_d_quits_on_an_empty_draft_alone() {
    let mut play = Play::new();
    play.type_text("x");
    play.press(ctrl('d'));
    assert!(!play.has_quit());
    play.press(KeyCode::Backspace);
    play.press(ctrl('d'));
    assert!(play.has_quit());
}

#[test]
fn esc_closes_what_is_on_top_before_it_stops_the_reply() {
    let mut play = Play::new();
    play.submit("Go");
    play.stream("half");
    play.press(KeyCode::F(1));
    assert!(play.state.overlay.is_some());
    play.press(KeyCode::Esc);
    assert!(play.state.overlay.is_none() && play.state.session().is_busy());
    play.press(KeyCode::Esc);
    assert!(!play.state.session().is_busy());
    play.press(KeyCode::Esc);
    assert!(!play.has_quit(), "Esc never quits");
}

#[test]
fn esc_gives_back_what_was_queued_before_what_is_being_written() {
    let mut play = Play::new();
    play.submit("First");
    play.stream("half");
    play.submit("Second");
    play.submit("Third");
    play.type_text("fourth");
    play.press(KeyCode::Esc);
    assert_eq!(play.draft(), "Second\n\nThird\n\nfourth");
    assert_eq!(play.state.session().queued().len(), 0);
    assert_eq!(play.started, 1);
}

#[test]
fn a_queued_message_goes_out_when_the_reply_is_whole() {
    let mut play = Play::new();
    play.submit("First");
    play.stream("One.");
    play.submit("Second");
    assert_eq!(play.started, 1);
    play.finish();
    assert_eq!((play.started, play.state.session().queued().len()), (2, 0));
}

#[test]
fn what_was_queued_in_a_chat_behind_goes_back_to_its_own_box() {
    let mut play = Play::new();
    play.submit("First");
    play.stream("half");
    play.submit("Queued behind");
    let behind = play.state.current;
    play.press(ctrl('n'));
    play.type_text("in front");
    play.fail(Failure::new(crate::chat::FailureKind::Cut, "gone"));
    assert_eq!(play.draft(), "in front");
    let listed = vec![summary(behind.0.as_u128(), "First")];
    play.press(KeyCode::F(2));
    play.listed(listed);
    play.press(KeyCode::Enter);
    assert_eq!((play.state.current, play.draft().as_str()), (behind, "Queued behind"));
}

#[test]
fn the_systems_wish_to_end_is_followed_at_once() {
    let mut play = Play::new();
    play.submit("Go");
    play.stream("half");
    play.press(KeyCode::F(1));
    play.tell(Happened::Terminated);
    assert!(play.has_quit());
}

#[test]
fn ctrl_d_quits_from_help_and_from_the_first_screen_and_deletes_in_the_panel() {
    let mut play = Play::new();
    play.press(KeyCode::F(1));
    play.press(ctrl('d'));
    assert!(play.has_quit());
    let mut play = Play::new();
    play.state.overlay = Some(Overlay::Welcome(Welcome::new("openai".into())));
    play.press(ctrl('d'));
    assert!(play.has_quit());
    let mut play = Play::new();
    play.press(KeyCode::F(2));
    play.listed(vec![summary(900, "Goes")]);
    play.press(ctrl('d'));
    assert!(!play.has_quit() && play.writes().contains(&&Write::DeleteConversation(chat_id(900))));
}

#[test]
fn a_continued_conversation_takes_along_what_was_typed_while_it_was_read() {
    let mut play = Play::new();
    (play.state.continues, play.state.carries) = (true, true);
    play.store(StoreEvent::Answer(Answer::Latest(Some(chat_id(900)))));
    play.type_text("typed too soon");
    play.load(900, "kept draft");
    assert_eq!((play.state.current, play.draft().as_str()), (chat_id(900), "kept draft\n\ntyped too soon"));
    let mut play = Play::new();
    (play.state.continues, play.state.carries) = (true, true);
    play.store(StoreEvent::Answer(Answer::Latest(Some(chat_id(900)))));
    play.load(900, "kept draft");
    assert_eq!(play.draft(), "kept draft");
    assert_eq!(play.state.chats.len(), 1, "the empty chat that was there at first is gone");
}

#[test]
fn what_is_sent_before_the_continued_conversation_is_read_goes_into_it() {
    let mut play = Play::new();
    (play.state.continues, play.state.carries) = (true, true);
    play.submit("sent too soon");
    assert_eq!((play.started, play.draft().as_str()), (0, "sent too soon"), "it waits in the box");
    play.store(StoreEvent::Answer(Answer::Latest(Some(chat_id(900)))));
    play.load(900, "kept draft");
    assert_eq!((play.state.current, play.started, play.draft().as_str()), (chat_id(900), 1, "kept draft"));
    let last = play.state.session().conversation().path().rfind(|message| message.role == Role::User);
    assert_eq!(last.unwrap().content, "sent too soon");

    let mut play = Play::new();
    (play.state.continues, play.state.carries) = (true, true);
    play.submit("the very first");
    play.store(StoreEvent::Answer(Answer::Latest(None)));
    assert_eq!((play.started, play.draft().as_str()), (1, ""), "with nothing to continue it goes out as it is");
}
