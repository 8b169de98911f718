//! The port to what is kept. Owns the trait and its vocabulary; refuses SQL (that is `sqlite/`) and threads
//! (that is `runtime/`). A store is used by one thread, which applies writes in order.

mod fold;
pub mod memory;
mod question;
pub mod sqlite;
mod tally;

use crate::chat::context::{ContextNotes, Mark, Summary as ContextSummary};
use crate::chat::embedding::{Embedded, EmbeddingModel, Excerpt, Ranked};
use crate::chat::ledger::{LedgerClosing, LedgerOpening};
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{ConversationId, ConversationMeta, Local, Message, MessageId, MetaPart, Spend};

pub use crate::chat::budget::{Cap, Scope};

/// One change. Writes are applied in order, and a batch as one transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Creates a conversation, or replaces what is kept of it besides its messages.
    PutConversation(ConversationMeta),
    /// Creates a conversation; where it is kept already, it is only marked as changed, and titled where it has no
    /// title. What another window changed meanwhile stays.
    TouchConversation(ConversationMeta),
    /// Takes over one part of `meta`, leaving the rest as it is, and marks the conversation as changed; nothing
    /// where it is not kept.
    ChangeConversation { meta: ConversationMeta, part: MetaPart },
    /// Changes the title (as the user's own) or the pin of a conversation, leaving the rest as it is.
    PatchConversation { id: ConversationId, title: Option<String>, pinned: Option<bool> },
    /// Marks a conversation deleted; it is kept until purged, so that it can be undone.
    DeleteConversation(ConversationId),
    /// Undoes [`Write::DeleteConversation`].
    UndeleteConversation(ConversationId),
    /// Removes for good what was marked deleted before `before_ms`, with messages, chunks and index rows;
    /// the ledger keeps its rows, without the conversation's text.
    PurgeDeleted { before_ms: i64 },
    /// Adds a message at the end of the sequence. Its parent stands before it.
    /// A streaming one belongs to this store's process until it is finished.
    AddMessage(Message),
    /// Adds text to a streaming reply without rewriting what was saved.
    AppendChunk { message: MessageId, text: String, reasoning: String },
    /// Ends a streaming reply: the message as it is for good; its chunks go, its text is indexed.
    FinishMessage(Message),
    /// Opens the ledger row of an attempt.
    OpenAttempt(LedgerOpening),
    /// Closes it; what was reserved is let go where the cost is known, and else goes on counting as the worst that it
    /// may have cost. Closing twice changes nothing.
    CloseAttempt(LedgerClosing),
    /// Keeps the draft of a conversation (`None`: of the new, unsaved one); an empty text removes it.
    PutDraft { conversation: Option<ConversationId>, text: String },
    /// Marks a message as always sent or never sent; `None` takes the mark away. Nothing where the conversation is
    /// not kept.
    SetMark { conversation: ConversationId, message: MessageId, mark: Option<Mark> },
    /// Keeps a summary; one of the same id is replaced where it stands. Nothing where the conversation is not kept.
    PutSummary { conversation: ConversationId, summary: ContextSummary },
    /// Undoes a summary: it is kept no more. The ledger keeps what it cost.
    DropSummary(MessageId),
    /// Keeps vectors of messages; what the same model made of them before is replaced, a message that is gone is
    /// passed over.
    PutEmbeddings { with: EmbeddingModel, vectors: Vec<(MessageId, Vec<f32>)> },
    /// Names the run of a batch whose attempts are booked under `id`, so that reports can say what it was; naming again
    /// replaces. A conversation of that id is shown by its own title.
    NameRun { id: ConversationId, name: String },
    /// Adds a sent or put-away draft to the input history.
    AddInputHistory { text: String, at_ms: i64 },
}

/// One step of a transaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step<'a> {
    Write(&'a Write),
    /// See [`Store::reserve`].
    Reserve {
        opening: &'a LedgerOpening,
        caps: &'a [Cap],
    },
}

/// A conversation in the panel's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub id: ConversationId,
    pub title: String,
    pub model: String,
    pub pinned: bool,
    pub updated_ms: i64,
    pub messages: u64,
}

/// A conversation as it was saved, with its messages in order of sequence and its draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    pub meta: ConversationMeta,
    pub messages: Vec<Message>,
    pub draft: String,
    /// Marks and summaries of it.
    pub notes: ContextNotes,
}

/// The answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    Granted,
    /// It would pass this cap, of which so much is recorded and reserved already.
    Refused {
        cap: Cap,
        used: Local,
    },
}

/// A found message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub conversation: ConversationId,
    pub message: MessageId,
    pub title: String,
    pub excerpt: String,
}

/// What can go wrong with a store, in sentences for the user.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full: {0}")]
    Full(String),
    /// It may work a moment later: another instance is in the way, or the disk or memory gave out for now.
    #[error("the database cannot be used just now: {0}")]
    Passing(String),
    #[error("the data folder cannot be written: {0}")]
    ReadOnly(String),
    #[error(
        "{path} was made by a newer munshi (schema {found}, this one knows {known}); it was not touched. Use that newer munshi, or set another data folder with MUNSHI_DATA_DIR"
    )]
    Newer { path: String, found: i64, known: i64 },
    #[error("{path} is damaged: {detail}")]
    Damaged { path: String, detail: String },
    #[error("no conversation {0} is saved")]
    NoConversation(ConversationId),
    #[error("the database failed: {0}")]
    Other(String),
}

impl StoreError {
    /// Whether the same write would fail for ever, and only itself: waiting for it would hold up all others.
    #[must_use]
    pub const fn is_hopeless(&self) -> bool {
        matches!(self, Self::NoConversation(_) | Self::Other(_))
    }
}

/// Whether all vectors are as long as the model makes them. One that is not would be made, and paid for, for ever.
fn check_lengths(with: &EmbeddingModel, vectors: &[(MessageId, Vec<f32>)]) -> Result<(), StoreError> {
    match vectors.iter().find(|(_, vector)| vector.len() as u64 != u64::from(with.dims)) {
        None => Ok(()),
        Some((_, vector)) => Err(StoreError::Other(format!(
            "a vector of {} numbers came for {}, which was asked for {}; set `dims` to what the model makes",
            vector.len(),
            with.model,
            with.dims
        ))),
    }
}

/// Where conversations, drafts and the ledger are kept.
pub trait Store: Send {
    /// Takes all of `steps` in order as one transaction, or none of them; each sees what those before it did. Returns
    /// the answers to the reservations, in order: one that is refused changes nothing, and undoes nothing either.
    ///
    /// # Errors
    /// Where nothing was changed, with the reason.
    fn apply(&mut self, steps: &[Step<'_>]) -> Result<Vec<Reservation>, StoreError>;

    /// Applies all of `writes` in order, or none of them.
    ///
    /// # Errors
    /// Where nothing was applied, with the reason.
    fn write(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        self.apply(&writes.iter().map(Step::Write).collect::<Vec<_>>()).map(drop)
    }

    /// In one transaction: checks that `opening.reserved` on top of what is recorded and reserved passes no
    /// cap, and then opens the row. Where the row is there already, its reservation counts once.
    ///
    /// # Errors
    /// Where nothing was changed, with the reason.
    fn reserve(&mut self, opening: &LedgerOpening, caps: &[Cap]) -> Result<Reservation, StoreError> {
        let answers = self.apply(&[Step::Reserve { opening, caps }])?;
        answers.first().copied().ok_or_else(|| StoreError::Other("a reservation was not answered".to_owned()))
    }

    /// Saved conversations: pinned first, then the last changed first; `filter` is matched in the titles
    /// as substrings of its words, without regard to case (empty: all).
    ///
    /// # Errors
    /// Where it cannot be read.
    fn list(&mut self, filter: &str, offset: u64, limit: u64) -> Result<Vec<Summary>, StoreError>;

    /// One conversation, whole. Deleted ones are not found.
    ///
    /// # Errors
    /// [`StoreError::NoConversation`], or where it cannot be read.
    fn load(&mut self, id: ConversationId) -> Result<Saved, StoreError>;

    /// The conversation changed last.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn latest(&mut self) -> Result<Option<ConversationId>, StoreError>;

    /// What was spent within a scope, each row at the rate it was booked with; open rows without a cost are
    /// not counted, closed ones without a cost count as unknown.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn spend(&mut self, scope: Scope) -> Result<Spend, StoreError>;

    /// The draft of a conversation, or of the new one.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn draft(&mut self, conversation: Option<ConversationId>) -> Result<String, StoreError>;

    /// Earlier inputs, the newest last, without neighbouring repeats.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn input_history(&mut self, limit: u64) -> Result<Vec<String>, StoreError>;

    /// Finished messages that contain every word of `query`, best first.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn search(&mut self, query: &str, limit: u64) -> Result<Vec<Hit>, StoreError>;

    /// What was spent in a period, row by row: in order of time where the rows are spans of it, else the dearest
    /// first. What counts is the local day that each attempt was booked on.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn report(&mut self, by: GroupBy, period: Period) -> Result<Vec<SpendRow>, StoreError>;

    /// Finished messages of questions and answers that contain any word of `query`, best first (BM25); of one
    /// conversation, or of all that are not deleted. In a large store, words that stand in more than a quarter of
    /// the newest messages are looked for only where the question has no others.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn rank(&mut self, query: &str, within: Option<ConversationId>, limit: u64) -> Result<Vec<Ranked>, StoreError>;

    /// The vectors that `with` made, of one conversation's messages or of all that are not deleted.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn embeddings(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
    ) -> Result<Vec<Embedded>, StoreError>;

    /// Finished questions and answers, the newest first, of which `with` has made no vector yet; not what the user left
    /// out, which is sent nowhere.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn unembedded(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
        limit: u64,
    ) -> Result<Vec<Excerpt>, StoreError>;

    /// These messages, in this order, without what is gone, deleted, or left out by the user.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn excerpts(&mut self, messages: &[MessageId]) -> Result<Vec<Excerpt>, StoreError>;
}
