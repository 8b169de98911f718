//! How fast a full store is: `cargo bench --bench store`, or with a part of a measurement's name. Prints each step.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and stops where it cannot go on"
)]

#[path = "support/fill.rs"]
mod fill;
#[path = "../tests/store/support.rs"]
#[allow(dead_code, reason = "the tests use all of it")]
mod support;

use std::sync::Arc;
use std::time::Instant;

use jiff::ToSpan;
use munshi::chat::embedding::EmbeddingModel;
use munshi::chat::ledger::{LedgerClosing, LedgerOpening};
use munshi::chat::model::Prices;
use munshi::chat::spending::{GroupBy, Period};
use munshi::chat::{Local, ModelRef, Usage};
use munshi::runtime::{Query, StoreEvent, StoreHandle};
use munshi::store::{Cap, Scope, Store, Write};
use tokio::sync::Notify;

use fill::fill;
use support::{
    DAY, Dice, chunk, closing, conversation_id, database, finished, message_id, open, opening, put, reply, said,
    try_open,
};

const MEASURES: &[(&str, fn())] = &[
    ("conversations", ten_thousand_conversations),
    ("ledger", a_ledger_of_a_million_attempts),
    ("batch", a_run_of_a_hundred_thousand_attempts),
    ("recall", a_hundred_thousand_messages_to_find_again),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` runs this too, and wants no measurement.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let wanted: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    for (name, measure) in MEASURES {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str())) {
            println!("{name}");
            measure();
        }
    }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let value = work();
    println!("{:>12.3} ms  {what}", begun.elapsed().as_secs_f64() * 1000.0);
    value
}

/// Kept in `MUNSHI_SPEED_FOLDER` and found there again, where that is set.
fn ten_thousand_conversations() {
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

/// What the cost screen asks of a ledger that no person fills in a life.
fn a_ledger_of_a_million_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    timed("fill 1,000,000 attempts over 1,000 days", || {
        for day in 0..1_000 {
            store.write(&(0..1_000).flat_map(|number| attempt(day, number)).collect::<Vec<_>>()).unwrap();
        }
    });
    println!("{:>12.1} MB  on disk", std::fs::metadata(database(folder.path())).unwrap().len() as f64 / 1e6);
    let last = DAY.saturating_add(999.days());
    for (what, days) in [("30 days", 30), ("1,000 days", 1_000)] {
        let period = Period { from: last.saturating_sub((days - 1).days()), to: last };
        for by in GroupBy::ALL {
            let rows = timed(&format!("report {what} by {}", by.as_str()), || store.report(by, period).unwrap());
            assert_eq!(rows.iter().map(|row| row.requests).sum::<u64>(), days as u64 * 1_000);
        }
    }
    let cap = Cap { scope: Scope::Month(last), most: Local(i128::MAX) };
    timed("reserve under a month's cap", || store.reserve(&opening(1, 1 << 60, Some(1)), &[cap]).unwrap());
}

fn attempt(day: i64, number: u128) -> [Write; 2] {
    let id = day as u128 * 1_000 + number;
    let row = LedgerOpening {
        day: DAY.saturating_add(day.days()),
        model: ModelRef::new("openai", ["gpt-4o-mini", "gpt-4o", "o4-mini"][(number % 3) as usize]),
        prices: Some(Prices { input: 150_000, output: 600_000, cached_input: Some(75_000), cache_write: None }),
        ..opening(id / 50, id, Some(9_000_000))
    };
    let usage = Usage { input: 4_000, cached_input: 1_000, output: 300, ..Usage::default() };
    [
        Write::OpenAttempt(row),
        Write::CloseAttempt(LedgerClosing { usage: Some(usage), ..closing(id, Some(732_000_000)) }),
    ]
}

/// What a run of a batch asks of the store's thread: so many attempts at a time, each booked under a cap of the day,
/// sent, closed; after each group, what was spent until then.
fn a_run_of_a_hundred_thousand_attempts() {
    const AT_ONCE: u128 = 64;
    let folder = tempfile::tempdir().unwrap();
    let arrived = Arc::new(Notify::new());
    let path = folder.path().to_owned();
    let open = move || try_open(&path).map(|opened| (Box::new(opened.store) as Box<dyn Store>, Vec::new()));
    let mut handle = StoreHandle::spawn(Arc::clone(&arrived), open).unwrap();
    let waiting = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (run, cap) = (conversation_id(1), Cap { scope: Scope::Day(DAY), most: Local(i128::MAX) });
    for tenth in 0..10 {
        let before = cpu_ms();
        timed(&format!("book, open and close attempts until {},000", (tenth + 1) * 10), || {
            for group in 0..10_000_u128.div_ceil(AT_ONCE) {
                let first = tenth * 10_000 + group * AT_ONCE;
                let ids = first..(first + AT_ONCE).min((tenth + 1) * 10_000);
                for id in ids.clone() {
                    handle.reserve(run, opening(1, id, Some(9_000_000)), vec![cap]);
                }
                waiting.block_on(told(&handle, &arrived, ids.clone().count()));
                for id in ids.clone() {
                    let done = StoreEvent::Committed { conversation: run, message: message_id(id) };
                    handle.write(vec![Write::CloseAttempt(closing(id, Some(732_000_000)))], Some(done));
                }
                handle.query(Query::Spend { conversation: run, scope: Scope::Day(DAY) });
                waiting.block_on(told(&handle, &arrived, ids.count() + 1));
            }
        });
        println!("{:>12.0} ms  of which on the processor", cpu_ms() - before);
    }
    assert_eq!(handle.close(), 0);
    println!("{:>12.1} MB  on disk", std::fs::metadata(database(folder.path())).unwrap().len() as f64 / 1e6);
}

/// Waits until the store said so much.
async fn told(handle: &StoreHandle, arrived: &Notify, mut count: usize) {
    while count > 0 {
        for event in handle.drain() {
            count -= usize::from(!matches!(event, StoreEvent::Opened { .. }));
        }
        if count > 0 {
            arrived.notified().await;
        }
    }
}

/// What this process took of processors; 0 where that cannot be told.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// What a search by words, and one by meaning, asks of the store.
fn a_hundred_thousand_messages_to_find_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let with = EmbeddingModel { model: ModelRef::new("openai", "text-embedding-3-small"), dims: 256 };
    let mut dice = Dice(3);
    timed("fill 100,000 messages in 1,000 conversations", || {
        for number in 0..1_000 {
            let mut writes = vec![put(number, "title")];
            writes.extend((0..100).map(|turn| {
                let id = number * 100 + turn;
                Write::AddMessage(said(number, id, None, &natural(&mut dice, 60)))
            }));
            store.write(&writes).unwrap();
        }
    });
    let question = "why is w1 the w3 and how w12 w40 w900 w7000 of w15000 w2";
    timed("rank a question over all", || assert_eq!(store.rank(question, None, 8).unwrap().len(), 8));
    timed("rank it again", || store.rank(question, None, 8).unwrap());
    timed("rank its rare words", || store.rank("w900 w7000 w15000", None, 8).unwrap());
    timed("rank within one", || store.rank(question, Some(conversation_id(500)), 8).unwrap());
    timed("unembedded, all of them", || assert_eq!(store.unembedded(&with, None, 100).unwrap().len(), 100));
    timed("keep 100,000 vectors of 256", || {
        for batch in (0..100_000).rev().collect::<Vec<u128>>().chunks(100) {
            let vectors = batch.iter().map(|id| (message_id(*id), vec![*id as f32; 256])).collect();
            store.write(&[Write::PutEmbeddings { with: with.clone(), vectors }]).unwrap();
        }
    });
    timed("unembedded, none left", || assert_eq!(store.unembedded(&with, None, 100).unwrap().len(), 0));
    timed("read all vectors", || assert_eq!(store.embeddings(&with, None).unwrap().len(), 100_000));
    timed("read one conversation's", || store.embeddings(&with, Some(conversation_id(500))).unwrap());
    println!("{:>12.1} MB  on disk", std::fs::metadata(database(folder.path())).unwrap().len() as f64 / 1e6);
}

/// Words as often as a language has them: the n-th an n-th as often as the first (Zipf).
fn natural(dice: &mut Dice, count: usize) -> String {
    let mut word = || format!("w{}", 20_000_f64.powf(dice.roll(1 << 20) as f64 / f64::from(1 << 20)) as u64);
    (0..count).map(|_| word()).collect::<Vec<_>>().join(" ")
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
