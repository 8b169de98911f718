//! A frame that was drawn: which row shows what, and the text between two points of it. Owns copies of the rows
//! on the screen, so that the mouse is answered for what the user sees; refuses to be asked about anything else.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use super::highlights::HighlightJob;
use crate::chat::MessageId;
use crate::text::{Row, width};

/// Two cells of the last frame, in the screen's coordinates, in any order; both belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    pub from: Position,
    pub to: Position,
}

impl Selection {
    /// The columns selected in the screen's row `y` of `area`: from, to, both included.
    pub(super) fn columns(self, y: u16, area: Rect) -> Option<(u16, u16)> {
        let key = |at: Position| (at.y, at.x);
        let (first, last) = if key(self.from) <= key(self.to) { (self.from, self.to) } else { (self.to, self.from) };
        if y < first.y || y > last.y || area.is_empty() {
            return None;
        }
        let left = if y == first.y { first.x.max(area.left()) } else { area.left() };
        let right = if y == last.y { last.x.min(area.right() - 1) } else { area.right() - 1 };
        (left <= right).then_some((left, right))
    }
}

/// What stands between a row's text and the next one's when both are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Glue {
    #[default]
    Newline,
    /// The line was wrapped at a space.
    Space,
    /// The line was wrapped within a word.
    Nothing,
}

#[derive(Debug, Clone)]
pub(super) struct DrawnRow {
    pub rows: Arc<[Row]>,
    pub index: usize,
    pub message: Option<MessageId>,
    /// Whether the row's source is a byte of the message's content.
    pub in_content: bool,
    /// To the row below it.
    pub glue: Glue,
}

impl DrawnRow {
    fn row(&self) -> Option<&Row> {
        self.rows.get(self.index)
    }

    /// Its text in the columns `left..=right`, counted from its first; a cluster counts where any part of it does.
    fn text(&self, left: u16, right: u16) -> String {
        let (left, right) = (usize::from(left), usize::from(right));
        let mut out = String::new();
        let mut column = 0;
        let spans = self.row().map_or(&[][..], |row| &row.spans);
        for cluster in spans.iter().flat_map(|span| span.text.as_str().graphemes(true)) {
            let next = column + width(cluster);
            if next > left && column <= right {
                out.push_str(cluster);
            }
            column = next;
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// What a frame showed, and what it lacked.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    pub area: Rect,
    pub(super) rows: Vec<DrawnRow>,
    /// Whether the last row was seen. A caller that sets its anchor to the end then makes new text be followed.
    pub at_end: bool,
    /// Messages that came since the end was left.
    pub unseen: usize,
    /// Code on the screen without its inks: to be marked as requested, and sent to a highlighter.
    pub wanted: Vec<HighlightJob>,
    /// Messages far from the screen that the cache let go: their highlights can be forgotten.
    pub released: Vec<MessageId>,
}

impl Drawn {
    /// The message in the screen's row `y`, and the byte of its content that the row begins at (0 in the rows
    /// around the content).
    #[must_use]
    pub fn row_at(&self, y: u16) -> Option<(MessageId, usize)> {
        let drawn = self.drawn_row(y)?;
        let source = if drawn.in_content { drawn.row()?.source } else { 0 };
        Some((drawn.message?, source))
    }

    /// The text of the screen's row `y`, as it is drawn.
    #[must_use]
    pub fn text_at(&self, y: u16) -> Option<String> {
        Some(self.drawn_row(y)?.text(0, u16::MAX))
    }

    /// The messages of which any row was seen, in their order.
    pub fn messages(&self) -> Vec<MessageId> {
        let mut seen: Vec<MessageId> = self.rows.iter().filter_map(|row| row.message).collect();
        seen.dedup();
        seen
    }

    fn drawn_row(&self, y: u16) -> Option<&DrawnRow> {
        self.rows.get(usize::from(y.checked_sub(self.area.y)?))
    }

    /// The text between two points, as it reads: white space at the ends of rows is left out, and rows that are
    /// one line of the source are one line.
    #[must_use]
    pub fn selected_text(&self, selection: Selection) -> String {
        let mut out = String::new();
        let mut glue = None;
        for (y, drawn) in (self.area.top()..self.area.bottom()).zip(&self.rows) {
            let Some((left, right)) = selection.columns(y, self.area) else { continue };
            let text = drawn.text(left - self.area.x, right - self.area.x);
            match glue {
                None => out.push_str(&text),
                Some(Glue::Newline) => {
                    out.push('\n');
                    out.push_str(&text);
                }
                Some(Glue::Space) => {
                    out.push(' ');
                    out.push_str(text.trim_start());
                }
                Some(Glue::Nothing) => out.push_str(text.trim_start()),
            }
            glue = Some(drawn.glue);
        }
        out
    }
}
