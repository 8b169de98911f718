//! Before a question is sent: its conversation is begun or loaded, and its tools are looked up. Owns what a question is
//! refused for while nothing of it is kept yet.

use std::sync::Arc;

use crate::chat::{AnswerFormat, Conversation, ConversationMeta};
use crate::runtime::{Answer, News, Query, Saved, StoreEvent};
use crate::session::{Effect, Happened, Session};

use super::keeping::Kept;
use super::tools::{self, Missing};
use super::world::World;
use super::{Ask, Exit, Overrides};

/// A question that was not sent.
pub struct Refused {
    pub exit: Exit,
    /// In a sentence; `None` where the user stopped it.
    pub why: Option<String>,
}

impl Refused {
    fn new(exit: Exit, why: impl Into<String>) -> Self {
        Self { exit, why: Some(why.into()) }
    }
}

/// A conversation that is ready for the question.
pub struct Opened {
    pub session: Session,
    pub kept: Kept,
}

/// Begins or loads the conversation.
pub async fn open(ask: &Ask, world: &mut World) -> Result<Opened, Refused> {
    let (conversation, is_saved) = match &ask.continues {
        None => (Conversation::new(ask.fresh.clone()), false),
        Some(overrides) => {
            let saved = load_the_last(world).await?;
            let meta = overridden(saved.meta, overrides);
            (Conversation::restore(meta, saved.messages).with_notes(saved.notes), true)
        }
    };
    let mut conversation = conversation;
    let meta = conversation.meta.clone();
    let kept = Kept { saves: ask.saves, tools: meta.tools.clone(), format: meta.format.clone() };
    conversation.meta = asked_for(ask, kept.followed(meta));
    let (settings, catalogue) = (Arc::clone(&ask.settings), Arc::clone(&ask.catalogue));
    let session = Session::new(conversation, is_saved, settings, catalogue);
    look_up_tools(ask, &session, world).await?;
    Ok(Opened { session, kept })
}

/// The conversation's settings with those of the command line.
fn overridden(meta: ConversationMeta, overrides: &Overrides) -> ConversationMeta {
    let Overrides { model, system, temperature, max_tokens } = overrides.clone();
    ConversationMeta {
        model: model.unwrap_or(meta.model),
        system: system.unwrap_or(meta.system),
        temperature: temperature.or(meta.temperature),
        max_tokens: max_tokens.or(meta.max_tokens),
        ..meta
    }
}

/// With the tools and the shape that this answer is asked for with.
fn asked_for(ask: &Ask, meta: ConversationMeta) -> ConversationMeta {
    let format = if ask.format == AnswerFormat::Text { meta.format } else { ask.format.clone() };
    ConversationMeta { tools: tools::choices(&ask.tools), format, ..meta }
}

async fn load_the_last(world: &mut World) -> Result<Saved, Refused> {
    world.runtime.store().query(Query::Latest);
    loop {
        for event in next(world).await? {
            match event {
                News::Store(StoreEvent::Answer(Answer::Latest(Some(id)))) => {
                    world.runtime.store().query(Query::Load(id));
                }
                News::Store(StoreEvent::Answer(Answer::Latest(None))) => {
                    let why = "There is no conversation to continue yet; leave --continue out to begin one.";
                    return Err(Refused::new(Exit::Usage, why));
                }
                News::Store(StoreEvent::Answer(Answer::Loaded(saved))) => return Ok(*saved),
                News::Store(StoreEvent::Answer(Answer::Failed { reason, .. })) => {
                    return Err(Refused::new(Exit::Failed, reason));
                }
                News::Store(event) => hear(world, event)?,
                News::Session(..) | News::User(..) => {}
            }
        }
    }
}

/// What happened since the last time, once something has.
async fn next(world: &mut World) -> Result<Vec<News>, Refused> {
    world.wait().await;
    match world.stopped {
        Some(stop) => Err(Refused { exit: Exit::Stopped(stop), why: None }),
        None => Ok(world.runtime.drain()),
    }
}

fn hear(world: &mut World, event: StoreEvent) -> Result<(), Refused> {
    world.hear(event).map_err(|why| Refused::new(Exit::Failed, why))
}

/// Sees that each tool that was named can be had, before the question is kept.
async fn look_up_tools(ask: &Ask, session: &Session, world: &mut World) -> Result<(), Refused> {
    if ask.tools.is_empty() {
        return Ok(());
    }
    let meta = &session.conversation().meta;
    let effect = Effect::GatherTools { choices: meta.tools.clone() };
    // Nothing is left for the user to do.
    let _ = world.runtime.run(meta.id, vec![effect]);
    loop {
        for event in next(world).await? {
            match event {
                News::Session(_, event) => {
                    let Happened::ToolsGathered(gathered) = event.happened else { continue };
                    let Some(name) = tools::missing(&ask.tools, &gathered).first().copied() else { return Ok(()) };
                    let list = world.runtime.list_tools().await;
                    return Err(match tools::explain_missing(name, &list) {
                        Missing::Unknown(why) => Refused::new(Exit::Usage, why),
                        Missing::Trouble(why) => Refused::new(Exit::Failed, why),
                    });
                }
                News::Store(event) => hear(world, event)?,
                News::User(..) => {}
            }
        }
    }
}
