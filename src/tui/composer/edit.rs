//! The editing verbs, and what each does to the box. Knows no keys: the keymap names these verbs.

use super::cluster::Class;
use super::layout::{Layout, RowRef};
use super::model::Pos;
use super::{Composer, RUN_CHARS, Run};

/// Everything that a key can do to the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    // Writing
    InsertChar(char),
    NewLine,
    // Deleting
    Backspace,
    Delete,
    /// Back to the last blank, as Ctrl+W in a shell.
    DeleteWordBack,
    DeleteWordForward,
    DeleteToLineStart,
    DeleteToLineEnd,
    // Moving
    Left,
    Right,
    WordLeft,
    WordRight,
    /// By rows as they are shown, not by lines.
    Up,
    Down,
    LineStart,
    LineEnd,
    DraftStart,
    DraftEnd,
    // Taking back
    Undo,
    Redo,
}

impl Composer {
    /// Does `edit` and says whether the text or the cursor changed.
    pub fn apply(&mut self, edit: Edit) -> bool {
        match edit {
            Edit::InsertChar(c) => return self.insert_char(c),
            Edit::Backspace => return self.backspace(),
            Edit::Up => return self.move_up(),
            Edit::Down => return self.move_down(),
            _ => {}
        }
        self.run = None;
        let cursor = self.cursor;
        let line = self.line(cursor.line);
        let here = |byte: usize| Pos { line: cursor.line, byte };
        match edit {
            Edit::NewLine => {
                self.insert_text("\n", false);
                true
            }
            Edit::Delete => self.delete_to(self.right_of(cursor)),
            Edit::DeleteWordBack => match line.blank_word_left(cursor.byte) {
                0 if cursor.byte == 0 => self.delete_to(self.left_of(cursor)),
                byte => self.delete_to(here(byte)),
            },
            Edit::DeleteWordForward => self.delete_to(self.word_right_of(cursor)),
            Edit::DeleteToLineStart if cursor.byte == 0 => self.delete_to(self.left_of(cursor)),
            Edit::DeleteToLineStart => self.delete_to(here(0)),
            Edit::DeleteToLineEnd if cursor.byte == line.text.len() => self.delete_to(self.right_of(cursor)),
            Edit::DeleteToLineEnd => self.delete_to(here(line.text.len())),
            Edit::Left => self.move_to(self.left_of(cursor)),
            Edit::Right => self.move_to(self.right_of(cursor)),
            Edit::WordLeft => self.move_to(self.word_left_of(cursor)),
            Edit::WordRight => self.move_to(self.word_right_of(cursor)),
            Edit::LineStart => self.move_to(here(0)),
            Edit::LineEnd => self.move_to(here(line.text.len())),
            Edit::DraftStart => self.move_to(Pos::default()),
            Edit::DraftEnd => self.move_to(self.model.end()),
            Edit::Undo => self.step(super::Model::undo),
            Edit::Redo => self.step(super::Model::redo),
            Edit::InsertChar(_) | Edit::Backspace | Edit::Up | Edit::Down => false,
        }
    }

    fn insert_char(&mut self, c: char) -> bool {
        if matches!(c, '\n' | '\r') {
            return self.apply(Edit::NewLine);
        }
        let join = self.extend_run(true, Class::of(c));
        let run = self.run;
        self.insert_text(c.encode_utf8(&mut [0; 4]), join);
        self.run = run;
        true
    }

    fn backspace(&mut self) -> bool {
        let to = self.left_of(self.cursor);
        if to == self.cursor {
            return false;
        }
        // A token or a newline is a step of its own.
        let line = self.line(to.line);
        if to.line != self.cursor.line || line.next_stop(to.byte) != line.cluster_end(to.byte) {
            self.run = None;
            return self.delete_to(to);
        }
        let join = self.extend_run(false, line.class_at(to.byte));
        self.delete(to, self.cursor, join)
    }

    /// Whether one more key of this kind belongs to the last undo step: a word with the blanks after it is one.
    fn extend_run(&mut self, inserting: bool, class: Class) -> bool {
        let joined = self.run.filter(|run| {
            run.inserting == inserting && run.chars < RUN_CHARS && (run.class == class || class == Class::Space)
        });
        let chars = joined.map_or(0, |run| run.chars) + 1;
        self.run = Some(Run { inserting, class, chars });
        joined.is_some()
    }

    fn delete_to(&mut self, other: Pos) -> bool {
        let (from, to) = (self.cursor.min(other), self.cursor.max(other));
        self.delete(from, to, false)
    }

    fn move_to(&mut self, to: Pos) -> bool {
        let moved = self.cursor != to;
        self.cursor = to;
        self.goal = None;
        self.run = None;
        self.follow();
        moved
    }

    fn step(&mut self, step: impl FnOnce(&mut super::Model) -> Option<Pos>) -> bool {
        let Some(at) = step(&mut self.model) else { return false };
        // What changed is not said, so everything is laid out again: undo is rarer than typing.
        self.layout = Layout::of(&self.model, &self.attachments, self.layout.width());
        self.weigh();
        self.settle(at);
        true
    }

    fn left_of(&self, at: Pos) -> Pos {
        match (at.line, at.byte) {
            (0, 0) => at,
            (line, 0) => Pos { line: line - 1, byte: self.model.line(line - 1).len() },
            (line, byte) => Pos { line, byte: self.line(line).previous_stop(byte) },
        }
    }

    fn right_of(&self, at: Pos) -> Pos {
        if at.byte < self.model.line(at.line).len() {
            return Pos { byte: self.line(at.line).next_stop(at.byte), ..at };
        }
        if at.line + 1 < self.model.lines().len() { Pos { line: at.line + 1, byte: 0 } } else { at }
    }

    fn word_left_of(&self, at: Pos) -> Pos {
        let mut at = at;
        loop {
            let byte = self.line(at.line).word_left(at.byte);
            // A line of blanks is passed over; the first word of a line may begin at 0.
            let on_word = byte < at.byte && self.line(at.line).class_at(byte) == Class::Word;
            if on_word || at.line == 0 {
                return Pos { line: at.line, byte };
            }
            at = Pos { line: at.line - 1, byte: self.model.line(at.line - 1).len() };
        }
    }

    fn word_right_of(&self, at: Pos) -> Pos {
        let mut at = at;
        loop {
            let line = self.line(at.line);
            let byte = line.word_right(at.byte);
            let ends_word = byte > at.byte && line.class_at(line.previous_stop(byte)) == Class::Word;
            if ends_word || at.line + 1 == self.model.lines().len() {
                return Pos { line: at.line, byte };
            }
            at = Pos { line: at.line + 1, byte: 0 };
        }
    }

    fn move_up(&mut self) -> bool {
        let caret = self.caret();
        let Some(row) = self.layout.row_above(&caret) else { return false };
        let column = self.goal.unwrap_or(caret.column);
        let byte = self.line(row.line).snap_back(self.layout.byte_at(&self.model, row, column));
        self.move_to(Pos { line: row.line, byte });
        self.goal = Some(column);
        true
    }

    fn move_down(&mut self) -> bool {
        let caret = self.caret();
        let Some(row) = self.layout.row_below(&caret) else { return false };
        let column = self.goal.unwrap_or(caret.column);
        let byte = self.line(row.line).snap_forward(self.layout.byte_at(&self.model, row, column));
        self.move_to(Pos { line: row.line, byte });
        self.goal = Some(column);
        true
    }

    /// Puts the cursor on `row`, as near to `column` as a cursor may stand.
    pub(super) fn move_to_cell(&mut self, row: RowRef, column: u16) -> bool {
        let byte = self.layout.byte_at(&self.model, row, column);
        let line = self.line(row.line);
        let (left, right) = (line.snap_back(byte), line.snap_forward(byte));
        let nearest = if byte - left <= right - byte { left } else { right };
        self.move_to(Pos { line: row.line, byte: nearest })
    }
}
