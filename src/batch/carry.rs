//! Earlier answers carried over to another input: rows that say the same keep theirs. Owns the matching, by the rows' texts
//! and not by their places, since a line that was put in moves all others.

use std::collections::HashMap;
use std::path::Path;

use super::input::{InputError, Row, row_digest};
use super::journal::{Header, Index, Journal, JournalError, Locked, Record};
use super::task::hex;

/// Rows that are written at once.
const GROUP: usize = 1_000;

/// Why earlier answers could not be carried over.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("the journal cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

/// Writes a new journal with the answers of the earlier one to rows that stand in the new input, too, as often as they
/// stood in the old one; `fits` says whether an answer still has the shape that is asked for. The new journal takes the
/// place of the old one once it is whole.
///
/// # Errors
/// Where a file cannot be read or written: the old journal is untouched then.
pub fn carry_over(
    old: Locked,
    path: &Path,
    header: &Header,
    rows: impl Iterator<Item = Result<Row, InputError>>,
    counted: &[(String, Vec<String>)],
    fits: impl Fn(&Record) -> bool,
) -> Result<(Journal, Index), CarryError> {
    let mut places = Index::default();
    let (mut old, _) = old.resume(&mut places, |_| {})?;
    let mut known: HashMap<String, Vec<u64>> = HashMap::new();
    for n in (1..=places.last()).rev() {
        if let Some(offset) = places.offset(n) {
            known.entry(old.read(offset)?.digest).or_default().push(offset);
        }
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = Path::new(&unfinished);
    match std::fs::remove_file(unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut journal = Journal::begin(Some(unfinished), header)?;
    let mut index = Index::new(counted);
    let mut group = Vec::new();
    for (at, row) in rows.enumerate() {
        let row = row?;
        let Some(offset) = known.get_mut(&hex(&row_digest(&row.text))).and_then(Vec::pop) else { continue };
        let record = Record { n: at as u64 + 1, row: row.number, ..old.read(offset)? };
        if fits(&record) {
            group.push(record);
        }
        if group.len() == GROUP {
            journal.keep(&std::mem::take(&mut group), &mut index)?;
        }
    }
    journal.keep(&group, &mut index)?;
    journal.rename(path)?;
    Ok((journal, index))
}
