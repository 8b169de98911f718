//! Puts a view on the screen from its anchor on. Only reads what it is given; what it costs depends on what is
//! seen, never on how long the chat is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::cache::Cache;
use super::cells::{Layout, Section};
use super::frame::{Drawn, DrawnRow, Glue};
use super::highlights::HighlightJob;
use super::inks::{Chrome, Inks};
use super::paint;
use super::scroll::{Anchor, unseen};
use super::view::TranscriptView;
use super::walk::Placed;
use crate::chat::Role;
use crate::text::Sanitised;

/// The narrowest area that has room for the hint beside some text.
const HINT_WIDTH: u16 = 20;

/// Draws what the anchor shows into `area`.
pub fn draw(
    view: &TranscriptView,
    anchor: Anchor,
    cache: &mut Cache,
    area: Rect,
    buf: &mut Buffer,
    inks: &dyn Inks,
) -> Drawn {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return Drawn { area, at_end: anchor == Anchor::End, ..Drawn::default() };
    }
    paint::clear(buf, area);
    buf.set_style(area, inks.chrome(Chrome::Field));
    let mut layout = Layout::new(view, cache, area.width);
    let (placed, more) = layout.seen_rows(anchor, usize::from(area.height)).unwrap_or_default();
    for (y, row) in (0..area.height).zip(&placed) {
        draw_row(&layout, row, area, y, buf, inks);
    }
    let mut drawn = Drawn {
        area,
        rows: drawn_rows(&layout, &placed),
        at_end: !more,
        unseen: unseen(view, anchor),
        wanted: wanted(&layout, &placed),
        released: Vec::new(),
    };
    drawn.released = cache.trim();
    if let Some(selection) = view.selection {
        for y in area.top()..area.bottom() {
            let Some((left, right)) = selection.columns(y, area) else { continue };
            for x in left..=right {
                buf[(x, y)].modifier.toggle(Modifier::REVERSED);
            }
        }
    }
    if more {
        draw_hint(drawn.unseen, area, buf, inks);
    }
    drawn
}

fn draw_row(layout: &Layout, placed: &Placed, area: Rect, y: u16, buf: &mut Buffer, inks: &dyn Inks) {
    let accent = match (placed.section, layout.message(placed.item).map(|message| message.role)) {
        (Section::Top, Some(Role::User)) => Some(inks.chrome(Chrome::You)),
        (Section::Top, Some(_)) => Some(inks.chrome(Chrome::Model)),
        _ => None,
    };
    if let Some(row) = placed.rows.get(placed.index) {
        paint::row(buf, area, y, row, inks, accent);
    }
}

/// `↓ 2 new`, at the right of the last row, with a blank before it.
fn draw_hint(unseen: usize, area: Rect, buf: &mut Buffer, inks: &dyn Inks) {
    let said = match unseen {
        0 => Sanitised::trusted(" ↓ more below"),
        new => Sanitised::line(&format!(" ↓ {new} new")),
    };
    let columns = said.width() as u16;
    if area.width < HINT_WIDTH || columns > area.width {
        return;
    }
    let corner = Rect::new(area.right() - columns, area.bottom() - 1, columns, 1);
    // A wide cluster that begins left of the hint must not reach under it.
    if let Some(before) = corner.x.checked_sub(1).filter(|before| *before >= area.x)
        && crate::text::width(buf[(before, corner.y)].symbol()) > 1
    {
        buf[(before, corner.y)].reset();
    }
    paint::clear(buf, corner);
    paint::text(buf, corner, (0, 0), &said, inks.chrome(Chrome::Hint));
}

fn drawn_rows(layout: &Layout, placed: &[Placed]) -> Vec<DrawnRow> {
    let of = |(at, row): (usize, &Placed)| DrawnRow {
        rows: std::sync::Arc::clone(&row.rows),
        index: row.index,
        message: layout.message_id(row.item),
        in_content: matches!(row.section, Section::Body(_)) && !has_guise(layout, row.item),
        glue: placed.get(at + 1).map_or(Glue::Newline, |next| glue(layout, row, next)),
    };
    placed.iter().enumerate().map(of).collect()
}

/// Whether what is shown of a message is not what it says.
fn has_guise(layout: &Layout, item: usize) -> bool {
    let text = layout.message_id(item).and_then(|message| layout.cache.known_text(message));
    text.is_some_and(|text| text.guise.body.is_some())
}

/// Two rows are one line where they follow each other within the same line of the source.
fn glue(layout: &Layout, row: &Placed, next: &Placed) -> Glue {
    let message = layout.message(row.item);
    let text = message.and_then(|message| Some((message, layout.cache.known_text(message.id)?)));
    let source = match (row.section, text) {
        (Section::Body(_), Some((message, text))) => text.body_source(message),
        (Section::Reasoning(_), Some((message, text))) => text.reasoning_source(message),
        _ => return Glue::Newline,
    };
    let same = row.item == next.item && std::mem::discriminant(&row.section) == std::mem::discriminant(&next.section);
    let begin = row.rows.get(row.index).map_or(0, |row| row.source);
    let end = next.rows.get(next.index).map_or(0, |row| row.source);
    match source.get(begin..end).filter(|between| same && !between.is_empty() && !between.contains('\n')) {
        Some(between) if between.ends_with([' ', '\t']) => Glue::Space,
        Some(_) => Glue::Nothing,
        None => Glue::Newline,
    }
}

/// What the code on the screen lacks, each fence once.
fn wanted(layout: &Layout, placed: &[Placed]) -> Vec<HighlightJob> {
    let mut jobs: Vec<HighlightJob> = Vec::new();
    let mut last = None;
    // From the bottom: the lowest block of a fence asks for the lines above it, too.
    for row in placed.iter().rev() {
        let Section::Body(block) = row.section else { continue };
        if last.replace((row.item, block)) == Some((row.item, block)) {
            continue;
        }
        let Some(message) = layout.message(row.item) else { continue };
        let Some(text) = layout.cache.known_text(message.id) else { continue };
        let job = layout.view.highlights.wanted(message.id, &text.body, block, text.body_source(message));
        jobs.extend(
            job.filter(|job| !jobs.iter().any(|other| (other.message, other.fence) == (job.message, job.fence))),
        );
    }
    jobs.reverse();
    jobs
}
