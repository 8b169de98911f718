//! Puts sanitised text into the cells of a screen, whole clusters only. Refuses to write outside the area it
//! was given, and to draw anything but [`Sanitised`] text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::inks::Inks;
use crate::text::{Emphasis, Ink, Row, Sanitised, Span, width};

/// Empties the area, so that nothing of an earlier frame shines through.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
        }
    }
}

/// Draws `text` at the column `x` of the area's row `y` (both counted from the area's corner), as far as it
/// fits; returns the column after it. A cluster that would be cut by the edge is left out.
pub fn text(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), text: &Sanitised, style: Style) -> u16 {
    let area = area.intersection(buf.area);
    let mut x = x;
    if y >= area.height {
        return x;
    }
    let shown = text.as_str();
    if shown.is_ascii() {
        return ascii(buf, area, (x, y), shown, style);
    }
    for cluster in shown.graphemes(true) {
        let columns = width(cluster) as u16;
        // What takes no column of its own could only spoil its neighbour's cell.
        if columns == 0 || cluster.contains(char::is_control) {
            continue;
        }
        if x.saturating_add(columns) > area.width {
            break;
        }
        let (left, top) = (area.x + x, area.y + y);
        buf[(left, top)].set_symbol(cluster).set_style(style);
        for covered in 1..columns {
            let cell = &mut buf[(left + covered, top)];
            cell.reset();
            cell.set_style(style);
        }
        x += columns;
    }
    x
}

/// As [`text`], where every byte is a cluster of one column: most of what is drawn.
fn ascii(buf: &mut Buffer, area: Rect, (x, y): (u16, u16), shown: &str, style: Style) -> u16 {
    let mut x = x;
    for letter in shown.split_inclusive(|_: char| true).filter(|letter| !letter.contains(char::is_control)) {
        if x >= area.width {
            break;
        }
        buf[(area.x + x, area.y + y)].set_symbol(letter).set_style(style);
        x += 1;
    }
    x
}

/// Draws a row at the area's row `y`; bold spans take `accent` on top of their own style.
pub fn row(buf: &mut Buffer, area: Rect, y: u16, row: &Row, inks: &dyn Inks, accent: Option<Style>) -> u16 {
    let mut x = 0;
    for span in &row.spans {
        let mut style = inks.ink(span.ink, span.emphasis);
        if let Some(accent) = accent.filter(|_| span.emphasis.bold) {
            style = style.patch(accent);
        }
        x = text(buf, area, (x, y), &span.text, style);
    }
    x
}

/// Text from outside on one line, not wider than `columns`; what does not fit is replaced by `…`.
#[must_use]
pub fn elided(raw: &str, columns: usize) -> Sanitised {
    // Nothing that is a screen's width needs more of a raw text than this: a title of a megabyte is cut first.
    let enough = columns.saturating_mul(16).saturating_add(64);
    let head: String = raw.chars().take(enough).collect();
    let whole = Sanitised::line(&head);
    if whole.width() <= columns && head.len() == raw.len() {
        return whole;
    }
    let mut room = columns.saturating_sub(1);
    let mut kept = String::new();
    for cluster in whole.as_str().graphemes(true) {
        let taken = width(cluster);
        if taken > room {
            break;
        }
        room -= taken;
        kept.push_str(cluster);
    }
    kept.push_str(if columns == 0 { "" } else { "…" });
    Sanitised::line(&kept)
}

/// A span without emphasis.
#[must_use]
pub fn span(text: Sanitised, ink: Ink) -> Span {
    Span { text, ink, emphasis: Emphasis::default() }
}

/// A bold span.
#[must_use]
pub fn bold(text: Sanitised, ink: Ink) -> Span {
    Span { text, ink, emphasis: Emphasis { bold: true, ..Emphasis::default() } }
}
