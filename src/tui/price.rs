//! What the message in the input box would cost, said before it is sent. Owns the words; the sum is the session's.

use crate::chat::{Currency, PicoUsd};
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
    pub(super) fn holds_message(&self) -> bool {
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
    let price = said(&state.preview()?, &state.preferences.settings.currency, columns);
    let over = match state.cap_in_the_way() {
        Some(cap) if columns >= WORDS_FROM => format!(" · over the {}'s budget", cap.kind.as_str()),
        Some(_) => " · over budget".to_owned(),
        None => String::new(),
    };
    Some(price + &over)
}

fn said(preview: &Preview, currency: &Currency, columns: u16) -> String {
    let shown = |cost: PicoUsd| currency.show_cost(Some(cost));
    match (preview.least.map(shown), preview.most.map(shown)) {
        (None, _) => "price unknown".to_owned(),
        (Some(least), None) => format!("at least {least}"),
        (Some(least), Some(most)) if least == most => least,
        (Some(least), Some(most)) if columns < WORDS_FROM => format!("{least} to {most}"),
        (Some(least), Some(most)) => format!("at least {least}, at most {most}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_a_span_where_both_its_ends_are_known() {
        let said = |least: Option<i64>, most: Option<i64>, columns| {
            let preview = Preview { input: 1, least: least.map(PicoUsd), most: most.map(PicoUsd) };
            said(&preview, &Currency::default(), columns)
        };
        let (least, most) = (Some(141_000_000), Some(2_470_000_000));
        assert_eq!(said(least, most, 120), "at least ₹0.012, at most ₹0.21");
        assert_eq!(said(least, most, 40), "₹0.012 to ₹0.21");
        assert_eq!(said(least, None, 40), "at least ₹0.012");
        assert_eq!(said(None, None, 120), "price unknown");
        assert_eq!(said(Some(0), Some(0), 120), "₹0.00", "a server of one's own");
    }
}
