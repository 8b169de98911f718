//! The list of what the next request will contain: each part with its tokens and its price, and, dimmed, the
//! messages that are not in it. Owns what is selected, shown and counted; refuses to choose what is sent.

mod draw;

use std::collections::{BTreeMap, HashMap};

use crate::chat::{ConversationId, Mark, MessageId, ModelRef, ModelSpec, PicoUsd, Status, Usage};
use crate::session::history::Standing;
use crate::session::parts::{Part, PartKind};
use crate::session::{Session, tokens};
use crate::tui::state::AppState;

use super::ScreenKey;
use super::help::Help;
use super::reader::Reader;

/// What the list asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    Close,
    /// The whole text of a part.
    Read(PartKind),
    /// Pin a message, or take its pin away.
    Pin(MessageId),
    /// Leave a message out, or take it back.
    LeaveOut(MessageId),
    EditSummary,
}

/// What the list is made of, and what tells that it is so no longer.
pub struct Contents {
    pub chat: ConversationId,
    pub parts: Vec<Part>,
    /// Of the whole request, estimated.
    pub tokens: u64,
    pub is_busy: bool,
    /// Where the sent messages begin, the plan's tokens, its limit, and its summary.
    pub plan: (usize, u64, u64, Option<(MessageId, usize)>),
    pub kept: BTreeMap<usize, Standing>,
    pub quotes: Vec<MessageId>,
    pub marks: BTreeMap<MessageId, Mark>,
    /// The text of the summary.
    pub summary: Option<String>,
    pub model: ModelRef,
    pub spec: ModelSpec,
    /// What is sent, in a sentence.
    pub strategy: String,
    /// What the search for older messages went by.
    pub search: Option<String>,
    /// The draft's weight in hundredths of a token, and its text.
    pub weight: u64,
    pub draft: String,
}

/// What lies over the list.
enum Over {
    Text(Reader),
    Keys(Help),
}

/// The request's sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Totals {
    tokens: u64,
    /// Whether every part was counted by the model's own tokenizer.
    is_exact: bool,
    cost: Option<PicoUsd>,
    /// Messages that are sent, and all.
    sent: usize,
    messages: usize,
    /// Whether anything is listed that is not sent.
    has_rest: bool,
}

/// The screen.
pub struct ContextScreen {
    of: Contents,
    /// Exact counts, each with what a message costs besides its text.
    exact: HashMap<PartKind, u64>,
    /// The count that was asked for last, and of which parts.
    asked: Option<(u64, Vec<PartKind>)>,
    totals: Totals,
    hides_rest: bool,
    /// Places in the parts that are listed.
    listed: Vec<usize>,
    /// Place in `listed`.
    selected: usize,
    /// The first row that was shown last.
    top: usize,
    over: Option<Over>,
    /// Why the last key did nothing.
    said: Option<&'static str>,
}

impl ContextScreen {
    /// The list at its start, where messages begin to be sent.
    #[must_use]
    pub fn new(of: Contents) -> Self {
        let mut screen = Self {
            of,
            exact: HashMap::new(),
            asked: None,
            totals: Totals::default(),
            hides_rest: false,
            listed: Vec::new(),
            selected: 0,
            top: 0,
            over: None,
            said: None,
        };
        screen.list();
        screen.sum();
        let begins = screen.of.parts.iter().position(|part| !part.standing.is_sent());
        if begins.is_some() {
            let is_begin = |part: &Part| part.standing.is_sent() && !matches!(part.kind, PartKind::System);
            screen.selected = screen.of.parts.iter().position(is_begin).unwrap_or(0);
        }
        screen
    }

    /// Whether the list still tells what the chat in front would send. While a reply streams, its growth is left
    /// for the end of it.
    #[must_use]
    pub fn is_of(&self, state: &AppState) -> bool {
        let session = state.session();
        let (plan, notes) = (session.plan(), &session.conversation().notes);
        let tokens = if self.of.is_busy { self.of.plan.1 } else { plan.tokens };
        self.of.chat == state.current
            && self.of.is_busy == session.is_busy()
            && self.of.plan == (plan.first_sent, tokens, plan.limit, plan.summary)
            && self.of.kept == plan.kept
            && self.of.quotes.iter().eq(plan.elsewhere.iter().map(|excerpt| &excerpt.message))
            && self.of.marks == notes.marks
            && self.of.summary.as_deref() == session.summary().map(|summary| summary.text.as_str())
            && self.of.model == state.meta().model
            && self.of.search == crate::tui::context::search(session)
            && self.of.weight == state.draft_weight()
    }

    /// Takes in what is sent now; what was selected stays selected.
    pub fn refresh(&mut self, of: Contents) {
        let selected = self.picked().map(|part| part.kind);
        // A message never changes once it is there; everything else may have.
        let is_same = of.chat == self.of.chat && of.model == self.of.model;
        self.exact.retain(|kind, _| is_same && matches!(kind, PartKind::Message(_)));
        self.asked = None;
        self.of = of;
        self.list();
        self.sum();
        let found = self.listed.iter().position(|at| selected == Some(self.of.parts[*at].kind));
        self.select(found.unwrap_or(self.selected));
    }

    /// What still has to be counted exactly, under this ticket: the sent parts whose whole weight is their text.
    pub fn to_count(&mut self, ticket: u64, session: &Session) -> Vec<String> {
        let is_text_alone = |kind: PartKind| match kind {
            PartKind::Message(id) => session
                .conversation()
                .get(id)
                .is_some_and(|message| message.tool_calls.is_empty() && message.status != Status::Streaming),
            _ => true,
        };
        let wanted = self.of.parts.iter().filter(|part| part.standing.is_sent()).map(|part| part.kind);
        let wanted = wanted.filter(|kind| !self.exact.contains_key(kind) && is_text_alone(*kind));
        let text = |kind| match kind {
            PartKind::Draft => Some(self.of.draft.clone()),
            _ => session.part_text(kind).map(std::borrow::Cow::into_owned),
        };
        let (kinds, texts): (Vec<_>, Vec<_>) = wanted.filter_map(|kind| Some((kind, text(kind)?))).unzip();
        self.asked = (!kinds.is_empty()).then_some((ticket, kinds));
        texts
    }

    /// Takes in exact counts; those of another ticket are dropped.
    pub fn counted(&mut self, ticket: u64, tokens: &[u64]) {
        let Some((_, kinds)) = self.asked.take_if(|(asked, kinds)| *asked == ticket && kinds.len() == tokens.len())
        else {
            return;
        };
        let whole = tokens.iter().map(|tokens| tokens.saturating_add(tokens::PER_MESSAGE));
        self.exact.extend(kinds.into_iter().zip(whole));
        self.sum();
    }

    /// Shows the whole text of a part.
    pub fn read(&mut self, kind: PartKind, text: String, session: &Session) {
        let part = self.of.parts.iter().find(|part| part.kind == kind);
        let tokens = part.map(|part| self.tokens_word(part)).unwrap_or_default();
        let of = draw::chat_of(kind, session).map(|title| format!(" · {title}")).unwrap_or_default();
        let title = format!("{}{of} · {tokens} tokens", draw::who(kind, session));
        self.over = Some(Over::Text(Reader::new(&title, text)));
    }

    /// Takes in a key; `size` is the screen's, in columns and rows.
    pub fn handle(&mut self, key: &ScreenKey, size: (u16, u16)) -> Option<Intent> {
        self.said = None;
        match &mut self.over {
            Some(Over::Text(reader)) => {
                if reader.handle(key, size) {
                    self.over = None;
                }
                return None;
            }
            Some(Over::Keys(help)) => {
                if help.handle(key, size.1) || *key == ScreenKey::Char('?') {
                    self.over = None;
                } else {
                    help.clamp(size.0, size.1);
                }
                return None;
            }
            None => {}
        }
        let intent = self.list_key(key, size);
        self.resize(size);
        intent
    }

    fn list_key(&mut self, key: &ScreenKey, size: (u16, u16)) -> Option<Intent> {
        let page = self.rows_of_list(size).saturating_sub(1).max(1);
        match key {
            ScreenKey::Up | ScreenKey::Char('k') => self.select(self.selected.saturating_sub(1)),
            ScreenKey::Down | ScreenKey::Char('j') => self.select(self.selected + 1),
            ScreenKey::PageUp => self.select(self.selected.saturating_sub(page)),
            ScreenKey::PageDown | ScreenKey::Char(' ') => self.select(self.selected.saturating_add(page)),
            ScreenKey::First => self.select(0),
            ScreenKey::Last => self.select(usize::MAX),
            ScreenKey::Char('a') => self.toggle_rest(),
            ScreenKey::Char('?') => self.tell_keys(),
            ScreenKey::Esc | ScreenKey::Char('q') => return Some(Intent::Close),
            ScreenKey::Enter => return self.picked().map(|part| Intent::Read(part.kind)),
            ScreenKey::Char('p') | ScreenKey::Pin => return self.picked_message().map(Intent::Pin),
            ScreenKey::Char('x') | ScreenKey::Delete => return self.picked_message().map(Intent::LeaveOut),
            ScreenKey::Char('e') => {
                if self.of.summary.is_some() {
                    return Some(Intent::EditSummary);
                }
                self.said = Some("There is no summary to edit; /summarise asks for one.");
            }
            _ => {}
        }
        None
    }

    fn tell_keys(&mut self) {
        self.over = Some(Over::Keys(Help::new(vec![("What the next request contains", keys())])));
    }

    /// Keeps the selected row in sight at a size.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.top = self.top_for(self.rows_of_list(size));
    }

    /// The first row that is shown where there is room for so many: as near to that of the last time as the selected
    /// row allows.
    fn top_for(&self, rows: usize) -> usize {
        let last = self.listed.len().saturating_sub(rows);
        self.top.min(last).clamp((self.selected + 1).saturating_sub(rows), self.selected)
    }

    fn select(&mut self, row: usize) {
        self.selected = row.min(self.listed.len().saturating_sub(1));
    }

    fn picked(&self) -> Option<&Part> {
        self.listed.get(self.selected).and_then(|at| self.of.parts.get(*at))
    }

    /// The selected message, where it can be marked; else it is said why not.
    fn picked_message(&mut self) -> Option<MessageId> {
        let part = *self.picked()?;
        match part.kind {
            PartKind::Message(_) if part.standing == Standing::Void => {
                self.said = Some("Nothing came of this message: it is never sent.");
                None
            }
            PartKind::Message(id) => Some(id),
            _ => {
                self.said = Some("Only this chat's messages can be pinned or left out.");
                None
            }
        }
    }

    /// Hides or shows what is not sent; the selected row stays, or the nearest one that does.
    fn toggle_rest(&mut self) {
        self.hides_rest = !self.hides_rest;
        let place = self.listed.get(self.selected).copied().unwrap_or(0);
        self.list();
        self.select(self.listed.partition_point(|at| *at < place));
    }

    fn list(&mut self) {
        let is_listed = |part: &Part| part.standing.is_sent() || !self.hides_rest;
        self.listed = (0..self.of.parts.len()).filter(|at| is_listed(&self.of.parts[*at])).collect();
    }

    /// Adds up. What is counted exactly takes the place of its estimate.
    fn sum(&mut self) {
        let mut totals = Totals { tokens: self.of.tokens, is_exact: true, ..Totals::default() };
        let (mut exact, mut estimated) = (tokens::PER_REQUEST, 0_u64);
        for part in &self.of.parts {
            let is_message = matches!(part.kind, PartKind::Message(_));
            totals.messages += usize::from(is_message);
            if !part.standing.is_sent() {
                totals.has_rest = true;
                continue;
            }
            totals.sent += usize::from(is_message);
            match self.exact.get(&part.kind) {
                Some(counted) => {
                    exact = exact.saturating_add(*counted);
                    estimated = estimated.saturating_add(part.tokens);
                }
                None => totals.is_exact = false,
            }
        }
        if totals.is_exact {
            totals.tokens = exact;
        } else if !self.exact.is_empty() {
            totals.tokens = totals.tokens.saturating_sub(estimated).saturating_add(exact - tokens::PER_REQUEST);
        }
        totals.cost = self.price(totals.tokens);
        self.totals = totals;
    }

    /// So many tokens as uncached input.
    fn price(&self, tokens: u64) -> Option<PicoUsd> {
        self.of.spec.cost(&Usage { input: tokens, ..Usage::default() })
    }

    /// A part's tokens, `~` before an estimate.
    fn tokens_word(&self, part: &Part) -> String {
        match self.exact.get(&part.kind) {
            Some(exact) => draw::count(*exact, true),
            None => draw::count(part.tokens, false),
        }
    }

    fn cost_of(&self, part: &Part) -> Option<PicoUsd> {
        self.exact.get(&part.kind).map_or(part.cost, |exact| self.price(*exact))
    }
}

/// The keys of the list, for help.
fn keys() -> Vec<(String, String)> {
    let rows = [
        ("Up, Down, PageUp, PageDown, Home, End", "Selects another part."),
        ("Enter", "Shows the whole text of the part."),
        ("p", "Pins the message, so that it is always sent; once more lets it go."),
        ("x", "Leaves the message out, so that it is never sent; once more takes it back."),
        ("a", "Hides or shows the messages that are not sent."),
        ("e", "Edits the summary in your editor."),
        ("Esc", "Closes the list."),
    ];
    rows.map(|(key, does)| (key.to_owned(), does.to_owned())).into()
}

#[cfg(test)]
mod tests;
