//! Row 4: bytes flipped or cut, anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use munshi::store::sqlite::{Notice, SqliteStore};
use munshi::store::{Store, StoreError, Write};
use tempfile::TempDir;

use crate::files::left_by_a_kill;
use crate::support::*;

const CONVERSATIONS: u128 = 24;
const EACH: u128 = 10;
const ALL: usize = (CONVERSATIONS * EACH) as usize;
const PAGE: usize = 4096;

fn text(conversation: u128, turn: u128) -> String {
    format!("{conversation}/{turn} {}", "some words of a message ".repeat(8))
}

fn filled(folder: &Path) -> SqliteStore {
    let mut store = open(folder);
    for conversation in 0..CONVERSATIONS {
        let mut writes = vec![put(conversation, &format!("title {conversation}"))];
        writes.extend((0..EACH).map(|turn| {
            Write::AddMessage(said(conversation, conversation * EACH + turn, None, &text(conversation, turn)))
        }));
        store.write(&writes).unwrap();
    }
    store
}

/// A database that was closed well.
fn closed() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    fs::read(database(folder.path())).unwrap()
}

fn folder_with(bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(database(folder.path()), bytes).unwrap();
    folder
}

/// How many messages are there as they were written; where reading meets the damage, the next start mends it.
fn whole_messages(folder: &Path, notices: &mut Vec<Notice>) -> usize {
    for _ in 0..2 {
        let opened = try_open(folder).unwrap();
        notices.extend(opened.notices);
        let mut store = opened.store;
        // What nothing read yet is found by the check of an idle moment.
        match count(&mut store).and_then(|count| SqliteStore::verify(&database(folder)).map(|()| count)) {
            Ok(count) => {
                // It takes new ones, and they are found.
                store.write(&[put(999, "new"), Write::AddMessage(said(999, 999_999, None, "afterwards"))]).unwrap();
                assert_eq!(store.search("afterwards", 9).unwrap().len(), 1);
                return count;
            }
            Err(StoreError::Damaged { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("still damaged after it was salvaged");
}

fn count(store: &mut SqliteStore) -> Result<usize, StoreError> {
    let mut whole = 0;
    for summary in store.list("", 0, 1_000)? {
        for message in store.load(summary.id)?.messages {
            whole += usize::from(message.content.ends_with("message ") && message.content.len() > 190);
        }
    }
    store.search("words", 1_000).map(|_| whole)
}

/// The original, as it was set aside.
fn original(notices: &[Notice]) -> Option<PathBuf> {
    notices.iter().find_map(|notice| match notice {
        Notice::Salvaged { original, .. } => Some(original.clone()),
        _ => None,
    })
}

#[test]
fn row_04_a_flipped_bit_in_the_header_costs_nothing() {
    let sound = closed();
    for at in 0..100 {
        let mut bytes = sound.clone();
        bytes[at] ^= if at % 2 == 0 { 0x01 } else { 0x80 };
        let folder = folder_with(&bytes);
        let mut notices = Vec::new();
        if let Err(StoreError::Newer { .. }) = try_open(folder.path()) {
            assert!((60..64).contains(&at), "byte {at}");
            continue;
        }
        assert_eq!(whole_messages(folder.path(), &mut notices), ALL, "byte {at}, {notices:?}");
        assert_eq!(integrity(folder.path()), "ok", "byte {at}");
    }
}

#[test]
fn row_04_what_is_damaged_is_set_aside_untouched_and_the_rest_is_salvaged() {
    let sound = closed();
    let garbage = |bytes: &mut [u8], seed: usize| {
        let mut dice = Dice(seed as u64);
        for byte in bytes {
            *byte = dice.roll(256) as u8;
        }
    };
    let mut told = 0;
    for page in 0..sound.len() / PAGE {
        for zeroed in [true, false] {
            let mut bytes = sound.clone();
            let place = &mut bytes[page * PAGE..(page + 1) * PAGE];
            if zeroed {
                place.fill(0);
            } else {
                garbage(place, page);
            }
            let folder = folder_with(&bytes);
            let mut notices = Vec::new();
            let saved = whole_messages(folder.path(), &mut notices);
            // A page of messages holds fewer than twenty of them; no other page costs any.
            assert!(saved >= ALL - 20, "page {page}: {saved} of {ALL}, {notices:?}");
            assert_eq!(integrity(folder.path()), "ok", "page {page}");
            if let Some(original) = original(&notices) {
                told += 1;
                assert!(notices.iter().any(|notice| notice.to_string().contains("salvaged")));
                // A page that was met only while running may have had writes beside it.
                assert!(original.exists());
            }
        }
    }
    assert!(told > 20, "{told}");
}

#[test]
fn row_04_the_original_is_byte_for_byte_what_it_was() {
    let mut bytes = closed();
    bytes[..PAGE].fill(0xAA);
    let folder = folder_with(&bytes);
    let opened = try_open(folder.path()).unwrap();
    let original = original(&opened.notices).unwrap();
    assert_eq!(original, folder.path().join(format!("munshi.db.damaged-{NOW_MS}")));
    assert!(fs::read(&original).unwrap() == bytes);
    let Notice::Salvaged { conversations, messages, .. } = &opened.notices[0] else { panic!("{:?}", opened.notices) };
    assert_eq!((*conversations, *messages), (CONVERSATIONS as u64, ALL as u64));
    let said = opened.notices[0].to_string();
    assert!(
        said.contains("munshi.db was damaged") && said.contains("damaged-") && said.contains("24 conversations"),
        "{said}"
    );
    // Nothing else is left lying about, and the next start has nothing to tell.
    drop(opened);
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["instances", "munshi.db", &format!("munshi.db.damaged-{NOW_MS}")]);
    drop(open(folder.path()));
    // Damaged a second time, it gets a name of its own.
    fs::write(database(folder.path()), "no database at all, and longer than a header").unwrap();
    let again = try_open(folder.path()).unwrap();
    assert!(matches!(&again.notices[..], [Notice::Salvaged { conversations: 0, .. }]), "{:?}", again.notices);
    assert!(original.exists());
}

#[test]
fn row_04_a_file_that_was_cut_gives_what_is_left_of_it() {
    let sound = closed();
    for length in
        [1, 15, 99, 100, 4095, 4096, 5000, sound.len() / 3, sound.len() / 2, sound.len() - PAGE, sound.len() - 1]
    {
        let folder = folder_with(&sound[..length]);
        let mut notices = Vec::new();
        let saved = whole_messages(folder.path(), &mut notices);
        assert!(original(&notices).is_some(), "cut to {length}");
        // So many pages are there before the first message is.
        let left = length.saturating_sub(PAGE * 36) * ALL / sound.len() / 2;
        assert!(saved >= left, "cut to {length} of {}: {saved}, at least {left}", sound.len());
        assert_eq!(integrity(folder.path()), "ok", "cut to {length}");
    }
}

#[test]
fn row_04_a_flipped_byte_in_the_log_loses_no_acknowledged_message() {
    let running = tempfile::tempdir().unwrap();
    let store = filled(running.path());
    let left = tempfile::tempdir().unwrap();
    left_by_a_kill(running.path(), left.path());
    drop(store);
    let database_bytes = fs::read(database(left.path())).unwrap();
    let log = fs::read(left.path().join("munshi.db-wal")).unwrap();
    let mut dice = Dice(11);
    // Its header, the headers of its frames, and wherever the dice fall.
    let mut places: Vec<usize> = (0..32).step_by(5).collect();
    places.extend((0..24).step_by(3).map(|at| 32 + (24 + PAGE) * dice.roll(20) as usize + at));
    places.extend((0..24).map(|_| dice.roll(log.len() as u64) as usize));
    for at in places {
        let mut flipped = log.clone();
        flipped[at] ^= 0x04;
        let folder = folder_with(&database_bytes);
        fs::write(folder.path().join("munshi.db-wal"), &flipped).unwrap();
        let mut notices = Vec::new();
        let saved = whole_messages(folder.path(), &mut notices);
        // A flip in a text costs that text; in a page's structure, at most the page.
        assert!(saved >= ALL - 20, "byte {at} of {}: {saved} of {ALL}, {notices:?}", log.len());
        assert_eq!(integrity(folder.path()), "ok", "byte {at}");
        if let Some(original) = original(&notices) {
            let kept =
                fs::read(original.with_file_name(format!("{}-wal", original.file_name().unwrap().to_str().unwrap())));
            assert!(kept.is_ok_and(|kept| kept == flipped), "byte {at}: the log stands beside the original");
        }
    }
}

#[test]
fn row_04_a_salvage_that_was_killed_goes_on() {
    let folder = folder_with(b"damaged beyond anything that could be read, and set aside");
    let whole = tempfile::tempdir().unwrap();
    drop(filled(whole.path()));
    fs::copy(database(whole.path()), folder.path().join("munshi.db.salvaged-77")).unwrap();
    fs::write(folder.path().join("munshi.db.salvage"), "half a copy").unwrap();
    let mut store = open(folder.path());
    assert_eq!(count(&mut store).unwrap(), ALL);
    assert!(folder.path().join("munshi.db.damaged-77").exists());
}

#[test]
fn row_04_nothing_is_moved_while_another_munshi_has_it_open() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let alive = open(folder.path());
    let mut bytes = fs::read(database(folder.path())).unwrap();
    bytes[..100].fill(0);
    fs::write(database(folder.path()), &bytes).unwrap();
    let error = try_open(folder.path()).unwrap_err();
    assert!(error.to_string().contains("Close every other munshi"), "{error}");
    assert!(fs::read(database(folder.path())).unwrap() == bytes);
    drop(alive);
    assert!(matches!(try_open(folder.path()).unwrap().notices[..], [Notice::Salvaged { .. }]));
}
