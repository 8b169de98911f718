//! What the search for older messages reads. Owns its questions and answers, which are no business of a front end's.

use crate::chat::embedding::{Embedded, EmbeddingModel, Excerpt, Ranked};
use crate::chat::{ConversationId, MessageId};
use crate::store::{Store, StoreError};

/// Something to read, with whom it is for.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::runtime) enum Recall {
    /// All vectors of a model, of one conversation's messages or of all.
    Vectors { with: EmbeddingModel, within: Option<ConversationId> },
    /// Messages that have none yet; `holder` comes back with the answer, and `since` when it began to hold vectors.
    Missing { holder: ConversationId, since: u64, with: EmbeddingModel, within: Option<ConversationId>, limit: u64 },
    /// The messages whose words fit a search's text best.
    Words { ticket: u64, text: String, asker: ConversationId, everywhere: bool, most: u64 },
    /// What messages of other chats say.
    Excerpts { ticket: u64, messages: Vec<MessageId> },
}

/// What was read; what cannot be read is logged, and counts as nothing but for vectors.
#[derive(Debug)]
pub(in crate::runtime) enum Recalled {
    Vectors {
        with: EmbeddingModel,
        within: Option<ConversationId>,
        /// `None`: they could not be read.
        vectors: Option<Vec<Embedded>>,
    },
    Missing {
        holder: ConversationId,
        since: u64,
        messages: Vec<Excerpt>,
    },
    /// Best first, with what those of other chats say.
    Words {
        ticket: u64,
        ranked: Vec<Ranked>,
        elsewhere: Vec<Excerpt>,
    },
    Excerpts {
        ticket: u64,
        elsewhere: Vec<Excerpt>,
    },
}

impl Recall {
    pub(super) fn read(self, store: &mut dyn Store) -> Recalled {
        match self {
            Self::Vectors { with, within } => {
                let vectors = told(store.embeddings(&with, within));
                Recalled::Vectors { with, within, vectors }
            }
            Self::Missing { holder, since, with, within, limit } => {
                let messages = told(store.unembedded(&with, within, limit)).unwrap_or_default();
                Recalled::Missing { holder, since, messages }
            }
            Self::Words { ticket, text, asker, everywhere, most } => {
                let within = (!everywhere).then_some(asker);
                let ranked = told(store.rank(&text, within, most)).unwrap_or_default();
                let others = ranked.iter().filter(|found| found.conversation != asker);
                let others: Vec<MessageId> = others.map(|found| found.message).collect();
                Recalled::Words { ticket, ranked, elsewhere: excerpts(store, &others) }
            }
            Self::Excerpts { ticket, messages } => Recalled::Excerpts { ticket, elsewhere: excerpts(store, &messages) },
        }
    }
}

fn excerpts(store: &mut dyn Store, messages: &[MessageId]) -> Vec<Excerpt> {
    if messages.is_empty() {
        return Vec::new();
    }
    told(store.excerpts(messages)).unwrap_or_default()
}

fn told<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "the search for older messages could not read")).ok()
}
