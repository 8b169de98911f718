//! What each action does. One action, one arm.

use crate::chat::Stamp;
use crate::session::Happened;
use crate::tui::commands;
use crate::tui::composer::Edit;
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::keymap::Action;
use crate::tui::state::{AppState, Editing};
use crate::tui::transcript::{Anchor, scroll};
use crate::tui::view;

use super::{approval, context, fold, overlay, send, tools, user};

/// A way to move the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scroll {
    Rows(isize),
    Pages(isize),
    Top,
    End,
}

/// Carries out an action.
pub(super) fn act(state: &mut AppState, action: Action, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    if let Some(edit) = action.edit() {
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
        Action::HistoryUp => {
            up(state);
            Vec::new()
        }
        Action::HistoryDown => {
            down(state);
            Vec::new()
        }
        Action::PageUp => move_transcript(state, Scroll::Pages(-1)),
        Action::PageDown => move_transcript(state, Scroll::Pages(1)),
        Action::ScrollUp => move_transcript(state, Scroll::Rows(-1)),
        Action::ScrollDown => move_transcript(state, Scroll::Rows(1)),
        Action::Top => move_transcript(state, Scroll::Top),
        Action::Bottom => move_transcript(state, Scroll::End),
        Action::NewConversation => state.new_chat(fresh.conversation, at),
        Action::Conversations => overlay::open_panel(state),
        Action::Context => context::toggle(state),
        Action::CopyReply => match state.last_reply() {
            Some(text) => vec![TuiEffect::Copy(text)],
            None => {
                state.toast("There is no reply to copy yet.", at);
                Vec::new()
            }
        },
        Action::Cost => state.open_costs(),
        Action::Review => {
            approval::toggle(state, at);
            Vec::new()
        }
        Action::Tools => tools::open(state),
        Action::Details => {
            fold::toggle_seen(state, at);
            Vec::new()
        }
        Action::OverBudget => state.send_over_budget(at, fresh),
        Action::Editor => edit_in_editor(state),
        Action::Suspend => vec![TuiEffect::Suspend],
        Action::Redraw => vec![TuiEffect::Redraw],
        Action::Help => {
            state.open_help();
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Opens the draft, or the pasted text at the cursor, in the user's editor.
fn edit_in_editor(state: &mut AppState) -> Vec<TuiEffect> {
    let attached = state.composer.attachment_at_cursor().map(|attached| (attached.number, attached.text.to_string()));
    state.editing = Some(attached.as_ref().map_or(Editing::Draft, |(number, _)| Editing::Attachment(*number)));
    let text = attached.map_or_else(|| state.composer.expanded_text(), |(_, text)| text);
    vec![TuiEffect::Edit(text)]
}

/// Enter sends; behind a backslash it is a new line.
fn enter(state: &mut AppState, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    if state.composer.continue_line() {
        state.draft_changed();
        return Vec::new();
    }
    send::send(state, at, fresh)
}

/// Esc: stops the reply, else the summary; else lets go of what was said in the status bar, and goes to the end.
fn close_or_stop(state: &mut AppState, at: Stamp) -> Vec<TuiEffect> {
    if state.session().can_be_stopped() {
        return state.tell_session(Happened::Stopped, at);
    }
    state.toast = None;
    Vec::new()
}

/// Ctrl+C: stops the reply, else the summary; else puts the draft away; twice on an empty draft it quits.
fn interrupt(state: &mut AppState, at: Stamp) -> Vec<TuiEffect> {
    if state.session().can_be_stopped() {
        return state.tell_session(Happened::Stopped, at);
    }
    if !state.composer.is_empty() {
        let draft = state.composer.take();
        let text = draft.expanded();
        state.draft_changed();
        if commands::may_hold_a_key(&text) {
            state.toast("The draft is thrown away, since it may hold a key.", at);
            return Vec::new();
        }
        state.history.push(draft);
        state.toast("The draft is put away; Up brings it back.", at);
        return vec![TuiEffect::Write(vec![crate::runtime::Write::AddInputHistory { text, at_ms: at.unix_ms }])];
    }
    if state.quit_armed.is_some_and(|armed| at.mono < armed + super::QUIT_WITHIN) {
        return vec![TuiEffect::Quit { then_demo: false }];
    }
    state.quit_armed = Some(at.mono);
    state.toast("Ctrl+C once more quits.", at);
    Vec::new()
}

/// Moves through the completions of a command, where there are several; whether it did.
fn chose(state: &mut AppState, step: isize) -> bool {
    let found = commands::completions(&state.composer.text()).len();
    if found < 2 {
        return false;
    }
    state.completion = state.completion.min(found - 1).saturating_add_signed(step).min(found - 1);
    true
}

fn up(state: &mut AppState) {
    if chose(state, -1) {
        return;
    }
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
    if chose(state, 1) {
        return;
    }
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
pub(super) fn move_transcript(state: &mut AppState, scroll: Scroll) -> Vec<TuiEffect> {
    let size = view::regions(state).transcript.as_size();
    let mut cache = std::mem::take(&mut state.cache);
    let scene = view::Scene::of(state);
    let view = scene.transcript(state);
    let anchor = state.chat().anchor;
    let anchor = match scroll {
        Scroll::Rows(rows) => scroll::scroll_by(&view, &mut cache, size, anchor, rows),
        Scroll::Pages(pages) => scroll::page(&view, &mut cache, size, anchor, pages),
        Scroll::Top => scroll::top(&view, &mut cache, size, anchor),
        Scroll::End => Anchor::End,
    };
    state.cache = cache;
    state.chat_mut().anchor = anchor;
    Vec::new()
}
