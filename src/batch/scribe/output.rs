//! The output, written from the journal in the order of the input. Owns the file and its name; waits for whoever reads it,
//! on a thread of its own, so that nobody else does.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use super::super::journal::{Index, Record, sync_folder_of};
use super::super::output::{Columns, OutRow, OutputKind, Writer};
use super::{Heard, Outbox, Shared};
use crate::chat::decimal::written;

/// Digits after the point of a sum in the user's currency.
const LOCAL_DIGITS: u32 = 18;

/// Rows, and bytes of their texts, that are read at once.
const GROUP: usize = 256;
const GROUP_BYTES: usize = 1 << 20;

/// Where the answers go.
pub enum Target {
    /// A file, which is there under its name only once it is written.
    File(PathBuf),
    /// A stream, row by row as they come into order.
    Stream(Box<dyn Write + Send>),
}

enum Word {
    /// There may be more to write.
    GoOn,
    /// There will be no more.
    Close,
}

/// The keeper's end of the thread that writes.
pub(super) struct Press {
    words: SyncSender<Word>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Press {
    pub fn spawn(kept: Shared, output: Output, outbox: Outbox) -> io::Result<Self> {
        // One word that waits says as much as many.
        let (words, inbox) = mpsc::sync_channel(1);
        let thread =
            thread::Builder::new().name("output".to_owned()).spawn(move || serve(&kept, output, &inbox, &outbox));
        Ok(Self { words, thread: Some(thread?) })
    }

    /// There may be more to write; never waits.
    pub fn go_on(&self) {
        // Where a word waits already, or nobody listens any more, there is no more to say.
        let _ = self.words.try_send(Word::GoOn);
    }

    /// Waits until all is written.
    pub fn close(&mut self) -> io::Result<()> {
        let _ = self.words.send(Word::Close);
        let gone = || io::Error::other("the thread that writes it is gone");
        self.thread.take().ok_or_else(gone)?.join().map_err(|_| gone())?
    }
}

fn serve(kept: &Shared, mut output: Output, inbox: &Receiver<Word>, outbox: &Outbox) -> io::Result<()> {
    while let Ok(Word::GoOn) = inbox.recv() {
        if let Err(error) = output.advance(kept) {
            let again = io::Error::new(error.kind(), error.to_string());
            outbox.tell(Heard::Broken(error));
            // What follows would have a hole before it.
            while let Ok(Word::GoOn) = inbox.recv() {}
            return Err(again);
        }
    }
    output.finish(kept)
}

/// The output, as far as it is written.
pub(super) struct Output {
    /// `None` until the first row.
    writer: Option<Writer<BufWriter<Box<dyn Write + Send>>>>,
    target: Option<Target>,
    /// Where the file stands until it is whole, and its name.
    file: Option<(PathBuf, PathBuf)>,
    columns: Columns,
    kind: OutputKind,
    /// The next row of the input.
    next: u64,
}

impl Output {
    pub fn new(target: Target, columns: Columns, kind: OutputKind) -> Self {
        Self { writer: None, target: Some(target), file: None, columns, kind, next: 1 }
    }

    /// Writes all rows that are done and follow what is written.
    fn advance(&mut self, kept: &Shared) -> io::Result<()> {
        self.write_while(kept, Index::is_done)
    }

    /// Writes as long as `goes_on`, rows that are not done left out; a group of rows is read at once.
    fn write_while(&mut self, kept: &Shared, goes_on: impl Fn(&Index, u64) -> bool) -> io::Result<()> {
        loop {
            let group = self.read(kept, &goes_on)?;
            if group.is_empty() {
                return Ok(());
            }
            self.open()?;
            let Some(writer) = &mut self.writer else { return Ok(()) };
            for record in &group {
                write(writer, record)?;
            }
            writer.flush()?;
        }
    }

    fn read(&mut self, kept: &Shared, goes_on: &impl Fn(&Index, u64) -> bool) -> io::Result<Vec<Record>> {
        let mut kept = kept.lock();
        let (mut group, mut bytes) = (Vec::new(), 0);
        while goes_on(&kept.index, self.next) && group.len() < GROUP && bytes < GROUP_BYTES {
            if let Some(offset) = kept.index.offset(self.next) {
                let record = kept.journal.read(offset)?;
                bytes += record.input.len();
                group.push(record);
            }
            self.next += 1;
        }
        Ok(group)
    }

    /// Opens the output with its head.
    fn open(&mut self) -> io::Result<()> {
        let Some(target) = self.target.take() else { return Ok(()) };
        let stream: Box<dyn Write + Send> = match target {
            Target::Stream(stream) => stream,
            Target::File(path) => {
                let unfinished = unfinished(&path);
                let file = create(&unfinished)?;
                self.file = Some((unfinished, path));
                Box::new(file)
            }
        };
        self.writer = Some(Writer::new(BufWriter::with_capacity(1 << 16, stream), self.kind, &self.columns)?);
        Ok(())
    }

    /// Writes what else is done, with gaps where rows are not, and gives the file its name.
    fn finish(mut self, kept: &Shared) -> io::Result<()> {
        let last = kept.lock().index.last();
        if last == 0 {
            return Ok(());
        }
        self.write_while(kept, |_, n| n <= last)?;
        drop(self.writer.take());
        let Some((unfinished, path)) = self.file.take() else { return Ok(()) };
        OpenOptions::new().write(true).open(&unfinished)?.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        sync_folder_of(&path)
    }
}

/// `out.csv.part`
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write<W: Write>(writer: &mut Writer<W>, record: &Record) -> io::Result<()> {
    let cost = record.local().map(|cost| written(cost.0, LOCAL_DIGITS));
    writer.write(&OutRow {
        number: record.row,
        input: &record.input,
        fields: record.fields.as_ref(),
        model: &record.model,
        tokens: record.tokens,
        cost: cost.as_deref(),
        error: record.error.as_deref(),
    })
}
