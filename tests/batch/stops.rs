//! Whoever stops a run: what is on its way arrives, or it ends at once; what is finished is kept, and the rest is asked
//! later.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::kit::{
    HEAD, LABELS, batch, classify, ends, got, journal, label, label_of, lines, number, put, row_of, run, signal,
    sorted, sorted_lines, spawned,
};
use super::support::launch::Home;
use super::support::replies::{closed, delta, role, stream};
use super::support::server::{End, Gate, Reply, Request, Server};

/// The answer once the gate is open.
fn behind(gate: &Gate, request: &Request) -> Reply {
    closed(stream().bytes(role()).gate(gate).bytes(delta(&label(label_of(&row_of(request))))), 5)
}

/// Reads standard error up to a line that says this.
#[track_caller]
fn says(talk: &mut impl std::io::BufRead, text: &str) -> String {
    let mut said = String::new();
    while !said.contains(text) {
        assert_ne!(talk.read_line(&mut said).unwrap(), 0, "it never said {text}: {said}");
    }
    said
}

/// Its exit code, and how long it took from `since`.
fn end(mut child: Child, since: Instant) -> (Option<i32>, Duration) {
    let code = child.wait().unwrap().code();
    (code, since.elapsed())
}

#[test]
fn ctrl_c_lets_arrive_what_is_on_its_way_and_begins_nothing_else() {
    let (home, gate) = (Home::new(), Gate::new());
    let theirs = gate.clone();
    let server = Server::start(move |request| behind(&theirs, request));
    put(&home, "emails.txt", lines(40));
    let mut child = spawned(&classify(&home, &server, &["--concurrency", "4"]), Stdio::null());
    server.wait_for_requests(4);
    signal(&child, Signal::INT);
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    says(&mut talk, "Stopping: 4 rows are on their way; Ctrl+C again stops at once.");
    gate.open();
    let mut rest = String::new();
    talk.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("Run the same command again to go on") && rest.contains("4 of 40 rows answered"), "{rest}");
    assert!(rest.contains("36 not asked"), "{rest}");
    assert_eq!(server.requests().len(), 4);
    assert_eq!(got(&home, "out.csv"), sorted_lines(4), "what is answered can be read");
    assert!(ends(&classify(&home, &server, &[]), 0).contains("Resuming at row 5 of 40; 4 are done."));
    assert_eq!((server.requests().len(), got(&home, "out.csv")), (40, sorted_lines(40)));
}

#[test]
fn ctrl_c_twice_stops_at_once_and_keeps_what_was_answered() {
    let home = Home::new();
    let mut count = 0;
    let server = Server::start(move |request| {
        count += 1;
        if count <= 6 { sorted(request) } else { stream().bytes(role()).ends(End::Silence) }
    });
    put(&home, "emails.txt", lines(40));
    let mut child = spawned(&classify(&home, &server, &["--concurrency", "2"]), Stdio::null());
    server.wait_for_requests(8);
    signal(&child, Signal::INT);
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    says(&mut talk, "Stopping: 2 rows are on their way");
    let since = Instant::now();
    signal(&child, Signal::INT);
    let (code, took) = end(child, since);
    assert_eq!(code, Some(130));
    assert!(took < Duration::from_secs(2), "{took:?}");
    server.wait_for_leavers(2);
    assert_eq!(journal(&home, "out.csv.journal").len(), 6);
    assert_eq!(number(&home, "SELECT count(*) FROM requests WHERE outcome IS NULL"), 0, "the ledger is closed");
    let well = super::kit::sorter();
    ends(&classify(&home, &well, &[]), 0);
    assert_eq!((well.requests().len(), got(&home, "out.csv")), (34, sorted_lines(40)));
}

#[test]
fn a_system_that_shuts_down_waits_for_no_answer() {
    for (sent, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = Home::new();
        let mut count = 0;
        let server = Server::start(move |request| {
            count += 1;
            if count <= 3 { sorted(request) } else { stream().head_waits(&Gate::new()) }
        });
        put(&home, "emails.txt", lines(40));
        let child = spawned(&classify(&home, &server, &["--concurrency", "4"]), Stdio::null());
        server.wait_for_requests(7);
        let since = Instant::now();
        signal(&child, sent);
        let (ended, took) = end(child, since);
        assert_eq!(ended, Some(code));
        assert!(took < Duration::from_secs(2), "{took:?}");
        let well = super::kit::sorter();
        ends(&classify(&home, &well, &[]), 0);
        assert_eq!((well.requests().len(), got(&home, "out.csv")), (37, sorted_lines(40)));
    }
}

#[test]
fn a_wait_that_the_server_asked_for_can_be_stopped() {
    let home = Home::new();
    let server =
        Server::replies([super::support::replies::error(429, "rate_limit_exceeded", "no").header("retry-after", "90")]);
    put(&home, "emails.txt", lines(8));
    let child = spawned(&classify(&home, &server, &["--concurrency", "1"]), Stdio::null());
    server.wait_for_requests(1);
    // The refusal is booked once it was read.
    super::kit::until(|| {
        home.data_dir().join("munshi.db").exists()
            && number(&home, "SELECT count(*) FROM requests WHERE status = 429") == 1
    });
    let since = Instant::now();
    signal(&child, Signal::INT);
    let (code, took) = end(child, since);
    assert_eq!((code, server.requests().len()), (Some(130), 1));
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_run_without_an_error() {
    let (home, gate) = (Home::new(), Gate::new());
    let theirs = gate.clone();
    let mut count = 0;
    let server = Server::start(move |request| {
        count += 1;
        if count <= 4 { sorted(request) } else { behind(&theirs, request) }
    });
    put(&home, "emails.txt", lines(2_000));
    for output in [&[][..], &["-o", "-"]] {
        let args = ["emails.txt", "--labels", LABELS, "--concurrency", "4"];
        let mut child = spawned(&batch(&home, &server, &args).args(output), Stdio::null());
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut head = String::new();
        out.read_line(&mut head).unwrap();
        assert_eq!(head, HEAD);
        drop(out);
        gate.open();
        let said = child.wait_with_output().unwrap();
        super::kit::ended(&said, 0);
        assert!(!super::kit::talk(&said).contains("cannot be written"), "{}", super::kit::talk(&said));
    }
    let asked = server.requests().len();
    assert!(asked < 400, "{asked} requests for a reader of one line");
}

#[test]
fn head_in_a_pipe_is_such_a_reader() {
    let (home, server) = (Home::new(), super::kit::sorter());
    put(&home, "emails.txt", lines(3_000));
    let script = format!("{{ \"$MUNSHI\" batch run emails.txt --labels {LABELS}; echo $? >code; }} | head -1");
    let binary = super::support::launch::munshi_binary();
    let output = run(&home.shell(&script).against(&server.base_url()).env("MUNSHI", binary));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), HEAD);
    assert_eq!(got(&home, "code"), "0\n");
    assert!(server.requests().len() < 1_500, "{}", server.requests().len());
}

#[test]
fn a_run_that_was_suspended_goes_on_and_asks_nothing_twice() {
    let (home, gate) = (Home::new(), Gate::new());
    let theirs = gate.clone();
    let mut count = 0;
    let server = Server::start(move |request| {
        count += 1;
        if count == 5 { behind(&theirs, request) } else { sorted(request) }
    });
    put(&home, "emails.txt", lines(30));
    let child = spawned(&classify(&home, &server, &["--concurrency", "1"]), Stdio::null());
    server.wait_for_requests(5);
    signal(&child, Signal::STOP);
    gate.open();
    signal(&child, Signal::CONT);
    super::kit::ended(&child.wait_with_output().unwrap(), 0);
    assert_eq!((server.requests().len(), got(&home, "out.csv")), (30, sorted_lines(30)));
}
