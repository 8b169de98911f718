//! Keys of what lies over the chat, and what its screens ask for.

use crossterm::event::{KeyCode, KeyEvent};

use crate::chat::{ConversationId, Stamp};
use crate::runtime::Query;
use crate::runtime::{Summary, Write};
use crate::session::{Change, Happened};
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::host::FoundServer;
use crate::tui::keymap::{Action, Context, typed};
use crate::tui::screens::ScreenKey;
use crate::tui::screens::panel::{self, Panel};
use crate::tui::screens::welcome;
use crate::tui::state::{AppState, Overlay};

use super::{actions, approval, context, costs, store, tools};

/// Takes in a key while something lies over the chat.
pub(super) fn key(state: &mut AppState, key: KeyEvent, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    let action = state.keymap.action(Context::Panel, &key);
    let is_panel = matches!(state.overlay, Some(Overlay::Panel(_)));
    // The panel has a use of its own for the key that quits elsewhere.
    if !is_panel && state.keymap.action(Context::Composer, &key) == Some(Action::QuitOrDelete) {
        return vec![TuiEffect::Quit { then_demo: false }];
    }
    match action {
        Some(Action::Suspend) => return actions::act(state, Action::Suspend, at, fresh),
        Some(Action::Redraw) => return vec![TuiEffect::Redraw],
        Some(Action::Interrupt) => return pass(state, ScreenKey::Esc, at),
        Some(Action::Conversations) if matches!(state.overlay, Some(Overlay::Panel(_))) => {
            state.overlay = None;
            return Vec::new();
        }
        Some(Action::Context) if matches!(state.overlay, Some(Overlay::Context(_))) => return context::toggle(state),
        Some(Action::Cost) if matches!(state.overlay, Some(Overlay::Costs(_))) => {
            state.overlay = None;
            return Vec::new();
        }
        Some(Action::Review) if matches!(state.overlay, Some(Overlay::Approval(_))) => {
            state.overlay = None;
            return Vec::new();
        }
        Some(Action::Tools) if matches!(state.overlay, Some(Overlay::Tools(_))) => {
            state.overlay = None;
            return Vec::new();
        }
        Some(Action::Help) => {
            if matches!(state.overlay, Some(Overlay::Help(_))) {
                state.overlay = None;
            } else {
                state.open_help();
            }
            return Vec::new();
        }
        _ => {}
    }
    match screen_key(key, action) {
        Some(key) => pass(state, key, at),
        None => Vec::new(),
    }
}

/// Hands a paste to the screen on top.
pub(super) fn paste(state: &mut AppState, text: String) -> Vec<TuiEffect> {
    let at = state.now;
    pass(state, ScreenKey::Paste(text), at)
}

fn screen_key(key: KeyEvent, action: Option<Action>) -> Option<ScreenKey> {
    Some(match action {
        Some(Action::PanelRename) => ScreenKey::Rename,
        Some(Action::PanelPin) => ScreenKey::Pin,
        Some(Action::PanelDelete) => ScreenKey::Delete,
        Some(Action::PanelUndoDelete) => ScreenKey::Undo,
        Some(Action::PanelOpen) => ScreenKey::Enter,
        Some(Action::PanelUp) => ScreenKey::Up,
        Some(Action::PanelDown) => ScreenKey::Down,
        Some(Action::PanelPageUp) => ScreenKey::PageUp,
        Some(Action::PanelPageDown) => ScreenKey::PageDown,
        Some(Action::PanelFirst) => ScreenKey::First,
        Some(Action::PanelLast) => ScreenKey::Last,
        Some(Action::PanelErase) => ScreenKey::Backspace,
        Some(Action::PanelClearFilter) => ScreenKey::Kill,
        _ => match key.code {
            KeyCode::Up => ScreenKey::Up,
            KeyCode::Down => ScreenKey::Down,
            KeyCode::Left => ScreenKey::Left,
            KeyCode::Right => ScreenKey::Right,
            KeyCode::PageUp => ScreenKey::PageUp,
            KeyCode::PageDown => ScreenKey::PageDown,
            KeyCode::Home => ScreenKey::First,
            KeyCode::End => ScreenKey::Last,
            KeyCode::Enter => ScreenKey::Enter,
            KeyCode::Esc => ScreenKey::Esc,
            KeyCode::Backspace => ScreenKey::Backspace,
            KeyCode::Delete => ScreenKey::Delete,
            _ => return typed(&key).map(ScreenKey::Char),
        },
    })
}

/// Hands a key to the screen on top, and does what it asks for.
pub(super) fn pass(state: &mut AppState, key: ScreenKey, at: Stamp) -> Vec<TuiEffect> {
    let (columns, rows) = state.size;
    match &mut state.overlay {
        Some(Overlay::Help(help)) => {
            if help.handle(&key, rows) {
                state.overlay = None;
            } else {
                help.clamp(columns, rows);
            }
            Vec::new()
        }
        Some(Overlay::Context(screen)) => {
            let intent = screen.handle(&key, (columns, rows));
            intent.map(|intent| context::wants(state, intent, at)).unwrap_or_default()
        }
        Some(Overlay::Panel(panel)) => {
            let intents = panel.handle(key, rows);
            intents.into_iter().flat_map(|intent| panel_wants(state, intent, at)).collect()
        }
        Some(Overlay::Welcome(screen)) => {
            let intents = screen.handle(key);
            intents.into_iter().flat_map(|intent| welcome_wants(state, intent)).collect()
        }
        Some(Overlay::Costs(_)) => costs::pass(state, &key),
        Some(Overlay::Approval(_)) => approval::pass(state, &key, at),
        Some(Overlay::Tools(_)) => tools::pass(state, &key, at),
        None => Vec::new(),
    }
}

/// Opens the conversations panel.
pub(super) fn open_panel(state: &mut AppState) -> Vec<TuiEffect> {
    let (panel, first) = Panel::open(state.current, state.deleted.clone());
    state.overlay = Some(Overlay::Panel(panel));
    let at = state.now;
    panel_wants(state, first, at)
}

fn panel_wants(state: &mut AppState, intent: panel::Intent, at: Stamp) -> Vec<TuiEffect> {
    match intent {
        panel::Intent::Close => {
            state.overlay = None;
            Vec::new()
        }
        panel::Intent::Open(id) => store::open(state, id),
        panel::Intent::List { filter, offset } => {
            vec![TuiEffect::Query(Query::List { filter, offset, limit: panel::PAGE })]
        }
        panel::Intent::Rename { id, title } => {
            if state.chats.contains_key(&id) {
                return state.tell(id, Happened::Changed(Change::Title(title)), at);
            }
            vec![TuiEffect::Write(vec![Write::PatchConversation { id, title: Some(title), pinned: None }])]
        }
        panel::Intent::Pin { id, pinned } => {
            if state.chats.contains_key(&id) {
                return state.tell(id, Happened::Changed(Change::Pinned(pinned)), at);
            }
            vec![TuiEffect::Write(vec![Write::PatchConversation { id, title: None, pinned: Some(pinned) }])]
        }
        panel::Intent::Delete(row) => {
            let id = row.id;
            state.deleted.push(row);
            delete(state, id, at)
        }
        panel::Intent::Undelete(id) => {
            state.deleted.retain(|row| row.id != id);
            vec![TuiEffect::Write(vec![Write::UndeleteConversation(id)])]
        }
    }
}

/// Deletes a conversation; one that is open is stopped and closed first.
fn delete(state: &mut AppState, id: ConversationId, at: Stamp) -> Vec<TuiEffect> {
    let mut effects = state.tell(id, Happened::Left, at);
    if id == state.current {
        let overlay = state.overlay.take();
        let fresh = state.spare;
        effects.extend(state.new_chat(fresh, at));
        state.overlay = overlay;
    }
    // Its last attempt may still have to tell what it cost.
    if state.current != id
        && let Some(chat) = state.chats.remove(&id)
        && chat.session.has_open_attempts()
    {
        state.closing.insert(id, chat.session);
    }
    effects.push(TuiEffect::Write(vec![Write::DeleteConversation(id)]));
    effects
}

fn welcome_wants(state: &mut AppState, intent: welcome::Intent) -> Vec<TuiEffect> {
    match intent {
        welcome::Intent::Close => {
            state.overlay = None;
            Vec::new()
        }
        welcome::Intent::SaveKey { provider, key } => vec![TuiEffect::SaveKey { provider, key }],
        welcome::Intent::Probe(base_url) => vec![TuiEffect::Probe(base_url)],
        welcome::Intent::UseServer { base_url, model } => vec![TuiEffect::UseServer { base_url, model }],
        welcome::Intent::StartDemo => vec![TuiEffect::Quit { then_demo: true }],
    }
}

/// Tells the panel which chats stream.
pub(super) fn mark_streaming(state: &mut AppState) {
    if let Some(Overlay::Panel(panel)) = &mut state.overlay {
        let busy = state.chats.iter().filter(|(_, chat)| chat.session.is_busy());
        panel.set_streaming(busy.map(|(id, _)| *id).collect());
    }
}

/// Hands rows to the panel.
pub(super) fn listed(state: &mut AppState, filter: &str, offset: u64, found: Vec<Summary>) {
    if let Some(Overlay::Panel(panel)) = &mut state.overlay {
        panel.listed(filter, offset, found);
    }
}

/// Hands found servers to the first screen.
pub(super) fn probed(state: &mut AppState, found: Result<Vec<FoundServer>, String>) {
    if let Some(Overlay::Welcome(screen)) = &mut state.overlay {
        screen.probed(found);
    }
}

/// Lets the first screen say what did not work; whether it is there.
pub(super) fn complain(state: &mut AppState, reason: &str) -> bool {
    if let Some(Overlay::Welcome(screen)) = &mut state.overlay {
        screen.complain(reason);
        return true;
    }
    false
}
