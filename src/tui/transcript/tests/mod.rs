//! The transcript as a user sees it: text on a screen of a given size.

mod anchors;
mod cells;
mod cruel;
mod highlighting;
mod selecting;
mod sizes;
mod standing;
mod tools;
mod warm_and_cold;

use std::collections::HashSet;

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Modifier, Style};
use uuid::Uuid;

use super::*;
use crate::chat::tool::ToolOrigin;
use crate::chat::{
    Conversation, ConversationId, ConversationMeta, Currency, FinishReason, Message, MessageId, ModelRef, PicoUsd,
    Role, Status, ToolCall, Usage,
};
use crate::session::history::{Plan, Standing};
use crate::text::{Emphasis, Ink};

pub(super) struct PlainInks;

impl Inks for PlainInks {
    fn ink(&self, _: Ink, emphasis: Emphasis) -> Style {
        if emphasis.bold { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() }
    }

    fn chrome(&self, _: Chrome) -> Style {
        Style::new()
    }
}

/// So many pieces, one after the other.
pub(super) fn numbered(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().concat()
}

/// 2026-05-28 10:42 UTC.
pub(super) const NOON_MS: i64 = 1_779_964_920_000;

pub(super) fn id(of: usize) -> MessageId {
    MessageId(Uuid::from_u128(of as u128 + 1))
}

/// A chat with everything the view borrows.
pub(super) struct Chat {
    pub conversation: Conversation,
    pub queued: Vec<String>,
    pub notices: Vec<Notice>,
    pub plan: Plan,
    pub highlights: Highlights,
    pub currency: Currency,
    pub live: Option<LiveStatus>,
    pub calls: Vec<LiveCall>,
    pub unfolded: HashSet<MessageId>,
    pub selection: Option<Selection>,
    pub zone: TimeZone,
}

impl Chat {
    pub fn new() -> Self {
        let meta = ConversationMeta::new(ConversationId(Uuid::nil()), ModelRef::new("openai", "gpt-4o-mini"), 0);
        Self {
            conversation: Conversation::new(meta),
            queued: Vec::new(),
            notices: Vec::new(),
            plan: Plan::default(),
            highlights: Highlights::new(),
            currency: Currency::default(),
            live: None,
            calls: Vec::new(),
            unfolded: HashSet::new(),
            selection: None,
            zone: TimeZone::UTC,
        }
    }

    /// `count` questions and answers in turn, each of one line, numbered from 0.
    pub fn of(count: usize) -> Self {
        let mut chat = Self::new();
        for at in 0..count {
            if at % 2 == 0 {
                chat.ask(&format!("question {at}"))
            } else {
                chat.answer(&format!("answer {at}"))
            };
        }
        chat
    }

    fn next(&self) -> (MessageId, Option<MessageId>) {
        (id(self.conversation.len()), self.conversation.leaf().map(|leaf| leaf.id))
    }

    pub fn ask(&mut self, text: &str) -> MessageId {
        let (id, parent) = self.next();
        let conversation = self.conversation.meta.id;
        self.conversation.push(Message::text(id, conversation, parent, Role::User, text.to_owned(), NOON_MS));
        id
    }

    pub fn reply(&mut self) -> MessageId {
        let (id, parent) = self.next();
        let model = ModelRef::new("openai", "gpt-4o-mini");
        let mut message = Message::text(id, self.conversation.meta.id, parent, Role::Assistant, String::new(), NOON_MS);
        message.status = Status::Streaming;
        message.model = Some(model);
        self.conversation.push(message);
        id
    }

    pub fn answer(&mut self, text: &str) -> MessageId {
        let id = self.reply();
        self.change(id, |message| {
            message.content = text.to_owned();
            message.status = Status::Complete;
            message.finish = Some(FinishReason::Stop);
            message.took_ms = Some(1_234);
            message.usage = Some(Usage { input: 58, output: 312, ..Usage::default() });
            message.cost = Some(PicoUsd(240_000_000));
        });
        id
    }

    /// A reply that calls tools: name and arguments, by ids `call_0`, `call_1` …
    pub fn call(&mut self, calls: &[(&str, &str)]) -> MessageId {
        let id = self.reply();
        let calls = calls.iter().enumerate().map(|(at, (name, arguments))| ToolCall {
            id: format!("call_{at}"),
            name: (*name).to_owned(),
            arguments: (*arguments).to_owned(),
        });
        let calls = calls.collect();
        self.change(id, |message| {
            message.tool_calls = calls;
            message.status = Status::Complete;
            message.finish = Some(FinishReason::ToolCalls);
        });
        id
    }

    /// The result of the call with this number.
    pub fn result(&mut self, call: usize, status: Status, content: &str) -> MessageId {
        let (id, parent) = self.next();
        let conversation = self.conversation.meta.id;
        let mut message = Message::text(id, conversation, parent, Role::Tool, content.to_owned(), NOON_MS);
        message.tool_call_id = Some(format!("call_{call}"));
        message.origin = Some(ToolOrigin::BuiltIn);
        message.status = status;
        message.took_ms = (status != Status::Streaming).then_some(412);
        self.conversation.push(message);
        id
    }

    pub fn change(&mut self, id: MessageId, how: impl FnOnce(&mut Message)) {
        how(self.conversation.get_mut(id).unwrap());
    }

    pub fn view(&self) -> TranscriptView<'_> {
        TranscriptView {
            conversation: &self.conversation,
            queued: &self.queued,
            notices: &self.notices,
            plan: &self.plan,
            highlights: &self.highlights,
            currency: &self.currency,
            live: self.live.as_ref(),
            calls: &self.calls,
            unfolded: &self.unfolded,
            time_zone: &self.zone,
            today: jiff::civil::date(2026, 5, 28),
            selection: self.selection,
        }
    }

    pub fn draw(&self, anchor: Anchor, cache: &mut Cache, size: Size) -> (Buffer, Drawn) {
        let area = Rect::from(size);
        let mut buf = Buffer::filled(area, ratatui::buffer::Cell::new("x"));
        let drawn = draw(&self.view(), anchor, cache, area, &mut buf, &PlainInks);
        (buf, drawn)
    }

    pub fn screen(&self, anchor: Anchor, cache: &mut Cache, size: Size) -> String {
        lines(&self.draw(anchor, cache, size).0)
    }

    pub fn fresh(&self, anchor: Anchor, size: Size) -> String {
        self.screen(anchor, &mut Cache::new(), size)
    }

    pub fn scrolled(&self, anchor: Anchor, size: Size, rows: isize) -> Anchor {
        scroll::scroll_by(&self.view(), &mut Cache::new(), size, anchor, rows)
    }
}

/// The screen's text, without spaces at the ends of lines, and without blank lines at the bottom.
pub(super) fn lines(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut x = buf.area.left();
        let mut line = String::new();
        while x < buf.area.right() {
            let symbol = buf[(x, y)].symbol();
            line.push_str(symbol);
            x += (crate::text::width(symbol) as u16).max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

pub(super) const SMALL: Size = Size::new(40, 12);
pub(super) const USUAL: Size = Size::new(80, 24);
pub(super) const LARGE: Size = Size::new(120, 40);
