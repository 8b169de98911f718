//! A growing markdown text as blocks.
use super::{Ink, LineInks, Row, plain_rows};
use std::ops::Range;

/// A growing text, cut into blocks. Holds offsets only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    blocks: Vec<Block>,
}

impl Document {
    pub fn new() -> Self {
        Self::default()
    }

    /// `source` is the whole text so far; it only ever grows.
    pub fn extend(&mut self, source: &str) {
        self.blocks.clear();
        let mut at = 0;
        for part in source.split_inclusive("\n\n") {
            self.blocks.push(Block { range: at..at + part.len() });
            at += part.len();
        }
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }
}

/// A piece of the document that is laid out by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    range: Range<usize>,
}

/// A part of a fenced code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FencePart {
    /// Ordinal of the fence in the document.
    pub fence: u32,
    pub language: String,
    /// Number within the fence of the part's first line.
    pub first_line: usize,
    /// Its lines in the source, without newline.
    pub lines: Vec<Range<usize>>,
    pub complete_lines: usize,
    pub opens: bool,
    pub closes: bool,
}

impl Block {
    /// Its bytes in the source.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Changes whenever its layout could.
    pub fn version(&self) -> u64 {
        (self.range.start as u64) << 32 | self.range.len() as u64
    }

    pub fn fence(&self) -> Option<&FencePart> {
        None
    }

    /// Lays the block out; `code` holds the inks of its own lines, as far as they are known.
    pub fn layout(&self, source: &str, width: u16, code: &[LineInks]) -> Vec<Row> {
        let _ = code;
        let mut rows = plain_rows(&source[self.range()], width, Ink::Plain);
        for row in &mut rows {
            row.source = self.range.start;
        }
        rows
    }
}

/// A whole text at once, highlighted.
pub fn render_all(source: &str, width: u16) -> Vec<Row> {
    let mut document = Document::new();
    document.extend(source);
    document.blocks().iter().flat_map(|block| block.layout(source, width, &[])).collect()
}
