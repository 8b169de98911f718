//! What an approval shows below its head: the command and every argument, in full. Owns how it is cut and scrolled;
//! lays out no more of it than is seen.

use serde_json::Value;

use crate::chat::tool::{Prepared, ToolSpec};
use crate::text::{Emphasis, Ink, Row, Sanitised, Span, exact_rows, json, plain_rows};

use super::super::pieces::Pieces;
use super::visible::Visible;

/// What stands before every row of a value, so that none can pass for munshi's own words.
const BAR: &str = "▎ ";
/// The columns of the bar.
const BAR_COLUMNS: u16 = 2;

enum Piece {
    /// munshi's own words.
    Own(String),
    /// A part of what would be run.
    Value(String),
}

/// The command and the arguments.
pub struct Body {
    pieces: Vec<Piece>,
    arguments: usize,
    /// Lines of all values, and their bytes as they were written.
    lines: usize,
    bytes: usize,
    pub has_lookalikes: bool,
}

impl Body {
    /// All that a call would do.
    #[must_use]
    pub fn new(call: &Prepared) -> Self {
        let mut body = Self { pieces: Vec::new(), arguments: 0, lines: 0, bytes: 0, has_lookalikes: false };
        // A name that a provider takes cannot deceive, and stands in the head.
        if !ToolSpec::is_name(&call.tool) {
            body.own("The tool's name");
            body.value(&call.tool, "");
        }
        if let Some(command) = &call.command {
            body.own("The command, an argument a line");
            for argument in command {
                body.value(argument, "\"");
            }
        }
        match call.arguments.as_object() {
            Some(arguments) if !arguments.is_empty() => {
                for (name, value) in arguments {
                    body.argument(name, value);
                }
            }
            Some(_) => body.own("It takes no arguments here."),
            None => body.value(&call.arguments.to_string(), ""),
        }
        body
    }

    /// `2 arguments · 14 lines, 320 bytes`.
    #[must_use]
    pub fn size(&self) -> String {
        let arguments = counted(self.arguments, "argument");
        format!("{arguments} · {}, {}", counted(self.lines, "line"), counted(self.bytes, "byte"))
    }

    fn argument(&mut self, name: &str, value: &Value) {
        self.arguments += 1;
        if ToolSpec::is_name(name) {
            self.own(&format!("{name}, {}", kind(value)));
        } else {
            self.own("An argument of this name");
            self.value(name, "\"");
            self.own(&format!("is {}", kind(value)));
        }
        match value {
            Value::String(text) => self.value(text, "\""),
            value => {
                let written = value.to_string();
                self.value(&json::pretty(&written).unwrap_or(written), "");
            }
        }
    }

    fn own(&mut self, text: &str) {
        self.pieces.push(Piece::Own(text.to_owned()));
    }

    /// A value between `quotes`, which show where it begins and ends.
    fn value(&mut self, text: &str, quotes: &str) {
        let visible = Visible::new(text);
        self.lines += visible.lines;
        self.bytes += text.len();
        self.has_lookalikes |= visible.has_lookalikes;
        let last = visible.pieces.len().saturating_sub(1);
        for (at, piece) in visible.pieces.into_iter().enumerate() {
            let (before, behind) = (if at == 0 { quotes } else { "" }, if at == last { quotes } else { "" });
            self.pieces.push(Piece::Value(format!("{before}{piece}{behind}")));
        }
    }
}

impl Pieces for Body {
    fn count(&self) -> usize {
        self.pieces.len()
    }

    fn rows(&self, piece: usize, width: u16) -> Vec<Row> {
        match self.pieces.get(piece) {
            None => Vec::new(),
            Some(Piece::Own(text)) => {
                let mut rows = plain_rows(text, width, Ink::Heading(3));
                if piece > 0 {
                    rows.insert(0, Row::default());
                }
                rows
            }
            Some(Piece::Value(text)) => {
                let text = text.strip_suffix('\n').unwrap_or(text);
                let mut rows = exact_rows(text, width.saturating_sub(BAR_COLUMNS).max(1), Ink::Plain);
                let bar = Span { text: Sanitised::trusted(BAR), ink: Ink::Muted, emphasis: Emphasis::default() };
                for row in &mut rows {
                    row.spans.insert(0, bar.clone());
                }
                rows
            }
        }
    }
}

/// `1 line`, `12,003 lines`.
fn counted(count: usize, noun: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let plural = if count == 1 { "" } else { "s" };
    format!("{grouped} {noun}{plural}")
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "yes or no",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
