//! A block as rows: its margin, its mark, its bars, its frame; what stands inside a paragraph is `prose`'s. Owns the
//! look of lists, quotes and code at any width; is called for what is on the screen only.

use super::block::{Block, FencePart, Item, Kind};
use super::document::Document;
use super::flow::{Flow, Style};
use super::line::{Line, dedent};
use super::prose;
use super::wrap::{Mode, plain_flow, span, wrap};
use super::{Ink, LineInks, Row, Sanitised, Span};
use std::borrow::Cow;

/// Quotes within quotes are shown as such to this depth; deeper ones as written.
const DEEPEST_QUOTE: u8 = 6;
const BULLETS: [&str; 3] = ["•", "◦", "▪"];
const QUOTE_BAR: &str = "▎ ";
/// Columns before code.
const CODE_MARGIN: usize = 2;

/// A block's text with what each byte of it stands for in the source.
#[derive(Debug)]
pub(super) struct Excerpt<'a> {
    pub(super) text: Cow<'a, str>,
    /// Where a line begins in the text, and where that is in the source.
    lines: Vec<(usize, usize)>,
}

impl<'a> Excerpt<'a> {
    /// The source as it stands.
    fn verbatim(source: &'a str, start: usize, end: usize) -> Self {
        Self { text: Cow::Borrowed(&source[start..end]), lines: vec![(0, start)] }
    }

    /// The lines of the source, each without as many bytes at its start as `skip` says.
    fn stripped(source: &'a str, start: usize, end: usize, skip: impl Fn(usize, &str) -> usize) -> Self {
        let mut excerpt = Self { text: Cow::Owned(String::with_capacity(end - start)), lines: Vec::new() };
        excerpt.append(source, start, end, skip);
        excerpt
    }

    fn append(&mut self, source: &str, start: usize, end: usize, skip: impl Fn(usize, &str) -> usize) {
        let mut at = start;
        for (number, line) in source[start..end].split_inclusive('\n').enumerate() {
            let skipped = skip(number, line);
            self.lines.push((self.text.len(), at + skipped));
            self.text.to_mut().push_str(&line[skipped..]);
            at += line.len();
        }
    }

    /// The byte in the source that the text at `at` stands for.
    pub(super) fn source_at(&self, at: usize) -> usize {
        let line = self.lines.partition_point(|(start, _)| *start <= at).saturating_sub(1);
        self.lines.get(line).map_or(0, |(start, source)| source + (at - start))
    }
}

impl Block {
    /// Rows at most `width` columns wide (at least one). `source` is the text that the document was extended with;
    /// `code` holds the inks of this block's own lines of code, as far as they are known.
    pub fn layout(&self, source: &str, width: u16, code: &[LineInks]) -> Vec<Row> {
        let mut rows = self.layout_at(source, usize::from(width.max(1)), code, 0);
        let mut furthest = self.start;
        for row in &mut rows {
            furthest = row.source.clamp(furthest, self.end.max(furthest));
            row.source = furthest;
        }
        rows
    }

    fn layout_at(&self, source: &str, width: usize, code: &[LineInks], depth: u8) -> Vec<Row> {
        let left = usize::from(self.left).min(width / 2);
        let inner = width - left;
        let rows = match &self.kind {
            Kind::Prose => prose::rows(&self.excerpt(source, self.start), inner, 0),
            Kind::TableRows { head } => self.table_rows(source, inner, head.start, head.end),
            Kind::Plain | Kind::Html => {
                wrap(plain_flow(&source[self.start..self.end], Ink::Plain, self.start), inner, Mode::Words)
            }
            Kind::Indented => self.indented_rows(source, inner),
            Kind::Quote => self.quote_rows(source, inner, depth),
            Kind::Item(item) => self.item_rows(source, inner, *item),
            Kind::Fence(part) => self.fence_rows(source, inner, part, code),
        };
        let gap = self.gap.then(|| Row { spans: Vec::new(), source: self.start });
        let rows = if left == 0 { rows } else { with_margin(rows, &spaces(left), &spaces(left)) };
        gap.into_iter().chain(rows).collect()
    }

    /// The block's text from `from` on, without the indentation that its lines do not mean.
    fn excerpt<'a>(&self, source: &'a str, from: usize) -> Excerpt<'a> {
        let strip = usize::from(self.strip);
        if strip == 0 || !source[from..self.end].contains('\n') {
            return Excerpt::verbatim(source, from, self.end);
        }
        Excerpt::stripped(source, from, self.end, |number, line| if number == 0 { 0 } else { dedent(line, strip) })
    }

    /// The head is parsed again with the rows, and not shown.
    fn table_rows(&self, source: &str, width: usize, head_start: usize, head_end: usize) -> Vec<Row> {
        let strip = usize::from(self.strip);
        let mut excerpt = Excerpt::stripped(source, head_start, head_end, |_, line| dedent(line, strip));
        excerpt.text.to_mut().push('\n');
        let shown_from = excerpt.text.len();
        excerpt.append(source, self.start, self.end, |_, line| dedent(line, strip));
        prose::rows(&excerpt, width, shown_from)
    }

    fn indented_rows(&self, source: &str, width: usize) -> Vec<Row> {
        let strip = usize::from(self.strip);
        let excerpt = Excerpt::stripped(source, self.start, self.end, |_, line| dedent(line, strip));
        let mut flow = Flow::default();
        let mut at = 0;
        for line in excerpt.text.split_inclusive('\n') {
            let end = line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\n')).map_or(line.len(), str::len);
            flow.push(&line[..end], Ink::Code.into(), excerpt.source_at(at));
            if end < line.len() {
                flow.push("\n", Ink::Code.into(), excerpt.source_at(at) + end);
            }
            at += line.len();
        }
        code_rows(flow, width)
    }

    fn quote_rows(&self, source: &str, width: usize, depth: u8) -> Vec<Row> {
        let strip = usize::from(self.strip);
        let excerpt = Excerpt::stripped(source, self.start, self.end, |number, line| {
            let indent = if number == 0 { 0 } else { dedent(line, strip + 3) };
            match line[indent..].strip_prefix('>') {
                Some(rest) => indent + 1 + usize::from(rest.starts_with(' ')),
                None => indent,
            }
        });
        let bar = if width > 4 { QUOTE_BAR } else { "" };
        let inner = width - super::width(bar);
        let mut rows = Vec::new();
        if depth >= DEEPEST_QUOTE {
            rows = wrap(plain_flow(&excerpt.text, Ink::Quote, 0), inner, Mode::Words);
        } else {
            let mut document = Document::new();
            document.extend(&excerpt.text);
            for block in document.blocks() {
                rows.extend(block.layout_at(&excerpt.text, inner, &[], depth + 1));
            }
        }
        for row in &mut rows {
            row.source = excerpt.source_at(row.source);
            for span in row.spans.iter_mut().filter(|span| span.ink == Ink::Plain) {
                span.ink = Ink::Quote;
            }
        }
        if rows.is_empty() {
            rows.push(Row { spans: Vec::new(), source: self.start });
        }
        let bar = if bar.is_empty() { Vec::new() } else { vec![span(Sanitised::trusted(bar), Ink::Quote.into())] };
        with_margin(rows, &bar, &bar)
    }

    fn item_rows(&self, source: &str, width: usize, item: Item) -> Vec<Row> {
        let mark_end = self.start + usize::from(item.mark);
        let behind = Line::new(&source[mark_end..self.end]);
        let mut text = mark_end + if behind.indent > 4 { 1 } else { behind.lead };
        let mut mark = if item.ordered {
            source[self.start..mark_end].to_owned()
        } else {
            BULLETS[usize::from(item.depth) % BULLETS.len()].to_owned()
        };
        if let Some(done) = task_box(&source[text..self.end]) {
            let shown = if done { "☑" } else { "☐" };
            mark = if item.ordered { format!("{mark} {shown}") } else { shown.to_owned() };
            text += 3;
            text += Line::new(&source[text..self.end]).lead;
        }
        let first = super::width(&mark) + 1;
        let fits = first <= width / 2;
        let inner = if fits { width - first } else { width };
        let content = if source[text..self.end].trim().is_empty() {
            Vec::new()
        } else {
            prose::rows(&self.excerpt(source, text), inner, 0)
        };
        if !fits {
            let mark = Flow::of(&mark, Ink::Marker.into(), self.start);
            return wrap(mark, width, Mode::Clusters).into_iter().chain(content).collect();
        }
        let content = if content.is_empty() { vec![Row { spans: Vec::new(), source: self.start }] } else { content };
        let mark = vec![span(Sanitised::new(&mark), Ink::Marker.into()), plain_span(Sanitised::trusted(" "))];
        with_margin(content, &mark, &spaces(first))
    }

    fn fence_rows(&self, source: &str, width: usize, part: &FencePart, code: &[LineInks]) -> Vec<Row> {
        let mut rows = Vec::new();
        if part.opens {
            let line = &source[self.start..self.end];
            let line = line.split('\n').next().unwrap_or(line);
            let info = line.trim_start_matches(['`', '~']).trim();
            let mut frame = Flow::of("───", Ink::CodeFrame.into(), self.start);
            if !info.is_empty() {
                frame.push_for(" ", Ink::CodeFrame.into(), self.start);
                frame.push(info, Ink::CodeFrame.into(), self.start + line.find(info).unwrap_or(0));
            }
            rows = wrap(frame, width, Mode::Clusters);
        }
        if part.lines.is_empty() {
            return rows;
        }
        let mut flow = Flow::default();
        for (number, line) in part.lines.iter().enumerate() {
            if number > 0 {
                flow.push_for("\n", Ink::Code.into(), line.start.saturating_sub(1));
            }
            push_code(&mut flow, &source[line.clone()], line.start, code.get(number));
        }
        rows.extend(code_rows(flow, width));
        rows
    }
}

/// A line of code in its inks. What they do not cover, or cover wrongly, is plain code.
fn push_code(flow: &mut Flow, line: &str, source: usize, inks: Option<&LineInks>) {
    let mut at = 0;
    for (length, ink) in inks.map_or(&[][..], |inks| &inks.0) {
        let end = at + *length as usize;
        let Some(run) = line.get(at..end) else { break };
        flow.push(run, Style::from(*ink), source + at);
        at = end;
    }
    flow.push(&line[at..], Ink::Code.into(), source + at);
}

fn code_rows(flow: Flow, width: usize) -> Vec<Row> {
    let margin = if width > 2 * CODE_MARGIN { CODE_MARGIN } else { 0 };
    let rows = wrap(flow, width - margin, Mode::Clusters);
    if margin == 0 { rows } else { with_margin(rows, &spaces(margin), &spaces(margin)) }
}

/// `[ ]` or `[x]` before an item's text, and whether it is done.
fn task_box(text: &str) -> Option<bool> {
    let done = match text.get(..3)? {
        "[ ]" => false,
        "[x]" | "[X]" => true,
        _ => return None,
    };
    text[3..].chars().next().is_none_or(char::is_whitespace).then_some(done)
}

pub(super) fn plain_span(text: Sanitised) -> Span {
    span(text, Style::default())
}

pub(super) fn spaces(count: usize) -> Vec<Span> {
    vec![plain_span(Sanitised::repeated(' ', count))]
}

/// The rows behind a margin, of which the first row has one of its own. An empty row stays empty behind spaces.
fn with_margin(rows: Vec<Row>, first: &[Span], others: &[Span]) -> Vec<Row> {
    let blank = |spans: &[Span]| spans.iter().all(|span| span.text.as_str().bytes().all(|byte| byte == b' '));
    rows.into_iter()
        .enumerate()
        .map(|(number, mut row)| {
            let margin = if number == 0 { first } else { others };
            if !(row.spans.is_empty() && blank(margin)) {
                row.spans.splice(0..0, margin.iter().cloned());
            }
            row
        })
        .collect()
}
