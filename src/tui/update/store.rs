//! What the store and the sessions' effects tell the screen.

use crate::chat::{Conversation, ConversationId, Stamp};
use crate::runtime::{Answer, ForUser, Query, Saved, Scope, StoreEvent};
use crate::session;
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::state::AppState;
use crate::tui::transcript::NoticeKind;

use super::{costs, overlay, send};

/// Takes in what the store says.
pub(super) fn told(state: &mut AppState, event: StoreEvent, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    match event {
        StoreEvent::Opened { notices } => {
            for notice in notices {
                state.warn(notice);
            }
            Vec::new()
        }
        StoreEvent::Unusable(reason) => {
            state.last_words.push(reason);
            vec![TuiEffect::Quit { then_demo: false }]
        }
        StoreEvent::NotSaved(reason) => {
            if reason.is_none() && state.not_saved.is_some() {
                state.toast("All is saved again.", at);
            }
            state.not_saved = reason;
            Vec::new()
        }
        StoreEvent::Answer(answer) => answered(state, answer, at, fresh),
        // These are told to their session by the runtime.
        StoreEvent::Committed { .. }
        | StoreEvent::CommitFailed { .. }
        | StoreEvent::Booked { .. }
        | StoreEvent::Refused { .. } => Vec::new(),
    }
}

fn answered(state: &mut AppState, answer: Answer, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    match answer {
        Answer::Listed { filter, offset, found } => {
            overlay::listed(state, &filter, offset, found);
            Vec::new()
        }
        Answer::Loaded(saved) => loaded(state, *saved, at, fresh),
        Answer::Latest(Some(id)) if state.continues => {
            state.continues = false;
            open(state, id)
        }
        Answer::Latest(_) => {
            if std::mem::take(&mut state.continues) {
                state.toast("There is no conversation to continue yet.", at);
                return send::started(state, at, fresh);
            }
            Vec::new()
        }
        Answer::Spent { conversation, scope, spend } => {
            state.spent(conversation, scope, spend);
            // One answer of the three that follow each attempt.
            if matches!(scope, Scope::Day(_)) { costs::spent(state, at) } else { Vec::new() }
        }
        Answer::Draft { conversation: None, text } => {
            // What was typed before the answer came is not pushed aside.
            let is_for_this =
                state.draft_place(state.current).is_none() && state.composer.is_empty() && state.awaited.is_none();
            if is_for_this && !text.is_empty() {
                state.composer.set_text(&text);
                state.saved_draft = text;
            }
            Vec::new()
        }
        Answer::InputHistory(earlier) => {
            state.history.put_before(earlier);
            Vec::new()
        }
        Answer::Report { by, period, rows } => {
            costs::reported(state, by, period, rows);
            Vec::new()
        }
        Answer::Failed { query: Query::Report { .. }, reason } => {
            costs::failed(state, reason);
            Vec::new()
        }
        Answer::Draft { .. } | Answer::Found { .. } => Vec::new(),
        Answer::Failed { query, reason } => {
            if let Query::Load(id) = query
                && state.awaited == Some(id)
            {
                state.awaited = None;
            }
            state.complain(reason);
            // What cannot be read is not waited for.
            state.continues = false;
            send::started(state, at, fresh)
        }
    }
}

/// Shows a saved conversation: at once where it is open, else once it is loaded.
pub(super) fn open(state: &mut AppState, id: ConversationId) -> Vec<TuiEffect> {
    state.overlay = None;
    if state.chats.contains_key(&id) {
        return state.show(id);
    }
    state.awaited = Some(id);
    vec![TuiEffect::Query(Query::Load(id))]
}

fn loaded(state: &mut AppState, saved: Saved, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    let id = saved.meta.id;
    if state.awaited != Some(id) || state.chats.contains_key(&id) {
        return Vec::new();
    }
    state.awaited = None;
    state.insert_chat(Conversation::restore(saved.meta, saved.messages).with_notes(saved.notes), true);
    // What was typed while the start was loading it goes along; any other draft stays with its own chat.
    let carries = std::mem::take(&mut state.carries) && state.session().is_blank();
    let typed = if carries { state.composer.take().expanded() } else { String::new() };
    let mut effects = state.show(id);
    effects.push(TuiEffect::Query(Query::Spend { conversation: id, scope: Scope::Conversation(id) }));
    if state.sends_when_loaded {
        // It was sent without a look at the draft that is kept here, which stays for the next time.
        state.composer.set_text(&typed);
        effects.extend(send::started(state, at, fresh));
        state.composer.set_text(&saved.draft);
        state.draft_changed();
        return effects;
    }
    let drafts = [saved.draft.as_str(), typed.as_str()];
    state.composer.set_text(&drafts.into_iter().filter(|draft| !draft.is_empty()).collect::<Vec<_>>().join("\n\n"));
    state.saved_draft = saved.draft;
    if !typed.is_empty() {
        state.draft_changed();
    }
    effects
}

/// Takes in what a session's effects left for the user.
pub(super) fn for_user(
    state: &mut AppState,
    conversation: ConversationId,
    word: ForUser,
    at: Stamp,
    fresh: Fresh,
) -> Vec<TuiEffect> {
    match word {
        ForUser::ReturnQueued(texts) => return state.return_queued(conversation, texts),
        ForUser::Say(text) => state.add_notice_to(conversation, NoticeKind::Warning, text),
        ForUser::RememberRefusal { model, field } => {
            for chat in state.chats.values_mut() {
                chat.session.learn_refusal(model.clone(), field);
            }
            state.refusals.push((model, field));
        }
        ForUser::SummaryDue => {
            let asked = session::Happened::SummariseAsked { id: fresh.message, automatic: true };
            return state.tell(conversation, asked, at);
        }
        ForUser::ApprovalAsked | ForUser::TurnEnded => {}
    }
    Vec::new()
}
