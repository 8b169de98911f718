//! Cells that a spreadsheet would run, made text. Owns which these are and the mark they get; refuses to lose a character:
//! what is guarded is got back exactly.
//!
//! The rule is OWASP's (CSV Injection, owasp.org): no cell begins with `=`, `+`, `-`, `@`, a tab, CR or LF; a single quote
//! before it makes it text. Wider than that list: the full-width and small forms of the four signs, which spreadsheets
//! with an East Asian input read alike, the minus sign, any control character, and signs behind spaces or characters that
//! do not show, which some spreadsheets drop. A spreadsheet told to split at another character than the comma makes cells
//! of its own; no guard reaches those.

use std::borrow::Cow;

/// The mark. A text that begins with it is marked too, so that the mark always means the same.
const MARK: char = '\'';

/// The text as a cell that no spreadsheet runs.
#[must_use]
pub fn guard(text: &str) -> Cow<'_, str> {
    if needs_mark(text) { Cow::Owned(format!("{MARK}{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell that [`guard`] made.
#[must_use]
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix(MARK).unwrap_or(cell)
}

fn needs_mark(text: &str) -> bool {
    let is_led = text.starts_with(|first: char| first == MARK || first.is_control());
    is_led || text.trim_start_matches(is_passed_over).starts_with(is_sign)
}

/// What begins a formula.
const fn is_sign(character: char) -> bool {
    matches!(
        character,
        '=' | '+' | '-' | '@' // themselves
            | '\u{FF1D}' | '\u{FF0B}' | '\u{FF0D}' | '\u{FF20}' // full-width
            | '\u{FE66}' | '\u{FE62}' | '\u{FE63}' | '\u{FE6B}' // small
            | '\u{2212}' // the minus sign
    )
}

/// Spaces, and what takes no room: zero-width characters, joiners, directions, the byte-order mark.
fn is_passed_over(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        )
}
