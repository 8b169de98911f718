//! The panel of conversations, as the machine sees it.

use crossterm::event::KeyCode;

use super::*;
use crate::runtime::Query;

#[test]
fn the_chat_in_front_is_deleted_stopped_and_gives_way_to_an_empty_one() {
    let mut play = Play::new();
    play.submit("Doomed");
    play.stream("half");
    let doomed = play.state.current;
    play.press(KeyCode::F(2));
    play.listed(vec![summary(doomed.0.as_u128(), "Doomed")]);
    let effects = format!("{:?}", play.press(KeyCode::Delete));
    assert!(effects.contains("DeleteConversation"), "{effects}");
    assert_ne!(play.state.current, doomed);
    assert!(!play.state.chats.contains_key(&doomed));
    assert!(play.state.overlay.is_some(), "the panel stays, for the undo");
    assert!(play.state.session().conversation().is_empty());
    // What comes late of it is nobody's.
    play.stream(" late");
    play.finish();
    let effects = format!("{:?}", play.press(alt('z')));
    assert!(effects.contains(&format!("{:?}", Write::UndeleteConversation(doomed))), "{effects}");
}

#[test]
fn deleting_another_chat_leaves_the_one_in_front_alone() {
    let mut play = Play::new();
    play.turn("Stays", "Here.");
    let stays = play.state.current;
    play.press(KeyCode::F(2));
    play.listed(vec![summary(stays.0.as_u128(), "Stays"), summary(901, "Goes")]);
    play.press(KeyCode::Down);
    play.press(KeyCode::Delete);
    assert_eq!(play.state.current, stays);
    assert!(play.writes().contains(&&Write::DeleteConversation(chat_id(901))));
}

#[test]
fn an_empty_panel_takes_every_key_without_harm() {
    let mut play = Play::new();
    play.press(KeyCode::F(2));
    play.listed(Vec::new());
    for key in [KeyCode::Enter, KeyCode::Delete, KeyCode::Down, KeyCode::End, KeyCode::PageDown, KeyCode::Backspace] {
        play.press(key);
    }
    for key in [alt('r'), alt('p'), alt('z'), ctrl('u')] {
        play.press(key);
    }
    assert!(play.writes().is_empty());
}

#[test]
fn a_conversation_that_is_not_open_is_loaded_and_then_shown() {
    let mut play = Play::new();
    play.press(KeyCode::F(2));
    play.listed(vec![summary(900, "Yesterday")]);
    let effects = format!("{:?}", play.press(KeyCode::Enter));
    assert!(effects.contains(&format!("{:?}", Query::Load(chat_id(900)))), "{effects}");
    assert!(play.state.overlay.is_none());
    let reason = "it is gone".to_owned();
    play.store(StoreEvent::Answer(Answer::Failed { query: Query::Load(chat_id(900)), reason }));
    assert!(play.screen().contains("it is gone"), "{}", play.screen());
}

#[test]
fn letters_filter_and_never_act() {
    let mut play = Play::new();
    play.press(KeyCode::F(2));
    play.listed(vec![summary(900, "One")]);
    let before = play.effects.len();
    play.type_text("dpr");
    let asked: Vec<String> = play.effects[before..].iter().map(|effect| format!("{effect:?}")).collect();
    assert!(asked.iter().all(|effect| effect.contains("List")), "{asked:?}");
    assert!(asked.last().unwrap().contains("dpr"));
}

#[test]
fn the_panel_opens_at_the_chat_in_front_and_follows_what_was_pinned() {
    let mut play = Play::new();
    play.turn("Mine", "Here.");
    let mine = play.state.current;
    play.press(KeyCode::F(2));
    play.listed(vec![summary(901, "Newer"), summary(mine.0.as_u128(), "Mine"), summary(902, "Older")]);
    play.press(KeyCode::Down);
    play.press(alt('p'));
    // Pinned, it stands first now.
    play.listed(vec![summary(902, "Older"), summary(901, "Newer"), summary(mine.0.as_u128(), "Mine")]);
    play.press(KeyCode::Delete);
    assert!(play.writes().contains(&&Write::DeleteConversation(chat_id(902))), "{:?}", play.writes());
}
