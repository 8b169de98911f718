//! Budgets as a user sets, uses and passes them.

use super::money::bar;
use super::*;
use crate::chat::{Cap, Local};

#[test]
fn a_budget_is_set_at_once_everywhere_and_written_down() {
    let mut play = Play::new();
    let effects = format!("{:?}", play.submit("/budget day ₹1,000.50"));
    assert!(effects.contains(r#"SaveSetting { path: "budget.day", value: Some("1000.50") }"#), "{effects}");
    let cap = Some(Local::from_micro(1_000_500_000));
    assert_eq!(play.state.session().settings().budgets.day, cap);
    play.turn("Why?", "So.");
    play.press(ctrl('n'));
    assert_eq!(play.state.session().settings().budgets.day, cap, "a chat that is opened later has it");
    let effects = format!("{:?}", play.submit("/budget day none"));
    assert!(effects.contains(r#"SaveSetting { path: "budget.day", value: None }"#), "{effects}");
    for chat in play.state.chats.values() {
        assert_eq!(chat.session.settings().budgets.day, None);
    }
}

#[test]
fn budgets_alone_are_shown_with_what_is_used_and_a_wrong_call_says_how() {
    let mut play = Play::sized(100, 40);
    play.spent(Scope::Month(Stamp::fixed(play.now).day), 4_150);
    play.submit("/budget month 200");
    play.submit("/budget");
    let screen = play.screen();
    assert!(screen.contains("₹200") && screen.contains("₹41.50") && screen.contains("20%"), "{screen}");
    for wrong in ["/budget year 5", "/budget day", "/budget day lots", "/budget day 0", "/budget day 5 6"] {
        let effects = play.submit(wrong).len();
        assert!(play.screen().contains("an amount above 0, or none"), "{wrong}: {}", play.screen());
        assert!(effects <= 1, "{wrong}: nothing but the history of inputs is written");
        play.submit("/new");
    }
    assert_eq!(play.state.preferences.settings.budgets.day, None);
}

#[test]
fn from_four_fifths_of_a_cap_on_it_is_warned_once_and_shown_as_long_as_it_is_so() {
    let mut play = Play::sized(120, 24);
    let day = Stamp::fixed(play.now).day;
    play.submit("/budget day 50");
    play.spent(Scope::Day(day), 3_999);
    assert!(!bar(&mut play).contains('%'), "{}", bar(&mut play));
    play.spent(Scope::Day(day), 4_150);
    assert!(bar(&mut play).contains("day 83% of ₹50"), "{}", bar(&mut play));
    play.spent(Scope::Day(day), 4_600);
    assert!(bar(&mut play).contains("day 92% of ₹50"), "{}", bar(&mut play));
    let warnings = play.screen().matches("of the day's budget is used").count();
    assert_eq!(warnings, 1, "{}", play.screen());
    assert!(play.screen().contains("83% of the day's budget is used: ₹41.50 of ₹50."), "{}", play.screen());
    play.submit("/budget day 100");
    assert!(!bar(&mut play).contains('%'), "{}", bar(&mut play));
    play.spent(Scope::Day(day), 9_000);
    assert_eq!(play.screen().matches("of the day's budget is used").count(), 2, "another cap has its own crossing");
}

#[test]
fn the_cap_of_which_most_is_used_is_the_one_that_is_shown() {
    let mut play = Play::sized(120, 24);
    play.submit("/budget day 50");
    play.submit("/budget conversation 10");
    play.spent(Scope::Day(Stamp::fixed(play.now).day), 4_150);
    play.spent(Scope::Conversation(chat_id(1)), 990);
    assert!(bar(&mut play).contains("chat 99% of ₹10"), "{}", bar(&mut play));
}

#[test]
fn without_a_refused_question_the_override_is_a_word_and_nothing_else() {
    let mut play = Play::new();
    play.turn("Why?", "So.");
    let started = play.started;
    play.press(alt('o'));
    assert!(play.screen().contains("No budget keeps a question of this chat back."), "{}", play.screen());
    play.submit("/budget once");
    assert_eq!(play.started, started);
}

/// Refuses the next attempt, as the store does where it could pass the day's cap.
fn refuse(play: &mut Play) {
    let cap = Cap { scope: Scope::Day(Stamp::fixed(play.now).day), most: Local::from_micro(50_000_000) };
    play.refuses = Some(Refusal::OverBudget { cap, used: Local::from_micro(49_000_000) });
}

#[test]
fn a_question_that_a_budget_refused_is_sent_once_by_a_key_that_the_bar_names() {
    let mut play = Play::sized(120, 24);
    play.submit("/budget day 50");
    refuse(&mut play);
    play.submit("Why?");
    assert_eq!(play.started, 0);
    assert!(bar(&mut play).contains("over budget · Alt+O sends it once"), "{}", bar(&mut play));
    play.press(alt('o'));
    assert_eq!(play.started, 1);
    play.opened();
    play.stream("So.");
    play.finish();
    assert!(!bar(&mut play).contains("over budget"), "{}", bar(&mut play));
    refuse(&mut play);
    play.submit("And then?");
    let chosen = [("over_budget".to_owned(), vec!["ctrl+t".to_owned()])];
    play.state.keymap = Keymap::with_overrides(&chosen.into_iter().collect()).unwrap();
    assert!(bar(&mut play).contains("over budget · Ctrl+T sends it once"), "{}", bar(&mut play));
}
