//! The table of keys and commands, made from the tables that the program itself works by.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::sanitised::width;
use crate::text::wrap::plain_rows;
use crate::text::{Emphasis, Ink, Row, Sanitised, Span};
use crate::tui::theme::Theme;

use super::ScreenKey;
use super::paint::put;

/// Rows for the title, a blank one below it, one above the foot, and the foot.
const FRAME: usize = 4;

/// With fewer columns, a name and what it does stand below each other.
const TWO_COLUMNS_FROM: usize = 60;

/// The help, scrolled.
pub struct Help {
    sections: Vec<(&'static str, Vec<(String, String)>)>,
    top: usize,
}

impl Help {
    /// Help over sections: a title, then what is pressed or typed, and what it does.
    #[must_use]
    pub const fn new(sections: Vec<(&'static str, Vec<(String, String)>)>) -> Self {
        Self { sections, top: 0 }
    }

    /// Takes in a key; whether the help is to be closed.
    pub fn handle(&mut self, key: &ScreenKey, height: u16) -> bool {
        let page = usize::from(height).saturating_sub(FRAME + 2).max(1);
        match key {
            ScreenKey::Esc | ScreenKey::Enter | ScreenKey::Char('q') => return true,
            ScreenKey::Up | ScreenKey::Char('k') => self.top = self.top.saturating_sub(1),
            ScreenKey::Down | ScreenKey::Char('j') => self.top += 1,
            ScreenKey::PageUp => self.top = self.top.saturating_sub(page),
            ScreenKey::PageDown | ScreenKey::Char(' ') => self.top += page,
            ScreenKey::First => self.top = 0,
            ScreenKey::Last => self.top = usize::MAX / 2,
            _ => {}
        }
        false
    }

    /// Keeps the last row on the screen.
    pub fn clamp(&mut self, columns: u16, rows: u16) {
        let all = self.rows(columns).len();
        let seen = usize::from(rows).saturating_sub(FRAME).max(1);
        self.top = self.top.min(all.saturating_sub(seen));
    }

    fn rows(&self, columns: u16) -> Vec<Row> {
        let columns = usize::from(columns).saturating_sub(2);
        let widest = self.sections.iter().flat_map(|(_, rows)| rows).map(|(name, _)| width(name)).max().unwrap_or(0);
        // Where two columns would be too narrow to read, what it does stands below the name.
        let names = if columns < TWO_COLUMNS_FROM { 0 } else { widest.min(columns * 2 / 5) };
        let mut out = Vec::new();
        for (title, rows) in &self.sections {
            out.push(line(vec![span(title, Ink::Heading(2), true)]));
            for (name, what) in rows {
                let room = columns.saturating_sub(names + 2).max(8);
                let mut wrapped = plain_rows(what, room as u16, Ink::Plain).into_iter();
                let is_long = width(name) > names;
                let first = if is_long { None } else { wrapped.next() };
                let pad = " ".repeat(names.saturating_sub(width(name)) + 2);
                let mut spans = vec![span(name, Ink::InlineCode, false)];
                if let Some(first) = first {
                    spans.push(span(&pad, Ink::Plain, false));
                    spans.extend(first.spans);
                }
                out.push(line(spans));
                for row in wrapped {
                    let mut spans = vec![span(&" ".repeat(names + 2), Ink::Plain, false)];
                    spans.extend(row.spans);
                    out.push(line(spans));
                }
            }
            out.push(Row::default());
        }
        out.pop();
        out
    }

    /// Draws the help over an area.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let rows = self.rows(area.width);
        let seen = usize::from(area.height).saturating_sub(FRAME);
        let top = self.top.min(rows.len().saturating_sub(seen));
        put(buf, area, area.x + 1, area.y, &Sanitised::trusted("munshi · help"), theme.title());
        for (at, row) in rows.iter().skip(top).take(seen).enumerate() {
            let y = area.y + 2 + at as u16;
            let mut x = area.x + 1;
            for span in &row.spans {
                x = put(buf, area, x, y, &span.text, theme.ink(span.ink, span.emphasis));
            }
        }
        let more = if top + seen < rows.len() { "↑↓ PageUp PageDown scroll · Esc closes" } else { "Esc closes" };
        put(buf, area, area.x + 1, area.bottom().saturating_sub(1), &Sanitised::trusted(more), theme.muted());
    }
}

fn line(spans: Vec<Span>) -> Row {
    Row { spans, source: 0 }
}

fn span(text: &str, ink: Ink, bold: bool) -> Span {
    Span { text: Sanitised::line(text), ink, emphasis: Emphasis { bold, ..Emphasis::default() } }
}
