//! When the clock is looked at: while something moves, and never at rest.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::*;
use crate::chat::FailureKind;

const HOUR: Duration = Duration::from_hours(1);

#[test]
fn at_rest_nothing_ticks() {
    let mut play = Play::new();
    assert_eq!(next_tick(&play.state), None);
    play.turn("Question", "Answer.");
    play.pass(Duration::from_secs(5));
    assert_eq!(next_tick(&play.state), None);
    play.type_text("a draft");
    assert_eq!(play.pass(HOUR), 1, "once, to save it");
    assert_eq!(next_tick(&play.state), None);
    play.press(KeyCode::F(1));
    assert_eq!(next_tick(&play.state), None);
    play.press(KeyCode::Esc);
    play.press(KeyCode::F(2));
    play.listed(vec![summary(900, "One")]);
    assert_eq!(next_tick(&play.state), None);
    play.press(KeyCode::Esc);
    play.press_and_tell(KeyCode::F(4));
    assert_eq!(next_tick(&play.state), None);
}

#[test]
fn a_word_in_the_status_bar_goes_by_itself() {
    let mut play = Play::new();
    play.submit("/title Taxes");
    assert!(play.screen().contains("Renamed to “Taxes”."));
    assert!(play.pass(HOUR) <= 2);
    assert!(!play.screen().contains("Renamed"), "{}", play.screen());
    assert_eq!(next_tick(&play.state), None);
}

#[test]
fn a_countdown_ticks_once_a_second_and_is_never_behind() {
    let mut play = Play::new();
    play.submit("Anyone?");
    let wait = Duration::from_secs(30);
    let failure =
        Failure { status: Some(429), retry_after: Some(wait), ..Failure::new(FailureKind::RateLimited, "slow down") };
    play.fail(failure);
    // The picture changes a millisecond after the second is full.
    play.pass(Duration::from_millis(2));
    for left in (25..=30).rev() {
        assert!(play.screen().contains(&format!("in {left} s")), "{left}:\n{}", play.screen());
        let ticks = play.pass(Duration::from_secs(1));
        assert!(ticks <= 2, "{ticks} ticks in a second");
    }
    play.press(KeyCode::Esc);
    play.pass(Duration::from_secs(5));
    assert_eq!(next_tick(&play.state), None);
}

#[test]
fn a_wait_for_the_first_token_counts_up_once_it_is_long() {
    let mut play = Play::sized(120, 24);
    play.submit("Anyone?");
    play.opened();
    assert!(play.screen().contains("waiting"), "{}", play.screen());
    play.pass(Duration::from_secs(10));
    assert!(play.screen().contains("waiting 10 s, gives up in 50 s"), "{}", play.screen());
}

#[test]
fn a_stream_ticks_only_once_it_stalls() {
    let mut play = Play::new();
    play.submit("Go");
    play.stream("One");
    assert_eq!(play.pass(Duration::from_secs(4)), 0);
    play.stream(" two");
    assert_eq!(play.pass(Duration::from_secs(4)), 0);
    assert!(!play.screen().contains("stalled"));
    assert!(play.pass(Duration::from_secs(4)) >= 3);
    assert!(play.screen().contains("stalled"), "{}", play.screen());
    play.stream(" three");
    assert!(!play.screen().contains("stalled"));
}

#[test]
fn a_chat_that_waits_behind_another_does_not_wake_the_screen() {
    let mut play = Play::new();
    play.submit("Slow");
    play.opened();
    play.press(ctrl('n'));
    play.pass(Duration::from_secs(5));
    assert_eq!(next_tick(&play.state), None);
    assert!(play.screen().contains("1 more streaming"), "{}", play.screen());
}
