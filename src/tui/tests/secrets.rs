//! Keys never enter the history, a draft or the screen.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::*;

const SECRET: &str = "sk-secret-0123456789";

/// Whether the secret is anywhere but in the box that it was typed into.
fn leaks(play: &mut Play) -> bool {
    let written = format!("{:?}", play.writes());
    let mut is_back = false;
    for _ in 0..3 {
        play.press(KeyCode::Up);
        is_back |= play.draft().contains("secret");
    }
    written.contains("secret") || is_back || play.screen().contains("secret")
}

#[test]
fn a_key_behind_the_command_is_neither_kept_nor_said_back() {
    for line in [format!("/key {SECRET}"), format!("  /key openai {SECRET}"), format!("/key\t{SECRET}")] {
        let mut play = Play::new();
        play.tell(Happened::Input(Input::Paste(line.clone())));
        play.pass(Duration::from_secs(5));
        play.press(KeyCode::Enter);
        play.pass(Duration::from_secs(5));
        assert_eq!(play.started, 0, "{line}");
        assert!(!leaks(&mut play), "{line}");
    }
}

#[test]
fn a_key_that_is_put_away_is_thrown_away() {
    for line in [format!("/key {SECRET}"), format!(" /key {SECRET}")] {
        let mut play = Play::new();
        play.type_text(&line);
        play.press(ctrl('c'));
        play.pass(Duration::from_secs(5));
        assert!(!leaks(&mut play), "{line}");
    }
}

#[test]
fn a_key_left_in_the_box_is_not_saved_when_the_chat_is_changed() {
    let mut play = Play::new();
    play.turn("First", "One.");
    play.type_text(&format!("/key {SECRET}"));
    play.press(ctrl('n'));
    play.pass(Duration::from_secs(5));
    assert!(!leaks(&mut play));
}

#[test]
fn a_key_is_hidden_as_it_is_entered_and_handed_to_its_keeper_alone() {
    let mut play = Play::new();
    play.submit("/key");
    play.tell(Happened::Input(Input::Paste(format!("{SECRET}\n"))));
    assert!(play.screen().contains("•••••••") && !play.screen().contains("secret"), "{}", play.screen());
    let effects = format!("{:?}", play.press(KeyCode::Enter));
    assert_eq!(effects, "[SaveKey { provider: \"openai\", key: SecretBox<str>([REDACTED]) }]");
    assert!(!format!("{:?}", play.writes()).contains("secret"));
}
