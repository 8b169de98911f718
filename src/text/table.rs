//! A table as rows: columns as wide as their text where there is room, shrunk and wrapped where not, and
//! `header: value` lines where even that is hopeless.

use super::flow::Flow;
use super::layout::{plain_span, spaces};
use super::wrap::{Mode, natural_width, span, wrap};
use super::{Ink, Row, Sanitised, Span};
use pulldown_cmark::Alignment;

/// A column is not shrunk below this, or its text if that is shorter.
const NARROWEST: usize = 5;
const DIVIDER: &str = " │ ";
const DIVIDER_WIDTH: usize = 3;

#[derive(Debug)]
pub(super) struct Table {
    alignments: Vec<Alignment>,
    /// The head first. Each with its byte in the source.
    records: Vec<(usize, Vec<Flow>)>,
}

impl Table {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, records: Vec::new() }
    }

    pub(super) fn begin_row(&mut self, source: usize) {
        self.records.push((source, Vec::with_capacity(self.alignments.len())));
    }

    pub(super) fn cell(&mut self, mut cell: Flow) {
        let columns = self.alignments.len();
        cell.trim_end();
        if let Some((_, cells)) = self.records.last_mut().filter(|(_, cells)| cells.len() < columns) {
            cells.push(cell.cleaned());
        }
    }

    /// Rows at most `width` wide. Where `from` is not 0, only the rows from that byte of the source on are shown.
    pub(super) fn rows(mut self, width: usize, from: usize) -> Vec<Row> {
        let columns = self.alignments.len();
        if columns == 0 || self.records.is_empty() {
            return Vec::new();
        }
        for (_, cells) in &mut self.records {
            cells.resize_with(columns, Flow::default);
        }
        let mut natural = vec![1; columns];
        for (_, cells) in &self.records {
            for (widest, cell) in natural.iter_mut().zip(cells) {
                *widest = natural_width(cell.text()).max(*widest);
            }
        }
        let room = width.checked_sub(DIVIDER_WIDTH * (columns - 1));
        match room.and_then(|room| fit(natural, room)) {
            Some(widths) => self.grid(&widths, from),
            None => self.stacked(width, from),
        }
    }

    fn grid(self, widths: &[usize], from: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let mut bodies = Vec::new();
        for (index, (source, cells)) in self.records.into_iter().enumerate() {
            if index == 0 && from > 0 {
                continue;
            }
            let cells = cells.into_iter().zip(widths).map(|(cell, width)| wrap(cell, *width, Mode::Words)).collect();
            let lines = join_cells(cells, widths, &self.alignments, source, index == 0);
            if index == 0 {
                rows.extend(lines);
                rows.push(rule(widths, source));
            } else {
                bodies.push((source, lines));
            }
        }
        // Where a row takes several lines, lines between the rows tell where one ends.
        let tall = bodies.iter().any(|(_, lines)| lines.len() > 1);
        for (index, (source, lines)) in bodies.into_iter().enumerate() {
            if tall && index > 0 {
                rows.push(rule(widths, source));
            }
            rows.extend(lines);
        }
        rows
    }

    fn stacked(self, width: usize, from: usize) -> Vec<Row> {
        let mut records = self.records.into_iter();
        let Some((head_source, head)) = records.next() else { return Vec::new() };
        let mut rows = Vec::new();
        if records.len() == 0 && from == 0 {
            let cells = head.into_iter().filter(|cell| !cell.is_empty());
            return cells.flat_map(|cell| wrap(cell, width, Mode::Words)).collect();
        }
        for (index, (source, cells)) in records.enumerate() {
            if index > 0 || from > 0 {
                rows.push(Row {
                    spans: vec![span(Sanitised::repeated('─', width.min(8)), Ink::Rule.into())], source
                });
            }
            for (title, cell) in head.iter().zip(&cells) {
                if title.is_empty() && cell.is_empty() {
                    continue;
                }
                let mut line = Flow::default();
                if !title.is_empty() {
                    line.push_for(title.text(), Ink::Muted.into(), source.max(head_source));
                    line.push_for(": ", Ink::Muted.into(), source);
                }
                line.push_flow(cell);
                line.trim_end();
                rows.extend(wrap(line, width, Mode::Words));
            }
        }
        rows
    }
}

/// The widths of the columns within `room`: the widest give first. None where the room is hopeless.
fn fit(mut widths: Vec<usize>, room: usize) -> Option<Vec<usize>> {
    let least: usize = widths.iter().map(|width| (*width).min(NARROWEST)).sum();
    if least > room {
        return None;
    }
    // The level to which all wider columns are cut: found from the narrowest on.
    let mut sorted = widths.clone();
    sorted.sort_unstable();
    let (mut left, mut level) = (room, usize::MAX);
    for (index, width) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - index);
        if *width > share {
            level = share.max(1);
            break;
        }
        left -= width;
    }
    let mut used = 0;
    for width in &mut widths {
        *width = (*width).min(level);
        used += *width;
    }
    // What the division left over goes to the first columns that were cut.
    let mut spare = room.saturating_sub(used);
    for width in widths.iter_mut().filter(|width| **width == level) {
        if spare == 0 {
            break;
        }
        *width += 1;
        spare -= 1;
    }
    Some(widths)
}

fn join_cells(cells: Vec<Vec<Row>>, widths: &[usize], alignments: &[Alignment], source: usize, head: bool) -> Vec<Row> {
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let mut cells: Vec<_> = cells.into_iter().map(Vec::into_iter).collect();
    (0..height)
        .map(|_| {
            let mut spans = Vec::new();
            for (index, cell) in cells.iter_mut().enumerate() {
                if index > 0 {
                    spans.push(span(Sanitised::trusted(DIVIDER), Ink::Rule.into()));
                }
                let line = cell.next().map_or_else(Vec::new, |row| row.spans);
                let last = index + 1 == widths.len();
                aligned(&mut spans, line, widths[index], alignments[index], head, last);
            }
            Row { spans, source }
        })
        .collect()
}

fn aligned(spans: &mut Vec<Span>, line: Vec<Span>, width: usize, alignment: Alignment, head: bool, last: bool) {
    let taken: usize = line.iter().map(|span| span.text.width()).sum();
    let free = width.saturating_sub(taken);
    let before = match alignment {
        Alignment::Right => free,
        Alignment::Center => free / 2,
        Alignment::Left | Alignment::None => 0,
    };
    if before > 0 {
        spans.extend(spaces(before));
    }
    spans.extend(line.into_iter().map(|mut span| {
        span.emphasis.bold |= head;
        span
    }));
    if free > before && !last {
        spans.push(plain_span(Sanitised::repeated(' ', free - before)));
    }
}

fn rule(widths: &[usize], source: usize) -> Row {
    let lines: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    Row { spans: vec![span(Sanitised::part(&lines.join("─┼─")), Ink::Rule.into())], source }
}
