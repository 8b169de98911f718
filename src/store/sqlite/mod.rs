//! The store on disk: one SQLite database, shared by all instances. Owns the SQL, the file and its locks;
//! refuses to decide what is worth saving.

mod checkup;
mod embeddings;
mod fault;
mod files;
mod header;
mod instance;
mod leaves;
mod ledger;
mod notes;
mod notice;
mod open;
mod read;
mod read_only;
mod recover;
mod report;
mod rescue;
mod rows;
mod salvage;
mod schema;
mod search;
mod wal;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::chat::embedding::{Embedded, EmbeddingModel, Excerpt, Ranked};
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{ConversationId, Message, MessageId, Spend, Status};

use self::fault::Fault;
use self::instance::Instance;
use self::write::Writer;
use super::{Hit, Reservation, Saved, Scope, Step, Store, StoreError, Summary};

pub use self::notice::Notice;

/// How an opening is done.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenOptions {
    /// Wall clock, milliseconds since 1970 UTC: names what is set aside, and dates deletions.
    pub now_ms: i64,
    /// Reads only, even where the folder could be written.
    pub read_only: bool,
    /// The most pages of 4 KiB that the database may have, for tests of a full disk.
    pub max_pages: Option<u32>,
}

/// An open store, and what the user should know of how it was opened.
#[derive(Debug)]
pub struct Opened {
    pub store: SqliteStore,
    pub notices: Vec<Notice>,
}

/// See [`Store`].
#[derive(Debug)]
pub struct SqliteStore {
    // Closed before the instance's lock is let go.
    conn: Connection,
    path: PathBuf,
    access: Access,
}

#[derive(Debug)]
enum Access {
    Write {
        instance: Instance,
        writer: Writer,
        made: Option<Made>,
    },
    /// Why nothing can be written.
    Read(String),
}

/// The file, where this store made it: on disk for certain before the first write is, and held until the
/// connection is closed, since to close a handle of it would let go of the connection's locks.
#[derive(Debug)]
struct Made {
    file: File,
    synced: bool,
}

/// How often a whole transaction is begun again after others kept the database for the busy timeout.
const ATTEMPTS: u32 = 4;

impl SqliteStore {
    /// Opens the database at `path`, which is made where it is missing, together with its folder.
    ///
    /// What an older munshi made is migrated, after a copy; what dead instances left is settled; a damaged
    /// file is set aside and salvaged; where nothing can be written, it is opened for reading. Each of
    /// those that a user should know of is a [`Notice`].
    ///
    /// # Errors
    /// [`StoreError::Newer`], with the file untouched; others where it can not even be read.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Opened, StoreError> {
        open::open(path, &options)
    }

    /// Reads the whole database at `path` and checks it, which takes seconds where it is large: for
    /// `doctor`, and for an idle moment. Where it is damaged, the next [`SqliteStore::open`] salvages it.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first damage, or where it cannot be read.
    pub fn verify(path: &Path) -> Result<(), StoreError> {
        open::verify(path)
    }

    /// Changes the most pages that the database may have, for tests of a full disk.
    ///
    /// # Errors
    /// Where SQLite refuses.
    #[doc(hidden)]
    pub fn set_max_pages(&mut self, pages: u32) -> Result<(), StoreError> {
        open::set_max_pages(&self.conn, pages).map_err(|error| self.fault(error.into()))
    }

    /// One write transaction: begun at once, so that it never has to be given up half-way for another's.
    fn transact<T>(
        &mut self,
        mut work: impl FnMut(&Transaction<'_>, &mut Writer) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let (writer, made, path) = match &mut self.access {
            Access::Write { writer, made, .. } => (writer, made, &self.path),
            Access::Read(reason) => return Err(StoreError::ReadOnly(reason.clone())),
        };
        if let Some(made) = made.as_mut().filter(|made| !made.synced) {
            made.file.sync_all().map_err(|error| match Fault::from(error).at(path) {
                // Nothing is written yet, so that the same may work later.
                StoreError::Other(reason) => StoreError::Passing(reason),
                error => error,
            })?;
            files::sync_folder(files::folder_of(path));
            files::sync_folder(files::folder_of(files::folder_of(path)));
            made.synced = true;
        }
        let mut attempt = 1;
        loop {
            let mut next = *writer;
            let done = once(&mut self.conn, |tx| work(tx, &mut next));
            match done {
                Ok(value) => {
                    *writer = next;
                    return Ok(value);
                }
                Err(fault) if fault.is_busy() && attempt < ATTEMPTS => attempt += 1,
                Err(fault) => {
                    let error = fault.at(path);
                    open::remember_damage(path, &error);
                    return Err(error);
                }
            }
        }
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.conn).map_err(|error| self.fault(error.into()))
    }

    fn fault(&self, fault: Fault) -> StoreError {
        let error = fault.at(&self.path);
        if matches!(self.access, Access::Write { .. }) {
            open::remember_damage(&self.path, &error);
        }
        error
    }

    /// Settles what the dead left while this store was open; whether there was anything.
    fn settle_the_dead(&mut self) -> Result<bool, StoreError> {
        let Access::Write { writer, .. } = &self.access else { return Ok(false) };
        let folder = open::instances_of(&self.path);
        let settled = recover::settle_the_dead(&mut self.conn, &folder, writer.instance);
        settled.map(|dead| dead > 0).map_err(|fault| self.fault(fault))
    }

    fn load_once(&mut self, id: ConversationId) -> Result<(Saved, Vec<rows::Stored>), StoreError> {
        let loaded = self.conn.transaction().map_err(Fault::from).and_then(|moment| read::load(&moment, id));
        loaded.map_err(|fault| self.fault(fault))
    }

    /// Whether it is a reply that streams in another instance, or did.
    fn is_foreign(&self, stored: &rows::Stored) -> bool {
        let me = match &self.access {
            Access::Write { instance, .. } => Some(instance.id),
            Access::Read(_) => None,
        };
        stored.message.status == Status::Streaming && stored.owner != me
    }
}

fn once<T>(conn: &mut Connection, work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&tx)?;
    tx.commit()?;
    Ok(value)
}

impl Store for SqliteStore {
    fn apply(&mut self, steps: &[Step<'_>]) -> Result<Vec<Reservation>, StoreError> {
        self.transact(|tx, writer| {
            let mut answers = Vec::new();
            for step in steps {
                match step {
                    Step::Write(write) => writer.apply(tx, write)?,
                    Step::Reserve { opening, caps } => answers.push(writer.reserve(tx, opening, caps)?),
                }
            }
            Ok(answers)
        })
    }

    fn list(&mut self, filter: &str, offset: u64, limit: u64) -> Result<Vec<Summary>, StoreError> {
        self.read(|conn| read::list(conn, filter, offset, limit))
    }

    fn load(&mut self, id: ConversationId) -> Result<Saved, StoreError> {
        let (mut saved, mut stored) = self.load_once(id)?;
        // A reply that streams elsewhere may have lost its process meanwhile.
        if stored.iter().any(|one| self.is_foreign(one)) && self.settle_the_dead()? {
            (saved, stored) = self.load_once(id)?;
        }
        let messages: Vec<Message> = stored.into_iter().map(|one| one.message).collect();
        Ok(Saved { messages, ..saved })
    }

    fn latest(&mut self) -> Result<Option<ConversationId>, StoreError> {
        self.read(read::latest)
    }

    fn spend(&mut self, scope: Scope) -> Result<Spend, StoreError> {
        self.read(|conn| ledger::spend(conn, scope))
    }

    fn draft(&mut self, conversation: Option<ConversationId>) -> Result<String, StoreError> {
        self.read(|conn| read::draft(conn, conversation))
    }

    fn input_history(&mut self, limit: u64) -> Result<Vec<String>, StoreError> {
        self.read(|conn| read::input_history(conn, limit))
    }

    fn search(&mut self, query: &str, limit: u64) -> Result<Vec<Hit>, StoreError> {
        self.read(|conn| search::search(conn, query, limit))
    }

    fn report(&mut self, by: GroupBy, period: Period) -> Result<Vec<SpendRow>, StoreError> {
        self.read(|conn| report::report(conn, by, period))
    }

    fn rank(&mut self, query: &str, within: Option<ConversationId>, limit: u64) -> Result<Vec<Ranked>, StoreError> {
        self.read(|conn| search::rank(conn, query, within, limit))
    }

    fn embeddings(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
    ) -> Result<Vec<Embedded>, StoreError> {
        self.read(|conn| embeddings::all(conn, with, within))
    }

    fn unembedded(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
        limit: u64,
    ) -> Result<Vec<Excerpt>, StoreError> {
        self.read(|conn| embeddings::missing(conn, with, within, limit))
    }

    fn excerpts(&mut self, messages: &[MessageId]) -> Result<Vec<Excerpt>, StoreError> {
        self.read(|conn| embeddings::excerpts(conn, messages))
    }
}
