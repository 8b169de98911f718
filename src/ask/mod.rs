//! One question without a screen: `munshi ask`. Owns the way from a prompt to bytes on standard output, its approvals
//! and its exit codes; refuses adapters, terminals' modes and reading the process's own environment.

pub mod account;
mod drive;
mod follow;
pub mod ink;
mod keeping;
mod open;
pub mod outcome;
pub mod prompt;
pub mod screen;
mod stage;
pub mod tools;
mod world;
pub mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use tokio::sync::Notify;

use crate::chat::{AnswerFormat, Catalogue, ConversationMeta, ModelRef, Settings};
use crate::runtime::Runtime;

pub use ink::Paint;
pub use outcome::{Exit, Stop};
pub use stage::{Stage, Target};
pub use writer::Writer;

/// What standard output gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// The answer.
    Text,
    /// One JSON object at the end.
    Json,
    /// One JSON object a line, as things happen.
    Ndjson,
}

/// What is asked, and how.
#[derive(Debug, Clone)]
pub struct Ask {
    pub prompt: String,
    /// A new conversation's, or what a continued one takes from the command line.
    pub fresh: ConversationMeta,
    /// `Some`: the last conversation goes on, with these in place of its own settings.
    pub continues: Option<Overrides>,
    /// Whether anything is kept but the ledger.
    pub saves: bool,
    /// What the command line asks of the answer's shape; text leaves it to the conversation.
    pub format: AnswerFormat,
    /// The tools that are offered, by name.
    pub tools: Vec<String>,
    /// Whether calls that the configuration allows run unasked, and no other does.
    pub unasked: bool,
    pub settings: Arc<Settings>,
    pub catalogue: Arc<Catalogue>,
    /// Whether the end is told on standard error.
    pub verbose: bool,
    /// What is to be said before anything else.
    pub notices: Vec<String>,
}

/// What the command line says in place of a conversation's own settings, for this question alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    pub model: Option<ModelRef>,
    pub system: Option<String>,
    pub temperature: Option<f32>,
    pub max_tokens: Option<u32>,
}

/// What the system tells while an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Stop(Stop),
    /// The program was stopped, and goes on.
    Continued,
}

/// Someone at a terminal who can be asked, whatever standard input and output are.
pub trait Asker: Send + Sync {
    /// Puts a question and gives the line that is answered; empty where none is.
    fn ask(&self, question: &'static str) -> BoxFuture<'static, String>;
}

/// The world around one question.
pub struct Edges {
    pub runtime: Runtime,
    /// Rings whenever the runtime, the stage's writer or an errand has something to tell.
    pub arrived: Arc<Notify>,
    pub stage: Stage,
    /// `None`: nobody can be asked.
    pub asker: Option<Arc<dyn Asker>>,
    pub signals: BoxStream<'static, Signal>,
}

/// Asks, and tells how it ended once all is written and saved. Call it within a tokio runtime.
pub async fn run(ask: Ask, edges: Edges) -> Exit {
    let mut world = world::World::new(edges);
    for notice in &ask.notices {
        world.stage.notice(notice);
    }
    let opened = open::open(&ask, &mut world).await;
    let exit = match opened {
        Ok(session) => drive::Driver::new(session, &ask, &mut world).run().await,
        Err(refused) => {
            if let Some(why) = &refused.why {
                world.stage.notice(why);
            }
            let (tally, currency) = (account::Tally::default(), &ask.settings.currency);
            let why = refused.why.as_deref().unwrap_or("stopped");
            let account = account::Account::nothing(&tally, currency, why);
            world.stage.end(account.json());
            refused.exit
        }
    };
    world.close(exit).await
}
