//! The open chats: how one is begun, brought to the front, and what each keeps of its own.

use std::collections::HashSet;
use std::sync::Arc;

use crate::chat::{Conversation, ConversationId, ConversationMeta, MessageId, PicoUsd, Spend, Stamp};
use crate::runtime::Query;
use crate::session::Session;

use super::composer::Composer;
use super::effect::TuiEffect;
use super::state::AppState;
use super::transcript::{Anchor, Notice};

/// An open chat.
pub struct Chat {
    pub session: Session,
    pub anchor: Anchor,
    pub notices: Vec<Notice>,
    /// The input box while another chat is in front.
    pub draft: Option<Composer>,
    pub spend: Spend,
    /// What the running reply has cost so far, estimated.
    pub running: Option<PicoUsd>,
    /// Messages of which all is shown: reasoning, a call's arguments and result, long JSON.
    pub unfolded: HashSet<MessageId>,
}

impl AppState {
    /// Begins a new chat with the settings of the one in front. There is one empty chat at the most: it is used
    /// as it is.
    pub fn new_chat(&mut self, id: ConversationId, at: Stamp) -> Vec<TuiEffect> {
        if self.session().is_blank() {
            self.chat_mut().notices.clear();
            self.toast("This conversation is new already.", at);
            return Vec::new();
        }
        let blank = self.chats.iter().find(|(_, chat)| chat.session.is_blank()).map(|(id, _)| *id);
        if let Some(blank) = blank {
            return self.show(blank);
        }
        let old = self.meta().clone();
        let mut meta = self.fresh_meta(id, at);
        meta.model = old.model;
        meta.system = old.system;
        meta.temperature = old.temperature;
        meta.max_tokens = old.max_tokens;
        meta.history = old.history;
        meta.tools = old.tools;
        meta.format = old.format;
        self.insert_chat(Conversation::new(meta), false);
        let mut effects = self.show(id);
        effects.push(TuiEffect::Query(Query::Draft(None)));
        effects
    }

    /// Brings an open chat to the front; each keeps its own draft.
    pub fn show(&mut self, id: ConversationId) -> Vec<TuiEffect> {
        if id == self.current || !self.chats.contains_key(&id) {
            return Vec::new();
        }
        let effects = self.save_draft();
        let draft = std::mem::take(&mut self.composer);
        let left = self.current;
        let chat = self.chat_mut();
        chat.draft = Some(draft);
        // An empty chat that was never saved leaves nothing behind, unless something is written in it.
        let is_blank = chat.session.is_blank() && chat.draft.as_ref().is_some_and(Composer::is_empty);
        self.current = id;
        if is_blank && let Some(blank) = self.chats.remove(&left) {
            // What the start had to say is said in the chat that is shown in its place.
            for notice in blank.notices {
                self.add_notice_to(id, notice.kind, notice.text);
            }
        }
        let blank = self.blank_composer();
        self.composer = self.chat_mut().draft.take().unwrap_or(blank);
        self.saved_draft = self.composer.expanded_text();
        self.draft_due = None;
        self.selection = None;
        self.completion = 0;
        effects
    }

    /// Opens a chat over a conversation, behind the others.
    pub fn insert_chat(&mut self, conversation: Conversation, saved: bool) {
        let id = conversation.meta.id;
        let settings = Arc::clone(&self.preferences.settings);
        let mut session = Session::new(conversation, saved, settings, self.catalogue());
        for (model, field) in &self.refusals {
            session.learn_refusal(model.clone(), *field);
        }
        let chat = Chat {
            session,
            anchor: Anchor::End,
            notices: Vec::new(),
            draft: None,
            spend: Spend::default(),
            running: None,
            unfolded: HashSet::new(),
        };
        self.chats.insert(id, chat);
    }

    pub(super) fn fresh_meta(&self, id: ConversationId, at: Stamp) -> ConversationMeta {
        ConversationMeta {
            system: self.preferences.system.clone(),
            temperature: self.preferences.temperature,
            max_tokens: self.preferences.max_tokens,
            history: self.preferences.settings.history,
            ..ConversationMeta::new(id, self.preferences.model.clone(), at.unix_ms)
        }
    }
}
