//! The only kind of text that may be drawn or printed. Owns the visible forms of what is not let through;
//! refuses to hold a control, a bidirectional control, a tag or a stray invisible character.

use super::unicode::{Context, cluster_width};
use std::fmt::Write as _;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Columns between two tab stops.
const TAB_STOP: usize = 4;

/// Text that does nothing to a terminal but show itself. It may hold newlines, never another control.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Sanitised(String);

impl Sanitised {
    /// Controls become pictures (`␛`), invisible and bidirectional characters `<U+202E>`, tabs spaces up to the
    /// next stop of four columns. Newlines, and joiners inside clusters that need them, stay.
    pub fn new(raw: &str) -> Self {
        if is_clean(raw) {
            return Self(raw.to_owned());
        }
        let mut shown = String::with_capacity(raw.len() + 16);
        clean(raw, |piece| shown.push_str(piece.shown));
        Self(shown)
    }

    /// As [`Sanitised::new`], on one line: a newline is shown as `⏎`.
    pub fn line(raw: &str) -> Self {
        if !raw.contains('\n') {
            return Self::new(raw);
        }
        Self(Self::new(&raw.replace("\r\n", "\n")).0.replace('\n', "⏎"))
    }

    /// The program's own text, which needs no reading.
    pub fn trusted(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Characters of the program's own, repeated: spaces, lines.
    pub(super) fn repeated(character: char, count: usize) -> Self {
        Self(std::iter::repeat_n(character, count).collect())
    }

    /// A part of a text that was cleaned as a whole, which its context needs.
    pub(super) fn part(cleaned: &str) -> Self {
        debug_assert!(!cleaned.chars().any(char::is_control), "only cleaned text without newlines");
        Self(cleaned.to_owned())
    }

    /// Both texts, one after the other; judged again where they meet.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        Self::new(&[self.as_str(), next.as_str()].concat())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In columns.
    pub fn width(&self) -> usize {
        width(&self.0)
    }
}

impl std::fmt::Display for Sanitised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Sanitised {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// In columns, by grapheme cluster, as the screen counts. A newline has none.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|byte| *byte != b'\n').count();
    }
    text.graphemes(true).map(cluster_width).sum()
}

/// A stretch of raw text and what is shown for it.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    /// Bytes in the raw text.
    pub(super) raw: Range<usize>,
    pub(super) shown: &'a str,
    pub(super) form: Form,
}

/// How a piece is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    AsIs,
    /// The spaces of a tab.
    Expanded,
    /// The visible form of what is not let through.
    Escaped,
}

/// Whether a text is shown as it is, found without looking at clusters.
pub(super) fn is_clean(raw: &str) -> bool {
    raw.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'))
}

/// Gives a text piece by piece, in order, without gaps.
pub(super) fn clean(raw: &str, mut give: impl FnMut(Piece<'_>)) {
    let mut context = Context::default();
    let mut column = raw.contains('\t').then_some(0);
    // What was admitted and not given yet begins at `from`.
    let (mut from, mut at) = (0, 0);
    while let Some(byte) = raw.as_bytes().get(at).copied() {
        if byte == b'\n' {
            context.start_line();
            at += 1;
            continue;
        }
        let admitted = if byte == b'\t' { 0 } else { context.admit(&raw[at..]) };
        if admitted > 0 {
            at += admitted;
            continue;
        }
        if from < at {
            give(Piece { raw: from..at, shown: &raw[from..at], form: Form::AsIs });
            column = column.map(|column| column_after(column, &raw[from..at]));
        }
        let character = raw[at..].chars().next().unwrap_or(' ');
        let (shown, form) = if byte == b'\t' {
            context.admit(" ");
            (" ".repeat(TAB_STOP - column.unwrap_or(0) % TAB_STOP), Form::Expanded)
        } else {
            (picture(character), Form::Escaped)
        };
        column = column.map(|column| column_after(column, &shown));
        give(Piece { raw: at..at + character.len_utf8(), shown: &shown, form });
        at += character.len_utf8();
        from = at;
    }
    if from < at {
        give(Piece { raw: from..at, shown: &raw[from..at], form: Form::AsIs });
    }
}

fn column_after(column: usize, text: &str) -> usize {
    match text.rfind('\n') {
        Some(newline) => width(&text[newline + 1..]),
        None => column + width(text),
    }
}

/// The visible form of a character that is not let through.
fn picture(character: char) -> String {
    match character {
        '\0'..='\x1F' => char::from_u32(0x2400 + character as u32).unwrap_or('␀').to_string(),
        '\x7F' => "␡".to_owned(),
        _ => {
            let mut text = String::with_capacity(9);
            // Writing to a string cannot fail.
            let _ = write!(text, "<U+{:04X}>", character as u32);
            text
        }
    }
}
