//! What stands in the output, whatever the order in which rows come, and whoever reads it.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex};

use serde_json::json;
use tokio::sync::Notify;

use super::*;
use crate::batch::journal::tests::{header, row};

fn scribe(target: Target, journal: Journal, index: Index) -> Scribe {
    let columns = Columns::new(vec!["label".to_owned()]);
    Scribe::spawn((journal, index), target, columns, OutputKind::Csv, Arc::new(Notify::new())).unwrap()
}

/// Whether it is open, and what was written.
type Held = (Mutex<(bool, Vec<u8>)>, Condvar);

/// A pipe that nobody reads until its gate is opened.
#[derive(Clone, Default)]
struct Pipe(Arc<Held>);

impl Pipe {
    fn open(&self) {
        self.0.0.lock().unwrap().0 = true;
        self.0.1.notify_all();
    }
    fn text(&self) -> String {
        String::from_utf8(self.0.0.lock().unwrap().1.clone()).unwrap()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.0.1.wait_while(self.0.0.lock().unwrap(), |(open, _)| !*open).unwrap();
        inner.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn numbers(text: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap()[0].to_owned()).collect()
}

fn kept(scribe: &Scribe) -> usize {
    let rows = |heard: Heard| if let Heard::Kept(rows) = heard { rows.len() } else { 0 };
    scribe.drain().into_iter().map(rows).sum()
}

#[test]
fn rows_that_come_in_any_order_stand_in_that_of_the_input_and_gaps_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.csv");
    let journal = Journal::begin(None, &header()).unwrap();
    let scribe = scribe(Target::File(out.clone()), journal, Index::default());
    for n in [5, 2, 1, 8, 3] {
        scribe.keep(row(n, Some("A")));
    }
    let end = scribe.close().unwrap();
    assert!(end.broken.is_none() && end.lost == 0 && end.index.done() == 5);
    assert_eq!(numbers(&std::fs::read_to_string(&out).unwrap()), ["1", "2", "3", "5", "8"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no unfinished file is left");
}

#[test]
fn a_reader_that_does_not_read_keeps_no_row_out_of_the_journal() {
    let pipe = Pipe::default();
    let journal = Journal::begin(None, &header()).unwrap();
    let scribe = scribe(Target::Stream(Box::new(pipe.clone())), journal, Index::default());
    for n in 1..=300 {
        scribe.keep(row(n, Some("A")));
    }
    let mut on_disk = 0;
    while on_disk < 300 {
        on_disk += kept(&scribe);
        std::thread::yield_now();
    }
    assert_eq!(pipe.text(), "");
    pipe.open();
    assert!(scribe.close().unwrap().broken.is_none());
    assert_eq!(numbers(&pipe.text()).len(), 300);
}

#[test]
fn what_an_earlier_run_has_finished_is_written_again_and_a_failed_row_as_it_came_out_at_last() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.csv");
    let mut journal = Journal::begin(None, &header()).unwrap();
    let mut index = Index::default();
    journal.keep(&[row(1, Some("A")), row(2, None), row(3, None)], &mut index).unwrap();
    index.await_failed();
    let scribe = scribe(Target::File(out.clone()), journal, index);
    scribe.keep(Record { fields: json!({"label": "B"}).as_object().cloned(), ..row(2, Some("B")) });
    drop(scribe.close());
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(numbers(&text), ["1", "2", "3"]);
    assert!(text.contains(",B,m,10,") && text.lines().last().unwrap().ends_with(",no"), "{text}");
}
