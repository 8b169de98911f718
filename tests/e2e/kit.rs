//! What a user does at the screen, in one word each: open, write, submit. Owns where the input box is on the screen;
//! refuses assertions about anything else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Row};

use super::support::keys::Key;
use super::support::launch::{Home, Launch};
use super::support::pty::{Screen, Session};
use super::support::replies::{delta, done, finish, role, stream, usage};
use super::support::server::{Gate, Reply, Server};

/// What an empty input box says at rest, and while a reply is on its way.
pub const AT_REST: &str = "Write a message; / for commands.";
pub const BUSY: &str = "A message sent now waits its turn.";

/// The rows of the input box: what stands between the two lowest rules; none where there are no rules.
pub fn box_rows(screen: &Screen) -> Vec<String> {
    let rows: Vec<&str> = screen.text.lines().collect();
    // The upper one ends with what the draft would cost.
    let is_rule = |row: &str| row.ends_with("──") && row.matches('─').count() >= 8;
    let rules: Vec<usize> = (0..rows.len()).rev().filter(|at| is_rule(rows[*at])).take(2).collect();
    match rules[..] {
        [lower, upper] => {
            // Beside the panel the chat begins where its rule does.
            let left = rows[upper].chars().position(|c| c == '─').unwrap_or(0) + 1;
            rows[upper + 1..lower].iter().map(|row| row.chars().skip(left).collect()).collect()
        }
        _ => Vec::new(),
    }
}

/// The draft as the box shows it; empty where only its hint stands there.
pub fn draft(screen: &Screen) -> String {
    if is_empty(screen) { String::new() } else { box_rows(screen).join("\n") }
}

/// Without white space, since a long draft is wrapped.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Whether the box is there and empty.
pub fn is_empty(screen: &Screen) -> bool {
    let rows = box_rows(screen);
    // A narrow box cuts its hint off.
    let seen = rows.first().map_or("", |row| row.trim_end_matches('…'));
    rows.len() == 1 && seen.len() > 10 && (AT_REST.starts_with(seen) || BUSY.starts_with(seen))
}

/// Starts the program and waits for its input box.
#[track_caller]
pub fn begin(launch: Launch) -> Session {
    let session = launch.start();
    session.wait_for(is_empty);
    session
}

/// The demo at full speed, with a proxy in the environment that leads nowhere.
pub fn demo(home: &Home) -> Launch {
    let launch = home.munshi().arg("--demo").env("MUNSHI_DEMO_PACE", "0");
    let nowhere = "http://127.0.0.1:9";
    launch.env("HTTP_PROXY", nowhere).env("http_proxy", nowhere).env("HTTPS_PROXY", nowhere).env("ALL_PROXY", nowhere)
}

/// A chat against a scripted server.
#[track_caller]
pub fn open(home: &Home, server: &Server) -> Session {
    begin(home.munshi().against(&server.base_url()))
}

/// Types into the box and waits until it is there.
#[track_caller]
pub fn write(session: &Session, text: &str) {
    let before = squeezed(&draft(&session.screen()));
    let wanted = before + &squeezed(text);
    session.type_text(text);
    session.wait_for(|screen| squeezed(&draft(screen)) == wanted);
}

/// Presses Enter and waits until the box is empty.
#[track_caller]
pub fn enter(session: &Session) -> Screen {
    session.key(Key::Enter);
    session.wait_for(is_empty)
}

/// Types a line and sends it.
#[track_caller]
pub fn submit(session: &Session, line: &str) {
    write(session, line);
    enter(session);
}

/// Sends a question and waits for the end of its answer.
#[track_caller]
pub fn ask(session: &Session, question: &str, answer: &str) -> Screen {
    let before = session.screen().count(answer);
    submit(session, question);
    session.wait_for(|screen| screen.count(answer) > before && screen.contains(AT_REST))
}

/// A whole reply that cost a million tokens in and half a million out: 45 cents of gpt-4o-mini, ₹38.25.
pub fn dear(text: &str) -> Reply {
    stream().bytes(role()).bytes(delta(text)).bytes(finish("stop")).bytes(usage(1_000_000, 500_000)).bytes(done())
}

/// A whole reply of a few tokens.
pub fn reply(text: &str) -> Reply {
    stream().bytes(role()).bytes(delta(text)).bytes(finish("stop")).bytes(usage(10, 2)).bytes(done())
}

/// A reply that waits at a gate between its two halves.
pub fn halves(first: &str, gate: &Gate, second: &str) -> Reply {
    let reply = stream().bytes(role()).bytes(delta(first)).gate(gate).bytes(delta(second));
    reply.bytes(finish("stop")).bytes(usage(10, 2)).bytes(done())
}

/// Ends the program with Ctrl+D, and sees that all is well.
#[track_caller]
pub fn quit(session: &Session) {
    session.key(Key::Ctrl('d'));
    let status = session.wait_exit();
    assert!(status.success(), "it ended with {status:?}:\n{}", session.screen().text);
}

/// Reads from a home's database.
pub fn rows<T>(home: &Home, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    rows_of(&home.data_dir().join("munshi.db"), sql, read)
}

/// Reads from a database.
pub fn rows_of<T>(path: &Path, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

/// An editor of a user's: a shell script that changes the file that it is given.
pub fn script(home: &Home, commands: &str) -> PathBuf {
    let path = home.home_dir().join("editor");
    std::fs::write(&path, format!("#!/bin/sh\n{commands}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Each role and text that a request carried, the system prompt apart.
pub fn said(server: &Server, request: usize) -> Vec<(String, String)> {
    let all = server.wait_for_requests(request + 1)[request].messages();
    all.into_iter().filter(|(role, _)| role != "system").collect()
}

/// Messages as [`said`] gives them: user and assistant in turn.
pub fn turns(texts: &[&str]) -> Vec<(String, String)> {
    let roles = ["user", "assistant"].into_iter().cycle();
    roles.zip(texts).map(|(role, text)| (role.to_owned(), (*text).to_owned())).collect()
}
