//! What whoever watches sees: a bar at a terminal, plain lines in a pipe, a summary at the end.

use std::process::Stdio;

use super::kit::{
    LABELS, answer, batch, classify, ended, label, label_of, lines, put, row_of, run, sorter, spawned, talk,
};
use super::support::launch::Home;
use super::support::pty::Screen;
use super::support::replies::{closed, delta, role, stream};
use super::support::server::{Gate, Server};

/// A server that answers the first three rows, and the others once the gate is open.
fn three_then(gate: &Gate) -> Server {
    let theirs = gate.clone();
    Server::start(move |request| {
        let (row, text) = (row_of(request), label(label_of(&row_of(request))));
        let is_first = ["mail 1", "mail 2", "mail 3"].contains(&row.as_str());
        let begun = stream().bytes(role());
        closed(if is_first { begun } else { begun.gate(&theirs) }.bytes(delta(&text)), 5)
    })
}

#[test]
fn in_pipes_there_are_lines_of_plain_text_and_the_answers_alone_on_standard_output() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(12));
    let output = run(&batch(&home, &server, &["emails.txt", "--labels", LABELS]));
    let said = ended(&output, 0);
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers, super::kit::sorted_lines(12));
    for text in [&said, &answers] {
        assert!(!text.contains(['\u{1b}', '\r', '\u{8}']), "{text:?}");
    }
    let mut told = said.lines();
    let first = told.next().unwrap();
    assert!(first.starts_with("12 of 12 rows answered · 180 tokens · ₹0.0046"), "{said}");
    let second = told.next().unwrap();
    assert!(second.starts_with("in ") && second.ends_with(" s"), "{said}");
    let chart: Vec<&str> = told.skip_while(|line| line.is_empty()).collect();
    assert_eq!(chart[0], "label");
    assert!(chart[1..].iter().all(|line| line.contains("  3   25%  ███")), "{said}");
    assert_eq!(chart.len(), 5, "a line for each label: {said}");
}

#[test]
fn at_a_terminal_a_bar_shows_rows_errors_money_and_goes_at_the_end() {
    let (home, gate) = (Home::new(), Gate::new());
    let server = three_then(&gate);
    put(&home, "emails.txt", lines(6));
    let session = classify(&home, &server, &[]).size(100, 24).start();
    let screen = session.wait_for_text("3 of 6 rows");
    assert!(screen.contains("₹0.0011 of about ₹0.0023"), "{}", screen.text);
    assert!(screen.contains("█████") && screen.contains("░"), "{}", screen.text);
    gate.open();
    assert!(session.wait_exit().success());
    let screen = session.screen();
    assert!(!screen.contains("░") && !screen.contains("of about"), "{}", screen.text);
    assert!(screen.contains("6 of 6 rows answered · 90 tokens") && screen.contains("Technical"), "{}", screen.text);
    assert!(screen.cursor_shown);
}

#[test]
fn errors_and_a_server_that_asks_to_wait_are_on_the_bar() {
    let (home, gate) = (Home::new(), Gate::new());
    let theirs = gate.clone();
    let mut count = 0;
    let server = Server::start(move |request| {
        count += 1;
        match (row_of(request).as_str(), count) {
            ("mail 2", _) => answer("no idea"),
            (_, 8) => super::support::replies::error(429, "rate_limit_exceeded", "wait").header("retry-after", "60"),
            (_, 9..) => stream().head_waits(&theirs),
            _ => super::kit::sorted(request),
        }
    });
    put(&home, "emails.txt", lines(20));
    let session = classify(&home, &server, &["--concurrency", "1"]).size(120, 24).start();
    session.wait_for_text("1 error");
    let screen = session.wait_for_text("the provider asks to wait");
    assert!(screen.contains("asks to wait 59 s") || screen.contains("asks to wait 60 s"), "{}", screen.text);
    session.send(b"\x03");
    assert_eq!(session.wait_exit().exit_code(), 130);
    assert!(session.screen().contains("Run the same command again"), "{}", session.screen().text);
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_or_has_no_unicode_gets_plain_text() {
    for (name, value) in [("TERM", "dumb"), ("LANG", "C")] {
        let (home, server) = (Home::new(), sorter());
        put(&home, "emails.txt", lines(6));
        let session = classify(&home, &server, &[]).env(name, value).start();
        assert!(session.wait_exit().success());
        let raw = String::from_utf8_lossy(&session.raw_output()).into_owned();
        assert!(!raw.contains('\u{1b}'), "{name}: {raw:?}");
        assert!(raw.contains("6 of 6 rows answered"), "{raw}");
        assert_eq!(raw.contains("##"), name == "LANG", "{raw}");
    }
}

#[test]
fn quiet_says_nothing_but_errors() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(6));
    let output = run(&classify(&home, &server, &["--quiet"]));
    assert_eq!((ended(&output, 0).as_str(), output.stdout.as_slice()), ("", &b""[..]));
    assert_eq!(ended(&run(&classify(&home, &server, &["-q"])), 0), "");
    let dead = Server::replies([super::support::replies::error(401, "invalid_api_key", "no such key")]);
    let said = talk(&run(&batch(&home, &dead, &["emails.txt", "--labels", LABELS, "-o", "b.csv", "--quiet"])));
    assert!(said.contains("no such key") && !said.contains("rows answered"), "{said}");
    let session = classify(&home, &server, &["--restart", "-q"]).start();
    assert!(session.wait_exit().success());
    assert!(!session.screen().contains("░") && !session.screen().contains("rows"), "{}", session.screen().text);
}

#[test]
fn what_is_said_meanwhile_stands_above_the_bar() {
    let (home, gate) = (Home::new(), Gate::new());
    let server = three_then(&gate);
    put(&home, "emails.txt", lines(6));
    let session = classify(&home, &server, &[]).size(100, 24).start();
    session.wait_for_text("3 of 6 rows");
    session.send(b"\x03");
    let bar =
        |screen: &Screen| screen.lines().collect::<Vec<_>>().iter().rposition(|line| line.contains("3 of 6 rows"));
    session.wait_for(|screen| screen.row_of("Stopping: ").is_some_and(|said| bar(screen) == Some(said + 1)));
    gate.open();
    assert_eq!(session.wait_exit().exit_code(), 130);
}

#[test]
fn the_exit_codes_are_in_the_help() {
    let home = Home::new();
    let output = spawned(&home.munshi().args(["batch", "run", "--help"]), Stdio::null()).wait_with_output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    for code in [
        "0 every row is answered",
        "2 the command line",
        "3 a budget",
        "4 the provider",
        "5 some rows",
        "130 interrupted",
    ] {
        assert!(help.contains(code), "{code}: {help}");
    }
}
