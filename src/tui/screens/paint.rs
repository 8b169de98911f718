//! Writing lines into a buffer, clipped to their area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::text::Sanitised;
use crate::text::sanitised::width;

/// Writes a line from `x` to the area's right edge; returns the column behind it.
pub fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, text: &Sanitised, style: Style) -> u16 {
    if y < area.top() || y >= area.bottom() || x >= area.right() {
        return x;
    }
    buf.set_stringn(x, y, text.as_str(), usize::from(area.right() - x), style).0
}

/// Draws a bar of which so many cells of all are full; returns the column behind it.
pub fn bar(
    buf: &mut Buffer,
    area: Rect,
    (x, y): (u16, u16),
    (full, cells): (usize, usize),
    [ink, rest]: [Style; 2],
) -> u16 {
    let x = put(buf, area, x, y, &Sanitised::line(&"█".repeat(full)), ink);
    put(buf, area, x, y, &Sanitised::line(&"░".repeat(cells.saturating_sub(full))), rest)
}

/// Empties an area, down to its ground.
pub fn clear(buf: &mut Buffer, area: Rect, ground: Style) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
            buf[(x, y)].set_style(ground);
        }
    }
}

/// Fills a row with one style.
pub fn fill(buf: &mut Buffer, area: Rect, y: u16, style: Style) {
    if y >= area.top() && y < area.bottom() {
        buf.set_style(Rect { y, height: 1, ..area }, style);
    }
}

/// A text cut to a width in columns, with an ellipsis where it was cut.
#[must_use]
pub fn fit(text: &str, columns: usize) -> Sanitised {
    let line = Sanitised::line(text);
    if line.width() <= columns {
        return line;
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in unicode_segmentation::UnicodeSegmentation::graphemes(line.as_str(), true) {
        let wide = width(cluster);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        out.push_str(cluster);
    }
    if columns > 0 {
        out.push('…');
    }
    Sanitised::line(&out)
}

/// Parts with dots between them, in as many rows as they need; a part stays in one piece.
#[must_use]
pub fn joined(parts: &[String], columns: usize) -> Vec<Sanitised> {
    let mut rows: Vec<String> = Vec::new();
    for part in parts {
        match rows.last_mut().filter(|row| width(row) + width(part) + 3 <= columns) {
            Some(row) => {
                row.push_str(" · ");
                row.push_str(part);
            }
            None => rows.push(part.clone()),
        }
    }
    rows.iter().map(|row| fit(row, columns)).collect()
}
