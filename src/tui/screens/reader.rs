//! A long text, scrolled, as it is sent and not as markdown. Lays out no more of it than is seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::{Emphasis, Ink, Row, Sanitised};
use crate::tui::theme::Theme;
use crate::tui::transcript::PlainText;

use super::ScreenKey;
use super::paint::{fit, put};

/// Rows for the title, a blank one below it, one above the foot, and the foot.
const FRAME: u16 = 4;

/// A row: the piece of the text, and the row within it.
type At = (usize, usize);

/// The text.
pub struct Reader {
    title: String,
    text: String,
    pieces: PlainText,
    top: At,
}

impl Reader {
    /// A text from its beginning.
    #[must_use]
    pub fn new(title: &str, text: String) -> Self {
        let mut pieces = PlainText::default();
        pieces.extend(&text);
        Self { title: title.to_owned(), text, pieces, top: (0, 0) }
    }

    /// Takes in a key; whether the text is to be closed. `size` is the screen's, in columns and rows.
    pub fn handle(&mut self, key: &ScreenKey, (columns, rows): (u16, u16)) -> bool {
        let (width, seen) = (room(columns), usize::from(rows.saturating_sub(FRAME)).max(1));
        let page = seen.saturating_sub(1).max(1);
        match key {
            ScreenKey::Esc | ScreenKey::Enter | ScreenKey::Char('q') => return true,
            ScreenKey::Up | ScreenKey::Char('k') => self.top = self.up(self.top, 1, width),
            ScreenKey::Down | ScreenKey::Char('j') => self.top = self.down(self.top, 1, width),
            ScreenKey::PageUp => self.top = self.up(self.top, page, width),
            ScreenKey::PageDown | ScreenKey::Char(' ') => self.top = self.down(self.top, page, width),
            ScreenKey::First => self.top = (0, 0),
            ScreenKey::Last => self.top = (self.pieces.len(), 0),
            _ => {}
        }
        self.top = self.top.min(self.last_top(seen, width));
        false
    }

    /// Draws the text over an area.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = Rect { x: area.x + 1, width: room(area.width), ..area };
        put(buf, inner, inner.x, inner.y, &fit(&self.title, usize::from(inner.width)), theme.title());
        let seen = usize::from(area.height.saturating_sub(FRAME)).max(1);
        let (mut piece, mut skip) = self.top.min(self.last_top(seen, inner.width));
        let mut y = inner.y + 2;
        let end = y.saturating_add(seen as u16);
        while y < end && piece < self.pieces.len() {
            for row in self.rows(piece, inner.width).iter().skip(skip).take(usize::from(end - y)) {
                let mut x = inner.x;
                for span in &row.spans {
                    x = put(buf, inner, x, y, &span.text, theme.base().patch(theme.ink(span.ink, Emphasis::default())));
                }
                y += 1;
            }
            (piece, skip) = (piece + 1, 0);
        }
        let is_whole = self.top == (0, 0) && piece >= self.pieces.len() && y < end;
        let foot = if is_whole { "Esc goes back" } else { "↑↓ PageUp PageDown scroll · Esc goes back" };
        put(buf, inner, inner.x, area.bottom().saturating_sub(1), &Sanitised::trusted(foot), theme.muted());
    }

    fn rows(&self, piece: usize, width: u16) -> Vec<Row> {
        self.pieces.layout(piece, &self.text, width, Ink::Plain)
    }

    fn down(&self, from: At, count: usize, width: u16) -> At {
        let (mut piece, mut row) = (from.0, from.1 + count);
        while piece < self.pieces.len() {
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
                return (0, 0);
            }
            left -= row;
            piece -= 1;
            row = self.rows(piece, width).len();
        }
        (piece, row - left)
    }

    /// The row from which the last `seen` are shown.
    fn last_top(&self, seen: usize, width: u16) -> At {
        self.up((self.pieces.len(), 0), seen, width)
    }
}

/// A column is left free at either side.
const fn room(columns: u16) -> u16 {
    let room = columns.saturating_sub(2);
    if room == 0 { 1 } else { room }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(reader: &Reader, (columns, rows): (u16, u16)) -> Vec<String> {
        let area = Rect::new(0, 0, columns, rows);
        let mut buf = Buffer::empty(area);
        reader.draw(area, &mut buf, &Theme::default());
        let line = |y| (0..columns).map(|x| buf[(x, y)].symbol()).collect::<String>().trim().to_owned();
        (2..rows - 2).map(line).collect()
    }

    #[test]
    fn every_line_of_a_long_text_is_passed_in_order() {
        let text = (0..500).fold(String::new(), |all, line| all + &format!("line {line}\n"));
        let size = (20, 9);
        let mut reader = Reader::new("t", text);
        for at in 0..500_usize {
            let first = at.min(495);
            let expected: Vec<String> = (first..first + 5).map(|line| format!("line {line}")).collect();
            assert_eq!(shown(&reader, size), expected);
            reader.handle(&ScreenKey::Down, size);
        }
        for at in (0..495_usize).rev() {
            reader.handle(&ScreenKey::Up, size);
            assert_eq!(shown(&reader, size)[0], format!("line {at}"));
        }
        reader.handle(&ScreenKey::Last, size);
        assert_eq!(shown(&reader, size)[4], "line 499");
        reader.handle(&ScreenKey::PageUp, size);
        assert_eq!(shown(&reader, size)[0], "line 491");
        reader.handle(&ScreenKey::First, size);
        reader.handle(&ScreenKey::PageDown, size);
        assert_eq!(shown(&reader, size)[0], "line 4");
    }

    #[test]
    fn a_short_or_empty_text_does_not_scroll() {
        for text in ["", "one line", "a\nb"] {
            let mut reader = Reader::new("t", text.into());
            reader.handle(&ScreenKey::Last, (20, 9));
            reader.handle(&ScreenKey::Down, (20, 9));
            assert_eq!(reader.top, (0, 0), "{text:?}");
        }
    }
}
