//! The list of tools by where they come from: which are on in this chat, which ask before they run, and what became of
//! their servers. Owns what is selected; refuses to switch anything itself.

mod draw;

use std::collections::BTreeSet;

use crate::chat::ToolChoices;
use crate::chat::tool::{ListedServer, ListedTool, ToolList, ToolOrigin};

use super::ScreenKey;

/// What the screen asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    Close,
    /// Switch a tool, a server's tools or all ([`ToolChoices::ALL`]) for this chat.
    Switch {
        name: String,
        on: bool,
    },
}

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Head(&'static str),
    /// The server of this place in the list.
    Server(usize),
    /// The tool of this place in the list.
    Tool(usize),
}

/// The screen.
pub struct ToolsScreen {
    /// `None` until it is told.
    list: Option<ToolList>,
    rows: Vec<Row>,
    choices: ToolChoices,
    /// Tools, each with the hash of its definition, that need not ask again in this chat.
    allowed: BTreeSet<(String, String)>,
    /// Place in `rows`.
    selected: usize,
    /// The first row that was shown last.
    top: usize,
}

impl ToolsScreen {
    /// The list as this chat has it; what is known from before is shown until it is told anew.
    #[must_use]
    pub fn new(list: Option<ToolList>, choices: ToolChoices, allowed: BTreeSet<(String, String)>) -> Self {
        let mut screen = Self { list: None, rows: Vec::new(), choices, allowed, selected: 0, top: 0 };
        if let Some(list) = list {
            screen.listed(list);
        }
        screen
    }

    /// Takes in all tools; what was selected stays so.
    pub fn listed(&mut self, list: ToolList) {
        let selected = self.name_of(self.selected);
        self.rows = rows(&list);
        self.list = Some(list);
        let again = (0..self.rows.len()).find(|at| selected.is_some() && self.name_of(*at) == selected);
        self.selected = again.unwrap_or(0);
        if matches!(self.rows.get(self.selected), Some(Row::Head(_))) {
            self.step(1);
        }
    }

    /// Takes in what this chat decided.
    pub fn set_choices(&mut self, choices: &ToolChoices) {
        if self.choices != *choices {
            self.choices = choices.clone();
        }
    }

    /// Takes in a key; `size` is the screen's, in columns and rows.
    pub fn handle(&mut self, key: &ScreenKey, size: (u16, u16)) -> Option<Intent> {
        let page = draw::rows_of_list(size).saturating_sub(1).max(1) as isize;
        match key {
            ScreenKey::Esc | ScreenKey::Char('q') => return Some(Intent::Close),
            ScreenKey::Up | ScreenKey::Char('k') => self.step(-1),
            ScreenKey::Down | ScreenKey::Char('j') => self.step(1),
            ScreenKey::PageUp => self.step(-page),
            ScreenKey::PageDown => self.step(page),
            ScreenKey::First => self.step(isize::MIN / 2),
            ScreenKey::Last => self.step(isize::MAX / 2),
            ScreenKey::Enter | ScreenKey::Char(' ') => return self.switch(),
            ScreenKey::Char('*') => {
                let all: Vec<&ListedTool> = self.tools().collect();
                let on = !all.iter().all(|listed| self.choices.is_on(&listed.tool));
                return (!all.is_empty()).then(|| Intent::Switch { name: ToolChoices::ALL.to_owned(), on });
            }
            _ => {}
        }
        self.resize(size);
        None
    }

    /// Keeps the selected row in sight at a size.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.top = self.top_for(draw::rows_of_list(size));
    }

    fn top_for(&self, rows: usize) -> usize {
        let last = self.rows.len().saturating_sub(rows);
        let least = (self.selected + 1).saturating_sub(rows);
        // The head above the first row is in sight with it.
        let most = if self.selected == 1 && rows > 1 { 0 } else { self.selected };
        self.top.min(last).clamp(least, most.max(least))
    }

    /// Selects another row, over heads, or stays where there is none.
    fn step(&mut self, by: isize) {
        let is_head = |at: &usize| matches!(self.rows.get(*at), None | Some(Row::Head(_)));
        let wanted = self.selected.saturating_add_signed(by).min(self.rows.len().saturating_sub(1));
        let (above, below) = ((0..=wanted).rev(), wanted..self.rows.len());
        let found = if by < 0 {
            above.chain(below).find(|at| !is_head(at))
        } else {
            below.chain(above).find(|at| !is_head(at))
        };
        self.selected = found.filter(|_| !self.rows.is_empty()).unwrap_or(0);
    }

    fn tools(&self) -> impl Iterator<Item = &ListedTool> {
        self.list.iter().flat_map(|list| &list.tools)
    }

    fn tool(&self, at: usize) -> Option<&ListedTool> {
        self.list.as_ref()?.tools.get(at)
    }

    fn server(&self, at: usize) -> Option<&ListedServer> {
        self.list.as_ref()?.servers.get(at)
    }

    /// The name that a row is switched by.
    fn name_of(&self, row: usize) -> Option<String> {
        match *self.rows.get(row)? {
            Row::Head(_) => None,
            Row::Server(at) => self.server(at).map(|server| server.name.clone()),
            Row::Tool(at) => self.tool(at).map(|listed| listed.tool.spec.name.clone()),
        }
    }

    /// Whether a server's tools are on: all of those that are there, or what the chat said where none are known.
    fn is_server_on(&self, server: &str) -> bool {
        let mut of_it = self.tools().filter(|listed| listed.tool.group() == Some(server)).peekable();
        if of_it.peek().is_none() {
            return self.choices.switched.get(server) == Some(&true);
        }
        of_it.all(|listed| self.choices.is_on(&listed.tool))
    }

    fn switch(&self) -> Option<Intent> {
        let name = self.name_of(self.selected)?;
        let is_on = match *self.rows.get(self.selected)? {
            Row::Head(_) => return None,
            Row::Server(at) => self.is_server_on(&self.server(at)?.name),
            Row::Tool(at) => self.choices.is_on(&self.tool(at)?.tool),
        };
        Some(Intent::Switch { name, on: !is_on })
    }
}

/// The rows of a list: by origin, each with its head.
fn rows(list: &ToolList) -> Vec<Row> {
    let mut rows = Vec::new();
    for (head, origin) in [("Built in", ToolOrigin::BuiltIn), ("From your config", ToolOrigin::Command)] {
        let places = places(list, &origin);
        if !places.is_empty() {
            rows.push(Row::Head(head));
            rows.extend(places.into_iter().map(Row::Tool));
        }
    }
    if !list.servers.is_empty() {
        rows.push(Row::Head("MCP servers"));
    }
    for (at, server) in list.servers.iter().enumerate() {
        rows.push(Row::Server(at));
        rows.extend(places(list, &ToolOrigin::Mcp(server.name.clone())).into_iter().map(Row::Tool));
    }
    rows
}

fn places(list: &ToolList, origin: &ToolOrigin) -> Vec<usize> {
    (0..list.tools.len()).filter(|at| list.tools[*at].tool.origin == *origin).collect()
}

#[cfg(test)]
mod tests;
