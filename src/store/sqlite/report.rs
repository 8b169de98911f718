//! What was spent, row by row: reads the ledger's rows of a period, which `store/tally.rs` adds up.

use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use super::rows;
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{ConversationId, ModelRef, PicoUsd, Rate};
use crate::store::tally::{self, Attempt, Tally};

/// See [`crate::store::Store::report`].
pub(super) fn report(conn: &Connection, by: GroupBy, period: Period) -> rusqlite::Result<Vec<SpendRow>> {
    let what = match by {
        GroupBy::Day | GroupBy::Week | GroupBy::Month => "day, NULL",
        GroupBy::Model => "provider, model",
        GroupBy::Conversation => "conversation, NULL",
        GroupBy::Purpose => "purpose, NULL",
    };
    let sql = format!(
        "SELECT {what}, rate, closed, cost, input, cached_input, cache_write, output, reasoning_tokens, estimated \
            FROM requests WHERE day BETWEEN ?1 AND ?2"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([period.from.to_string(), period.to.to_string()])?;
    let (mut tally, mut keys) = (Tally::default(), Keys::default());
    while let Some(row) = rows.next()? {
        tally.add(keys.of(row, by)?, &attempt(row)?);
    }
    tally.rows(by, |key| match by {
        GroupBy::Conversation => title(conn, key),
        _ => Ok(key.to_owned()),
    })
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        rate: Rate(row.get::<_, i64>(2)?.cast_unsigned()),
        is_closed: row.get(3)?,
        cost: row.get::<_, Option<i64>>(4)?.map(PicoUsd),
        usage: rows::usage(row, 5)?,
    })
}

/// The key of the row before, since neighbours mostly share it.
#[derive(Default)]
struct Keys {
    written: (Vec<u8>, Vec<u8>),
    key: String,
}

impl Keys {
    /// What the first two columns say.
    fn of(&mut self, row: &Row<'_>, by: GroupBy) -> rusqlite::Result<&str> {
        let (first, second) = (bytes(row, 0)?, bytes(row, 1)?);
        if self.key.is_empty() || self.written.0 != first || self.written.1 != second {
            self.key = key(row, by)?;
            self.written = (first.to_owned(), second.to_owned());
        }
        Ok(&self.key)
    }
}

fn bytes<'a>(row: &'a Row<'_>, at: usize) -> rusqlite::Result<&'a [u8]> {
    Ok(row.get_ref(at)?.as_bytes_or_null()?.unwrap_or_default())
}

fn key(row: &Row<'_>, by: GroupBy) -> rusqlite::Result<String> {
    Ok(match by {
        GroupBy::Day | GroupBy::Week | GroupBy::Month => {
            let day = rows::text(row, 0)?.parse();
            tally::span(
                by,
                day.map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?,
            )
        }
        GroupBy::Model => ModelRef::new(rows::text(row, 0)?, rows::text(row, 1)?).to_string(),
        GroupBy::Conversation => rows::conversation_id(row, 0)?.to_string(),
        GroupBy::Purpose => rows::text(row, 0)?,
    })
}

/// The conversation's title, or what the run is called; empty where neither is kept.
fn title(conn: &Connection, key: &str) -> rusqlite::Result<String> {
    let Ok(id) = key.parse::<ConversationId>() else { return Ok(String::new()) };
    conn.prepare_cached(
        "SELECT coalesce((SELECT title FROM conversations WHERE id = ?1), (SELECT name FROM runs WHERE id = ?1), '')",
    )?
    .query_row([id.0.as_bytes()], |row| rows::text(row, 0))
}
