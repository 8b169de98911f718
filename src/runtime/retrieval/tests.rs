//! The search as a session sees it: what it is told, what is asked of the provider, what is on disk.

use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;
use uuid::Uuid;

use super::*;
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{ModelRef, Role, Spend};
use crate::provider::scripted::{self, EmbeddingScript, ScriptedProvider};
use crate::runtime::{Clock, News, Runtime};
use crate::store::memory::MemoryStore;
use crate::store::{Hit, Reservation, Saved, Scope, Step, Store, StoreError, Summary};

/// What the store of these tests holds.
#[derive(Default)]
struct Shelf {
    /// Newest last.
    messages: Vec<Excerpt>,
    vectors: Vec<Embedded>,
    deleted: Vec<MessageId>,
    /// How often all vectors were read, and whether that fails.
    reads: usize,
    fails: bool,
}

/// A store of which only the search's part matters.
struct Library(Arc<Mutex<Shelf>>, MemoryStore);

impl Library {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap()
    }
}

fn reservations<'a>(steps: &[Step<'a>]) -> Vec<Step<'a>> {
    steps.iter().copied().filter(|step| matches!(step, Step::Reserve { .. })).collect()
}

impl Store for Library {
    fn apply(&mut self, steps: &[Step<'_>]) -> Result<Vec<Reservation>, StoreError> {
        let answers = self.1.apply(&reservations(steps))?;
        let mut shelf = self.shelf();
        for step in steps {
            let Step::Write(Write::PutEmbeddings { vectors, .. }) = step else { continue };
            for (message, vector) in vectors {
                let Some(excerpt) = shelf.messages.iter().find(|excerpt| excerpt.message == *message) else { continue };
                let conversation = excerpt.conversation;
                shelf.vectors.push(Embedded { conversation, message: *message, vector: vector.clone() });
            }
        }
        drop(shelf);
        Ok(answers)
    }

    fn rank(&mut self, query: &str, within: Option<ConversationId>, limit: u64) -> Result<Vec<Ranked>, StoreError> {
        let shelf = self.shelf();
        let has_word = |excerpt: &&Excerpt| query.split(' ').any(|word| excerpt.content.contains(word));
        let inside = |excerpt: &&Excerpt| within.is_none_or(|within| within == excerpt.conversation);
        let ranked = shelf.messages.iter().filter(has_word).filter(inside).take(limit as usize);
        let ranked =
            ranked.map(|excerpt| Ranked { conversation: excerpt.conversation, message: excerpt.message, score: 1.0 });
        Ok(ranked.collect())
    }

    fn embeddings(&mut self, _: &EmbeddingModel, within: Option<ConversationId>) -> Result<Vec<Embedded>, StoreError> {
        let mut shelf = self.shelf();
        shelf.reads += 1;
        if shelf.fails {
            return Err(StoreError::Other("the page is torn".to_owned()));
        }
        let inside = |embedded: &&Embedded| within.is_none_or(|within| within == embedded.conversation);
        Ok(shelf.vectors.iter().filter(inside).cloned().collect())
    }

    fn unembedded(
        &mut self,
        _: &EmbeddingModel,
        within: Option<ConversationId>,
        limit: u64,
    ) -> Result<Vec<Excerpt>, StoreError> {
        let shelf = self.shelf();
        let inside = |excerpt: &&Excerpt| within.is_none_or(|within| within == excerpt.conversation);
        let bare = |excerpt: &&Excerpt| !shelf.vectors.iter().any(|embedded| embedded.message == excerpt.message);
        Ok(shelf.messages.iter().rev().filter(inside).filter(bare).take(limit as usize).cloned().collect())
    }

    fn excerpts(&mut self, messages: &[MessageId]) -> Result<Vec<Excerpt>, StoreError> {
        let shelf = self.shelf();
        let known = |id: &MessageId| shelf.messages.iter().find(|excerpt| excerpt.message == *id);
        let there = messages.iter().filter(|id| !shelf.deleted.contains(id));
        Ok(there.filter_map(known).cloned().collect())
    }

    fn list(&mut self, filter: &str, offset: u64, limit: u64) -> Result<Vec<Summary>, StoreError> {
        self.1.list(filter, offset, limit)
    }
    fn load(&mut self, id: ConversationId) -> Result<Saved, StoreError> {
        self.1.load(id)
    }
    fn latest(&mut self) -> Result<Option<ConversationId>, StoreError> {
        self.1.latest()
    }
    fn spend(&mut self, scope: Scope) -> Result<Spend, StoreError> {
        self.1.spend(scope)
    }
    fn draft(&mut self, conversation: Option<ConversationId>) -> Result<String, StoreError> {
        self.1.draft(conversation)
    }
    fn input_history(&mut self, limit: u64) -> Result<Vec<String>, StoreError> {
        self.1.input_history(limit)
    }
    fn search(&mut self, query: &str, limit: u64) -> Result<Vec<Hit>, StoreError> {
        self.1.search(query, limit)
    }
    fn report(&mut self, by: GroupBy, period: Period) -> Result<Vec<SpendRow>, StoreError> {
        self.1.report(by, period)
    }
}

struct World {
    runtime: Runtime,
    shelf: Arc<Mutex<Shelf>>,
    provider: ScriptedProvider,
}

impl World {
    /// A world whose store has these messages: the number of the chat, of the message, what it says, its vector.
    fn with(messages: &[(u128, u128, &str, Option<[f32; 2]>)]) -> Self {
        let mut shelf = Shelf::default();
        for (chat_number, number, content, vector) in messages {
            let (conversation, message) = (chat(*chat_number), id(*number));
            shelf.messages.push(Excerpt {
                conversation,
                title: format!("chat {chat_number}"),
                message,
                role: Role::User,
                content: (*content).to_owned(),
                created_ms: 0,
            });
            shelf.vectors.extend(vector.map(|vector| Embedded { conversation, message, vector: vector.to_vec() }));
        }
        let shelf = Arc::new(Mutex::new(shelf));
        let (arrived, library) = (Arc::new(Notify::new()), Library(Arc::clone(&shelf), MemoryStore::new()));
        let open = move || Ok((Box::new(library) as Box<dyn Store>, Vec::new()));
        let store = StoreHandle::spawn(Arc::clone(&arrived), open).unwrap();
        let provider = ScriptedProvider::default();
        let runtime = Runtime::new(Clock::start(), Arc::new(provider.clone()), store, arrived);
        Self { runtime, shelf, provider }
    }

    fn run(&mut self, effect: Effect) {
        assert_eq!(self.runtime.run(chat(1), vec![effect]), []);
    }

    /// What the first chat is told next.
    async fn next(&mut self) -> Happened {
        loop {
            let mut told = self.runtime.drain().into_iter().filter_map(|news| match news {
                News::Session(conversation, event) => Some((conversation, event.happened)),
                News::Store(_) | News::User(..) => None,
            });
            if let Some((conversation, happened)) = told.next() {
                assert_eq!(conversation, chat(1));
                assert_eq!(told.next(), None, "one at a time");
                return happened;
            }
            self.runtime.arrived().await;
        }
    }

    /// What is said to have no vector, once the vectors are in memory.
    async fn index(&mut self, everywhere: bool) -> Vec<(u128, String)> {
        self.run(Effect::Index { with: model(), everywhere });
        let Happened::Indexed { missing, .. } = self.next().await else { panic!("indexed") };
        missing.into_iter().map(|(message, text)| (message.0.as_u128(), text)).collect()
    }

    fn start_embedding(&mut self, messages: &[u128], script: EmbeddingScript) {
        self.provider.push_embedding(script);
        let texts = messages.iter().map(|number| format!("text {number}")).collect();
        let request = Arc::new(EmbeddingRequest { with: model(), texts });
        let messages = messages.iter().map(|number| id(*number)).collect();
        self.run(Effect::Embed { attempt: attempt(), messages, request });
    }

    async fn embedded(&mut self) -> EmbeddingEnded {
        let Happened::Embedded { attempt: told, ended } = self.next().await else { panic!("embedded") };
        assert_eq!(told, attempt());
        assert!(!self.runtime.is_streaming());
        ended
    }

    /// What a search for the message 9 finds: messages, and the chats of those that are elsewhere.
    async fn search(&mut self, by: RankedBy, everywhere: bool, most: u32) -> (RankedBy, Vec<(u128, String)>) {
        self.run(Effect::Search { question: id(9), text: "rent".to_owned(), by, everywhere, most });
        let Happened::Found { question, by, found } = self.next().await else { panic!("found") };
        assert_eq!(question, id(9));
        let place = |found: &Found| found.elsewhere.as_ref().map_or(String::new(), |excerpt| excerpt.title.clone());
        (by, found.iter().map(|found| (found.message.0.as_u128(), place(found))).collect())
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }
}

fn chat(number: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(number))
}

fn id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

fn attempt() -> AttemptId {
    AttemptId { reply: id(100), ordinal: 0 }
}

fn model() -> EmbeddingModel {
    EmbeddingModel { model: ModelRef::new("openai", "text-embedding-3-small"), dims: 2 }
}

fn meaning() -> RankedBy {
    RankedBy::Meaning(model())
}

fn hits<const N: usize>(found: [(u128, &str); N]) -> Vec<(u128, String)> {
    found.into_iter().map(|(number, title)| (number, title.to_owned())).collect()
}

const EAST: Option<[f32; 2]> = Some([1.0, 0.0]);
const NORTH_EAST: Option<[f32; 2]> = Some([0.7, 0.7]);
const NORTH: Option<[f32; 2]> = Some([0.0, 1.0]);

#[tokio::test]
async fn a_message_without_a_vector_gets_one_that_is_kept_and_found() {
    let mut world = World::with(&[(1, 1, "the rent", None), (1, 2, "the sea", NORTH), (1, 9, "how much?", None)]);
    assert_eq!(world.index(false).await, [(9, "how much?".to_owned()), (1, "the rent".to_owned())]);
    world.start_embedding(&[9, 1], EmbeddingScript::vectors(vec![vec![1.0, 0.1], vec![1.0, 0.0]], 12));
    assert!(world.runtime.is_streaming(), "an attempt at vectors is waited for at the end, too");
    let ended = world.embedded().await;
    assert_eq!(ended, EmbeddingEnded { result: Ok(()), tokens: Some(12), request_id: None });
    assert_eq!(world.provider.embedded()[0].texts, ["text 9", "text 1"]);
    assert_eq!(world.search(meaning(), false, 5).await, (meaning(), hits([(1, ""), (2, "")])));
    assert_eq!(world.search(meaning(), false, 1).await, (meaning(), hits([(1, "")])));
    assert_eq!(world.index(false).await, []);
    let kept: Vec<u128> = world.shelf().vectors.iter().map(|embedded| embedded.message.0.as_u128()).collect();
    assert_eq!(kept, [2, 9, 1]);
    // As in a store that is read before it has kept them.
    world.shelf().vectors.clear();
    assert_eq!(world.index(false).await, [(2, "the sea".to_owned())], "what was made once is not made again");
}

#[tokio::test]
async fn asked_again_only_what_is_missing_is_read() {
    let mut world = World::with(&[(1, 1, "one", EAST), (1, 9, "two", EAST)]);
    world.index(false).await;
    world.index(false).await;
    assert_eq!(world.shelf().reads, 1);
    world.run(Effect::DropIndex);
    world.index(false).await;
    assert_eq!(world.shelf().reads, 2, "what was let go is read anew");
    world.index(true).await;
    assert_eq!(world.shelf().reads, 3, "all chats are another index");
}

#[tokio::test]
async fn over_all_chats_what_is_elsewhere_comes_with_its_words_unless_it_is_deleted() {
    let mut world = World::with(&[
        (1, 1, "here", NORTH_EAST),
        (2, 2, "there", EAST),
        (2, 3, "gone", EAST),
        (3, 4, "far", NORTH),
        (1, 9, "where?", EAST),
    ]);
    world.index(true).await;
    world.shelf().deleted.push(id(3));
    let found = hits([(2, "chat 2"), (1, "")]);
    assert_eq!(world.search(meaning(), true, 2).await, (meaning(), found));
}

#[tokio::test]
async fn a_new_vector_of_another_chats_message_is_found_as_that_chats() {
    let mut world = World::with(&[(2, 2, "there", None), (1, 9, "where?", EAST)]);
    assert_eq!(world.index(true).await, [(2, "there".to_owned())]);
    world.start_embedding(&[2], EmbeddingScript::vectors(vec![vec![1.0, 0.0]], 1));
    world.embedded().await;
    assert_eq!(world.search(meaning(), true, 5).await.1, hits([(2, "chat 2")]));
}

#[tokio::test]
async fn where_there_are_no_vectors_words_are_searched_and_it_is_said() {
    let mut world = World::with(&[(1, 1, "the rent", EAST), (2, 2, "rent too", EAST), (1, 9, "rent?", None)]);
    let here = (RankedBy::Words, hits([(1, "")]));
    assert_eq!(world.search(meaning(), false, 5).await, here, "no index");
    assert_eq!(world.search(RankedBy::Words, false, 5).await, here, "words were asked for");
    world.index(false).await;
    assert_eq!(world.search(meaning(), false, 5).await, here, "the question has no vector");
    let everywhere = (RankedBy::Words, hits([(1, ""), (2, "chat 2")]));
    assert_eq!(world.search(RankedBy::Words, true, 5).await, everywhere);
    assert_eq!(world.search(RankedBy::Words, true, 1).await.1.len(), 1);
}

#[tokio::test]
async fn a_search_waits_for_vectors_that_are_being_read() {
    let mut world = World::with(&[(1, 1, "rent", EAST), (1, 9, "rent?", EAST)]);
    world.run(Effect::Index { with: model(), everywhere: false });
    let search = Effect::Search { question: id(9), text: "rent".into(), by: meaning(), everywhere: false, most: 5 };
    world.run(search);
    let by = loop {
        let found = world.runtime.drain().into_iter().find_map(|news| match news {
            News::Session(_, event) => match event.happened {
                Happened::Found { by, .. } => Some(by),
                _ => None,
            },
            News::Store(_) | News::User(..) => None,
        });
        match found {
            Some(by) => break by,
            None => world.runtime.arrived().await,
        }
    };
    assert_eq!(by, meaning());
}

#[tokio::test]
async fn what_is_let_go_is_no_longer_searched() {
    let mut world = World::with(&[(1, 1, "rent", EAST), (1, 9, "rent?", EAST)]);
    world.index(false).await;
    assert_eq!(world.search(meaning(), false, 5).await.0, meaning());
    world.run(Effect::DropIndex);
    assert_eq!(world.search(meaning(), false, 5).await.0, RankedBy::Words);
}

#[tokio::test]
async fn an_index_that_was_let_go_before_it_was_read_is_not_told() {
    let mut world = World::with(&[(1, 1, "rent", None), (1, 9, "rent?", EAST)]);
    world.run(Effect::Index { with: model(), everywhere: false });
    world.run(Effect::DropIndex);
    // The store answers in order: had the first been told, it would have come before this.
    assert!(matches!(world.search(meaning(), false, 5).await.0, RankedBy::Words));
    assert_eq!(world.index(false).await, [(1, "rent".to_owned())]);
}

#[tokio::test]
async fn vectors_that_cannot_be_read_are_read_again_when_asked_for_again() {
    let mut world = World::with(&[(1, 1, "rent", EAST), (1, 9, "rent?", EAST)]);
    world.shelf().fails = true;
    world.index(false).await;
    assert_eq!(world.search(meaning(), false, 5).await.0, RankedBy::Words);
    world.shelf().fails = false;
    world.index(false).await;
    assert_eq!(world.search(meaning(), false, 5).await, (meaning(), hits([(1, "")])));
}

#[tokio::test]
async fn whatever_becomes_of_an_attempt_it_ends_once_and_a_failed_one_keeps_nothing() {
    let failure = Failure::new(FailureKind::NotFound, "no such model");
    let two = || EmbeddingScript::vectors(vec![vec![1.0, 0.0], vec![0.0, 1.0]], 1);
    for (script, kind) in [
        (EmbeddingScript::failure(failure), Some(FailureKind::NotFound)),
        (two().after(vec![scripted::Step::Panic]), Some(FailureKind::Internal)),
        (two(), Some(FailureKind::InvalidData)),
        (two().after(vec![scripted::Step::Hang]), None),
    ] {
        let mut world = World::with(&[(1, 1, "rent", None)]);
        world.index(false).await;
        world.start_embedding(&[1], script);
        if kind.is_none() {
            world.run(Effect::CancelAttempt { attempt: attempt() });
        }
        let told = world.embedded().await.result.unwrap_err().map(|failure| failure.kind);
        assert_eq!(told, kind);
        assert_eq!(world.index(false).await.len(), 1, "it is still missing");
        assert_eq!(world.shelf().vectors, []);
    }
}
