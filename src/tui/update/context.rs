//! The list of what the next request will contain: opened, kept up to date, and what is decided in it.

use crate::chat::{ConversationId, Mark, MessageId, Stamp};
use crate::session::Happened;
use crate::session::parts::PartKind;
use crate::tui::context;
use crate::tui::effect::TuiEffect;
use crate::tui::screens::context::{Contents, ContextScreen, Intent};
use crate::tui::state::{AppState, Editing, Overlay};

/// Opens the list.
pub(in crate::tui) fn open(state: &mut AppState) -> Vec<TuiEffect> {
    let mut screen = ContextScreen::new(contents(state));
    screen.resize(state.size);
    state.overlay = Some(Overlay::Context(Box::new(screen)));
    count(state)
}

/// Opens the list, or closes it where it is open.
pub(super) fn toggle(state: &mut AppState) -> Vec<TuiEffect> {
    if matches!(state.overlay, Some(Overlay::Context(_))) {
        state.overlay = None;
        return Vec::new();
    }
    open(state)
}

/// Brings an open list up to date where what is sent has changed.
pub(super) fn refresh(state: &mut AppState) -> Vec<TuiEffect> {
    let Some(Overlay::Context(screen)) = &state.overlay else { return Vec::new() };
    if screen.is_of(state) {
        return Vec::new();
    }
    let contents = contents(state);
    if let Some(Overlay::Context(screen)) = &mut state.overlay {
        screen.refresh(contents);
    }
    count(state)
}

fn contents(state: &AppState) -> Contents {
    let session = state.session();
    let plan = session.plan();
    let weight = state.draft_weight();
    Contents {
        chat: state.current,
        parts: session.parts(weight),
        tokens: state.next_request_tokens(),
        is_busy: session.is_busy(),
        plan: (plan.first_sent, plan.tokens, plan.limit, plan.summary),
        kept: plan.kept.clone(),
        quotes: plan.elsewhere.iter().map(|excerpt| excerpt.message).collect(),
        marks: session.conversation().notes.marks.clone(),
        summary: session.summary().map(|summary| summary.text.clone()),
        model: state.meta().model.clone(),
        spec: state.preferences.catalogue.spec(&state.meta().model),
        strategy: format!("{}: {}", state.meta().history.strategy.as_str(), context::strategy(session)),
        search: context::search(session),
        weight,
        draft: if weight > 0 { state.composer.expanded_text() } else { String::new() },
    }
}

/// Asks for exact counts of what is sent and has none yet.
fn count(state: &mut AppState) -> Vec<TuiEffect> {
    let ticket = state.tickets + 1;
    let Some(Overlay::Context(screen)) = &mut state.overlay else { return Vec::new() };
    let Some(session) = state.chats.get(&state.current).map(|chat| &chat.session) else { return Vec::new() };
    let texts = screen.to_count(ticket, session);
    if texts.is_empty() {
        return Vec::new();
    }
    state.tickets = ticket;
    vec![TuiEffect::CountExactly { ticket, model: session.conversation().meta.model.clone(), texts }]
}

/// Takes in exact counts; those that were not asked for last are dropped.
pub(super) fn counted(state: &mut AppState, ticket: u64, tokens: &[u64]) {
    if let Some(Overlay::Context(screen)) = &mut state.overlay {
        screen.counted(ticket, tokens);
    }
}

/// Does what the list asks for.
pub(super) fn wants(state: &mut AppState, intent: Intent, at: Stamp) -> Vec<TuiEffect> {
    match intent {
        Intent::Close => {
            state.overlay = None;
            Vec::new()
        }
        Intent::Read(kind) => {
            read(state, kind);
            Vec::new()
        }
        Intent::Pin(message) => mark(state, message, Mark::Pinned, at),
        Intent::LeaveOut(message) => mark(state, message, Mark::LeftOut, at),
        Intent::EditSummary => edit_summary(state, at),
    }
}

/// Sets a mark, or takes it away where it is set.
fn mark(state: &mut AppState, message: MessageId, mark: Mark, at: Stamp) -> Vec<TuiEffect> {
    let is_set = state.session().conversation().notes.marks.get(&message) == Some(&mark);
    state.tell_session(Happened::Marked { message, mark: (!is_set).then_some(mark) }, at)
}

fn read(state: &mut AppState, kind: PartKind) {
    let Some(session) = state.chats.get(&state.current).map(|chat| &chat.session) else { return };
    let text = match kind {
        PartKind::Draft => Some(state.composer.expanded_text()),
        _ => session.part_text(kind).map(std::borrow::Cow::into_owned),
    };
    if let (Some(Overlay::Context(screen)), Some(text)) = (&mut state.overlay, text) {
        screen.read(kind, text, session);
    }
}

/// Opens the summary that is sent in the user's editor.
pub(in crate::tui) fn edit_summary(state: &mut AppState, at: Stamp) -> Vec<TuiEffect> {
    let Some((id, text)) = summary_to_edit(state, at) else { return Vec::new() };
    state.editing = Some(Editing::Summary(state.current, id));
    vec![TuiEffect::Edit(text)]
}

/// Puts a text in place of that of the summary that is sent.
pub(in crate::tui) fn write_summary(state: &mut AppState, text: &str, at: Stamp) -> Vec<TuiEffect> {
    let Some((id, _)) = summary_to_edit(state, at) else { return Vec::new() };
    change_summary(state, state.current, id, text, at)
}

fn summary_to_edit(state: &mut AppState, at: Stamp) -> Option<(MessageId, String)> {
    let summary = state.session().summary().map(|summary| (summary.id, summary.text.clone()));
    if summary.is_none() {
        state.toast("There is no summary to edit; /summarise asks for one.", at);
    }
    summary
}

/// Takes a summary back from the editor.
pub(super) fn summary_edited(state: &mut AppState, text: &str, at: Stamp) -> Vec<TuiEffect> {
    let Some(Editing::Summary(chat, id)) = state.editing.take() else { return Vec::new() };
    change_summary(state, chat, id, text, at)
}

fn change_summary(state: &mut AppState, chat: ConversationId, id: MessageId, text: &str, at: Stamp) -> Vec<TuiEffect> {
    if text.trim().is_empty() {
        state.toast("An empty summary is not taken; /summarise undo forgets it.", at);
        return Vec::new();
    }
    let Some(session) = state.chats.get(&chat).map(|chat| &chat.session) else { return Vec::new() };
    let before = session.conversation().notes.summaries.iter().find(|summary| summary.id == id);
    if before.is_none_or(|before| before.text.trim_end() == text) {
        return Vec::new();
    }
    if session.summary().is_some_and(|sent| sent.id == id) {
        state.toast("The summary is changed; it is sent so from the next message on.", at);
    }
    state.tell(chat, Happened::SummaryEdited { id, text: text.to_owned() }, at)
}
