//! Copying rows out of a damaged database: in order from both ends, then one by one through what is
//! damaged between. Owns what makes the new one whole: index, counters, homes for orphans.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params, params_from_iter};
use uuid::Uuid;

use super::fault::Fault;
use super::rows::execute;
use super::search;
use crate::store::fold::fold;

/// What is copied, parents before their children.
pub(super) const TABLES: [&str; 7] =
    ["conversations", "messages", "chunks", "requests", "drafts", "input_history", "embeddings"];

/// Rows that are asked for one by one, at most, where a damaged page hides how many there were.
const LONGEST_GAP: i64 = 500_000;

/// What was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub conversations: u64,
    pub messages: u64,
}

/// Copies what can be read.
pub(super) fn copy(from: &Connection, to: &mut Connection) -> Result<Counts, Fault> {
    let tx = to.transaction()?;
    for table in TABLES {
        copy_table(from, &tx, table)?;
    }
    make_whole(&tx)?;
    let count = |table: &str| -> rusqlite::Result<u64> {
        tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
    };
    let counts = Counts { conversations: count("conversations")?, messages: count("messages")? };
    tx.commit()?;
    Ok(counts)
}

/// One table, being copied.
struct Copying<'a> {
    from: &'a Connection,
    to: &'a Connection,
    table: &'a str,
    columns: String,
    insert: String,
}

fn copy_table(from: &Connection, to: &Connection, table: &str) -> Result<(), Fault> {
    let known = columns(to, table)?;
    let there = columns(from, table).unwrap_or_default();
    let shared: Vec<String> = known.into_iter().filter(|column| there.contains(column)).collect();
    if shared.is_empty() {
        return Ok(());
    }
    let places = vec!["?"; shared.len() + 1].join(", ");
    let columns = shared.join(", ");
    let insert = format!("INSERT OR IGNORE INTO {table} (rowid, {columns}) VALUES ({places})");
    Copying { from, to, table, columns, insert }.run()
}

fn columns(conn: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    conn.prepare("SELECT name FROM pragma_table_info(?1)")?.query_map([table], |row| row.get(0))?.collect()
}

impl Copying<'_> {
    fn run(&self) -> Result<(), Fault> {
        let (first, whole) = self.scan("", i64::MIN)?;
        if whole {
            return Ok(());
        }
        let (last, _) = self.scan("DESC", first)?;
        let after = first.max(0);
        let before = if last == i64::MIN || last <= after { after.saturating_add(LONGEST_GAP) } else { last };
        for rowid in (after + 1..before).take(LONGEST_GAP as usize) {
            self.one(rowid)?;
        }
        Ok(())
    }

    /// Copies in one direction until the end or the first damage: the last row that was read, and whether
    /// it was the end.
    fn scan(&self, direction: &str, after: i64) -> Result<(i64, bool), Fault> {
        let sql =
            format!("SELECT rowid, {} FROM {} WHERE rowid > ?1 ORDER BY rowid {direction}", self.columns, self.table);
        let mut last = i64::MIN;
        let Ok(mut statement) = self.from.prepare(&sql) else { return Ok((last, false)) };
        let Ok(mut rows) = statement.query([after]) else { return Ok((last, false)) };
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    last = row.get(0).unwrap_or(last);
                    self.keep(row)?;
                }
                Ok(None) => return Ok((last, true)),
                Err(_) => return Ok((last, false)),
            }
        }
    }

    fn one(&self, rowid: i64) -> Result<(), Fault> {
        let sql = format!("SELECT rowid, {} FROM {} WHERE rowid = ?1", self.columns, self.table);
        let Ok(mut statement) = self.from.prepare_cached(&sql) else { return Ok(()) };
        let Ok(mut rows) = statement.query([rowid]) else { return Ok(()) };
        match rows.next() {
            Ok(Some(row)) => self.keep(row),
            _ => Ok(()),
        }
    }

    fn keep(&self, row: &Row<'_>) -> Result<(), Fault> {
        let count = row.as_ref().column_count();
        let Ok(values) = (0..count).map(|at| row.get_ref(at).map(owned)).collect::<Result<Vec<Value>, _>>() else {
            return Ok(());
        };
        match self.to.prepare_cached(&self.insert)?.execute(params_from_iter(values)) {
            Ok(_) => Ok(()),
            // A value that cannot stand there was damaged.
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Text stays text, with `U+FFFD` where its bytes are none.
fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
    }
}

fn make_whole(conn: &Connection) -> Result<(), Fault> {
    house_orphans(conn)?;
    conn.execute_batch(
        "DELETE FROM chunks WHERE message NOT IN (SELECT seq FROM messages); \
         DELETE FROM embeddings WHERE message NOT IN (SELECT seq FROM messages); \
         UPDATE conversations SET messages = \
            (SELECT count(*) FROM messages WHERE conversation = conversations.key)",
    )?;
    let mut titles = conn.prepare("SELECT key, title FROM conversations")?;
    let mut rows = titles.query([])?;
    while let Some(row) = rows.next()? {
        let (key, title): (i64, String) = (row.get(0)?, row.get(1)?);
        execute(conn, "UPDATE conversations SET folded_title = ?2 WHERE key = ?1", params![key, fold(&title)])?;
    }
    let mut finished = conn.prepare("SELECT seq, content FROM messages WHERE status <> 'streaming'")?;
    let mut rows = finished.query([])?;
    while let Some(row) = rows.next()? {
        search::index(conn, row.get(0)?, &row.get::<_, String>(1)?)?;
    }
    Ok(())
}

/// Messages whose conversation was lost get one again.
fn house_orphans(conn: &Connection) -> Result<(), Fault> {
    let mut orphans = conn.prepare(
        "SELECT conversation, min(created_ms), max(created_ms), coalesce(max(provider), 'openai'), \
            coalesce(max(model), 'unknown') FROM messages \
            WHERE conversation NOT IN (SELECT key FROM conversations) GROUP BY conversation",
    )?;
    let mut rows = orphans.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..5).map(|at| row.get(at)).collect::<Result<_, _>>()?;
        let [key, created, updated, provider, model] = &values[..] else { continue };
        execute(
            conn,
            "INSERT INTO conversations (key, id, title, folded_title, titled_by_user, provider, model, system, pinned, \
                created_ms, updated_ms, changed) VALUES (?1, ?2, 'Salvaged conversation', 'salvaged conversation', 1, \
                ?3, ?4, '', 0, ?5, ?6, (SELECT coalesce(max(changed), 0) + 1 FROM conversations))",
            params![key, Uuid::now_v7().as_bytes(), provider, model, created, updated],
        )?;
    }
    Ok(())
}
