//! Draws the state. Only reads; the cache it fills is dropped without a trace.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use std::time::Duration;

use crate::chat::{self, Status};
use crate::session::{self, Session};
use crate::text::sanitised::width;
use crate::text::{Emphasis, Ink, Sanitised};

use super::asking;
use super::commands;
use super::composer::ComposerStyle;
use super::price;
use super::screens::blank;
use super::screens::paint::{clear, fit, put};
use super::state::{AppState, Overlay};
use super::status::{self, Part, SEPARATOR};
use super::theme::Role;
use super::transcript::{self, Cache, CallState, Drawn, LiveCall, LiveStatus, TranscriptView};

/// Below this the screen only says that it is too small.
const SMALLEST: (u16, u16) = (20, 5);

/// Rows of completions shown above the input box at most.
const COMPLETIONS: usize = 8;

/// From this many columns on, completions show what a command takes.
const COMPLETIONS_WITH_ARGUMENTS_FROM: usize = 64;

/// Beside the chat the panel needs this many columns in all.
const PANEL_BESIDE_FROM: u16 = 100;

/// Where everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Regions {
    pub panel: Rect,
    pub transcript: Rect,
    pub upper_rule: Rect,
    pub composer: Rect,
    pub lower_rule: Rect,
    pub status: Rect,
    /// A row for what is not saved; empty while all is.
    pub alarm: Rect,
    /// A row for the call of a tool that asks to run; empty while none does.
    pub asking: Rect,
}

/// Divides the screen. The input box grows to a third of it.
#[must_use]
pub fn regions(state: &AppState) -> Regions {
    let (columns, rows) = state.size;
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return Regions::default();
    }
    let mut left = 0;
    let mut panel = Rect::default();
    if let Some(Overlay::Panel(_)) = &state.overlay {
        if columns >= PANEL_BESIDE_FROM {
            let width = (columns / 3).clamp(32, 48);
            panel = Rect::new(0, 0, width, rows);
            left = width + 1;
        } else {
            panel = Rect::new(0, 0, columns, rows);
        }
    }
    let width = columns - left;
    let has_rules = rows >= 8;
    let rule = u16::from(has_rules);
    let alarm = u16::from(state.not_saved.is_some());
    let asking = u16::from(asking::words(state).is_some());
    let fixed = 1 + 2 * rule + alarm + asking;
    let wanted = state.composer.rows(width.saturating_sub(2)).max(1);
    let composer = wanted.min((rows / 3).max(1)).min(rows.saturating_sub(fixed + 1).max(1));
    let transcript = rows.saturating_sub(fixed + composer);
    let mut y = 0;
    let mut take = |height: u16| {
        let area = Rect::new(left, y, width, height);
        y += height;
        area
    };
    // Text stands in one column from top to bottom: a blank one at either side, as in the input box.
    let inset = |area: Rect| Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    Regions {
        panel,
        transcript: inset(take(transcript)),
        alarm: take(alarm),
        asking: take(asking),
        upper_rule: take(rule),
        composer: take(composer),
        lower_rule: take(rule),
        status: take(1),
    }
}

/// What of a frame is made for it, where all else is borrowed from the state.
#[derive(Debug, Default)]
pub struct Scene {
    queued: Vec<String>,
    live: Option<LiveStatus>,
    calls: Vec<LiveCall>,
}

impl Scene {
    /// The scene of the chat in front.
    #[must_use]
    pub fn of(state: &AppState) -> Self {
        let session = state.session();
        // A reply that comes shows by itself that it comes; a wait is said where one looks.
        let waits = session.activity().filter(|activity| status::is_wait(activity, state.now.mono));
        let live = session.reply().zip(waits).map(|(message, activity)| {
            let (text, _) = status::busy(&activity, state.now.mono);
            LiveStatus { message, state: text }
        });
        let calls = live_calls(session, state.now.mono);
        Self { queued: session.queued().map(|queued| queued.text.clone()).collect(), live, calls }
    }

    /// What the transcript is drawn from.
    #[must_use]
    pub fn transcript<'a>(&'a self, state: &'a AppState) -> TranscriptView<'a> {
        let chat = state.chat();
        TranscriptView {
            conversation: chat.session.conversation(),
            queued: &self.queued,
            notices: &chat.notices,
            plan: chat.session.plan(),
            highlights: &state.highlights,
            currency: &state.preferences.settings.currency,
            live: self.live.as_ref(),
            calls: &self.calls,
            unfolded: &chat.unfolded,
            time_zone: &state.preferences.zone,
            today: state.now.day,
            selection: state.selection,
        }
    }
}

/// How far the calls have come that are not over: they stand at the end.
fn live_calls(session: &Session, now: Duration) -> Vec<LiveCall> {
    let last = session.conversation().path().rev().take_while(|message| message.role == chat::Role::Tool);
    let open = last.filter(|message| message.status == Status::Streaming);
    let live = open.filter_map(|message| {
        let (state, prepared) = match session.call_state(message.id)? {
            session::CallState::Asking(prepared) => (CallState::Asks, prepared),
            session::CallState::Running { prepared, since } => {
                (CallState::Running { seconds: now.saturating_sub(since).as_secs() }, prepared)
            }
            session::CallState::Over => return None,
        };
        Some(LiveCall { result: message.id, state, is_sample: prepared.is_sample })
    });
    live.collect()
}

/// Draws one frame. Returns what the transcript wants highlighted.
pub fn view(state: &AppState, cache: &mut Cache, frame: &mut Frame<'_>) -> Drawn {
    let area = frame.area();
    let cursor;
    let drawn;
    {
        let buf = frame.buffer_mut();
        buf.set_style(area, state.theme.base());
        (drawn, cursor) = draw(state, cache, area, buf);
    }
    if let Some(position) = cursor {
        frame.set_cursor_position(position);
    }
    drawn
}

/// Draws into a buffer; returns where the terminal's own cursor belongs.
pub fn draw(state: &AppState, cache: &mut Cache, area: Rect, buf: &mut Buffer) -> (Drawn, Option<Position>) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        put(buf, area, 0, 0, &Sanitised::trusted("too small"), Style::new());
        return (Drawn::default(), None);
    }
    let regions = regions(state);
    let drawn =
        if regions.panel.width == area.width { Drawn::default() } else { draw_chat(state, cache, regions, buf) };
    let mut cursor = draw_composer(state, regions, buf).filter(|_| state.overlay.is_none());
    match &state.overlay {
        Some(Overlay::Panel(panel)) => {
            if regions.panel.width == area.width {
                clear(buf, area, state.theme.base());
            } else {
                for y in 0..area.height {
                    buf[(regions.panel.width, y)].set_symbol("│").set_style(state.theme.border());
                }
            }
            cursor =
                panel.draw(regions.panel, buf, &state.theme, &state.keymap, state.now.unix_ms, &state.preferences.zone);
        }
        Some(Overlay::Help(help)) => {
            clear(buf, area, state.theme.base());
            help.draw(area, buf, &state.theme);
        }
        Some(Overlay::Context(screen)) => {
            clear(buf, area, state.theme.base());
            screen.draw(area, buf, state);
        }
        Some(Overlay::Welcome(welcome)) => {
            clear(buf, area, state.theme.base());
            cursor = welcome.draw(area, buf, &state.theme);
        }
        Some(Overlay::Costs(costs)) => {
            clear(buf, area, state.theme.base());
            costs.draw(area, buf, &state.theme, &state.cost_facts());
        }
        Some(Overlay::Approval(screen)) => {
            clear(buf, area, state.theme.base());
            cursor = screen.draw(area, buf, &state.theme);
        }
        Some(Overlay::Tools(screen)) => {
            clear(buf, area, state.theme.base());
            screen.draw(area, buf, &state.theme);
        }
        None => draw_completions(state, regions, buf),
    }
    (drawn, cursor)
}

fn draw_chat(state: &AppState, cache: &mut Cache, regions: Regions, buf: &mut Buffer) -> Drawn {
    let scene = Scene::of(state);
    let view = scene.transcript(state);
    let drawn = transcript::draw(&view, state.chat().anchor, cache, regions.transcript, buf, &state.theme);
    blank::draw(state, regions.transcript, buf);
    for rule in [regions.upper_rule, regions.lower_rule] {
        for x in rule.left()..rule.right() {
            if rule.height > 0 {
                buf[(x, rule.y)].set_symbol("─").set_style(state.theme.border());
            }
        }
    }
    draw_price(state, regions.upper_rule, buf);
    if let Some(reason) = state.not_saved.as_ref().filter(|_| regions.alarm.height > 0) {
        let text = format!("NOT SAVED: {reason}. Kept in memory; /export writes it elsewhere.");
        let room = regions.alarm.width.saturating_sub(2);
        put(
            buf,
            regions.alarm,
            regions.alarm.x + 1,
            regions.alarm.y,
            &fit(&text, usize::from(room)),
            state.theme.error(),
        );
    }
    if let Some(words) = asking::words(state).filter(|_| regions.asking.height > 0) {
        let row = Rect { x: regions.asking.x + 1, width: regions.asking.width.saturating_sub(2), ..regions.asking };
        put(buf, row, row.x, row.y, &fit(&words, usize::from(row.width)), state.theme.warning());
    }
    draw_status(state, regions.status, buf);
    drawn
}

/// What the draft would cost, at the right end of the rule above it.
fn draw_price(state: &AppState, rule: Rect, buf: &mut Buffer) {
    let words = if rule.height == 0 { None } else { price::words(state, rule.width) };
    let Some(words) = words else { return };
    let text = Sanitised::line(&format!(" {words} "));
    let x = rule.right().saturating_sub(text.width() as u16 + 2).max(rule.x);
    let style = if state.cap_in_the_way().is_some() { state.theme.warning() } else { state.theme.muted() };
    put(buf, rule, x, rule.y, &text, style);
}

/// The input box within its region: a column is left free at either side.
#[must_use]
pub fn composer_area(regions: Regions) -> Rect {
    Rect { x: regions.composer.x + 1, width: regions.composer.width.saturating_sub(2), ..regions.composer }
}

fn draw_composer(state: &AppState, regions: Regions, buf: &mut Buffer) -> Option<Position> {
    if regions.composer.height == 0 || regions.panel.width == buf.area.width {
        return None;
    }
    let area = composer_area(regions);
    let style = ComposerStyle {
        text: state.theme.base(),
        token: state.theme.role(Role::Token),
        escape: state.theme.ink(Ink::Escape, Emphasis::default()),
        // What lies over the chat has the keys, and the cursor with them.
        cursor: state.overlay.is_none().then(|| state.theme.role(Role::Cursor)),
    };
    let cursor = state.composer.draw(area, buf, &style);
    if state.composer.is_empty() {
        let hint = if state.session().is_busy() {
            "A message sent now waits its turn."
        } else {
            "Write a message; / for commands."
        };
        // After the box, which gives its whole area the style of text; the cursor's own stays under it.
        put(buf, area, area.x, area.y, &fit(hint, usize::from(area.width)), state.theme.placeholder());
    }
    cursor
}

fn draw_status(state: &AppState, area: Rect, buf: &mut Buffer) {
    let ground = state.theme.status();
    buf.set_style(area, Style { bg: ground.bg, ..Style::new() });
    // On the bar's own ground, which a theme may tint.
    let on_bar = |style: Style| Style { bg: ground.bg, ..style };
    let mut x = area.x + 1;
    for (at, segment) in status::segments(state, area.width).iter().enumerate() {
        if at > 0 {
            x = put(buf, area, x, area.y, &Sanitised::trusted(SEPARATOR), on_bar(state.theme.border()));
        }
        let style = match segment.part {
            Part::Plain => ground,
            Part::Said => on_bar(state.theme.title()),
            Part::Busy => on_bar(state.theme.active()),
            Part::Warning => on_bar(state.theme.warning()),
            Part::Error => on_bar(state.theme.error()),
        };
        x = put(buf, area, x, area.y, &segment.text, style);
    }
}

/// The commands that what is typed may become, above the input box.
fn draw_completions(state: &AppState, regions: Regions, buf: &mut Buffer) {
    let draft = state.composer.text();
    if !draft.starts_with('/') {
        return;
    }
    let found = commands::completions(&draft);
    let rows = found.len().min(COMPLETIONS).min(usize::from(regions.transcript.height));
    let chosen = state.completion.min(found.len().saturating_sub(1));
    let top = (chosen + 1).saturating_sub(rows);
    let area = Rect { x: regions.composer.x, width: regions.composer.width, ..regions.transcript };
    let is_wide = usize::from(area.width) >= COMPLETIONS_WITH_ARGUMENTS_FROM;
    let call = |name: &str, command: &commands::Command| {
        let args = if is_wide { command.args } else { "" };
        format!(" /{name} {args}").trim_end().to_owned()
    };
    let names = found.iter().map(|(name, command)| width(&call(name, command))).max().unwrap_or_default();
    for (at, (name, command)) in found.iter().enumerate().skip(top).take(rows) {
        let y = regions.transcript.bottom() - rows as u16 + (at - top) as u16;
        let row = Rect { y, height: 1, ..area };
        clear(buf, row, state.theme.base());
        buf.set_style(row, state.theme.base());
        let style = if at == chosen { state.theme.selection() } else { state.theme.base() };
        let call = call(name, command);
        let pad = " ".repeat(names + 1 - width(&call));
        let x = put(buf, row, row.x, row.y, &Sanitised::line(&format!("{call}{pad}")), style);
        let room = usize::from(row.right().saturating_sub(x + 2));
        put(buf, row, x + 1, row.y, &fit(command.summary, room), state.theme.muted());
    }
}
