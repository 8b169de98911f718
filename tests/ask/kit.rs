//! A script's calls of `munshi ask`, in one word each. Owns how a child is fed and read; refuses assertions about what
//! it prints.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};

use rusqlite::{Connection, OpenFlags, Row};
use rustix::process::{Pid, Signal};

use super::support::launch::{Home, Launch};
use super::support::replies::{closed, delta, role, stream};
use super::support::server::{Gate, Reply, Server};

/// A whole reply of a few tokens, in so many pieces.
pub fn reply(pieces: &[&str]) -> Reply {
    let begun = stream().bytes(role());
    closed(pieces.iter().fold(begun, |reply, piece| reply.bytes(delta(piece))), 2)
}

/// A reply that waits at a gate between its two halves.
pub fn halves(first: &str, gate: &Gate, second: &str) -> Reply {
    closed(stream().bytes(role()).bytes(delta(first)).gate(gate).bytes(delta(second)), 2)
}

/// `munshi ask` against a server.
pub fn ask(home: &Home, server: &Server, args: &[&str]) -> Launch {
    home.munshi().against(&server.base_url()).arg("ask").args(args)
}

/// Runs it to its end, with this on its standard input.
#[track_caller]
pub fn fed(launch: &Launch, input: &[u8]) -> Output {
    let mut child = spawned(launch, Stdio::piped());
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may end before all is read.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Runs it to its end, with nothing on its standard input.
#[track_caller]
pub fn run(launch: &Launch) -> Output {
    spawned(launch, Stdio::null()).wait_with_output().unwrap()
}

/// Starts it between pipes.
pub fn spawned(launch: &Launch, input: Stdio) -> Child {
    let mut command: Command = launch.command();
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it answered; everything else must be well.
#[track_caller]
pub fn answered(output: &Output) -> String {
    assert!(output.status.success(), "{:?}: {}", output.status, talk(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it said beside the answer.
pub fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
pub fn ended_with(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", talk(output));
    talk(output)
}

/// Reads exactly these bytes from its standard output.
#[track_caller]
pub fn comes(child: &mut Child, expected: &str) {
    let mut bytes = vec![0; expected.len()];
    child.stdout.as_mut().unwrap().read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}

pub fn signal(child: &Child, signal: Signal) {
    rustix::process::kill_process(Pid::from_child(child), signal).unwrap();
}

/// Reads from a home's database.
pub fn rows<T>(home: &Home, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let path = home.data_dir().join("munshi.db");
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

pub fn count(home: &Home, table: &str) -> i64 {
    rows(home, &format!("SELECT count(*) FROM {table}"), |row| row.get(0))[0]
}

/// Each message that is kept, by its role, text and status.
pub fn kept(home: &Home) -> Vec<(String, String, String)> {
    let sql = "SELECT role, content, status FROM messages ORDER BY rowid";
    rows(home, sql, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Each role and text that a request carried, the system prompt apart.
pub fn said(server: &Server, request: usize) -> Vec<(String, String)> {
    let all = server.wait_for_requests(request + 1)[request].messages();
    all.into_iter().filter(|(role, _)| role != "system").collect()
}
