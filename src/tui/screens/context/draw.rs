//! How the list of the context looks. Reads no more of the chat than the rows that are seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::chat::context::Strategy;
use crate::chat::money::short_count;
use crate::chat::{Mark, Role};
use crate::session::Session;
use crate::session::history::Standing;
use crate::session::parts::{Part, PartKind};
use crate::session::shape::ASKED_BY_MUNSHI;
use crate::text::wrap::plain_rows;
use crate::text::{Emphasis, Ink, Sanitised};
use crate::tui::context::{is_scarce, limit};
use crate::tui::state::AppState;
use crate::tui::theme::{self, Theme};
use crate::tui::transcript::paint::elided;

use super::super::paint::{bar, fill, joined, put};
use super::{ContextScreen, Over};

/// Columns of who speaks, of tokens, and of the price or of why there is none.
const WHO: u16 = 8;
const TOKENS: u16 = 7;
const PRICE: u16 = 11;

/// From so many rows on the head has blank rows around it, and the strategy all the rows that it needs.
const ROOMY_FROM: u16 = 16;
/// From so many columns on a bar shows how full the context is.
const BAR_FROM: u16 = 72;
const BAR: u64 = 20;

impl ContextScreen {
    /// Draws the list, or what lies over it.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, state: &AppState) {
        match &self.over {
            Some(Over::Text(reader)) => return reader.draw(area, buf, &state.theme),
            Some(Over::Keys(help)) => return help.draw(area, buf, &state.theme),
            None => {}
        }
        let inner = inset(area);
        let head = self.head(inner.width, area.height);
        let foot = self.foot(inner.width, area.height);
        put(buf, inner, inner.x, inner.y, &Sanitised::trusted("munshi · context"), state.theme.title());
        self.draw_totals(inner, buf, state);
        for (at, row) in head.iter().enumerate() {
            put(buf, inner, inner.x, inner.y + 2 + at as u16, row, state.theme.muted());
        }
        let list = list_area(inner, head.len(), foot.len());
        let top = self.top_for(usize::from(list.height));
        for (y, row) in (list.top()..list.bottom()).zip(top..self.listed.len()) {
            self.draw_row(row, Rect { y, height: 1, ..list }, buf, state);
        }
        if self.listed.is_empty() {
            let word = "Nothing yet: what you write goes in, with this chat's system prompt where it has one.";
            for (at, row) in text_rows(word, list.width).iter().enumerate() {
                put(buf, list, list.x, list.y + at as u16, row, state.theme.muted());
            }
        }
        let style = if self.said.is_some() { state.theme.warning() } else { state.theme.muted() };
        for (at, row) in foot.iter().rev().enumerate() {
            put(buf, inner, inner.x, area.bottom().saturating_sub(1 + at as u16), row, style);
        }
    }

    /// Rows of the list at a size of the screen.
    pub(super) fn rows_of_list(&self, (columns, rows): (u16, u16)) -> usize {
        let inner = inset(Rect::new(0, 0, columns, rows));
        let (head, foot) = (self.head(inner.width, rows).len(), self.foot(inner.width, rows).len());
        usize::from(list_area(inner, head, foot).height)
    }

    /// What is sent, in words: below the totals.
    fn head(&self, columns: u16, rows: u16) -> Vec<Sanitised> {
        let mut words = self.of.strategy.clone();
        if let Some(search) = &self.of.search {
            words = format!("{words} Search: {search}.");
        }
        if rows < ROOMY_FROM {
            return vec![elided(&words, usize::from(columns))];
        }
        let mut out = text_rows(&words, columns);
        out.push(Sanitised::default());
        out
    }

    fn foot(&self, columns: u16, rows: u16) -> Vec<Sanitised> {
        if let Some(said) = self.said {
            return joined(&[said.to_owned()], usize::from(columns));
        }
        let rest = if self.hides_rest { "a shows the rest" } else { "a hides the rest" };
        let told = [
            Some("Enter reads"),
            Some("p pins"),
            Some("x leaves out"),
            self.totals.has_rest.then_some(rest),
            self.of.summary.is_some().then_some("e edits the summary"),
            Some("? says more"),
            Some("Esc closes"),
        ];
        let told: Vec<String> = told.into_iter().flatten().map(str::to_owned).collect();
        let mut foot = joined(&told, usize::from(columns));
        foot.truncate(usize::from(rows / 4).max(1));
        foot
    }

    /// `~2.1k of 32k tokens · at least ₹0.012 · 14 of 300 messages`, as much of it as fits.
    fn draw_totals(&self, inner: Rect, buf: &mut Buffer, state: &AppState) {
        let theme = &state.theme;
        let totals = self.totals;
        let most = limit(self.of.plan.2);
        let is_scarce = is_scarce(totals.tokens, self.of.plan.2);
        let of = most.map(|most| format!(" of {most}")).unwrap_or_default();
        let warns = if is_scarce { "!" } else { "" };
        let price = match totals.cost {
            Some(cost) => {
                format!("at least {}", state.preferences.settings.currency.show_cost(Some(cost)))
            }
            None => "price unknown".to_owned(),
        };
        let searches = state.meta().history.strategy == Strategy::Retrieve && !self.of.is_busy;
        let price = if searches { format!("{price}, and what is found") } else { price };
        let parts = [
            format!("{}{of} tokens{warns}", count(totals.tokens, totals.is_exact)),
            price,
            format!("{} of {} messages", totals.sent, totals.messages),
        ];
        let style = if is_scarce { theme.warning() } else { theme.base() };
        let mut x = inner.x;
        let y = inner.y + 1;
        if inner.width >= BAR_FROM && !of.is_empty() {
            x = draw_bar(totals.tokens, self.of.plan.2, (x, y), inner, buf, theme) + 1;
        }
        let room = usize::from(inner.right().saturating_sub(x));
        if let Some(row) = joined(&parts, room).first() {
            put(buf, inner, x, y, row, style);
        }
    }

    fn draw_row(&self, row: usize, area: Rect, buf: &mut Buffer, state: &AppState) {
        let Some(part) = self.listed.get(row).and_then(|at| self.of.parts.get(*at)) else { return };
        let theme = &state.theme;
        let is_selected = row == self.selected;
        let style = match (is_selected, part.standing.is_sent()) {
            (true, _) => theme.selection(),
            (_, true) => theme.base(),
            (_, false) => theme.muted(),
        };
        if is_selected {
            fill(buf, area, area.y, style);
        }
        put(buf, area, area.x, area.y, &Sanitised::trusted(who(part.kind, state.session())), style);
        let text = Rect { x: area.x + WHO, width: area.width.saturating_sub(WHO + TOKENS + PRICE), ..area };
        let mut x = text.x;
        if let Some((word, ink)) = special(part, &self.of.marks) {
            let said = if is_selected { style } else { base_of(theme, ink) };
            x = put(buf, text, x, area.y, &Sanitised::trusted(word), said);
            x = put(buf, text, x, area.y, &Sanitised::trusted(" · "), if is_selected { style } else { theme.muted() });
        }
        let words = first_words(part.kind, &self.of.draft, state, usize::from(text.right().saturating_sub(x)));
        put(buf, text, x, area.y, &words, style);
        let right = |end: u16, text: &str, buf: &mut Buffer| {
            let text = Sanitised::line(text);
            put(buf, area, end.saturating_sub(text.width() as u16).max(area.x), area.y, &text, style);
        };
        right(area.right().saturating_sub(PRICE), &self.tokens_word(part), buf);
        let price = absence(part, &self.of.marks).map(str::to_owned);
        let price = price.unwrap_or_else(|| state.preferences.settings.currency.show_cost(self.cost_of(part)));
        right(area.right(), &price, buf);
    }
}

/// A column is left free at either side.
fn inset(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
}

/// What the title, the totals, the head and the foot leave.
fn list_area(inner: Rect, head: usize, foot: usize) -> Rect {
    let above = 2 + head as u16;
    let below = foot as u16 + u16::from(inner.height >= ROOMY_FROM);
    Rect { y: inner.y + above, height: inner.height.saturating_sub(above + below).max(1), ..inner }
}

/// A bar of what is used; returns the column behind it.
fn draw_bar(used: u64, of: u64, (x, y): (u16, u16), area: Rect, buf: &mut Buffer, theme: &Theme) -> u16 {
    let full = (u128::from(used) * u128::from(BAR)).div_ceil(u128::from(of.max(1))).min(u128::from(BAR)) as usize;
    let inks = [theme.role(theme::Role::Gauge), theme.role(theme::Role::GaugeEmpty)];
    bar(buf, area, (x, y), (full, BAR as usize), inks)
}

fn base_of(theme: &Theme, ink: Ink) -> Style {
    theme.base().patch(theme.ink(ink, Emphasis::default()))
}

fn text_rows(text: &str, width: u16) -> Vec<Sanitised> {
    let rows = plain_rows(text, width.max(1), Ink::Plain).into_iter();
    rows.map(|row| Sanitised::line(&row.spans.iter().map(|span| span.text.as_str()).collect::<String>())).collect()
}

/// Tokens, in full where they are exact and there is room for that.
pub(super) fn count(tokens: u64, is_exact: bool) -> String {
    match (is_exact, tokens) {
        (true, 0..=999_999) => tokens.to_string(),
        (true, _) => short_count(tokens),
        (false, _) => format!("~{}", short_count(tokens)),
    }
}

/// What a part is.
const fn kind_word(kind: PartKind) -> &'static str {
    match kind {
        PartKind::System => "System",
        PartKind::Shape => "Shape",
        PartKind::Tools => "Tools",
        PartKind::Summary(_) => "Summary",
        PartKind::Elsewhere(_) => "Quote",
        PartKind::Message(_) => "Message",
        PartKind::Draft => "Draft",
    }
}

/// Whose text a part is.
pub(super) fn who(kind: PartKind, session: &Session) -> &'static str {
    let PartKind::Message(id) = kind else { return kind_word(kind) };
    let message = session.conversation().get(id);
    match message.map(|message| message.role) {
        Some(Role::User) if message.is_some_and(|message| message.note.as_deref() == Some(ASKED_BY_MUNSHI)) => "munshi",
        Some(Role::User) => "You",
        Some(Role::Assistant) => "Reply",
        Some(Role::Tool) => "Tool",
        Some(Role::System) => "System",
        None => "",
    }
}

/// The title of the chat that a part is quoted from.
pub(super) fn chat_of(kind: PartKind, session: &Session) -> Option<&str> {
    let PartKind::Elsewhere(at) = kind else { return None };
    session.plan().elsewhere.get(at).map(|excerpt| excerpt.title.as_str()).filter(|title| !title.is_empty())
}

type Marks = std::collections::BTreeMap<crate::chat::MessageId, Mark>;

fn mark(part: &Part, marks: &Marks) -> Option<Mark> {
    let PartKind::Message(id) = part.kind else { return None };
    marks.get(&id).copied()
}

/// Why a message is sent, where that is for more than its place.
fn special(part: &Part, marks: &Marks) -> Option<(&'static str, Ink)> {
    match (part.standing, mark(part, marks)) {
        (Standing::Pinned, _) | (Standing::Sent | Standing::Retrieved, Some(Mark::Pinned)) => {
            Some(("pinned", Ink::Marker))
        }
        (Standing::Retrieved, _) => Some(("brought back", Ink::Marker)),
        _ => None,
    }
}

/// Why a message is not sent; it stands where others have their price.
fn absence(part: &Part, marks: &Marks) -> Option<&'static str> {
    match (part.standing, mark(part, marks)) {
        (Standing::Sent | Standing::Pinned | Standing::Retrieved, _) => None,
        (Standing::Void, _) => Some("never sent"),
        (Standing::LeftOut, _) | (_, Some(Mark::LeftOut)) => Some("left out"),
        (Standing::Summarised, _) => Some("in summary"),
        (Standing::Out, _) => Some("not sent"),
    }
}

/// A part's text on one line, as far as there is room; no more of it is read than that takes.
fn first_words(kind: PartKind, draft: &str, state: &AppState, columns: usize) -> Sanitised {
    let session = state.session();
    let text = match kind {
        PartKind::Draft => Some(std::borrow::Cow::Borrowed(draft)),
        _ => session.part_text(kind),
    };
    let text = text.unwrap_or_default();
    let head: String = text.chars().take(columns.saturating_mul(4).saturating_add(64)).collect();
    let words = head.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = if words.is_empty() { without_text(kind, state) } else { words };
    let words = chat_of(kind, session).map_or_else(|| words.clone(), |title| format!("{title}: {words}"));
    let is_cut = head.len() < text.len();
    elided(&if is_cut { format!("{words}…") } else { words }, columns)
}

/// What is said of a message that has no text.
fn without_text(kind: PartKind, state: &AppState) -> String {
    let PartKind::Message(id) = kind else { return String::new() };
    let calls = state.session().conversation().get(id).map(|message| &message.tool_calls);
    let names: Vec<&str> = calls.into_iter().flatten().map(|call| call.name.as_str()).collect();
    if names.is_empty() { "(no text)".to_owned() } else { format!("asks for {}", names.join(", ")) }
}
