//! The box on the screen: which rows, which cells, where the cursor. Only reads, but for the click that moves
//! the cursor. What it puts into a cell is a cluster or the visible form of one.

use std::borrow::Cow;

use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;

use super::cluster::Line;
use super::glyph::{self, Glyph, Look};
use super::layout::{Layout, RowRef};
use super::{Composer, wrap};

/// The styles of the box, from the theme.
#[derive(Debug, Clone, Copy, Default)]
pub struct ComposerStyle {
    pub text: Style,
    /// An attachment's token.
    pub token: Style,
    /// The visible form of a character that is not let through.
    pub escape: Style,
    /// The drawn cursor; `None` where the box has no focus.
    pub cursor: Option<Style>,
}

/// Stands in for a cluster that is wider than the whole box.
const TOO_WIDE: &str = "·";

impl Composer {
    /// Draws the draft into `area`, scrolled so that the cursor shows, and gives the cell where the terminal's
    /// own cursor belongs: `None` without focus, and where terminals disagree on how wide the row's text is.
    /// The drawn cursor is right in both cases.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, style: &ComposerStyle) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        buf.set_style(area, style.text);
        let other;
        let layout = if self.layout.width() == area.width {
            &self.layout
        } else {
            other = Layout::of(&self.model, &self.attachments, area.width);
            &other
        };
        let caret = layout.caret(&self.model, self.cursor);
        let top = self.first_row(layout, area.height);
        let mut row = layout.row_at(top, &caret);
        let mut known = None;
        for y in area.top()..area.bottom() {
            let Some(at) = row else { break };
            let cells = Rect { y, height: 1, ..area };
            let column_is_known = self.draw_row(layout, at, cells, buf, style);
            if let Some(cursor) = style.cursor.filter(|_| at == caret.at) {
                let x = area.x + caret.column.min(area.width - 1);
                let wide = self.cluster_at_cursor().map_or(1, |cluster| wrap::cells_within(cluster, area.width));
                let shown = Rect { x, y, width: wide, height: 1 }.intersection(cells);
                buf.set_style(shown, cursor);
                known = column_is_known.then_some(Position { x, y });
            }
            row = layout.next_row(at, &caret);
        }
        known
    }

    /// Puts the cursor where the cell at `x`, `y` was drawn into `area`; says whether it moved.
    pub fn click(&mut self, area: Rect, x: u16, y: u16) -> bool {
        if !area.contains(Position { x, y }) {
            return false;
        }
        if self.layout.width() != area.width {
            self.resize(area.width, self.max_rows);
        }
        let caret = self.caret();
        let index = self.first_row(&self.layout, area.height) + usize::from(y - area.y);
        let last = self.layout.rows(&self.model, self.cursor) - 1;
        let below = index > last;
        let Some(row) = self.layout.row_at(index.min(last), &caret) else { return false };
        self.move_to_cell(row, if below { u16::MAX } else { x - area.x })
    }

    pub(super) fn first_row(&self, layout: &Layout, height: u16) -> usize {
        let height = usize::from(height.max(1));
        let all = layout.rows(&self.model, self.cursor);
        if all <= height {
            return 0;
        }
        let cursor = layout.index_of(layout.caret(&self.model, self.cursor).at);
        self.top.clamp((cursor + 1).saturating_sub(height), cursor).min(all - height)
    }

    fn cluster_at_cursor(&self) -> Option<&str> {
        let line = self.line(self.cursor.line);
        let end = line.cluster_end(self.cursor.byte);
        (end > self.cursor.byte).then(|| &line.text[self.cursor.byte..end])
    }

    /// Draws one row; says whether the column of the cursor, if it is on this row, is the same everywhere.
    fn draw_row(&self, layout: &Layout, at: RowRef, cells: Rect, buf: &mut Buffer, style: &ComposerStyle) -> bool {
        let line = layout.line(&self.model, at.line);
        let span = layout.span(&self.model, at);
        let mut byte = span.start;
        let mut x = cells.x;
        let mut certain = true;
        while byte < span.end && x < cells.right() {
            let end = line.cluster_end(byte);
            let cluster = &line.text[byte..end];
            if byte < self.cursor.byte || at.line != self.cursor.line {
                certain &= glyph::is_certain(cluster);
            }
            x = put(cluster, x, cells, buf, style_of(line, byte, style), style.escape);
            byte = end;
        }
        certain
    }
}

fn style_of(line: Line<'_>, byte: usize, style: &ComposerStyle) -> Style {
    let in_token = line.tokens.iter().any(|token| token.contains(&byte));
    if in_token { style.text.patch(style.token) } else { style.text }
}

/// Draws one cluster from `x` on and gives the column after it.
fn put(cluster: &str, x: u16, cells: Rect, buf: &mut Buffer, plain: Style, escape: Style) -> u16 {
    let width = wrap::cells_within(cluster, cells.width);
    let glyph = Glyph::of(cluster);
    let style = if glyph.look == Look::Escape { plain.patch(escape) } else { plain };
    let right = (x + width).min(cells.right());
    let mut at = x;
    for part in glyph.text.graphemes(true) {
        let part: Cow<'_, str> = if at + part.cell_width() <= right {
            part.into()
        } else if at == x {
            TOO_WIDE.into()
        } else {
            break;
        };
        let next = (at + part.cell_width()).min(right);
        buf[(at, cells.y)].set_symbol(&part).set_style(style);
        for hidden in at + 1..next {
            // Covered by the wide cluster before it.
            buf[(hidden, cells.y)].set_symbol(" ").set_style(style);
        }
        at = next;
        if at >= right {
            break;
        }
    }
    right
}
