//! Rows 1 and 7: a database that an older munshi made is migrated, or left as it was, wherever that is ended.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use munshi::chat::Local;
use munshi::chat::context::{ContextNotes, History, Mark};
use munshi::store::sqlite::{Notice, OpenOptions, SqliteStore};
use munshi::store::{Cap, Reservation, Scope, Store, StoreError, Write};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::contract::context::{mark, put_summary, small, summary, vectors};
use crate::support::*;
use crate::{child, sums};

const FIRST: &str = include_str!("../../assets/migrations/0001_first.sql");
const SECOND: &str = include_str!("../../assets/migrations/0002_context.sql");
const THIRD: &str = include_str!("../../assets/migrations/0003_tools.sql");
const FOURTH: &str = include_str!("../../assets/migrations/0004_sums.sql");

pub const CONVERSATIONS: u128 = 12;
pub const EACH: u128 = 12;

/// Makes a database as schema 1 had it, with so many conversations, messages in each, and an attempt for each
/// message; the log is left to be copied by the next who opens it.
pub fn make(folder: &Path) -> Connection {
    let conn = Connection::open(database(folder)).unwrap();
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    conn.execute_batch(&format!(
        "BEGIN; {FIRST}; PRAGMA user_version = 1; PRAGMA application_id = 1836806003; COMMIT; BEGIN"
    ))
    .unwrap();
    let id = |number: u128, kind: u128| (number << 64 | kind).to_be_bytes();
    for number in 0..CONVERSATIONS {
        conn.execute(
            "INSERT INTO conversations (id, title, folded_title, titled_by_user, provider, model, system, temperature, \
                max_tokens, pinned, created_ms, updated_ms, changed, messages) \
                VALUES (?1, ?2, ?2, 0, 'openai', 'gpt-4o-mini', '', 0.5, 100, 0, ?3, ?3, ?4, ?5)",
            params![id(number, 1), format!("title {number}"), NOW_MS, number as i64, EACH as i64],
        )
        .unwrap();
        let key = conn.last_insert_rowid();
        for turn in 0..EACH {
            let message = number * EACH + turn;
            let text = format!("{message} {}", "some words of a message ".repeat(8));
            conn.execute(
                "INSERT INTO messages (id, conversation, role, content, reasoning, status, created_ms) \
                    VALUES (?1, ?2, 'user', ?3, '', 'complete', ?4)",
                params![id(message, 2), key, text, NOW_MS],
            )
            .unwrap();
            let seq = conn.last_insert_rowid();
            conn.execute("INSERT INTO message_text (rowid, text) VALUES (?1, ?2)", params![seq, text]).unwrap();
            conn.execute(
                "INSERT INTO requests (reply, ordinal, conversation, purpose, provider, model, day, at_ms, rate, \
                    reserved, closed, outcome, cost) VALUES (?1, 0, ?2, 'chat', 'openai', 'gpt-4o-mini', '2026-05-28', ?3, \
                    85000000, 9, 1, 'complete', 7)",
                params![id(message, 2), id(number, 1), NOW_MS],
            )
            .unwrap();
        }
        // Nobody's, still open; or closed without a known cost.
        conn.execute(
            "INSERT INTO requests (reply, ordinal, conversation, purpose, provider, model, day, at_ms, rate, reserved, \
                closed) VALUES (?1, 0, ?2, 'title', 'groq', 'llama', '2026-06-01', ?3, 90000000, 9, ?4)",
            params![id(50_000 + number, 2), id(number, 1), NOW_MS, number % 2 == 0],
        )
        .unwrap();
    }
    conn.execute_batch("COMMIT").unwrap();
    conn
}

/// All of it is there, with what schema 2 says of it.
pub fn check(store: &mut dyn Store) {
    for number in 0..CONVERSATIONS {
        let saved = store.load(conversation_id(number)).unwrap();
        assert_eq!(saved.meta.title, format!("title {number}"));
        assert_eq!((saved.meta.history, saved.notes), (History::default(), ContextNotes::default()));
        assert_eq!(saved.messages.len() as u128, EACH);
        assert!(saved.messages.iter().all(|message| message.content.ends_with("of a message ")));
    }
    let everything = store.spend(Scope::Everything).unwrap();
    assert_eq!(
        (everything.pico_usd, everything.unknown),
        ((CONVERSATIONS * EACH * 7) as i128, CONVERSATIONS as u64 / 2)
    );
    assert_eq!(store.spend(Scope::Month(DAY)).unwrap(), store.spend(Scope::Day(DAY)).unwrap());
    assert_eq!(store.spend(Scope::Conversation(conversation_id(2))).unwrap().pico_usd, (EACH * 7) as i128);
    assert_eq!(store.search("words", 1_000).unwrap().len() as u128, CONVERSATIONS * EACH);
    assert_eq!(store.rank("words", None, 1_000).unwrap().len() as u128, CONVERSATIONS * EACH);
}

/// What only schema 2 can keep.
pub fn write_notes(store: &mut dyn Store) {
    let with = small("openai", 2);
    for number in 0..CONVERSATIONS {
        let message = number * EACH;
        store
            .write(&[
                mark(number, message, Some(Mark::Pinned)),
                put_summary(number, &summary(1_000 + number, &"a short account of it all ".repeat(20))),
                vectors(&with, &[(message, &[number as f32, 0.5])]),
            ])
            .unwrap();
    }
}

#[test]
fn what_schema_1_kept_is_all_there_and_its_copy_stands_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(make(folder.path()));
    let opened = try_open(folder.path()).unwrap();
    let backup = folder.path().join("munshi.db.v1.bak");
    assert_eq!(opened.notices, [Notice::Migrated { from: 1, to: 4, backup: backup.clone() }]);
    let mut store = opened.store;
    check(&mut store);
    write_notes(&mut store);
    assert_eq!(store.load(conversation_id(3)).unwrap().notes.summaries.len(), 1);
    assert_eq!(store.embeddings(&small("openai", 2), None).unwrap().len() as u128, CONVERSATIONS);
    store.write(&[Write::OpenAttempt(opening(1, 5_000, None)), Write::CloseAttempt(closing(5_000, Some(1)))]).unwrap();
    drop(store);
    drop(open(folder.path()));
    assert_eq!(integrity(folder.path()), "ok");
    sums::check(folder.path());
    let old = Connection::open(backup).unwrap();
    let version: i64 = old.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let rows: i64 = old.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
    assert_eq!((version, rows as u128), (1, CONVERSATIONS * EACH));
}

#[test]
fn what_schema_3_counted_goes_on_counting_against_every_cap() {
    let folder = tempfile::tempdir().unwrap();
    let conn = make(folder.path());
    conn.execute_batch(&format!("BEGIN; {SECOND}; {THIRD}; PRAGMA user_version = 3; COMMIT")).unwrap();
    drop(conn);
    let opened = try_open(folder.path()).unwrap();
    assert!(matches!(opened.notices[..], [Notice::Migrated { from: 3, to: 4, .. }]), "{:?}", opened.notices);
    let mut store = opened.store;
    check(&mut store);
    sums::check(folder.path());
    let each = EACH as i64 * 7 * 85_000_000;
    for (scope, used) in [
        (Scope::Conversation(conversation_id(3)), each + 9 * 90_000_000),
        (Scope::Day(DAY), each * CONVERSATIONS as i64),
        (Scope::Month(DAY.tomorrow().unwrap()), each * CONVERSATIONS as i64),
        (Scope::Everything, (each + 9 * 90_000_000) * CONVERSATIONS as i64),
    ] {
        let cap = Cap { scope, most: Local(0) };
        let refused = Reservation::Refused { cap, used: Local(i128::from(used)) };
        assert_eq!(store.reserve(&opening(3, 60_000, Some(1)), &[cap]).unwrap(), refused);
    }
}

/// The statements of a step, each trigger as one.
fn statements(step: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for part in step.split_inclusive(";\n") {
        match statements.last_mut() {
            Some(last) if last.contains("CREATE TRIGGER") && !last.ends_with("END;\n") => last.push_str(part),
            _ => statements.push(part.to_owned()),
        }
    }
    statements
}

/// The database and its log as they stand on the disk this moment.
fn snapshot(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["munshi.db", "munshi.db-wal"] {
        if folder.join(name).exists() {
            fs::copy(folder.join(name), copy.path().join(name)).unwrap();
        }
    }
    copy
}

#[test]
fn row_07_a_kill_at_any_statement_of_the_migration_leaves_the_old_schema_whole() {
    let folder = tempfile::tempdir().unwrap();
    let conn = make(folder.path());
    // Pages go to the log before they are committed.
    conn.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE").unwrap();
    let steps = [SECOND, THIRD, FOURTH].into_iter().flat_map(statements);
    let statements = steps.chain(["PRAGMA user_version = 4".to_owned()]);
    let mut killed = 0;
    for statement in statements {
        conn.execute_batch(&statement).unwrap();
        let left = snapshot(folder.path());
        let opened = try_open(left.path()).unwrap();
        assert!(matches!(opened.notices[..], [Notice::Migrated { from: 1, to: 4, .. }]), "{:?}", opened.notices);
        let mut store = opened.store;
        check(&mut store);
        drop(store);
        assert_eq!(integrity(left.path()), "ok", "after {statement}");
        sums::check(left.path());
        killed += 1;
    }
    assert!(killed > 24, "{killed}");
    conn.execute_batch("COMMIT").unwrap();
    let left = snapshot(folder.path());
    check(&mut open(left.path()));
}

#[test]
fn row_01_a_kill_mid_migration_loses_nothing() {
    let mut migrated = 0;
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        drop(make(folder.path()));
        let mut child = child::command("older::the_process_that_migrates", folder.path(), round).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().starts_with("begins")));
        // Where it is by then differs: before the copy, in the middle of it, in a step, done.
        let seen = ["munshi.db.v1.bak.part", "munshi.db.v1.bak"][round as usize % 2];
        while !folder.path().join(seen).exists() && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let opened = try_open(folder.path()).unwrap();
        match &opened.notices[..] {
            [] => {}
            [Notice::Migrated { from: 1, to: 4, backup }] => {
                migrated += 1;
                assert!(backup.exists());
            }
            other => panic!("{other:?}"),
        }
        let mut store = opened.store;
        check(&mut store);
        drop(store);
        assert!(folder.path().join("munshi.db.v1.bak").exists(), "round {round}");
        assert_eq!(integrity(folder.path()), "ok", "round {round}");
        sums::check(folder.path());
    }
    println!("of 12 killed migrations, {migrated} were made by the next start");
}

#[test]
fn the_process_that_migrates() {
    let Some((folder, _)) = child::told() else { return };
    println!("\nbegins");
    drop(try_open(&folder).unwrap());
}

#[test]
fn row_03_what_an_older_munshi_made_is_readable_where_it_cannot_be_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let conn = make(folder.path());
    let options = OpenOptions { read_only: true, now_ms: NOW_MS, ..OpenOptions::default() };
    // With the newest in the log, and in the file alone.
    for _ in 0..2 {
        let before = fs::read(database(folder.path())).unwrap();
        let mut opened = SqliteStore::open(&database(folder.path()), options).unwrap();
        assert!(matches!(opened.notices[..], [Notice::ReadOnly { .. }]), "{:?}", opened.notices);
        check(&mut opened.store);
        assert!(matches!(opened.store.write(&[put(99, "new")]), Err(StoreError::ReadOnly(_))));
        drop(opened);
        assert!(fs::read(database(folder.path())).unwrap() == before, "it was not touched");
        assert!(!folder.path().join("munshi.db.v1.bak").exists());
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
}
