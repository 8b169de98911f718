//! Completing commands, and what a conversation without a message says.

use crossterm::event::KeyCode;

use super::Play;

#[test]
fn up_and_down_choose_among_the_commands_that_fit_and_tab_takes_the_chosen_one() {
    let mut play = Play::new();
    play.type_text("/m");
    play.press(KeyCode::Down);
    play.press(KeyCode::Tab);
    assert_eq!(play.draft(), "/max-tokens ");
}

#[test]
fn the_choice_stays_within_what_fits_and_begins_anew_with_the_next_letter() {
    let mut play = Play::new();
    play.type_text("/m");
    for _ in 0..20 {
        play.press(KeyCode::Down);
    }
    for _ in 0..40 {
        play.press(KeyCode::Up);
    }
    play.press(KeyCode::Down);
    play.type_text("o");
    play.press(KeyCode::Tab);
    assert_eq!(play.draft(), "/model ");
}

#[test]
fn with_nothing_to_choose_up_brings_back_an_earlier_draft() {
    let mut play = Play::new();
    play.turn("First", "Answer.");
    play.type_text("/cost");
    play.press(KeyCode::Up);
    assert_eq!(play.draft(), "First");
}

#[test]
fn enter_on_a_command_half_typed_completes_it_and_runs_nothing() {
    let mut play = Play::new();
    play.submit("/he");
    assert_eq!(play.draft(), "/help");
    assert!(!play.screen().contains("munshi · help"));
    play.press(KeyCode::Enter);
    assert!(play.screen().contains("munshi · help"), "{}", play.screen());
}

#[test]
fn a_long_list_of_commands_shows_the_chosen_one() {
    let mut play = Play::sized(80, 24);
    play.type_text("/");
    for _ in 0..30 {
        play.press(KeyCode::Down);
    }
    assert!(play.screen().contains("/quit"), "{}", play.screen());
}

#[test]
fn a_conversation_without_a_message_says_how_to_begin_until_the_first_one() {
    let mut play = Play::new();
    assert!(play.screen().contains("Write below. Enter sends"), "{}", play.screen());
    play.turn("Hello", "Good morning.");
    assert!(!play.screen().contains("Write below"), "{}", play.screen());
}

#[test]
fn the_bar_keeps_the_model_and_the_chats_cost_where_columns_are_few() {
    let mut play = Play::sized(40, 12);
    let bar = play.screen().lines().nth(11).unwrap_or_default().to_owned();
    assert!(bar.contains("gpt-4o-mini") && bar.contains("chat ₹0.00"), "{bar}");
}

#[test]
fn help_names_the_keys_that_the_user_chose() {
    let mut play = Play::sized(100, 60);
    let chosen = [("send".to_owned(), vec!["ctrl+s".to_owned()])];
    play.state.keymap = crate::tui::keymap::Keymap::with_overrides(&chosen.into_iter().collect()).unwrap();
    play.press(KeyCode::F(1));
    let screen = play.screen();
    assert!(screen.contains("Ctrl+S") && screen.contains("Sends the draft."), "{screen}");
}
