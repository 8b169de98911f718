//! Earlier answers carried over to another input: rows that say the same keep theirs. Owns the matching, by the rows' texts
//! and not by their places, since a line that was put in moves all others.

use std::path::{Path, PathBuf};

use super::input::{InputError, Row, row_digest};
use super::journal::{Header, Index, Journal, JournalError, Locked, Record};

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
/// place of the old one once it is whole; the old one stays under the name that is given.
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
) -> Result<(Journal, Index, PathBuf), CarryError> {
    let mut places = Index::default();
    let (mut old, _) = old.resume(&mut places, |_| {})?;
    let mut answers = Answers::read(&mut old, &places)?;
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
        let Some(offset) = answers.take(row_digest(&row.text)) else { continue };
        let record = Record { n: at as u64 + 1, row: row.number, ..old.read(offset)? };
        if fits(&record) {
            group.push(record);
        }
        if group.len() == GROUP {
            journal.keep(&std::mem::take(&mut group), &mut index)?;
        }
    }
    journal.keep(&group, &mut index)?;
    let aside = old.copy_aside()?;
    journal.rename(path)?;
    Ok((journal, index, aside))
}

/// Earlier answers by their rows' texts: 28 bytes for each.
struct Answers {
    /// In order of the text, then of their places in the input.
    known: Vec<([u8; 16], u64)>,
    /// How many of those with the same text are taken, at the first of them.
    taken: Vec<u32>,
}

impl Answers {
    fn read(journal: &mut Journal, places: &Index) -> std::io::Result<Self> {
        let mut known = Vec::new();
        for offset in (1..=places.last()).filter_map(|n| places.offset(n)) {
            // By the text itself: what the line says of it might be damaged.
            known.push((row_digest(&journal.read(offset)?.input), offset));
        }
        // Stable, so that those of the same text stay in the order of the input.
        known.sort_by_key(|(digest, _)| *digest);
        let taken = vec![0; known.len()];
        Ok(Self { known, taken })
    }

    /// Where an answer to this text stands that is not taken yet.
    fn take(&mut self, digest: [u8; 16]) -> Option<u64> {
        let first = self.known.partition_point(|(known, _)| *known < digest);
        let at = first + *self.taken.get(first)? as usize;
        let (_, offset) = self.known.get(at).filter(|(known, _)| *known == digest)?;
        self.taken[first] += 1;
        Some(*offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::journal::find;
    use crate::batch::journal::tests::{header, row};
    use crate::batch::journal::{Found, InputMark};

    fn text(number: u64, text: &str) -> Row {
        Row { number, text: text.to_owned(), unusable: None }
    }

    #[test]
    fn answers_follow_their_texts_wherever_these_stand_now_and_as_often_as_they_did() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j");
        let mut journal = Journal::begin(Some(&path), &header()).unwrap();
        let said = |n, text: &str, label| Record { input: text.to_owned(), ..row(n, Some(label)) };
        let rows = [said(1, "one", "A"), said(2, "twice", "A"), said(3, "twice", "B"), said(4, "gone", "A")];
        journal.keep(&rows, &mut Index::default()).unwrap();
        drop(journal);
        let Found::Journal(before, old) = find(&path).unwrap() else { panic!("there is a journal") };
        let now = Header { input: InputMark { rows: 5, ..before.input.clone() }, ..(*before).clone() };
        let rows = [text(1, "new"), text(2, "twice"), text(3, "one"), text(4, "twice"), text(5, "twice")];
        let fits = |record: &Record| record.input != "one";
        let (mut journal, index, aside) = carry_over(old, &path, &now, rows.into_iter().map(Ok), &[], fits).unwrap();
        let label = |journal: &mut Journal, n| {
            let record = journal.read(index.offset(n)?).unwrap();
            Some((record.row, record.fields?["label"].as_str()?.to_owned()))
        };
        assert_eq!(label(&mut journal, 2), Some((2, "A".to_owned())));
        assert_eq!(label(&mut journal, 4), Some((4, "B".to_owned())));
        assert!(!index.is_done(1) && !index.is_done(3) && !index.is_done(5), "new, not fitting, once too often");
        drop(journal);
        assert!(matches!(find(&path).unwrap(), Found::Journal(header, _) if *header == now));
        assert!(matches!(find(&aside).unwrap(), Found::Journal(header, _) if *header == *before));
    }
}
