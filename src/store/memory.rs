//! A store in memory, with the same meaning as the one on disk: for tests, and for a program that found no
//! place to write. Owns nothing that outlives it.

mod ledger;
mod notes;
mod rank;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chat::context::ContextNotes;
use crate::chat::embedding::{Embedded, EmbeddingModel, Excerpt, Ranked};
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{ConversationId, ConversationMeta, Message, MessageId, MetaPart, Role, Spend, Status};

use super::fold::{Terms, fold};
use super::{Hit, Reservation, Saved, Scope, Step, Store, StoreError, Summary, Write};

/// See [`Store`].
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: State,
}

/// All of it; cloning is cheap, so that a batch is applied to a copy that takes the old one's place.
#[derive(Debug, Clone, Default)]
struct State {
    conversations: BTreeMap<ConversationId, Kept>,
    /// In order of sequence.
    messages: Vec<Arc<Message>>,
    ledger: ledger::Ledger,
    /// What the runs of batches are called.
    runs: BTreeMap<ConversationId, Arc<str>>,
    vectors: notes::Vectors,
    drafts: BTreeMap<Option<ConversationId>, String>,
    inputs: Vec<Arc<str>>,
    /// The number of the last change.
    changes: u64,
    /// The latest time that any write carried: the only clock there is here.
    seen_ms: i64,
}

#[derive(Debug, Clone)]
struct Kept {
    meta: Arc<ConversationMeta>,
    notes: Arc<ContextNotes>,
    changed: u64,
    deleted_ms: Option<i64>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl State {
    fn apply(&mut self, write: &Write) -> Result<(), StoreError> {
        match write {
            Write::PutConversation(meta) => self.put(meta),
            Write::TouchConversation(meta) => self.touch(meta),
            Write::ChangeConversation { meta, part } => self.change(meta, *part),
            Write::PatchConversation { id, title, pinned } => self.patch(*id, title.as_deref(), *pinned),
            Write::DeleteConversation(id) => {
                let now = self.seen_ms;
                if let Some(kept) = self.conversations.get_mut(id) {
                    kept.deleted_ms.get_or_insert(now);
                }
            }
            Write::UndeleteConversation(id) => {
                if let Some(kept) = self.conversations.get_mut(id) {
                    kept.deleted_ms = None;
                }
            }
            Write::PurgeDeleted { before_ms } => self.purge(*before_ms),
            Write::AddMessage(message) => self.add(message)?,
            Write::AppendChunk { message, text, reasoning } => self.append(*message, text, reasoning)?,
            Write::FinishMessage(message) => self.finish(message)?,
            Write::OpenAttempt(opening) => {
                self.see(opening.at_ms);
                self.ledger.open(opening);
            }
            Write::CloseAttempt(closing) => self.ledger.close(closing),
            Write::PutDraft { conversation, text } if text.is_empty() => {
                self.drafts.remove(conversation);
            }
            Write::PutDraft { conversation, text } => {
                self.drafts.insert(*conversation, text.clone());
            }
            Write::SetMark { conversation, message, mark } => self.set_mark(*conversation, *message, *mark),
            Write::PutSummary { conversation, summary } => self.put_summary(*conversation, summary),
            Write::DropSummary(id) => self.drop_summary(*id),
            Write::PutEmbeddings { with, vectors } => self.put_vectors(with, vectors)?,
            Write::NameRun { id, name } => {
                self.runs.insert(*id, Arc::from(name.as_str()));
            }
            Write::AddInputHistory { text, at_ms } => {
                self.see(*at_ms);
                if !text.is_empty() && self.inputs.last().is_none_or(|last| **last != *text) {
                    self.inputs.push(Arc::from(text.as_str()));
                }
            }
        }
        Ok(())
    }

    fn see(&mut self, at_ms: i64) {
        self.seen_ms = self.seen_ms.max(at_ms);
    }

    fn next_change(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }

    fn put(&mut self, meta: &ConversationMeta) {
        self.see(meta.updated_ms);
        let old = self.conversations.get(&meta.id);
        let deleted_ms = old.and_then(|kept| kept.deleted_ms);
        let notes = old.map(|kept| kept.notes.clone()).unwrap_or_default();
        let changed = match old {
            Some(kept) if kept.meta.updated_ms == meta.updated_ms => kept.changed,
            _ => self.next_change(),
        };
        self.conversations.insert(meta.id, Kept { meta: Arc::new(meta.clone()), notes, changed, deleted_ms });
    }

    fn touch(&mut self, meta: &ConversationMeta) {
        if !self.conversations.contains_key(&meta.id) {
            return self.put(meta);
        }
        self.mark_changed(meta, |kept| {
            if kept.title.is_empty() && !kept.titled_by_user {
                kept.title.clone_from(&meta.title);
            }
        });
    }

    fn change(&mut self, meta: &ConversationMeta, part: MetaPart) {
        self.mark_changed(meta, |kept| match part {
            MetaPart::Title => {
                kept.title.clone_from(&meta.title);
                kept.titled_by_user = meta.titled_by_user;
            }
            MetaPart::Model => kept.model.clone_from(&meta.model),
            MetaPart::System => kept.system.clone_from(&meta.system),
            MetaPart::Temperature => kept.temperature = meta.temperature,
            MetaPart::MaxTokens => kept.max_tokens = meta.max_tokens,
            MetaPart::History => kept.history = meta.history,
            MetaPart::Tools => kept.tools.clone_from(&meta.tools),
            MetaPart::Format => kept.format.clone_from(&meta.format),
            MetaPart::Pinned => kept.pinned = meta.pinned,
        });
    }

    fn mark_changed(&mut self, meta: &ConversationMeta, change: impl FnOnce(&mut ConversationMeta)) {
        self.see(meta.updated_ms);
        let number = self.next_change();
        let Some(kept) = self.conversations.get_mut(&meta.id) else { return };
        kept.changed = number;
        let kept = Arc::make_mut(&mut kept.meta);
        kept.updated_ms = kept.updated_ms.max(meta.updated_ms);
        change(kept);
    }

    fn patch(&mut self, id: ConversationId, title: Option<&str>, pinned: Option<bool>) {
        let Some(kept) = self.conversations.get_mut(&id) else { return };
        let meta = Arc::make_mut(&mut kept.meta);
        if let Some(title) = title {
            title.clone_into(&mut meta.title);
            meta.titled_by_user = true;
        }
        meta.pinned = pinned.unwrap_or(meta.pinned);
    }

    fn purge(&mut self, before_ms: i64) {
        let streaming = |id: ConversationId| {
            self.messages.iter().any(|message| message.conversation == id && message.status == Status::Streaming)
        };
        let gone: Vec<ConversationId> = self
            .conversations
            .iter()
            .filter(|(id, kept)| kept.deleted_ms.is_some_and(|at| at < before_ms) && !streaming(**id))
            .map(|(id, _)| *id)
            .collect();
        self.conversations.retain(|id, _| !gone.contains(id));
        self.messages.retain(|message| !gone.contains(&message.conversation));
        self.drafts.retain(|id, _| id.is_none_or(|id| !gone.contains(&id)));
        self.purge_vectors();
    }

    fn add(&mut self, message: &Message) -> Result<(), StoreError> {
        if self.messages.iter().any(|other| other.id == message.id) {
            return Ok(());
        }
        self.see(message.created_ms);
        let change = self.next_change();
        let kept = self
            .conversations
            .get_mut(&message.conversation)
            .ok_or(StoreError::NoConversation(message.conversation))?;
        kept.changed = change;
        if message.role == Role::User {
            // Deleted in one window, written to in another: what was said last holds.
            kept.deleted_ms = None;
        }
        self.messages.push(Arc::new(message.clone()));
        Ok(())
    }

    fn append(&mut self, id: MessageId, text: &str, reasoning: &str) -> Result<(), StoreError> {
        let message = self
            .messages
            .iter_mut()
            .rev()
            .find(|message| message.id == id)
            .ok_or_else(|| StoreError::Other(format!("no message {id} is saved that text could be added to")))?;
        if message.status == Status::Streaming {
            let message = Arc::make_mut(message);
            message.content.push_str(text);
            message.reasoning.push_str(reasoning);
        }
        Ok(())
    }

    fn finish(&mut self, message: &Message) -> Result<(), StoreError> {
        match self.messages.iter_mut().rev().find(|other| other.id == message.id) {
            Some(kept) if kept.status == Status::Streaming => {
                let conversation = kept.conversation;
                *kept = Arc::new(Message { conversation, ..message.clone() });
                Ok(())
            }
            Some(_) => Ok(()),
            None => self.add(message),
        }
    }

    /// What is not deleted, as the panel lists it.
    fn listed(&self) -> Vec<&Kept> {
        let mut listed: Vec<&Kept> = self.conversations.values().filter(|kept| kept.deleted_ms.is_none()).collect();
        listed.sort_by_key(|kept| std::cmp::Reverse((kept.meta.pinned, kept.changed)));
        listed
    }

    fn shown(&self, id: ConversationId) -> Option<&Kept> {
        self.conversations.get(&id).filter(|kept| kept.deleted_ms.is_none())
    }

    fn summary(&self, kept: &Kept) -> Summary {
        let meta = &kept.meta;
        Summary {
            id: meta.id,
            title: meta.title.clone(),
            model: meta.model.to_string(),
            pinned: meta.pinned,
            updated_ms: meta.updated_ms,
            messages: self.messages.iter().filter(|message| message.conversation == meta.id).count() as u64,
        }
    }
}

impl Store for MemoryStore {
    fn apply(&mut self, steps: &[Step<'_>]) -> Result<Vec<Reservation>, StoreError> {
        let (mut next, mut answers) = (self.state.clone(), Vec::new());
        for step in steps {
            match step {
                Step::Write(write) => next.apply(write)?,
                Step::Reserve { opening, caps } => {
                    next.see(opening.at_ms);
                    answers.push(next.ledger.reserve(opening, caps));
                }
            }
        }
        self.state = next;
        Ok(answers)
    }

    fn list(&mut self, filter: &str, offset: u64, limit: u64) -> Result<Vec<Summary>, StoreError> {
        let terms = Terms::of(filter);
        let listed = self.state.listed().into_iter().filter(|kept| terms.are_parts_of(&fold(&kept.meta.title)));
        let page = listed.skip(clamp(offset)).take(clamp(limit));
        Ok(page.map(|kept| self.state.summary(kept)).collect())
    }

    fn load(&mut self, id: ConversationId) -> Result<Saved, StoreError> {
        let kept = self.state.shown(id).ok_or(StoreError::NoConversation(id))?;
        let messages = self.state.messages.iter().filter(|message| message.conversation == id);
        Ok(Saved {
            meta: (*kept.meta).clone(),
            messages: messages.map(|message| (**message).clone()).collect(),
            draft: self.state.drafts.get(&Some(id)).cloned().unwrap_or_default(),
            notes: (*kept.notes).clone(),
        })
    }

    fn latest(&mut self) -> Result<Option<ConversationId>, StoreError> {
        let shown = self.state.conversations.values().filter(|kept| kept.deleted_ms.is_none());
        Ok(shown.max_by_key(|kept| kept.changed).map(|kept| kept.meta.id))
    }

    fn spend(&mut self, scope: Scope) -> Result<Spend, StoreError> {
        Ok(self.state.ledger.spend(scope))
    }

    fn draft(&mut self, conversation: Option<ConversationId>) -> Result<String, StoreError> {
        Ok(self.state.drafts.get(&conversation).cloned().unwrap_or_default())
    }

    fn input_history(&mut self, limit: u64) -> Result<Vec<String>, StoreError> {
        let skipped = self.state.inputs.len().saturating_sub(clamp(limit));
        Ok(self.state.inputs[skipped..].iter().map(ToString::to_string).collect())
    }

    fn search(&mut self, query: &str, limit: u64) -> Result<Vec<Hit>, StoreError> {
        let terms = Terms::of(query);
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let mut found: Vec<(usize, Hit)> = Vec::new();
        for message in self.state.messages.iter().rev().filter(|message| message.status != Status::Streaming) {
            let Some(kept) = self.state.shown(message.conversation) else { continue };
            let folded = fold(&message.content);
            if terms.are_words_of(&folded) {
                let hit = Hit {
                    conversation: message.conversation,
                    message: message.id,
                    title: kept.meta.title.clone(),
                    excerpt: terms.excerpt(&message.content),
                };
                found.push((terms.count_in(&folded), hit));
            }
        }
        found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        Ok(found.into_iter().take(clamp(limit)).map(|(_, hit)| hit).collect())
    }

    fn report(&mut self, by: GroupBy, period: Period) -> Result<Vec<SpendRow>, StoreError> {
        let run = |id: &ConversationId| self.state.runs.get(id).map(ToString::to_string);
        let title = |id: ConversationId| {
            self.state.conversations.get(&id).map(|kept| kept.meta.title.clone()).or_else(|| run(&id))
        };
        self.state.ledger.report(by, period).rows(by, |key| {
            let title = || key.parse().ok().and_then(title).unwrap_or_default();
            Ok(if by == GroupBy::Conversation { title() } else { key.to_owned() })
        })
    }

    fn rank(&mut self, query: &str, within: Option<ConversationId>, limit: u64) -> Result<Vec<Ranked>, StoreError> {
        Ok(self.state.rank(query, within, clamp(limit)))
    }

    fn embeddings(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
    ) -> Result<Vec<Embedded>, StoreError> {
        Ok(self.state.embeddings(with, within))
    }

    fn unembedded(
        &mut self,
        with: &EmbeddingModel,
        within: Option<ConversationId>,
        limit: u64,
    ) -> Result<Vec<Excerpt>, StoreError> {
        Ok(self.state.unembedded(with, within, clamp(limit)))
    }

    fn excerpts(&mut self, messages: &[MessageId]) -> Result<Vec<Excerpt>, StoreError> {
        Ok(self.state.excerpts(messages))
    }
}

/// A count from the port as one that indexes.
fn clamp(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
