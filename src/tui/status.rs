//! The status bar: model, context, money, and what is going on; what does not fit is left out, the least
//! important first.

use std::time::Duration;

use crate::chat::Role;
use crate::chat::context::Strategy;
use crate::chat::money::short_count;
use crate::session::{Activity, Session};
use crate::text::sanitised::{Sanitised, width};

use super::keymap::Action;
use super::screens::paint::fit;
use super::state::AppState;
use super::update::STALLED_AFTER;
use super::{asking, context};

/// What a part of the bar is, which the theme gives a style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Plain,
    /// A short word to the user.
    Said,
    Busy,
    Warning,
    Error,
}

/// How far back the last priced reply is looked for: the bar is made for each frame, and chats are long.
const LAST_FEW: usize = 16;

/// A part of the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub text: Sanitised,
    pub part: Part,
    /// The higher, the longer it stays.
    rank: u8,
    /// What a click on it does.
    pub opens: Option<Action>,
    /// What it gives way to before anything goes that is more than a hint; the longest last.
    briefer: Vec<Sanitised>,
}

/// From this rank on, a part is more than a hint.
const NO_HINT: u8 = 50;

/// The rank of what was spent.
const SUMS: u8 = 60;

/// What stands between two parts.
pub const SEPARATOR: &str = " │ ";

/// The bar for a width in columns.
#[must_use]
pub fn segments(state: &AppState, columns: u16) -> Vec<Segment> {
    let mut segments = all(state, columns);
    while segments.len() > 1 && !fits(&segments, columns) {
        make_room(&mut segments);
    }
    if let [only] = &mut segments[..] {
        only.text = fit(only.text.as_str(), usize::from(columns).saturating_sub(2));
    }
    segments
}

fn fits(segments: &[Segment], columns: u16) -> bool {
    let text: usize = segments.iter().map(|segment| segment.text.width()).sum();
    text + segments.len().saturating_sub(1) * width(SEPARATOR) + 2 <= usize::from(columns)
}

/// Leaves out the least important part; before one goes that is more than a hint, another is said more briefly.
fn make_room(segments: &mut Vec<Segment>) {
    let least = segments.iter().enumerate().min_by_key(|(_, segment)| segment.rank);
    let Some((least, rank)) = least.map(|(at, segment)| (at, segment.rank)) else { return };
    if rank >= NO_HINT
        && let Some((text, segment)) = segments.iter_mut().find_map(|segment| Some((segment.briefer.pop()?, segment)))
    {
        segment.text = text;
        return;
    }
    segments.remove(least);
}

fn all(state: &AppState, columns: u16) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut push = |text: String, part: Part, rank: u8| {
        out.push(Segment { text: Sanitised::line(&text), part, rank, opens: None, briefer: Vec::new() });
    };
    if let Some(toast) = &state.toast {
        push(toast.text.clone(), Part::Said, 100);
        return out;
    }
    let session = state.session();
    if state.preferences.demo {
        push("demo".to_owned(), Part::Busy, 35);
    }
    push(state.meta().model.to_string(), Part::Plain, 80);
    let (text, part) = gauge(state, columns);
    push(text, part, GAUGE);
    let mut sums = money(state, columns);
    push(sums.pop().unwrap_or_default(), Part::Plain, SUMS);
    if state.meta().format.is_json() {
        push("JSON".to_owned(), Part::Plain, 45);
    }
    if let Some((text, part, rank)) = budget(state) {
        push(text, part, rank);
    }
    if session.is_summarising() {
        let stops = if session.is_busy() { "" } else { " · Esc stops" };
        push(format!("summarising…{stops}"), Part::Busy, 85);
    }
    if let Some(percent) = session.limits().percent_left().filter(|percent| *percent < 10) {
        push(format!("{percent}% of the rate limit left"), Part::Warning, 40);
    }
    if let Some(activity) = session.activity() {
        let (text, part) = busy(&activity, state.now.mono);
        let is_asking = matches!(activity, Activity::Asking { .. });
        let looks = if is_asking { format!("{} looks · ", asking::key(&state.keymap)) } else { String::new() };
        push(format!("{looks}{text}"), part, 90);
        if session.queued().len() > 0 {
            push(format!("{} queued", session.queued().len()), Part::Plain, 70);
        }
    } else {
        push("F1 help".to_owned(), Part::Plain, 20);
    }
    if let Some((text, part, rank)) = elsewhere(state) {
        push(text, part, rank);
    }
    for segment in &mut out {
        match segment.rank {
            GAUGE => segment.opens = Some(Action::Context),
            SUMS => {
                segment.opens = Some(Action::Cost);
                segment.briefer = sums.iter().map(|form| Sanitised::line(form)).collect();
            }
            _ => {}
        }
    }
    out
}

/// What goes on in the chats that are not in front; a call that asks there is worth more than a reply that comes.
fn elsewhere(state: &AppState) -> Option<(String, Part, u8)> {
    let others = || state.chats.iter().filter(|(id, _)| **id != state.current).map(|(_, chat)| &chat.session);
    let (busy, asking) = (
        others().filter(|session| session.is_busy()).count(),
        others().filter(|session| session.approvals().next().is_some()).count(),
    );
    match (busy, asking) {
        (0, _) => None,
        (busy, 0) => Some((format!("{busy} more streaming"), Part::Plain, 30)),
        (_, 1) => Some(("another chat asks".to_owned(), Part::Warning, 66)),
        (_, asking) => Some((format!("{asking} other chats ask"), Part::Warning, 66)),
    }
}

/// The rank of the gauge, which no other part has.
const GAUGE: u8 = 50;

/// With fewer columns the gauge does not say which strategy fills it.
const STRATEGY_FROM: u16 = 72;

/// What the next request sends, of what the strategy sends at the most.
fn gauge(state: &AppState, columns: u16) -> (String, Part) {
    let (tokens, limit) = (state.next_request_tokens(), state.session().plan().limit);
    let is_scarce = context::is_scarce(tokens, limit);
    let of = context::limit(limit).map(|limit| format!(" of {limit}")).unwrap_or_default();
    let warns = if is_scarce { "!" } else { "" };
    let strategy = state.meta().history.strategy;
    let named = strategy != Strategy::Truncate && columns >= STRATEGY_FROM;
    let strategy = if named { format!(" · {}", strategy.as_str()) } else { String::new() };
    let part = if is_scarce { Part::Warning } else { Part::Plain };
    (format!("ctx ~{}{of}{warns}{strategy}", short_count(tokens)), part)
}

/// What a click at column `x` of a bar that begins at `left` does.
#[must_use]
pub fn opened_at(state: &AppState, left: u16, columns: u16, x: u16) -> Option<Action> {
    let mut from = usize::from(left) + 1;
    for segment in segments(state, columns) {
        let end = from + segment.text.width();
        if (from..end).contains(&usize::from(x)) {
            return segment.opens;
        }
        from = end + width(SEPARATOR);
    }
    None
}

/// That a budget kept a question back, and the way on; else the cap of which most is used.
fn budget(state: &AppState) -> Option<(String, Part, u8)> {
    if state.session().is_over_budget() {
        let key = state.keymap.key_of(Action::OverBudget).unwrap_or_else(|| "/budget once".to_owned());
        return Some((format!("over budget · {key} sends it once"), Part::Error, 95));
    }
    let cap = state.tightest_cap()?;
    Some((cap.text(&state.preferences.settings.currency), Part::Warning, 65))
}

/// Where there are fewer columns, the last reply's cost is left to its own row; then the day's is left out too.
const ALL_SUMS_FROM: u16 = 72;
const DAY_FROM: u16 = 56;

/// The last reply's cost, the chat's, the day's; those of what runs so far.
/// The longest form is the last; the shorter ones are for where that does not fit.
fn money(state: &AppState, columns: u16) -> Vec<String> {
    let currency = &state.preferences.settings.currency;
    let last = match state.chat().running {
        Some(cost) => Some(format!("~{}", currency.show_cost(Some(cost)))),
        None => last_cost(state.session()).map(|cost| currency.show_cost(cost)),
    };
    let mut forms = vec![format!("chat {}", state.chat_sum().text(currency))];
    if columns >= DAY_FROM {
        forms.push(format!("{} · today {}", forms[0], state.day_sum().text(currency)));
    }
    if let Some(last) = last.filter(|_| columns >= ALL_SUMS_FROM) {
        forms.push(format!("{last} · {}", forms[1]));
    }
    forms
}

/// The cost of the last finished reply; `Some(None)` where it is unknown.
#[expect(clippy::option_option, reason = "no reply, and a reply of unknown cost, are shown apart")]
fn last_cost(session: &Session) -> Option<Option<crate::chat::PicoUsd>> {
    let mut last_few = session.conversation().path().rev().take(LAST_FEW);
    let last = last_few.find(|message| message.role == Role::Assistant && message.usage.is_some());
    last.map(|message| message.cost)
}

/// What a turn is doing, and how to stop it.
#[must_use]
pub fn busy(activity: &Activity, now: Duration) -> (String, Part) {
    match activity {
        Activity::Saving => ("saving · Esc stops".to_owned(), Part::Busy),
        Activity::Searching { .. } => ("searching older messages · Esc stops".to_owned(), Part::Busy),
        Activity::Connecting { since, gives_up, .. } => waiting("connecting", *since, *gives_up, now),
        Activity::Waiting { since, gives_up, .. } => waiting("waiting", *since, *gives_up, now),
        Activity::Streaming { last, gives_up, .. } if now.saturating_sub(*last) >= STALLED_AFTER => {
            let silent = now.saturating_sub(*last).as_secs();
            (format!("stalled {silent} s, gives up in {} · Esc stops", seconds(*gives_up, now)), Part::Warning)
        }
        Activity::Streaming { tokens, first, last, .. } => {
            let took = last.saturating_sub(*first).as_secs_f64();
            // In the first moments a rate is a guess that jumps.
            if took < 0.3 {
                return ("streaming · Esc stops".to_owned(), Part::Busy);
            }
            (format!("{:.0} tok/s · Esc stops", *tokens as f64 / took), Part::Busy)
        }
        Activity::Gathering { since } => {
            (format!("starting tools {} s · Esc stops", now.saturating_sub(*since).as_secs()), Part::Busy)
        }
        Activity::Asking { calls: 1 } => ("a tool asks to run · Esc stops".to_owned(), Part::Warning),
        Activity::Asking { calls } => (format!("{calls} tool calls ask to run · Esc stops"), Part::Warning),
        Activity::Calling { calls: 1, since, gives_up } => waiting("running a tool", *since, *gives_up, now),
        Activity::Calling { calls, since, gives_up } => {
            waiting(&format!("running {calls} tools"), *since, *gives_up, now)
        }
        Activity::Backoff { attempt, of, until, why } => {
            (format!("{why}: retry {attempt}/{of} in {} · Esc stops", seconds(*until, now)), Part::Warning)
        }
    }
}

/// Whether a turn waits, rather than streams.
#[must_use]
pub fn is_wait(activity: &Activity, now: Duration) -> bool {
    match activity {
        Activity::Streaming { last, .. } => now.saturating_sub(*last) >= STALLED_AFTER,
        _ => true,
    }
}

/// A wait, with its countdown once it is long enough to be noticed.
fn waiting(what: &str, since: Duration, gives_up: Duration, now: Duration) -> (String, Part) {
    let waited = now.saturating_sub(since).as_secs();
    if waited < 3 {
        return (format!("{what} · Esc stops"), Part::Busy);
    }
    (format!("{what} {waited} s, gives up in {} · Esc stops", seconds(gives_up, now)), Part::Busy)
}

/// Whole seconds left, rounded up, so that a countdown ends at 1 and not at 0.
fn seconds(until: Duration, now: Duration) -> String {
    let left = until.saturating_sub(now);
    format!("{} s", left.as_secs() + u64::from(left.subsec_nanos() > 0))
}
