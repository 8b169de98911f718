//! The only kind of text that may be drawn or printed. Owns the visible forms of what is not let through;
//! refuses to hold a control, a bidirectional control, a tag or a stray invisible character.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Text that does nothing to a terminal but show itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Sanitised(String);

impl Sanitised {
    pub fn new(raw: &str) -> Self {
        Self(raw.chars().filter(|c| *c == '\n' || !c.is_control()).collect())
    }

    /// As [`Sanitised::new`], on one line.
    pub fn line(raw: &str) -> Self {
        Self(Self::new(raw).0.replace('\n', "⏎"))
    }

    /// The program's own text, which needs no reading.
    pub fn trusted(text: &'static str) -> Self {
        Self(text.to_owned())
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

/// In columns, by grapheme cluster.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}
