//! `kill -9` at random moments, again and again. What a server saw was on disk before; what was on disk stays.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use munshi::store::sqlite::{OpenOptions, SqliteStore};

use super::support::launch::{Home, Launch};
use super::support::pty::{DEADLINE, Session, Signal};
use super::support::replies::{delta, rate, role, stream};
use super::support::server::{End, Request, Server};
use super::world::{
    Chance, KEY, assert_no_secret, assert_sound, database, leave, ledger, messages, munshi, replies, start,
    wait_for_rows,
};

/// So many rounds on one database, before a fresh one.
const ROUNDS_A_HOME: usize = 20;

/// Words of each reply.
const WORDS: usize = 120;

fn words() -> Vec<String> {
    (0..WORDS).map(|n| format!("w{n:03} ")).chain(["THE-END".to_owned()]).collect()
}

/// One lane's rounds: its own chance, homes and server.
struct Lane {
    chance: Chance,
    server: Server,
    home: Home,
    /// Requests that the server saw before this home.
    seen_before: usize,
}

impl Lane {
    fn new(seed: u64) -> Self {
        Self {
            chance: Chance(seed),
            server: Server::start(|_| rate(&words(), 300.0)),
            home: Home::new(),
            seen_before: 0,
        }
    }

    fn run(&mut self, rounds: usize) {
        for round in 0..rounds {
            if round > 0 && round % ROUNDS_A_HOME == 0 {
                self.resume_by_hand();
                self.home = Home::new();
                self.seen_before = self.server.requests().len();
            }
            let moment = self.round(round);
            self.check(&format!("seed {}, round {round}, killed {moment}", self.chance.0));
        }
        self.resume_by_hand();
    }

    fn launch(&mut self) -> Launch {
        let launch = munshi(&self.home, &self.server).size(100, 24);
        if self.chance.below(2) == 0 { launch.arg("-c") } else { launch }
    }

    /// Starts, perhaps asks once or twice, and kills at some moment.
    fn round(&mut self, round: usize) -> String {
        let session = self.launch().start();
        let kind = self.chance.below(8);
        if kind == 0 {
            // While it opens: the first time that is the migration.
            let bytes = self.chance.below(2_500);
            wait_for_bytes(&session, bytes, "Write a message");
            session.kill9();
            return format!("{bytes} bytes into the start");
        }
        session.wait_for_text("F1 help");
        let before = self.server.requests().len();
        session.send_line(&format!("ask{round}."));
        if kind == 1 {
            session.kill9();
            return "right after Enter".to_owned();
        }
        let moment = self.wait_for_a_moment(&session, kind, before);
        session.kill9();
        moment
    }

    fn wait_for_a_moment(&mut self, session: &Session, kind: usize, before: usize) -> String {
        let over = |screen: &str| screen.contains("THE-END");
        match kind {
            2 => {
                self.server.wait_for_requests(before + 1);
                "when the request came".to_owned()
            }
            3 => {
                let bytes = session.bytes_written() + self.chance.below(6_000);
                wait_for_bytes(session, bytes, "THE-END");
                format!("at {bytes} bytes")
            }
            4 | 5 => {
                let word = format!("w{:03}", self.chance.below(WORDS));
                let _ = session.wait_within(DEADLINE, |screen| screen.contains(&word) || over(screen));
                format!("at {word}")
            }
            6 => {
                session.wait_for(|screen| over(screen));
                "at the end of the reply".to_owned()
            }
            _ => {
                self.server.wait_for_requests(before + 1);
                session.send_line("second.");
                self.server.wait_for_requests(before + 2);
                "when the queued request came".to_owned()
            }
        }
    }

    /// Opens it again as the next start would, and looks.
    fn check(&self, when: &str) {
        let path = database(&self.home);
        let opened = SqliteStore::open(&path, OpenOptions { now_ms: 1_800_000_000_000, ..OpenOptions::default() });
        let opened = opened.unwrap_or_else(|error| panic!("{when}: {error}"));
        assert!(opened.notices.is_empty(), "{when}: {:?}", opened.notices);
        drop(opened);
        assert_sound(&path);
        let kept = messages(&self.home);
        let questions: HashSet<&str> =
            kept.iter().filter(|one| one.role == "user").map(|one| one.content.as_str()).collect();
        let seen = &self.server.requests()[self.seen_before..];
        for asked in seen.iter().filter_map(last_question) {
            assert!(questions.contains(asked.as_str()), "{when}: {asked:?} was sent and is lost");
        }
        let whole = words().concat();
        for reply in kept.iter().filter(|one| one.role == "assistant") {
            assert!(whole.starts_with(&reply.content), "{when}: no beginning of what was sent: {:?}", reply.content);
            assert_ne!(reply.status, "streaming", "{when}");
            assert!(reply.status != "complete" || reply.content == whole, "{when}: {reply:?}");
        }
        let ledger = ledger(&self.home);
        assert!(ledger.iter().all(|row| row.closed && row.outcome.is_some()), "{when}: {ledger:#?}");
        let count = kept.iter().filter(|one| one.role == "assistant").count();
        assert!(
            (seen.len()..=count).contains(&ledger.len()),
            "{when}: {} requests, {} rows, {count} replies",
            seen.len(),
            ledger.len()
        );
    }

    /// After all of it the program itself goes on with the conversation.
    fn resume_by_hand(&self) {
        let session = munshi(&self.home, &self.server).arg("-c").start();
        session.wait_for_text("F1 help");
        session.signal(Signal::TERM);
        assert!(session.wait_exit().success(), "{}", &*session.screen());
        assert_no_secret(&self.home, KEY);
    }
}

/// Waits until so many bytes are on the terminal, or `text` is.
fn wait_for_bytes(session: &Session, bytes: usize, text: &str) {
    let deadline = Instant::now() + DEADLINE;
    while session.bytes_written() < bytes && !session.screen().contains(text) {
        assert!(Instant::now() < deadline, "{}", &*session.screen());
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The newest question in a request.
fn last_question(request: &Request) -> Option<String> {
    request.messages().pop().map(|(_, text)| text)
}

#[test]
fn row_01_two_hundred_kills_at_random_moments_lose_nothing_that_was_acknowledged() {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let rounds: usize = number("MUNSHI_KILL_ROUNDS", 200);
    let seed: u64 = std::env::var("MUNSHI_KILL_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    std::thread::scope(|scope| {
        for lane in 0..2 {
            scope.spawn(move || Lane::new(seed * 1_000 + lane).run(rounds.div_ceil(2)));
        }
    });
}

#[test]
fn row_01_what_is_on_the_screen_comes_to_the_disk_while_the_reply_goes_on_and_is_marked_after_a_kill() {
    let home = Home::new();
    let server = Server::replies([stream().bytes(role()).bytes(delta("half of a story")).ends(End::Silence)]);
    let session = start(munshi(&home, &server));
    session.send_line("a story?");
    session.wait_for_text("half of a story");
    // Nothing ends, and nobody asks for it to be saved.
    let kept = wait_for_rows(&home, "the text", |kept| kept.iter().any(|one| one.content == "half of a story"));
    assert_eq!(kept[1].status, "streaming");
    session.kill9();
    let again = start(munshi(&home, &server).arg("-c"));
    let screen = again.wait_for_text("half of a story");
    assert!(screen.contains("a story?") && screen.contains("incomplete"), "{}", &*screen);
    assert_eq!(replies(&home)[0].status, "interrupted");
    leave(&again, &home);
    let row = &ledger(&home)[0];
    assert_eq!((row.closed, row.outcome.as_deref()), (true, Some("interrupted")));
}
