//! Drafts: one for each chat, kept over restarts; a new, unsaved chat's has a place of its own.

use crate::chat::ConversationId;
use crate::runtime::Write;

use super::commands;
use super::composer::Composer;
use super::effect::TuiEffect;
use super::state::{AppState, SAVE_DRAFT_AFTER};

impl AppState {
    /// An empty input box with the configured limits.
    #[must_use]
    pub fn blank_composer(&self) -> Composer {
        let mut composer = Composer::new();
        composer.set_paste_attachment_chars(self.preferences.paste_attachment_chars);
        composer
    }

    /// Under what the draft of a chat is kept: one that is not saved yet has the new chat's place.
    #[must_use]
    pub fn draft_place(&self, id: ConversationId) -> Option<ConversationId> {
        self.chats.get(&id).is_some_and(|chat| chat.session.is_saved()).then_some(id)
    }

    /// Saves the draft in front where it changed since the last time. What may hold a key is not saved.
    pub fn save_draft(&mut self) -> Vec<TuiEffect> {
        self.draft_due = None;
        let text = self.composer.expanded_text();
        if text == self.saved_draft || commands::may_hold_a_key(&text) {
            return Vec::new();
        }
        self.saved_draft.clone_from(&text);
        vec![TuiEffect::Write(vec![Write::PutDraft { conversation: self.draft_place(self.current), text }])]
    }

    /// Notes that the draft changed, so that it is saved a little later.
    pub fn draft_changed(&mut self) {
        self.completion = 0;
        self.draft_due.get_or_insert(self.now.mono + SAVE_DRAFT_AFTER);
    }

    /// Gives queued messages back to the box of their chat, before what is written there. A draft that is in the
    /// user's editor gets them when it comes back.
    pub fn return_queued(&mut self, id: ConversationId, mut texts: Vec<String>) -> Vec<TuiEffect> {
        if id == self.current && self.editing.is_some() {
            self.returned.append(&mut texts);
            return Vec::new();
        }
        let blank = self.blank_composer();
        let is_current = id == self.current;
        let composer = if is_current {
            &mut self.composer
        } else {
            let Some(chat) = self.chats.get_mut(&id) else { return Vec::new() };
            chat.draft.get_or_insert(blank)
        };
        let draft = composer.expanded_text();
        if !draft.is_empty() {
            texts.push(draft);
        }
        let text = texts.join("\n\n");
        composer.set_text(&text);
        if is_current {
            self.draft_changed();
            let now = self.now;
            self.toast("Back in the box: what waited for its turn.", now);
            return Vec::new();
        }
        vec![TuiEffect::Write(vec![Write::PutDraft { conversation: self.draft_place(id), text }])]
    }
}
