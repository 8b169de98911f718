//! Folding and unfolding: reasoning, the calls of tools, long JSON.

use crate::chat::{Message, MessageId, Role, Stamp, Status};
use crate::text::json::looks_like_json;
use crate::tui::state::AppState;
use crate::tui::transcript::{Anchor, scroll};
use crate::tui::view;

/// Unfolds a message, or folds it.
pub(super) fn toggle(state: &mut AppState, message: MessageId) {
    if !state.chat_mut().unfolded.remove(&message) {
        state.chat_mut().unfolded.insert(message);
        reveal(state, message);
    }
}

/// Unfolds what is on the screen, or, where all of it is unfolded, folds it.
pub(in crate::tui) fn toggle_seen(state: &mut AppState, at: Stamp) {
    let seen = state.drawn.messages();
    let conversation = state.session().conversation();
    let folds: Vec<MessageId> = seen.into_iter().filter(|id| conversation.get(*id).is_some_and(can_fold)).collect();
    let Some(first) = folds.first().copied() else {
        state.toast("Nothing on the screen can be unfolded.", at);
        return;
    };
    let unfolded = &mut state.chat_mut().unfolded;
    if folds.iter().all(|id| unfolded.contains(id)) {
        unfolded.retain(|id| !folds.contains(id));
        return;
    }
    unfolded.extend(folds);
    reveal(state, first);
}

/// Whether there may be more of a message than is shown at first.
fn can_fold(message: &Message) -> bool {
    let is_json = message.status == Status::Complete && looks_like_json(&message.content);
    message.role == Role::Tool || (message.role == Role::Assistant && (!message.reasoning.is_empty() || is_json))
}

/// What was unfolded is seen from its beginning: the end is no longer followed.
fn reveal(state: &mut AppState, message: MessageId) {
    let anchor = state.chat().anchor;
    if anchor == Anchor::End {
        let scene = view::Scene::of(state);
        let revealed = scroll::reveal(&scene.transcript(state), anchor, message);
        state.chat_mut().anchor = revealed;
    }
}
