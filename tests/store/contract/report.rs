use jiff::civil::{Date, date};
use munshi::chat::ledger::{LedgerClosing, LedgerOpening, Outcome, Purpose};
use munshi::chat::spending::{GroupBy, Period, SpendRow};
use munshi::chat::{ModelRef, Rate, Spend, Usage};
use munshi::store::memory::MemoryStore;
use munshi::store::{Scope, Store, Write};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::support::*;

const ALL: Period = Period { from: date(2020, 1, 1), to: date(2030, 12, 31) };

fn usage(input: u64, cached_input: u64, output: u64) -> Usage {
    Usage { input, cached_input, output, ..Usage::default() }
}

/// Opens a row and closes it.
fn spent(row: LedgerOpening, cost: Option<i64>, usage: impl Into<Option<Usage>>) -> [Write; 2] {
    let end = LedgerClosing { attempt: row.attempt, usage: usage.into(), ..closing(0, cost) };
    [Write::OpenAttempt(row), Write::CloseAttempt(end)]
}

fn keys(store: &mut dyn Store, by: GroupBy, period: Period) -> Vec<String> {
    store.report(by, period).unwrap().into_iter().map(|row| row.key).collect()
}

fn on(day: Date, reply: u128) -> LedgerOpening {
    LedgerOpening { day, ..opening(1, reply, Some(1_000)) }
}

on_both! {
    fn days_weeks_and_months_follow_each_other_in_time(store: &mut dyn Store) {
        let days = [date(2026, 1, 4), date(2025, 12, 29), date(2026, 11, 25), date(2026, 1, 4), date(2025, 12, 28)];
        for (reply, day) in days.into_iter().enumerate() {
            store.write(&spent(on(day, reply as u128), Some(10), usage(3, 1, 2))).unwrap();
        }
        assert_eq!(keys(store, GroupBy::Day, ALL), ["2025-12-28", "2025-12-29", "2026-01-04", "2026-11-25"]);
        assert_eq!(keys(store, GroupBy::Week, ALL), ["2025-W52", "2026-W01", "2026-W48"]);
        assert_eq!(keys(store, GroupBy::Month, ALL), ["2025-12", "2026-01", "2026-11"]);
        let within = Period { from: date(2025, 12, 29), to: date(2026, 1, 4) };
        assert_eq!(keys(store, GroupBy::Day, within), ["2025-12-29", "2026-01-04"]);
        let week = SpendRow {
            key: "2026-W01".into(), label: "2026-W01".into(), requests: 3, input: 9, cached_input: 3, output: 6,
            spend: Spend { pico_usd: 30, atto_local: 30 * 85_000_000, unknown: 0 },
        };
        assert_eq!(store.report(GroupBy::Week, within).unwrap(), [week]);
        let backwards = Period { from: within.to, to: within.from };
        assert_eq!(store.report(GroupBy::Day, backwards).unwrap(), []);
    }

    fn each_row_is_at_its_own_rate_and_what_is_unknown_is_counted(store: &mut dyn Store) {
        let rated = |reply, rate| LedgerOpening { rate: Rate(rate), ..on(DAY, reply) };
        store.write(&spent(rated(1, 85_000_000), Some(1_000), usage(10, 4, 5))).unwrap();
        store.write(&spent(rated(2, 90_000_000), Some(1), None)).unwrap();
        store.write(&spent(rated(3, 1), None, usage(7, 0, 0))).unwrap();
        // Nonsense is not added up; an open attempt is one, and has cost nothing yet.
        store.write(&spent(rated(4, 1), None, usage(u64::MAX, 0, 1))).unwrap();
        store.write(&spent(rated(5, 1), None, usage(1, 2, 1))).unwrap();
        store.write(&[Write::OpenAttempt(rated(6, 1))]).unwrap();
        let row = SpendRow {
            key: "2026-05-28".into(), label: "2026-05-28".into(), requests: 6, input: 17, cached_input: 4, output: 5,
            spend: Spend { pico_usd: 1_001, atto_local: 85_090_000_000, unknown: 3 },
        };
        assert_eq!(store.report(GroupBy::Day, ALL).unwrap(), [row]);
    }

    fn models_and_purposes_come_dearest_first(store: &mut dyn Store) {
        let rows = [
            ("openai", "gpt-4o", Purpose::Chat, Some(5), 10), ("groq", "openai/gpt-oss-120b", Purpose::Summary, Some(40), 1),
            ("openai", "gpt-4o", Purpose::Title, Some(1), 10), ("local", "llama", Purpose::Chat, None, 1),
            ("openai", "free", Purpose::Embedding, Some(0), 1), ("azure", "gpt-4o", Purpose::Chat, Some(0), 1),
        ];
        for (reply, (provider, id, purpose, cost, rate)) in rows.into_iter().enumerate() {
            let row = LedgerOpening { model: ModelRef::new(provider, id), purpose, rate: Rate(rate), ..on(DAY, reply as u128) };
            store.write(&spent(row, cost, None)).unwrap();
        }
        // In the user's money, at the rates of then.
        assert_eq!(keys(store, GroupBy::Model, ALL), ["gpt-4o", "groq/openai/gpt-oss-120b", "local/llama", "azure/gpt-4o", "free"]);
        assert_eq!(keys(store, GroupBy::Purpose, ALL), ["chat", "summary", "title", "embedding"]);
        assert_eq!(store.report(GroupBy::Model, ALL).unwrap()[0].requests, 2);
        assert_eq!(store.report(GroupBy::Purpose, ALL).unwrap()[0].spend.unknown, 1);
    }

    fn a_conversation_is_shown_by_its_title_as_long_as_it_has_one(store: &mut dyn Store) {
        for number in 1..5 {
            store.write(&spent(opening(number, number, None), Some(number as i64), None)).unwrap();
        }
        store.write(&[put(1, "नमस्ते"), put(2, "deleted"), put(3, "purged")]).unwrap();
        store.write(&[Write::DeleteConversation(conversation_id(3)), Write::PurgeDeleted { before_ms: i64::MAX }]).unwrap();
        store.write(&[Write::DeleteConversation(conversation_id(2))]).unwrap();
        let rows = store.report(GroupBy::Conversation, ALL).unwrap();
        let shown: Vec<_> = rows.iter().map(|row| (row.key.clone(), row.label.as_str())).collect();
        let id = |number| conversation_id(number).to_string();
        assert_eq!(shown, [(id(4), ""), (id(3), ""), (id(2), "deleted"), (id(1), "नमस्ते")]);
    }

    fn a_run_is_shown_by_its_name_where_no_conversation_bears_its_id(store: &mut dyn Store) {
        let name = |number, name: &str| Write::NameRun { id: conversation_id(number), name: name.to_owned() };
        for number in 1..4 {
            let row = LedgerOpening { purpose: Purpose::Batch, ..opening(number, number, None) };
            store.write(&spent(row, Some(number as i64), None)).unwrap();
        }
        store.write(&[name(1, "reviews.csv"), name(2, "first"), name(2, "थोक.jsonl"), name(3, "run"), put(3, "chat"), name(9, "none")]).unwrap();
        let labels = |store: &mut dyn Store| -> Vec<String> {
            store.report(GroupBy::Conversation, ALL).unwrap().into_iter().map(|row| row.label).collect()
        };
        assert_eq!(labels(store), ["chat", "थोक.jsonl", "reviews.csv"]);
        assert_eq!(titles(store, ""), ["chat"], "a run is no conversation");
        store.write(&[Write::DeleteConversation(conversation_id(3)), Write::PurgeDeleted { before_ms: i64::MAX }]).unwrap();
        assert_eq!(labels(store), ["run", "थोक.jsonl", "reviews.csv"]);
    }

    fn the_largest_costs_and_rates_do_not_overflow_a_report(store: &mut dyn Store) {
        for reply in 0..5 {
            let row = LedgerOpening { rate: Rate(u64::MAX), ..opening(1, reply, None) };
            store.write(&spent(row, Some(i64::MAX), usage(1_000_000_000, 1_000_000_000, 0))).unwrap();
        }
        let row = &store.report(GroupBy::Month, ALL).unwrap()[0];
        assert_eq!(row.spend.pico_usd, i128::from(i64::MAX) * 5);
        assert_eq!(row.spend.atto_local, i128::MAX, "and stays at the most that fits");
        assert_eq!((row.input, row.cached_input), (5_000_000_000, 5_000_000_000));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(21), ..ProptestConfig::default()
    })]

    #[test]
    fn every_report_adds_up_to_what_was_spent_and_both_stores_agree(
        rows in prop::collection::vec(
            (prop::option::of(any::<i64>()), prop::sample::select(vec![0, 1, 85_000_000]), 0_u128..3, 0_i16..800,
                prop::sample::select(Purpose::ALL.to_vec()), any::<bool>(), any::<u32>()),
            0..40,
        )
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = open(folder.path());
        let mut memory = MemoryStore::new();
        let mut writes = vec![put(1, "one")];
        for (reply, (cost, rate, conversation, days, purpose, closed, tokens)) in rows.iter().enumerate() {
            let day = date(2025, 6, 1).saturating_add(jiff::Span::new().days(*days));
            let row = LedgerOpening {
                day, purpose: *purpose, rate: Rate(*rate), model: ModelRef::new("p", format!("m{conversation}")),
                ..opening(*conversation, reply as u128, Some(1))
            };
            let [open, close] = spent(row, *cost, usage(u64::from(*tokens), 7, u64::from(*tokens)));
            writes.push(open);
            if *closed {
                writes.push(close);
            }
        }
        disk.write(&writes).unwrap();
        memory.write(&writes).unwrap();
        let total = disk.spend(Scope::Everything).unwrap();
        for by in GroupBy::ALL {
            let report = disk.report(by, ALL).unwrap();
            prop_assert_eq!(&report, &memory.report(by, ALL).unwrap());
            prop_assert_eq!(report.iter().map(|row| row.spend).sum::<Spend>(), total);
            prop_assert_eq!(report.iter().map(|row| row.requests).sum::<u64>(), rows.len() as u64);
            let half = Period { from: date(2026, 1, 1), to: date(2026, 6, 30) };
            prop_assert_eq!(disk.report(by, half).unwrap(), memory.report(by, half).unwrap());
        }
    }
}

/// The prices on disk, which no sum is made of: they say what an old cost was made with.
#[test]
fn a_row_says_what_prices_it_was_made_with() {
    use munshi::chat::model::Prices;
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let short = Prices { input: 150_000, output: 600_000, cached_input: Some(75_000), cache_write: None };
    let long = Prices { input: 300_000, output: u64::MAX, cached_input: None, cache_write: Some(1) };
    let row = |reply, prices| Write::OpenAttempt(LedgerOpening { prices, ..opening(1, reply, None) });
    let end =
        |reply, prices| Write::CloseAttempt(LedgerClosing { prices, outcome: Outcome::Failed, ..closing(reply, None) });
    store.write(&[row(1, Some(short)), end(1, None), row(2, Some(short)), end(2, Some(long)), row(3, None)]).unwrap();
    store.write(&[row(4, None), end(4, Some(short)), end(4, Some(long))]).unwrap();
    store.reserve(&LedgerOpening { prices: Some(long), ..opening(1, 5, Some(1)) }, &[]).unwrap();
    let conn = rusqlite::Connection::open(database(folder.path())).unwrap();
    let mut statement = conn
        .prepare("SELECT price_input, price_output, price_cached_input, price_cache_write FROM requests ORDER BY reply")
        .unwrap();
    let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])).unwrap();
    let found: Vec<[Option<i64>; 4]> = rows.collect::<Result<_, _>>().unwrap();
    let short = [Some(150_000), Some(600_000), Some(75_000), None];
    let long = [Some(300_000), Some(-1), None, Some(1)];
    assert_eq!(found, [short, long, [None; 4], short, long]);
}
