//! How long until there is something to see, and until what is typed is taken.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use munshi::store::sqlite::{OpenOptions, SqliteStore};

use super::figure::{Asked, Figure, Samples, munshi};
use super::fill::fill;
use super::keys::MARK;
use super::support::launch::Home;
use super::support::pty::DEADLINE;
use super::support::replies::sse_reply;
use super::support::server::Server;

/// Starts that are measured, after one that warms the caches.
const STARTS: usize = 20;

/// The full store, and the messages of each of its conversations.
const CONVERSATIONS: u64 = 10_000;
const MESSAGES_EACH: u64 = 20;

pub fn empty() -> Vec<Figure> {
    measure("empty store", &Home::new(), Asked::Told)
}

pub fn full() -> Vec<Figure> {
    let home = Home::new();
    let path = home.data_dir().join("munshi.db");
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let options = OpenOptions { now_ms: i64::try_from(now_ms).unwrap(), ..OpenOptions::default() };
    let mut opened = SqliteStore::open(&path, options).expect("a store can be made");
    fill(&mut opened.store, CONVERSATIONS, MESSAGES_EACH).expect("a store can be filled");
    drop(opened);
    measure("200,000 messages", &home, Asked::Under(20.0))
}

fn measure(store: &str, home: &Home, accepted: Asked) -> Vec<Figure> {
    let server = Server::replies([sse_reply(&["hello"])]);
    let (mut frames, mut echoes) = (Vec::new(), Vec::new());
    for n in 0..=STARTS {
        let session = munshi(home, &server.base_url()).start();
        let begun = session.started();
        // Typed before the program can have asked for it; the terminal's own echo of it stays on the main screen.
        session.type_text(MARK);
        let frame = session.wait_within(DEADLINE, |screen| screen.alternate && !screen.trim().is_empty());
        let until_frame = begun.elapsed();
        frame.expect("a first frame");
        session.wait_for(|screen| screen.alternate && screen.contains(MARK));
        let until_echo = begun.elapsed();
        if n > 0 {
            frames.push(until_frame);
            echoes.push(until_echo);
        }
        // Leaves as a user does, so that the next start finds nothing to repair and no draft.
        session.send(b"\x15");
        session.wait_until_gone(MARK);
        session.send(b"\x04");
        if session.wait_within(Duration::from_secs(5), |screen| screen.ended).is_err() && session.exit().is_none() {
            session.kill9();
        }
    }
    let (frames, echoes) = (Samples::new(&frames), Samples::new(&echoes));
    vec![
        Figure::new(&format!("first frame, {store}"), frames.median(), "ms", Asked::Under(10.0)).note(frames.spread()),
        Figure::new(&format!("input accepted, {store}"), echoes.median(), "ms", accepted).note(echoes.spread()),
    ]
}
