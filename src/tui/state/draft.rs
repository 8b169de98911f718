//! The draft in front: where it is kept, and when it is saved. Owns the pace of saving; refuses to save what may
//! hold a key.

use std::time::Duration;

use super::AppState;
use crate::chat::ConversationId;
use crate::runtime::Write;
use crate::tui::effect::TuiEffect;

/// A draft is saved this long after its first unsaved change.
const SAVE_DRAFT_AFTER: Duration = Duration::from_millis(700);

impl AppState {
    /// Under what the draft in front is kept: a chat that is not saved yet has the new chat's place.
    #[must_use]
    pub fn draft_place(&self) -> Option<ConversationId> {
        self.session().is_saved().then_some(self.current)
    }

    /// Saves the draft where it changed since the last time. What may hold a key is not saved.
    pub fn save_draft(&mut self) -> Vec<TuiEffect> {
        self.draft_due = None;
        let text = self.composer.expanded_text();
        if text == self.saved_draft || crate::tui::commands::may_hold_a_key(&text) {
            return Vec::new();
        }
        self.saved_draft.clone_from(&text);
        vec![TuiEffect::Write(vec![Write::PutDraft { conversation: self.draft_place(), text }])]
    }

    /// Notes that the draft changed, so that it is saved a little later.
    pub fn draft_changed(&mut self) {
        self.completion = 0;
        self.draft_due.get_or_insert(self.now.mono + SAVE_DRAFT_AFTER);
    }

    /// Tells the input box how wide it is and how far it may grow, which its movements by row depend on.
    pub fn fit_composer(&mut self) {
        let regions = crate::tui::view::regions(self);
        let most = (self.size.1 / 3).max(1);
        if regions.composer.width > 2 {
            self.composer.resize(regions.composer.width - 2, most);
        }
    }
}
