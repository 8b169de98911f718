//! The draft's text and its undo, kept by tui-textarea; positions here are bytes, since that is what clusters
//! are counted in. Refuses drawing, wrapping and cursor movement, which the widget does by `char` only.

use std::collections::VecDeque;

use tui_textarea::{AtomicRange, CursorMove, TextArea};

/// A place in the draft. Ordered as the text reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Pos {
    pub line: usize,
    pub byte: usize,
}

/// Undo reaches this many single changes back.
const MAX_EDITS: usize = 10_000;

#[derive(Debug)]
pub(super) struct Model {
    area: TextArea<'static>,
    /// Where the widget's own cursor is known to stand.
    at: Option<Pos>,
    /// How many of the widget's edits each undo step is made of.
    undo: VecDeque<usize>,
    redo: Vec<usize>,
    edits: usize,
}

impl Model {
    /// A model of `text`, which has no carriage returns.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
        area.set_max_histories(MAX_EDITS);
        Self { area, at: None, undo: VecDeque::new(), redo: Vec::new(), edits: 0 }
    }

    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    pub fn line(&self, line: usize) -> &str {
        self.lines().get(line).map_or("", String::as_str)
    }

    /// The end of the text.
    pub fn end(&self) -> Pos {
        let line = self.lines().len() - 1;
        Pos { line, byte: self.line(line).len() }
    }

    /// Inserts `text` at `at` and gives the place after it. `join` makes it one undo step with the last change.
    pub fn insert(&mut self, at: Pos, text: &str, join: bool) -> Pos {
        if text.is_empty() {
            return at;
        }
        self.place(at);
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some('\n'), None) => self.area.insert_newline(),
            (Some(c), None) => self.area.insert_char(c),
            _ => {
                self.area.insert_str(text);
            }
        }
        let after = match text.rsplit_once('\n') {
            None => Pos { line: at.line, byte: at.byte + text.len() },
            Some((head, tail)) => Pos { line: at.line + 1 + head.matches('\n').count(), byte: tail.len() },
        };
        self.record(join);
        self.at = Some(after);
        after
    }

    /// Deletes what stands between `from` and `to`, and says whether that was anything.
    pub fn delete(&mut self, from: Pos, to: Pos, join: bool) -> bool {
        let chars = self.chars_between(from, to);
        if chars == 0 {
            return false;
        }
        self.place(from);
        self.area.delete_str(chars);
        self.record(join);
        self.at = Some(from);
        true
    }

    /// Takes the last step back; gives where its change was.
    pub fn undo(&mut self) -> Option<Pos> {
        let step = self.undo.pop_back()?;
        for _ in 0..step {
            self.area.undo();
        }
        self.redo.push(step);
        self.edits -= step;
        Some(self.landed())
    }

    /// Does again what was last taken back.
    pub fn redo(&mut self) -> Option<Pos> {
        let step = self.redo.pop()?;
        for _ in 0..step {
            self.area.redo();
        }
        self.undo.push_back(step);
        self.edits += step;
        Some(self.landed())
    }

    fn record(&mut self, join: bool) {
        self.redo.clear();
        match self.undo.back_mut().filter(|_| join) {
            Some(step) => *step += 1,
            None => self.undo.push_back(1),
        }
        if self.edits < MAX_EDITS {
            self.edits += 1;
            return;
        }
        // The widget forgot its oldest edit, so the oldest step is one shorter.
        if let Some(oldest) = self.undo.front_mut() {
            *oldest -= 1;
            if *oldest == 0 {
                self.undo.pop_front();
            }
        }
    }

    /// Where the widget's cursor stands after it moved by itself.
    fn landed(&mut self) -> Pos {
        let (line, column) = self.area.cursor();
        let text = self.line(line);
        let byte = text.char_indices().nth(column).map_or(text.len(), |(byte, _)| byte);
        let at = Pos { line, byte };
        self.at = Some(at);
        at
    }

    fn chars_between(&self, from: Pos, to: Pos) -> usize {
        if from.line == to.line {
            return self.line(from.line)[from.byte..to.byte].chars().count();
        }
        let head = self.line(from.line)[from.byte..].chars().count() + 1;
        let middle: usize = self.lines()[from.line + 1..to.line].iter().map(|line| line.chars().count() + 1).sum();
        head + middle + self.line(to.line)[..to.byte].chars().count()
    }

    /// Moves the widget's cursor to `to`. Its jump takes `u16`, so the rest of the way is made otherwise.
    fn place(&mut self, to: Pos) {
        if self.at == Some(to) {
            return;
        }
        let far = usize::from(u16::MAX);
        let column = self.line(to.line)[..to.byte].chars().count();
        self.area.move_cursor(CursorMove::Jump(to.line.min(far) as u16, column.min(far) as u16));
        if to.line > far {
            self.area.move_cursor(CursorMove::Head);
            for _ in far..to.line {
                self.area.move_cursor(CursorMove::Down);
            }
            self.walk(to.line, column);
        } else if column > far {
            self.walk(to.line, column);
        }
        self.at = Some(to);
    }

    /// Moves right within `line` to `column`: the cursor is pushed out of a range that it may not stand in.
    fn walk(&mut self, line: usize, column: usize) {
        let (_, from) = self.area.cursor();
        if column <= from + 1 {
            for _ in from..column {
                self.area.move_cursor(CursorMove::Forward);
            }
            return;
        }
        let range = AtomicRange { row: line, start_col: from, end_col: column };
        if self.area.try_set_atomic_ranges([range]).is_ok() {
            self.area.move_cursor(CursorMove::Forward);
        }
        self.area.clear_atomic_ranges();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_far_beyond_the_widgets_jump_lands_where_it_should() {
        let mut model = Model::new(&"क".repeat(70_000));
        let at = Pos { line: 0, byte: 3 * 69_999 };
        model.insert(at, "x", false);
        assert!(model.line(0).ends_with("कxक"));
        model.undo();
        assert_eq!(model.line(0).chars().count(), 70_000);

        let mut model = Model::new(&"ab\n".repeat(66_000));
        model.insert(Pos { line: 65_999, byte: 1 }, "x", false);
        assert_eq!(model.line(65_999), "axb");
        assert_eq!(model.line(65_998), "ab");
    }

    #[test]
    fn undo_forgets_its_oldest_step_and_never_more() {
        let mut model = Model::new("");
        let mut at = Pos::default();
        for _ in 0..MAX_EDITS + 5 {
            at = model.insert(at, "x", false);
        }
        while model.undo().is_some() {}
        assert_eq!(model.line(0), "xxxxx");
    }

    #[test]
    fn a_deletion_across_lines_comes_back_whole() {
        let mut model = Model::new("one\ntwo\nthree");
        assert!(model.delete(Pos { line: 0, byte: 1 }, Pos { line: 2, byte: 2 }, false));
        assert_eq!(model.lines(), ["oree"]);
        assert_eq!(model.undo(), Some(Pos { line: 2, byte: 2 }));
        assert_eq!(model.lines(), ["one", "two", "three"]);
        assert_eq!(model.redo(), Some(Pos { line: 0, byte: 1 }));
        assert_eq!(model.lines(), ["oree"]);
    }
}
