//! The thread that holds the vectors and searches them, so that the loop does neither.

use std::collections::HashMap;

use crate::chat::embedding::{Embedded, EmbeddingModel, Ranked};
use crate::chat::{ConversationId, MessageId};

use super::index::Index;

/// Which vectors: of a model, of one conversation's messages or of all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub with: EmbeddingModel,
    pub within: Option<ConversationId>,
}

/// Something to do, in order.
pub(super) enum Job {
    Add { key: Key, vectors: Vec<Embedded> },
    Drop(Key),
    Search { ticket: u64, key: Key, question: MessageId, most: usize },
}

/// What came of a search; of other jobs nothing does.
pub(super) struct Searched {
    pub ticket: u64,
    /// `None`: there are no vectors to search by.
    pub ranked: Option<Vec<Ranked>>,
}

/// All vectors that are held.
#[derive(Default)]
pub(super) struct Shelves(HashMap<Key, Index>);

impl Shelves {
    pub fn work(&mut self, job: Job) -> Option<Searched> {
        match job {
            Job::Add { key, vectors } => {
                let dims = key.with.dims as usize;
                self.0.entry(key).or_insert_with(|| Index::new(dims)).add(vectors);
                None
            }
            Job::Drop(key) => {
                self.0.remove(&key);
                None
            }
            Job::Search { ticket, key, question, most } => {
                let ranked = self.0.get(&key).and_then(|index| index.search(question, most));
                Some(Searched { ticket, ranked })
            }
        }
    }
}
