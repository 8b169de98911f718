//! The ledger's running sums: whatever becomes of its rows, they are what the rows come to.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::ToSpan;
use munshi::chat::ledger::LedgerOpening;
use munshi::chat::{Local, Rate};
use munshi::store::{Cap, Reservation, Scope, Store, Write};
use rusqlite::{Connection, params};

use crate::support::*;

/// What is summed of a day or a conversation at one rate: counted, spent, unknown.
type Sums = BTreeMap<(String, i64), (i128, i128, i64)>;

/// What the rows come to, by their own columns alone.
fn of_rows(conn: &Connection) -> Sums {
    let mut sums = Sums::new();
    let mut statement =
        conn.prepare("SELECT day, hex(conversation), rate, closed, cost, reserved FROM requests").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (rate, is_closed): (i64, bool) = (row.get(2).unwrap(), row.get(3).unwrap());
        let cost = row.get::<_, Option<i64>>(4).unwrap().filter(|_| is_closed);
        let reserved: Option<i64> = row.get(5).unwrap();
        for scope in [0, 1] {
            let sum = sums.entry((row.get(scope).unwrap(), rate)).or_default();
            sum.0 += i128::from(cost.or(reserved).unwrap_or(0));
            sum.1 += i128::from(cost.unwrap_or(0));
            sum.2 += i64::from(is_closed && cost.is_none());
        }
    }
    sums
}

fn as_kept(conn: &Connection) -> Sums {
    let mut statement = conn
        .prepare(
            "SELECT day, rate, counted_high, counted_low, spent_high, spent_low, unknown FROM sums_by_day \
                UNION ALL SELECT hex(conversation), rate, counted_high, counted_low, spent_high, spent_low, unknown \
                FROM sums_by_conversation",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let number = |at| row.get::<_, i64>(at).map(i128::from);
        let (counted, spent) = ((number(2)? << 32) + number(3)?, (number(4)? << 32) + number(5)?);
        Ok(((row.get(0)?, row.get(1)?), (counted, spent, row.get(6)?)))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// The sums on disk are those of the rows on disk.
pub fn check(folder: &Path) {
    let conn = Connection::open(database(folder)).unwrap();
    // Of what has lost its last row, zeros may be left.
    let some = |sums: Sums| -> Sums { sums.into_iter().filter(|(_, sum)| *sum != (0, 0, 0)).collect() };
    assert_eq!(some(as_kept(&conn)), some(of_rows(&conn)));
}

/// A row of an attempt that is one of few, on one of few days, for one of few conversations, at one of few rates.
fn any_opening(dice: &mut Dice) -> LedgerOpening {
    let reserved = [None, Some(0), Some(9_000_000), Some(i64::MAX), Some(-1), Some(1 << 32)][dice.roll(6) as usize];
    LedgerOpening {
        day: DAY.saturating_add((dice.roll(40) as i64).days()),
        rate: Rate([0, 1, 85_000_000, u64::MAX][dice.roll(4) as usize]),
        ..opening(u128::from(dice.roll(4)), u128::from(dice.roll(300)), reserved)
    }
}

#[test]
fn the_sums_are_those_of_the_rows_after_anything_that_may_become_of_these() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let other = Connection::open(database(folder.path())).unwrap();
    let (mut dice, mut granted, mut refused) = (Dice(4), 0, 0);
    for round in 0..120 {
        for _ in 0..10 {
            let row = any_opening(&mut dice);
            let reply = u128::from(dice.roll(300));
            let cost = [None, Some(0), Some(732_000_000), Some(i64::MAX), Some(i64::MIN)][dice.roll(5) as usize];
            match dice.roll(12) {
                0..3 => store.write(&[Write::OpenAttempt(row)]).unwrap(),
                3..7 => {
                    let most = Local(i128::from(dice.roll(2)) * i128::MAX);
                    let scope = [Scope::Day(row.day), Scope::Month(row.day), Scope::Everything][dice.roll(3) as usize];
                    match store.reserve(&row, &[Cap { scope, most }]).unwrap() {
                        Reservation::Granted => granted += 1,
                        Reservation::Refused { .. } => refused += 1,
                    }
                }
                7..11 => store.write(&[Write::CloseAttempt(closing(reply, cost))]).unwrap(),
                // What munshi itself never does to its rows.
                _ => {
                    let key = dice.roll(100);
                    let changes = [
                        "DELETE FROM requests WHERE key = ?1",
                        "UPDATE requests SET day = '2026-07-01' WHERE key = ?1",
                        "UPDATE requests SET conversation = zeroblob(16), closed = 1, cost = 5 WHERE key = ?1",
                        "UPDATE requests SET rate = 7, reserved = 3 WHERE key % 10 = ?1 % 10",
                        "UPDATE requests SET closed = 0 WHERE key = ?1",
                    ];
                    other.execute(changes[dice.roll(5) as usize], params![key as i64]).unwrap();
                }
            }
        }
        if round % 10 == 0 {
            check(folder.path());
        }
    }
    assert!(granted > 50 && refused > 50, "{granted} {refused}");
    check(folder.path());
    assert_eq!(integrity(folder.path()), "ok");
}

#[test]
fn a_run_of_many_attempts_leaves_one_sum_a_day_and_rate() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for reply in 0..500 {
        store
            .write(&[Write::OpenAttempt(opening(1, reply, Some(9))), Write::CloseAttempt(closing(reply, Some(7)))])
            .unwrap();
    }
    let conn = Connection::open(database(folder.path())).unwrap();
    assert_eq!(as_kept(&conn).len(), 2, "of the day, and of the conversation");
    check(folder.path());
}
