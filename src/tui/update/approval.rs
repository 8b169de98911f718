//! Calls of tools that ask to run: the screen that shows them, and the user's word on its way to the session.

use crate::chat::Stamp;
use crate::session::{Happened, Session};
use crate::tui::effect::TuiEffect;
use crate::tui::screens::ScreenKey;
use crate::tui::screens::approval::{ApprovalScreen, Intent, Pending};
use crate::tui::state::{AppState, Overlay};

/// The calls of a chat that wait for the user's word.
fn pending(session: &Session) -> Vec<Pending> {
    let waiting = session.approvals();
    waiting.map(|(result, prepared)| Pending { result, prepared: prepared.clone() }).collect()
}

/// Opens the first call that asks, or closes it where it is open.
pub(in crate::tui) fn toggle(state: &mut AppState, at: Stamp) {
    if matches!(state.overlay, Some(Overlay::Approval(_))) {
        state.overlay = None;
        return;
    }
    open(state, at);
}

/// Opens the first call that asks.
pub(in crate::tui) fn open(state: &mut AppState, at: Stamp) {
    match ApprovalScreen::new(pending(state.session())) {
        Some(screen) => state.overlay = Some(Overlay::Approval(Box::new(screen))),
        None => state.toast("No tool asks to run.", at),
    }
}

/// Brings an open call up to date with what still waits.
pub(super) fn refresh(state: &mut AppState) {
    let Some(session) = state.chats.get(&state.current).map(|chat| &chat.session) else { return };
    if let Some(Overlay::Approval(screen)) = &mut state.overlay {
        screen.refresh(pending(session));
    }
}

/// Hands a key to the screen, and the user's word to the session.
pub(super) fn pass(state: &mut AppState, key: &ScreenKey, at: Stamp) -> Vec<TuiEffect> {
    let (size, drawn) = (state.size, state.drawn_approval);
    let Some(Overlay::Approval(screen)) = &mut state.overlay else { return Vec::new() };
    match screen.handle(key, size, drawn) {
        None => Vec::new(),
        Some(Intent::Close) => {
            state.overlay = None;
            Vec::new()
        }
        Some(Intent::Answer { result, approval }) => {
            let effects = state.tell_session(Happened::Answered { result, approval }, at);
            let next = ApprovalScreen::after_an_answer(pending(state.session()));
            state.overlay = next.map(|screen| Overlay::Approval(Box::new(screen)));
            effects
        }
    }
}
