//! The transcript as items (messages, and what waits below them) made of sections, each laid out by itself.
//! Owns the order of things; refuses to look at more of them than it is asked for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::cache::Text;
use super::cache::{Cache, Key, Stamp};
use super::furniture;
use super::tool;
use super::view::{Notice, TranscriptView};
use crate::chat::{Message, MessageId, Role};
use crate::text::{Ink, Row};

/// A part of an item, in the order in which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Section {
    /// Blank row, marks and who speaks.
    Top,
    /// The one row that stands for the reasoning, or for a call's arguments.
    Fold,
    /// A block of the unfolded reasoning, or arguments.
    Reasoning(usize),
    /// The one row that stands for a call's result.
    Result,
    /// A block of the text.
    Body(usize),
    /// The row that unfolds the rest of the text.
    More,
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
    result: usize,
    body: usize,
    more: usize,
    notices: usize,
    queued: usize,
}

impl Shape {
    const fn len(self) -> usize {
        let frame = if self.message { 2 } else { 0 };
        self.lead
            + frame
            + self.fold
            + self.reasoning
            + self.result
            + self.body
            + self.more
            + self.notices
            + self.queued
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
        let open = self.is_open(message);
        let shape = Shape { message: true, lead, notices, ..Shape::default() };
        if message.role == Role::Tool {
            let fold = usize::from(self.view.conversation.call_of(item).is_some());
            let result = usize::from(!message.content.trim().is_empty());
            // What is folded is not even looked at.
            let text = if open { self.text(item) } else { None };
            let (reasoning, body) = text.map_or((0, 0), |text| (text.reasoning.len(), text.body.len()));
            return Shape { fold, reasoning: reasoning * fold, result, body: body * result, ..shape };
        }
        let Some(text) = self.text(item) else { return shape };
        Shape {
            fold: usize::from(text.reasoning.len() > 0),
            reasoning: if open { text.reasoning.len() } else { 0 },
            body: text.body.len(),
            more: usize::from(text.guise.more > 0),
            ..shape
        }
    }

    fn is_open(&self, message: &Message) -> bool {
        self.view.unfolded.contains(&message.id)
    }

    /// The item's text, cut as far as it came.
    pub fn text(&mut self, item: usize) -> Option<&Text> {
        let message = self.message(item)?;
        let arguments = (message.role == Role::Tool).then(|| self.view.conversation.call_of(item)).flatten();
        let open = self.is_open(message);
        Some(self.cache.text(message, arguments.map(|call| call.arguments.as_str()), open))
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
            if at < shape.result {
                return Some(Section::Result);
            }
            at -= shape.result;
            if at < shape.body {
                return Some(Section::Body(at));
            }
            at -= shape.body;
            if at < shape.more {
                return Some(Section::More);
            }
            at -= shape.more;
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
        let result = top + 1 + shape.fold + shape.reasoning;
        let body = result + shape.result;
        let foot = body + shape.body + shape.more;
        let notices = if shape.message { foot + 1 } else { top };
        match section {
            Section::Top => top,
            Section::Fold => top + 1,
            Section::Reasoning(at) => top + 1 + shape.fold + at.min(shape.reasoning),
            Section::Body(at) => body + at.min(shape.body),
            Section::Result => result,
            Section::More => body + shape.body,
            Section::Foot => foot,
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
            Section::Fold if self.message(item)?.role == Role::Tool => {
                let call = self.view.conversation.call_of(item)?;
                plain(hash(&(self.is_open(self.message(item)?), ends(&call.arguments))))
            }
            Section::Result => {
                let message = self.message(item)?;
                plain(hash(&(self.is_open(message), message.status, ends(&message.content))))
            }
            Section::Top | Section::Fold | Section::More | Section::Foot => None,
            Section::Reasoning(at) => {
                let text = self.text(item)?;
                Some(Stamp { cut: text.cut, version: text.reasoning.range(at).end as u64, inks: 0 })
            }
            Section::Body(at) => {
                let inks = self.code_inks(item, at).len();
                let text = self.text(item)?;
                Some(Stamp { cut: text.cut, version: text.body.version(at), inks })
            }
            Section::Notice(at) => {
                let notice = self.view.notices.get(at)?;
                plain(hash(&(&notice.text, notice.kind)))
            }
            Section::Queued(at) => plain(hash(self.view.queued.get(at)?)),
        }
    }

    fn code_inks(&mut self, item: usize, block: usize) -> &'v [crate::text::LineInks] {
        let part = self.text(item).and_then(|text| text.body.fence(block));
        let Some((fence, lines)) = part.map(|part| (part.fence, part.first_line..part.first_line + part.lines.len()))
        else {
            return &[];
        };
        self.message_id(item).map(|message| self.view.highlights.lines(message, fence, lines)).unwrap_or_default()
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
            Section::Fold if message.role == Role::Tool => {
                let call = view.conversation.call_of(item);
                call.map(|call| tool::arguments(call, self.is_open(message), usize::from(width))).unwrap_or_default()
            }
            Section::Fold => {
                let words = self.text(item).map_or(0, |text| text.reasoning.words());
                furniture::fold(words, self.is_open(message))
            }
            Section::Result => tool::result(message, self.is_open(message), usize::from(width)),
            Section::More => {
                let lines = self.text(item).map_or(0, |text| text.guise.more);
                tool::more(lines, self.is_open(message))
            }
            Section::Reasoning(at) => {
                let text = self.text(item);
                text.map(|text| text.reasoning.layout(at, text.reasoning_source(message), width, Ink::Muted))
                    .unwrap_or_default()
            }
            Section::Body(at) => {
                let inks = self.code_inks(item, at);
                let text = self.text(item);
                text.map(|text| text.body.layout(at, text.body_source(message), width, inks)).unwrap_or_default()
            }
            Section::Notice(_) | Section::Queued(_) => Vec::new(),
        }
    }
}

/// Enough of a text to see that it is another one: it only ever grows.
fn ends(text: &str) -> (usize, &[u8]) {
    (text.len(), &text.as_bytes()[text.len().saturating_sub(64)..])
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
