//! How it ends, as a script sees it: by its exit code, and with a reason on standard error.

use std::process::Stdio;

use rustix::process::Signal;

use super::kit::{answered, ask, comes, count, ended_with, fed, kept, reply, rows, run, signal, spawned};
use super::support::launch::Home;
use super::support::replies::{delta, error, finish, role, stream, usage};
use super::support::server::{End, Server};

#[test]
fn a_key_that_is_refused_is_4_and_says_so() {
    let (home, server) = (Home::new(), Server::replies([error(401, "invalid_api_key", "Incorrect API key")]));
    let output = run(&ask(&home, &server, &["go"]));
    let why = ended_with(&output, 4);
    assert!(why.starts_with("munshi: ") && why.contains("401"), "{why}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_key_that_is_missing_is_4_and_says_where_it_is_looked_for() {
    let home = Home::new();
    let why = ended_with(&run(&home.munshi().args(["ask", "go"])), 4);
    assert!(why.contains("OPENAI_API_KEY"), "{why}");
}

#[test]
fn a_server_that_fails_for_good_is_4_after_it_was_asked_again() {
    let (home, server) = (Home::new(), Server::replies([error(500, "oops", "broken").header("retry-after-ms", "1")]));
    let why = ended_with(&run(&ask(&home, &server, &["go"])), 4);
    assert!(why.contains("attempt 2 of 5") && why.contains("500"), "{why}");
    assert_eq!(server.requests().len(), 5);
    assert_eq!(count(&home, "requests"), 5, "each attempt has its row");
}

#[test]
fn a_stream_that_is_cut_gives_what_came_and_is_4() {
    let cut = stream().bytes(role()).bytes(delta("half an ")).ends(End::Cut);
    let (home, server) = (Home::new(), Server::replies([cut]));
    let output = run(&ask(&home, &server, &["go"]));
    assert!(!ended_with(&output, 4).is_empty());
    assert_eq!(output.stdout, b"half an \n");
    assert_eq!(kept(&home)[1].2, "interrupted");
}

#[test]
fn a_budget_that_is_used_up_is_3_and_nothing_is_sent() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi"])]));
    home.write_config("[budget]\nday = 0.000001\n");
    let output = run(&ask(&home, &server, &["go"]));
    let why = ended_with(&output, 3);
    assert!(why.contains("budget"), "{why}");
    assert_eq!(server.requests().len(), 0);
    assert!(output.stdout.is_empty());
}

#[test]
fn a_question_that_no_model_could_take_is_2_and_is_not_sent() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi"])]));
    home.write_config("[limits]\nmax_input_chars = 3000000\n");
    let why = ended_with(&fed(&ask(&home, &server, &[]), "far too long ".repeat(200_000).as_bytes()), 2);
    assert!(why.contains("tokens"), "{why}");
    assert_eq!(server.requests().len(), 0);
    assert_eq!(count(&home, "messages"), 0);
}

#[test]
fn ctrl_c_is_130_and_keeps_what_came() {
    let home = Home::new();
    let server = Server::replies([stream().bytes(role()).bytes(delta("so far")).ends(End::Silence)]);
    for (sent, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut child = spawned(&ask(&home, &server, &["go"]), Stdio::null());
        comes(&mut child, "so far");
        signal(&child, sent);
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
    server.wait_for_leavers(3);
    let replies: Vec<_> = kept(&home).into_iter().filter(|(role, ..)| role == "assistant").collect();
    assert_eq!(replies, vec![("assistant".to_owned(), "so far".to_owned(), "interrupted".to_owned()); 3]);
    let open = rows(&home, "SELECT count(*) FROM requests WHERE outcome IS NULL", |row| row.get::<_, i64>(0));
    assert_eq!(open, [0], "every row of the ledger is closed");
}

#[test]
fn a_wait_for_another_attempt_can_be_stopped() {
    let (home, server) = (Home::new(), Server::replies([error(503, "busy", "later").header("retry-after", "90")]));
    let mut child = spawned(&ask(&home, &server, &["go"]), Stdio::null());
    let mut said = String::new();
    let mut talk = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut talk, &mut said).unwrap();
    assert!(said.contains("90 s") || said.contains("89 s"), "{said}");
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn an_answer_that_is_cut_at_its_limit_is_answered_and_that_is_said() {
    let cut = stream().bytes(role()).bytes(delta("a")).bytes(finish("length")).bytes(usage(10, 1));
    let (home, server) = (Home::new(), Server::replies([cut]));
    let output = run(&ask(&home, &server, &["go"]));
    assert_eq!(answered(&output), "a\n");
    assert!(ended_with(&output, 0).contains("--max-tokens"));
}

#[test]
fn the_exit_codes_are_in_the_help_and_in_the_manual() {
    let home = Home::new();
    // Wherever its lines are broken.
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = words(answered(&run(&home.munshi().args(["ask", "--help"]))));
    for code in ["0 answered", "2 the command", "3 a budget", "4 the provider", "5 the answer", "130 interrupted"] {
        assert!(help.contains(code), "{code}: {help}");
    }
    assert!(words(answered(&run(&home.munshi().arg("man")))).contains("130 interrupted"));
}
