//! Row 1 at the store: a process that writes is killed at a moment nobody chose, again and again.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;

use munshi::chat::Status;
use munshi::store::{Store, Write};

use crate::support::*;
use crate::{child, sums};

/// Chunks of each reply.
const CHUNKS: u128 = 4;

fn conversation_of(round: u64) -> u128 {
    1 + u128::from(round)
}

/// The numbers of a question and of its reply.
fn question(round: u64, turn: u128) -> u128 {
    (u128::from(round) << 24 | turn) << 8
}

#[test]
fn the_process_that_is_killed() {
    let Some((folder, round)) = child::told() else { return };
    let mut store = open(&folder);
    let acknowledged = |store: &mut dyn Store, writes: &[Write], what: &str| {
        store.write(writes).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nack {what}").unwrap();
        out.flush().unwrap();
    };
    let conversation = conversation_of(round);
    acknowledged(&mut store, &[put(conversation, "killed")], "0 begun");
    for turn in 0..100_000 {
        let id = question(round, turn);
        acknowledged(
            &mut store,
            &[Write::AddMessage(said(conversation, id, None, &format!("question {turn}")))],
            &format!("{turn} asked"),
        );
        let streaming = reply(conversation, id + 1, id);
        acknowledged(
            &mut store,
            &[Write::AddMessage(streaming.clone()), Write::OpenAttempt(opening(conversation, id, Some(5)))],
            &format!("{turn} replying"),
        );
        for number in 0..CHUNKS {
            acknowledged(&mut store, &[chunk(id + 1, &format!("chunk {number}. "))], &format!("{turn} {number}"));
        }
        let text = (0..CHUNKS).fold(String::new(), |text, number| text + &format!("chunk {number}. "));
        acknowledged(
            &mut store,
            &[finished(&streaming, &text), Write::CloseAttempt(closing(id, Some(1)))],
            &format!("{turn} finished"),
        );
    }
}

/// Runs a child until so many writes were acknowledged, kills it, and returns all acknowledgements.
fn kill_after(folder: &Path, round: u64, count: u64) -> Vec<String> {
    let mut child = child::command("kill::the_process_that_is_killed", folder, round).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut take = |line: String| {
        if let Some(what) = line.strip_prefix("ack ") {
            acknowledged.push(what.to_owned());
        }
        acknowledged.len() as u64
    };
    while let Some(Ok(line)) = lines.next() {
        if take(line) >= count {
            break;
        }
    }
    child.kill().unwrap();
    // What it had said before it died was acknowledged, too. A last line without its end was not.
    for line in lines.map_while(Result::ok) {
        take(line);
    }
    child.wait().unwrap();
    acknowledged
}

/// Every acknowledged write is there, and nothing is left streaming.
fn check(store: &mut dyn Store, round: u64, acknowledged: &[String]) {
    let saved = store.load(conversation_id(conversation_of(round))).unwrap();
    assert!(saved.messages.iter().all(|message| message.status != Status::Streaming), "round {round}");
    let by_id: BTreeMap<_, _> = saved.messages.iter().map(|message| (message.id, message)).collect();
    for what in acknowledged {
        let (turn, what) = what.split_once(' ').unwrap();
        let id = question(round, turn.parse().unwrap());
        match what {
            "begun" => {}
            "asked" => assert_eq!(by_id[&message_id(id)].content, format!("question {turn}")),
            "replying" => assert!(by_id.contains_key(&message_id(id + 1))),
            "finished" => assert_eq!(by_id[&message_id(id + 1)].status, Status::Complete),
            number => {
                let reply = by_id[&message_id(id + 1)];
                assert!(reply.content.contains(&format!("chunk {number}. ")), "round {round}, turn {turn}: {reply:?}");
            }
        }
    }
}

#[test]
fn row_01_no_acknowledged_write_is_lost_to_a_kill() {
    let rounds = std::env::var("MUNSHI_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40);
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(7);
    let mut seen = Vec::new();
    for round in 0..rounds {
        let acknowledged = kill_after(folder.path(), round, 1 + dice.roll(40));
        assert!(!acknowledged.is_empty(), "round {round}");
        seen.push(acknowledged);
        let mut store = open(folder.path());
        check(&mut store, round, &seen[seen.len() - 1]);
        // Every other time the next one finds the log as the kill left it.
        if round % 2 == 0 {
            drop(store);
        } else {
            std::mem::forget(store);
        }
    }
    let mut store = open(folder.path());
    for (round, acknowledged) in seen.iter().enumerate() {
        check(&mut store, round as u64, acknowledged);
    }
    drop(store);
    assert_eq!(integrity(folder.path()), "ok");
    sums::check(folder.path());
    println!("{rounds} kills, {} acknowledged writes, none lost", seen.iter().map(Vec::len).sum::<usize>());
}
