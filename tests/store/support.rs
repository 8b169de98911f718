//! Short names for what the tests write and read.

use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use munshi::chat::ledger::{LedgerClosing, LedgerOpening, Outcome, Purpose};
use munshi::chat::{
    AttemptId, ConversationId, ConversationMeta, Message, MessageId, ModelRef, PicoUsd, Rate, Role, Status,
};
use munshi::store::sqlite::{Notice, OpenOptions, Opened, SqliteStore};
use munshi::store::{Store, StoreError, Write};
use uuid::Uuid;

pub const DAY: Date = date(2026, 5, 28);
pub const NOW_MS: i64 = 1_780_000_000_000;

pub fn conversation_id(number: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(number << 64 | 1))
}

pub fn message_id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number << 64 | 2))
}

pub fn meta(number: u128, title: &str) -> ConversationMeta {
    ConversationMeta {
        title: title.to_owned(),
        system: "Be brief.".to_owned(),
        temperature: Some(0.7),
        max_tokens: Some(4096),
        ..ConversationMeta::new(conversation_id(number), ModelRef::new("openai", "gpt-4o-mini"), NOW_MS)
    }
}

pub fn put(number: u128, title: &str) -> Write {
    Write::PutConversation(meta(number, title))
}

/// A user's message; the first of its conversation unless `parent` says otherwise.
pub fn said(conversation: u128, id: u128, parent: Option<u128>, text: &str) -> Message {
    let parent = parent.map(message_id);
    Message::text(message_id(id), conversation_id(conversation), parent, Role::User, text.to_owned(), NOW_MS)
}

pub fn reply(conversation: u128, id: u128, parent: u128) -> Message {
    let model = ModelRef::new("groq", "openai/gpt-oss-120b");
    Message::reply(message_id(id), conversation_id(conversation), message_id(parent), model, NOW_MS)
}

pub fn finished(message: &Message, text: &str) -> Write {
    Write::FinishMessage(Message { status: Status::Complete, content: text.to_owned(), ..message.clone() })
}

pub fn chunk(id: u128, text: &str) -> Write {
    Write::AppendChunk { message: message_id(id), text: text.to_owned(), reasoning: String::new() }
}

pub fn opening(conversation: u128, reply: u128, reserved: Option<i64>) -> LedgerOpening {
    LedgerOpening {
        outlives: false,
        attempt: AttemptId { reply: message_id(reply), ordinal: 0 },
        conversation: conversation_id(conversation),
        purpose: Purpose::Chat,
        model: ModelRef::new("openai", "gpt-4o-mini"),
        day: DAY,
        at_ms: NOW_MS,
        rate: Rate::default(),
        reserved: reserved.map(PicoUsd),
        prices: None,
    }
}

pub fn closing(reply: u128, cost: Option<i64>) -> LedgerClosing {
    LedgerClosing {
        attempt: AttemptId { reply: message_id(reply), ordinal: 0 },
        outcome: Outcome::Complete,
        usage: None,
        cost: cost.map(PicoUsd),
        prices: None,
        took_ms: 1200,
        status: Some(200),
        request_id: Some("req_1".to_owned()),
    }
}

/// What is said in a conversation, in order.
pub fn texts(store: &mut dyn Store, conversation: u128) -> Vec<String> {
    let saved = store.load(conversation_id(conversation)).unwrap();
    saved.messages.into_iter().map(|message| message.content).collect()
}

pub fn titles(store: &mut dyn Store, filter: &str) -> Vec<String> {
    store.list(filter, 0, 100).unwrap().into_iter().map(|summary| summary.title).collect()
}

pub fn database(folder: &Path) -> PathBuf {
    folder.join("munshi.db")
}

pub fn try_open(folder: &Path) -> Result<Opened, StoreError> {
    SqliteStore::open(&database(folder), OpenOptions { now_ms: NOW_MS, ..OpenOptions::default() })
}

/// Opens a store that has nothing to tell.
pub fn open(folder: &Path) -> SqliteStore {
    let opened = try_open(folder).unwrap();
    assert_eq!(opened.notices, Vec::<Notice>::new());
    opened.store
}

/// What SQLite itself says of the file.
pub fn integrity(folder: &Path) -> String {
    let conn = rusqlite::Connection::open(database(folder)).unwrap();
    conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

/// Numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}
