//! What the user does: keys, pastes, the mouse, a new size.

use crossterm::event::KeyEvent;

use crate::chat::Stamp;
use crate::tui::commands;
use crate::tui::composer::Edit;
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::input::Input;
use crate::tui::keymap::{Action, Context, typed};
use crate::tui::state::AppState;

use super::{actions, overlay, pointer};

/// Takes in one input.
pub(super) fn input(state: &mut AppState, input: Input, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    match input {
        Input::Key(key) => key_pressed(state, key, at, fresh),
        Input::Paste(text) => {
            if state.overlay.is_some() {
                return overlay::paste(state, text);
            }
            paste(state, &text, at);
            Vec::new()
        }
        Input::Mouse(mouse) => pointer::moved(state, mouse, at, fresh),
        Input::Resize { columns, rows } => {
            state.size = (columns, rows);
            state.selection = None;
            Vec::new()
        }
        Input::Focus(_) => Vec::new(),
    }
}

fn paste(state: &mut AppState, text: &str, at: Stamp) {
    let before = state.composer.attachments().len();
    state.composer.insert(text);
    if state.composer.attachments().len() > before {
        state.toast("A long paste is attached: Ctrl+G opens it, Backspace removes it.", at);
    }
    state.draft_changed();
}

fn key_pressed(state: &mut AppState, key: KeyEvent, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    state.selection = None;
    if state.overlay.is_some() {
        return overlay::key(state, key, at, fresh);
    }
    match state.keymap.action(Context::Composer, &key) {
        Some(Action::Complete) => {
            complete(state);
            Vec::new()
        }
        Some(action) => {
            if action != Action::Interrupt {
                state.quit_armed = None;
            }
            actions::act(state, action, at, fresh)
        }
        None => {
            type_char(state, key);
            Vec::new()
        }
    }
}

fn type_char(state: &mut AppState, key: KeyEvent) {
    if let Some(c) = typed(&key) {
        state.quit_armed = None;
        edit(state, Edit::InsertChar(c));
    }
}

/// Applies an edit to the draft.
pub(super) fn edit(state: &mut AppState, edit: Edit) {
    state.composer.apply(edit);
    state.draft_changed();
}

/// Completes a command that is being typed: the chosen one, which Up and Down move.
pub(super) fn complete(state: &mut AppState) {
    let draft = state.composer.text();
    let found = commands::completions(&draft);
    let at = state.completion.min(found.len().saturating_sub(1));
    // A name that is whole already goes on to the next one.
    let is_whole = found.get(at).is_some_and(|(name, _)| draft[1..] == **name);
    let Some((name, command)) = found.get(at + usize::from(is_whole)).or_else(|| found.first()) else { return };
    let space = if command.args.is_empty() { "" } else { " " };
    state.composer.set_text(&format!("/{name}{space}"));
    state.draft_changed();
}
