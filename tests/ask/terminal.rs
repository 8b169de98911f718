//! On a terminal: rendered, in colour, and never obeying what a model wrote.

use super::kit::{ask, halves, reply};
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::server::{Gate, Server};

fn output(session: &Session) -> String {
    String::from_utf8_lossy(&session.raw_output()).into_owned()
}

#[test]
fn markdown_is_rendered_in_the_terminals_colours_while_it_comes() {
    let (home, gate) = (Home::new(), Gate::new());
    let server = Server::replies([halves("# Title\n\nSome **bold", &gate, "** text.\n\n- one\n- two\n")]);
    let session = ask(&home, &server, &["go"]).start();
    session.wait_for_text("Some");
    gate.open();
    assert!(session.wait_exit().success());
    let screen = session.screen();
    let rows: Vec<&str> = screen.text.lines().map(str::trim_end).filter(|row| !row.is_empty()).collect();
    assert_eq!(rows, ["Title", "Some bold text.", "• one", "• two"], "each once");
    assert!(output(&session).contains("\u{1b}[35;1;4mTitle"));
}

#[test]
fn hostile_escapes_are_visible_text() {
    let hostile = "a \u{1b}]0;owned\u{7} b \u{1b}[2J\u{1b}[31m c \u{9b}5m d \u{202e}e\r\u{8} \u{1b}P+q\u{1b}\\ \
                   \u{1b}]52;c;aGk=\u{7}\n\n```\n\u{1b}[8mhidden\u{1b}c\n```\n";
    let (home, server) = (Home::new(), Server::replies([reply(&[hostile])]));
    let session = ask(&home, &server, &["-v", "go"]).size(120, 24).start();
    assert!(session.wait_exit().success());
    let screen = session.screen();
    assert!(
        screen.contains("␛]0;owned␇") && screen.contains("␛[2J␛[31m") && screen.contains("<U+202E>"),
        "{}",
        screen.text
    );
    assert!(session.titles().is_empty() && session.clipboard().is_empty());
    let raw = output(&session);
    // What munshi means: colours, up, to the row's end and below.
    let mut rest = raw.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        rest = &rest[at + 1..];
        let sequence = rest.find(|c: char| c.is_ascii_alphabetic()).map(|end| &rest[..=end]).unwrap_or_default();
        let parameters = sequence.get(1..sequence.len().saturating_sub(1)).unwrap_or("?");
        let is_meant = sequence.starts_with('[')
            && sequence.ends_with(['m', 'A', 'J', 'K'])
            && parameters.chars().all(|c| c.is_ascii_digit() || c == ';')
            && (parameters.is_empty() || !sequence.ends_with('J'))
            && !sequence.ends_with("8m");
        assert!(is_meant, "{sequence:?} in {raw:?}");
    }
    assert!(!raw.contains('\u{202e}') && !raw.contains('\u{9b}') && !raw.contains('\u{8}') && !raw.contains('\u{7}'));
}

#[test]
fn without_colours_there_are_none_and_a_dumb_terminal_gets_text_alone() {
    let (home, server) = (Home::new(), Server::replies([reply(&["# Title\n\nSome `code`.\n"])]));
    let session = ask(&home, &server, &["go"]).env("NO_COLOR", "1").start();
    session.wait_exit();
    assert!(session.screen().contains("Some code.") && !output(&session).contains("35"), "{:?}", output(&session));
    let session = ask(&home, &server, &["go"]).env("TERM", "dumb").start();
    session.wait_exit();
    assert!(session.screen().contains("Some code.") && !output(&session).contains('\u{1b}'), "{:?}", output(&session));
}

#[test]
fn an_answer_longer_than_the_screen_is_all_there() {
    let text = (0..200).map(|n| format!("- item number {n}")).collect::<Vec<_>>().join("\n") + "\n";
    let (home, server) = (Home::new(), Server::replies([reply(&[&text])]));
    let session = ask(&home, &server, &["go"]).start();
    assert!(session.wait_exit().success());
    let raw = output(&session);
    for n in [0, 57, 123, 199] {
        assert!(raw.contains(&format!("item number {n}\r\n")), "{n}");
    }
    assert!(session.screen().contains("item number 199"));
}

#[test]
fn ctrl_c_at_the_terminal_stops_and_leaves_what_came() {
    let (home, gate) = (Home::new(), Gate::new());
    let server = Server::replies([halves("so far", &gate, " and more")]);
    let session = ask(&home, &server, &["go"]).start();
    session.wait_for_text("so far");
    session.send(b"\x03");
    assert_eq!(session.wait_exit().exit_code(), 130);
    assert!(session.screen().contains("so far") && !session.screen().contains("and more"));
}

#[test]
fn json_for_a_program_is_whole_json_at_a_terminal_too() {
    let (home, server) = (Home::new(), Server::replies([reply(&["{\"a\": \"\u{1b}[2J\u{202e}\"}"])]));
    let session = ask(&home, &server, &["--json", "go"]).start();
    session.wait_exit();
    assert!(session.screen().contains("{\"a\": \"␛[2J<U+202E>\"}"), "{}", session.screen().text);
}
