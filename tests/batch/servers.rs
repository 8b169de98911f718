//! Servers that are busy, slow, broken or out of order: every row has its answer all the same, at its place.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::kit::{classify, column, ends, got, label, label_of, lines, put, row_of, sorted, sorted_lines, spawned};
use super::support::launch::Home;
use super::support::replies::{closed, delta, error, role, stream};
use super::support::server::{End, Gate, Reply, Server};

/// Gives each row's first request what `fault` says, and all others the right answer.
fn once(fault: Reply, is_hit: impl Fn(&str) -> bool + Send + 'static) -> Server {
    let mut hit = std::collections::HashSet::new();
    Server::start(move |request| {
        let row = row_of(request);
        if is_hit(&row) && hit.insert(row) { fault.clone() } else { sorted(request) }
    })
}

#[test]
fn a_server_that_asks_to_wait_gets_no_request_of_any_row_before_the_time_has_passed() {
    let refused: Arc<Mutex<Option<Instant>>> = Arc::default();
    let theirs = Arc::clone(&refused);
    let mut count = 0;
    let server = Server::start(move |request| {
        count += 1;
        if count == 6 {
            *theirs.lock().unwrap() = Some(Instant::now());
            return error(429, "rate_limit_exceeded", "slow down").header("retry-after", "1");
        }
        sorted(request)
    });
    let home = Home::new();
    put(&home, "emails.txt", lines(30));
    // One at a time, so that none is on its way when the refusal comes.
    ends(&classify(&home, &server, &["--concurrency", "1"]), 0);
    let refused = refused.lock().unwrap().unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 31);
    assert!(requests[5].at <= refused);
    for request in &requests[6..] {
        let after = request.at.saturating_duration_since(refused);
        assert!(after >= Duration::from_millis(995), "{} came {after:?} after the refusal", row_of(request));
    }
    assert_eq!(got(&home, "out.csv"), sorted_lines(30));
}

#[test]
fn many_at_once_are_all_held_back_by_one_refusal() {
    let refused: Arc<Mutex<Option<Instant>>> = Arc::default();
    let theirs = Arc::clone(&refused);
    let mut count = 0;
    let server = Server::start(move |request| {
        count += 1;
        if count == 12 {
            *theirs.lock().unwrap() = Some(Instant::now());
            return error(429, "rate_limit_exceeded", "slow down").header("retry-after-ms", "700");
        }
        sorted(request)
    });
    let home = Home::new();
    put(&home, "emails.txt", lines(40));
    ends(&classify(&home, &server, &["--concurrency", "8"]), 0);
    let refused = refused.lock().unwrap().unwrap();
    let too_soon = server.requests().into_iter().filter(|request| {
        let after = request.at.saturating_duration_since(refused);
        !after.is_zero() && after < Duration::from_millis(690)
    });
    // Those that were on their way already.
    let count = too_soon.count();
    assert!(count < 8, "{count} requests came before the server wanted any");
    assert_eq!(got(&home, "out.csv"), sorted_lines(40));
}

#[test]
fn a_server_that_refuses_without_a_time_is_asked_again_until_it_takes_it() {
    let home = Home::new();
    home.write_config("[retry]\nlongest_backoff = \"50ms\"\n");
    let server = once(error(429, "rate_limit_exceeded", "slow down"), |row| row.ends_with('3'));
    put(&home, "emails.txt", lines(24));
    ends(&classify(&home, &server, &[]), 0);
    assert_eq!(got(&home, "out.csv"), sorted_lines(24));
    assert_eq!(server.requests().len(), 27);
}

#[test]
fn faults_of_the_servers_own_cuts_and_resets_are_asked_again() {
    let half = stream().bytes(role()).bytes(delta("{\"lab"));
    let cases = [
        ("500", error(500, "oops", "broken")),
        ("503", error(503, "overloaded", "busy")),
        ("reset before a byte", stream().ends(End::Reset)),
        ("cut in the middle", half.clone().ends(End::Cut)),
        ("reset in the middle", half.ends(End::Reset)),
    ];
    for (what, fault) in cases {
        let home = Home::new();
        home.write_config("[retry]\nlongest_backoff = \"20ms\"\n");
        let server = once(fault, |row| row.ends_with('4'));
        put(&home, "emails.txt", lines(24));
        let launch = classify(&home, &server, &[]);
        let output = super::kit::run(&launch);
        let csv = got(&home, "out.csv");
        let wrong = column(&csv, "error").into_iter().filter(|error| !error.is_empty()).count();
        let labels = column(&csv, "label");
        for (at, label) in labels.iter().enumerate().filter(|(_, label)| !label.is_empty()) {
            assert_eq!(label, label_of(&format!("mail {}", at + 1)), "{what}");
        }
        assert_eq!((labels.len(), wrong), (24, 0), "{what}: {csv}{}", super::kit::talk(&output));
        assert_eq!(output.status.code(), Some(0), "{what}");
    }
}

#[test]
fn a_server_that_falls_silent_is_left_and_asked_again() {
    let home = Home::new();
    home.write_config("[models.\"gpt-4o-mini\"]\nfirst_token = \"1s\"\n[retry]\nlongest_backoff = \"20ms\"\n");
    let never = Gate::new();
    let server = once(stream().head_waits(&never), |row| row == "mail 2" || row == "mail 7");
    put(&home, "emails.txt", lines(9));
    ends(&classify(&home, &server, &[]), 0);
    assert_eq!(got(&home, "out.csv").lines().count(), 10);
    let csv = got(&home, "out.csv");
    assert_eq!(column(&csv, "label"), (1..=9).map(|n| label_of(&format!("mail {n}"))).collect::<Vec<_>>());
    assert_eq!(server.requests().len(), 11);
}

#[test]
fn answers_that_come_out_of_order_are_written_in_order() {
    let home = Home::new();
    // Each answer waits until the one behind it was given: the last of each four comes first.
    let gates: Vec<Gate> = (0..=4).map(|_| Gate::new()).collect();
    let theirs = gates.clone();
    let server = Server::start(move |request| {
        let text = label(label_of(&row_of(request)));
        let n: usize = row_of(request).trim_start_matches("mail ").parse().unwrap();
        closed(stream().bytes(role()).gate(&theirs[n]).bytes(delta(&text)), 5)
    });
    put(&home, "emails.txt", lines(4));
    let child = spawned(&classify(&home, &server, &[]), std::process::Stdio::null());
    server.wait_for_requests(4);
    let journal = home.home_dir().join("out.csv.journal");
    for n in (1..=4).rev() {
        gates[n].open();
        // It is kept before the next is answered.
        let kept = format!("\"n\":{n},");
        super::kit::until(|| std::fs::read_to_string(&journal).is_ok_and(|text| text.contains(&kept)));
    }
    super::kit::ended(&child.wait_with_output().unwrap(), 0);
    let order: Vec<u64> =
        super::kit::journal(&home, "out.csv.journal").iter().map(|row| row["n"].as_u64().unwrap()).collect();
    assert_eq!(order, [4, 3, 2, 1], "as they came");
    assert_eq!(got(&home, "out.csv"), sorted_lines(4));
}

#[test]
fn a_row_that_is_cut_again_and_again_is_an_error_after_three_times_and_all_of_them_are_counted() {
    let home = Home::new();
    let cut = || stream().bytes(role()).bytes(delta("{\"lab")).ends(End::Cut);
    let server = Server::start(move |request| if row_of(request) == "mail 2" { cut() } else { sorted(request) });
    put(&home, "emails.txt", lines(5));
    let said = ends(&classify(&home, &server, &[]), 5);
    assert_eq!(server.requests().iter().filter(|request| row_of(request) == "mail 2").count(), 3);
    let csv = got(&home, "out.csv");
    let error = &column(&csv, "error")[1];
    assert!(error.starts_with("Incomplete: the connection ended") && !error.contains("continue"), "{error}");
    let ledger = super::kit::number(&home, "SELECT sum(input + output) FROM requests");
    let told: i64 = column(&csv, "tokens").iter().map(|tokens| tokens.parse::<i64>().unwrap()).sum();
    assert_eq!(told, ledger, "the column has what the ledger has: {csv}");
    assert!(said.contains("4 of 5 rows answered · 1 with an error"), "{said}");
}
