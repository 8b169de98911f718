//! Marks and summaries: what the user and the strategies decided of what is sent. Inside the caller's
//! transaction.

use rusqlite::{Connection, params};

use super::fault::Fault;
use super::rows::{self, execute};
use crate::chat::context::{ContextNotes, Mark, Summary};
use crate::chat::{ConversationId, MessageId, ModelRef};

pub(super) fn set_mark(
    conn: &Connection,
    conversation: ConversationId,
    message: MessageId,
    mark: Option<Mark>,
) -> Result<(), Fault> {
    let (conversation, message) = (conversation.0.as_bytes(), message.0.as_bytes());
    Ok(match mark {
        None => execute(
            conn,
            "DELETE FROM marks WHERE message = ?2 AND conversation = (SELECT key FROM conversations WHERE id = ?1)",
            params![conversation, message],
        ),
        Some(mark) => execute(
            conn,
            "INSERT INTO marks (conversation, message, mark) SELECT key, ?2, ?3 FROM conversations WHERE id = ?1 \
                ON CONFLICT (conversation, message) DO UPDATE SET mark = excluded.mark",
            params![conversation, message, mark.as_str()],
        ),
    }?)
}

pub(super) fn put_summary(conn: &Connection, conversation: ConversationId, summary: &Summary) -> Result<(), Fault> {
    let sql = "INSERT INTO summaries (conversation, id, upto, text, provider, model, created_ms, automatic) \
         SELECT key, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM conversations WHERE id = ?1 \
         ON CONFLICT (id) DO UPDATE SET upto = excluded.upto, text = excluded.text, provider = excluded.provider, \
            model = excluded.model, created_ms = excluded.created_ms, automatic = excluded.automatic";
    let row = params![
        conversation.0.as_bytes(),
        summary.id.0.as_bytes(),
        summary.upto.0.as_bytes(),
        summary.text,
        summary.model.provider,
        summary.model.id,
        summary.created_ms,
        summary.automatic,
    ];
    Ok(execute(conn, sql, row)?)
}

pub(super) fn drop_summary(conn: &Connection, id: MessageId) -> Result<(), Fault> {
    Ok(execute(conn, "DELETE FROM summaries WHERE id = ?1", [id.0.as_bytes()])?)
}

/// The notes of the conversation with this key.
pub(super) fn of(conn: &Connection, key: i64) -> rusqlite::Result<ContextNotes> {
    let marks = conn
        .prepare_cached("SELECT message, mark FROM marks WHERE conversation = ?1")?
        .query_map([key], |row| {
            let mark = rows::word(row, 1, [Mark::Pinned, Mark::LeftOut], Mark::as_str)?;
            Ok((MessageId(rows::uuid(row, 0)?), mark))
        })?
        .collect::<Result<_, _>>()?;
    let summaries = conn
        .prepare_cached(
            "SELECT id, upto, text, provider, model, created_ms, automatic FROM summaries \
                WHERE conversation = ?1 ORDER BY key",
        )?
        .query_map([key], |row| {
            Ok(Summary {
                id: MessageId(rows::uuid(row, 0)?),
                upto: MessageId(rows::uuid(row, 1)?),
                text: rows::text(row, 2)?,
                model: ModelRef::new(rows::text(row, 3)?, rows::text(row, 4)?),
                created_ms: row.get(5)?,
                automatic: row.get(6)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(ContextNotes { marks, summaries })
}
