//! Wrapping by grapheme cluster: rows that are never wider than they may be and never split a cluster. Works on
//! cleaned flows in time linear in their length; knows no markdown.

use super::flow::{Flow, Style};
use super::unicode::{cluster_width, plain_width};
use super::{Ink, Row, Sanitised, Span};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Stands for a cluster that is wider than the whole row.
const TOO_WIDE: &str = "\u{FFFD}";

/// Where a row may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// At spaces, after hyphens, between ideographs; inside a word only where it is longer than the row.
    Words,
    /// After any cluster; every space counts, as in code.
    Clusters,
}

/// Plain text, sanitised and wrapped: a user's message, a note. Each row's source is its byte in `text`.
pub fn plain_rows(text: &str, width: u16, ink: Ink) -> Vec<Row> {
    let text = text.trim_end_matches(['\n', '\r']);
    wrap(plain_flow(text, ink, 0), usize::from(width), Mode::Words)
}

/// As [`plain_rows`], but with every space where it stands, and broken after any cluster: nothing is left out, also at
/// the ends of rows.
pub fn exact_rows(text: &str, width: u16, ink: Ink) -> Vec<Row> {
    wrap(plain_flow(text, ink, 0), usize::from(width), Mode::Clusters)
}

/// Lines of text as they are, less the carriage returns at their ends.
pub(super) fn plain_flow(text: &str, ink: Ink, source: usize) -> Flow {
    let mut flow = Flow::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = line.strip_suffix("\r\n").map_or(line.len(), str::len);
        flow.push(&line[..end], ink.into(), source + at);
        if end < line.len() {
            flow.push("\n", ink.into(), source + at + line.len() - 1);
        }
        at += line.len();
    }
    flow
}

/// Rows at most `width` columns wide (at least one). An empty flow is one empty row.
pub(super) fn wrap(flow: Flow, width: usize, mode: Mode) -> Vec<Row> {
    let width = width.max(1);
    let mut flow = flow.cleaned();
    let mut ranges = Vec::new();
    if !break_lines(flow.text(), width, mode, &mut ranges) {
        flow = narrowed(&flow, width);
        ranges.clear();
        break_lines(flow.text(), width, mode, &mut ranges);
    }
    let mut run = 0;
    ranges.into_iter().map(|range| to_row(&flow, range, &mut run)).collect()
}

/// The columns that the flow would take on one row, its widest line taken.
pub(super) fn natural_width(text: &str) -> usize {
    text.split('\n').map(super::width).max().unwrap_or(0)
}

/// The flow with clusters that no row can hold replaced.
fn narrowed(flow: &Flow, width: usize) -> Flow {
    let mut narrow = Flow::default();
    for_each_cluster(flow.text(), |at, cluster, columns| {
        if columns > width {
            narrow.push_replaced(flow, at, TOO_WIDE, None);
        } else {
            narrow.push_part(flow, at, at + cluster.len());
        }
    });
    narrow
}

fn to_row(flow: &Flow, range: Range<usize>, run: &mut usize) -> Row {
    let mut row = Row { spans: Vec::new(), source: flow.source_at(range.start) };
    let runs = flow.runs();
    let mut at = range.start;
    while at < range.end {
        while runs.get(*run).is_some_and(|(end, _)| *end <= at) {
            *run += 1;
        }
        let Some((end, style)) = runs.get(*run).copied() else { break };
        // A cluster is drawn in the style that it begins in: combining marks follow their base.
        let until = cluster_end(flow.text(), at, end, range.end);
        row.spans.push(span(Sanitised::part(&flow.text()[at..until]), style));
        at = until;
    }
    row
}

pub(super) fn span(text: Sanitised, style: Style) -> Span {
    Span { text, ink: style.ink, emphasis: style.emphasis }
}

/// The end of the run, moved on to the end of the cluster that it would split.
fn cluster_end(text: &str, from: usize, end: usize, limit: usize) -> usize {
    if end >= limit {
        return limit;
    }
    let bytes = text.as_bytes();
    if bytes[end].is_ascii() && bytes[end - 1].is_ascii() {
        return end;
    }
    let part = &text[from..limit];
    let boundary = part.grapheme_indices(true).map(|(at, _)| from + at).find(|at| *at >= end);
    boundary.unwrap_or(limit)
}

/// Calls with each cluster's start, text and columns. Between two plain characters there is always a boundary; what
/// is not plain is segmented, from a plain neighbour to a plain neighbour.
pub(super) fn for_each_cluster<'a>(text: &'a str, mut each: impl FnMut(usize, &'a str, usize)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii() && bytes.get(at + 1).is_none_or(u8::is_ascii) {
            each(at, &text[at..=at], usize::from(*byte != b'\n'));
            at += 1;
            continue;
        }
        let mut characters = text[at..].chars();
        let first = characters.next().unwrap_or(' ');
        let mut end = at + first.len_utf8();
        let mut next = characters.next();
        if let Some(columns) = plain_width(first)
            && next.is_none_or(|next| plain_width(next).is_some())
        {
            each(at, &text[at..end], columns);
            at = end;
            continue;
        }
        let mut before = false;
        while let Some(character) = next {
            let plain = plain_width(character).is_some();
            if plain && before {
                break;
            }
            before = plain;
            end += character.len_utf8();
            next = characters.next();
        }
        for (offset, cluster) in text[at..end].grapheme_indices(true) {
            each(at + offset, cluster, cluster_width(cluster));
        }
        at = end;
    }
}

/// A place where a row may end: before its spaces, and the next begin after them.
#[derive(Debug, Clone, Copy)]
struct Opportunity {
    row_end: usize,
    next_start: usize,
    /// From the row's start to `next_start`.
    columns: usize,
}

#[derive(Debug)]
struct Breaker<'a> {
    rows: &'a mut Vec<Range<usize>>,
    width: usize,
    row_start: usize,
    columns: usize,
    opportunity: Option<Opportunity>,
    /// The last two characters.
    before: (char, char),
    fits: bool,
}

/// The rows' ranges in the text. Says no where a cluster is wider than a row.
fn break_lines(text: &str, width: usize, mode: Mode, rows: &mut Vec<Range<usize>>) -> bool {
    let mut breaker =
        Breaker { rows, width, row_start: 0, columns: 0, opportunity: None, before: (' ', ' '), fits: true };
    for_each_cluster(text, |at, cluster, columns| match (cluster, mode) {
        ("\n", _) => breaker.end_line(text, at, mode),
        (" ", Mode::Words) => breaker.space(at),
        (_, Mode::Words) => breaker.word_part(at, cluster, columns),
        (_, Mode::Clusters) => breaker.place(at, columns),
    });
    breaker.end_line(text, text.len(), mode);
    breaker.fits
}

impl Breaker<'_> {
    fn end_line(&mut self, text: &str, at: usize, mode: Mode) {
        let mut end = at;
        if mode == Mode::Words {
            end = self.row_start + text[self.row_start..at].trim_end_matches(' ').len();
        }
        self.rows.push(self.row_start..end);
        self.row_start = (at + 1).min(text.len());
        self.columns = 0;
        self.opportunity = None;
        self.before = (' ', ' ');
    }

    /// A space never begins a row of its own; it hangs over the edge.
    fn space(&mut self, at: usize) {
        self.columns += 1;
        let row_end = match self.opportunity {
            Some(last) if last.next_start == at && self.before.1 == ' ' => last.row_end,
            _ => at,
        };
        self.opportunity = Some(Opportunity { row_end, next_start: at + 1, columns: self.columns });
        self.before = (self.before.1, ' ');
    }

    fn word_part(&mut self, at: usize, cluster: &str, columns: usize) {
        let first = cluster.chars().next().unwrap_or(' ');
        if at > self.row_start && may_break(self.before, first) {
            self.opportunity = Some(Opportunity { row_end: at, next_start: at, columns: self.columns });
        }
        while self.columns + columns > self.width {
            let Some(place) = self.opportunity.take() else { break };
            if place.row_end > self.row_start {
                self.rows.push(self.row_start..place.row_end);
            }
            self.row_start = place.next_start;
            self.columns -= place.columns;
        }
        self.place(at, columns);
        // A mark or a joiner says nothing about breaking: its base does.
        self.before = (self.before.1, first);
    }

    fn place(&mut self, at: usize, columns: usize) {
        self.fits &= columns <= self.width;
        if self.columns + columns > self.width && at > self.row_start {
            self.rows.push(self.row_start..at);
            self.row_start = at;
            self.columns = 0;
            self.opportunity = None;
        }
        self.columns += columns;
    }
}

/// Whether a row may end between what was last and `next`, where no space is.
fn may_break(before: (char, char), next: char) -> bool {
    let last = before.1;
    if last.is_ascii() && next.is_ascii() {
        return last == '-' && before.0.is_alphanumeric() && next.is_alphabetic();
    }
    if matches!(last, '-' | '\u{2010}' | '\u{2013}' | '\u{2014}') {
        return before.0.is_alphanumeric() && next.is_alphanumeric();
    }
    last != ' ' && (is_ideograph(last) || is_ideograph(next)) && !opens(last) && !closes(next)
}

/// Scripts that are set without spaces, and pictographs.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2E80}'..='\u{2FFF}' | '\u{3000}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FF60}' | '\u{1F000}'..='\u{1FAFF}' | '\u{20000}'..='\u{3FFFD}')
}

fn opens(character: char) -> bool {
    matches!(
        character,
        '(' | '[' | '{' | '"' | '\'' | '‘' | '“' | '「' | '『' | '（' | '【' | '〈' | '《' | '〔' | '［' | '｛'
    )
}

/// What does not begin a row: closing marks, small kana, the sign of a long vowel.
fn closes(character: char) -> bool {
    matches!(
        character,
        ')' | ']'
            | '}'
            | ','
            | '.'
            | '!'
            | '?'
            | ':'
            | ';'
            | '"'
            | '\''
            | '%'
            | '’'
            | '”'
            | '…'
            | '、'
            | '。'
            | '，'
            | '．'
            | '！'
            | '？'
            | '：'
            | '；'
            | '」'
            | '』'
            | '）'
            | '】'
            | '〉'
            | '》'
            | '〕'
            | '］'
            | '｝'
            | '・'
            | 'ー'
            | '々'
            | '〜'
            | 'ぁ'
            | 'ぃ'
            | 'ぅ'
            | 'ぇ'
            | 'ぉ'
            | 'っ'
            | 'ゃ'
            | 'ゅ'
            | 'ょ'
            | 'ァ'
            | 'ィ'
            | 'ゥ'
            | 'ェ'
            | 'ォ'
            | 'ッ'
            | 'ャ'
            | 'ュ'
            | 'ョ'
    )
}
