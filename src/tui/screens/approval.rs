//! A tool call that asks to run: everything that it would do, and the user's word on it. Owns what is shown and which
//! call a word is for; refuses to answer for a call that was not on the screen.

mod body;
mod draw;
mod visible;

use std::sync::Arc;

use crate::chat::tool::Prepared;
use crate::chat::{Approval, MessageId};

use super::ScreenKey;
use super::line_edit::LineEdit;
use body::{At, Body};

/// A call that waits, by the message that will hold its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub result: MessageId,
    pub prepared: Arc<Prepared>,
}

/// What the screen asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    Close,
    Answer { result: MessageId, approval: Approval },
}

/// The screen.
pub struct ApprovalScreen {
    shown: Pending,
    body: Body,
    /// Its place among those that wait, from 0, and how many wait.
    place: (usize, usize),
    /// Those that wait.
    pending: Vec<Pending>,
    /// Whether the shown call waits no longer, though nobody answered here.
    is_over: bool,
    /// Whether it came in place of one that was just answered: a key that was meant for that one must not answer it.
    is_unseen: bool,
    /// What the model is told with a no, while it is typed.
    word: Option<LineEdit>,
    top: At,
}

impl ApprovalScreen {
    /// The first of the calls that wait; `None` where none does.
    #[must_use]
    pub fn new(pending: Vec<Pending>) -> Option<Self> {
        let shown = pending.first()?.clone();
        let body = Body::new(&shown.prepared);
        let place = (0, pending.len());
        Some(Self { shown, body, place, pending, is_over: false, is_unseen: false, word: None, top: At::default() })
    }

    /// The next call in place of one that was answered: it takes no word before a key that only looks.
    #[must_use]
    pub fn after_an_answer(pending: Vec<Pending>) -> Option<Self> {
        Self::new(pending).map(|screen| Self { is_unseen: true, ..screen })
    }

    /// The call that is shown and can be answered; `None` once it is over.
    #[must_use]
    pub fn asks(&self) -> Option<MessageId> {
        (!self.is_over).then_some(self.shown.result)
    }

    /// Takes in which calls wait now. A call that does no longer is said to be over; another one takes its place only
    /// when it is asked for, since a key may be on its way.
    pub fn refresh(&mut self, pending: Vec<Pending>) {
        match pending.iter().position(|other| *other == self.shown) {
            Some(at) => self.place = (at, pending.len()),
            None => {
                self.is_over = true;
                self.word = None;
            }
        }
        self.pending = pending;
    }

    /// Takes in a key; `size` is the screen's, in columns and rows, and `drawn` the call that the last frame showed.
    pub fn handle(&mut self, key: &ScreenKey, size: (u16, u16), drawn: Option<MessageId>) -> Option<Intent> {
        if self.word.is_some() {
            return self.word_key(key, drawn);
        }
        if self.is_unseen && !self.is_over {
            return self.look(key, size);
        }
        match key {
            ScreenKey::Esc => return Some(Intent::Close),
            ScreenKey::Enter if self.is_over => self.go_on(),
            ScreenKey::Enter | ScreenKey::Char('n') => return self.answer(Approval::No(None), drawn),
            ScreenKey::Char('o') => return self.answer(Approval::Once, drawn),
            ScreenKey::Char('c') => return self.answer(Approval::ForChat, drawn),
            ScreenKey::Char('a') => return self.answer(Approval::Always, drawn),
            ScreenKey::Char('w') if !self.is_over && drawn == self.asks() => self.word = Some(LineEdit::default()),
            _ => {
                let (width, rows) = self.body_size(size);
                self.top = self.body.scrolled(self.top, key, width, rows);
            }
        }
        (self.is_over && self.pending.is_empty() && *key == ScreenKey::Enter).then_some(Intent::Close)
    }

    /// A key on a call that took the place of another: those that answer do nothing yet.
    fn look(&mut self, key: &ScreenKey, size: (u16, u16)) -> Option<Intent> {
        match key {
            ScreenKey::Esc => return Some(Intent::Close),
            ScreenKey::Enter | ScreenKey::Char(' ') => self.is_unseen = false,
            ScreenKey::Up | ScreenKey::Down | ScreenKey::PageUp | ScreenKey::PageDown => {
                self.is_unseen = false;
                let (width, rows) = self.body_size(size);
                self.top = self.body.scrolled(self.top, key, width, rows);
            }
            _ => {}
        }
        None
    }

    /// Shows the next call in place of one that is over.
    fn go_on(&mut self) {
        if let Some(next) = Self::new(std::mem::take(&mut self.pending)) {
            *self = next;
        }
    }

    fn answer(&self, approval: Approval, drawn: Option<MessageId>) -> Option<Intent> {
        let result = self.asks().filter(|asks| drawn == Some(*asks))?;
        Some(Intent::Answer { result, approval })
    }

    fn word_key(&mut self, key: &ScreenKey, drawn: Option<MessageId>) -> Option<Intent> {
        let word = self.word.as_mut()?;
        match key {
            ScreenKey::Esc => self.word = None,
            ScreenKey::Enter => {
                let word = Some(word.text().trim().to_owned()).filter(|word| !word.is_empty());
                return self.answer(Approval::No(word), drawn);
            }
            ScreenKey::Backspace => drop(word.backspace()),
            ScreenKey::Kill => word.clear(),
            ScreenKey::Char(c) => word.insert(&c.to_string()),
            ScreenKey::Paste(text) => word.insert(text),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests;
