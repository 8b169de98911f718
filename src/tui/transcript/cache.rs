//! What was laid out lately, so that it is not laid out again. Owns copies only: a cache that is dropped changes
//! no frame. Bounded: what was not seen lately goes.

use std::collections::HashMap;
use std::sync::Arc;

use super::body::{Body, PlainText};
use super::cells::Section;
use super::guise::{Form, Guise};
use crate::chat::{Message, MessageId, Role};
use crate::text::{Document, Row};

/// Rows kept beyond those of the last frames, about 2 MB of them.
const MAX_ROWS: usize = 8_000;
/// Messages whose block offsets are kept beyond those of the last frames.
const MAX_MESSAGES: usize = 64;
/// What was used within so many uses is never dropped: a scroll and the frame after it are two.
const RECENT: u64 = 4;
/// Bytes at the end of a text that tell whether it only grew.
const TAIL: usize = 32;

/// How much was done since the cache was made: what a test counts instead of measuring time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Messages looked into, once per use of the cache.
    pub messages: usize,
    /// Blocks and other sections laid out.
    pub laid_out: usize,
    /// Sections looked at, laid out or not.
    pub sections: usize,
}

/// The transcript's cache.
#[derive(Debug, Default)]
pub struct Cache {
    /// Uses so far: every frame and every scroll is one.
    now: u64,
    texts: HashMap<MessageId, Text>,
    rows: HashMap<Key, Laid>,
    row_count: usize,
    /// Texts cut so far: rows of a text that was cut anew are not taken for its own.
    cut: u64,
    pub(super) work: Work,
}

/// The cut text of one message.
#[derive(Debug)]
pub(super) struct Text {
    pub body: Body,
    pub reasoning: PlainText,
    /// What is shown in place of what the message says.
    pub guise: Guise,
    form: Form,
    /// Which cutting of which text it is.
    pub cut: u64,
    content_seen: Seen,
    reasoning_seen: Seen,
    used: u64,
}

/// Enough of a text to see whether it only grew.
#[derive(Debug, Default)]
struct Seen {
    len: usize,
    tail: Vec<u8>,
}

impl Seen {
    fn is_head_of(&self, text: &str) -> bool {
        text.as_bytes().get(..self.len).is_some_and(|head| head.ends_with(&self.tail))
    }

    fn take(&mut self, text: &str) {
        self.len = text.len();
        self.tail.clear();
        self.tail.extend_from_slice(&text.as_bytes()[text.len().saturating_sub(TAIL)..]);
    }
}

impl Text {
    fn new(message: &Message, form: Form, arguments: Option<&str>, cut: u64) -> Self {
        let mut body = match message.role {
            Role::Assistant => Body::Markdown(Document::new()),
            Role::User | Role::System | Role::Tool => Body::Plain(PlainText::default()),
        };
        let guise = Guise::new(message, form, arguments);
        let mut reasoning = PlainText::default();
        if let Some(shown) = &guise.body {
            body.extend(shown);
        }
        if let Some(shown) = &guise.reasoning {
            reasoning.extend(shown);
        }
        Self {
            body,
            reasoning,
            guise,
            form,
            cut,
            content_seen: Seen::default(),
            reasoning_seen: Seen::default(),
            used: 0,
        }
    }

    /// Whether the message is the one that was cut, as it was or grown.
    fn is_of(&self, message: &Message, form: Form) -> bool {
        self.form == form
            && self.content_seen.is_head_of(&message.content)
            && self.reasoning_seen.is_head_of(&message.reasoning)
            && matches!(self.body, Body::Markdown(_)) == (message.role == Role::Assistant)
    }

    /// What the body was cut from.
    pub fn body_source<'a>(&'a self, message: &'a Message) -> &'a str {
        self.guise.body.as_deref().unwrap_or(&message.content)
    }

    /// What the reasoning was cut from.
    pub fn reasoning_source<'a>(&'a self, message: &'a Message) -> &'a str {
        self.guise.reasoning.as_deref().unwrap_or(&message.reasoning)
    }

    fn follow(&mut self, message: &Message) {
        if self.content_seen.len != message.content.len() {
            if self.guise.body.is_none() {
                self.body.extend(&message.content);
            }
            self.content_seen.take(&message.content);
        }
        if self.reasoning_seen.len != message.reasoning.len() {
            if self.guise.reasoning.is_none() {
                self.reasoning.extend(&message.reasoning);
            }
            self.reasoning_seen.take(&message.reasoning);
        }
    }
}

/// Where rows stand; what they were made of is in [`Stamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// `None` below the last message.
    pub message: Option<MessageId>,
    pub section: Section,
    pub width: u16,
}

/// What rows were made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Which cutting of which text; 0 for what is no message's text.
    pub cut: u64,
    pub version: u64,
    /// Lines of code whose inks were known.
    pub inks: usize,
}

#[derive(Debug)]
struct Laid {
    stamp: Stamp,
    rows: Arc<[Row]>,
    used: u64,
}

impl Cache {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was done since the cache was made.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// Rows and messages kept: what a test of the bound looks at.
    #[must_use]
    pub fn kept(&self) -> (usize, usize) {
        (self.row_count, self.texts.len())
    }

    pub(super) const fn begin(&mut self) {
        self.now += 1;
    }

    /// The message's text, cut as far as it came; `arguments` are those of the call that it answers.
    pub(super) fn text(&mut self, message: &Message, arguments: Option<&str>, open: bool) -> &Text {
        let now = self.now;
        let form = Form::of(message, open);
        let cut = &mut self.cut;
        let mut anew = || {
            *cut += 1;
            Text::new(message, form, arguments, *cut)
        };
        let text = self.texts.entry(message.id).or_insert_with(&mut anew);
        if text.used != now {
            self.work.messages += 1;
            if !text.is_of(message, form) {
                *text = anew();
            }
            text.used = now;
            text.follow(message);
        }
        text
    }

    /// The text of a message that was looked into in this use.
    pub(super) fn known_text(&self, message: MessageId) -> Option<&Text> {
        self.texts.get(&message)
    }

    pub(super) fn rows(&mut self, key: Key, stamp: Stamp) -> Option<Arc<[Row]>> {
        self.work.sections += 1;
        let laid = self.rows.get_mut(&key).filter(|laid| laid.stamp == stamp)?;
        laid.used = self.now;
        Some(Arc::clone(&laid.rows))
    }

    pub(super) fn keep(&mut self, key: Key, stamp: Stamp, rows: Vec<Row>) -> Arc<[Row]> {
        self.work.laid_out += 1;
        let rows: Arc<[Row]> = rows.into();
        self.row_count += rows.len();
        let old = self.rows.insert(key, Laid { stamp, rows: Arc::clone(&rows), used: self.now });
        self.row_count -= old.map_or(0, |old| old.rows.len());
        rows
    }

    /// Drops what was not used lately, where there is too much; returns the messages whose text was dropped.
    pub(super) fn trim(&mut self) -> Vec<MessageId> {
        let recent = self.now.saturating_sub(RECENT);
        if self.row_count > MAX_ROWS {
            self.rows.retain(|_, laid| laid.used > recent);
            self.row_count = self.rows.values().map(|laid| laid.rows.len()).sum();
        }
        let mut dropped = Vec::new();
        if self.texts.len() > MAX_MESSAGES {
            self.texts.retain(|id, text| {
                let stays = text.used > recent;
                if !stays {
                    dropped.push(*id);
                }
                stays
            });
        }
        dropped
    }
}
