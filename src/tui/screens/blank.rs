//! What stands in a conversation before its first message: how to begin. Gone with the first word that is said.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::wrap::plain_rows;
use crate::text::{Ink, Row, Sanitised};
use crate::tui::keymap::Action;
use crate::tui::state::AppState;

use super::paint::put;

/// Columns of readable prose.
const WIDEST: u16 = 72;

/// Draws it at the foot of `area`, where there is nothing else to see and room for it.
pub fn draw(state: &AppState, area: Rect, buf: &mut Buffer) {
    let chat = state.chat();
    let is_blank = chat.session.conversation().is_empty() && !chat.session.is_busy() && chat.notices.is_empty();
    if !is_blank || state.awaited.is_some() || state.continues {
        return;
    }
    let width = area.width.min(WIDEST);
    let mut rows = Vec::new();
    for paragraph in paragraphs(state) {
        if !rows.is_empty() {
            rows.push(Row::default());
        }
        rows.extend(plain_rows(&paragraph, width, Ink::Plain));
    }
    // The name, a blank row behind it and one under the last paragraph.
    let height = rows.len() as u16 + 3;
    if height > area.height {
        return;
    }
    let mut y = area.bottom() - height;
    put(buf, area, area.x, y, &Sanitised::trusted("munshi"), state.theme.title());
    y += 2;
    for row in rows {
        let mut x = area.x;
        for span in &row.spans {
            x = put(buf, area, x, y, &span.text, state.theme.muted());
        }
        y += 1;
    }
}

fn paragraphs(state: &AppState) -> Vec<String> {
    let key = |action| state.keymap.key_of(action);
    let mut ways: Vec<String> = vec!["Write below.".to_owned()];
    let told = [
        (Action::Send, "sends"),
        (Action::NewLine, "begins a new line"),
        (Action::Conversations, "shows your conversations"),
        (Action::Help, "all keys and commands"),
    ];
    let told: Vec<String> =
        told.iter().filter_map(|(action, what)| Some(format!("{} {what}", key(*action)?))).collect();
    if !told.is_empty() {
        ways.push(format!("{}.", told.join(", ")));
    }
    let mut out = vec![ways.join(" ")];
    if state.preferences.demo {
        out.push(
            "This is the demo: a small server inside munshi answers, and nothing is billed. Send tour, or help."
                .to_owned(),
        );
    }
    out
}
