//! How the list of tools looks.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::chat::tool::{ListedTool, Permission};
use crate::text::{Emphasis, Ink, Sanitised, plain_rows};
use crate::tui::theme::Theme;

use super::super::paint::{fill, fit, joined, put};
use super::{Row, ToolsScreen};

/// Rows of the selected tool's description.
const DESCRIPTION: u16 = 3;
/// From so many rows on the description has room.
const ROOMY_FROM: u16 = 16;
/// From so many columns on the description stands in the row, too.
const WIDE_FROM: u16 = 72;

/// Where everything is.
struct Layout {
    list: Rect,
    description: Rect,
    foot: Vec<Sanitised>,
}

impl ToolsScreen {
    /// Draws the list over an area.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let layout = layout(inner);
        put(buf, inner, inner.x, inner.y, &Sanitised::trusted("munshi · tools"), theme.title());
        let on = self.tools().filter(|listed| self.choices.is_on(&listed.tool)).count();
        let counts = match &self.list {
            None => "asking the servers…".to_owned(),
            Some(list) if list.tools.is_empty() => "There are no tools.".to_owned(),
            Some(list) => {
                format!("{on} of {} on in this chat · choice {}", list.tools.len(), self.choices.choice.as_str())
            }
        };
        put(buf, inner, inner.x, inner.y + 1, &fit(&counts, usize::from(inner.width)), theme.muted());
        let top = self.top_for(usize::from(layout.list.height));
        let names = self.tools().map(|listed| listed.tool.spec.name.len()).max().unwrap_or(0);
        let names = names.min(usize::from(inner.width) / 3);
        for (y, row) in (layout.list.top()..layout.list.bottom()).zip(top..self.rows.len()) {
            self.draw_row(row, Rect { y, height: 1, ..layout.list }, names, buf, theme);
        }
        self.draw_description(layout.description, buf, theme);
        let first = area.bottom().saturating_sub(layout.foot.len() as u16);
        for (y, row) in (first..).zip(&layout.foot) {
            put(buf, inner, inner.x, y, row, theme.muted());
        }
    }

    fn draw_row(&self, at: usize, area: Rect, names: usize, buf: &mut Buffer, theme: &Theme) {
        let is_selected = at == self.selected;
        let plain = if is_selected { theme.selection() } else { theme.base() };
        if is_selected {
            fill(buf, area, area.y, plain);
        }
        let room = |x: u16| usize::from(area.right().saturating_sub(x));
        match self.rows.get(at).copied() {
            Some(Row::Head(head)) => {
                put(buf, area, area.x, area.y, &Sanitised::trusted(head), theme.title());
            }
            Some(Row::Server(server)) => {
                let Some(server) = self.server(server) else { return };
                let mark = if self.is_server_on(&server.name) { "[x] " } else { "[ ] " };
                let x = put(buf, area, area.x, area.y, &Sanitised::trusted(mark), plain);
                let x = put(buf, area, x, area.y, &fit(&server.name, room(x)), plain);
                if let Some(trouble) = &server.trouble {
                    let style = if is_selected { plain } else { theme.warning() };
                    put(buf, area, x, area.y, &fit(&format!(" · {trouble}"), room(x)), style);
                }
            }
            Some(Row::Tool(tool)) => {
                let Some(listed) = self.tool(tool) else { return };
                let is_on = self.choices.is_on(&listed.tool);
                let style = if is_selected || is_on { plain } else { theme.muted() };
                let indent = if listed.tool.group().is_some() { 4 } else { 0 };
                let mark = if is_on { "[x] " } else { "[ ] " };
                let x = put(buf, area, area.x + indent, area.y, &Sanitised::trusted(mark), style);
                put(buf, area, x, area.y, &fit(&listed.tool.spec.name, names.min(room(x))), style);
                let x = x + names as u16 + 2;
                let mut words = standing(listed, &self.allowed).to_owned();
                if listed.tool.is_sample {
                    words.push_str(" · sample data");
                }
                let x = put(buf, area, x, area.y, &fit(&words, room(x)), style);
                if area.width >= WIDE_FROM {
                    let told = format!(" · {}", listed.tool.spec.description);
                    put(buf, area, x, area.y, &fit(&told, room(x)), if is_selected { style } else { theme.muted() });
                }
            }
            None => {}
        }
    }

    /// What the selected row is, in full as far as there is room.
    fn draw_description(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let text = match self.rows.get(self.selected) {
            Some(Row::Tool(tool)) => self.tool(*tool).map(|listed| listed.tool.spec.description.as_str()),
            Some(Row::Server(server)) => self.server(*server).and_then(|server| server.trouble.as_deref()),
            _ => None,
        };
        let head: String = text.unwrap_or_default().chars().take(4_000).collect();
        for (y, row) in (area.top()..area.bottom()).zip(plain_rows(&head, area.width.max(1), Ink::Plain)) {
            let mut x = area.x;
            for span in &row.spans {
                x = put(buf, area, x, y, &span.text, theme.base().patch(theme.ink(span.ink, Emphasis::default())));
            }
        }
    }
}

/// Rows of the list at a size of the screen.
pub(super) fn rows_of_list((columns, rows): (u16, u16)) -> usize {
    usize::from(layout(Rect::new(1, 0, columns.saturating_sub(2), rows)).list.height)
}

fn layout(inner: Rect) -> Layout {
    let keys = ["Space switches", "* all on or off", "↑↓ select", "Esc closes"].map(str::to_owned);
    let mut foot = joined(&keys, usize::from(inner.width));
    foot.truncate(usize::from(inner.height / 4).max(1));
    let (gap, described) = if inner.height >= ROOMY_FROM { (1, DESCRIPTION) } else { (0, 0) };
    let below = foot.len() as u16 + described + 2 * gap;
    let top = inner.y + 2 + gap;
    let height = inner.height.saturating_sub(2 + gap + below).max(1);
    let list = Rect { y: top, height, ..inner };
    Layout { list, description: Rect { y: list.bottom() + gap, height: described, ..inner }, foot }
}

/// Whether a tool's calls ask, and who said so.
fn standing(listed: &ListedTool, allowed: &BTreeSet<(String, String)>) -> &'static str {
    let key = (listed.tool.spec.name.clone(), listed.tool.definition.clone());
    match listed.tool.permission {
        Permission::Deny => "denied by config",
        Permission::Allow => "allowed by config",
        Permission::Ask if listed.is_always_allowed => "always allowed",
        Permission::Ask if allowed.contains(&key) => "allowed in this chat",
        Permission::Ask => "asks",
    }
}
