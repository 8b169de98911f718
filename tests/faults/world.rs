//! What all these tests look at: the screen at rest, the database from outside, the ledger, the files. Refuses to
//! change any of them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::support::keys::Key;
use super::support::launch::{Home, Launch};
use super::support::pty::{DEADLINE, Screen, Session};
use super::support::server::Server;

/// The key that `Launch::against` gives: it must stand in no file.
pub const KEY: &str = "sk-test-0000000000000000";

/// In the empty input box of an idle chat.
const AT_REST: &str = "Write a message";

/// One message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: Vec<u8>,
    pub parent: Option<Vec<u8>>,
    pub role: String,
    /// With what is in its chunks.
    pub content: String,
    pub status: String,
    pub model: Option<String>,
    pub note: String,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub model: String,
    pub closed: bool,
    pub outcome: Option<String>,
    pub input: Option<i64>,
    pub output: Option<i64>,
    pub estimated: Option<bool>,
    /// Pico-dollars.
    pub cost: Option<i64>,
}

/// munshi against a server, wide enough that sentences stand on one row.
pub fn munshi(home: &Home, server: &Server) -> Launch {
    home.munshi().against(&server.base_url()).size(200, 40)
}

/// Starts it, and waits until it can be typed at.
#[track_caller]
pub fn start(launch: Launch) -> Session {
    let session = launch.start();
    session.wait_for_text(AT_REST);
    session
}

/// Whether the chat is idle, with an empty input box.
pub fn is_at_rest(screen: &Screen) -> bool {
    screen.contains(AT_REST) && screen.contains("F1 help")
}

/// Asks, and waits until so many replies in all have come to their end, on disk and on the screen.
#[track_caller]
pub fn ask(session: &Session, home: &Home, question: &str, replies: usize) -> Screen {
    session.send_line(question);
    wait_for_ends(home, replies);
    session.wait_for(is_at_rest)
}

/// Waits until so many replies have come to their end.
#[track_caller]
pub fn wait_for_ends(home: &Home, replies: usize) -> Vec<Kept> {
    wait_for_rows(home, &format!("{replies} finished replies"), |kept| {
        kept.iter().filter(|one| one.role == "assistant" && one.status != "streaming").count() >= replies
    })
}

/// Waits until the messages on disk are as wanted. Looked at again and again, since a database rings no bell.
#[track_caller]
pub fn wait_for_rows(home: &Home, what: &str, wanted: impl Fn(&[Kept]) -> bool) -> Vec<Kept> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let kept = if database(home).exists() { try_messages(&database(home)).unwrap_or_default() } else { Vec::new() };
        if wanted(&kept) {
            return kept;
        }
        assert!(Instant::now() < deadline, "waited for {what}; on disk are {kept:#?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn database(home: &Home) -> PathBuf {
    home.data_dir().join("munshi.db")
}

/// Another reader, as a backup program would be.
pub fn reader(path: &Path) -> Connection {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    conn.busy_timeout(DEADLINE).unwrap();
    conn
}

fn try_messages(path: &Path) -> rusqlite::Result<Vec<Kept>> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.busy_timeout(DEADLINE)?;
    let mut query = conn.prepare(
        "SELECT id, parent, role,
             content || coalesce((SELECT group_concat(text, '' ORDER BY seq) FROM chunks WHERE message = m.seq), ''),
             status, model, coalesce(note, '')
         FROM messages m ORDER BY seq",
    )?;
    query
        .query_map([], |row| {
            Ok(Kept {
                id: row.get(0)?,
                parent: row.get(1)?,
                role: row.get(2)?,
                content: row.get(3)?,
                status: row.get(4)?,
                model: row.get(5)?,
                note: row.get(6)?,
            })
        })?
        .collect()
}

/// All messages in their order.
pub fn messages(home: &Home) -> Vec<Kept> {
    try_messages(&database(home)).unwrap()
}

/// All replies in their order.
pub fn replies(home: &Home) -> Vec<Kept> {
    messages(home).into_iter().filter(|kept| kept.role == "assistant").collect()
}

/// The whole ledger in its order.
pub fn ledger(home: &Home) -> Vec<Row> {
    let conn = reader(&database(home));
    let mut query = conn
        .prepare("SELECT model, closed, outcome, input, output, estimated, cost FROM requests ORDER BY key")
        .unwrap();
    let rows = query.query_map([], |row| {
        Ok(Row {
            model: row.get(0)?,
            closed: row.get(1)?,
            outcome: row.get(2)?,
            input: row.get(3)?,
            output: row.get(4)?,
            estimated: row.get(5)?,
            cost: row.get(6)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// What SQLite itself thinks of the database.
#[track_caller]
pub fn assert_sound(path: &Path) {
    let verdict: String = reader(path).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok", "{}", path.display());
}

/// What must hold after every fault: nothing of munshi's is left in the terminal, the database is sound, every
/// attempt is accounted for once, and the key is in no file.
#[track_caller]
pub fn assert_left_well(session: &Session, home: &Home) {
    assert_terminal_is_back(session);
    if database(home).exists() {
        assert_sound(&database(home));
        let ledger = ledger(home);
        assert!(ledger.iter().all(|row| row.closed && row.outcome.is_some()), "an open row: {ledger:#?}");
    }
    assert_no_secret(home, KEY);
}

/// Leaves by Ctrl+D, which must go well, and looks at what is left.
#[track_caller]
pub fn leave(session: &Session, home: &Home) {
    session.key(Key::Ctrl('d'));
    let status = session.wait_exit();
    assert_eq!(status.exit_code(), 0, "{}", &*session.screen());
    assert_left_well(session, home);
}

/// The terminal is as a fresh one is: modes, main screen, cursor, mouse, paste brackets.
#[track_caller]
pub fn assert_terminal_is_back(session: &Session) {
    session.wait_exit();
    let fresh = Home::new().program("/bin/true").start();
    fresh.wait_exit();
    assert_eq!(session.modes(), fresh.modes(), "the terminal's modes are not as they were");
    let screen = session.screen();
    assert!(!screen.alternate, "still on the alternate screen");
    assert!(screen.cursor_shown, "the cursor is still hidden");
    assert!(!screen.mouse && !screen.bracketed_paste, "mouse or paste brackets are still on");
}

/// No file of the home but munshi's own key file holds the key.
#[track_caller]
pub fn assert_no_secret(home: &Home, key: &str) {
    for file in files(home.root()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        let holds = bytes.windows(key.len()).any(|window| window == key.as_bytes());
        let is_key_file =
            file.parent() == Some(&home.config_dir()) && file.file_name().is_some_and(|name| name == "keys.toml");
        assert!(!holds || is_key_file, "the key stands in {}", file.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

/// Chance that is the same every time (`SplitMix64`).
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}
