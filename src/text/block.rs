//! A piece of a document that is laid out by itself: where it stands in the source and what it is. Holds
//! offsets, never text.

use std::ops::Range;

/// A piece of the document that is laid out by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// Columns of margin, which nested lists make.
    pub(super) left: u16,
    /// Columns of indentation that its lines, but the first, have in the source and do not mean.
    pub(super) strip: u16,
    /// A blank row stands before it.
    pub(super) gap: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A paragraph, a heading, a table or a rule.
    Prose,
    /// Shown as written: what is left of a line too long to be parsed.
    Plain,
    Html,
    Indented,
    Quote,
    /// The beginning of a list's item.
    Item(Item),
    /// Rows of a table whose head stands in an earlier block.
    TableRows {
        head: Range<usize>,
    },
    Fence(Box<FencePart>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    /// Bytes of the mark at the block's start.
    pub(super) mark: u8,
    pub(super) ordered: bool,
    /// How many lists it stands within.
    pub(super) depth: u8,
}

/// A part of a fenced code block: at most 64 lines, so that a long fence costs no more than its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FencePart {
    /// Ordinal of the fence in the document, from 0.
    pub fence: u32,
    /// The first word behind the opening marks, as written; may be empty.
    pub language: String,
    /// Number within the fence of the part's first line, from 0.
    pub first_line: usize,
    /// Its lines in the source, without their newlines and without the indentation of the fence itself. A line of
    /// more than 16 KiB counts as several.
    pub lines: Vec<Range<usize>>,
    /// How many of the lines, from the first, will never change again.
    pub complete_lines: usize,
    /// The opening line is in this part.
    pub opens: bool,
    /// The closing line is in this part.
    pub closes: bool,
}

impl FencePart {
    /// The first part, of which only the opening line is there.
    pub(super) fn opening(fence: u32, language: String) -> Self {
        Self { fence, language, first_line: 0, lines: Vec::new(), complete_lines: 0, opens: true, closes: false }
    }

    /// The part after this one, still without lines.
    pub(super) fn following(&self) -> Self {
        let first_line = self.first_line + self.lines.len();
        Self { first_line, opens: false, ..Self::opening(self.fence, self.language.clone()) }
    }
}

impl Block {
    /// Its bytes in the source.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Changes whenever its layout could; two different blocks of one growing source never share one. A
    /// frozen block's ([`super::Document::frozen`]) never changes again.
    pub fn version(&self) -> u64 {
        let kind = match self.kind {
            Kind::Prose => 0,
            Kind::Plain => 1,
            Kind::Html => 2,
            Kind::Indented => 3,
            Kind::Quote => 4,
            Kind::Item(_) => 5,
            Kind::TableRows { .. } => 6,
            Kind::Fence(_) => 7,
        };
        // Where it starts decides on everything else: margin, gap, number. 2^36 bytes are more than memory holds.
        (self.start as u64) << 28 | ((self.end - self.start) as u64 & 0x00FF_FFFF) << 4 | kind
    }

    /// What it holds of a fenced code block.
    pub fn fence(&self) -> Option<&FencePart> {
        match &self.kind {
            Kind::Fence(part) => Some(part),
            _ => None,
        }
    }
}
