use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers as M};

use super::{Action, Context, Keymap, TABLE};

fn overrides(rows: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    rows.iter().map(|(name, keys)| ((*name).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())).collect()
}

fn press(context: Context, code: KeyCode, modifiers: M) -> Option<Action> {
    Keymap::builtin().action(context, &KeyEvent::new(code, modifiers))
}

#[test]
fn the_table_can_be_read_and_no_key_in_it_does_two_things() {
    assert_eq!(Keymap::read(TABLE).err(), None);
}

#[test]
fn every_action_stands_in_the_table_once_with_a_key_and_a_sentence() {
    let keymap = Keymap::builtin();
    for action in Action::ALL {
        let rows: Vec<_> = keymap.table().iter().filter(|binding| binding.action == *action).collect();
        assert_eq!(rows.len(), 1, "{}", action.name());
        assert!(!rows[0].chords.is_empty(), "{} has no key", action.name());
        assert!(rows[0].does.ends_with('.') && rows[0].does.len() > 10, "{}: {}", action.name(), rows[0].does);
    }
    assert_eq!(keymap.table().len(), Action::ALL.len());
}

#[test]
fn the_keys_of_the_design_do_what_it_says() {
    let keymap = Keymap::builtin();
    for (key, action) in [
        ("enter", Action::Send),
        ("alt+enter", Action::NewLine),
        ("ctrl+j", Action::NewLine),
        ("shift+enter", Action::NewLine),
        ("esc", Action::CloseOrStop),
        ("ctrl+c", Action::Interrupt),
        ("ctrl+d", Action::QuitOrDelete),
        ("up", Action::HistoryUp),
        ("page_up", Action::PageUp),
        ("alt+down", Action::ScrollDown),
        ("ctrl+home", Action::Top),
        ("ctrl+n", Action::NewConversation),
        ("f2", Action::Conversations),
        ("ctrl+b", Action::Conversations),
        ("ctrl+y", Action::CopyReply),
        ("ctrl+g", Action::Editor),
        ("ctrl+w", Action::DeleteWordBack),
        ("alt+f", Action::WordRight),
        ("ctrl+left", Action::WordLeft),
        ("ctrl+z", Action::Suspend),
        ("ctrl+l", Action::Redraw),
        ("f1", Action::Help),
        ("alt+z", Action::Undo),
        ("alt+shift+z", Action::Redo),
    ] {
        assert_eq!(keymap.bound(Context::Composer, key.parse().unwrap()), Some(action), "{key}");
    }
}

#[test]
fn what_older_terminals_cannot_tell_apart_means_the_same() {
    let composer = |code, modifiers| press(Context::Composer, code, modifiers);
    assert_eq!(composer(KeyCode::Char('m'), M::CONTROL), Some(Action::Send), "Ctrl+M is Enter");
    assert_eq!(composer(KeyCode::Char('['), M::CONTROL), Some(Action::CloseOrStop), "Ctrl+[ is Esc");
    assert_eq!(composer(KeyCode::Char('h'), M::CONTROL), Some(Action::Backspace), "Ctrl+H is Backspace");
    assert_eq!(composer(KeyCode::Char('\n'), M::NONE), Some(Action::NewLine), "a line feed is Ctrl+J");
    assert_eq!(composer(KeyCode::Backspace, M::SHIFT), Some(Action::Backspace), "a held Shift changes nothing");
    assert_eq!(composer(KeyCode::Char('Z'), M::ALT), Some(Action::Redo));
    assert_eq!(composer(KeyCode::Enter, M::SHIFT), Some(Action::NewLine));
    assert_eq!(composer(KeyCode::BackTab, M::SHIFT), None, "Shift+Tab is not Tab");
    assert_eq!(composer(KeyCode::Char('q'), M::NONE), None, "letters are typed");
}

#[test]
fn each_context_has_its_own_keys_before_the_general_ones() {
    assert_eq!(press(Context::Panel, KeyCode::Enter, M::NONE), Some(Action::PanelOpen));
    assert_eq!(press(Context::Panel, KeyCode::Char('d'), M::CONTROL), Some(Action::PanelDelete));
    assert_eq!(press(Context::Panel, KeyCode::Esc, M::NONE), Some(Action::CloseOrStop));
    assert_eq!(press(Context::Transcript, KeyCode::Enter, M::NONE), None);
}

#[test]
fn a_user_can_give_an_action_other_keys_or_none() {
    let keymap = Keymap::with_overrides(&overrides(&[("copy_reply", &["f7", "alt+c"]), ("suspend", &[])])).unwrap();
    assert_eq!(keymap.key_of(Action::CopyReply).as_deref(), Some("F7"));
    assert_eq!(keymap.key_of(Action::Suspend), None);
    assert_eq!(keymap.bound(Context::Global, "ctrl+y".parse().unwrap()), None);
    assert_eq!(keymap.bound(Context::Composer, "alt+c".parse().unwrap()), Some(Action::CopyReply));
}

#[test]
fn all_mistakes_of_an_override_are_said_at_once() {
    let wrong = overrides(&[
        ("copy_replay", &["f7"]),
        ("help", &["ctrl+y"]),
        ("send", &["x"]),
        ("redraw", &["ctrl+bogus"]),
        ("zzzzzzzzzzzz", &["f6"]),
    ]);
    let problems = Keymap::with_overrides(&wrong).unwrap_err().join("\n");
    for part in [
        "“copy_replay” is no action that a key can have; did you mean “copy_reply”?",
        "“Ctrl+Y” is the key of both “copy_reply” and “help”: give one of them another.",
        "“X” alone cannot be the key of “send”",
        "For the action “redraw”: “ctrl+bogus” is no key",
        "“zzzzzzzzzzzz” is no action that a key can have; help (F1) lists them all.",
    ] {
        assert!(problems.contains(part), "{part} is missing from:\n{problems}");
    }
}

#[test]
fn the_readmes_table_has_every_action() {
    let markdown = Keymap::builtin().markdown();
    assert!(markdown.contains("| Ctrl+Y | Copies the last reply. | `copy_reply` |"));
    assert_eq!(markdown.lines().count(), Action::ALL.len() + 2);
}
