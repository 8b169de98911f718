//! The full-text index. Owns what goes into it and how it is asked; the folding is `store/fold.rs`'s.

use rusqlite::{Connection, Row, params};

use super::read::clamp;
use super::rows::{self, execute};
use crate::chat::embedding::Ranked;
use crate::chat::{ConversationId, MessageId};
use crate::store::fold::{Terms, fold};
use crate::store::{Hit, question};

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

/// See [`crate::store::Store::rank`].
pub(super) fn rank(
    conn: &Connection,
    query: &str,
    within: Option<ConversationId>,
    limit: u64,
) -> rusqlite::Result<Vec<Ranked>> {
    let words = telling(conn, question::words_of(query))?;
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let any = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" OR ");
    let (place, id) = match &within {
        // The places of its messages bound those that are scored at all.
        Some(id) => (
            "c.id = ?3 AND t.rowid BETWEEN \
                (SELECT min(seq) FROM messages WHERE conversation = (SELECT key FROM conversations WHERE id = ?3)) AND \
                (SELECT max(seq) FROM messages WHERE conversation = (SELECT key FROM conversations WHERE id = ?3))",
            Some(id.0.as_bytes()),
        ),
        None => ("?3 IS NULL", None),
    };
    let sql = format!(
        "SELECT c.id, m.id, t.rank FROM message_text t CROSS JOIN messages m ON m.seq = t.rowid \
            CROSS JOIN conversations c ON c.key = m.conversation WHERE t.message_text MATCH ?1 AND {place} \
            AND m.role IN ('user', 'assistant') AND c.deleted_ms IS NULL ORDER BY t.rank LIMIT ?2"
    );
    conn.prepare_cached(&sql)?.query_map(params![any, clamp(limit), id], ranked)?.collect()
}

fn telling(conn: &Connection, words: Vec<String>) -> rusqlite::Result<Vec<String>> {
    let mut sample =
        conn.prepare_cached("SELECT count(*), min(seq) FROM (SELECT seq FROM messages ORDER BY seq DESC LIMIT ?1)")?;
    let (count, first): (u32, Option<i64>) =
        sample.query_row([question::SAMPLE], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut having =
        conn.prepare_cached("SELECT count(*) FROM message_text t WHERE t.message_text MATCH ?1 AND t.rowid >= ?2")?;
    question::telling(words, count, |word| having.query_row(params![format!("\"{word}\""), first], |row| row.get(0)))
}

fn ranked(row: &Row<'_>) -> rusqlite::Result<Ranked> {
    Ok(Ranked {
        conversation: rows::conversation_id(row, 0)?,
        message: MessageId(rows::uuid(row, 1)?),
        // The index's measure is the better the lower it is.
        score: -row.get::<_, f64>(2)?,
    })
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
