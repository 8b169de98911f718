//! A paragraph, a heading, a table or a rule as rows. Reads inline markdown with `pulldown-cmark`, at layout time
//! only; where its reading and ours of what a block is differ, every word is still shown.

use super::flow::{Flow, Style};
use super::layout::Excerpt;
use super::table::Table;
use super::wrap::{Mode, span, wrap};
use super::{Emphasis, Ink, Row, Sanitised};
use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};
use std::ops::Range;

/// The rows of a leaf. A table's rows are shown from the byte `shown_from` of the excerpt on: its head, read again, is not.
pub(super) fn rows(excerpt: &Excerpt<'_>, width: usize, shown_from: usize) -> Vec<Row> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let parser = Parser::new_ext(&excerpt.text, options);
    let definitions = definitions(&parser);
    let mut prose = Prose::new(excerpt, width, shown_from);
    let mut definitions = definitions.into_iter().peekable();
    for (event, at) in parser.into_offset_iter() {
        if prose.at_block_start() {
            while let Some(definition) = definitions.next_if(|definition| definition.start <= at.start) {
                prose.definition(definition);
            }
        }
        prose.event(event, at);
    }
    prose.end_block();
    definitions.for_each(|definition| prose.definition(definition));
    prose.rows
}

/// Link reference definitions: no event tells of them, and their text must not be lost.
fn definitions(parser: &Parser<'_>) -> Vec<Range<usize>> {
    let mut spans: Vec<_> =
        parser.reference_definitions().iter().map(|(_, definition)| definition.span.clone()).collect();
    spans.sort_by_key(|span| span.start);
    spans
}

/// A link or an image that is open.
#[derive(Debug)]
struct Target {
    address: String,
    /// Where its text begins in the flow.
    from: usize,
    image: bool,
}

#[derive(Debug)]
struct Prose<'a> {
    excerpt: &'a Excerpt<'a>,
    width: usize,
    shown_from: usize,
    rows: Vec<Row>,
    flow: Flow,
    styles: Vec<Style>,
    targets: Vec<Target>,
    table: Option<Table>,
    /// Marks of lists and quotes that only the parser sees.
    fallback: Vec<String>,
    depth: usize,
}

impl<'a> Prose<'a> {
    fn new(excerpt: &'a Excerpt<'a>, width: usize, shown_from: usize) -> Self {
        Self {
            excerpt,
            width,
            shown_from,
            rows: Vec::new(),
            flow: Flow::default(),
            styles: vec![Style::default()],
            targets: Vec::new(),
            table: None,
            fallback: Vec::new(),
            depth: 0,
        }
    }

    fn at_block_start(&self) -> bool {
        self.depth == 0
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn event(&mut self, event: Event<'_>, at: Range<usize>) {
        let source = self.excerpt.source_at(at.start);
        match event {
            Event::Start(tag) => {
                self.depth += 1;
                self.start(tag, source, at.start);
            }
            Event::End(tag) => {
                self.depth -= 1;
                self.end(tag, source);
            }
            Event::Code(text) => {
                let style = Style { ink: Ink::InlineCode, ..self.style() };
                let ticks = self.excerpt.text[at.start..].bytes().take_while(|byte| *byte == b'`').count();
                self.flow.push_for(&text, style, source + ticks);
            }
            Event::SoftBreak => self.flow.push_for(" ", self.style(), source),
            Event::HardBreak => self.flow.push_for("\n", self.style(), source),
            Event::InlineHtml(text) if is_line_break(&text) => self.flow.push_for("\n", self.style(), source),
            Event::Text(text)
            | Event::InlineHtml(text)
            | Event::Html(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => self.text(&text, &at, self.style()),
            Event::Rule => {
                self.end_block();
                let line = Sanitised::repeated('─', self.width);
                self.rows.push(Row { spans: vec![span(line, Ink::Rule.into())], source });
            }
            Event::FootnoteReference(label) => {
                let style = Style { ink: Ink::Link, ..self.style() };
                self.flow.push_for(&format!("[^{label}]"), style, source);
            }
            Event::TaskListMarker(done) => {
                self.flow.push_for(if done { "☑ " } else { "☐ " }, Ink::Marker.into(), source);
            }
        }
    }

    fn text(&mut self, text: &CowStr<'_>, at: &Range<usize>, style: Style) {
        let source = self.excerpt.source_at(at.start);
        if self.excerpt.text.get(at.clone()) == Some(text) {
            self.flow.push(text, style, source);
        } else {
            self.flow.push_for(text, style, source);
        }
    }

    fn start(&mut self, tag: Tag<'_>, source: usize, at: usize) {
        let style = self.style();
        match tag {
            Tag::Heading { level, .. } => {
                self.end_block();
                self.styles.push(heading_style(level));
            }
            Tag::Emphasis => self.styles.push(emphasised(style, |emphasis| emphasis.italic = true)),
            Tag::Strong => self.styles.push(emphasised(style, |emphasis| emphasis.bold = true)),
            Tag::Strikethrough => self.styles.push(emphasised(style, |emphasis| emphasis.strike = true)),
            Tag::Link { dest_url, link_type, .. } => {
                let mut style = emphasised(style, |emphasis| emphasis.underline = true);
                style.ink = Ink::Link;
                self.styles.push(style);
                let address =
                    if link_type == LinkType::Email { format!("mailto:{dest_url}") } else { dest_url.into_string() };
                self.targets.push(Target { address, from: self.flow.text().len(), image: false });
            }
            Tag::Image { dest_url, .. } => {
                self.styles.push(Style { ink: Ink::Link, ..style });
                self.flow.push_for("[image: ", self.style(), source);
                let from = self.flow.text().len();
                self.targets.push(Target { address: dest_url.into_string(), from, image: true });
            }
            Tag::Table(alignments) => {
                self.end_block();
                self.table = Some(Table::new(alignments));
            }
            Tag::TableRow | Tag::TableHead => {
                if let Some(table) = self.table.as_mut() {
                    table.begin_row(source);
                }
            }
            Tag::TableCell => self.flow = Flow::default(),
            Tag::BlockQuote(_) | Tag::Item => self.begin_fallback(at),
            Tag::FootnoteDefinition(label) => {
                self.end_block();
                self.flow.push_for(&format!("[^{label}]: "), Ink::Marker.into(), source);
            }
            Tag::CodeBlock(_) => {
                self.end_block();
                self.styles.push(Ink::Code.into());
            }
            Tag::Paragraph if !self.flow.is_empty() => {}
            _ => self.end_block(),
        }
    }

    fn end(&mut self, tag: TagEnd, source: usize) {
        match tag {
            TagEnd::Heading(_) | TagEnd::CodeBlock => {
                self.end_block();
                self.styles.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.styles.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_target(source),
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.flow);
                if let Some(table) = self.table.as_mut() {
                    table.cell(cell);
                }
            }
            TagEnd::Table => {
                let from = if self.shown_from == 0 { 0 } else { self.excerpt.source_at(self.shown_from) };
                if let Some(table) = self.table.take() {
                    self.rows.extend(table.rows(self.width, from));
                }
            }
            TagEnd::TableRow | TagEnd::TableHead => {}
            TagEnd::BlockQuote(_) | TagEnd::Item => {
                self.end_block();
                let mark = self.fallback.drain(..).collect::<Vec<_>>().join(" ");
                if !mark.is_empty() {
                    self.rows.extend(wrap(Flow::of(&mark, Ink::Marker.into(), source), self.width, Mode::Words));
                }
            }
            _ => self.end_block(),
        }
    }

    fn end_target(&mut self, source: usize) {
        self.styles.pop();
        let Some(target) = self.targets.pop() else { return };
        let text = self.flow.text()[target.from..].to_owned();
        if target.image {
            self.flow.push_for("]", Style { ink: Ink::Link, ..self.style() }, source);
        }
        let said = text == target.address || target.address.strip_prefix("mailto:") == Some(&text);
        if target.address.is_empty() || (said && !target.image) {
            return;
        }
        let before = if text.is_empty() && !target.image { "(" } else { " (" };
        self.flow.push_for(before, Ink::Muted.into(), source);
        self.flow.push_for(&target.address, Ink::Address.into(), source);
        self.flow.push_for(")", Ink::Muted.into(), source);
    }

    /// What our own reading takes for text and the parser for a list or a quote: its mark is shown as written.
    fn begin_fallback(&mut self, at: usize) {
        self.end_block();
        let mark = self.excerpt.text[at..].split_ascii_whitespace().next().unwrap_or("");
        let mark = if mark.starts_with('>') { ">" } else { mark };
        self.fallback.push(mark.to_owned());
    }

    /// Wraps what was gathered.
    fn end_block(&mut self) {
        if self.flow.is_empty() {
            return;
        }
        let mut flow = std::mem::take(&mut self.flow);
        flow.trim_end();
        for mark in self.fallback.drain(..).rev() {
            let mut marked = Flow::default();
            marked.push_for(&(mark + " "), Ink::Marker.into(), flow.source_at(0));
            marked.push_flow(&flow);
            flow = marked;
        }
        self.rows.extend(wrap(flow, self.width, Mode::Words));
    }

    fn definition(&mut self, at: Range<usize>) {
        self.end_block();
        let text = self.excerpt.text[at.clone()].trim_end().to_owned();
        self.rows.extend(wrap(
            Flow::of(&text, Ink::Address.into(), self.excerpt.source_at(at.start)),
            self.width,
            Mode::Words,
        ));
    }
}

fn is_line_break(html: &str) -> bool {
    matches!(html.to_ascii_lowercase().as_str(), "<br>" | "<br/>" | "<br />")
}

fn emphasised(mut style: Style, set: impl FnOnce(&mut Emphasis)) -> Style {
    set(&mut style.emphasis);
    style
}

/// Told apart without colour: the first level is underlined, the third set in italics, the deeper ones not bold.
fn heading_style(level: HeadingLevel) -> Style {
    let level = level as u8;
    let emphasis = Emphasis { bold: level <= 3, italic: level >= 3, underline: level == 1, ..Emphasis::default() };
    Style { ink: Ink::Heading(level), emphasis }
}
