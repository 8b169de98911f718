//! `search_chats`: the user's own earlier conversations. The search is handed to it; what was said there is data.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{BuiltIn, World, text, told, whole};
use crate::chat::tool::ToolOutcome;

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMessage {
    /// The conversation's id and title.
    pub conversation: String,
    pub title: String,
    /// What of the message fits.
    pub excerpt: String,
}

/// Finds messages that contain every word of a query, so many at most, the best first. The error is a sentence.
pub type SearchChats = Arc<dyn Fn(String, u32) -> BoxFuture<'static, Result<Vec<FoundMessage>, String>> + Send + Sync>;

/// Messages that are found unless another number is asked for.
const USUAL: u64 = 8;

struct Search {
    search: SearchChats,
}

pub(super) fn make(world: &World) -> Option<Arc<dyn BuiltIn>> {
    let search = Arc::clone(world.search.as_ref()?);
    Some(Arc::new(Search { search }))
}

impl BuiltIn for Search {
    fn description(&self) -> String {
        "Finds messages of the user's earlier conversations in munshi that contain every word of a query.".to_owned()
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "query": {
                    "type": "string", "minLength": 1, "maxLength": 500,
                    "description": "The words to look for; few and telling ones find more",
                },
                "limit": {
                    "type": "integer", "minimum": 1, "maximum": 20,
                    "description": "The most messages to give; 8 unless it is given",
                },
            },
            "required": ["query"],
            "additionalProperties": false,
        })
    }

    fn run(&self, arguments: Arc<Value>, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let query = text(&arguments, "query").unwrap_or_default().to_owned();
        let limit = whole(&arguments, "limit").unwrap_or(USUAL);
        let found = (self.search)(query, u32::try_from(limit).unwrap_or(u32::MAX));
        Box::pin(async move {
            match found.await {
                Ok(found) if found.is_empty() => ToolOutcome::done("No message contains all of these words."),
                Ok(found) => {
                    let rows = found.into_iter().map(|message| {
                        json!({ "conversation": message.conversation, "title": message.title, "excerpt": message.excerpt })
                    });
                    told(&rows.collect())
                }
                Err(why) => ToolOutcome::failed(&why),
            }
        })
    }
}
