//! A message's text, cut into pieces that are laid out by themselves: markdown for replies, plain text for
//! everything else. Owns offsets only; refuses to look twice at text it has scanned.

use std::ops::Range;

use crate::text::{Document, FencePart, Ink, LineInks, Row, plain_rows};

/// A piece of plain text is closed at the first newline after this many lines or bytes.
const PIECE_LINES: usize = 32;
const PIECE_BYTES: usize = 4 * 1024;
/// A line longer than this is closed at the next space, one longer than twice this between any two letters, so
/// that a line that grows to a megabyte is not wrapped again from its beginning for each new word.
const LINE_BYTES: usize = 16 * 1024;

/// Plain text, cut into pieces at newlines. What is cut depends on the text alone, not on how it came.
#[derive(Debug, Clone, Default)]
pub(in crate::tui) struct PlainText {
    closed: Vec<Range<usize>>,
    /// Where the last, open piece begins.
    open: usize,
    open_lines: usize,
    /// How far the text was read, without white space at its end.
    scanned: usize,
    last: Option<char>,
    words: usize,
}

impl PlainText {
    /// `source` is the whole text so far; it only ever grows.
    pub fn extend(&mut self, source: &str) {
        let end = source.trim_end().len();
        let Some(fresh) = source.get(self.scanned..end) else { return };
        for (offset, c) in fresh.char_indices() {
            let at = self.scanned + offset;
            if self.closes_before(at, c) {
                self.closed.push(self.open..at);
                self.open = at;
                self.open_lines = 0;
            }
            self.open_lines += usize::from(c == '\n');
            let word_begins = !c.is_whitespace() && self.last.is_none_or(char::is_whitespace);
            self.words += usize::from(word_begins);
            self.last = Some(c);
        }
        self.scanned = self.scanned.max(end);
    }

    fn closes_before(&self, at: usize, c: char) -> bool {
        let Some(last) = self.last else { return false };
        let bytes = at - self.open;
        match last {
            '\n' => self.open_lines >= PIECE_LINES || bytes >= PIECE_BYTES,
            ' ' | '\t' => bytes >= LINE_BYTES && c.is_alphanumeric(),
            _ => bytes >= 2 * LINE_BYTES && stands_alone(last) && stands_alone(c),
        }
    }

    pub fn len(&self) -> usize {
        self.closed.len() + usize::from(self.scanned > self.open)
    }

    pub fn range(&self, piece: usize) -> Range<usize> {
        self.closed.get(piece).cloned().unwrap_or(self.open..self.scanned)
    }

    /// The piece that holds the byte `source`, or the last one before it.
    pub fn piece_at(&self, source: usize) -> usize {
        last_before(self.len(), |piece| self.range(piece).start <= source)
    }

    pub const fn words(&self) -> usize {
        self.words
    }

    pub fn layout(&self, piece: usize, source: &str, width: u16, ink: Ink) -> Vec<Row> {
        let range = self.range(piece);
        let text = source.get(range.clone()).unwrap_or_default();
        let mut rows = Vec::new();
        let mut at = range.start;
        for line in text.split_inclusive('\n') {
            lay_line(&mut rows, line.trim_end_matches(['\n', '\r']), at, width, ink);
            at += line.len();
        }
        rows
    }
}

/// The last of `count` things, in order, that `begins` holds for; 0 where it holds for none.
fn last_before(count: usize, begins: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if begins(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low.saturating_sub(1)
}

/// Whether no cluster reaches over the edges of this character: ASCII that is seen, and Han.
fn stands_alone(c: char) -> bool {
    c.is_ascii_graphic() || ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn lay_line(rows: &mut Vec<Row>, line: &str, at: usize, width: u16, ink: Ink) {
    let before = rows.len();
    rows.extend(plain_rows(line, width, ink).into_iter().map(|row| Row { source: row.source + at, ..row }));
    if rows.len() == before {
        rows.push(Row { spans: Vec::new(), source: at });
    }
}

/// Text that is laid out at once: a notice, a queued message.
pub(super) fn short_text(text: &str, width: u16, ink: Ink) -> Vec<Row> {
    let mut plain = PlainText::default();
    plain.extend(text);
    (0..plain.len()).flat_map(|piece| plain.layout(piece, text, width, ink)).collect()
}

/// What a message says.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Markdown(Document),
    Plain(PlainText),
}

impl Body {
    pub fn extend(&mut self, source: &str) {
        match self {
            Self::Markdown(document) => document.extend(source),
            Self::Plain(plain) => plain.extend(source),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Markdown(document) => document.blocks().len(),
            Self::Plain(plain) => plain.len(),
        }
    }

    pub fn range(&self, block: usize) -> Range<usize> {
        match self {
            Self::Markdown(document) => document.blocks().get(block).map_or(0..0, crate::text::Block::range),
            Self::Plain(plain) => plain.range(block),
        }
    }

    /// Changes whenever the block's layout could, its code's inks apart.
    pub fn version(&self, block: usize) -> u64 {
        match self {
            Self::Markdown(document) => document.blocks().get(block).map_or(0, crate::text::Block::version),
            Self::Plain(plain) => plain.range(block).end as u64,
        }
    }

    pub fn fence(&self, block: usize) -> Option<&FencePart> {
        match self {
            Self::Markdown(document) => document.blocks().get(block).and_then(crate::text::Block::fence),
            Self::Plain(_) => None,
        }
    }

    /// The block that holds the byte `source`, or the last one before it.
    pub fn block_at(&self, source: usize) -> usize {
        last_before(self.len(), |block| self.range(block).start <= source)
    }

    pub fn layout(&self, block: usize, source: &str, width: u16, code: &[LineInks]) -> Vec<Row> {
        match self {
            Self::Markdown(document) => {
                document.blocks().get(block).map(|block| block.layout(source, width, code)).unwrap_or_default()
            }
            Self::Plain(plain) => plain.layout(block, source, width, Ink::Plain),
        }
    }
}
