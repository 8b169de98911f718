//! Runs of `munshi batch run`, in one word each. Owns a home with files, a server that sorts texts, and how a child is
//! started and read; refuses assertions about what a test is of.

use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};

use rusqlite::{Connection, OpenFlags, Row};
use rustix::process::{Pid, Signal};
use serde_json::Value;
use simd_csv::{ByteRecord, ReaderBuilder};

use super::support::launch::{Home, Launch};
use super::support::replies::{closed, delta, finish, role, stream, usage};
use super::support::server::{Reply, Request, Server};

/// The labels of the issue, as they stand on the command line.
pub const LABELS: &str = "Billing,Technical,Returns,General";

/// What each answer of [`answer`] costs with gpt-4o-mini, in rupees: 10 tokens in at $0.15 and 5 out at $0.60 a million,
/// at ₹85 to the dollar.
pub const EACH: &str = "0.0003825";

/// `munshi batch run` against a server.
pub fn batch(home: &Home, server: &Server, args: &[&str]) -> Launch {
    home.munshi().against(&server.base_url()).args(["batch", "run"]).args(args)
}

/// The same as the issue has it: `emails.txt`, its labels, `out.csv`.
pub fn classify(home: &Home, server: &Server, args: &[&str]) -> Launch {
    batch(home, server, &["emails.txt", "--labels", LABELS, "-o", "out.csv"]).args(args)
}

pub fn put(home: &Home, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(home.home_dir().join(name), text).unwrap();
}

#[track_caller]
pub fn got(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.home_dir().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn is_there(home: &Home, name: &str) -> bool {
    home.home_dir().join(name).exists()
}

/// So many lines, each with its number.
pub fn lines(count: usize) -> String {
    (1..=count).map(|n| format!("mail {n}\n")).collect::<Vec<_>>().concat()
}

/// A whole answer that took 10 tokens in and 5 out.
pub fn answer(text: &str) -> Reply {
    closed(stream().bytes(role()).bytes(delta(text)), 5)
}

/// An answer that stops at the limit of its tokens.
pub fn cut_at_limit(text: &str) -> Reply {
    stream().bytes(role()).bytes(delta(text)).bytes(finish("length")).bytes(usage(10, 5))
}

pub fn label(label: &str) -> String {
    format!("{{\"label\":\"{label}\"}}")
}

/// The text of the row that a request is about: the first message of the user's. What munshi asks once more stands in
/// the same one where the answer between them was empty.
pub fn row_of(request: &Request) -> String {
    let text =
        request.messages().into_iter().find(|(role, _)| role == "user").map(|(_, text)| text).unwrap_or_default();
    text.split_once(REPAIR).map_or(text.as_str(), |(row, _)| row).trim_end().to_owned()
}

/// How munshi asks for an answer once more.
const REPAIR: &str = "Your answer did not fit";

pub fn is_repair(request: &Request) -> bool {
    request.messages().last().is_some_and(|(_, text)| text.contains(REPAIR))
}

/// The label of a text, by its words, else by its number.
pub fn label_of(text: &str) -> &'static str {
    let text = text.to_lowercase();
    let by_words = [("invoice", "Billing"), ("crash", "Technical"), ("send it back", "Returns"), ("mail", "")];
    match by_words.iter().find(|(word, _)| text.contains(word)) {
        Some((_, "")) => {
            let number: String = text.chars().filter(char::is_ascii_digit).collect();
            LABELS.split(',').nth(number.parse::<usize>().unwrap_or(0) % 4).unwrap()
        }
        Some((_, label)) => label,
        None => "General",
    }
}

/// The right answer to a request.
pub fn sorted(request: &Request) -> Reply {
    answer(&label(label_of(&row_of(request))))
}

/// A server that gives each text its label.
pub fn sorter() -> Server {
    Server::start(sorted)
}

/// The output of [`lines`] as it must be, from the first to the last byte.
pub fn sorted_lines(count: usize) -> String {
    let row = |n| format!("{n},mail {n},{},gpt-4o-mini,15,{EACH},\n", label_of(&format!("mail {n}")));
    HEAD.to_owned() + &(1..=count).map(row).collect::<Vec<_>>().concat()
}

/// The first line of a CSV with labels.
pub const HEAD: &str = "row,input,label,model,tokens,cost,error\n";

/// Starts it between pipes.
pub fn spawned(launch: &Launch, input: Stdio) -> Child {
    let mut command: Command = launch.command();
    command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs it to its end, with nothing on its standard input.
pub fn run(launch: &Launch) -> Output {
    spawned(launch, Stdio::null()).wait_with_output().unwrap()
}

/// Runs it to its end, with this on its standard input.
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

/// What it said on standard error.
pub fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs it, sees that it ends with this code, and gives what it said.
#[track_caller]
pub fn ends(launch: &Launch, code: i32) -> String {
    ended(&run(launch), code)
}

#[track_caller]
pub fn ended(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", talk(output));
    talk(output)
}

pub fn signal(child: &Child, signal: Signal) {
    rustix::process::kill_process(Pid::from_child(child), signal).unwrap();
}

/// Rows of a CSV, each cell as it stands there, read by another crate than the one that wrote it. Each row must have as
/// many as the head.
pub fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(false).from_reader(csv.as_bytes());
    let (mut record, mut out) = (ByteRecord::new(), Vec::new());
    while reader.read_byte_record(&mut record).unwrap() {
        out.push(record.iter().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect());
    }
    out
}

/// A column of a CSV, without its head.
#[track_caller]
pub fn column(csv: &str, name: &str) -> Vec<String> {
    let mut rows = cells(csv).into_iter();
    let head = rows.next().unwrap();
    let at = head.iter().position(|known| known == name).unwrap_or_else(|| panic!("no {name} in {head:?}"));
    rows.map(|row| row[at].clone()).collect()
}

/// The rows of a journal, without its first line.
pub fn journal(home: &Home, name: &str) -> Vec<Value> {
    got(home, name).lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reads from a home's database.
pub fn query<T>(home: &Home, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let path = home.data_dir().join("munshi.db");
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

pub fn number(home: &Home, sql: &str) -> i64 {
    query(home, sql, |row| row.get(0))[0]
}

/// Waits until it is so.
#[track_caller]
pub fn until(mut ready: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + super::support::pty::DEADLINE;
    while !ready() {
        assert!(std::time::Instant::now() < deadline, "it never came to be");
        std::thread::yield_now();
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
