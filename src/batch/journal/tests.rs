//! What a kill, another process and a newer munshi do to a journal.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::batch::task::Fingerprint;
use crate::chat::{ConversationId, PicoUsd, Rate, Spend};

pub fn header() -> Header {
    Header {
        munshi_batch: VERSION,
        run: ConversationId(Uuid::from_u128(7)),
        begun_ms: 1,
        input: InputMark {
            name: "emails.txt".to_owned(),
            rows: 20,
            digest: "00".to_owned(),
            column: None,
            kind: "text".to_owned(),
        },
        task: Fingerprint {
            prompt: "p".to_owned(),
            schema: "s".to_owned(),
            model: "m".to_owned(),
            temperature: None,
            max_tokens: None,
        },
        replaces: false,
    }
}

pub fn row(n: u64, label: Option<&str>) -> Record {
    Record {
        n,
        row: n,
        digest: "d".to_owned(),
        input: format!("row {n}: \"नमस्ते\"\n"),
        fields: label.map(|label| json!({"label": label}).as_object().unwrap().clone()),
        model: "m".to_owned(),
        tokens: Some(10),
        cost: Some(PicoUsd(1_000)),
        rate: Rate::default(),
        error: label.is_none().then(|| "no".to_owned()),
    }
}

fn counted() -> Index {
    Index::new(&[("label".to_owned(), vec!["A".to_owned(), "B".to_owned()])])
}

/// Opens what is there and goes on.
fn resumed(path: &Path) -> (Journal, Index, u64) {
    let Found::Journal(found, locked) = find(path).unwrap() else { panic!("there is a journal") };
    assert_eq!(*found, header());
    let mut index = counted();
    let (journal, unreadable) = locked.resume(&mut index, |_| {}).unwrap();
    (journal, index, unreadable)
}

fn append(journal: &mut Journal, index: &mut Index, rows: &[Record]) {
    for (record, offset) in rows.iter().zip(journal.append(rows).unwrap()) {
        index.note(record, offset);
    }
}

#[test]
fn rows_are_found_again_whatever_their_order_and_the_last_line_of_a_row_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv.journal");
    let mut journal = Journal::begin(Some(&path), &header()).unwrap();
    let mut index = counted();
    append(&mut journal, &mut index, &[row(3, Some("A")), row(1, None)]);
    append(&mut journal, &mut index, &[row(2, Some("B")), row(1, Some("B"))]);
    assert_eq!(journal.read(index.offset(2).unwrap()).unwrap(), row(2, Some("B")));
    drop(journal);
    let (mut journal, index, unreadable) = resumed(&path);
    assert_eq!((index.done(), index.failures(), unreadable), (3, 0, 0));
    assert_eq!(index.counts()["label"], [("A".to_owned(), 1), ("B".to_owned(), 2)].into());
    assert_eq!(index.spent, Spend::of(PicoUsd(4_000), Rate::default()), "what was paid twice is counted twice");
    for n in 1..=3 {
        assert_eq!(journal.read(index.offset(n).unwrap()).unwrap().n, n);
    }
    assert!(!index.is_done(4) && index.offset(0).is_none());
}

#[test]
fn a_failed_row_that_is_asked_again_is_not_done_until_it_has_come() {
    let mut index = counted();
    index.note(&row(1, Some("A")), 10);
    index.note(&row(2, None), 20);
    index.await_failed();
    assert!(index.is_done(1) && !index.is_done(2));
    assert_eq!((index.done(), index.settled(), index.failures()), (2, 1, 1));
    index.note(&row(2, None), 30);
    assert!(index.is_done(2), "it was asked again, and failed again");
    assert_eq!((index.settled(), index.failures()), (2, 1));
}

#[test]
fn row_41_whatever_a_kill_left_of_the_last_line_is_cut_off_and_the_rest_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let mut journal = Journal::begin(Some(&path), &header()).unwrap();
    journal.append(&[row(1, Some("A")), row(2, Some("B"))]).unwrap();
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        if cut < head {
            assert!(matches!(find(&path).unwrap(), Found::Nothing), "cut at {cut}");
            continue;
        }
        let (mut journal, index, unreadable) = resumed(&path);
        let lines = whole[head..cut].split(|byte| *byte == b'\n').count() as u64 - 1;
        assert_eq!((index.done(), unreadable), (lines, 0), "cut at {cut}");
        let offsets = journal.append(&[row(3, None)]).unwrap();
        assert_eq!(journal.read(offsets[0]).unwrap(), row(3, None));
    }
}

#[test]
fn a_line_that_was_damaged_costs_its_own_row_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let mut journal = Journal::begin(Some(&path), &header()).unwrap();
    let offsets = journal.append(&[row(1, Some("A")), row(2, Some("B")), row(3, Some("A"))]).unwrap();
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[offsets[1] as usize] = b'#';
    std::fs::write(&path, bytes).unwrap();
    let (_, index, unreadable) = resumed(&path);
    assert_eq!((index.done(), unreadable), (2, 1));
    assert!(index.is_done(1) && !index.is_done(2) && index.is_done(3));
}

#[test]
fn two_processes_do_not_write_one_journal_and_a_strange_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    let journal = Journal::begin(Some(&path), &header()).unwrap();
    assert!(matches!(find(&path), Err(JournalError::Busy(_))));
    drop(journal);
    assert!(matches!(find(&path), Ok(Found::Journal(..))));
    for (strange, newer) in [("row,input\n1,hello\n", false), ("{\"munshi_batch\":99}\n", true)] {
        std::fs::write(&path, strange).unwrap();
        let error = find(&path).unwrap_err();
        assert_eq!(matches!(error, JournalError::Newer(_)), newer, "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), strange);
    }
}

#[test]
fn an_earlier_journal_is_set_aside_under_a_free_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.csv.journal");
    for expected in ["out.csv.journal.old", "out.csv.journal.old2", "out.csv.journal.old3"] {
        drop(Journal::begin(Some(&path), &header()).unwrap());
        let Found::Journal(_, locked) = find(&path).unwrap() else { panic!("there is a journal") };
        assert_eq!(locked.set_aside().unwrap().file_name().unwrap(), expected);
    }
}

#[cfg(unix)]
#[test]
fn a_journal_is_its_owners_alone() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j");
    drop(Journal::begin(Some(&path), &header()).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

proptest! {
    // Each waits for the disk some times.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_was_appended_is_read_back(texts in prop::collection::vec(".{0,200}", 1..40), big in 0usize..3) {
        let mut journal = Journal::begin(None, &header()).unwrap();
        let rows: Vec<Record> = texts
            .iter()
            .enumerate()
            .map(|(at, text)| Record { input: text.repeat(1 + big * 500), ..row(at as u64 + 1, Some("A")) })
            .collect();
        let offsets: Vec<u64> = rows.chunks(7).flat_map(|rows| journal.append(rows).unwrap()).collect();
        for (row, offset) in rows.iter().zip(&offsets).rev().chain(rows.iter().zip(&offsets)) {
            prop_assert_eq!(&journal.read(*offset).unwrap(), row);
        }
    }
}
