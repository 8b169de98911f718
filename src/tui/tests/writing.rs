//! Drafts: when they are saved, what is sent and what is not.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::*;

fn saved_drafts(play: &Play) -> Vec<(Option<ConversationId>, String)> {
    let drafts = play.writes().into_iter().filter_map(|write| match write {
        Write::PutDraft { conversation, text } => Some((*conversation, text.clone())),
        _ => None,
    });
    drafts.collect()
}

#[test]
fn a_draft_is_saved_a_moment_after_it_changed_and_once() {
    let mut play = Play::new();
    play.type_text("hal");
    assert!(saved_drafts(&play).is_empty(), "not with every key");
    play.pass(Duration::from_millis(300));
    play.type_text("f");
    play.pass(Duration::from_secs(2));
    assert_eq!(saved_drafts(&play), [(None, "half".to_owned())]);
    play.pass(Duration::from_mins(1));
    assert_eq!(saved_drafts(&play).len(), 1);
}

#[test]
fn one_who_types_without_a_pause_is_saved_too() {
    let mut play = Play::new();
    for _ in 0..20 {
        play.type_text("x");
        play.pass(Duration::from_millis(100));
    }
    assert!(saved_drafts(&play).len() >= 2, "{:?}", saved_drafts(&play));
}

#[test]
fn a_draft_that_is_sent_is_no_draft_any_more() {
    let mut play = Play::new();
    play.type_text("a question");
    play.pass(Duration::from_secs(1));
    play.press(KeyCode::Enter);
    assert_eq!(saved_drafts(&play).last(), Some(&(None, String::new())));
    play.pass(Duration::from_secs(5));
    assert_eq!(saved_drafts(&play).len(), 2);
}

#[test]
fn each_chat_keeps_its_own_draft() {
    let mut play = Play::new();
    play.turn("First", "One.");
    let first = play.state.current;
    play.type_text("of the first");
    play.press(ctrl('n'));
    assert_eq!(play.draft(), "");
    assert_eq!(saved_drafts(&play).last(), Some(&(Some(first), "of the first".to_owned())));
    play.type_text("of the new one");
    play.pass(Duration::from_secs(1));
    assert_eq!(saved_drafts(&play).last(), Some(&(None, "of the new one".to_owned())));
}

#[test]
fn a_draft_from_the_store_never_pushes_aside_what_was_typed_meanwhile() {
    let mut play = Play::new();
    play.type_text("typed first");
    let answer = Answer::Draft { conversation: None, text: "from yesterday".into() };
    play.store(StoreEvent::Answer(answer));
    assert_eq!(play.draft(), "typed first");
    let mut play = Play::new();
    let answer = Answer::Draft { conversation: None, text: "from yesterday".into() };
    play.store(StoreEvent::Answer(answer));
    assert_eq!(play.draft(), "from yesterday");
    assert_eq!(next_tick(&play.state), None, "it is saved already");
}

#[test]
fn blank_input_is_not_sent() {
    let mut play = Play::new();
    for blank in ["", "   ", "\u{a0}"] {
        play.submit(blank);
    }
    assert_eq!(play.started, 0);
}

#[test]
fn what_is_too_long_is_refused_with_its_size_and_stays() {
    let mut play = Play::sized(120, 24);
    play.state.preferences.max_input_chars = 9;
    play.submit("ten letter");
    assert_eq!((play.started, play.draft().as_str()), (0, "ten letter"));
    assert!(play.screen().contains("Not sent: 10 characters, and the limit is 9"), "{}", play.screen());
    play.press(KeyCode::Backspace);
    play.press(KeyCode::Enter);
    assert_eq!(play.started, 1, "exactly the limit may be sent");
}

#[test]
fn without_a_key_it_is_asked_for_and_the_message_stays() {
    let mut play = Play::new();
    play.state.preferences.ready.clear();
    play.submit("Hello");
    assert_eq!((play.started, play.draft().as_str()), (0, "Hello"));
    assert!(play.screen().contains("The key for openai"), "{}", play.screen());
}

#[test]
fn sending_shows_the_end_even_to_one_who_reads_further_up() {
    let mut play = Play::sized(80, 12);
    play.turn("Long?", &"A line of many.\n\n".repeat(50));
    play.press(KeyEvent::new(KeyCode::Home, KeyModifiers::CONTROL));
    assert!(play.screen().contains("Long?"));
    play.stream("ignored, since nothing streams");
    assert!(play.screen().contains("Long?"), "one who reads is left where he is");
    play.turn("Now?", "Now.");
    assert!(play.screen().contains("Now."), "{}", play.screen());
}

#[test]
fn a_paste_is_never_a_command_and_never_sends() {
    let mut play = Play::new();
    play.tell(Happened::Input(Input::Paste("/quit\nquit\n".into())));
    assert!(!play.has_quit());
    assert_eq!(play.draft().trim_end(), "/quit\nquit");
}

#[test]
fn a_tab_completes_a_command_and_goes_on_to_the_next() {
    let mut play = Play::new();
    play.type_text("/te");
    play.press(KeyCode::Tab);
    assert_eq!(play.draft(), "/temperature ");
}
