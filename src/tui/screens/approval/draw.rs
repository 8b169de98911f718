//! How an approval looks: who asks and how it is held on top, what it would do below, the keys at the foot.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::{Emphasis, Ink, Sanitised, plain_rows};
use crate::tui::theme::{Role, Theme};

use super::super::paint::{fit, joined, put};
use super::super::pieces::Pieces as _;
use super::{ApprovalScreen, Stage};

/// From so many rows on the head and the foot have a blank row between them and what would be run.
const ROOMY_FROM: u16 = 14;

/// Where everything is.
struct Layout {
    head: Vec<(Sanitised, Ink)>,
    body: Rect,
    foot: Vec<Sanitised>,
}

impl ApprovalScreen {
    /// Draws the call over an area; returns where the cursor is while a word is typed.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let layout = self.layout(inner);
        let title = if self.stage == Stage::Over {
            "This call is over".to_owned()
        } else {
            format!("{} asks to run{}", self.shown.prepared.tool, self.which())
        };
        let (rows, more) = if self.stage == Stage::Over {
            (Vec::new(), false)
        } else {
            self.body.seen(self.top, layout.body.width, usize::from(layout.body.height))
        };
        let hint = Sanitised::trusted(if more { "↓ more below" } else { "" });
        let room = inner.width.saturating_sub(hint.width() as u16 + u16::from(more));
        put(buf, inner, inner.x, inner.y, &fit(&title, usize::from(room)), theme.title());
        put(buf, inner, inner.x + room + u16::from(more), inner.y, &hint, theme.warning());
        for (y, (row, ink)) in (inner.y + 1..).zip(&layout.head) {
            put(buf, inner, inner.x, y, row, theme.base().patch(theme.ink(*ink, Emphasis::default())));
        }
        for (y, row) in (layout.body.y..).zip(&rows) {
            let mut x = layout.body.x;
            for span in &row.spans {
                let style = theme.base().patch(theme.ink(span.ink, span.emphasis));
                x = put(buf, layout.body, x, y, &span.text, style);
            }
        }
        let first = area.bottom().saturating_sub(layout.foot.len() as u16);
        for (y, row) in (first..).zip(&layout.foot) {
            put(buf, inner, inner.x, y, row, theme.muted());
        }
        self.draw_word(inner, first.saturating_sub(1), buf, theme)
    }

    fn draw_word(&self, inner: Rect, y: u16, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        let word = self.word.as_ref()?;
        let row = Rect { y, height: 1, ..inner };
        super::super::paint::clear(buf, row, theme.base());
        let x = put(buf, row, row.x, y, &Sanitised::trusted("No, because: "), theme.title());
        // The end is what is being typed: what does not fit goes at the beginning.
        let room = usize::from(row.right().saturating_sub(x + 1));
        let mut tail = String::new();
        for cluster in word.text().graphemes(true).rev() {
            let longer = format!("{cluster}{tail}");
            if Sanitised::line(&longer).width() > room {
                break;
            }
            tail = longer;
        }
        let shown = Sanitised::line(&tail);
        let x = put(buf, row, x, y, &shown, theme.base()).min(row.right().saturating_sub(1));
        buf[(x, y)].set_style(theme.role(Role::Cursor));
        Some(Position::new(x, y))
    }

    /// Columns and rows of what would be run, at a size of the screen.
    pub(super) fn body_size(&self, (columns, rows): (u16, u16)) -> (u16, usize) {
        let body = self.layout(Rect::new(1, 0, columns.saturating_sub(2), rows)).body;
        (body.width, usize::from(body.height))
    }

    fn which(&self) -> String {
        let (at, of) = self.place;
        if of > 1 { format!(" · {} of {of}", at + 1) } else { String::new() }
    }

    fn layout(&self, inner: Rect) -> Layout {
        let mut foot = joined(&self.keys(), usize::from(inner.width));
        foot.truncate(usize::from(inner.height / 4).max(1));
        let gap = u16::from(inner.height >= ROOMY_FROM);
        let mut head = self.head(inner.width);
        // A row of what would be run is always there.
        head.truncate(usize::from(inner.height).saturating_sub(2 + foot.len()));
        let above = 1 + head.len() as u16 + gap;
        let below = foot.len() as u16 + gap;
        let height = inner.height.saturating_sub(above + below);
        Layout { head, body: Rect { y: inner.y + above, height, ..inner }, foot }
    }

    /// What is pinned on top, the most important first.
    fn head(&self, width: u16) -> Vec<(Sanitised, Ink)> {
        let call = &self.shown.prepared;
        let mut lines = Vec::new();
        if self.stage == Stage::Over {
            let left = match self.pending.len() {
                0 => "No other call waits.".to_owned(),
                1 => "Another call waits.".to_owned(),
                more => format!("{more} other calls wait."),
            };
            lines.push((
                "It was stopped, or ran out of time: nothing ran that you did not allow.".to_owned(),
                Ink::Warning,
            ));
            lines.push((left, Ink::Plain));
        } else {
            let words = call.confinement.words();
            let ink = if words.contains("UNSANDBOXED") { Ink::Error } else { Ink::Muted };
            let sample = if call.is_sample { " · sample data" } else { "" };
            lines.push((format!("{}{sample}", call.origin), Ink::Plain));
            lines.push((words.to_owned(), ink));
            if call.was_changed {
                lines.push(("Its definition has changed since you allowed it.".to_owned(), Ink::Error));
            }
            if self.body.has_lookalikes {
                let words = "Some letters only look like ASCII: they are shown by their numbers, <U+…>.";
                lines.push((words.to_owned(), Ink::Warning));
            }
            if !self.shown.description.is_empty() {
                // A server's own words, of which a line is enough to know it by.
                let says = fit(&self.shown.description, usize::from(width));
                lines.push((says.as_str().to_owned(), Ink::Muted));
            }
            lines.push((self.body.size(), Ink::Muted));
            // Where there is no room for all, what warns is what stays.
            lines.sort_by_key(|(_, ink)| *ink != Ink::Error);
        }
        let rows = lines.iter().flat_map(|(text, ink)| {
            let rows = plain_rows(text, width.max(1), *ink).into_iter();
            rows.map(|row| (row.spans.iter().map(|span| span.text.as_str()).collect::<String>(), *ink))
        });
        rows.map(|(text, ink)| (Sanitised::line(&text), ink)).collect()
    }

    fn keys(&self) -> Vec<String> {
        let told: &[&str] = match (self.stage, self.word.is_some()) {
            (Stage::Over, _) if self.pending.is_empty() => &["Enter, Esc close"],
            (Stage::Over, _) => &["Enter shows the next", "Esc closes"],
            (_, true) => &["Enter says no with these words", "Esc goes back"],
            (Stage::Hasty, _) => &["There is more below: scroll to its end before a yes", "n Enter no", "Esc later"],
            (Stage::Next, _) => {
                &["This is the next call", "Enter lets you answer it", "↑↓ PageUp PageDown scroll", "Esc later"]
            }
            _ => &[
                "n Enter no",
                "w no, with a word",
                "o once",
                "c in this chat",
                "a always",
                "↑↓ PageUp PageDown scroll",
                "Esc later",
            ],
        };
        told.iter().map(|word| (*word).to_owned()).collect()
    }
}
