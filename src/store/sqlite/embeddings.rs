//! Vectors of messages, and the messages as excerpts: what a search by meaning reads. Refuses to compare
//! vectors, which is done where they are held.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::fault::Fault;
use super::rows::{self, execute};
use crate::chat::embedding::{Embedded, EmbeddingModel, Excerpt};
use crate::chat::{ConversationId, MessageId, Role};
use crate::store;

/// Keeps vectors, each in place of what the same model made before.
pub(super) fn put(conn: &Connection, with: &EmbeddingModel, vectors: &[(MessageId, Vec<f32>)]) -> Result<(), Fault> {
    store::check_lengths(with, vectors)?;
    let sql = "INSERT INTO embeddings (message, provider, model, dims, vector) \
         SELECT seq, ?2, ?3, ?4, ?5 FROM messages WHERE id = ?1 \
         ON CONFLICT (message, provider, model, dims) DO UPDATE SET vector = excluded.vector";
    for (message, vector) in vectors {
        let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
        let row = params![message.0.as_bytes(), with.model.provider, with.model.id, with.dims, bytes];
        execute(conn, sql, row)?;
    }
    Ok(())
}

/// See [`crate::store::Store::embeddings`].
pub(super) fn all(
    conn: &Connection,
    with: &EmbeddingModel,
    within: Option<ConversationId>,
) -> rusqlite::Result<Vec<Embedded>> {
    let what = "SELECT m.seq, c.id, m.id, e.vector";
    let made = "e.provider = ?1 AND e.model = ?2 AND e.dims = ?3 AND c.deleted_ms IS NULL";
    let sql = match within {
        // As they lie on the disk.
        None => format!(
            "{what} FROM embeddings e CROSS JOIN messages m ON m.seq = e.message \
                CROSS JOIN conversations c ON c.key = m.conversation WHERE {made}"
        ),
        Some(_) => format!(
            "{what} FROM conversations c CROSS JOIN messages m ON m.conversation = c.key \
                CROSS JOIN embeddings e ON e.message = m.seq WHERE {made} AND c.id = ?4"
        ),
    };
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(bound(with, within.as_ref()).as_slice())?;
    let mut found: Vec<(i64, Embedded)> = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((row.get(0)?, embedded(row)?));
    }
    found.sort_by_key(|(seq, _)| *seq);
    Ok(found.into_iter().map(|(_, embedded)| embedded).collect())
}

fn bound<'a>(with: &'a EmbeddingModel, within: Option<&'a ConversationId>) -> Vec<&'a dyn ToSql> {
    let mut bound: Vec<&dyn ToSql> = vec![&with.model.provider, &with.model.id, &with.dims];
    bound.extend(within.map(|id| id.0.as_bytes() as &dyn ToSql));
    bound
}

fn embedded(row: &Row<'_>) -> rusqlite::Result<Embedded> {
    let bytes = row.get_ref(3)?.as_blob()?;
    // Its length was checked when it was written.
    let (numbers, _) = bytes.as_chunks::<4>();
    Ok(Embedded {
        conversation: rows::conversation_id(row, 1)?,
        message: MessageId(rows::uuid(row, 2)?),
        vector: numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
    })
}

/// What [`excerpt`] reads, in its order.
const EXCERPT: &str = "c.id, c.title, m.id, m.role, m.content, m.created_ms";

fn excerpt(row: &Row<'_>) -> rusqlite::Result<Excerpt> {
    Ok(Excerpt {
        conversation: rows::conversation_id(row, 0)?,
        title: rows::text(row, 1)?,
        message: MessageId(rows::uuid(row, 2)?),
        role: rows::word(row, 3, [Role::System, Role::User, Role::Assistant, Role::Tool], Role::as_str)?,
        content: rows::text(row, 4)?,
        created_ms: row.get(5)?,
    })
}

/// What the user left out is sent nowhere, neither to be embedded nor as a quote: a message by itself, a tool's result
/// with its call, an answer with its question. Looks up from a message to its question, where anything is left out.
const NOT_LEFT_OUT: &str = "(NOT EXISTS (SELECT 1 FROM marks k WHERE k.conversation = c.key AND k.mark = 'left_out') \
     OR NOT EXISTS ( \
        WITH RECURSIVE up (id, parent, role, is_one) AS ( \
            SELECT m.id, m.parent, m.role, 1 \
            UNION SELECT p.id, p.parent, p.role, up.is_one AND up.role = 'tool' FROM up \
                JOIN messages p ON p.id = up.parent AND p.conversation = m.conversation WHERE up.role <> 'user') \
        SELECT 1 FROM up JOIN marks k ON k.conversation = c.key AND k.message = up.id AND k.mark = 'left_out' \
            WHERE up.is_one OR up.role = 'user'))";

/// See [`crate::store::Store::unembedded`].
pub(super) fn missing(
    conn: &Connection,
    with: &EmbeddingModel,
    within: Option<ConversationId>,
    limit: u64,
) -> rusqlite::Result<Vec<Excerpt>> {
    let place = if within.is_some() { "m.conversation = (SELECT key FROM conversations WHERE id = ?4)" } else { "1" };
    let sql = format!(
        "SELECT {EXCERPT} FROM messages m CROSS JOIN conversations c ON c.key = m.conversation \
            WHERE {place} AND m.role IN ('user', 'assistant') AND m.status <> 'streaming' AND c.deleted_ms IS NULL \
            AND NOT EXISTS (SELECT 1 FROM embeddings e \
                WHERE e.message = m.seq AND e.provider = ?1 AND e.model = ?2 AND e.dims = ?3) \
            AND {NOT_LEFT_OUT} ORDER BY m.seq DESC"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(bound(with, within.as_ref()).as_slice())?;
    let mut found = Vec::new();
    while (found.len() as u64) < limit {
        let Some(row) = rows.next()? else { break };
        let excerpt = excerpt(row)?;
        // Of nothing, no model makes a vector.
        if !excerpt.content.trim().is_empty() {
            found.push(excerpt);
        }
    }
    Ok(found)
}

/// See [`crate::store::Store::excerpts`].
pub(super) fn excerpts(conn: &Connection, messages: &[MessageId]) -> rusqlite::Result<Vec<Excerpt>> {
    let sql = format!(
        "SELECT {EXCERPT}, m.seq, m.status = 'streaming' FROM messages m JOIN conversations c ON c.key = m.conversation \
            WHERE m.id = ?1 AND c.deleted_ms IS NULL AND {NOT_LEFT_OUT}"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut found = Vec::new();
    for id in messages {
        let row = statement.query_row([id.0.as_bytes()], |row| Ok((excerpt(row)?, row.get(6)?, row.get(7)?)));
        let Some((mut excerpt, seq, is_streaming)) = row.optional()? else { continue };
        if is_streaming {
            excerpt.content.push_str(&rows::chunks(conn, seq)?.0);
        }
        found.push(excerpt);
    }
    Ok(found)
}
