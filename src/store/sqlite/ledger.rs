//! The ledger's rows and their sums. Sums are exact: SQLite adds the two halves of each amount, and 128 bits
//! put them together.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use uuid::Uuid;

use super::rows::execute;
use crate::chat::ledger::{LedgerClosing, LedgerOpening, Outcome};
use crate::chat::model::Prices;
use crate::chat::{Local, Rate, Spend, Usage};
use crate::store::{Cap, Reservation, Scope};

/// Opens a row; one that is there already stays.
pub(super) fn open(conn: &Connection, opening: &LedgerOpening, owner: Uuid) -> rusqlite::Result<()> {
    let sql = "INSERT INTO requests (reply, ordinal, conversation, purpose, provider, model, day, at_ms, rate, \
         reserved, owner, price_input, price_output, price_cached_input, price_cache_write) VALUES (?1, ?2, ?3, ?4, ?5, \
         ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT (reply, ordinal) DO NOTHING";
    let [input, output, cached_input, cache_write] = prices(opening.prices);
    let row = params![
        opening.attempt.reply.0.as_bytes(),
        opening.attempt.ordinal,
        opening.conversation.0.as_bytes(),
        opening.purpose.as_str(),
        opening.model.provider,
        opening.model.id,
        opening.day.to_string(),
        opening.at_ms,
        opening.rate.0.cast_signed(),
        opening.reserved.map(|amount| amount.0),
        owner.as_bytes(),
        input,
        output,
        cached_input,
        cache_write,
    ];
    execute(conn, sql, row)
}

/// Input, output, cached input, cache write: as their columns.
fn prices(prices: Option<Prices>) -> [Option<i64>; 4] {
    let Some(prices) = prices else { return [None; 4] };
    [Some(prices.input), Some(prices.output), prices.cached_input, prices.cache_write]
        .map(|price| price.map(u64::cast_signed))
}

/// Closes a row, unless it is closed; once its cost is known, nothing is reserved by it any more.
pub(super) fn close(conn: &Connection, closing: &LedgerClosing) -> rusqlite::Result<()> {
    let sql = "UPDATE requests SET closed = 1, owner = NULL, outcome = ?3, input = ?4, cached_input = ?5, \
         cache_write = ?6, output = ?7, reasoning_tokens = ?8, estimated = ?9, cost = ?10, took_ms = ?11, status = ?12, \
         request_id = ?13, price_input = coalesce(?14, price_input), price_output = coalesce(?15, price_output), \
         price_cached_input = iif(?14 IS NULL, price_cached_input, ?16), \
         price_cache_write = iif(?14 IS NULL, price_cache_write, ?17) WHERE reply = ?1 AND ordinal = ?2 AND closed = 0";
    let tokens = |of: fn(&Usage) -> u64| closing.usage.as_ref().map(|usage| of(usage).cast_signed());
    let [input, output, cached_input, cache_write] = prices(closing.prices);
    let row = params![
        closing.attempt.reply.0.as_bytes(),
        closing.attempt.ordinal,
        closing.outcome.as_str(),
        tokens(|usage| usage.input),
        tokens(|usage| usage.cached_input),
        tokens(|usage| usage.cache_write),
        tokens(|usage| usage.output),
        tokens(|usage| usage.reasoning),
        closing.usage.map(|usage| usage.estimated),
        closing.cost.map(|cost| cost.0),
        closing.took_ms.cast_signed(),
        closing.status,
        closing.request_id,
        input,
        output,
        cached_input,
        cache_write,
    ];
    execute(conn, sql, row)
}

/// Closes what a dead instance left open: interrupted, its cost unknown. What it reserved stays in the row, and
/// counts against every cap as the worst that it may have cost.
pub(super) fn close_all_of(conn: &Connection, owner: Uuid) -> rusqlite::Result<()> {
    let sql = "UPDATE requests SET closed = 1, owner = NULL, outcome = ?2 WHERE owner = ?1 AND closed = 0";
    execute(conn, sql, params![owner.as_bytes(), Outcome::Interrupted.as_str()])
}

/// Checks the caps and opens the row, inside the caller's transaction.
pub(super) fn reserve(
    conn: &Connection,
    opening: &LedgerOpening,
    caps: &[Cap],
    owner: Uuid,
) -> rusqlite::Result<Reservation> {
    let wanted = opening.reserved.map_or(0, |amount| Local::of(amount, opening.rate).0);
    let own = own_reservation(conn, opening)?;
    for cap in caps {
        let counted_twice = own.as_ref().filter(|own| own.is_in(opening, cap.scope)).map_or(0, |own| own.reserved.0);
        let used = used(conn, cap.scope)?.saturating_sub(counted_twice);
        if used.saturating_add(wanted) > cap.most.0 {
            return Ok(Reservation::Refused { cap: *cap, used: Local(used) });
        }
    }
    open(conn, opening, owner)?;
    execute(
        conn,
        "UPDATE requests SET reserved = ?3 WHERE reply = ?1 AND ordinal = ?2 AND closed = 0",
        params![opening.attempt.reply.0.as_bytes(), opening.attempt.ordinal, opening.reserved.map(|amount| amount.0)],
    )?;
    Ok(Reservation::Granted)
}

/// What an attempt that asks again has reserved already.
struct Own {
    reserved: Local,
    conversation: [u8; 16],
    day: String,
}

impl Own {
    fn is_in(&self, opening: &LedgerOpening, scope: Scope) -> bool {
        match scope {
            Scope::Message(reply) => opening.attempt.reply == reply,
            Scope::Conversation(id) => self.conversation == *id.0.as_bytes(),
            Scope::Day(day) => self.day == day.to_string(),
            Scope::Month(day) => {
                (day.first_of_month().to_string()..=day.last_of_month().to_string()).contains(&self.day)
            }
            Scope::Everything => true,
        }
    }
}

fn own_reservation(conn: &Connection, opening: &LedgerOpening) -> rusqlite::Result<Option<Own>> {
    let mut statement = conn.prepare_cached(
        "SELECT coalesce(reserved, 0), rate, conversation, day FROM requests WHERE reply = ?1 AND ordinal = ?2 AND closed = 0",
    )?;
    let key = params![opening.attempt.reply.0.as_bytes(), opening.attempt.ordinal];
    statement
        .query_row(key, |row| {
            let reserved = local(i128::from(row.get::<_, i64>(0)?), row.get(1)?);
            Ok(Own { reserved, conversation: row.get(2)?, day: row.get(3)? })
        })
        .optional()
}

/// Recorded and still reserved, each row at its own rate. What ended without a known cost counts as the most it
/// could be: a cap is kept also where a bill never came.
fn used(conn: &Connection, scope: Scope) -> rusqlite::Result<i128> {
    let (filter, bounds) = filter(scope);
    let amount = "coalesce(iif(closed = 1, cost, NULL), reserved, 0)";
    let sql = format!(
        "SELECT rate, sum({amount} >> 32), sum({amount} & 4294967295) FROM requests WHERE {filter} GROUP BY rate"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bounds))?;
    let mut sum = 0_i128;
    while let Some(row) = rows.next()? {
        sum = sum.saturating_add(local(joined(row.get(1)?, row.get(2)?), row.get(0)?).0);
    }
    Ok(sum)
}

fn local(pico_usd: i128, rate: i64) -> Local {
    Local(pico_usd.saturating_mul(i128::from(Rate(rate.cast_unsigned()).0)))
}

/// See [`crate::store::Store::spend`].
pub(super) fn spend(conn: &Connection, scope: Scope) -> rusqlite::Result<Spend> {
    let (filter, bounds) = filter(scope);
    let sql = format!(
        "SELECT rate, sum(cost >> 32), sum(cost & 4294967295), sum(cost IS NULL) FROM requests \
         WHERE closed = 1 AND {filter} GROUP BY rate"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bounds))?;
    let mut sum = Spend::default();
    while let Some(row) = rows.next()? {
        let rate = row.get::<_, i64>(0)?.cast_unsigned();
        let pico_usd = joined(row.get(1)?, row.get(2)?);
        sum += Spend {
            pico_usd,
            atto_local: pico_usd.saturating_mul(i128::from(rate)),
            unknown: row.get::<_, i64>(3)?.cast_unsigned(),
        };
    }
    Ok(sum)
}

/// A sum from the sums of its amounts' upper and lower 32 bits; no rows at all sum to NULL.
fn joined(high: Option<i64>, low: Option<i64>) -> i128 {
    (i128::from(high.unwrap_or(0)) << 32) + i128::from(low.unwrap_or(0))
}

/// The rows of a scope, by an index that covers the sums.
fn filter(scope: Scope) -> (&'static str, Vec<Value>) {
    match scope {
        Scope::Message(reply) => ("reply = ?1", vec![reply.0.as_bytes().to_vec().into()]),
        Scope::Conversation(id) => ("conversation = ?1", vec![id.0.as_bytes().to_vec().into()]),
        Scope::Day(day) => ("day = ?1", vec![day.to_string().into()]),
        Scope::Month(day) => (
            "day BETWEEN ?1 AND ?2",
            vec![day.first_of_month().to_string().into(), day.last_of_month().to_string().into()],
        ),
        Scope::Everything => ("1", Vec::new()),
    }
}
