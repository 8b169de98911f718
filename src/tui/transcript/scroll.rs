//! Where the transcript is scrolled to: an anchor in the text, not a number of lines, since those change with the
//! width. Owns the anchor and how it moves; refuses to count the lines of a chat.

use ratatui::layout::Size;

use super::cache::Cache;
use super::cells::{Layout, Section};
use super::view::TranscriptView;
use super::walk::{Placed, Pos};
use crate::chat::MessageId;
use crate::text::Row;

/// No single scroll goes further, in rows; [`top`] and [`Anchor::End`] are for the ends.
const FARTHEST: usize = 100_000;

/// What the first row on the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anchor {
    /// Whatever shows the last row at the bottom: new text is followed.
    #[default]
    End,
    /// A place in the text: new text below does not move it.
    At(Place),
}

/// A place in the transcript that a change of width does not lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// `None`: below the last message.
    message: Option<MessageId>,
    /// How deep the message stands on the path, which is the same on every path it is on.
    depth: usize,
    part: Part,
    /// A byte of the message's content, or of its reasoning.
    source: usize,
    /// Rows after the first one that begins at `source`, or after the part's first.
    row: usize,
    /// How many messages there were when the end was left: what came since is new.
    seen: usize,
}

impl Place {
    /// The message that the place is in; `None` below the last one.
    #[must_use]
    pub const fn message(&self) -> Option<MessageId> {
        self.message
    }

    /// The first row of a message, which is the `depth`-th on the path, with `seen` messages known.
    const fn head(message: Option<MessageId>, depth: usize, seen: usize) -> Self {
        Self { message, depth, part: Part::Top, source: 0, row: 0, seen }
    }
}

/// A part of a message, whatever blocks it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Top,
    Fold,
    Reasoning,
    Result,
    Body,
    More,
    Foot,
    Notice(usize),
    Queued(usize),
}

impl From<Section> for Part {
    fn from(section: Section) -> Self {
        match section {
            Section::Top => Self::Top,
            Section::Fold => Self::Fold,
            Section::Reasoning(_) => Self::Reasoning,
            Section::Result => Self::Result,
            Section::Body(_) => Self::Body,
            Section::More => Self::More,
            Section::Foot => Self::Foot,
            Section::Notice(at) => Self::Notice(at),
            Section::Queued(at) => Self::Queued(at),
        }
    }
}

/// `rows` further down, or up where negative. Where that shows the last row, the end is followed from then on.
#[must_use]
pub fn scroll_by(view: &TranscriptView, cache: &mut Cache, size: Size, anchor: Anchor, rows: isize) -> Anchor {
    let seen = seen(view, anchor);
    let mut layout = Layout::new(view, cache, size.width);
    let Some((top, _)) = layout.resolve(anchor, usize::from(size.height)) else { return Anchor::End };
    let distance = rows.unsigned_abs().min(FARTHEST);
    let top = if rows < 0 { layout.back(top, distance) } else { layout.forward(top, distance) };
    layout.anchor_at(top, usize::from(size.height), seen)
}

/// `pages` screens further down, or up where negative; one row stays in sight.
#[must_use]
pub fn page(view: &TranscriptView, cache: &mut Cache, size: Size, anchor: Anchor, pages: isize) -> Anchor {
    let rows = isize::from(size.height.saturating_sub(1).max(1).cast_signed());
    scroll_by(view, cache, size, anchor, pages.saturating_mul(rows))
}

/// The first row of the chat; the end where all of it is seen at once.
#[must_use]
pub fn top(view: &TranscriptView, cache: &mut Cache, size: Size, anchor: Anchor) -> Anchor {
    let seen = seen(view, anchor);
    let mut layout = Layout::new(view, cache, size.width);
    let Some(first) = layout.first() else { return Anchor::End };
    layout.anchor_at(first, usize::from(size.height), seen)
}

/// Shows a message from its first row on; the anchor is unchanged where it is not on the path.
#[must_use]
pub fn reveal(view: &TranscriptView, anchor: Anchor, message: MessageId) -> Anchor {
    let depth = view.conversation.path().rposition(|on_path| on_path.id == message);
    depth.map_or(anchor, |depth| Anchor::At(Place::head(Some(message), depth, seen(view, anchor))))
}

fn seen(view: &TranscriptView, anchor: Anchor) -> usize {
    match anchor {
        Anchor::End => view.conversation.len(),
        Anchor::At(place) => place.seen,
    }
}

/// Messages that came since the end was left.
pub(super) fn unseen(view: &TranscriptView, anchor: Anchor) -> usize {
    view.conversation.len().saturating_sub(seen(view, anchor))
}

impl Layout<'_, '_> {
    /// The rows that the anchor shows, and whether there are more below; `None` where there are none. Where too
    /// few stand below the anchor to fill the screen, the last ones are shown.
    pub fn seen_rows(&mut self, anchor: Anchor, height: usize) -> Option<(Vec<Placed>, bool)> {
        self.resolve(anchor, height).map(|(_, screen)| screen)
    }

    fn resolve(&mut self, anchor: Anchor, height: usize) -> Option<(Pos, (Vec<Placed>, bool))> {
        if let Anchor::At(place) = anchor
            && let Some(top) = self.locate(place)
        {
            let (rows, more) = self.screen(top, height);
            if rows.len() == height {
                return Some((top, (rows, more)));
            }
        }
        let top = self.end_top(height)?;
        let screen = self.screen(top, height);
        Some((top, screen))
    }

    fn anchor_at(&mut self, top: Pos, height: usize, seen: usize) -> Anchor {
        let (_, more) = self.screen(top, height);
        if more { self.place(top, seen).map_or(Anchor::End, Anchor::At) } else { Anchor::End }
    }

    fn place(&mut self, pos: Pos, seen: usize) -> Option<Place> {
        let section = self.section(pos.item, pos.section)?;
        let rows = self.rows(pos.item, section);
        let head = Place::head(self.message_id(pos.item), pos.item, seen);
        let part = Part::from(section);
        if !section.has_source() {
            return Some(Place { part, row: pos.row, ..head });
        }
        let source = rows.get(pos.row)?.source;
        let first = rows.iter().position(|row| row.source == source)?;
        Some(Place { part, source, row: pos.row - first, ..head })
    }

    /// The row that a place is in at this width. A message that is no longer on the path gives way to the one
    /// that stands in its place.
    fn locate(&mut self, place: Place) -> Option<Pos> {
        let item = if place.message.is_none() { self.tail() } else { place.depth };
        if self.message_id(item) != place.message {
            return if item < self.tail() { self.settle(item, 0, 0) } else { None };
        }
        let section = self.section_of(item, place);
        let index = self.section_index(item, section);
        // The part may be gone, as reasoning that was folded: then what stands there now.
        let found = self.section(item, index);
        if found != Some(section) {
            return self.settle(item, index, 0);
        }
        let rows = self.rows(item, section);
        let row = if section.has_source() { row_at(&rows, place) } else { place.row };
        self.settle(item, index, row.min(rows.len().saturating_sub(1)))
    }

    fn section_of(&mut self, item: usize, place: Place) -> Section {
        let text = self.text(item);
        match place.part {
            Part::Top => Section::Top,
            Part::Fold => Section::Fold,
            Part::Result => Section::Result,
            Part::More => Section::More,
            Part::Foot => Section::Foot,
            Part::Notice(at) => Section::Notice(at),
            Part::Queued(at) => Section::Queued(at),
            Part::Body => Section::Body(text.map_or(0, |text| text.body.block_at(place.source))),
            Part::Reasoning => Section::Reasoning(text.map_or(0, |text| text.reasoning.piece_at(place.source))),
        }
    }
}

/// The row that holds the place's byte.
fn row_at(rows: &[Row], place: Place) -> usize {
    let begins_here = |row: &Row| row.source == place.source;
    match (rows.iter().position(begins_here), rows.iter().rposition(begins_here)) {
        // At the same width the rows are the same; at another, fewer may begin here.
        (Some(first), Some(last)) => (first + place.row).min(last),
        _ => rows.iter().rposition(|row| row.source <= place.source).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(sources: &[usize]) -> Vec<Row> {
        sources.iter().map(|source| Row { spans: Vec::new(), source: *source }).collect()
    }

    fn found(sources: &[usize], source: usize, row: usize) -> usize {
        row_at(&rows(sources), Place { source, row, ..Place::head(None, 0, 0) })
    }

    #[test]
    fn a_byte_is_found_in_the_row_that_holds_it() {
        assert_eq!(found(&[0, 10, 20], 10, 0), 1);
        assert_eq!(found(&[0, 10, 20], 15, 0), 1);
        assert_eq!(found(&[0, 10, 20], 99, 0), 2);
        assert_eq!(found(&[5, 10], 0, 0), 0);
    }

    #[test]
    fn rows_that_begin_at_the_same_byte_are_told_apart() {
        assert_eq!(found(&[0, 7, 7, 7, 9], 7, 2), 3);
        assert_eq!(found(&[0, 7, 7, 9], 7, 5), 2, "fewer rows of that byte at another width");
        assert_eq!(found(&[7, 9, 7], 7, 2), 2, "a table's cells may take turns");
    }
}
