//! The ledger's rows and their sums, which the schema's triggers keep as rows come and change. Sums are exact: SQLite
//! adds the two halves of each amount, and 128 bits put them together.

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
        // A row without an owner is settled by no owner's end.
        (!opening.outlives).then(|| owner.as_bytes()),
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
        let used = Sums::of(conn, cap.scope)?.used.saturating_sub(counted_twice);
        if used.saturating_add(wanted) > cap.most.0 {
            return Ok(Reservation::Refused { cap: *cap, used: Local(used) });
        }
    }
    open(conn, opening, owner)?;
    if own.is_some() {
        let reserved = opening.reserved.map(|amount| amount.0);
        execute(
            conn,
            "UPDATE requests SET reserved = ?3 WHERE reply = ?1 AND ordinal = ?2 AND closed = 0",
            params![opening.attempt.reply.0.as_bytes(), opening.attempt.ordinal, reserved],
        )?;
    }
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

/// What the rows of a scope come to.
#[derive(Debug, Default)]
struct Sums {
    /// Recorded and still reserved, each row at its own rate. What ended without a known cost counts as the most it
    /// could be: a cap is kept also where a bill never came.
    used: i128,
    spend: Spend,
}

impl Sums {
    /// Reads the running sums, which stand for many rows each.
    fn of(conn: &Connection, scope: Scope) -> rusqlite::Result<Self> {
        let (rows, bounds) = rows(scope);
        let mut statement = conn.prepare_cached(rows)?;
        let mut rows = statement.query(params_from_iter(bounds))?;
        let mut sums = Self::default();
        while let Some(row) = rows.next()? {
            let rate = row.get(0)?;
            let used = local(joined(row.get(1)?, row.get(2)?), rate);
            let pico_usd = joined(row.get(3)?, row.get(4)?);
            sums.used = sums.used.saturating_add(used.0);
            sums.spend +=
                Spend { pico_usd, atto_local: local(pico_usd, rate).0, unknown: row.get::<_, i64>(5)?.cast_unsigned() };
        }
        Ok(sums)
    }
}

fn local(pico_usd: i128, rate: i64) -> Local {
    Local(pico_usd.saturating_mul(i128::from(Rate(rate.cast_unsigned()).0)))
}

/// See [`crate::store::Store::spend`].
pub(super) fn spend(conn: &Connection, scope: Scope) -> rusqlite::Result<Spend> {
    Sums::of(conn, scope).map(|sums| sums.spend)
}

/// A sum from the sums of its amounts' upper and lower 32 bits.
fn joined(high: i64, low: i64) -> i128 {
    (i128::from(high) << 32) + i128::from(low)
}

/// The sums of a scope, by rate. Those of one reply's few attempts are not kept, and summed here.
fn rows(scope: Scope) -> (&'static str, Vec<Value>) {
    match scope {
        Scope::Message(reply) => (
            "SELECT rate, sum(counted >> 32), sum(counted & 4294967295), sum(spent >> 32), sum(spent & 4294967295), \
                sum(unknown) FROM requests WHERE reply = ?1 GROUP BY rate",
            vec![reply.0.as_bytes().to_vec().into()],
        ),
        Scope::Conversation(id) => (
            "SELECT rate, counted_high, counted_low, spent_high, spent_low, unknown FROM sums_by_conversation \
                WHERE conversation = ?1",
            vec![id.0.as_bytes().to_vec().into()],
        ),
        Scope::Day(day) => (
            "SELECT rate, counted_high, counted_low, spent_high, spent_low, unknown FROM sums_by_day WHERE day = ?1",
            vec![day.to_string().into()],
        ),
        Scope::Month(day) => (
            "SELECT rate, sum(counted_high), sum(counted_low), sum(spent_high), sum(spent_low), sum(unknown) \
                FROM sums_by_day WHERE day BETWEEN ?1 AND ?2 GROUP BY rate",
            vec![day.first_of_month().to_string().into(), day.last_of_month().to_string().into()],
        ),
        Scope::Everything => (
            "SELECT rate, sum(counted_high), sum(counted_low), sum(spent_high), sum(spent_low), sum(unknown) \
                FROM sums_by_day GROUP BY rate",
            Vec::new(),
        ),
    }
}
