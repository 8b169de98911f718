//! Marks, summaries and vectors in memory. Owns what they mean where the conversation or message is gone.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::chat::context::{Mark, Summary};
use crate::chat::embedding::{Embedded, EmbeddingModel, Excerpt};
use crate::chat::{ConversationId, Message, MessageId, Role, Status};
use crate::store::{StoreError, check_lengths};

use super::State;

/// By the model that made them. Shared between a state and its copy until one of them changes it.
pub(super) type Vectors = Arc<HashMap<EmbeddingModel, BTreeMap<MessageId, Arc<[f32]>>>>;

impl State {
    pub(super) fn set_mark(&mut self, conversation: ConversationId, message: MessageId, mark: Option<Mark>) {
        let Some(kept) = self.conversations.get_mut(&conversation) else { return };
        let marks = &mut Arc::make_mut(&mut kept.notes).marks;
        match mark {
            Some(mark) => marks.insert(message, mark),
            None => marks.remove(&message),
        };
    }

    pub(super) fn put_summary(&mut self, conversation: ConversationId, summary: &Summary) {
        if !self.conversations.contains_key(&conversation) {
            return;
        }
        let of = self.conversation_of_summary(summary.id).unwrap_or(conversation);
        let Some(kept) = self.conversations.get_mut(&of) else { return };
        let summaries = &mut Arc::make_mut(&mut kept.notes).summaries;
        match summaries.iter_mut().find(|other| other.id == summary.id) {
            Some(other) => other.clone_from(summary),
            None => summaries.push(summary.clone()),
        }
    }

    pub(super) fn drop_summary(&mut self, id: MessageId) {
        let of = self.conversation_of_summary(id);
        if let Some(kept) = of.and_then(|of| self.conversations.get_mut(&of)) {
            Arc::make_mut(&mut kept.notes).summaries.retain(|summary| summary.id != id);
        }
    }

    fn conversation_of_summary(&self, id: MessageId) -> Option<ConversationId> {
        let mut all = self.conversations.iter();
        all.find(|(_, kept)| kept.notes.summaries.iter().any(|summary| summary.id == id)).map(|(of, _)| *of)
    }

    pub(super) fn put_vectors(
        &mut self,
        with: &EmbeddingModel,
        vectors: &[(MessageId, Vec<f32>)],
    ) -> Result<(), StoreError> {
        check_lengths(with, vectors)?;
        let there: HashSet<MessageId> = self.messages.iter().map(|message| message.id).collect();
        let kept = Arc::make_mut(&mut self.vectors).entry(with.clone()).or_default();
        kept.extend(
            vectors.iter().filter(|(id, _)| there.contains(id)).map(|(id, vector)| (*id, vector.as_slice().into())),
        );
        Ok(())
    }

    /// Lets go of the vectors whose messages are gone.
    pub(super) fn purge_vectors(&mut self) {
        let there: HashSet<MessageId> = self.messages.iter().map(|message| message.id).collect();
        for kept in Arc::make_mut(&mut self.vectors).values_mut() {
            kept.retain(|id, _| there.contains(id));
        }
    }

    pub(super) fn embeddings(&self, with: &EmbeddingModel, within: Option<ConversationId>) -> Vec<Embedded> {
        let Some(kept) = self.vectors.get(with) else { return Vec::new() };
        let messages = self.messages.iter().filter(|message| self.is_shown_within(message, within));
        let embedded = |message: &Arc<Message>| {
            let vector = kept.get(&message.id)?.to_vec();
            Some(Embedded { conversation: message.conversation, message: message.id, vector })
        };
        messages.filter_map(embedded).collect()
    }

    pub(super) fn unembedded(
        &self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
        limit: usize,
    ) -> Vec<Excerpt> {
        let kept = self.vectors.get(with);
        let is_missing = |message: &Message| {
            is_answer_or_question(message)
                && !message.content.trim().is_empty()
                && kept.is_none_or(|kept| !kept.contains_key(&message.id))
        };
        let messages = self.messages.iter().rev();
        let messages = messages.filter(|message| self.is_shown_within(message, within) && is_missing(message));
        messages.filter_map(|message| self.excerpt(message)).take(limit).collect()
    }

    pub(super) fn excerpts(&self, messages: &[MessageId]) -> Vec<Excerpt> {
        let by_id: HashMap<MessageId, &Message> =
            self.messages.iter().map(|message| (message.id, &**message)).collect();
        messages.iter().filter_map(|id| self.excerpt(by_id.get(id)?)).collect()
    }

    /// `None` where its conversation is deleted, or where the user left it out.
    fn excerpt(&self, message: &Message) -> Option<Excerpt> {
        let kept = self.shown(message.conversation)?;
        if self.is_left_out(&kept.notes.marks, message) {
            return None;
        }
        Some(Excerpt {
            conversation: message.conversation,
            title: kept.meta.title.clone(),
            message: message.id,
            role: message.role,
            content: message.content.clone(),
            created_ms: message.created_ms,
        })
    }

    /// Whether the user left it out: by itself, with its question, or with the call that it is a result of.
    fn is_left_out(&self, marks: &BTreeMap<MessageId, Mark>, message: &Message) -> bool {
        if !marks.values().any(|mark| *mark == Mark::LeftOut) {
            return false;
        }
        let (mut at, mut is_one) = (message, true);
        // Each step is another message, unless their parents go round in a ring.
        for _ in 0..=self.messages.len() {
            if (is_one || at.role == Role::User) && marks.get(&at.id) == Some(&Mark::LeftOut) {
                return true;
            }
            let is_parent =
                |other: &&Arc<Message>| Some(other.id) == at.parent && other.conversation == at.conversation;
            let Some(parent) = self.messages.iter().find(is_parent).filter(|_| at.role != Role::User) else { break };
            (at, is_one) = (parent, is_one && at.role == Role::Tool);
        }
        false
    }

    /// Whether it belongs to `within`, where that is given, and its conversation is not deleted.
    pub(super) fn is_shown_within(&self, message: &Message, within: Option<ConversationId>) -> bool {
        within.is_none_or(|id| message.conversation == id) && self.shown(message.conversation).is_some()
    }
}

/// Whether it is a finished message of a user's or a model's.
pub(super) fn is_answer_or_question(message: &Message) -> bool {
    matches!(message.role, Role::User | Role::Assistant) && message.status != Status::Streaming
}
