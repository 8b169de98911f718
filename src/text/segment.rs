//! Which block a line belongs to: a machine that reads line after line and whose state is a function of the text
//! before. Follows `CommonMark` where a chat's replies do; is more lenient with the indentation of nested lists.

use super::block::{Block, FencePart, Item, Kind};
use super::line::{
    FenceMark, HtmlEnd, ItemMark, Line, closes_fence, dedent, fence_language, fence_opening, html_opening, is_heading,
    is_rule, is_setext_underline, is_table_delimiter, item_mark,
};
use std::ops::Range;

/// A block that is longer ends at the next line.
const LONGEST_BLOCK: usize = 16 * 1024;
const FENCE_PART_LINES: usize = 64;
/// Lists deeper than this are shown at this depth.
const DEEPEST_LIST: usize = 12;
/// Columns of an indentation that makes code.
const CODE_INDENT: usize = 4;

/// How the line that is read ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Newline,
    /// It is too long: the next "line" is its rest.
    Cut,
    /// It is the text's last, and may go on.
    Open,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Segmenter {
    levels: Vec<Level>,
    open: Open,
    /// Blank lines stand between the last block and what comes.
    blank: bool,
    fences: u32,
    /// The next line is the rest of one that was cut.
    rest: bool,
}

/// A list that is open.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// Columns before the mark and before the text, in the source.
    mark: usize,
    content: usize,
    /// Columns before the text, on the screen.
    left: u16,
}

impl Level {
    /// Less indentation ends the item. Two columns are enough, whatever the mark's length: models write so.
    fn reach(self) -> usize {
        self.content.min(self.mark + 2)
    }
}

/// What the next line may continue.
#[derive(Debug, Clone, Default)]
enum Open {
    #[default]
    Nothing,
    Paragraph {
        last_line: usize,
        /// The lines of the head, where the paragraph is a table.
        table: Option<Range<usize>>,
    },
    Quote {
        /// The last line of it was text, which a line without a mark continues.
        text: bool,
    },
    Indented,
    Html(HtmlEnd),
    Fence {
        mark: FenceMark,
        indent: usize,
    },
}

impl Segmenter {
    /// Reads one line, without its newline. Blocks are appended, and the last one is extended.
    pub(super) fn read_line(&mut self, source: &str, at: Range<usize>, ending: Ending, blocks: &mut Vec<Block>) {
        let was_rest = std::mem::replace(&mut self.rest, ending == Ending::Cut);
        if let Open::Fence { mark, indent } = self.open {
            self.fence_line(source, at, ending, (mark, indent, was_rest), blocks);
            return;
        }
        if was_rest {
            if !at.is_empty() {
                self.push(blocks, at, Kind::Plain, 0);
            }
            self.open = Open::Nothing;
            return;
        }
        let line = Line::new(&source[at.clone()]);
        if line.is_blank() {
            self.blank_line();
        } else if !self.continues(source, &line, &at, ending, blocks) {
            self.begin(source, &line, at, ending, blocks);
        }
    }

    fn blank_line(&mut self) {
        self.blank = true;
        match self.open {
            Open::Indented | Open::Html(HtmlEnd::Mark(_)) | Open::Fence { .. } => {}
            _ => self.open = Open::Nothing,
        }
    }

    /// Columns of indentation that belong to the lists that are open.
    fn content(&self) -> usize {
        self.levels.last().map_or(0, |level| level.content)
    }

    fn push(&mut self, blocks: &mut Vec<Block>, at: Range<usize>, kind: Kind, strip: usize) {
        let gap = self.blank && !blocks.is_empty();
        self.blank = false;
        let left = self.levels.last().map_or(0, |level| level.left);
        blocks.push(Block { start: at.start, end: at.end, kind, left, strip: strip as u16, gap });
    }

    /// The last block takes the line; where it is long already, a new one of its kind does.
    fn extend(&mut self, blocks: &mut Vec<Block>, start: usize, at: &Range<usize>, kind: Kind) {
        let Some(last) = blocks.last_mut() else { return };
        if start - last.start < LONGEST_BLOCK {
            last.end = at.end;
            self.blank = false;
        } else {
            let strip = usize::from(last.strip);
            self.push(blocks, start..at.end, kind, strip);
        }
    }

    /// Whether the line belongs to what is open, and then takes it in.
    fn continues(
        &mut self,
        source: &str,
        line: &Line<'_>,
        at: &Range<usize>,
        ending: Ending,
        blocks: &mut Vec<Block>,
    ) -> bool {
        let body = at.start + line.lead;
        match self.open.clone() {
            Open::Nothing | Open::Fence { .. } => false,
            Open::Paragraph { last_line, table } => {
                if line.indent >= self.levels.last().map_or(0, |level| level.reach())
                    && line.indent < self.content() + CODE_INDENT
                    && is_setext_underline(line.body)
                    && !is_lone_dash(line.body)
                {
                    self.extend(blocks, body, at, Kind::Prose);
                    self.open = Open::Nothing;
                    return true;
                }
                if self.interrupts(line, ending) {
                    return false;
                }
                self.paragraph_line(source, line, at, (last_line, table), blocks);
                true
            }
            Open::Quote { text } => {
                let marked = line.body.starts_with('>');
                if !marked && (!text || self.interrupts(line, ending)) {
                    return false;
                }
                self.extend(blocks, body, at, Kind::Quote);
                self.open = Open::Quote { text: !marked || quote_text(line.body) };
                true
            }
            Open::Indented => {
                if line.indent < self.content() + CODE_INDENT {
                    return false;
                }
                self.extend(blocks, at.start, at, Kind::Indented);
                true
            }
            Open::Html(end) => {
                self.extend(blocks, at.start, at, Kind::Html);
                self.end_html(line.body, end, ending);
                true
            }
        }
    }

    fn paragraph_line(
        &mut self,
        source: &str,
        line: &Line<'_>,
        at: &Range<usize>,
        (last_line, table): (usize, Option<Range<usize>>),
        blocks: &mut Vec<Block>,
    ) {
        let body = at.start + line.lead;
        let mut head = table;
        if head.is_none() && is_table_delimiter(line.body) && source[last_line..at.start].contains('|') {
            // The table begins with the line before; what stands before that is a paragraph of its own.
            if let Some(last) = blocks.last_mut()
                && last.start < last_line
            {
                last.end = last.start + source[last.start..last_line].trim_end().len();
                self.push(blocks, last_line..at.end, Kind::Prose, self.content());
            }
            head = Some(last_line..at.end);
        }
        let kind = head.clone().map_or(Kind::Prose, |head| Kind::TableRows { head });
        self.extend(blocks, body, at, kind);
        self.open = Open::Paragraph { last_line: body, table: head };
    }

    fn end_html(&mut self, body: &str, end: HtmlEnd, ending: Ending) {
        if let HtmlEnd::Mark(mark) = end
            && ending != Ending::Open
            && body.to_ascii_lowercase().contains(mark)
        {
            self.open = Open::Nothing;
        }
    }

    /// Whether a line ends the paragraph before it, although no blank line does.
    fn interrupts(&self, line: &Line<'_>, ending: Ending) -> bool {
        if let Some(mark) = item_mark(line.body) {
            return is_rule(line.body) || self.mark_interrupts(line, mark, ending);
        }
        if line.indent.saturating_sub(self.content()) >= CODE_INDENT {
            return false;
        }
        line.body.starts_with('>')
            || is_heading(line.body)
            || is_rule(line.body)
            || fence_opening(line.body).is_some()
            || html_opening(line.body, false).is_some()
    }

    fn mark_interrupts(&self, line: &Line<'_>, mark: ItemMark, ending: Ending) -> bool {
        // A mark that is only just arriving will have its text in a moment: it shall not flicker as something else.
        let begins = !mark.empty || ending == Ending::Open || line.body == "-";
        match self.levels.first() {
            // In the list, next to an item, or nested with a bullet or a first number.
            Some(_) if self.levels.last().is_none_or(|level| line.indent < level.reach()) => true,
            Some(_) => begins && mark.number.is_none_or(|number| number == 1),
            None => line.indent < CODE_INDENT && begins && mark.number.is_none_or(|number| number == 1),
        }
    }

    /// The line begins a new block.
    fn begin(&mut self, source: &str, line: &Line<'_>, at: Range<usize>, ending: Ending, blocks: &mut Vec<Block>) {
        let over = line.indent.saturating_sub(self.content());
        if !is_rule(line.body)
            && (over < CODE_INDENT || matches!(self.open, Open::Paragraph { .. }))
            && let Some(mark) = item_mark(line.body)
        {
            self.begin_item(source, (line.indent, at.start + line.lead, mark), &at, ending, blocks);
            return;
        }
        while self.levels.last().is_some_and(|level| line.indent < level.reach()) {
            self.levels.pop();
        }
        let content = self.content();
        if line.indent.saturating_sub(content) >= CODE_INDENT {
            self.push(blocks, at, Kind::Indented, content + CODE_INDENT);
            self.open = Open::Indented;
            return;
        }
        self.begin_leaf(source, line.body, (at.start + line.lead, line.indent), at, ending, blocks);
    }

    fn begin_leaf(
        &mut self,
        source: &str,
        body: &str,
        (start, indent): (usize, usize),
        at: Range<usize>,
        ending: Ending,
        blocks: &mut Vec<Block>,
    ) {
        let content = self.content();
        if let Some(mark) = fence_opening(body) {
            self.begin_fence(source, start..at.end, mark, indent, blocks);
        } else if body.starts_with('>') {
            self.push(blocks, start..at.end, Kind::Quote, content);
            self.open = Open::Quote { text: quote_text(body) };
        } else if let Some(end) = html_opening(body, true) {
            self.push(blocks, start..at.end, Kind::Html, content);
            self.open = Open::Html(end);
            self.end_html(body, end, ending);
        } else {
            let heading = is_heading(body);
            self.blank |= heading;
            self.push(blocks, start..at.end, Kind::Prose, content);
            let closed = heading || is_rule(body);
            self.open = if closed { Open::Nothing } else { Open::Paragraph { last_line: start, table: None } };
        }
    }

    /// An item, and what begins on the same line: `- - 1. text` is three of them.
    fn begin_item(
        &mut self,
        source: &str,
        (mut indent, mut start, mut mark): (usize, usize, ItemMark),
        at: &Range<usize>,
        ending: Ending,
        blocks: &mut Vec<Block>,
    ) {
        while self.levels.last().is_some_and(|level| indent < level.reach()) {
            self.levels.pop();
        }
        loop {
            self.levels.truncate(DEEPEST_LIST - 1);
            let behind = Line::new(&source[start + mark.length..at.end]);
            let spaces = if mark.empty || behind.indent > CODE_INDENT { 1 } else { behind.indent };
            let shown = if mark.number.is_some() { mark.length + 1 } else { 2 };
            let left = self.levels.last().map_or(0, |level| level.left);
            let item = Item { mark: mark.length as u8, ordered: mark.number.is_some(), depth: self.levels.len() as u8 };
            let content = indent + mark.length + spaces;
            self.push(blocks, start..at.end, Kind::Item(item), content);
            self.levels.push(Level { mark: indent, content, left: left + shown as u16 });
            let text = start + mark.length + behind.lead;
            let inner = item_mark(behind.body).filter(|_| !is_rule(behind.body) && self.levels.len() < DEEPEST_LIST);
            let apart = inner.is_some() || fence_opening(behind.body).is_some() || behind.body.starts_with('>');
            if !apart || behind.indent > CODE_INDENT {
                let leaf = Open::Paragraph { last_line: text, table: None };
                let closed = mark.empty || is_heading(behind.body) || is_rule(behind.body);
                self.open = if closed { Open::Nothing } else { leaf };
                return;
            }
            if let Some(last) = blocks.last_mut() {
                last.end = start + mark.length;
            }
            let Some(inner) = inner else {
                self.begin_leaf(source, behind.body, (text, content), at.clone(), ending, blocks);
                return;
            };
            (indent, start, mark) = (content, text, inner);
        }
    }

    fn begin_fence(&mut self, source: &str, at: Range<usize>, mark: FenceMark, indent: usize, blocks: &mut Vec<Block>) {
        let language = fence_language(&source[at.start + mark.length..at.end]).to_owned();
        let part = FencePart::opening(self.fences, language);
        self.fences += 1;
        self.push(blocks, at, Kind::Fence(Box::new(part)), indent);
        self.open = Open::Fence { mark, indent };
    }

    fn fence_line(
        &mut self,
        source: &str,
        at: Range<usize>,
        ending: Ending,
        (mark, indent, was_rest): (FenceMark, usize, bool),
        blocks: &mut Vec<Block>,
    ) {
        let Some(Block { start, end, kind: Kind::Fence(part), .. }) = blocks.last_mut() else { return };
        let line = Line::new(&source[at.clone()]);
        if !was_rest && line.indent < indent + CODE_INDENT && closes_fence(line.body, mark) {
            part.closes = true;
            *end = at.end;
            self.open = Open::Nothing;
            return;
        }
        let text = if was_rest { at.start } else { at.start + dedent(&source[at.clone()], indent) };
        let settled = usize::from(ending != Ending::Open);
        if part.lines.len() < FENCE_PART_LINES && at.start - *start < LONGEST_BLOCK {
            part.lines.push(text..at.end);
            part.complete_lines += settled;
            *end = at.end;
            return;
        }
        let mut next = part.following();
        next.complete_lines = settled;
        next.lines.push(text..at.end);
        self.blank = false;
        self.push(blocks, at, Kind::Fence(Box::new(next)), indent);
    }
}

fn is_lone_dash(body: &str) -> bool {
    body.trim_end() == "-"
}

/// Whether a quote's line ends in text that a line without a mark may continue.
fn quote_text(body: &str) -> bool {
    let inner = body.trim_start_matches(['>', ' ', '\t']);
    !inner.is_empty() && !is_heading(inner) && fence_opening(inner).is_none() && !is_rule(inner)
}
