//! A growing markdown text, cut into blocks while it arrives. Owns where blocks begin and end, which never depends
//! on how the text arrived: after every extension the blocks are those of the whole text at once. Copies no text.

use super::block::Block;
use super::highlight::FenceHighlighter;
use super::segment::{Ending, Segmenter};
use super::{LineInks, Row};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// A longer line is cut, so that what may still change stays small.
const LONGEST_LINE: usize = 16 * 1024;
/// By how much a line must be too long before it is cut: the cut is then settled by text that is there.
const SLACK: usize = 256;

/// A growing text, cut into blocks. Holds offsets only.
#[derive(Debug, Clone, Default)]
pub struct Document {
    blocks: Vec<Block>,
    segmenter: Segmenter,
    /// Everything before this byte is settled: whole lines, and cut-off parts of long ones.
    settled: usize,
    /// The unfinished line is known to have no newline before this byte.
    searched: usize,
    /// What was settled before the unfinished line was read, to return to.
    before: Option<Settled>,
    #[cfg(test)]
    pub(super) scanned: usize,
}

/// The state before the unfinished line.
#[derive(Debug, Clone)]
struct Settled {
    segmenter: Segmenter,
    blocks: usize,
    last: Option<Block>,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.blocks == other.blocks
    }
}

impl Eq for Document {}

impl Document {
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads on. `source` is the whole text so far, of which only what is new, and the line it continues, is read;
    /// it must begin with what it was before.
    pub fn extend(&mut self, source: &str) {
        if let Some(before) = self.before.take() {
            self.segmenter = before.segmenter;
            self.blocks.truncate(before.blocks);
            if let (Some(place), Some(last)) = (self.blocks.last_mut(), before.last) {
                *place = last;
            }
        }
        loop {
            let from = self.settled;
            let looked = self.searched.max(from);
            let newline = source[looked..].find('\n').map(|at| looked + at);
            let end = newline.unwrap_or(source.len());
            self.count(end - looked);
            self.searched = end;
            if end - from >= LONGEST_LINE + SLACK {
                let cut = from + cut_point(&source[from..source.floor_char_boundary(from + LONGEST_LINE)]);
                self.count(cut - from);
                self.read(source, from..cut, Ending::Cut);
                self.settled = cut;
            } else if let Some(newline) = newline {
                self.count((end - from).min(LONGEST_LINE));
                self.read(source, without_return(source, from..end), Ending::Newline);
                self.settled = newline + 1;
            } else {
                self.count((end - from).min(1024));
                self.read_unfinished(source, from..end);
                return;
            }
        }
    }

    /// In the order of the source, without overlaps.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// How many of the blocks, from the first, will never change again. What is left is small: the last block before
    /// the unfinished line, and the blocks of that line.
    pub fn frozen(&self) -> usize {
        self.before.as_ref().map_or(self.blocks.len(), |before| before.blocks).saturating_sub(1)
    }

    fn read(&mut self, source: &str, line: Range<usize>, ending: Ending) {
        self.segmenter.read_line(source, line, ending, &mut self.blocks);
    }

    fn read_unfinished(&mut self, source: &str, line: Range<usize>) {
        let line = without_return(source, line);
        if line.is_empty() {
            return;
        }
        let last = self.blocks.last().cloned();
        self.before = Some(Settled { segmenter: self.segmenter.clone(), blocks: self.blocks.len(), last });
        self.read(source, line, Ending::Open);
    }

    /// Counts the bytes that were looked at, for the tests that hold the cost to the text's length.
    #[cfg_attr(not(test), allow(clippy::unused_self, reason = "the count is kept in tests only"))]
    fn count(&mut self, bytes: usize) {
        #[cfg(test)]
        {
            self.scanned += bytes;
        }
        #[cfg(not(test))]
        let _ = bytes;
    }
}

fn without_return(source: &str, line: Range<usize>) -> Range<usize> {
    let end = if source[line.clone()].ends_with('\r') { line.end - 1 } else { line.end };
    line.start..end
}

/// Where to cut a long line: at its last space not far from the limit, else between two clusters.
fn cut_point(line: &str) -> usize {
    let far = line.len() - line.len() / 8;
    let space = line.as_bytes()[far..].windows(2).rposition(|pair| pair[0] == b' ' && pair[1].is_ascii());
    if let Some(space) = space {
        return far + space + 1;
    }
    let boundary = line.grapheme_indices(true).map(|(at, _)| at).next_back();
    boundary.filter(|at| *at > 0).unwrap_or(line.len())
}

/// A whole text at once, its fences highlighted: for printing, where no worker highlights beside.
pub fn render_all(source: &str, width: u16) -> Vec<Row> {
    let mut document = Document::new();
    document.extend(source);
    let mut highlighter: Option<FenceHighlighter> = None;
    let mut rows = Vec::new();
    for block in document.blocks() {
        let mut inks: Vec<LineInks> = Vec::new();
        if let Some(part) = block.fence() {
            if part.opens {
                highlighter = FenceHighlighter::new(&part.language);
            }
            if let Some(highlighter) = highlighter.as_mut() {
                inks.extend(part.lines.iter().map(|line| highlighter.line(&source[line.clone()])));
            }
        }
        rows.extend(block.layout(source, width, &inks));
    }
    rows
}
