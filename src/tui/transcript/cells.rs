//! The transcript as items (messages, and what waits below them) made of sections, each laid out by itself.
//! Owns the order of things; refuses to look at more of them than it is asked for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::cache::{Cache, Key, Stamp};
use super::furniture;
use super::view::{Notice, TranscriptView};
use crate::chat::{Message, MessageId};
use crate::text::{Ink, Row};

/// A part of an item, in the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Section {
    /// Blank row, marks and who speaks.
    Top,
    /// The one row that stands for the reasoning.
    Fold,
    /// A block of the unfolded reasoning.
    Reasoning(usize),
    /// A block of the text.
    Body(usize),
    Foot,
    /// The notice of this place in the view's list.
    Notice(usize),
    /// The queued message of this place in the view's list.
    Queued(usize),
}

impl Section {
    /// Whether a row's source is a byte of a text, which rows of other widths share.
    pub(super) const fn has_source(self) -> bool {
        matches!(self, Self::Reasoning(_) | Self::Body(_))
    }
}

/// How many sections of each kind an item has.
#[derive(Debug, Clone, Copy, Default)]
struct Shape {
    message: bool,
    /// Notices from before the first message.
    lead: usize,
    fold: usize,
    reasoning: usize,
    body: usize,
    notices: usize,
    queued: usize,
}

impl Shape {
    const fn len(self) -> usize {
        let frame = if self.message { 2 } else { 0 };
        self.lead + frame + self.fold + self.reasoning + self.body + self.notices + self.queued
    }
}

/// A view, laid out at one width as far as it is asked for.
pub(super) struct Layout<'v, 'c> {
    pub view: &'v TranscriptView<'v>,
    pub cache: &'c mut Cache,
    pub width: u16,
}

impl<'v, 'c> Layout<'v, 'c> {
    pub fn new(view: &'v TranscriptView<'v>, cache: &'c mut Cache, width: u16) -> Self {
        cache.begin();
        Self { view, cache, width: width.max(1) }
    }

    /// The item below the last message: it is always there, and may be empty.
    pub fn tail(&self) -> usize {
        self.view.conversation.len()
    }

    pub fn message(&self, item: usize) -> Option<&'v Message> {
        self.view.conversation.at(item)
    }

    pub fn message_id(&self, item: usize) -> Option<MessageId> {
        self.message(item).map(|message| message.id)
    }

    fn notices_after(&self, after: Option<MessageId>) -> impl Iterator<Item = usize> + use<'v> {
        let all: &'v [Notice] = self.view.notices;
        all.iter().enumerate().filter(move |(_, notice)| notice.after == after).map(|(at, _)| at)
    }

    /// The notices of an item: those below its message, or, of the first item, those before any message.
    fn notices(&self, item: usize, lead: bool) -> impl Iterator<Item = usize> + use<'v> {
        let after = self.message_id(item).filter(|_| !lead);
        let has_any = if lead { item == 0 } else { after.is_some() };
        self.notices_after(after).take(if has_any { usize::MAX } else { 0 })
    }

    fn shape(&mut self, item: usize) -> Shape {
        let count = |lead| if self.view.notices.is_empty() { 0 } else { self.notices(item, lead).count() };
        let (lead, notices) = (count(true), count(false));
        let Some(message) = self.message(item) else {
            return Shape { lead, queued: self.view.queued.len(), ..Shape::default() };
        };
        let open = self.view.reasoning_open.contains(&message.id);
        let text = self.cache.text(message);
        Shape {
            message: true,
            lead,
            fold: usize::from(text.reasoning.len() > 0),
            reasoning: if open { text.reasoning.len() } else { 0 },
            body: text.body.len(),
            notices,
            queued: 0,
        }
    }

    pub fn section_count(&mut self, item: usize) -> usize {
        self.shape(item).len()
    }

    /// The item's `at`-th section.
    pub fn section(&mut self, item: usize, at: usize) -> Option<Section> {
        let shape = self.shape(item);
        let mut at = at;
        if at < shape.lead {
            return self.notices(item, true).nth(at).map(Section::Notice);
        }
        at -= shape.lead;
        if shape.message {
            if at == 0 {
                return Some(Section::Top);
            }
            at -= 1;
            if at < shape.fold {
                return Some(Section::Fold);
            }
            at -= shape.fold;
            if at < shape.reasoning {
                return Some(Section::Reasoning(at));
            }
            at -= shape.reasoning;
            if at < shape.body {
                return Some(Section::Body(at));
            }
            at -= shape.body;
            if at == 0 {
                return Some(Section::Foot);
            }
            at -= 1;
        }
        if at < shape.notices {
            return self.notices(item, false).nth(at).map(Section::Notice);
        }
        at -= shape.notices;
        (at < shape.queued).then_some(Section::Queued(at))
    }

    /// Where a section stands in its item; where it is gone, the place that it would have.
    pub fn section_index(&mut self, item: usize, section: Section) -> usize {
        let shape = self.shape(item);
        let top = shape.lead;
        let body = top + 1 + shape.fold + shape.reasoning;
        let notices = if shape.message { body + shape.body + 1 } else { top };
        match section {
            Section::Top => top,
            Section::Fold => top + 1,
            Section::Reasoning(at) => top + 1 + shape.fold + at.min(shape.reasoning),
            Section::Body(at) => body + at.min(shape.body),
            Section::Foot => body + shape.body,
            Section::Notice(of) => {
                let lead = self.notices(item, true).position(|at| at == of);
                lead.unwrap_or_else(|| notices + self.notices(item, false).position(|at| at == of).unwrap_or(0))
            }
            Section::Queued(at) => notices + shape.notices + at,
        }
    }

    /// The rows of a section, from the cache where it has them.
    pub fn rows(&mut self, item: usize, section: Section) -> Arc<[Row]> {
        let stamp = self.stamp(item, section);
        let key = Key { message: self.message_id(item), section, width: self.width };
        if let Some(stamp) = stamp
            && let Some(rows) = self.cache.rows(key, stamp)
        {
            return rows;
        }
        let rows = self.lay_out(item, section);
        match stamp {
            Some(stamp) => self.cache.keep(key, stamp, rows),
            None => rows.into(),
        }
    }

    /// What the section's rows are made of; `None` for those that are cheaper made than kept.
    fn stamp(&mut self, item: usize, section: Section) -> Option<Stamp> {
        let plain = |version| Some(Stamp { cut: 0, version, inks: 0 });
        match section {
            Section::Top | Section::Fold | Section::Foot => None,
            Section::Reasoning(at) => {
                let text = self.cache.text(self.message(item)?);
                Some(Stamp { cut: text.cut, version: text.reasoning.range(at).end as u64, inks: 0 })
            }
            Section::Body(at) => {
                let message = self.message(item)?;
                let inks = self.code_inks(message, at).len();
                let text = self.cache.text(message);
                Some(Stamp { cut: text.cut, version: text.body.version(at), inks })
            }
            Section::Notice(at) => {
                let notice = self.view.notices.get(at)?;
                plain(hash(&(&notice.text, notice.kind)))
            }
            Section::Queued(at) => plain(hash(self.view.queued.get(at)?)),
        }
    }

    fn code_inks(&mut self, message: &Message, block: usize) -> &'v [crate::text::LineInks] {
        let Some(part) = self.cache.text(message).body.fence(block) else { return &[] };
        let lines = part.first_line..part.first_line + part.lines.len();
        self.view.highlights.lines(message.id, part.fence, lines)
    }

    fn lay_out(&mut self, item: usize, section: Section) -> Vec<Row> {
        let (view, width) = (self.view, self.width);
        match section {
            Section::Notice(at) => {
                let notice = view.notices.get(at);
                return notice.map(|of| furniture::notice(of, width)).unwrap_or_default();
            }
            Section::Queued(at) => {
                return view.queued.get(at).map(|text| furniture::queued(text, width)).unwrap_or_default();
            }
            _ => {}
        }
        let Some(message) = self.message(item) else { return Vec::new() };
        match section {
            Section::Top => furniture::top(view, item, message, width),
            Section::Foot => furniture::foot(view, item, message, width),
            Section::Fold => {
                let open = view.reasoning_open.contains(&message.id);
                furniture::fold(self.cache.text(message).reasoning.words(), open)
            }
            Section::Reasoning(at) => {
                self.cache.text(message).reasoning.layout(at, &message.reasoning, width, Ink::Muted)
            }
            Section::Body(at) => {
                let inks = self.code_inks(message, at);
                self.cache.text(message).body.layout(at, &message.content, width, inks)
            }
            Section::Notice(_) | Section::Queued(_) => Vec::new(),
        }
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
