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
use super::pieces::{At, Pieces as _};
use body::Body;

/// A call that waits, by the message that will hold its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    pub result: MessageId,
    pub prepared: Arc<Prepared>,
    /// What the tool says of itself; empty where that is not known.
    pub description: String,
}

/// What the screen asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    Close,
    Answer { result: MessageId, approval: Approval },
}

/// How the shown call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It came in place of one that was just answered: a key that was meant for that one must not answer it.
    Next,
    Asks,
    /// A yes came before its end was on the screen, and did not count.
    Hasty,
    /// It waits no longer, though nobody answered here.
    Over,
}

/// The screen.
pub struct ApprovalScreen {
    shown: Pending,
    body: Body,
    /// Its place among those that wait, from 0, and how many wait.
    place: (usize, usize),
    /// Those that wait.
    pending: Vec<Pending>,
    stage: Stage,
    /// What the model is told with a no, while it is typed.
    word: Option<LineEdit>,
    top: At,
    /// Whether its end was on the screen.
    was_seen: bool,
}

impl ApprovalScreen {
    /// The first of the calls that wait; `None` where none does.
    #[must_use]
    pub fn new(pending: Vec<Pending>) -> Option<Self> {
        let shown = pending.first()?.clone();
        let body = Body::new(&shown.prepared);
        let place = (0, pending.len());
        Some(Self { shown, body, place, pending, stage: Stage::Asks, word: None, top: At::default(), was_seen: false })
    }

    /// The next call in place of one that was answered: it takes no word before a key that only looks.
    #[must_use]
    pub fn after_an_answer(pending: Vec<Pending>) -> Option<Self> {
        Self::new(pending).map(|screen| Self { stage: Stage::Next, ..screen })
    }

    /// The call that is shown and can be answered; `None` once it is over.
    #[must_use]
    pub fn asks(&self) -> Option<MessageId> {
        (self.stage != Stage::Over).then_some(self.shown.result)
    }

    /// Takes in which calls wait now. A call that does no longer is said to be over; another one takes its place only
    /// when it is asked for, since a key may be on its way.
    pub fn refresh(&mut self, pending: Vec<Pending>) {
        match pending.iter().position(|other| *other == self.shown) {
            Some(at) => self.place = (at, pending.len()),
            None => {
                self.stage = Stage::Over;
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
        if self.stage == Stage::Next {
            return self.look(key, size);
        }
        match key {
            ScreenKey::Esc => return Some(Intent::Close),
            ScreenKey::Enter if self.stage == Stage::Over => self.go_on(),
            ScreenKey::Enter | ScreenKey::Char('n') => return self.answer(Approval::No(None), drawn),
            ScreenKey::Char('o') => return self.agree(Approval::Once, size, drawn),
            ScreenKey::Char('c') => return self.agree(Approval::ForChat, size, drawn),
            ScreenKey::Char('a') => return self.agree(Approval::Always, size, drawn),
            ScreenKey::Char('w') if self.stage != Stage::Over && drawn == self.asks() => {
                self.word = Some(LineEdit::default());
            }
            _ => self.scroll(key, size),
        }
        (self.stage == Stage::Over && self.pending.is_empty() && *key == ScreenKey::Enter).then_some(Intent::Close)
    }

    /// A key on a call that took the place of another: those that answer do nothing yet.
    fn look(&mut self, key: &ScreenKey, size: (u16, u16)) -> Option<Intent> {
        match key {
            ScreenKey::Esc => return Some(Intent::Close),
            ScreenKey::Enter | ScreenKey::Char(' ') => self.stage = Stage::Asks,
            ScreenKey::Up | ScreenKey::Down | ScreenKey::PageUp | ScreenKey::PageDown => {
                self.stage = Stage::Asks;
                self.scroll(key, size);
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

    fn scroll(&mut self, key: &ScreenKey, size: (u16, u16)) {
        self.look_at_end(size);
        let (width, rows) = self.body_size(size);
        self.top = self.body.scrolled(self.top, key, width, rows);
        self.look_at_end(size);
    }

    /// Takes note where all, or the last of it, is on the screen.
    fn look_at_end(&mut self, size: (u16, u16)) {
        let (width, rows) = self.body_size(size);
        self.was_seen |= !self.body.seen(self.top, width, rows).1;
        if self.was_seen && self.stage == Stage::Hasty {
            self.stage = Stage::Asks;
        }
    }

    /// A yes, which counts once all was there to be seen.
    fn agree(&mut self, approval: Approval, size: (u16, u16), drawn: Option<MessageId>) -> Option<Intent> {
        self.look_at_end(size);
        if !self.was_seen && self.stage == Stage::Asks {
            self.stage = Stage::Hasty;
        }
        if self.was_seen { self.answer(approval, drawn) } else { None }
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
