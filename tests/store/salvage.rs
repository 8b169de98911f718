//! Row 4 for what schema 2 and those after it added, in a database that was made new, in one that was migrated, and in one of schema 1.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use munshi::chat::context::{History, Mark, Strategy};
use munshi::chat::ledger::{LedgerClosing, LedgerOpening};
use munshi::chat::model::Prices;
use munshi::chat::{ConversationMeta, MetaPart};
use munshi::store::sqlite::Notice;
use munshi::store::{Store, Write};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::contract::context::{mark, put_summary, small, summary, vectors};
use crate::support::*;
use crate::{older, sums};

const PAGE: usize = 4096;
const PRICES: Prices = Prices { input: 150_000, output: 600_000, cached_input: Some(75_000), cache_write: None };

fn chosen(number: u128) -> History {
    let strategy = Strategy::ALL[number as usize % 4];
    History { strategy, max_messages: Some(number as u32), max_tokens: None, everywhere: number.is_multiple_of(2) }
}

/// Gives the twelve conversations what schema 2 can keep, and some messages more.
fn enrich(store: &mut dyn Store) {
    let with = small("openai", 24);
    for number in 0..older::CONVERSATIONS {
        let meta = ConversationMeta { history: chosen(number), ..meta(number, "") };
        store.write(&[Write::ChangeConversation { meta, part: MetaPart::History }]).unwrap();
        for turn in 0..older::EACH {
            let id = number * older::EACH + turn;
            let row = LedgerOpening { prices: Some(PRICES), ..opening(number, 10_000 + id, Some(9)) };
            store
                .write(&[
                    mark(number, id, Some(if turn == 0 { Mark::Pinned } else { Mark::LeftOut })),
                    put_summary(number, &summary(1_000 + id, &format!("{id} {}", "a short account of it ".repeat(5)))),
                    vectors(&with, &[(id, &[id as f32; 24])]),
                    Write::NameRun { id: conversation_id(90_000 + id), name: format!("{id} reviews.csv") },
                    Write::OpenAttempt(row),
                    Write::CloseAttempt(LedgerClosing { prices: None, ..closing(10_000 + id, Some(7)) }),
                ])
                .unwrap();
        }
    }
}

/// A database of schema 2 that was closed well, migrated or made new.
fn closed(migrated: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let mut store = if migrated {
        drop(older::make(folder.path()));
        try_open(folder.path()).unwrap().store
    } else {
        let mut store = open(folder.path());
        for number in 0..older::CONVERSATIONS {
            let mut writes = vec![put(number, &format!("title {number}"))];
            writes.extend((0..older::EACH).map(|turn| {
                let text = "some words of a message ".repeat(8);
                Write::AddMessage(said(number, number * older::EACH + turn, None, &text))
            }));
            store.write(&writes).unwrap();
        }
        store
    };
    enrich(&mut store);
    drop(store);
    fs::read(database(folder.path())).unwrap()
}

/// Opens what these bytes are, which is salvaged where that is needed, now or once the damage is met.
fn salvaged(bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(database(folder.path()), bytes).unwrap();
    for _ in 0..2 {
        drop(try_open(folder.path()).unwrap());
        if munshi::store::sqlite::SqliteStore::verify(&database(folder.path())).is_ok() {
            break;
        }
    }
    assert_eq!(integrity(folder.path()), "ok");
    sums::check(folder.path());
    folder
}

/// Every row of a table, by its bytes.
fn rows(folder: &Path, table: &str) -> HashSet<Vec<u8>> {
    let conn = Connection::open(database(folder)).unwrap();
    let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let count = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let mut all = Vec::new();
        for at in 0..count {
            match row.get_ref(at)? {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => all.extend(bytes),
                number => write!(all, "|{number:?}|").unwrap(),
            }
        }
        Ok(all)
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

const TABLES: [&str; 7] = ["conversations", "messages", "requests", "marks", "summaries", "embeddings", "runs"];

#[test]
fn row_04_a_header_that_is_gone_costs_none_of_what_schema_2_keeps() {
    for migrated in [false, true] {
        let sound = closed(migrated);
        let expected = salvaged(&sound);
        for gone in [100, PAGE] {
            let mut bytes = sound.clone();
            bytes[..gone].fill(0);
            let folder = salvaged(&bytes);
            for table in TABLES {
                let (found, wanted) = (rows(folder.path(), table), rows(expected.path(), table));
                assert!(!wanted.is_empty());
                assert!(
                    found == wanted,
                    "{table}, migrated: {migrated}, {gone} bytes: {} of {}",
                    found.len(),
                    wanted.len()
                );
            }
        }
    }
}

/// Destroys each page in turn.
fn each_page_costs_what_stood_in_it(migrated: bool) {
    let sound = closed(migrated);
    let whole = salvaged(&sound);
    let wanted = TABLES.map(|table| rows(whole.path(), table));
    let mut hit = [0; TABLES.len()];
    for page in 0..sound.len() / PAGE {
        let mut bytes = sound.clone();
        bytes[page * PAGE..(page + 1) * PAGE].fill(0xA5);
        let folder = salvaged(&bytes);
        let lost = |at: &usize| !wanted[*at].is_subset(&rows(folder.path(), TABLES[*at]));
        let lost: Vec<usize> = (0..TABLES.len()).filter(lost).collect();
        // Messages that are gone are no longer counted in their conversation, and their vectors go with them.
        let one_table = matches!(lost[..], [] | [_]) || lost == [0, 1, 5];
        assert!(one_table, "page {page}, migrated: {migrated}: {lost:?}");
        for at in lost {
            hit[at] += 1;
        }
    }
    assert!(hit.iter().all(|hit| *hit > 0), "{hit:?} of {} pages", sound.len() / PAGE);
}

#[test]
fn row_04_a_page_that_is_gone_costs_what_stood_in_it_and_no_more() {
    each_page_costs_what_stood_in_it(false);
}

#[test]
fn row_04_a_page_that_is_gone_costs_no_more_in_a_migrated_database_either() {
    each_page_costs_what_stood_in_it(true);
}

#[test]
fn row_04_a_damaged_database_of_schema_1_is_salvaged_into_one_of_schema_2() {
    let folder = tempfile::tempdir().unwrap();
    let conn = older::make(folder.path());
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
    drop(conn);
    let sound = fs::read(database(folder.path())).unwrap();
    for gone in [0..100, 0..PAGE, 24..28] {
        let mut bytes = sound.clone();
        bytes[gone.clone()].fill(0x5A);
        let folder = tempfile::tempdir().unwrap();
        fs::write(database(folder.path()), &bytes).unwrap();
        let opened = try_open(folder.path()).unwrap();
        let mut store = opened.store;
        older::check(&mut store);
        if gone.start == 0 {
            assert!(matches!(opened.notices[..], [Notice::Salvaged { .. }]), "{:?}", opened.notices);
        }
        enrich(&mut store);
        drop(store);
        drop(open(folder.path()));
        assert_eq!(integrity(folder.path()), "ok");
        sums::check(folder.path());
    }
    for page in 1..sound.len() / PAGE {
        let mut bytes = sound.clone();
        bytes[page * PAGE..(page + 1) * PAGE].fill(0);
        let folder = salvaged(&bytes);
        let whole = (older::CONVERSATIONS * older::EACH) as usize;
        let (messages, requests) = (rows(folder.path(), "messages").len(), rows(folder.path(), "requests").len());
        assert!(messages + requests >= 2 * whole - 40, "page {page}: {messages} messages, {requests} attempts");
    }
}
