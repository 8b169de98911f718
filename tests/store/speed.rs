//! How fast a full store is: printed, not asserted, since a test machine is not a user's.
#![allow(clippy::disallowed_methods, reason = "measures")]

use std::time::Instant;

use munshi::store::{Scope, Store, Write};

use crate::fill::fill;
use crate::support::*;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let value = work();
    println!("{:>12.3} ms  {what}", begun.elapsed().as_secs_f64() * 1000.0);
    value
}

/// `MUNSHI_SPEED_FOLDER=… cargo test --release --test store speed -- --ignored --nocapture`
#[test]
#[ignore = "fills 200,000 messages; run it to measure"]
fn a_store_of_ten_thousand_conversations() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("MUNSHI_SPEED_FOLDER").map_or_else(|| temporary.path().to_owned(), Into::into);
    if !database(&folder).exists() {
        let mut store = timed("open an empty store", || open(&folder));
        timed("fill 10,000 conversations, 200,000 messages", || fill(&mut store, 10_000, 20).unwrap());
    }
    println!("{:>12.1} MB  on disk", std::fs::metadata(database(&folder)).unwrap().len() as f64 / 1e6);
    for _ in 0..3 {
        let mut store = timed("open the full store", || open(&folder));
        timed("list the first page", || store.list("", 0, 50).unwrap());
        let latest = timed("latest", || store.latest().unwrap().unwrap());
        timed("load it", || store.load(latest).unwrap());
        timed("close", || drop(store));
    }
    let mut store = open(&folder);
    timed("list filtered by two words", || store.list("tax PPF", 0, 50).unwrap());
    timed("list filtered by nothing's word", || store.list("nowhere", 0, 50).unwrap());
    timed("list page 190", || store.list("", 9_500, 50).unwrap());
    timed("search a common word", || store.search("हिंदी", 50).unwrap());
    timed("search three words", || store.search("ELSS section pune", 50).unwrap());
    timed("search an emoji", || store.search("🙂", 50).unwrap());
    timed("today's spend", || store.spend(Scope::Day(DAY)).unwrap());
    let number = 1 << 60;
    timed("commit a first message", || {
        store.write(&[put(number, "new"), Write::AddMessage(said(number, number, None, "hello"))]).unwrap();
    });
    store.write(&[Write::AddMessage(reply(number, number + 1, number))]).unwrap();
    for _ in 0..3 {
        timed("append a chunk", || store.write(&[chunk(number + 1, "some more text that came")]).unwrap());
    }
    timed("finish", || store.write(&[finished(&reply(number, number + 1, number), "done")]).unwrap());
    drop(store);
    damage_and_salvage(&folder);
    let mut store = open(&folder);
    let before_ms = i64::MAX;
    timed("delete and purge", || {
        store.write(&[Write::DeleteConversation(conversation_id(number)), Write::PurgeDeleted { before_ms }]).unwrap();
    });
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status
            .lines()
            .filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"))
            .for_each(|line| println!("{line}"));
    }
}

/// Row 4 at the size of years: a header that is gone.
fn damage_and_salvage(folder: &std::path::Path) {
    let damaged = tempfile::tempdir_in(folder).unwrap();
    std::fs::copy(database(folder), database(damaged.path())).unwrap();
    let mut file = std::fs::File::options().write(true).open(database(damaged.path())).unwrap();
    std::io::Write::write_all(&mut file, &[0; 100]).unwrap();
    drop(file);
    let opened = timed("open it with its header gone", || try_open(damaged.path()).unwrap());
    println!("{}", opened.notices[0]);
    timed("verify it", || munshi::store::sqlite::SqliteStore::verify(&database(damaged.path())).unwrap());
}
