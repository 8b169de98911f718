//! The input box: a draft, its cursor, undo, and long pastes kept beside it. tui-textarea keeps text and undo;
//! clusters, wrapping and drawing are munshi's own, since the widget does all three by `char`. Pure: knows no
//! keys, no clock, no terminal. The text is what was typed or pasted; only what is drawn is made safe.

mod attach;
mod cluster;
mod draw;
mod edit;
mod glyph;
mod history;
mod layout;
mod model;
mod weight;
mod wrap;

#[cfg(test)]
mod tests;

pub use attach::{Attachment, Draft};
pub use draw::ComposerStyle;
pub use edit::Edit;
pub use history::History;

use attach::Attachments;
use cluster::{Class, Line};
use layout::{Caret, Layout};
use model::{Model, Pos};
use weight::Weight;
use wrap::Change;

use crate::session::tokens;

/// A paste longer than this many characters becomes an attachment, unless the configuration says otherwise.
pub const PASTE_ATTACHMENT_CHARS: usize = 20_000;

/// Pastes of more than [`SMALL_PASTE_BYTES`] are attached too once the box holds this much, which keeps each
/// key fast however often a user pastes.
const BOX_BYTES: usize = 100_000;
const SMALL_PASTE_BYTES: usize = 1_000;

/// Typing of one kind becomes one undo step, up to this many characters.
const RUN_CHARS: usize = 32;

/// The input box.
#[derive(Debug)]
pub struct Composer {
    model: Model,
    layout: Layout,
    attachments: Attachments,
    weight: Weight,
    cursor: Pos,
    /// The column that Up and Down hold on to.
    goal: Option<u16>,
    run: Option<Run>,
    /// The first visible row, where not all rows are.
    top: usize,
    /// The most rows that are shown.
    max_rows: u16,
    paste_attachment_chars: usize,
}

/// Single keys that undo takes back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    inserting: bool,
    class: Class,
    chars: usize,
}

impl Default for Composer {
    fn default() -> Self {
        Self::new()
    }
}

impl Composer {
    /// An empty box, 80 cells wide until [`Composer::resize`] says otherwise.
    #[must_use]
    pub fn new() -> Self {
        let model = Model::new("");
        let attachments = Attachments::default();
        let layout = Layout::of(&model, &attachments, 80);
        Self {
            model,
            layout,
            attachments,
            weight: Weight::default(),
            cursor: Pos::default(),
            goal: None,
            run: None,
            top: 0,
            max_rows: u16::MAX,
            paste_attachment_chars: PASTE_ATTACHMENT_CHARS,
        }
    }

    /// Sets the length, in characters, above which a paste becomes an attachment.
    pub fn set_paste_attachment_chars(&mut self, chars: usize) {
        self.paste_attachment_chars = chars;
    }

    /// Tells the box its width in cells and the most rows it may show. To be called whenever either changes:
    /// moving by row and [`Composer::at_first_row`] are about this width.
    pub fn resize(&mut self, width: u16, max_rows: u16) {
        if self.layout.width() != width.max(1) {
            self.layout = Layout::of(&self.model, &self.attachments, width);
            self.goal = None;
        }
        self.max_rows = max_rows.max(1);
        self.follow();
    }

    /// The draft as it stands in the box, tokens and all.
    pub fn text(&self) -> String {
        self.model.lines().join("\n")
    }

    /// The draft with each attachment in its token's place: what is sent.
    pub fn expanded_text(&self) -> String {
        self.draft().expanded()
    }

    /// The length of [`Composer::expanded_text`] in characters, without building it.
    pub fn expanded_chars(&self) -> usize {
        self.draft().expanded_chars()
    }

    /// The draft and what its tokens stand for. Attached texts are shared, not copied.
    pub fn draft(&self) -> Draft {
        let text = self.text();
        let attachments = self.attachments.within(&text);
        Draft { text, attachments }
    }

    /// Whether nothing at all is in the box.
    pub fn is_empty(&self) -> bool {
        matches!(self.model.lines(), [only] if only.is_empty())
    }

    /// The first line with anything but blanks in it, without those around it; `None` where there is none.
    pub fn first_words(&self) -> Option<&str> {
        self.model.lines().iter().map(|line| line.trim()).find(|line| !line.is_empty())
    }

    /// Empties the box and gives what was in it. Undo does not reach behind this.
    pub fn take(&mut self) -> Draft {
        let draft = self.draft();
        self.set_draft(Draft::default());
        draft
    }

    /// Replaces everything, with the cursor at the end. A text over the limit becomes an attachment. Undo does
    /// not reach behind this; see [`Composer::replace_text`].
    pub fn set_text(&mut self, text: &str) {
        self.set_draft(Draft::default());
        self.insert(text);
        let text = self.text();
        let attachments = std::mem::take(&mut self.attachments);
        self.start(&text, attachments);
    }

    /// Replaces everything by a draft from the history, with the cursor at the end.
    pub fn set_draft(&mut self, draft: Draft) {
        self.start(&normalised(&draft.text), Attachments::from_vec(draft.attachments));
    }

    fn start(&mut self, text: &str, attachments: Attachments) {
        self.attachments = attachments;
        self.model = Model::new(text);
        self.layout = Layout::of(&self.model, &self.attachments, self.layout.width());
        self.weigh();
        self.cursor = self.model.end();
        self.goal = None;
        self.run = None;
        self.top = 0;
        self.follow();
    }

    /// Replaces everything as one undo step: what comes back from the user's editor. Tokens that are still in
    /// the text keep standing for their attachments.
    pub fn replace_text(&mut self, text: &str) {
        let (begin, end) = (Pos::default(), self.model.end());
        let deleted = self.delete(begin, end, false);
        self.insert_joined(text, deleted);
    }

    /// Inserts pasted text at the cursor, as one undo step. `\r\n` and `\r` become newlines; a text longer
    /// than the limit becomes an attachment whose token is inserted.
    pub fn insert(&mut self, text: &str) {
        self.insert_joined(text, false);
    }

    fn insert_joined(&mut self, text: &str, join: bool) {
        let text = normalised(text);
        let in_box: usize = self.model.lines().iter().map(String::len).sum();
        let crowded = text.len() > SMALL_PASTE_BYTES && in_box + text.len() > BOX_BYTES;
        let long = text.len() > self.paste_attachment_chars && text.chars().count() > self.paste_attachment_chars;
        if long || crowded {
            let token = self.attachments.keep(&text, None).token.clone();
            self.insert_text(&token, join);
        } else {
            self.insert_text(&text, join);
        }
        self.run = None;
    }

    /// The attachments whose token is in the draft.
    pub fn attachments(&self) -> Vec<Attachment> {
        self.draft().attachments
    }

    /// The attachment whose token the cursor touches, the one before the cursor first; what "open" means.
    pub fn attachment_at_cursor(&self) -> Option<&Attachment> {
        let line = self.line(self.cursor.line);
        let byte = self.cursor.byte;
        let before = line.tokens.iter().find(|token| token.end == byte);
        let token = before.or_else(|| line.tokens.iter().find(|token| token.start == byte))?;
        self.attachments.by_token(&line.text[token.clone()])
    }

    /// Gives attachment `number` another text, as it comes back from the editor: a new token takes the old
    /// one's place, or the text itself where it is no longer long. Undo brings the old one back. Returns
    /// whether there is such a token.
    pub fn set_attachment(&mut self, number: u32, text: &str) -> bool {
        let Some(old) = self.draft().attachments.into_iter().rev().find(|old| old.number == number) else {
            return false;
        };
        let Some((line, byte)) =
            self.model.lines().iter().enumerate().find_map(|(line, text)| Some((line, text.find(&old.token)?)))
        else {
            return false;
        };
        let text = normalised(text);
        let from = Pos { line, byte };
        let replacement = if text.chars().count() > self.paste_attachment_chars {
            self.attachments.keep(&text, Some(number)).token.clone()
        } else {
            text.into_owned()
        };
        self.delete(from, Pos { line, byte: byte + old.token.len() }, false);
        self.insert_text(&replacement, true);
        self.run = None;
        true
    }

    /// Whether the cursor is on the first row: there, Up is for the history.
    pub fn at_first_row(&self) -> bool {
        let at = self.caret().at;
        at.line == 0 && at.row == 0
    }

    /// Whether the cursor is on the last row: there, Down is for the history.
    pub fn at_last_row(&self) -> bool {
        self.layout.row_below(&self.caret()).is_none()
    }

    /// The height that the draft wants at `width` cells, in rows, at least 1. Free of charge at the width of
    /// the last [`Composer::resize`].
    pub fn rows(&self, width: u16) -> u16 {
        let rows = if width.max(1) == self.layout.width() {
            self.layout.rows(&self.model, self.cursor)
        } else {
            Layout::of(&self.model, &self.attachments, width).rows(&self.model, self.cursor)
        };
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    /// `\` then Enter is a new line: replaces a backslash before the cursor by a newline and says so. To be
    /// asked before Enter sends.
    pub fn continue_line(&mut self) -> bool {
        let Pos { line, byte } = self.cursor;
        if !self.model.line(line)[..byte].ends_with('\\') {
            return false;
        }
        self.delete(Pos { line, byte: byte - 1 }, self.cursor, false);
        self.insert_text("\n", true);
        self.run = None;
        true
    }

    fn line(&self, at: usize) -> Line<'_> {
        self.layout.line(&self.model, at)
    }

    fn caret(&self) -> Caret {
        self.layout.caret(&self.model, self.cursor)
    }

    /// Inserts at the cursor whatever its length; `text` has no carriage returns.
    fn insert_text(&mut self, text: &str, join: bool) {
        let at = self.cursor;
        let before = self.attached_in(at.line..at.line + 1);
        let after = self.model.insert(at, text, join);
        let change = Change { at: at.byte, removed: 0, added: text.len() };
        let lines = after.line - at.line + 1;
        self.layout.update(&self.model, &self.attachments, at.line..at.line + 1, lines, change);
        self.reweigh(tokens::hundredths(text), 0, before, self.attached_in(at.line..at.line + lines));
        self.settle(after);
    }

    fn delete(&mut self, from: Pos, to: Pos, join: bool) -> bool {
        let (removed, before) = (weight::between(&self.model, from, to), self.attached_in(from.line..to.line + 1));
        if !self.model.delete(from, to, join) {
            return false;
        }
        let change = Change { at: from.byte, removed: to.byte.saturating_sub(from.byte), added: 0 };
        self.layout.update(&self.model, &self.attachments, from.line..to.line + 1, 1, change);
        self.reweigh(0, removed, before, self.attached_in(from.line..from.line + 1));
        self.settle(from);
        true
    }

    /// Puts the cursor at `at`, or behind the cluster that grew together around it.
    fn settle(&mut self, at: Pos) {
        let byte = self.line(at.line).snap_forward(at.byte);
        self.cursor = Pos { line: at.line, byte };
        self.goal = None;
        self.follow();
    }

    /// Scrolls as little as shows the cursor and leaves no empty rows below.
    fn follow(&mut self) {
        self.top = self.first_row(&self.layout, self.max_rows);
    }
}

/// `text` with every line ending a `\n`.
fn normalised(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}
