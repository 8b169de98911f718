//! Disks that are full, folders that cannot be written, databases that are damaged or too new.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::{closed, delta, role, sse_reply, stream};
use super::support::server::{Gate, Reply, Server};
use super::world::{
    KEY, ask, assert_left_well, assert_no_secret, assert_sound, assert_terminal_is_back, database, is_at_rest, leave,
    messages, munshi, reader, start, wait_for_rows,
};

/// A small disk of its own, mounted as the data folder; `None` where this user may not mount.
struct Disk(PathBuf);

impl Disk {
    fn mount(home: &Home, size: &str) -> Option<Self> {
        let folder = home.data_dir();
        fs::create_dir_all(&folder).unwrap();
        let size = format!("size={size},mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder).output();
        let disk = mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder));
        if disk.is_none() {
            eprintln!("skipped: a small disk cannot be mounted here");
        }
        disk
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }

    /// Fills what is left.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        for size in [64 * 1024, 4096, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn row_02_a_full_disk_in_the_middle_of_a_reply_is_said_and_all_is_saved_once_there_is_room() {
    let home = Home::new();
    let Some(disk) = Disk::mount(&home, "2m") else { return };
    let gates = [Gate::new(), Gate::new()];
    let begun = stream().bytes(role()).bytes(delta("before the disk was full, "));
    let reply = begun.gate(&gates[0]).bytes(delta("while it was full, ")).gate(&gates[1]).bytes(delta("and after."));
    let server = Server::replies([closed(reply, 3), sse_reply(&["still ", "here"])]);
    let session = start(munshi(&home, &server));
    session.send_line("a story?");
    session.wait_for_text("before the disk was full,");
    wait_for_rows(&home, "the first piece", |kept| kept.iter().any(|one| one.content == "before the disk was full, "));
    let ballast = disk.fill();
    gates[0].open();
    session.wait_for_text("while it was full,");
    session.wait_for_text("NOT SAVED");
    // What is in memory can be written elsewhere.
    session.send_line("/export elsewhere.md");
    session.wait_for_text("Written to");
    let exported = fs::read_to_string(home.home_dir().join("elsewhere.md")).unwrap();
    assert!(exported.contains("before the disk was full, while it was full,"), "{exported}");
    fs::remove_file(ballast).unwrap();
    session.wait_until_gone("NOT SAVED");
    gates[1].open();
    session.wait_for_text("and after.");
    session.wait_for(is_at_rest);
    ask(&session, &home, "and now?", 2);
    leave(&session, &home);
    let kept = messages(&home);
    assert_eq!(kept[1].content, "before the disk was full, while it was full, and after.");
    assert!(kept.len() == 4 && kept.iter().all(|one| one.status == "complete"), "{kept:#?}");
}

#[test]
fn row_02_with_a_full_disk_nothing_is_sent_before_it_is_saved() {
    let home = Home::new();
    let Some(disk) = Disk::mount(&home, "2m") else { return };
    let server = Server::replies([sse_reply(&["an ", "answer"])]);
    let session = start(munshi(&home, &server));
    ask(&session, &home, "first?", 1);
    let ballast = disk.fill();
    session.paste(&format!("{}second?", "many words, ".repeat(1_000)));
    session.wait_for_text("second?");
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("NOT SAVED") && screen.contains("saving · Esc stops"));
    assert_eq!(server.requests().len(), 1, "a question that is not on disk was sent");
    fs::remove_file(ballast).unwrap();
    session.wait_until_gone("NOT SAVED");
    server.wait_for_requests(2);
    session.wait_for(is_at_rest);
    leave(&session, &home);
    assert_eq!(messages(&home).len(), 4);
}

/// A server that answers questions, and a summary or vectors once the gate opens.
fn patient_server(gate: &Gate) -> Server {
    let gate = gate.clone();
    Server::start(move |request| {
        if request.head.contains("/embeddings") {
            let texts = request.json()["input"].as_array().map_or(1, Vec::len);
            let vectors: Vec<_> = (0..texts).map(|at| json!({"index": at, "embedding": vec![0.1; 256]})).collect();
            let usage = json!({"prompt_tokens": texts, "total_tokens": texts});
            return Reply::json(200, &json!({"data": vectors, "usage": usage}).to_string()).head_waits(&gate);
        }
        let is_summary = request.messages()[0].1.starts_with("You summarise");
        let words = if is_summary { "- the gist of it" } else { "an answer" };
        let reply = stream().bytes(role()).bytes(delta(words));
        closed(if is_summary { reply.gate(&gate) } else { reply }, 2)
    })
}

#[test]
fn row_02_with_a_full_disk_a_summary_and_marks_wait_in_memory_and_are_saved_once_there_is_room() {
    let home = Home::new();
    let Some(disk) = Disk::mount(&home, "2m") else { return };
    let gate = Gate::new();
    let server = patient_server(&gate);
    let session = start(munshi(&home, &server));
    ask(&session, &home, "first?", 1);
    ask(&session, &home, "second?", 2);
    session.send_line("/summarise");
    session.wait_for_text("summarising");
    server.wait_for_requests(3);
    let ballast = disk.fill();
    gate.open();
    session.wait_for(|screen| screen.contains("stands for the 4 messages above") && screen.contains("NOT SAVED"));
    session.send_line("/context");
    session.wait_for_text("munshi · context");
    session.key(Key::End);
    session.type_text("p");
    session.wait_for(|screen| screen.lines().any(|row| row.contains("an answer") && row.contains("pinned")));
    session.key(Key::Esc);
    session.wait_until_gone("munshi · context");
    fs::remove_file(ballast).unwrap();
    session.wait_until_gone("NOT SAVED");
    leave(&session, &home);
    let session = munshi(&home, &server).arg("-c").start();
    session.wait_for_text("stands for the 4 messages above");
    session.send_line("/summarise show");
    session.wait_for_text("the gist of it");
    leave(&session, &home);
    let marks: u32 = reader(&database(&home)).query_row("SELECT count(*) FROM marks", [], |row| row.get(0)).unwrap();
    assert_eq!(marks, 1);
}

#[test]
fn row_02_with_a_full_disk_vectors_are_not_asked_for_again_and_again() {
    let home = Home::new();
    let Some(disk) = Disk::mount(&home, "2m") else { return };
    let gate = Gate::new();
    let server = patient_server(&gate);
    let session = start(munshi(&home, &server));
    ask(&session, &home, "first?", 1);
    session.send_line("/history retrieve");
    server.wait_for_requests(2);
    let ballast = disk.fill();
    gate.open();
    session.wait_for_text("NOT SAVED");
    session.send_line("/status");
    session.wait_for_text("next request");
    assert_eq!(server.requests().len(), 2, "vectors that are not saved yet are paid once more");
    fs::remove_file(ballast).unwrap();
    session.wait_until_gone("NOT SAVED");
    leave(&session, &home);
    let sql = "SELECT count(*) FROM embeddings";
    let kept: u32 = reader(&database(&home)).query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!((kept, server.requests().len()), (2, 2));
}

#[test]
fn row_03_a_data_folder_that_cannot_be_written_is_read() {
    let home = Home::new();
    let is_root = rustix::process::geteuid().is_root();
    // Root writes whatever the modes say: for root a disk is mounted read-only.
    let disk = if is_root { Disk::mount(&home, "8m") } else { None };
    if is_root && disk.is_none() {
        return;
    }
    let server = Server::replies([sse_reply(&["kept ", "for ", "reading"])]);
    let session = start(munshi(&home, &server));
    ask(&session, &home, "remember?", 1);
    leave(&session, &home);
    match &disk {
        Some(disk) => disk.remount("ro"),
        None => {
            for entry in fs::read_dir(home.data_dir()).unwrap().flatten() {
                fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o400)).unwrap();
            }
            fs::set_permissions(home.data_dir(), fs::Permissions::from_mode(0o500)).unwrap();
        }
    }
    let session = munshi(&home, &server).arg("-c").start();
    session.wait_for_text("kept for reading");
    session.wait_for_text("can only be read");
    session.key(Key::Ctrl('d'));
    session.wait_exit();
    assert_terminal_is_back(&session);
    if disk.is_none() {
        fs::set_permissions(home.data_dir(), fs::Permissions::from_mode(0o700)).unwrap();
    }
}

/// A home with a few conversations, left in order, and the database's bytes.
fn a_used_home(server: &Server) -> (Home, Vec<u8>) {
    let home = Home::new();
    let session = start(munshi(&home, server));
    for n in 0..4 {
        ask(&session, &home, &format!("question{n}."), n + 1);
        session.key(Key::Ctrl('n'));
    }
    session.wait_for(|screen| !screen.contains("question3."));
    leave(&session, &home);
    let bytes = fs::read(database(&home)).unwrap();
    (home, bytes)
}

/// What is done to a database's bytes, with its name.
type Damage<'a> = (&'a str, &'a dyn Fn(&mut Vec<u8>));

#[test]
fn row_04_damage_is_set_aside_said_and_salvaged() {
    let text = "a reply that is long enough to fill pages. ".repeat(100);
    let server = Server::replies([sse_reply(&[text.as_str()])]);
    let (home, whole) = a_used_home(&server);
    let damages: [Damage; 4] = [
        ("the header is overwritten", &|bytes| bytes[..16].fill(0xff)),
        ("the schema's page is overwritten", &|bytes| bytes[100..2_000].fill(0x5a)),
        ("half of the file is gone", &|bytes| bytes.truncate(bytes.len() / 2)),
        ("it is something else altogether", &|bytes| *bytes = b"this was a shopping list\n".repeat(500)),
    ];
    for (what, damage) in damages {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        for entry in fs::read_dir(home.data_dir()).unwrap().flatten() {
            if entry.path().is_file() {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        fs::write(database(&home), &bytes).unwrap();
        let session = munshi(&home, &server).start();
        let screen = session.wait_for(|screen| screen.contains("was damaged"));
        let squeezed: String = screen.lines().map(str::trim).collect();
        assert!(squeezed.contains("the untouched original is"), "{what}:\n{}", &*screen);
        let aside = set_aside(&home.data_dir(), &bytes);
        assert!(aside.is_some_and(|file| squeezed.contains(&*file.file_name().unwrap().to_string_lossy())), "{what}");
        ask(&session, &home, "still works?", count_replies(&home) + 1);
        leave(&session, &home);
    }
}

fn count_replies(home: &Home) -> usize {
    messages(home).iter().filter(|one| one.role == "assistant").count()
}

/// The file that holds the damaged bytes as they were.
fn set_aside(folder: &Path, bytes: &[u8]) -> Option<PathBuf> {
    let files = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_file());
    files.into_iter().find(|path| fs::read(path).is_ok_and(|found| found == bytes))
}

#[test]
fn row_04_a_log_full_of_nonsense_beside_a_sound_database_loses_none_of_it() {
    let server = Server::replies([sse_reply(&["a ", "reply"])]);
    let (home, _) = a_used_home(&server);
    let before = messages(&home);
    fs::write(home.data_dir().join("munshi.db-wal"), [0xa5; 9_000]).unwrap();
    let session = munshi(&home, &server).start();
    session.wait_for_text("Write a message");
    session.key(Key::Ctrl('d'));
    session.wait_exit();
    assert_left_well(&session, &home);
    let after: Vec<String> = messages(&home).into_iter().map(|one| one.content).collect();
    assert_eq!(after, before.into_iter().map(|one| one.content).collect::<Vec<_>>());
}

#[test]
fn row_06_a_database_of_a_newer_munshi_is_refused_and_not_touched() {
    let server = Server::replies([sse_reply(&["a ", "reply"])]);
    let (home, _) = a_used_home(&server);
    let conn = rusqlite::Connection::open(database(&home)).unwrap();
    conn.pragma_update(None, "user_version", 999).unwrap();
    drop(conn);
    let before = fs::read(database(&home)).unwrap();
    let session = munshi(&home, &server).start();
    assert_eq!(session.wait_exit().exit_code(), 1);
    let screen = session.screen();
    assert!(screen.contains("was made by a newer munshi (schema 999"), "{}", &*screen);
    assert!(screen.contains("it was not touched"), "{}", &*screen);
    assert_terminal_is_back(&session);
    assert_no_secret(&home, KEY);
    assert!(fs::read(database(&home)).unwrap() == before, "the file was changed");
    let output = home.munshi().args(["chats", "list"]).command().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("made by a newer munshi"));
    assert!(fs::read(database(&home)).unwrap() == before, "the file was changed");
    assert_sound(&database(&home));
}
