//! The write-ahead log, read without SQLite. SQLite silently ends at the first frame whose checksum is
//! wrong: right for a write that a crash cut off, but it would drop all that was acknowledged after a
//! flipped bit. Owns telling the two apart; `mend` makes such a log whole again.
//! The layout is SQLite's (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).

mod mend;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::header::PAGE;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
const FRAME: usize = FRAME_HEADER + PAGE;
/// The last bit says whose byte order the checksums are in.
const MAGIC: u32 = 0x377f_0682;

/// The running checksum, and the byte order it is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sum {
    big_endian: bool,
    sum: (u32, u32),
}

impl Sum {
    fn add(mut self, bytes: &[u8]) -> Self {
        let word = |four: &[u8]| {
            let four = [four[0], four[1], four[2], four[3]];
            if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        let (mut one, mut two) = self.sum;
        for eight in bytes.chunks_exact(8) {
            one = one.wrapping_add(word(&eight[..4])).wrapping_add(two);
            two = two.wrapping_add(word(&eight[4..])).wrapping_add(one);
        }
        self.sum = (one, two);
        self
    }

    /// After a frame: the first eight bytes of its header, and its page.
    fn add_frame(self, frame: &[u8]) -> Self {
        self.add(&frame[..8]).add(&frame[FRAME_HEADER..])
    }

    fn bytes(self) -> [u8; 8] {
        let mut out = [0; 8];
        out[..4].copy_from_slice(&self.sum.0.to_be_bytes());
        out[4..].copy_from_slice(&self.sum.1.to_be_bytes());
        out
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The checksum that the first frame goes on from; `None` where the header is not as it was written.
fn start(header: &[u8]) -> Option<Sum> {
    let magic = number(header, 0);
    let sum = Sum { big_endian: magic & 1 == 1, sum: (0, 0) }.add(&header[..24]);
    let sound = magic & !1 == MAGIC && number(header, 8) as usize == PAGE && header[24..32] == sum.bytes();
    sound.then_some(sum)
}

/// Whether a frame ends a transaction.
fn commits(frame: &[u8]) -> bool {
    number(frame, 4) != 0
}

/// Whether acknowledged transactions stand behind a place that SQLite would stop at.
pub(super) fn is_damaged(log: &Path) -> io::Result<bool> {
    match File::open(log) {
        Ok(file) => check(BufReader::with_capacity(FRAME * 4, file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn check(mut log: impl Read) -> io::Result<bool> {
    let mut header = [0; HEADER];
    if !fill(&mut log, &mut header)? {
        return Ok(false);
    }
    let mut frame = vec![0; FRAME];
    let Some(mut sum) = start(&header) else {
        // Without a frame there is nothing to lose.
        return fill(&mut log, &mut frame);
    };
    let salt = &header[16..24];
    let mut broken = false;
    let mut last_commits = false;
    let mut length = 0;
    while read_up_to(&mut log, &mut frame, &mut length)? {
        let current = frame[8..16] == *salt;
        if broken && current && commits(&frame) {
            return Ok(true);
        }
        if !broken {
            let next = sum.add_frame(&frame);
            if current && frame[16..24] == next.bytes() {
                sum = next;
            } else {
                broken = true;
                last_commits = current && commits(&frame);
            }
            continue;
        }
        // A write that a crash cut off is shorter, or is followed by frames of an earlier time.
        last_commits = false;
    }
    Ok(last_commits && length == 0)
}

/// Fills `buffer`; `false` where the log ends before that.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    read_up_to(log, buffer, &mut 0)
}

/// As [`fill`], with how many bytes there were of one that is not whole.
fn read_up_to(log: &mut impl Read, buffer: &mut [u8], length: &mut usize) -> io::Result<bool> {
    *length = 0;
    while *length < buffer.len() {
        match log.read(&mut buffer[*length..])? {
            0 => return Ok(false),
            count => *length += count,
        }
    }
    Ok(true)
}

/// The log with every checksum counted anew, up to its last commit.
pub(super) fn repaired(log: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(log)?;
    Ok(mend::log(&bytes).unwrap_or_default())
}

/// The pages in a log that was made whole, in order, each with the byte that it begins at.
pub(super) fn pages(log: &[u8]) -> impl Iterator<Item = (u32, usize)> {
    let frames = log.get(HEADER..).unwrap_or_default().chunks_exact(FRAME).enumerate();
    frames.map(|(at, frame)| (number(frame, 0), HEADER + at * FRAME + FRAME_HEADER))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A log with `commits` transactions, and the database's bytes beside it.
    fn log(commits: i64) -> (Vec<u8>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        for number in 0..commits {
            conn.execute("INSERT INTO t VALUES (?1)", [number]).unwrap();
        }
        (fs::read(&path).unwrap(), fs::read(folder.path().join("a.db-wal")).unwrap())
    }

    fn rows(database: &[u8], log: &[u8]) -> i64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        fs::write(&path, database).unwrap();
        fs::write(folder.path().join("a.db-wal"), log).unwrap();
        let conn = Connection::open(&path).unwrap();
        conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap_or(0)
    }

    #[test]
    fn a_log_as_sqlite_left_it_is_sound_wherever_a_crash_cut_it_off() {
        let (_, log) = log(5);
        for end in (0..=log.len()).step_by(97).chain([log.len()]) {
            assert!(!check(&log[..end]).unwrap(), "cut at {end} of {}", log.len());
        }
    }

    #[test]
    fn a_flipped_byte_before_acknowledged_transactions_is_told_and_costs_none_of_them() {
        let (database, log) = log(5);
        assert_eq!(rows(&database, &log), 5);
        // In the header, in a frame's salt, in its checksum, in its page (where the free space is).
        for at in [3, 12, 17, 30, HEADER + FRAME * 2 + 9, HEADER + FRAME * 3 + 20, HEADER + FRAME * 4 + 1000] {
            let mut flipped = log.clone();
            flipped[at] ^= 0x10;
            assert!(check(flipped.as_slice()).unwrap(), "flipped at {at}");
            assert!(rows(&database, &flipped) < 5, "flipped at {at}");
            assert_eq!(rows(&database, &mend::log(&flipped).unwrap()), 5, "flipped at {at}");
        }
    }

    #[test]
    fn the_last_commit_is_not_dropped_in_silence_either() {
        let (database, mut log) = log(5);
        let last = log.len() - 2000;
        log[last] ^= 1;
        assert!(check(log.as_slice()).unwrap());
        assert_eq!(rows(&database, &mend::log(&log).unwrap()), 5);
    }
}
