//! What the next request will carry, message by message.

use std::collections::{BTreeMap, BTreeSet};

use crate::chat::embedding::Excerpt;
use crate::chat::{Conversation, MessageId};

use super::{is_sent, marks};

/// How a message stands to the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Among the last messages, which are sent as they are.
    Sent,
    /// Sent since the user pinned it.
    Pinned,
    /// Sent since it fits the question.
    Retrieved,
    /// Not sent; the summary that is sent covers it.
    Summarised,
    /// Left out by the strategy.
    Out,
    /// Left out by the user.
    LeftOut,
    /// Never sent: a question that got no answer, or a reply of which nothing came.
    Void,
}

impl Standing {
    /// Whether the message itself goes into the request.
    #[must_use]
    pub const fn is_sent(self) -> bool {
        matches!(self, Self::Sent | Self::Pinned | Self::Retrieved)
    }
}

/// What a strategy chose for one request. Positions are places on the shown path.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// From here on messages are sent in an unbroken row, but for those the user left out.
    pub first_sent: usize,
    /// The summary that is sent, and how many messages it covers, from the first on.
    pub summary: Option<(MessageId, usize)>,
    /// Messages before `first_sent` that are sent all the same, pinned or retrieved.
    pub kept: BTreeMap<usize, Standing>,
    /// Messages of other chats that are quoted.
    pub elsewhere: Vec<Excerpt>,
    /// About how many tokens the request has as input, the system prompt included.
    pub tokens: u64,
    /// The most that the strategy sends; `u64::MAX` where nothing limits it.
    pub limit: u64,
    /// The question that is being answered; `None` while the next one is only written.
    pub answering: Option<usize>,
    /// Messages that were brought back for the answer that is shown last: a search is made anew for each question.
    pub recalled: BTreeSet<usize>,
}

impl Plan {
    /// How the message at `at` of the path stands to the next request.
    #[must_use]
    pub fn standing(&self, conversation: &Conversation, at: usize) -> Standing {
        if !is_sent(conversation, at, self.answering) {
            return Standing::Void;
        }
        if marks::is_left_out(conversation, at, self.answering) {
            return Standing::LeftOut;
        }
        if let Some(standing) = self.kept.get(&at) {
            return *standing;
        }
        match self.summary {
            _ if at >= self.first_sent => Standing::Sent,
            Some((_, covered)) if at < covered => Standing::Summarised,
            _ => Standing::Out,
        }
    }

    /// How it stands for a reader of the transcript: what was brought back for the last answer is told, too.
    #[must_use]
    pub fn shown_standing(&self, conversation: &Conversation, at: usize) -> Standing {
        match self.standing(conversation, at) {
            Standing::Out | Standing::Summarised if self.recalled.contains(&at) => Standing::Retrieved,
            standing => standing,
        }
    }

    /// The places of what is sent, in order, up to and with `last`.
    pub fn sent<'a>(&'a self, conversation: &'a Conversation, last: usize) -> impl Iterator<Item = usize> + use<'a> {
        let kept = self.kept.keys().copied().filter(|at| *at < self.first_sent);
        let all = kept.chain(self.first_sent..=last);
        all.filter(|at| self.standing(conversation, *at).is_sent())
    }
}
