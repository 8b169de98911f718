//! Copying rows out of a damaged database: table by table as long as SQLite can read it, then from the
//! pages themselves. Owns what makes the new one whole: index, counters, homes for orphans.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params, params_from_iter};
use uuid::Uuid;

use super::fault::Fault;
use super::leaves::Pages;
use super::rows::execute;
use super::{schema, search};
use crate::store::fold::fold;

/// What is copied, parents before their children. The ledger's running sums are not: the rows bring them as they come.
pub(super) const TABLES: [&str; 10] = [
    "conversations",
    "messages",
    "chunks",
    "requests",
    "drafts",
    "input_history",
    "embeddings",
    "marks",
    "summaries",
    "runs",
];

/// So many of the first of them are in every schema.
pub(super) const OF_EVERY_SCHEMA: usize = 7;

/// The tables that the full-text index keeps itself in.
const INDEX: [(&str, &str); 4] = [
    ("message_text_data", "id, block"),
    ("message_text_idx", "segid, term, pgno"),
    ("message_text_docsize", "id, sz, origin"),
    ("message_text_config", "k, v"),
];

/// What was saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub conversations: u64,
    pub messages: u64,
}

/// Copies what can be read: from `from`, where munshi's tables are to be seen in it at all, and from `pages`.
pub(super) fn copy(from: Option<&Connection>, pages: &mut Pages, to: &mut Connection) -> Result<Counts, Fault> {
    let tx = to.transaction()?;
    let older = older_schemas()?;
    let tables = TABLES.map(|table| Table::of(&tx, table, &older)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let is_older = from.is_some_and(|from| older.iter().any(|schema| has_tables_of(from, schema)));
    let mut damaged = Vec::new();
    for table in &tables {
        let whole = match from {
            Some(from) => table.copy(from, is_older, &tx)?,
            None => false,
        };
        if !whole {
            damaged.push(table);
        }
    }
    if !damaged.is_empty() {
        sweep(pages, &tx, &damaged)?;
    }
    let source = from.filter(|_| damaged.is_empty());
    make_whole(&tx, source)?;
    let count = |table: &str| -> rusqlite::Result<u64> {
        tx.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).map(i64::cast_unsigned)
    };
    let counts = Counts { conversations: count("conversations")?, messages: count("messages")? };
    tx.commit()?;
    Ok(counts)
}

/// Rows that stand in pages which no sound tree leads to. What table one belongs to is told by the number
/// of its values, and then by what the table lets in: its types and checks are strict.
fn sweep(pages: &mut Pages, to: &Connection, damaged: &[&Table]) -> Result<(), Fault> {
    pages.each_record(|record| {
        for table in damaged.iter().filter(|table| table.widths.contains(&record.values.len())) {
            let mut values = record.values.clone();
            if table.has_key {
                // Stored as the row's id, and only there.
                match std::mem::replace(&mut values[0], Value::Integer(record.rowid)) {
                    Value::Null => {}
                    _ => continue,
                }
            }
            table.keep(to, record.rowid, values)?;
        }
        Ok(())
    })
}

/// A table of the new database.
struct Table {
    name: &'static str,
    columns: Vec<String>,
    /// How many columns its rows may have: a row that an older schema wrote stays as short as it was.
    widths: Vec<usize>,
    /// Whether its first column is the row's id.
    has_key: bool,
}

impl Table {
    fn of(conn: &Connection, name: &'static str, older: &[Connection]) -> rusqlite::Result<Self> {
        let columns = columns(conn, name)?;
        let mut widths = vec![columns.len()];
        for schema in older {
            let then = self::columns(schema, name)?;
            if !then.is_empty() && columns.starts_with(&then) {
                widths.push(then.len());
            }
        }
        let has_key = conn.query_row(
            "SELECT type = 'INTEGER' AND pk = 1 FROM pragma_table_info(?1) WHERE cid = 0",
            [name],
            |row| row.get(0),
        )?;
        Ok(Self { name, columns, widths, has_key })
    }

    /// Copies rows until the first damage; whether that was the end. Of an older database those columns that it
    /// has; a table that it does not have, or that was made anew since, has nothing to give.
    fn copy(&self, from: &Connection, is_older: bool, to: &Connection) -> Result<bool, Fault> {
        let there = columns(from, self.name).unwrap_or_default();
        if !self.widths.contains(&there.len()) || !self.columns.starts_with(&there) {
            return Ok(is_older);
        }
        let sql = format!("SELECT rowid, {} FROM {} ORDER BY rowid", there.join(", "), self.name);
        let Ok(mut statement) = from.prepare(&sql) else { return Ok(false) };
        let Ok(mut rows) = statement.query([]) else { return Ok(false) };
        loop {
            match rows.next() {
                Ok(None) => return Ok(true),
                Ok(Some(row)) => {
                    let values = (1..=there.len()).map(|at| row.get_ref(at).map(owned)).collect();
                    let (Ok(rowid), Ok(values)) = (row.get(0), values) else { continue };
                    self.keep(to, rowid, values)?;
                }
                Err(_) => return Ok(false),
            }
        }
    }

    /// What the values do not reach to takes its default.
    fn keep(&self, to: &Connection, rowid: i64, values: Vec<Value>) -> Result<(), Fault> {
        let (columns, places) = (self.columns[..values.len()].join(", "), vec!["?"; values.len() + 1].join(", "));
        let insert = format!("INSERT OR IGNORE INTO {} (rowid, {columns}) VALUES ({places})", self.name);
        let row = std::iter::once(Value::Integer(rowid)).chain(values);
        match to.prepare_cached(&insert)?.execute(params_from_iter(row)) {
            Ok(_) => Ok(()),
            // A value that cannot stand there was damaged, or the row is another table's.
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// An empty database of each schema before this one.
fn older_schemas() -> Result<Vec<Connection>, Fault> {
    let mut older = Vec::new();
    for schema in 1..schema::STEPS.len() {
        let mut conn = Connection::open_in_memory()?;
        schema::advance(&mut conn, &schema::STEPS[..schema])?;
        older.push(conn);
    }
    Ok(older)
}

/// Whether its tables are those of a `schema`, and no others.
fn has_tables_of(from: &Connection, schema: &Connection) -> bool {
    TABLES.iter().all(|table| match (columns(from, table), columns(schema, table)) {
        (Ok(there), Ok(then)) => there == then,
        _ => false,
    })
}

fn columns(conn: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    conn.prepare("SELECT name FROM pragma_table_info(?1)")?.query_map([table], |row| row.get(0))?.collect()
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

fn make_whole(conn: &Connection, indexed: Option<&Connection>) -> Result<(), Fault> {
    house_orphans(conn)?;
    conn.execute_batch(
        "DELETE FROM chunks WHERE message NOT IN (SELECT seq FROM messages WHERE status = 'streaming'); \
         DELETE FROM embeddings WHERE message NOT IN (SELECT seq FROM messages); \
         DELETE FROM marks WHERE conversation NOT IN (SELECT key FROM conversations); \
         DELETE FROM summaries WHERE conversation NOT IN (SELECT key FROM conversations); \
         UPDATE conversations SET messages = \
            (SELECT count(*) FROM messages WHERE conversation = conversations.key)",
    )?;
    let mut titles = conn.prepare("SELECT key, title FROM conversations")?;
    let mut rows = titles.query([])?;
    while let Some(row) = rows.next()? {
        let (key, title): (i64, String) = (row.get(0)?, row.get(1)?);
        execute(conn, "UPDATE conversations SET folded_title = ?2 WHERE key = ?1", params![key, fold(&title)])?;
    }
    conn.execute_batch("SAVEPOINT before_index")?;
    if indexed.is_some_and(|from| copy_index(from, conn).is_ok()) {
        return Ok(());
    }
    conn.execute_batch("ROLLBACK TO before_index")?;
    let mut finished = conn.prepare("SELECT seq, content FROM messages WHERE status <> 'streaming'")?;
    let mut rows = finished.query([])?;
    while let Some(row) = rows.next()? {
        search::index(conn, row.get(0)?, &row.get::<_, String>(1)?)?;
    }
    Ok(())
}

/// The full-text index as it is, if it is sound: to make it anew takes seconds where there is much of it.
fn copy_index(from: &Connection, to: &Connection) -> rusqlite::Result<()> {
    from.execute_batch("INSERT INTO message_text (message_text) VALUES ('integrity-check')")?;
    for (table, columns) in INDEX {
        to.execute_batch(&format!("DELETE FROM {table}"))?;
        let places = vec!["?"; columns.split(',').count()].join(", ");
        let mut insert = to.prepare(&format!("INSERT INTO {table} ({columns}) VALUES ({places})"))?;
        let mut select = from.prepare(&format!("SELECT {columns} FROM {table}"))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..row.as_ref().column_count()).map(|at| row.get_ref(at).map(owned));
            insert.execute(params_from_iter(values.collect::<rusqlite::Result<Vec<_>>>()?))?;
        }
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
