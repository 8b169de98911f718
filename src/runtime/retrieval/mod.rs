//! The search for older messages at work: vectors held in memory, made where they are missing, searched on a thread of
//! their own; words where there are none. Owns who holds what and who waits for which answer; refuses to decide when
//! any of it is done (that is `session/`).

mod embeds;
mod index;
mod searcher;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Notify;

use crate::chat::embedding::{Embedded, EmbeddingModel, EmbeddingReport, EmbeddingRequest, Excerpt, Ranked};
use crate::chat::{AttemptId, ConversationId, Failure, FailureKind, MessageId};
use crate::provider::Provider;
use crate::session::event::{EmbeddingEnded, Found, RankedBy};
use crate::session::{Effect, Happened};
use crate::store::Write;

use super::ids;
use super::store_thread::{Recall, Recalled, StoreHandle};
use super::worker::Worker;
use embeds::{Asked, Embeds};
use searcher::{Job, Key, Searched, Shelves};

/// Found beyond what is asked for: the question itself, and messages of chats that were deleted since.
const MORE: u32 = 16;

/// A chat that holds vectors.
struct Holder {
    key: Key,
    /// Which time it began to: answers to an earlier one are not told.
    since: u64,
    /// The conversations of the messages that it was last told have no vector.
    origins: HashMap<MessageId, ConversationId>,
    /// Messages that got a vector since: what was read before it was kept still says that they have none.
    made: HashSet<MessageId>,
}

/// A search that is not over.
struct Search {
    asker: ConversationId,
    question: MessageId,
    text: String,
    by: RankedBy,
    everywhere: bool,
    most: u32,
    ranked: Vec<Ranked>,
}

/// All of it, for all chats.
pub(super) struct Retrieval {
    holders: HashMap<ConversationId, Holder>,
    /// Vectors that are being read, and those that are there.
    awaited: HashSet<Key>,
    loaded: HashSet<Key>,
    searches: HashMap<u64, Search>,
    /// Searches that wait for vectors that are being read.
    waiting: Vec<(u64, Key)>,
    tickets: u64,
    embeds: Embeds,
    /// Started for the first vectors.
    searcher: Option<Worker<Job, Option<Searched>>>,
    arrived: Arc<Notify>,
}

impl Retrieval {
    pub fn new(provider: Arc<dyn Provider>, arrived: Arc<Notify>) -> Self {
        Self {
            holders: HashMap::new(),
            awaited: HashSet::new(),
            loaded: HashSet::new(),
            searches: HashMap::new(),
            waiting: Vec::new(),
            tickets: 0,
            embeds: Embeds::new(provider, Arc::clone(&arrived)),
            searcher: None,
            arrived,
        }
    }

    pub fn set_provider(&mut self, provider: Arc<dyn Provider>) {
        self.embeds.set_provider(provider);
    }

    /// Runs an effect if it is one of the search's.
    pub fn run(&mut self, conversation: ConversationId, effect: Effect, store: &StoreHandle) {
        match effect {
            Effect::Index { with, everywhere } => {
                self.hold(conversation, Key { with, within: (!everywhere).then_some(conversation) }, store);
            }
            Effect::DropIndex => self.release(conversation),
            Effect::Embed { attempt, messages, request } => self.embed(conversation, attempt, &messages, request),
            Effect::Search { question, text, by, everywhere, most } => {
                let asker = conversation;
                let search = Search { asker, question, text, by, everywhere, most, ranked: Vec::new() };
                self.search(search, store);
            }
            _ => {}
        }
    }

    pub fn cancel(&mut self, attempt: AttemptId) {
        self.embeds.cancel(attempt);
    }

    pub fn is_running(&self) -> bool {
        self.embeds.is_running()
    }

    /// What happened since the last time.
    pub fn drain(&mut self, store: &StoreHandle) -> Vec<(ConversationId, Happened)> {
        let mut out = Vec::new();
        for (asked, report) in self.embeds.drain() {
            out.push((asked.conversation, self.embedded(asked, report, store)));
        }
        for recalled in store.drain_recalled() {
            out.extend(self.recalled(recalled, store));
        }
        let searched: Vec<Searched> = self.searcher.iter().flat_map(Worker::drain).flatten().collect();
        for Searched { ticket, ranked } in searched {
            out.extend(self.searched(ticket, ranked, store));
        }
        out
    }

    // Holding

    fn hold(&mut self, conversation: ConversationId, key: Key, store: &StoreHandle) {
        let holds = self.holders.get(&conversation).is_some_and(|holder| holder.key == key);
        if !holds {
            self.release(conversation);
            let since = self.ticket();
            self.holders.insert(
                conversation,
                Holder { key: key.clone(), since, origins: HashMap::new(), made: HashSet::new() },
            );
        }
        let (with, within) = (key.with.clone(), key.within);
        if !self.loaded.contains(&key) && self.awaited.insert(key) {
            store.recall(Recall::Vectors { with: with.clone(), within });
        }
        let Some(since) = self.holders.get(&conversation).map(|holder| holder.since) else { return };
        store.recall(Recall::Missing { holder: conversation, since, with, within, limit: texts::MOST_MESSAGES });
    }

    fn release(&mut self, conversation: ConversationId) {
        let Some(Holder { key, .. }) = self.holders.remove(&conversation) else { return };
        if self.is_held(&key) {
            return;
        }
        self.awaited.remove(&key);
        self.loaded.remove(&key);
        if self.searcher.is_some() {
            self.give(Job::Drop(key));
        }
    }

    fn is_held(&self, key: &Key) -> bool {
        self.holders.values().any(|holder| holder.key == *key)
    }

    fn loaded(&mut self, key: Key, vectors: Vec<Embedded>) {
        self.awaited.remove(&key);
        if self.is_held(&key) && self.give(Job::Add { key: key.clone(), vectors }) {
            self.loaded.insert(key);
        }
    }

    fn indexed(&mut self, conversation: ConversationId, since: u64, mut messages: Vec<Excerpt>) -> Option<Happened> {
        let holder = self.holders.get_mut(&conversation).filter(|holder| holder.since == since)?;
        messages.retain(|excerpt| !holder.made.contains(&excerpt.message));
        holder.origins = messages.iter().map(|excerpt| (excerpt.message, excerpt.conversation)).collect();
        Some(Happened::Indexed { id: ids::message(), missing: texts::of(messages) })
    }

    // Making vectors

    fn embed(
        &mut self,
        conversation: ConversationId,
        attempt: AttemptId,
        messages: &[MessageId],
        request: Arc<EmbeddingRequest>,
    ) {
        tracing::info!(%attempt, model = %request.with.model, texts = request.texts.len(), "vectors asked for");
        let holder = self.holders.get(&conversation);
        let origin = |id: &MessageId| holder.and_then(|holder| holder.origins.get(id)).copied().unwrap_or(conversation);
        let messages = messages.iter().map(|id| (origin(id), *id)).collect();
        self.embeds.start(Asked { conversation, attempt, with: request.with.clone(), messages }, request);
    }

    /// Keeps what came of an attempt, on disk and in memory.
    fn embedded(&mut self, asked: Asked, report: EmbeddingReport, store: &StoreHandle) -> Happened {
        let EmbeddingReport { vectors, tokens, request_id } = report;
        let Asked { attempt, with, messages, .. } = asked;
        let result = vectors.and_then(|vectors| {
            if vectors.len() != messages.len() {
                let words = format!("{} gave {} vectors for {} texts.", with.model, vectors.len(), messages.len());
                return Err(Some(Failure::new(FailureKind::InvalidData, words)));
            }
            let made = messages.iter().zip(&vectors);
            let embedded = made.map(|((conversation, message), vector)| Embedded {
                conversation: *conversation,
                message: *message,
                vector: vector.clone(),
            });
            self.add(&with, &embedded.collect::<Vec<_>>());
            for holder in self.holders.values_mut().filter(|holder| holder.key.with == with) {
                holder.made.extend(messages.iter().map(|(_, message)| *message));
            }
            let vectors = messages.into_iter().map(|(_, message)| message).zip(vectors).collect();
            store.write(vec![Write::PutEmbeddings { with, vectors }], None);
            Ok(())
        });
        Happened::Embedded { attempt, ended: EmbeddingEnded { result, tokens, request_id } }
    }

    /// Adds vectors to all that are held of their model and hold their conversation. What is still being read has them
    /// too, or gets them here; which of both comes first does not matter.
    fn add(&mut self, with: &EmbeddingModel, vectors: &[Embedded]) {
        let of_model = |key: &&Key| key.with == *with;
        let keys: Vec<Key> = self.loaded.iter().chain(&self.awaited).filter(of_model).cloned().collect();
        for key in keys {
            let is_its = |embedded: &&Embedded| key.within.is_none_or(|within| within == embedded.conversation);
            let vectors: Vec<Embedded> = vectors.iter().filter(is_its).cloned().collect();
            self.give(Job::Add { key, vectors });
        }
    }

    // Searching

    fn search(&mut self, search: Search, store: &StoreHandle) {
        let ticket = self.ticket();
        let key = match &search.by {
            RankedBy::Meaning(with) => {
                Some(Key { with: with.clone(), within: (!search.everywhere).then_some(search.asker) })
            }
            RankedBy::Words => None,
        };
        self.searches.insert(ticket, search);
        match key {
            // The vectors of a long conversation may take longer to read than one takes to be made.
            Some(key) if self.awaited.contains(&key) => self.waiting.push((ticket, key)),
            Some(key) => self.by_meaning(ticket, key, store),
            None => self.by_words(ticket, store),
        }
    }

    /// Goes on with the searches that waited for these vectors.
    fn go_on(&mut self, key: &Key, store: &StoreHandle) {
        let over: Vec<_> = self.waiting.extract_if(.., |(_, waited)| waited == key).collect();
        for (ticket, key) in over {
            self.by_meaning(ticket, key, store);
        }
    }

    /// Searches by vectors, or by words where there are none.
    fn by_meaning(&mut self, ticket: u64, key: Key, store: &StoreHandle) {
        let Some(search) = self.searches.get(&ticket) else { return };
        let (question, most) = (search.question, search.most.saturating_add(MORE) as usize);
        if !self.loaded.contains(&key) || !self.give(Job::Search { ticket, key, question, most }) {
            self.by_words(ticket, store);
        }
    }

    fn by_words(&mut self, ticket: u64, store: &StoreHandle) {
        let Some(search) = self.searches.get_mut(&ticket) else { return };
        search.by = RankedBy::Words;
        store.recall(Recall::Words {
            ticket,
            text: search.text.clone(),
            asker: search.asker,
            everywhere: search.everywhere,
            most: u64::from(search.most.saturating_add(MORE)),
        });
    }

    fn searched(
        &mut self,
        ticket: u64,
        ranked: Option<Vec<Ranked>>,
        store: &StoreHandle,
    ) -> Option<(ConversationId, Happened)> {
        let Some(ranked) = ranked else {
            self.by_words(ticket, store);
            return None;
        };
        let search = self.searches.get_mut(&ticket)?;
        let others = ranked.iter().filter(|found| found.conversation != search.asker);
        let messages: Vec<MessageId> = others.map(|found| found.message).collect();
        search.ranked = ranked;
        if messages.is_empty() {
            return self.found(ticket, Vec::new());
        }
        store.recall(Recall::Excerpts { ticket, messages });
        None
    }

    fn recalled(&mut self, recalled: Recalled, store: &StoreHandle) -> Option<(ConversationId, Happened)> {
        match recalled {
            Recalled::Vectors { with, within, vectors } => {
                let key = Key { with, within };
                match vectors {
                    Some(vectors) => self.loaded(key.clone(), vectors),
                    // The next time that they are asked for they are read again.
                    None => drop(self.awaited.remove(&key)),
                }
                self.go_on(&key, store);
                None
            }
            Recalled::Missing { holder, since, messages } => {
                self.indexed(holder, since, messages).map(|happened| (holder, happened))
            }
            Recalled::Words { ticket, ranked, elsewhere } => {
                self.searches.get_mut(&ticket)?.ranked = ranked;
                self.found(ticket, elsewhere)
            }
            Recalled::Excerpts { ticket, elsewhere } => self.found(ticket, elsewhere),
        }
    }

    /// Ends a search: what is of another chat comes with its words, or not at all.
    fn found(&mut self, ticket: u64, elsewhere: Vec<Excerpt>) -> Option<(ConversationId, Happened)> {
        let Search { asker, question, by, most, ranked, .. } = self.searches.remove(&ticket)?;
        let mut elsewhere: HashMap<MessageId, Excerpt> =
            elsewhere.into_iter().map(|excerpt| (excerpt.message, excerpt)).collect();
        let found = ranked.into_iter().filter(|found| found.message != question).filter_map(|found| {
            let excerpt = elsewhere.remove(&found.message);
            let is_known = found.conversation == asker || excerpt.is_some();
            is_known.then_some(Found { message: found.message, score: found.score, elsewhere: excerpt })
        });
        let found = found.take(most as usize).collect();
        Some((asker, Happened::Found { question, by, found }))
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Hands a job to the searcher, which is started for the first one; `false` where there is none to be had.
    fn give(&mut self, job: Job) -> bool {
        if self.searcher.is_none() {
            let started = Worker::spawn("search", Arc::clone(&self.arrived), Shelves::default, Shelves::work);
            self.searcher = started.inspect_err(|error| tracing::warn!(%error, "no thread to search on")).ok();
        }
        let Some(searcher) = &self.searcher else { return false };
        searcher.give(job);
        true
    }
}
