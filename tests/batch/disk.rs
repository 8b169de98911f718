//! A disk that is full: what was paid for waits in memory and is kept once there is room, or its loss is said.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::kit::{classify, got, lines, put, signal, sorted_lines, sorter, spawned};
use super::support::launch::{Home, Launch};
use super::support::server::Server;

/// A small disk of its own in the user's folder; `None` where this user may not mount.
struct Disk(PathBuf);

impl Disk {
    fn mount(home: &Home, size: &str) -> Option<Self> {
        let folder = home.home_dir().join("small");
        fs::create_dir_all(&folder).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(&folder).output();
        let disk = mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder));
        if disk.is_none() {
            let _ = writeln!(std::io::stderr(), "skipped: a small disk cannot be mounted here");
        }
        disk
    }

    /// Fills what is left, and gives the file that does.
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

/// Its journal is on the small disk.
fn on_small(home: &Home, server: &Server) -> Launch {
    classify(home, server, &["--journal", "small/journal", "--concurrency", "4"])
}

/// Reads standard error up to the sentence that the disk is full.
fn full(child: &mut Child) -> (BufReader<std::process::ChildStderr>, String) {
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("Not kept yet: ") {
        assert_ne!(talk.read_line(&mut said).unwrap(), 0, "the disk was never full: {said}");
    }
    (talk, said)
}

/// Rows that are so long that the journal of a few fills the disk.
fn long_lines(count: usize) -> String {
    lines(count).replace('\n', &format!("{}\n", " and more".repeat(1_000)))
}

#[test]
fn rows_that_find_no_room_wait_and_are_kept_once_there_is_some() {
    let (home, server) = (Home::new(), sorter());
    let Some(disk) = Disk::mount(&home, "size=512k") else { return };
    let ballast = disk.0.join("ballast");
    fs::write(&ballast, vec![0; 400 * 1024]).unwrap();
    put(&home, "emails.txt", long_lines(40));
    let mut child = spawned(&on_small(&home, &server), Stdio::null());
    let (mut talk, said) = full(&mut child);
    assert!(said.contains("small/journal cannot be written"), "{said}");
    fs::remove_file(ballast).unwrap();
    let mut rest = String::new();
    talk.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    assert!(rest.contains("All finished rows are kept again."), "{rest}");
    assert_eq!(server.requests().len(), 40, "nothing was asked twice");
    assert_eq!(got(&home, "out.csv").lines().count(), 41);
}

#[test]
fn with_a_full_disk_nothing_more_is_asked_and_what_is_lost_is_said() {
    let (home, server) = (Home::new(), sorter());
    let Some(disk) = Disk::mount(&home, "size=512k") else { return };
    let ballast = disk.0.join("ballast");
    fs::write(&ballast, vec![0; 400 * 1024]).unwrap();
    put(&home, "emails.txt", long_lines(40));
    let mut child = spawned(&on_small(&home, &server), Stdio::null());
    let (mut talk, _) = full(&mut child);
    signal(&child, Signal::TERM);
    let mut rest = String::new();
    talk.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{rest}");
    assert!(rest.contains("finished rows could not be kept, and must be asked again."), "{rest}");
    let asked = server.requests().len();
    assert!(asked < 40, "{asked} were asked for, with no place to keep their answers");
    fs::remove_file(ballast).unwrap();
    let output = super::kit::run(&on_small(&home, &server));
    super::kit::ended(&output, 0);
    assert_eq!(got(&home, "out.csv").lines().count(), 41);
    assert!(server.requests().len() <= 40 + 8, "{}", server.requests().len());
}

#[test]
fn an_output_that_finds_no_room_is_said_and_loses_no_answer() {
    let (home, server) = (Home::new(), sorter());
    let Some(disk) = Disk::mount(&home, "size=128k") else { return };
    put(&home, "emails.txt", lines(20));
    let ballast = disk.fill();
    let args = ["emails.txt", "--labels", super::kit::LABELS, "-o", "small/out.csv", "--journal", "journal"];
    let launch = super::kit::batch(&home, &server, &args);
    let output = super::kit::run(&launch);
    let said = super::kit::ended(&output, 1);
    assert!(said.contains("The output cannot be written") || said.contains("could not be written"), "{said}");
    fs::remove_file(ballast).unwrap();
    let asked = server.requests().len();
    super::kit::ended(&super::kit::run(&launch), 0);
    assert_eq!(fs::read_to_string(disk.0.join("out.csv")).unwrap(), sorted_lines(20));
    assert!(server.requests().len() <= 20 + asked.min(1), "{asked}, then {}", server.requests().len());
}

#[test]
fn without_a_store_nothing_is_sent() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(5));
    fs::create_dir_all(home.data_dir()).unwrap();
    fs::write(home.data_dir().join("munshi.db"), "no database at all, but text".repeat(100)).unwrap();
    let output = super::kit::run(&classify(&home, &server, &[]));
    // It may be set aside and begun anew, or refused; but never is anything sent that nobody books.
    let booked = if output.status.success() { super::kit::number(&home, "SELECT count(*) FROM requests") } else { 0 };
    assert_eq!(server.requests().len() as i64, booked, "{}", super::kit::talk(&output));
}
