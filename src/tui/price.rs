//! What the message in the input box would cost, said before it is sent. Owns the words; the sum is the session's.

use crate::chat::PicoUsd;
use crate::session::parts::Preview;

use super::commands::{self, Parsed};
use super::state::AppState;

/// From this many columns on, it is said in words what the two sums are.
const WORDS_FROM: u16 = 72;

impl AppState {
    /// What the draft would cost; `None` where there is none, or where it is a command.
    #[must_use]
    pub fn preview(&self) -> Option<Preview> {
        self.holds_message().then(|| self.session().preview(self.composer.weight()))
    }

    /// Whether what is in the box would be sent as a message. A text is looked at no further than its first line.
    fn holds_message(&self) -> bool {
        let Some(first) = self.composer.first_words() else { return false };
        if first.starts_with('/') || commands::find(first).is_some() {
            return matches!(commands::parse(&self.composer.text()), Parsed::Message(_));
        }
        true
    }
}

/// The words for a width in columns; `None` where there is nothing to say.
#[must_use]
pub fn words(state: &AppState, columns: u16) -> Option<String> {
    let Preview { least, most, .. } = state.preview()?;
    let shown = |cost: PicoUsd| state.preferences.settings.currency.show_cost(Some(cost));
    Some(match (least, most) {
        (None, _) => "price unknown".to_owned(),
        (Some(least), Some(most)) if shown(least) == shown(most) => shown(least),
        (Some(least), Some(most)) if columns < WORDS_FROM => format!("{} to {}", shown(least), shown(most)),
        (Some(least), Some(most)) => format!("at least {}, at most {}", shown(least), shown(most)),
        (Some(least), None) => format!("at least {}", shown(least)),
    })
}
