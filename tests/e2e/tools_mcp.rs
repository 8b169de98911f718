//! Tools of a server that speaks MCP, from the configuration to the answer, and past the server's death.
#![cfg(feature = "mcp")]

use super::kit::{AT_REST, begin, demo, quit, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::mcp::{VARIABLE, serve_where_told};
use super::support::pty::Session;
use super::tools_kit::{answer, look, roomy, until, wait_for_calls};

/// Not a test of its own: it is the server, where it is told to be one.
#[test]
fn is_a_server_where_it_is_told_to_be_one() {
    serve_where_told();
}

fn with_server() -> (Home, Session) {
    let home = Home::new();
    let itself = std::env::current_exe().unwrap();
    let words = ["tools_mcp::is_a_server_where_it_is_told_to_be_one", "--exact", "--nocapture", "--test-threads=1"];
    let command = [&[itself.to_str().unwrap()][..], &words].concat();
    home.write_config(&format!("[mcp.demo]\ncommand = {command:?}\nenv = [\"{VARIABLE}\"]\ntimeout = \"1m\"\n"));
    let session = begin(roomy(demo(&home)).env(VARIABLE, home.root().join("book")));
    (home, session)
}

/// The ids of the servers that were started so far.
fn starts(home: &Home) -> Vec<String> {
    let book = std::fs::read_to_string(home.root().join("book")).unwrap_or_default();
    book.lines().filter_map(|line| Some(line.strip_prefix("started ")?.to_owned())).collect()
}

fn runs(pid: &str) -> bool {
    let seen = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    let state = String::from_utf8_lossy(&seen.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

#[test]
fn the_tools_of_a_server_are_listed_under_it_ask_with_its_name_and_run() {
    let (home, session) = with_server();
    assert!(starts(&home).is_empty(), "it is started on first use");
    write(&session, "/tools");
    session.key(Key::Enter);
    let screen = session.wait_for_text("demo__shout");
    let server = screen.row_of("MCP servers").unwrap();
    assert!(screen.row(server + 1).contains("[x] demo") && screen.contains("demo__die"), "{}", screen.text);
    session.key(Key::Esc);
    session.wait_until_gone("MCP servers");
    submit(&session, "call demo__shout {\"text\": \"good morning\"}");
    let screen = look(&session, "demo__shout");
    assert!(screen.contains("MCP server demo") && screen.contains("\"good morning\""), "{}", screen.text);
    session.key(Key::Char('o'));
    let screen = session.wait_for(|screen| screen.contains("says: GOOD MORNING") && screen.contains(AT_REST));
    assert!(screen.contains("⚙ demo__shout · MCP server demo · "), "{}", screen.text);
    let started = starts(&home);
    assert_eq!(started.len(), 1);
    quit(&session);
    until("the server ended with munshi", || !runs(&started[0]));
}

#[test]
fn a_server_that_dies_in_a_call_fails_that_call_and_is_started_again() {
    let (home, session) = with_server();
    submit(&session, "call demo__die {}");
    answer(&session, "demo__die", Key::Char('o'));
    let screen = session.wait_for(|screen| screen.contains("demo__die did not work") && screen.contains(AT_REST));
    assert!(screen.contains("⚙ demo__die · MCP server demo · failed"), "{}", screen.text);
    submit(&session, "call demo__shout {\"text\": \"still here\"}");
    answer(&session, "demo__shout", Key::Char('o'));
    session.wait_for(|screen| screen.contains("says: STILL HERE") && screen.contains(AT_REST));
    assert!(starts(&home).len() >= 2, "{:?}", starts(&home));
    wait_for_calls(&home, &["failed, ran", "complete, ran"]);
}
