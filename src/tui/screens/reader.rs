//! A long text, scrolled, as it is sent and not as markdown. Lays out no more of it than is seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::{Emphasis, Ink, Row, Sanitised};
use crate::tui::theme::Theme;
use crate::tui::transcript::PlainText;

use super::ScreenKey;
use super::paint::{fit, put};
use super::pieces::{At, Pieces};

/// Rows for the title, a blank one below it, one above the foot, and the foot.
const FRAME: u16 = 4;

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
        if matches!(key, ScreenKey::Esc | ScreenKey::Enter | ScreenKey::Char('q')) {
            return true;
        }
        self.top = self.scrolled(self.top, key, width, seen);
        false
    }

    /// Draws the text over an area.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = Rect { x: area.x + 1, width: room(area.width), ..area };
        put(buf, inner, inner.x, inner.y, &fit(&self.title, usize::from(inner.width)), theme.title());
        let seen = usize::from(area.height.saturating_sub(FRAME)).max(1);
        let (rows, more) = self.seen(self.top, inner.width, seen);
        for (y, row) in (inner.y + 2..).zip(&rows) {
            let mut x = inner.x;
            for span in &row.spans {
                x = put(buf, inner, x, y, &span.text, theme.base().patch(theme.ink(span.ink, Emphasis::default())));
            }
        }
        let is_whole = self.top == At::default() && !more;
        let foot = if is_whole { "Esc goes back" } else { "↑↓ PageUp PageDown scroll · Esc goes back" };
        put(buf, inner, inner.x, area.bottom().saturating_sub(1), &Sanitised::trusted(foot), theme.muted());
    }
}

impl Pieces for Reader {
    fn count(&self) -> usize {
        self.pieces.len()
    }

    fn rows(&self, piece: usize, width: u16) -> Vec<Row> {
        self.pieces.layout(piece, &self.text, width, Ink::Plain)
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
