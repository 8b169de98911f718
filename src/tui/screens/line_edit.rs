//! A line to type in: a filter, a title, an address, a key.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation as _;

/// One line of text, edited at its end.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct LineEdit(String);

impl fmt::Debug for LineEdit {
    /// Its length alone: it may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineEdit({} bytes)", self.0.len())
    }
}

impl LineEdit {
    /// A line that holds `text` already.
    #[must_use]
    pub fn with(text: &str) -> Self {
        let mut line = Self::default();
        line.insert(text);
        line
    }

    /// Adds text; control characters and line ends are left out.
    pub fn insert(&mut self, text: &str) {
        self.0.extend(text.chars().filter(|c| !c.is_control()));
    }

    /// Takes the last cluster away; whether there was one.
    pub fn backspace(&mut self) -> bool {
        let last = self.0.graphemes(true).next_back().map(str::len);
        if let Some(length) = last {
            self.0.truncate(self.0.len() - length);
        }
        last.is_some()
    }

    /// Empties the line.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_not_printed_for_debugging() {
        assert_eq!(format!("{:?}", LineEdit::with("sk-secret")), "LineEdit(9 bytes)");
    }

    #[test]
    fn backspace_takes_a_whole_cluster() {
        let mut line = LineEdit::with("aक्षि👨‍👩‍👧");
        assert!(line.backspace());
        assert_eq!(line.text(), "aक्षि");
        assert!(line.backspace());
        assert_eq!(line.text(), "a");
        line.insert("b\nc\u{1b}d");
        assert_eq!(line.text(), "abcd");
    }
}
