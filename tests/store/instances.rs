//! Several instances on one database.

use std::collections::BTreeSet;
use std::thread;

use munshi::chat::ledger::LedgerOpening;
use munshi::chat::{Conversation, Local, PicoUsd, Rate, Spend, Status};
use munshi::store::{Cap, Reservation, Scope, Store, Write};

use crate::child;
use crate::support::*;

const WRITERS: u64 = 8;
const EACH: u64 = 25;

/// What one of the writers does: messages into the chat that all share and into one of its own, a reply
/// that streams, and a ledger row, each as a transaction.
fn write_as(store: &mut dyn Store, writer: u64) {
    let own = 1_000 + u128::from(writer);
    store.write(&[put(1, "shared"), put(own, &format!("own {writer}"))]).unwrap();
    for turn in 0..EACH {
        let id = u128::from(writer * 1_000 + turn + 1) << 16;
        store.write(&[Write::AddMessage(said(1, id, None, &format!("{writer}/{turn}")))]).unwrap();
        let reserved = store.reserve(
            &opening(own, id, Some(1)),
            &[Cap { scope: Scope::Everything, most: Local::of(PicoUsd(1 << 40), Rate::default()) }],
        );
        assert_eq!(reserved.unwrap(), Reservation::Granted);
        let streaming = reply(own, id + 1, id);
        store.write(&[Write::AddMessage(streaming.clone())]).unwrap();
        store.write(&[chunk(id + 1, "streamed")]).unwrap();
        store
            .write(&[finished(&streaming, &format!("{writer}/{turn}")), Write::CloseAttempt(closing(id, Some(1)))])
            .unwrap();
        assert_eq!(store.list("shared", 0, 1).unwrap().len(), 1);
    }
}

fn assert_the_union_of_all(store: &mut dyn Store) {
    let said: BTreeSet<String> = texts(store, 1).into_iter().collect();
    let expected: BTreeSet<String> =
        (0..WRITERS).flat_map(|writer| (0..EACH).map(move |turn| format!("{writer}/{turn}"))).collect();
    assert_eq!(said, expected);
    for writer in 0..WRITERS {
        let own = store.load(conversation_id(1_000 + u128::from(writer))).unwrap().messages;
        assert!(own.iter().all(|message| message.status == Status::Complete));
        let texts: Vec<String> = own.into_iter().map(|message| message.content).collect();
        assert_eq!(texts, (0..EACH).map(|turn| format!("{writer}/{turn}")).collect::<Vec<_>>());
    }
    assert_eq!(store.spend(Scope::Everything).unwrap().pico_usd, i128::from(WRITERS * EACH));
}

#[test]
fn row_05_eight_threads_with_a_connection_each_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let folder = folder.path();
            scope.spawn(move || write_as(&mut open(folder), writer));
        }
    });
    assert_the_union_of_all(&mut open(folder.path()));
    assert_eq!(integrity(folder.path()), "ok");
}

#[test]
fn row_05_eight_processes_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..WRITERS)
        .map(|writer| child::command("instances::one_of_the_processes", folder.path(), writer).spawn().unwrap())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    assert_the_union_of_all(&mut open(folder.path()));
    assert_eq!(integrity(folder.path()), "ok");
}

#[test]
fn one_of_the_processes() {
    if let Some((folder, writer)) = child::told() {
        write_as(&mut open(&folder), writer);
    }
}

#[test]
fn two_windows_on_one_chat_write_siblings_and_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (open(folder.path()), open(folder.path()));
    one.write(&[put(1, "shared"), Write::AddMessage(said(1, 1, None, "question"))]).unwrap();
    let (from_one, from_other) = (reply(1, 2, 1), reply(1, 3, 1));
    one.write(&[Write::AddMessage(from_one.clone())]).unwrap();
    other.write(&[Write::AddMessage(from_other.clone()), chunk(3, "the other's")]).unwrap();
    one.write(&[chunk(2, "so "), chunk(2, "far")]).unwrap();
    for store in [&mut one, &mut other] {
        let saved = store.load(conversation_id(1)).unwrap();
        let states: Vec<_> = saved.messages.iter().map(|message| (message.content.as_str(), message.status)).collect();
        let expected =
            [("question", Status::Complete), ("so far", Status::Streaming), ("the other's", Status::Streaming)];
        assert_eq!(states, expected);
    }
    one.write(&[finished(&from_one, "so far, so good")]).unwrap();
    other.write(&[finished(&from_other, "the other's end")]).unwrap();
    let saved = one.load(conversation_id(1)).unwrap();
    let tree = Conversation::restore(saved.meta, saved.messages);
    assert_eq!(tree.siblings(message_id(2)), [message_id(2), message_id(3)]);
    assert_eq!(other.search("good", 9).unwrap().len(), 1);
}

#[test]
fn what_a_dead_instance_left_is_settled_and_what_the_living_do_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (mut dead, mut alive) = (open(folder.path()), open(folder.path()));
    dead.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "question"))]).unwrap();
    dead.write(&[Write::AddMessage(reply(1, 2, 1)), Write::AddMessage(reply(1, 3, 1))]).unwrap();
    dead.write(&[chunk(2, "half a "), chunk(2, "reply"), Write::OpenAttempt(opening(1, 2, Some(70)))]).unwrap();
    alive.write(&[Write::AddMessage(reply(1, 4, 1)), chunk(4, "still coming")]).unwrap();
    let before: Vec<_> = alive.load(conversation_id(1)).unwrap().messages;
    assert!(before[1..].iter().all(|message| message.status == Status::Streaming));

    drop(dead);
    let mut next = open(folder.path());
    let after = next.load(conversation_id(1)).unwrap().messages;
    let states: Vec<_> = after.iter().map(|message| (message.content.as_str(), message.status)).collect();
    let expected = [
        ("question", Status::Complete),
        ("half a reply", Status::Interrupted),
        ("", Status::Failed),
        ("still coming", Status::Streaming),
    ];
    assert_eq!(states, expected);
    assert!(after[1].note.as_ref().is_some_and(|note| note.contains("closed before")));
    assert_eq!(next.search("half", 9).unwrap().len(), 1);
    // Its cost is not known, so that its reservation counts as the worst that it may have been.
    let cap = Cap { scope: Scope::Everything, most: Local::of(PicoUsd(79), Rate::default()) };
    let refused = Reservation::Refused { cap, used: Local::of(PicoUsd(70), Rate::default()) };
    assert_eq!(next.reserve(&opening(1, 9, Some(10)), &[cap]).unwrap(), refused);
    assert_eq!(next.reserve(&opening(1, 9, Some(9)), &[cap]).unwrap(), Reservation::Granted);
    assert_eq!(next.spend(Scope::Everything).unwrap().unknown, 1);
    // The living one goes on as if nothing had been.
    alive.write(&[chunk(4, "!"), finished(&reply(1, 4, 1), "still coming!")]).unwrap();
    assert_eq!(texts(&mut next, 1)[3], "still coming!");
}

#[test]
fn a_row_that_outlives_its_process_is_settled_by_whoever_fetches_what_became_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = open(folder.path());
    let row = LedgerOpening { outlives: true, ..opening(1, 2, Some(70)) };
    first.write(&[Write::OpenAttempt(row)]).unwrap();
    drop(first);
    let mut later = open(folder.path());
    let cap = Cap { scope: Scope::Everything, most: Local::of(PicoUsd(79), Rate::default()) };
    let used = Local::of(PicoUsd(70), Rate::default());
    let refused = Reservation::Refused { cap, used };
    assert_eq!(later.reserve(&opening(1, 9, Some(10)), &[cap]).unwrap(), refused, "it is still reserved");
    assert_eq!(later.spend(Scope::Everything).unwrap(), Spend::default(), "and not over");
    later.write(&[Write::CloseAttempt(closing(2, Some(40)))]).unwrap();
    assert_eq!(later.spend(Scope::Everything).unwrap(), Spend::of(PicoUsd(40), Rate::default()));
    assert_eq!(later.reserve(&opening(1, 9, Some(39)), &[cap]).unwrap(), Reservation::Granted);
}

#[test]
fn a_death_is_noticed_while_another_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let (mut dead, mut alive) = (open(folder.path()), open(folder.path()));
    dead.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "q")), Write::AddMessage(reply(1, 2, 1))]).unwrap();
    dead.write(&[chunk(2, "half"), Write::OpenAttempt(opening(1, 2, Some(100)))]).unwrap();
    assert_eq!(alive.spend(Scope::Everything).unwrap().unknown, 0, "it is still open");
    drop(dead);
    let reply = alive.load(conversation_id(1)).unwrap().messages.pop().unwrap();
    assert_eq!((reply.content.as_str(), reply.status), ("half", Status::Interrupted));
    assert_eq!(alive.spend(Scope::Everything).unwrap().unknown, 1, "it is closed, and its cost is not known");
}
