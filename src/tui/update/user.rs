//! What the user does: keys, pastes, the mouse, a new size.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::chat::Stamp;
use crate::tui::commands;
use crate::tui::composer::Edit;
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::input::Input;
use crate::tui::keymap::{Action, Context};
use crate::tui::state::AppState;

use super::{actions, overlay, pointer};

/// Takes in one input.
pub(super) fn input(state: &mut AppState, input: Input, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    match input {
        Input::Key(key) => key_pressed(state, key, at, fresh),
        Input::NewLine => {
            if state.overlay.is_none() {
                edit(state, Edit::NewLine);
            }
            Vec::new()
        }
        Input::Paste(text) => {
            if state.overlay.is_some() {
                return overlay::paste(state, text);
            }
            paste(state, &text, at);
            Vec::new()
        }
        Input::Mouse(mouse) => pointer::moved(state, mouse, at),
        Input::Resize(columns, rows) => {
            state.size = (columns, rows);
            state.selection = None;
            Vec::new()
        }
        Input::FocusGained | Input::FocusLost => Vec::new(),
    }
}

fn paste(state: &mut AppState, text: &str, at: Stamp) {
    let before = state.composer.attachments().len();
    state.composer.insert(text);
    if state.composer.attachments().len() > before {
        state.toast("A long paste is attached: Ctrl+G opens it with the draft, Backspace removes it.", at);
    }
    state.draft_changed();
}

fn key_pressed(state: &mut AppState, key: KeyEvent, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    state.selection = None;
    if state.overlay.is_some() {
        return overlay::key(state, key, at, fresh);
    }
    if let Some(effects) = complete(state, key) {
        return effects;
    }
    match state.keymap.action(Context::Composer, key) {
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
    let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER);
    if let (KeyCode::Char(c), true) = (key.code, is_plain) {
        state.quit_armed = None;
        edit(state, Edit::InsertChar(c));
    }
}

/// Applies an edit to the draft.
pub(super) fn edit(state: &mut AppState, edit: Edit) {
    state.composer.apply(edit);
    state.draft_changed();
}

/// Keys that a list of completions takes while it is shown: Tab completes, Shift+Tab and Tab go on.
fn complete(state: &mut AppState, key: KeyEvent) -> Option<Vec<TuiEffect>> {
    let is_tab = matches!(key.code, KeyCode::Tab | KeyCode::BackTab);
    if !is_tab {
        return None;
    }
    let draft = state.composer.text();
    let found = commands::completions(&draft);
    let (name, command) = found.get(state.completion.min(found.len().saturating_sub(1)))?;
    let space = if command.args.is_empty() { "" } else { " " };
    state.composer.set_text(&format!("/{name}{space}"));
    state.draft_changed();
    Some(Vec::new())
}
