//! The screen's machine: `update(&mut AppState, TuiEvent) -> Vec<TuiEffect>`. No clock, no chance, no I/O:
//! time and ids arrive with the event.

mod actions;
pub(in crate::tui) mod approval;
pub(in crate::tui) mod context;
mod costs;
pub(in crate::tui) mod fold;
mod overlay;
mod pointer;
mod send;
mod store;
pub(in crate::tui) mod tools;
mod user;

use std::sync::Arc;
use std::time::Duration;

use crate::chat::{Spend, Stamp};
use crate::runtime::{Query, Scope};
use crate::session::{self, Activity};

use super::commands;
use super::effect::TuiEffect;
use super::event::{Happened, TuiEvent};
use super::host::{ChosenServer, Settled};
use super::state::{AppState, Editing};

/// Silence in a stream that is worth saying.
pub const STALLED_AFTER: Duration = Duration::from_secs(5);

/// How long a second Ctrl+C quits.
pub const QUIT_WITHIN: Duration = Duration::from_secs(2);

/// Takes in one event and says what is to be done.
pub fn update(state: &mut AppState, event: TuiEvent) -> Vec<TuiEffect> {
    let is_new_day = event.at.day != state.now.day;
    let is_new_month = event.at.day.first_of_month() != state.now.day.first_of_month();
    state.now = event.at;
    state.spare = event.fresh.conversation;
    let mut effects = take_in(state, event);
    if is_new_day {
        state.today = Spend::default();
        let (conversation, scope) = (state.current, Scope::Day(state.now.day));
        effects.push(TuiEffect::Query(Query::Spend { conversation, scope }));
    }
    if is_new_month {
        state.month = Spend::default();
        let (conversation, scope) = (state.current, Scope::Month(state.now.day));
        effects.push(TuiEffect::Query(Query::Spend { conversation, scope }));
    }
    state.warn_of_budgets();
    overlay::mark_streaming(state);
    effects.extend(tools::warm(state));
    effects.extend(context::refresh(state));
    approval::refresh(state);
    tools::refresh(state);
    state.fit_composer();
    effects
}

/// Takes back what was in the user's editor; what came back from the queue meanwhile goes along.
fn edited(state: &mut AppState, text: &str, at: Stamp) -> Vec<TuiEffect> {
    let text = text.trim_end_matches('\n');
    if let Some(Editing::Summary(..)) = state.editing {
        let mut effects = context::summary_edited(state, text, at);
        effects.extend(give_returned(state));
        return effects;
    }
    match state.editing.take() {
        Some(Editing::Attachment(number)) if state.composer.set_attachment(number, text) => {}
        _ => state.composer.replace_text(text),
    }
    state.draft_changed();
    give_returned(state)
}

fn give_returned(state: &mut AppState) -> Vec<TuiEffect> {
    state.editing = None;
    let returned = std::mem::take(&mut state.returned);
    if returned.is_empty() { Vec::new() } else { state.return_queued(state.current, returned) }
}

fn take_in(state: &mut AppState, event: TuiEvent) -> Vec<TuiEffect> {
    let TuiEvent { at, fresh, happened } = event;
    match happened {
        Happened::Input(input) => user::input(state, input, at, fresh),
        Happened::Edited(Ok(text)) => {
            let mut effects = edited(state, &text, at);
            effects.push(TuiEffect::Redraw);
            effects
        }
        Happened::Edited(Err(reason)) => {
            state.complain(reason);
            give_returned(state);
            vec![TuiEffect::Redraw]
        }
        Happened::Session(conversation, happened) => state.tell(conversation, happened, at),
        Happened::ForUser(conversation, word) => store::for_user(state, conversation, word, at, fresh),
        Happened::Store(event) => store::told(state, event, at, fresh),
        Happened::Highlighted(done) => {
            state.highlights.insert(done);
            Vec::new()
        }
        Happened::Probed(found) => {
            overlay::probed(state, found);
            Vec::new()
        }
        Happened::Settled(settled) => settle(state, settled, at),
        Happened::NativeCopied { is_sure: true, .. } => {
            state.toast("Copied.", at);
            Vec::new()
        }
        Happened::NativeCopied { text, .. } => vec![TuiEffect::CopyByTerminal(text)],
        Happened::Copied(sentence) => {
            state.toast(sentence, at);
            Vec::new()
        }
        Happened::Counted { ticket, tokens } => {
            context::counted(state, ticket, &tokens);
            Vec::new()
        }
        Happened::SchemaRead(conversation, result) => commands::schema::read(state, conversation, result, at),
        Happened::ToolForgotten { name, was_here, result } => tools::forgotten(state, &name, was_here, result),
        Happened::ToolsListed(list) => tools::listed(state, list),
        Happened::Exported(Ok(path)) => {
            state.note(format!("Written to `{path}`."));
            Vec::new()
        }
        Happened::Exported(Err(reason)) => {
            state.complain(reason);
            Vec::new()
        }
        Happened::Ticked => ticked(state),
        Happened::Resumed => {
            let chats: Vec<_> = state.chats.keys().copied().collect();
            let mut effects = vec![TuiEffect::Redraw];
            for chat in chats {
                effects.extend(state.tell(chat, session::Happened::Resumed, at));
            }
            effects
        }
        Happened::Terminated => vec![TuiEffect::Quit { then_demo: false }],
    }
}

fn settle(state: &mut AppState, settled: Settled, at: crate::chat::Stamp) -> Vec<TuiEffect> {
    match settled {
        Settled::KeySaved { provider, result: Ok(sentence) } => {
            state.preferences.ready.insert(provider, true);
            state.chats.values_mut().for_each(|chat| chat.session.try_vectors_again());
            state.overlay = None;
            state.note(sentence);
            Vec::new()
        }
        Settled::ServerChosen(Ok(ChosenServer { model, provider })) => {
            let known = &mut Arc::make_mut(&mut state.preferences.catalogue).providers;
            known.entry(model.provider.clone()).or_insert(provider);
            state.preferences.ready.insert(model.provider.clone(), true);
            state.overlay = None;
            state.note(format!("This chat now uses {model}."));
            state.preferences.model = model.clone();
            state.change(session::Change::Model(model), at)
        }
        Settled::Saved(Ok(sentence)) => {
            state.toast(sentence, at);
            Vec::new()
        }
        Settled::KeySaved { result: Err(reason), .. }
        | Settled::ServerChosen(Err(reason))
        | Settled::Saved(Err(reason)) => {
            if overlay::complain(state, &reason) {
                return Vec::new();
            }
            state.complain(reason);
            Vec::new()
        }
    }
}

fn ticked(state: &mut AppState) -> Vec<TuiEffect> {
    let now = state.now.mono;
    if state.toast.as_ref().is_some_and(|toast| toast.until <= now) {
        state.toast = None;
    }
    if state.quit_armed.is_some_and(|armed| armed + QUIT_WITHIN <= now) {
        state.quit_armed = None;
    }
    if state.draft_due.is_some_and(|due| due <= now) { state.save_draft() } else { Vec::new() }
}

/// When something that is shown changes with time alone; `None` where nothing does, and nothing ticks.
#[must_use]
pub fn next_tick(state: &AppState) -> Option<Duration> {
    let now = state.now.mono;
    let activity = state.session().activity().and_then(|activity| match activity {
        // It waits for the user alone.
        Activity::Asking { .. } => None,
        Activity::Streaming { last, .. } if now < last + STALLED_AFTER => Some(last + STALLED_AFTER),
        Activity::Backoff { until, .. } => Some(next_second(now, until)),
        Activity::Saving
        | Activity::Searching { .. }
        | Activity::Gathering { .. }
        | Activity::Calling { .. }
        | Activity::Connecting { .. }
        | Activity::Waiting { .. }
        | Activity::Streaming { .. } => Some(now + Duration::from_secs(1)),
    });
    let toast = state.toast.as_ref().map(|toast| toast.until);
    let armed = state.quit_armed.map(|armed| armed + QUIT_WITHIN);
    [activity, toast, armed, state.draft_due].into_iter().flatten().min()
}

/// When the whole seconds left until `until` next change.
fn next_second(now: Duration, until: Duration) -> Duration {
    let left = until.saturating_sub(now);
    // Over, though its timer has not been told yet: no reason to look at the clock again and again.
    if left.is_zero() {
        return now + Duration::from_secs(1);
    }
    now + Duration::from_nanos(u64::from(left.subsec_nanos().max(1)) + 1_000_000)
}
