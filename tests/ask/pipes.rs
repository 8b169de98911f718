//! Between pipes: the bytes of the answer, as they come, and nothing else.

use std::process::Stdio;

use super::kit::{answered, ask, comes, count, ended_with, fed, halves, kept, reply, run, said, signal, spawned, talk};
use super::support::launch::Home;
use super::support::replies::{delta, role, stream};
use super::support::server::{End, Gate, Server};
use rustix::process::Signal;

#[test]
fn the_answer_is_standard_output_byte_for_byte_and_nothing_is_said_beside_it() {
    let (home, server) = (Home::new(), Server::replies([reply(&["# A\n\n", "**b** `c`", "\tनमस्ते"])]));
    let output = run(&ask(&home, &server, &["What", "is it?"]));
    assert_eq!(answered(&output), "# A\n\n**b** `c`\tनमस्ते\n", "its source, and a newline at the end");
    assert_eq!(talk(&output), "");
    assert_eq!(said(&server, 0), [("user".to_owned(), "What is it?".to_owned())]);
}

#[test]
fn an_answer_that_ends_in_a_newline_gets_no_other() {
    let (home, server) = (Home::new(), Server::replies([reply(&["one\n", "two\n"])]));
    assert_eq!(answered(&run(&ask(&home, &server, &["go"]))), "one\ntwo\n");
}

#[test]
fn munshi_adds_no_escape_and_what_the_model_wrote_goes_into_a_pipe_as_it_is() {
    let hostile = "a\u{1b}]0;title\u{7}b\u{9b}2J\u{202e}c\r\n";
    let (home, server) = (Home::new(), Server::replies([reply(&["| a |\n|---|\n| b |\n\n```rust\nfn a() {}\n```\n"])]));
    let plain = answered(&run(&ask(&home, &server, &["go", "-v"]).env("TERM", "xterm-256color")));
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let server = Server::replies([reply(&[hostile])]);
    let output = run(&ask(&home, &server, &["go"]));
    assert_eq!(answered(&output), hostile, "data, byte for byte");
}

#[test]
fn nothing_that_a_server_says_reaches_standard_error_as_an_escape() {
    let (home, server) = (
        Home::new(),
        Server::replies([super::support::replies::error(400, "bad\u{1b}[2J", "no \u{1b}]52;c;x\u{7}\u{202e} good")]),
    );
    let said = ended_with(&run(&ask(&home, &server, &["go"])), 4);
    assert!(said.contains("␛]52;c;x␇<U+202E>"), "{said}");
    assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
}

#[test]
fn the_answer_streams_while_it_is_made() {
    let (home, gate) = (Home::new(), Gate::new());
    let server = Server::replies([halves("first ", &gate, "second")]);
    let mut child = spawned(&ask(&home, &server, &["go"]), Stdio::null());
    comes(&mut child, "first ");
    gate.open();
    comes(&mut child, "second\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_ends_the_request_and_is_no_error() {
    let (home, gate) = (Home::new(), Gate::new());
    let first = stream().bytes(role()).bytes(delta("first\n"));
    // It would go on for ever.
    let server = Server::replies([first.gate(&gate).bytes(delta("second\n")).ends(End::Silence)]);
    let mut child = spawned(&ask(&home, &server, &["go"]), Stdio::null());
    comes(&mut child, "first\n");
    drop(child.stdout.take());
    gate.open();
    let output = child.wait_with_output().unwrap();
    assert_eq!(ended_with(&output, 0), "", "quietly");
    server.wait_for_leavers(1);
    assert_eq!(kept(&home)[1], ("assistant".to_owned(), "first\nsecond\n".to_owned(), "interrupted".to_owned()));
    assert_eq!(count(&home, "requests"), 1);
}

#[test]
fn a_reader_that_does_not_read_keeps_no_signal_waiting() {
    let (home, gate) = (Home::new(), Gate::new());
    let much = "x".repeat(1 << 20);
    let server = Server::replies([stream().bytes(role()).bytes(delta(&much)).gate(&gate)]);
    let mut child = spawned(&ask(&home, &server, &["go"]), Stdio::null());
    // Its first byte is there, and the rest fills the pipe.
    comes(&mut child, "x");
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let (home, server) = (Home::new(), Server::replies([reply(&["one"])]));
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let mut command = ask(&home, &server, &["go"]).command();
    let output = command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert!(ended_with(&output, 1).contains("Standard output cannot be written"));
}

#[test]
fn what_was_used_and_what_it_cost_is_told_where_it_is_asked_for() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi"])]));
    let output = run(&ask(&home, &server, &["-v", "go"]));
    assert_eq!(answered(&output), "hi\n");
    let said = talk(&output);
    assert!(said.contains("gpt-4o-mini · ") && said.contains(" s · 10 in · 2 out · ₹0.000"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn settings_go_out_with_the_question() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi"])]));
    let args = ["-m", "gpt-4.1", "--system", "Be brief.", "--temperature", "0.1", "--max-tokens", "77", "go"];
    answered(&run(&ask(&home, &server, &args)));
    let body = server.requests()[0].json();
    assert_eq!((&body["model"], &body["messages"][0]["content"]), (&"gpt-4.1".into(), &"Be brief.".into()));
    assert!((body["temperature"].as_f64().unwrap() - 0.1).abs() < 1e-6);
    assert!(body["max_tokens"] == 77 || body["max_completion_tokens"] == 77, "{body}");
    assert!(body["tools"].is_null());
}

#[test]
fn the_demo_answers_without_key_and_network_and_keeps_apart() {
    let home = Home::new();
    let output = fed(&home.munshi().args(["ask", "--demo", "Hello"]), b"");
    assert!(!answered(&output).trim().is_empty());
    assert!(home.data_dir().join("demo").join("munshi.db").exists() && !home.data_dir().join("munshi.db").exists());
}
