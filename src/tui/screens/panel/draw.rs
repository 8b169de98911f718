//! How the conversations panel looks.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::runtime::Summary;
use crate::text::Sanitised;
use crate::tui::keymap::{Action, Keymap};
use crate::tui::theme::Theme;

use super::super::paint::{fill, fit, joined, put};
use super::Panel;

impl Panel {
    /// Draws the panel; returns where the terminal's cursor belongs. `now_ms` and `zone` say how long ago things were.
    pub fn draw(
        &self,
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
        keymap: &Keymap,
        now_ms: i64,
        zone: &TimeZone,
    ) -> Option<Position> {
        if area.height < 4 || area.width < 12 {
            return None;
        }
        let x = area.x + 1;
        let inner = Rect { x, width: area.width.saturating_sub(2), ..area };
        put(buf, inner, x, area.y, &Sanitised::trusted("Conversations"), theme.title());
        let typed = put(buf, inner, x, area.y + 1, &Sanitised::trusted("/ "), theme.muted());
        let end = put(buf, inner, typed, area.y + 1, &Sanitised::line(self.filter.text()), theme.base());
        if self.filter.is_empty() {
            put(buf, inner, typed, area.y + 1, &Sanitised::trusted("type to filter"), theme.muted());
        }
        let mut cursor = Position::new(end.min(inner.right().saturating_sub(1)), area.y + 1);
        let mut hint = joined(&self.hint(keymap), usize::from(inner.width));
        hint.truncate(usize::from(area.height / 4).max(1));
        let list = Rect { y: area.y + 3, height: area.height.saturating_sub(4 + hint.len() as u16).max(1), ..inner };
        let seen = usize::from(list.height / 2).max(1);
        let top = (self.selected + 1).saturating_sub(seen);
        for (at, row) in self.rows.iter().enumerate().skip(top).take(seen) {
            let y = list.y + 2 * (at - top) as u16;
            let is_selected = at == self.selected;
            let renamed = self.draw_row(row, list, y, is_selected, buf, theme, now_ms, zone);
            cursor = renamed.unwrap_or(cursor);
        }
        if self.rows.is_empty() {
            let word = match (self.is_loading, self.filter.is_empty()) {
                (true, _) => "loading…",
                (false, true) => "Nothing saved yet.",
                (false, false) => "No title matches.",
            };
            put(buf, list, x, list.y, &Sanitised::trusted(word), theme.muted());
        }
        for (at, row) in hint.iter().rev().enumerate() {
            put(buf, inner, x, area.bottom() - 1 - at as u16, row, theme.muted());
        }
        Some(cursor)
    }

    #[expect(clippy::too_many_arguments, reason = "a row needs all that the list is drawn with")]
    fn draw_row(
        &self,
        row: &Summary,
        list: Rect,
        y: u16,
        is_selected: bool,
        buf: &mut Buffer,
        theme: &Theme,
        now_ms: i64,
        zone: &TimeZone,
    ) -> Option<Position> {
        let mark = match (self.streaming.contains(&row.id), row.pinned, row.id == self.current) {
            (true, ..) => "⋯ ",
            (_, true, _) => "★ ",
            (_, _, true) => "• ",
            _ => "  ",
        };
        let style = if is_selected { theme.selection() } else { theme.base() };
        if is_selected {
            fill(buf, list, y, theme.selection());
        }
        let x = put(buf, list, list.x, y, &Sanitised::trusted(mark), style);
        let mut cursor = None;
        if let Some(line) = self.renaming.as_ref().filter(|_| is_selected) {
            let end = put(buf, list, x, y, &Sanitised::line(line.text()), style);
            cursor = Some(Position::new(end.min(list.right().saturating_sub(1)), y));
        } else {
            let title = if row.title.is_empty() { "(untitled)" } else { &row.title };
            put(buf, list, x, y, &fit(title, usize::from(list.right().saturating_sub(x))), style);
        }
        let ago = ago(row.updated_ms, now_ms, zone);
        let plural = if row.messages == 1 { "" } else { "s" };
        let below = format!("  {ago} · {} · {} message{plural}", row.model, row.messages);
        put(buf, list, list.x, y + 1, &fit(&below, usize::from(list.width)), theme.muted());
        cursor
    }

    /// What can be done, in parts.
    fn hint(&self, keymap: &Keymap) -> Vec<String> {
        if self.renaming.is_some() {
            return vec!["Enter renames".to_owned(), "Esc leaves it as it was".to_owned()];
        }
        let key = |action, what: &str| keymap.key_of(action).map(|key| format!("{key} {what}"));
        if let Some(row) = self.deleted.last() {
            let back = key(Action::PanelUndoDelete, "brings it back");
            return std::iter::once(format!("Deleted “{}”", row.title)).chain(back).collect();
        }
        let told = [
            key(Action::PanelOpen, "opens"),
            key(Action::PanelRename, "renames"),
            key(Action::PanelPin, "pins"),
            key(Action::PanelDelete, "deletes"),
            Some("Esc closes".to_owned()),
        ];
        told.into_iter().flatten().collect()
    }
}

/// How long ago a moment was, in short: `now`, `5 min`, `2 h`, `yesterday`, `12 Mar`, `12 Mar 2025`.
fn ago(then_ms: i64, now_ms: i64, zone: &TimeZone) -> String {
    let (Ok(then), Ok(now)) = (Timestamp::from_millisecond(then_ms), Timestamp::from_millisecond(now_ms)) else {
        return String::new();
    };
    let (then, now) = (then.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let minutes = (now_ms - then_ms) / 60_000;
    if then.date() == now.date() {
        return match minutes {
            ..=0 => "now".to_owned(),
            1..=59 => format!("{minutes} min"),
            _ => format!("{} h", minutes / 60),
        };
    }
    if now.date().yesterday().is_ok_and(|day| day == then.date()) {
        return "yesterday".to_owned();
    }
    let form = if then.year() == now.year() { "%-d %b" } else { "%-d %b %Y" };
    then.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_as_people_say_it() {
        let now = "2026-11-22T15:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
        let told = |then: &str| ago(then.parse::<Timestamp>().unwrap().as_millisecond(), now, &TimeZone::UTC);
        assert_eq!(told("2026-11-22T14:59:40Z"), "now");
        assert_eq!(told("2026-11-22T14:20:00Z"), "40 min");
        assert_eq!(told("2026-11-22T11:00:00Z"), "4 h");
        assert_eq!(told("2026-11-21T23:00:00Z"), "yesterday");
        assert_eq!(told("2026-03-12T11:00:00Z"), "12 Mar");
        assert_eq!(told("2025-03-12T11:00:00Z"), "12 Mar 2025");
    }
}
