//! A runtime over a store on disk, driven by effects as a session drives it.

use std::sync::Arc;

use munshi::chat::embedding::{EmbeddingModel, EmbeddingRequest};
use munshi::chat::{AttemptId, ConversationId, ConversationMeta, MessageId, ModelRef};
use munshi::provider::Provider;
use munshi::runtime::{Clock, News, Runtime, StoreHandle, ids};
use munshi::session::event::Found;
use munshi::session::{Effect, Happened, RankedBy};
use munshi::store::Store;
use munshi::store::sqlite::{OpenOptions, SqliteStore};
use tokio::sync::Notify;

pub struct World {
    pub runtime: Runtime,
    chat: ConversationId,
}

/// A search.
pub struct Asked<'a> {
    pub question: MessageId,
    pub text: &'a str,
    pub by: RankedBy,
    pub everywhere: bool,
    pub most: u32,
}

/// The model that is usual.
pub fn model() -> EmbeddingModel {
    EmbeddingModel { model: ModelRef::new("openai", "text-embedding-3-small"), dims: 256 }
}

/// An empty store in a folder.
pub fn store(folder: &std::path::Path) -> SqliteStore {
    SqliteStore::open(&folder.join("munshi.db"), OpenOptions::default()).unwrap().store
}

/// A conversation of that id.
pub fn meta(id: ConversationId) -> ConversationMeta {
    ConversationMeta {
        title: "A conversation".to_owned(),
        ..ConversationMeta::new(id, ModelRef::new("openai", "demo-mini"), 0)
    }
}

impl World {
    pub fn new(store: SqliteStore, provider: Arc<dyn Provider>, chat: ConversationId) -> Self {
        let arrived = Arc::new(Notify::new());
        let open = move || Ok((Box::new(store) as Box<dyn Store>, Vec::new()));
        let store = StoreHandle::spawn(Arc::clone(&arrived), open).unwrap();
        Self { runtime: Runtime::new(Clock::start(), provider, store, arrived), chat }
    }

    /// What the chat is told next.
    async fn next(&mut self) -> Happened {
        loop {
            let told = self.runtime.drain().into_iter().find_map(|news| match news {
                News::Session(chat, event) if chat == self.chat => Some(event.happened),
                _ => None,
            });
            match told {
                Some(happened) => return happened,
                None => self.runtime.arrived().await,
            }
        }
    }

    /// Has the vectors in memory; what has none yet.
    pub async fn index(&mut self, everywhere: bool) -> Vec<(MessageId, String)> {
        self.runtime.run(self.chat, vec![Effect::Index { with: model(), everywhere }]);
        let Happened::Indexed { missing, .. } = self.next().await else { panic!("an index was asked for") };
        missing
    }

    /// Has vectors made of these texts.
    pub async fn embed(&mut self, texts: Vec<(MessageId, String)>) {
        let (messages, texts) = texts.into_iter().unzip();
        let attempt = AttemptId { reply: ids::message(), ordinal: 0 };
        let request = Arc::new(EmbeddingRequest { with: model(), texts });
        self.runtime.run(self.chat, vec![Effect::Embed { attempt, messages, request }]);
        let Happened::Embedded { ended, .. } = self.next().await else { panic!("vectors were asked for") };
        ended.result.unwrap();
    }

    /// What a search finds, and by what.
    pub async fn search(&mut self, asked: Asked<'_>) -> (RankedBy, Vec<Found>) {
        let Asked { question, text, by, everywhere, most } = asked;
        let text = text.to_owned();
        self.runtime.run(self.chat, vec![Effect::Search { question, text, by, everywhere, most }]);
        let Happened::Found { by, found, .. } = self.next().await else { panic!("a search was asked for") };
        (by, found)
    }
}
