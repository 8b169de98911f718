//! The mouse: the wheel scrolls, a click places the cursor, unfolds reasoning or opens what the status bar shows, a
//! drag selects and copies.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use crate::chat::Stamp;
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::screens::ScreenKey;
use crate::tui::state::AppState;
use crate::tui::status;
use crate::tui::transcript::Selection;
use crate::tui::view;

use super::actions::{self, Scroll, move_transcript};
use super::{fold, overlay};

/// Rows that a notch of the wheel scrolls.
const NOTCH: isize = 3;

/// Takes in what the mouse did.
pub(super) fn moved(state: &mut AppState, mouse: MouseEvent, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    match mouse.kind {
        MouseEventKind::ScrollUp => wheel(state, -NOTCH, at),
        MouseEventKind::ScrollDown => wheel(state, NOTCH, at),
        _ if state.overlay.is_some() => Vec::new(),
        MouseEventKind::Down(MouseButton::Left) => pressed(state, Position::new(mouse.column, mouse.row), at, fresh),
        MouseEventKind::Drag(MouseButton::Left) => {
            let area = view::regions(state).transcript;
            if let Some(selection) = &mut state.selection {
                selection.to = within(area, Position::new(mouse.column, mouse.row));
            }
            Vec::new()
        }
        MouseEventKind::Up(MouseButton::Left) => released(state),
        _ => Vec::new(),
    }
}

fn wheel(state: &mut AppState, rows: isize, at: Stamp) -> Vec<TuiEffect> {
    state.selection = None;
    if state.overlay.is_none() {
        return move_transcript(state, Scroll::Rows(rows));
    }
    let key = if rows < 0 { ScreenKey::Up } else { ScreenKey::Down };
    overlay::pass(state, key, at)
}

fn pressed(state: &mut AppState, at: Position, now: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    let regions = view::regions(state);
    state.selection = None;
    if regions.composer.contains(at) {
        let inner = view::composer_area(regions);
        state.composer.click(inner, at.x.clamp(inner.left(), inner.right().saturating_sub(1)), at.y);
    } else if regions.transcript.contains(at) {
        state.selection = Some(Selection { from: at, to: at });
    } else if regions.status.contains(at) {
        let bar = regions.status;
        let opens = status::opened_at(state, bar.x, bar.width, at.x);
        return opens.map(|action| actions::act(state, action, now, fresh)).unwrap_or_default();
    }
    Vec::new()
}

/// The nearest cell of an area.
fn within(area: Rect, at: Position) -> Position {
    Position::new(
        at.x.clamp(area.left(), area.right().saturating_sub(1).max(area.left())),
        at.y.clamp(area.top(), area.bottom().saturating_sub(1).max(area.top())),
    )
}

fn released(state: &mut AppState) -> Vec<TuiEffect> {
    let Some(selection) = state.selection else { return Vec::new() };
    if selection.from == selection.to {
        state.selection = None;
        unfold(state, selection.from.y);
        return Vec::new();
    }
    let text = state.drawn.selected_text(selection);
    if text.trim().is_empty() {
        state.selection = None;
        return Vec::new();
    }
    vec![TuiEffect::Copy(text)]
}

/// A click on the row of what is folded unfolds it, and the other way round.
fn unfold(state: &mut AppState, y: u16) {
    let is_fold = state.drawn.text_at(y).is_some_and(|text| text.trim_start().starts_with(['▸', '▾']));
    let Some((message, _)) = state.drawn.row_at(y).filter(|_| is_fold) else { return };
    fold::toggle(state, message);
}
