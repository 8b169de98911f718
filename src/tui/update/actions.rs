//! What each action does. One action, one arm.

use crate::chat::Stamp;
use crate::session::Happened;
use crate::tui::composer::Edit;
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::keymap::Action;
use crate::tui::state::AppState;
use crate::tui::transcript::Scroll;
use crate::tui::view;

use super::{overlay, send, user};

/// Carries out an action.
pub(super) fn act(state: &mut AppState, action: Action, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    if let Some(edit) = edit_of(action) {
        user::edit(state, edit);
        return Vec::new();
    }
    match action {
        Action::Send => enter(state, at, fresh),
        Action::CloseOrStop => close_or_stop(state, at),
        Action::Interrupt => interrupt(state, at),
        Action::QuitOrDelete => {
            if state.composer.is_empty() {
                return vec![TuiEffect::Quit { then_demo: false }];
            }
            user::edit(state, Edit::Delete);
            Vec::new()
        }
        Action::Up => {
            up(state);
            Vec::new()
        }
        Action::Down => {
            down(state);
            Vec::new()
        }
        Action::PageUp => scroll(state, Scroll::PageUp),
        Action::PageDown => scroll(state, Scroll::PageDown),
        Action::ScrollUp => scroll(state, Scroll::Rows(-1)),
        Action::ScrollDown => scroll(state, Scroll::Rows(1)),
        Action::Top => scroll(state, Scroll::Top),
        Action::Bottom => scroll(state, Scroll::End),
        Action::NewConversation => state.new_chat(fresh.conversation, at),
        Action::Conversations => overlay::open_panel(state),
        Action::CopyReply => match state.last_reply() {
            Some(text) => vec![TuiEffect::Copy(text)],
            None => {
                state.toast("There is no reply to copy yet.", at);
                Vec::new()
            }
        },
        Action::Editor => vec![TuiEffect::Edit(state.composer.expanded_text())],
        Action::Suspend => vec![TuiEffect::Suspend],
        Action::Redraw => vec![TuiEffect::Redraw],
        Action::Help => {
            state.open_help();
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// The edit that an action is, where it is one.
fn edit_of(action: Action) -> Option<Edit> {
    Some(match action {
        Action::NewLine => Edit::NewLine,
        Action::Backspace => Edit::Backspace,
        Action::Delete => Edit::Delete,
        Action::DeleteWordBack => Edit::DeleteWordBack,
        Action::DeleteToLineStart => Edit::DeleteToLineStart,
        Action::DeleteToLineEnd => Edit::DeleteToLineEnd,
        Action::Left => Edit::Left,
        Action::Right => Edit::Right,
        Action::WordLeft => Edit::WordLeft,
        Action::WordRight => Edit::WordRight,
        Action::LineStart => Edit::LineStart,
        Action::LineEnd => Edit::LineEnd,
        Action::Undo => Edit::Undo,
        Action::Redo => Edit::Redo,
        _ => return None,
    })
}

/// Enter sends; behind a backslash it is a new line.
fn enter(state: &mut AppState, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    if state.composer.continue_line() {
        state.draft_changed();
        return Vec::new();
    }
    send::send(state, at, fresh)
}

/// Esc: stops the reply; else lets go of what was said in the status bar, and goes to the end.
fn close_or_stop(state: &mut AppState, at: Stamp) -> Vec<TuiEffect> {
    if state.session().is_busy() {
        return state.tell_session(Happened::Stopped, at);
    }
    state.toast = None;
    Vec::new()
}

/// Ctrl+C: stops the reply; else puts the draft away; twice on an empty draft it quits.
fn interrupt(state: &mut AppState, at: Stamp) -> Vec<TuiEffect> {
    if state.session().is_busy() {
        return state.tell_session(Happened::Stopped, at);
    }
    if !state.composer.is_empty() {
        let draft = state.composer.take();
        let text = draft.expanded();
        state.history.push(draft);
        state.draft_changed();
        state.toast("The draft is put away; Up brings it back.", at);
        if text.starts_with("/key") {
            return Vec::new();
        }
        return vec![TuiEffect::Write(vec![crate::store::Write::AddInputHistory { text, at_ms: at.unix_ms }])];
    }
    if state.quit_armed.is_some_and(|armed| at.mono < armed + super::QUIT_WITHIN) {
        return vec![TuiEffect::Quit { then_demo: false }];
    }
    state.quit_armed = Some(at.mono);
    state.toast("Ctrl+C once more quits.", at);
    Vec::new()
}

fn up(state: &mut AppState) {
    if !state.composer.at_first_row() {
        state.composer.apply(Edit::Up);
        return;
    }
    if let Some(earlier) = state.history.older(state.composer.draft()) {
        state.composer.set_draft(earlier);
        state.draft_changed();
    }
}

fn down(state: &mut AppState) {
    if !state.composer.at_last_row() {
        state.composer.apply(Edit::Down);
        return;
    }
    if let Some(later) = state.history.newer(state.composer.draft()) {
        state.composer.set_draft(later);
        state.draft_changed();
    }
}

/// Moves the transcript, with the layout that the view draws from.
pub(super) fn scroll(state: &mut AppState, scroll: Scroll) -> Vec<TuiEffect> {
    let area = view::regions(state).transcript;
    let mut cache = std::mem::take(&mut state.cache);
    let anchor = view::transcript(state).scroll(&mut cache, (area.width, area.height), state.chat().anchor, scroll);
    state.cache = cache;
    state.chat_mut().anchor = anchor;
    Vec::new()
}
