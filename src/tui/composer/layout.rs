//! Where every row of the draft begins at the current width, kept up to date change by change, and the way
//! between places in the text and cells. Draws nothing.

use std::ops::Range;

use super::attach::Attachments;
use super::cluster::Line;
use super::model::{Model, Pos};
use super::wrap::{self, Change, Rows};

#[derive(Debug, Clone, PartialEq, Eq)]
struct LineLayout {
    rows: Rows,
    tokens: Vec<Range<usize>>,
}

impl LineLayout {
    fn of(text: &str, attachments: &Attachments, width: u16) -> Self {
        let tokens = attachments.tokens_in(text);
        let rows = wrap::wrap(Line { text, tokens: &tokens }, width);
        Self { rows, tokens }
    }
}

/// The rows of a draft at one width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    width: u16,
    lines: Vec<LineLayout>,
    /// The sum of all rows, without the one that a cursor after a full row needs.
    total: usize,
}

/// A row: the line it belongs to, and which of that line's rows it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowRef {
    pub line: usize,
    pub row: usize,
}

/// Where a cursor is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caret {
    pub at: RowRef,
    pub column: u16,
    /// It stands after a row that is full, on an empty row of its own.
    pub phantom: bool,
}

impl Layout {
    pub fn of(model: &Model, attachments: &Attachments, width: u16) -> Self {
        let width = width.max(1);
        let lines: Vec<_> = model.lines().iter().map(|text| LineLayout::of(text, attachments, width)).collect();
        let total = lines.iter().map(|line| line.rows.starts.len()).sum();
        Self { width, lines, total }
    }

    pub fn width(&self) -> u16 {
        self.width
    }

    /// The line `at` with its tokens, as it stands in `model`.
    pub fn line<'a>(&'a self, model: &'a Model, at: usize) -> Line<'a> {
        Line { text: model.line(at), tokens: self.lines.get(at).map_or(&[], |line| line.tokens.as_slice()) }
    }

    /// Lays out again what a change touched: the lines `old` gave way to as many as `new`, and where both are
    /// one, only `change` of it.
    pub fn update(&mut self, model: &Model, attachments: &Attachments, old: Range<usize>, new: usize, change: Change) {
        let first = old.start;
        if old.len() == 1 && new == 1 {
            let text = model.line(first);
            let line = &mut self.lines[first];
            self.total -= line.rows.starts.len();
            if attachments.is_empty() {
                wrap::rewrap(Line { text, tokens: &[] }, self.width, &mut line.rows, change);
            } else {
                *line = LineLayout::of(text, attachments, self.width);
            }
            self.total += line.rows.starts.len();
            return;
        }
        let width = self.width;
        let gone: usize = self.lines[old.clone()].iter().map(|line| line.rows.starts.len()).sum();
        let come = (first..first + new).map(|at| LineLayout::of(model.line(at), attachments, width));
        self.lines.splice(old, come);
        let added: usize = self.lines[first..first + new].iter().map(|line| line.rows.starts.len()).sum();
        self.total = self.total - gone + added;
    }

    /// All rows, with the one that a cursor at `cursor` may need for itself.
    pub fn rows(&self, model: &Model, cursor: Pos) -> usize {
        self.total + usize::from(self.needs_phantom(model, cursor))
    }

    fn needs_phantom(&self, model: &Model, cursor: Pos) -> bool {
        self.lines[cursor.line].rows.full && cursor.byte == model.line(cursor.line).len()
    }

    /// Where the cursor at `at` is drawn.
    pub fn caret(&self, model: &Model, at: Pos) -> Caret {
        let starts = &self.lines[at.line].rows.starts;
        if self.needs_phantom(model, at) {
            return Caret { at: RowRef { line: at.line, row: starts.len() }, column: 0, phantom: true };
        }
        let row = starts.partition_point(|start| *start as usize <= at.byte).saturating_sub(1);
        let line = self.line(model, at.line);
        let mut byte = starts[row] as usize;
        let mut column = 0;
        while byte < at.byte {
            let end = line.cluster_end(byte);
            column += wrap::cells_within(&line.text[byte..end], self.width);
            byte = end;
        }
        Caret { at: RowRef { line: at.line, row }, column, phantom: false }
    }

    /// The bytes of row `at`; empty for a row beyond the line's last.
    pub fn span(&self, model: &Model, at: RowRef) -> Range<usize> {
        let starts = &self.lines[at.line].rows.starts;
        let end = model.line(at.line).len();
        let edge = |row: usize| starts.get(row).map_or(end, |start| *start as usize);
        edge(at.row)..edge(at.row + 1)
    }

    /// How many rows stand above `at`.
    pub fn index_of(&self, at: RowRef) -> usize {
        self.lines[..at.line].iter().map(|line| line.rows.starts.len()).sum::<usize>() + at.row
    }

    /// The row that has `index` rows above it, the row of a `phantom` caret counted in.
    pub fn row_at(&self, index: usize, caret: &Caret) -> Option<RowRef> {
        let mut above = 0;
        for (line, layout) in self.lines.iter().enumerate() {
            let own = caret.phantom && caret.at.line == line;
            let rows = layout.rows.starts.len() + usize::from(own);
            if index < above + rows {
                return Some(RowRef { line, row: index - above });
            }
            above += rows;
        }
        None
    }

    /// The row after `at`, that of a `phantom` caret counted in.
    pub fn next_row(&self, at: RowRef, caret: &Caret) -> Option<RowRef> {
        let own = caret.phantom && caret.at.line == at.line;
        let rows = self.lines[at.line].rows.starts.len() + usize::from(own);
        if at.row + 1 < rows {
            return Some(RowRef { line: at.line, row: at.row + 1 });
        }
        (at.line + 1 < self.lines.len()).then_some(RowRef { line: at.line + 1, row: 0 })
    }

    /// The row above the caret's.
    pub fn row_above(&self, caret: &Caret) -> Option<RowRef> {
        if caret.at.row > 0 {
            return Some(RowRef { line: caret.at.line, row: caret.at.row - 1 });
        }
        let line = caret.at.line.checked_sub(1)?;
        Some(RowRef { line, row: self.lines[line].rows.starts.len() - 1 })
    }

    /// The row below the caret's.
    pub fn row_below(&self, caret: &Caret) -> Option<RowRef> {
        self.next_row(caret.at, caret)
    }

    /// The byte of row `at` that stands at `column`, or the last place of the row where it is shorter.
    pub fn byte_at(&self, model: &Model, at: RowRef, column: u16) -> usize {
        let span = self.span(model, at);
        let line = self.line(model, at.line);
        let ends_line = span.end == line.text.len();
        let mut byte = span.start;
        let mut cells = 0;
        while byte < span.end {
            let end = line.cluster_end(byte);
            cells += wrap::cells_within(&line.text[byte..end], self.width);
            // The end of a row that goes on is the start of the next: stay on this one.
            if cells > column || (end == span.end && !ends_line) {
                break;
            }
            byte = end;
        }
        byte
    }
}
