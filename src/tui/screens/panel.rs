//! The conversations panel: saved chats by recency, filtered as one types, opened, renamed, pinned, deleted
//! and had back.

mod draw;

use std::collections::HashSet;

use crate::chat::ConversationId;
use crate::runtime::Summary;

use super::ScreenKey;
use super::line_edit::LineEdit;

/// Rows asked for at a time.
pub const PAGE: u64 = 100;

/// What the panel asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    Close,
    Open(ConversationId),
    /// Rows of the list from `offset` on.
    List {
        filter: String,
        offset: u64,
    },
    Rename {
        id: ConversationId,
        title: String,
    },
    Pin {
        id: ConversationId,
        pinned: bool,
    },
    Delete(Summary),
    Undelete(ConversationId),
}

/// The panel.
pub struct Panel {
    filter: LineEdit,
    rows: Vec<Summary>,
    /// Whether the list goes on behind `rows`.
    has_more: bool,
    is_loading: bool,
    selected: usize,
    /// The row to select once the list has come: where it stands there is not known before.
    wanted: Option<ConversationId>,
    /// Whether the filter changed: then the first match is selected.
    is_from_top: bool,
    /// The title that is being typed for the selected row.
    renaming: Option<LineEdit>,
    /// Deletions that can be had back, the last one last.
    deleted: Vec<Summary>,
    streaming: HashSet<ConversationId>,
    current: ConversationId,
}

impl Panel {
    /// A panel that still has to be told its rows; ask with the intent that comes with it.
    #[must_use]
    pub fn open(current: ConversationId, deleted: Vec<Summary>) -> (Self, Intent) {
        let panel = Self {
            filter: LineEdit::default(),
            rows: Vec::new(),
            has_more: false,
            is_loading: true,
            selected: 0,
            wanted: Some(current),
            is_from_top: false,
            renaming: None,
            deleted,
            streaming: HashSet::new(),
            current,
        };
        let first = panel.list(0);
        (panel, first)
    }

    fn list(&self, offset: u64) -> Intent {
        Intent::List { filter: self.filter.text().to_owned(), offset }
    }

    /// Takes in rows; those of a filter that has changed since are dropped.
    pub fn listed(&mut self, filter: &str, offset: u64, found: Vec<Summary>) {
        if filter != self.filter.text() {
            return;
        }
        self.is_loading = false;
        self.has_more = found.len() as u64 == PAGE;
        // Whatever moved in the list, the row that was selected stays selected.
        let stays = !std::mem::take(&mut self.is_from_top);
        let selected = self.wanted.take().or_else(|| self.picked().filter(|_| stays).map(|row| row.id));
        self.rows.truncate(offset as usize);
        self.rows.extend(found);
        let wanted = selected.and_then(|id| self.rows.iter().position(|row| row.id == id));
        self.selected = wanted.unwrap_or(self.selected).min(self.rows.len().saturating_sub(1));
    }

    /// Notes which chats stream.
    pub fn set_streaming(&mut self, streaming: HashSet<ConversationId>) {
        self.streaming = streaming;
    }

    /// Takes in a key; `height` is the panel's, in rows.
    pub fn handle(&mut self, key: ScreenKey, height: u16) -> Vec<Intent> {
        if self.renaming.is_some() {
            return self.rename(key);
        }
        let page = usize::from(height).saturating_sub(4).max(1) / 2;
        match key {
            ScreenKey::Up => self.select(self.selected.saturating_sub(1)),
            ScreenKey::Down => self.select(self.selected + 1),
            ScreenKey::PageUp => self.select(self.selected.saturating_sub(page)),
            ScreenKey::PageDown => self.select(self.selected + page),
            ScreenKey::First => self.select(0),
            ScreenKey::Last => self.select(self.rows.len()),
            ScreenKey::Enter => self.picked().map(|row| Intent::Open(row.id)).into_iter().collect(),
            ScreenKey::Esc if self.filter.is_empty() => vec![Intent::Close],
            ScreenKey::Esc | ScreenKey::Kill => {
                self.filter.clear();
                self.filtered()
            }
            ScreenKey::Backspace => {
                if self.filter.backspace() {
                    self.filtered()
                } else {
                    Vec::new()
                }
            }
            ScreenKey::Char(c) => {
                self.filter.insert(c.encode_utf8(&mut [0; 4]));
                self.filtered()
            }
            ScreenKey::Paste(text) => {
                self.filter.insert(&text);
                self.filtered()
            }
            ScreenKey::Rename => {
                self.renaming = self.picked().map(|row| LineEdit::with(&row.title));
                Vec::new()
            }
            ScreenKey::Pin => self.pin(),
            ScreenKey::Delete => self.delete(),
            ScreenKey::Undo => self.undelete(),
            ScreenKey::Left | ScreenKey::Right => Vec::new(),
        }
    }

    /// Goes to a row, and asks for more where the list's end comes near.
    fn select(&mut self, row: usize) -> Vec<Intent> {
        self.selected = row.min(self.rows.len().saturating_sub(1));
        if self.has_more && !self.is_loading && self.selected + 20 >= self.rows.len() {
            self.is_loading = true;
            return vec![self.list(self.rows.len() as u64)];
        }
        Vec::new()
    }

    fn filtered(&mut self) -> Vec<Intent> {
        self.selected = 0;
        self.wanted = None;
        self.is_from_top = true;
        self.is_loading = true;
        vec![self.list(0)]
    }

    fn picked(&self) -> Option<&Summary> {
        self.rows.get(self.selected)
    }

    fn rename(&mut self, key: ScreenKey) -> Vec<Intent> {
        let Some(line) = &mut self.renaming else { return Vec::new() };
        match key {
            ScreenKey::Char(c) => line.insert(c.encode_utf8(&mut [0; 4])),
            ScreenKey::Paste(text) => line.insert(&text),
            ScreenKey::Backspace => {
                line.backspace();
            }
            ScreenKey::Kill => line.clear(),
            ScreenKey::Esc => self.renaming = None,
            ScreenKey::Enter => {
                let title = line.text().trim().to_owned();
                self.renaming = None;
                if let Some(row) = self.rows.get_mut(self.selected).filter(|_| !title.is_empty()) {
                    row.title.clone_from(&title);
                    return vec![Intent::Rename { id: row.id, title }];
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn pin(&mut self) -> Vec<Intent> {
        let Some(row) = self.rows.get_mut(self.selected) else { return Vec::new() };
        row.pinned = !row.pinned;
        self.wanted = Some(row.id);
        let pin = Intent::Pin { id: row.id, pinned: row.pinned };
        vec![pin, self.list(0)]
    }

    fn delete(&mut self) -> Vec<Intent> {
        if self.selected >= self.rows.len() {
            return Vec::new();
        }
        let row = self.rows.remove(self.selected);
        self.deleted.push(row.clone());
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        vec![Intent::Delete(row)]
    }

    fn undelete(&mut self) -> Vec<Intent> {
        let Some(row) = self.deleted.pop() else { return Vec::new() };
        self.wanted = Some(row.id);
        vec![Intent::Undelete(row.id), self.list(0)]
    }
}
