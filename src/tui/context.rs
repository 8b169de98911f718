//! What the next request carries, in words and in tokens: what the gauge, the commands and the list of the context
//! say alike. Owns the wording; refuses to choose what is sent.

use crate::chat::budget::WARNS_AT_PERCENT;
use crate::chat::context::Strategy;
use crate::chat::money::short_count;
use crate::session::{RankedBy, Session};

use super::state::AppState;

/// What no strategy limits.
pub const UNLIMITED: u64 = u64::MAX;

impl AppState {
    /// What the draft weighs if it is sent, in hundredths of a token; 0 for an empty box and for a command.
    #[must_use]
    pub fn draft_weight(&self) -> u64 {
        if self.holds_message() { self.composer.weight() } else { 0 }
    }

    /// About how many tokens the next request has with what is in the box.
    #[must_use]
    pub fn next_request_tokens(&self) -> u64 {
        let plan = self.session().plan().tokens;
        match self.draft_weight() {
            0 => plan,
            draft => self.session().preview(draft).input,
        }
    }
}

/// Whether so much of a limit is used that it is said.
#[must_use]
pub const fn is_scarce(tokens: u64, limit: u64) -> bool {
    limit != UNLIMITED && tokens.saturating_mul(100) >= limit.saturating_mul(WARNS_AT_PERCENT as u64)
}

/// A limit in tokens, short; `None` where there is none.
#[must_use]
pub fn limit(tokens: u64) -> Option<String> {
    (tokens != UNLIMITED).then(|| short_count(tokens))
}

/// What a chat sends, in a sentence or two.
#[must_use]
pub fn strategy(session: &Session) -> String {
    let meta = &session.conversation().meta;
    let history = meta.history;
    let tokens = limit(session.plan().limit).map_or_else(String::new, |tokens| format!(", up to {tokens} tokens,"));
    let last = match history.max_messages {
        Some(1) => format!("Your next message alone{tokens} is sent"),
        Some(most) => {
            let tokens = if tokens.is_empty() { "," } else { tokens.as_str() };
            format!("The last {most} messages, your next one included{tokens} are sent")
        }
        None => format!("The last messages{tokens} are sent"),
    };
    match history.strategy {
        Strategy::Full => "Everything is sent; a request that does not fit is refused.".to_owned(),
        Strategy::Truncate => format!("{last}; older ones are left out."),
        Strategy::Summarise => format!(
            "{last}. Past {}% of the limit, older ones give way to a summary that {} writes.",
            session.settings().summaries.above_percent,
            meta.model
        ),
        Strategy::Retrieve => format!(
            "{last}, and up to {} older ones of {} that fit the question best.",
            session.settings().retrieval.most,
            if history.everywhere { "all chats" } else { "this chat" }
        ),
    }
}

/// What the search for older messages goes by; `None` where a chat has no use for one.
#[must_use]
pub fn search(session: &Session) -> Option<String> {
    let is_asked = session.conversation().meta.history.strategy == Strategy::Retrieve;
    match (session.ranked_by(), session.no_vectors()) {
        (Some(RankedBy::Meaning(with)), _) => Some(format!("by meaning ({}, {} numbers)", with.model, with.dims)),
        (Some(RankedBy::Words), None) => Some("by words (BM25), since embeddings were not there in time".to_owned()),
        (_, Some(_)) => Some("by words (BM25), since there are no embeddings".to_owned()),
        (None, None) => is_asked.then(|| "none yet; the next question makes one".to_owned()),
    }
}
