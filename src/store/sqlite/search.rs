//! The full-text index. Owns what goes into it and how it is asked; the folding is `store/fold.rs`'s.

use rusqlite::{Connection, Row, params};

use super::rows::{self, execute};
use crate::chat::MessageId;
use crate::store::Hit;
use crate::store::fold::{Terms, fold};

/// Puts a finished message into the index.
pub(super) fn index(conn: &Connection, seq: i64, content: &str) -> rusqlite::Result<()> {
    if content.is_empty() {
        return Ok(());
    }
    execute(conn, "INSERT INTO message_text (rowid, text) VALUES (?1, ?2)", params![seq, fold(content)])
}

/// See [`crate::store::Store::search`].
pub(super) fn search(conn: &Connection, query: &str, limit: u64) -> rusqlite::Result<Vec<Hit>> {
    let terms = Terms::of(query);
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    match terms.for_index() {
        Some(indexed) => by_index(conn, &terms, &indexed, limit),
        // Signs alone, such as an emoji, are in no index.
        None => by_reading(conn, &terms, limit),
    }
}

fn by_index(conn: &Connection, terms: &Terms, indexed: &str, limit: u64) -> rusqlite::Result<Vec<Hit>> {
    let mut statement = conn.prepare_cached(
        "SELECT c.id, c.title, m.id, m.content FROM message_text t JOIN messages m ON m.seq = t.rowid \
            JOIN conversations c ON c.key = m.conversation \
            WHERE t.message_text MATCH ?1 AND c.deleted_ms IS NULL ORDER BY t.rank",
    )?;
    let rows = statement.query([indexed])?;
    collect(rows, terms, terms.have_signs(), limit)
}

fn by_reading(conn: &Connection, terms: &Terms, limit: u64) -> rusqlite::Result<Vec<Hit>> {
    let mut statement = conn.prepare_cached(
        "SELECT c.id, c.title, m.id, m.content FROM messages m JOIN conversations c ON c.key = m.conversation \
            WHERE c.deleted_ms IS NULL AND m.status <> 'streaming' ORDER BY m.seq DESC",
    )?;
    let rows = statement.query([])?;
    collect(rows, terms, true, limit)
}

fn collect(mut rows: rusqlite::Rows<'_>, terms: &Terms, check: bool, limit: u64) -> rusqlite::Result<Vec<Hit>> {
    let mut hits = Vec::new();
    while (hits.len() as u64) < limit {
        let Some(row) = rows.next()? else { break };
        let content = rows::text(row, 3)?;
        if !check || (terms.may_stand_in(&content) && terms.are_words_of(&fold(&content))) {
            hits.push(hit(row, terms, &content)?);
        }
    }
    Ok(hits)
}

fn hit(row: &Row<'_>, terms: &Terms, content: &str) -> rusqlite::Result<Hit> {
    Ok(Hit {
        conversation: rows::conversation_id(row, 0)?,
        title: rows::text(row, 1)?,
        message: MessageId(rows::uuid(row, 2)?),
        excerpt: terms.excerpt(content),
    })
}
