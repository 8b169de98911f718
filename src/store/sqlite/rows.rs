//! Messages and conversations as rows. Owns the columns' order and how each value is written and read back;
//! reads text that was damaged as far as it is text.

use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Row, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::chat::context::{History, Strategy};
use crate::chat::{
    ConversationId, ConversationMeta, FinishReason, Message, MessageId, ModelRef, PicoUsd, Role, Status, ToolCall,
    Usage,
};

/// What [`message`] reads, in its order.
pub(super) const MESSAGE: &str = "m.seq, m.id, m.parent, m.role, m.content, m.reasoning, m.tool_calls, \
     m.tool_call_id, m.status, m.provider, m.model, m.finish, m.input, m.cached_input, m.cache_write, m.output, \
     m.reasoning_tokens, m.estimated, m.cost, m.created_ms, m.took_ms, m.note, m.owner, m.origin";

/// How many columns [`MESSAGE`] has.
pub(super) const MESSAGE_COLUMNS: usize = 24;

/// What [`meta`] reads, in its order.
pub(super) const META: &str = "key, id, title, titled_by_user, provider, model, system, temperature, max_tokens, \
     pinned, created_ms, updated_ms, history, history_messages, history_tokens, history_everywhere, \
     tools, format";

/// A message with what only the store knows of it.
#[derive(Debug)]
pub(super) struct Stored {
    pub seq: i64,
    pub message: Message,
    pub owner: Option<Uuid>,
}

/// Reads the columns of [`MESSAGE`].
pub(super) fn message(row: &Row<'_>, conversation: ConversationId) -> rusqlite::Result<Stored> {
    let tool_calls: Option<Vec<ToolCall>> = optional_text(row, 6)?.and_then(|json| serde_json::from_str(&json).ok());
    let message = Message {
        id: MessageId(uuid(row, 1)?),
        conversation,
        parent: optional_uuid(row, 2)?.map(MessageId),
        role: word(row, 3, [Role::System, Role::User, Role::Assistant, Role::Tool], Role::as_str)?,
        content: text(row, 4)?,
        reasoning: text(row, 5)?,
        tool_calls: tool_calls.unwrap_or_default(),
        tool_call_id: optional_text(row, 7)?,
        origin: optional_text(row, 23)?.and_then(|json| serde_json::from_str(&json).ok()),
        status: word(
            row,
            8,
            [Status::Complete, Status::Streaming, Status::Interrupted, Status::Failed],
            Status::as_str,
        )?,
        model: model(row, 9)?,
        finish: optional_text(row, 11)?.map(|word| FinishReason::from_wire(&word)),
        usage: usage(row, 12)?,
        cost: row.get::<_, Option<i64>>(18)?.map(PicoUsd),
        created_ms: row.get(19)?,
        took_ms: row.get::<_, Option<i64>>(20)?.map(i64::cast_unsigned),
        note: optional_text(row, 21)?,
    };
    Ok(Stored { seq: row.get(0)?, message, owner: optional_uuid(row, 22)? })
}

/// Reads the columns of [`META`]: the row's key, and the conversation.
pub(super) fn meta(row: &Row<'_>) -> rusqlite::Result<(i64, ConversationMeta)> {
    let meta = ConversationMeta {
        id: ConversationId(uuid(row, 1)?),
        title: text(row, 2)?,
        titled_by_user: row.get(3)?,
        model: ModelRef::new(text(row, 4)?, text(row, 5)?),
        system: text(row, 6)?,
        // What was a f32 is one again, exactly.
        temperature: row.get::<_, Option<f64>>(7)?.map(|value| value as f32),
        max_tokens: row.get(8)?,
        history: history(row, 12)?,
        tools: choice(row, 16)?,
        format: choice(row, 17)?,
        pinned: row.get(9)?,
        created_ms: row.get(10)?,
        updated_ms: row.get(11)?,
    };
    Ok((row.get(0)?, meta))
}

/// A choice that is kept as JSON. One that is damaged is none, and costs no conversation.
fn choice<T: Default + DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    Ok(serde_json::from_str(&text(row, at)?).unwrap_or_default())
}

/// A choice as [`choice`] reads it; empty where there is none.
pub(super) fn written<T: Default + PartialEq + Serialize>(choice: &T) -> String {
    if *choice == T::default() { String::new() } else { serde_json::to_string(choice).unwrap_or_default() }
}

/// Four columns from `at`.
fn history(row: &Row<'_>, at: usize) -> rusqlite::Result<History> {
    Ok(History {
        // A damaged word costs the choice, and not the conversation.
        strategy: Strategy::parse(&text(row, at)?).unwrap_or_default(),
        max_messages: row.get(at + 1)?,
        max_tokens: row.get::<_, Option<i64>>(at + 2)?.map(i64::cast_unsigned),
        everywhere: row.get(at + 3)?,
    })
}

/// Adds a message at the end of the sequence, and returns its place in it.
pub(super) fn insert(conn: &Connection, key: i64, message: &Message, owner: Option<Uuid>) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO messages (id, conversation, parent, role, content, reasoning, tool_calls, tool_call_id, \
         status, provider, model, finish, input, cached_input, cache_write, output, reasoning_tokens, estimated, cost, \
         created_ms, took_ms, note, owner, origin) VALUES (:id, :conversation, :parent, :role, :content, :reasoning, \
         :tool_calls, :tool_call_id, :status, :provider, :model, :finish, :input, :cached_input, :cache_write, \
         :output, :reasoning_tokens, :estimated, :cost, :created_ms, :took_ms, :note, :owner, :origin)";
    bound(message, owner, |params| {
        let place = named_params! {
            ":id": message.id.0.as_bytes(),
            ":conversation": key,
            ":parent": message.parent.as_ref().map(|id| id.0.as_bytes()),
            ":role": message.role.as_str(),
        };
        execute(conn, sql, [place, params].concat().as_slice())
    })?;
    Ok(conn.last_insert_rowid())
}

/// Replaces a message with how it ended; its place in the tree stays.
pub(super) fn replace(conn: &Connection, seq: i64, message: &Message, owner: Option<Uuid>) -> rusqlite::Result<()> {
    let sql = "UPDATE messages SET content = :content, reasoning = :reasoning, tool_calls = :tool_calls, \
         tool_call_id = :tool_call_id, status = :status, provider = :provider, model = :model, finish = :finish, \
         input = :input, cached_input = :cached_input, cache_write = :cache_write, output = :output, \
         reasoning_tokens = :reasoning_tokens, estimated = :estimated, cost = :cost, created_ms = :created_ms, \
         took_ms = :took_ms, note = :note, owner = :owner, origin = :origin WHERE seq = :seq";
    bound(message, owner, |params| {
        let place = named_params! { ":seq": seq };
        execute(conn, sql, [place, params].concat().as_slice())
    })
}

type Named<'a> = (&'a str, &'a dyn rusqlite::ToSql);

/// Binds what a message says, as against where it stands.
fn bound<T>(message: &Message, owner: Option<Uuid>, run: impl FnOnce(&[Named<'_>]) -> T) -> T {
    let origin = message.origin.as_ref().and_then(|origin| serde_json::to_string(origin).ok());
    let tool_calls =
        (!message.tool_calls.is_empty()).then(|| serde_json::to_string(&message.tool_calls).ok()).flatten();
    let usage = message.usage.as_ref();
    let tokens = |of: fn(&Usage) -> u64| usage.map(|usage| of(usage).cast_signed());
    run(named_params! {
        ":content": message.content,
        ":reasoning": message.reasoning,
        ":tool_calls": tool_calls,
        ":tool_call_id": message.tool_call_id,
        ":status": message.status.as_str(),
        ":provider": message.model.as_ref().map(|model| &model.provider),
        ":model": message.model.as_ref().map(|model| &model.id),
        ":finish": message.finish.as_ref().map(FinishReason::as_str),
        ":input": tokens(|usage| usage.input),
        ":cached_input": tokens(|usage| usage.cached_input),
        ":cache_write": tokens(|usage| usage.cache_write),
        ":output": tokens(|usage| usage.output),
        ":reasoning_tokens": tokens(|usage| usage.reasoning),
        ":estimated": usage.map(|usage| usage.estimated),
        ":cost": message.cost.map(|cost| cost.0),
        ":created_ms": message.created_ms,
        ":took_ms": message.took_ms.map(u64::cast_signed),
        ":note": message.note,
        ":origin": origin,
        ":owner": owner.as_ref().map(Uuid::as_bytes),
    })
}

/// Runs a statement that the connection keeps prepared.
pub(super) fn execute(conn: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute(params).map(drop)
}

/// The row of a conversation, deleted or not.
pub(super) fn key_of(conn: &Connection, id: ConversationId) -> rusqlite::Result<Option<i64>> {
    let mut statement = conn.prepare_cached("SELECT key FROM conversations WHERE id = ?1")?;
    statement.query_row([id.0.as_bytes()], |row| row.get(0)).optional()
}

/// The text and the reasoning that came for a reply since it was begun.
pub(super) fn chunks(conn: &Connection, seq: i64) -> rusqlite::Result<(String, String)> {
    let mut statement = conn.prepare_cached("SELECT text, reasoning FROM chunks WHERE message = ?1 ORDER BY seq")?;
    let mut rows = statement.query([seq])?;
    let (mut content, mut reasoning) = (String::new(), String::new());
    while let Some(row) = rows.next()? {
        content.push_str(&text(row, 0)?);
        reasoning.push_str(&text(row, 1)?);
    }
    Ok((content, reasoning))
}

/// Text, with `U+FFFD` where bytes on disk are none.
pub(super) fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<String> {
    optional_text(row, at).map(Option::unwrap_or_default)
}

fn optional_text(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<String>> {
    match row.get_ref(at)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
        other => Err(rusqlite::Error::InvalidColumnType(at, "text".to_owned(), other.data_type())),
    }
}

pub(super) fn uuid(row: &Row<'_>, at: usize) -> rusqlite::Result<Uuid> {
    let bytes: [u8; 16] = row.get(at)?;
    Ok(Uuid::from_bytes(bytes))
}

pub(super) fn optional_uuid(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Uuid>> {
    let bytes: Option<[u8; 16]> = row.get(at)?;
    Ok(bytes.map(Uuid::from_bytes))
}

/// Two columns from `at`: provider and id.
fn model(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<ModelRef>> {
    let (provider, id) = (optional_text(row, at)?, optional_text(row, at + 1)?);
    Ok(provider.zip(id).map(|(provider, id)| ModelRef::new(provider, id)))
}

/// Six columns from `at`.
pub(super) fn usage(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Usage>> {
    let Some(input) = row.get::<_, Option<i64>>(at)? else { return Ok(None) };
    let tokens = |offset: usize| row.get::<_, Option<i64>>(at + offset).map(|count| count.unwrap_or(0).cast_unsigned());
    Ok(Some(Usage {
        input: input.cast_unsigned(),
        cached_input: tokens(1)?,
        cache_write: tokens(2)?,
        output: tokens(3)?,
        reasoning: tokens(4)?,
        estimated: row.get::<_, Option<bool>>(at + 5)?.unwrap_or(false),
    }))
}

/// The one of `all` that is written as the word in column `at`.
pub(super) fn word<T: Copy, const N: usize>(
    row: &Row<'_>,
    at: usize,
    all: [T; N],
    as_str: fn(T) -> &'static str,
) -> rusqlite::Result<T> {
    let found = text(row, at)?;
    all.into_iter().find(|one| as_str(*one) == found).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(at, Type::Text, format!("{found:?} is no word of this column").into())
    })
}

/// Reads an id that SQL gave as bytes.
pub(super) fn conversation_id(row: &Row<'_>, at: usize) -> rusqlite::Result<ConversationId> {
    uuid(row, at).map(ConversationId)
}
