//! Where a cursor may stand in one line: between grapheme clusters, and never inside an attachment's token.
//! Knows nothing of widths or of the screen.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};

/// One logical line and the tokens in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub text: &'a str,
    /// Byte ranges of attachment tokens, in order, apart from each other.
    pub tokens: &'a [Range<usize>],
}

/// What a word is made of, for moving and deleting by word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Space,
    Word,
    Other,
}

impl Class {
    pub fn of(c: char) -> Self {
        if c.is_whitespace() {
            Self::Space
        } else if c.is_alphanumeric() || c == '_' {
            Self::Word
        } else {
            Self::Other
        }
    }
}

impl<'a> Line<'a> {
    #[cfg(test)]
    pub fn plain(text: &'a str) -> Self {
        Self { text, tokens: &[] }
    }

    /// The end of the drawn cluster that begins at `at`; the line's end, where `at` is there.
    pub fn cluster_end(self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        match (bytes.get(at), bytes.get(at + 1)) {
            (None, _) => self.text.len(),
            (Some(0..=0x7F), None | Some(0..=0x7F)) => at + 1,
            _ => {
                let piece = &self.text[at..self.piece(at).end];
                at + piece.graphemes(true).next().map_or(0, str::len)
            }
        }
    }

    /// The next place right of `at` where a cursor may stand.
    pub fn next_stop(self, at: usize) -> usize {
        self.token_from(at).map_or_else(|| self.cluster_end(at), |token| token.end)
    }

    /// The next place left of `at` where a cursor may stand; 0 at the line's start.
    pub fn previous_stop(self, at: usize) -> usize {
        if let Some(token) = self.tokens.iter().find(|token| token.end == at) {
            return token.start;
        }
        let bytes = self.text.as_bytes();
        match at {
            0 | 1 => 0,
            _ if bytes[at - 1].is_ascii() && bytes[at - 2].is_ascii() => at - 1,
            _ => {
                let start = self.piece(at - 1).start;
                self.text[start..at].grapheme_indices(true).next_back().map_or(start, |(offset, _)| start + offset)
            }
        }
    }

    /// `at` itself where a cursor may stand there, else the next such place to the right.
    pub fn snap_forward(self, at: usize) -> usize {
        self.snap(at).end
    }

    /// `at` itself where a cursor may stand there, else the next such place to the left.
    pub fn snap_back(self, at: usize) -> usize {
        self.snap(at).start
    }

    /// The token that `at` is the start of.
    fn token_from(self, at: usize) -> Option<&'a Range<usize>> {
        self.tokens.iter().find(|token| token.start == at)
    }

    /// Both neighbouring stops where `at` lies inside something whole, else `at` twice.
    fn snap(self, at: usize) -> Range<usize> {
        if at == 0 || at >= self.text.len() {
            let at = at.min(self.text.len());
            return at..at;
        }
        if let Some(token) = self.tokens.iter().find(|token| token.start < at && at < token.end) {
            return token.clone();
        }
        let piece = self.piece(at);
        let text = &self.text[piece.clone()];
        let mut probe = GraphemeCursor::new(at - piece.start, text.len(), true);
        if piece.start == at || probe.is_boundary(text, 0).unwrap_or(true) {
            return at..at;
        }
        let end = probe.next_boundary(text, 0).ok().flatten().unwrap_or(text.len());
        let start = text[..end].grapheme_indices(true).next_back().map_or(0, |(offset, _)| offset);
        piece.start + start..piece.start + end
    }

    /// The stretch around byte `at` that no token's edge divides.
    fn piece(self, at: usize) -> Range<usize> {
        let mut piece = 0..self.text.len();
        for token in self.tokens {
            if token.end <= at {
                piece.start = token.end;
            } else if token.start <= at {
                return token.clone();
            } else {
                piece.end = token.start;
                break;
            }
        }
        piece
    }

    /// What stands between `from` and the next stop; a token counts as a word.
    pub fn class_at(self, from: usize) -> Class {
        if self.token_from(from).is_some() {
            return Class::Word;
        }
        self.text[from..].chars().next().map_or(Class::Space, Class::of)
    }

    /// The end of the word right of `at`, after what is not a word.
    pub fn word_right(self, at: usize) -> usize {
        let at = self.skip_right(at, |class| class != Class::Word);
        self.skip_right(at, |class| class == Class::Word)
    }

    /// The start of the word left of `at`, before what is not a word.
    pub fn word_left(self, at: usize) -> usize {
        let at = self.skip_left(at, |class| class != Class::Word);
        self.skip_left(at, |class| class == Class::Word)
    }

    /// The start of the blank-separated word left of `at`: what Ctrl+W erases in a shell.
    pub fn blank_word_left(self, at: usize) -> usize {
        let at = self.skip_left(at, |class| class == Class::Space);
        self.skip_left(at, |class| class != Class::Space)
    }

    fn skip_right(self, mut at: usize, skip: impl Fn(Class) -> bool) -> usize {
        while at < self.text.len() && skip(self.class_at(at)) {
            at = self.next_stop(at);
        }
        at
    }

    fn skip_left(self, mut at: usize, skip: impl Fn(Class) -> bool) -> usize {
        while at > 0 {
            let before = self.previous_stop(at);
            if !skip(self.class_at(before)) {
                break;
            }
            at = before;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_steps_over_whole_clusters() {
        for cluster in ["क्षि", "👨‍👩‍👧‍👦", "🇮🇳", "e\u{301}", "1️⃣"] {
            let text = format!("a{cluster}b");
            let line = Line::plain(&text);
            assert_eq!(line.next_stop(1), 1 + cluster.len(), "right over {cluster}");
            assert_eq!(line.previous_stop(text.len() - 1), 1, "left over {cluster}");
        }
    }

    #[test]
    fn flags_pair_up_from_the_left_whichever_way_the_cursor_goes() {
        let text = "🇮🇳🇮🇳🇮";
        let line = Line::plain(text);
        assert_eq!(line.next_stop(0), 8);
        assert_eq!(line.previous_stop(text.len()), 16);
        assert_eq!(line.previous_stop(16), 8);
        assert_eq!(line.snap_forward(4), 8);
        assert_eq!(line.snap_back(4), 0);
    }

    #[test]
    fn a_token_is_one_stop_and_one_word() {
        let text = "x [pasted] y";
        let tokens = std::slice::from_ref(&(2..10));
        let line = Line { text, tokens };
        assert_eq!(line.next_stop(2), 10);
        assert_eq!(line.previous_stop(10), 2);
        assert_eq!(line.snap_back(5), 2);
        assert_eq!(line.word_left(10), 2);
        assert_eq!(line.word_right(1), 10);
    }

    #[test]
    fn a_mark_typed_right_after_a_token_leaves_the_token_whole() {
        let text = "[t]\u{301}z";
        let tokens = std::slice::from_ref(&(0..3));
        let line = Line { text, tokens };
        assert_eq!(line.next_stop(0), 3);
        assert_eq!(line.next_stop(3), 5);
        assert_eq!(line.previous_stop(5), 3);
        assert_eq!(line.snap_forward(3), 3);
    }

    #[test]
    fn words_are_words_in_hindi_too() {
        let text = "मेरा नाम, rahul_k";
        let line = Line::plain(text);
        assert_eq!(&text[..line.word_right(0)], "मेरा");
        assert_eq!(&text[line.word_left(text.len())..], "rahul_k");
        assert_eq!(&text[line.blank_word_left("मेरा नाम,".len())..], "नाम, rahul_k");
    }
}
