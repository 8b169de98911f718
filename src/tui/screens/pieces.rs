//! Scrolling through a text that stands in pieces, of which only what is seen is laid out. Owns where a key leads and
//! what is on the screen then; refuses to know what the pieces are.

use crate::text::Row;

use super::ScreenKey;

/// A row: the piece, and the row within it.
pub(super) type At = (usize, usize);

/// A text in pieces.
pub(super) trait Pieces {
    /// How many there are.
    fn count(&self) -> usize;

    /// The rows of a piece, none for one that is not there.
    fn rows(&self, piece: usize, width: u16) -> Vec<Row>;

    /// So many rows from `top` on, and whether there are more below.
    fn seen(&self, top: At, width: u16, rows: usize) -> (Vec<Row>, bool) {
        let (mut piece, mut skip) = top.min(self.last_top(width, rows));
        let mut out = Vec::with_capacity(rows);
        while piece < self.count() {
            for row in self.rows(piece, width).into_iter().skip(skip) {
                if out.len() == rows {
                    return (out, true);
                }
                out.push(row);
            }
            (piece, skip) = (piece + 1, 0);
        }
        (out, false)
    }

    /// Where a key scrolls to.
    fn scrolled(&self, top: At, key: &ScreenKey, width: u16, rows: usize) -> At {
        let page = rows.saturating_sub(1).max(1);
        let top = match key {
            ScreenKey::Up | ScreenKey::Char('k') => self.up(top, 1, width),
            ScreenKey::Down | ScreenKey::Char('j') => self.down(top, 1, width),
            ScreenKey::PageUp => self.up(top, page, width),
            ScreenKey::PageDown | ScreenKey::Char(' ') => self.down(top, page, width),
            ScreenKey::First => At::default(),
            ScreenKey::Last => (self.count(), 0),
            _ => top,
        };
        top.min(self.last_top(width, rows))
    }

    /// The row from which the last `rows` are shown.
    fn last_top(&self, width: u16, rows: usize) -> At {
        self.up((self.count(), 0), rows, width)
    }

    fn down(&self, from: At, count: usize, width: u16) -> At {
        let (mut piece, mut row) = (from.0, from.1 + count);
        while piece < self.count() {
            let rows = self.rows(piece, width).len();
            if row < rows {
                break;
            }
            (piece, row) = (piece + 1, row - rows);
        }
        (piece, row)
    }

    fn up(&self, from: At, count: usize, width: u16) -> At {
        let (mut piece, mut row, mut left) = (from.0, from.1, count);
        while left > row {
            if piece == 0 {
                return At::default();
            }
            left -= row;
            piece -= 1;
            row = self.rows(piece, width).len();
        }
        (piece, row - left)
    }
}
