//! What the panel, the chat and the input box read. No writes.

use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use super::notes;
use super::rows::{self, MESSAGE, META, Stored};
use super::write::draft_key;
use crate::chat::{ConversationId, ModelRef, Status};
use crate::store::fold::Terms;
use crate::store::{Saved, StoreError, Summary};

/// See [`crate::store::Store::list`].
pub(super) fn list(conn: &Connection, filter: &str, offset: u64, limit: u64) -> rusqlite::Result<Vec<Summary>> {
    let terms = Terms::of(filter);
    if terms.is_empty() {
        return page(conn, offset, limit);
    }
    // The index holds the folded titles in order, so that only what matches is looked up.
    let mut titles = conn.prepare_cached(
        "SELECT key, folded_title FROM conversations WHERE deleted_ms IS NULL ORDER BY pinned DESC, changed DESC",
    )?;
    let mut rows = titles.query([])?;
    let (mut skipped, mut found) = (0, Vec::new());
    while (found.len() as u64) < limit {
        let Some(row) = rows.next()? else { break };
        if !terms.are_parts_of(&rows::text(row, 1)?) {
            continue;
        }
        if skipped < offset {
            skipped += 1;
        } else {
            found.push(by_key(conn, row.get(0)?)?);
        }
    }
    Ok(found)
}

const SUMMARY: &str = "id, title, provider, model, pinned, updated_ms, messages";

fn page(conn: &Connection, offset: u64, limit: u64) -> rusqlite::Result<Vec<Summary>> {
    let sql = format!(
        "SELECT {SUMMARY} FROM conversations WHERE deleted_ms IS NULL ORDER BY pinned DESC, changed DESC LIMIT ?1 OFFSET ?2"
    );
    conn.prepare_cached(&sql)?.query_map([clamp(limit), clamp(offset)], summary)?.collect()
}

fn by_key(conn: &Connection, key: i64) -> rusqlite::Result<Summary> {
    conn.prepare_cached(&format!("SELECT {SUMMARY} FROM conversations WHERE key = ?1"))?.query_row([key], summary)
}

fn summary(row: &rusqlite::Row<'_>) -> rusqlite::Result<Summary> {
    Ok(Summary {
        id: rows::conversation_id(row, 0)?,
        title: rows::text(row, 1)?,
        model: ModelRef::new(rows::text(row, 2)?, rows::text(row, 3)?).to_string(),
        pinned: row.get(4)?,
        updated_ms: row.get(5)?,
        messages: row.get::<_, i64>(6)?.cast_unsigned(),
    })
}

/// A conversation as one moment saw it, with the text so far of what streams in any instance.
pub(super) fn load(conn: &Connection, id: ConversationId) -> Result<(Saved, Vec<Stored>), Fault> {
    let sql = format!("SELECT {META} FROM conversations WHERE id = ?1 AND deleted_ms IS NULL");
    let found = conn.prepare_cached(&sql)?.query_row([id.0.as_bytes()], rows::meta).optional()?;
    let Some((key, meta)) = found else { return Err(StoreError::NoConversation(id).into()) };
    let sql = format!("SELECT {MESSAGE} FROM messages m WHERE m.conversation = ?1 ORDER BY m.seq");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut stored: Vec<Stored> =
        statement.query_map([key], |row| rows::message(row, id))?.collect::<Result<_, _>>()?;
    for one in stored.iter_mut().filter(|one| one.message.status == Status::Streaming) {
        let (text, reasoning) = rows::chunks(conn, one.seq)?;
        one.message.content.push_str(&text);
        one.message.reasoning.push_str(&reasoning);
    }
    let draft = draft(conn, Some(id))?;
    Ok((Saved { meta, messages: Vec::new(), draft, notes: notes::of(conn, key)? }, stored))
}

/// See [`crate::store::Store::latest`].
pub(super) fn latest(conn: &Connection) -> rusqlite::Result<Option<ConversationId>> {
    conn.prepare_cached("SELECT id FROM conversations WHERE deleted_ms IS NULL ORDER BY changed DESC LIMIT 1")?
        .query_row([], |row| rows::conversation_id(row, 0))
        .optional()
}

/// See [`crate::store::Store::draft`].
pub(super) fn draft(conn: &Connection, conversation: Option<ConversationId>) -> rusqlite::Result<String> {
    let found = conn
        .prepare_cached("SELECT text FROM drafts WHERE conversation = ?1")?
        .query_row([draft_key(conversation.as_ref())], |row| rows::text(row, 0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// See [`crate::store::Store::input_history`].
pub(super) fn input_history(conn: &Connection, limit: u64) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare_cached("SELECT text FROM input_history ORDER BY seq DESC LIMIT ?1")?;
    let mut newest_first: Vec<String> =
        statement.query_map([clamp(limit)], |row| rows::text(row, 0))?.collect::<Result<_, _>>()?;
    newest_first.reverse();
    Ok(newest_first)
}

/// A count from the port as SQL takes it.
pub(super) fn clamp(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
