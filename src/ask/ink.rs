//! Inks as the escape sequences of the terminal's own 16 colours. Owns the few codes that munshi means; refuses text
//! that is not sanitised.

use std::fmt::Write as _;

use crate::text::{Emphasis, Ink, Row, SyntaxRole};

/// How much a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Text alone: `TERM=dumb`.
    Plain,
    /// Bold, italics and the like, without colours: `NO_COLOR`.
    Attributes,
    Colours,
}

impl Paint {
    /// What the environment says: `NO_COLOR` and `TERM`, where they are set.
    #[must_use]
    pub fn detect(no_color: Option<&str>, term: Option<&str>) -> Self {
        match (term, no_color) {
            (Some("dumb"), _) => Self::Plain,
            (_, Some(value)) if !value.is_empty() => Self::Attributes,
            _ => Self::Colours,
        }
    }
}

const MAGENTA: &str = "35";
const CYAN: &str = "36";
const BLUE: &str = "34";
const GREEN: &str = "32";
const RED: &str = "31";
const BOLD: &str = "1";
const DIM: &str = "2";
const ITALIC: &str = "3";
const UNDERLINE: &str = "4";
const REVERSE: &str = "7";

/// An ink's codes, as in the theme `terminal` of the chat: bright ones, black, white and yellow are left out, since each
/// vanishes on a light or a dark ground.
const fn codes(ink: Ink) -> &'static [&'static str] {
    match ink {
        Ink::Plain | Ink::Code => &[],
        Ink::Muted | Ink::CodeFrame | Ink::Address | Ink::Rule => &[DIM],
        Ink::Heading(1) => &[MAGENTA, BOLD, UNDERLINE],
        Ink::Heading(2) => &[MAGENTA, BOLD],
        Ink::Heading(_) => &[BOLD],
        Ink::Quote => &[ITALIC, DIM],
        Ink::InlineCode => &[CYAN],
        Ink::Link => &[BLUE, UNDERLINE],
        Ink::Marker => &[BLUE],
        Ink::Escape => &[RED, REVERSE],
        Ink::Warning => &[RED],
        Ink::Error => &[RED, BOLD],
        Ink::Syntax(role) => match role {
            SyntaxRole::Comment => &[DIM, ITALIC],
            SyntaxRole::Keyword => &[MAGENTA],
            SyntaxRole::String | SyntaxRole::Inserted => &[GREEN],
            SyntaxRole::Number | SyntaxRole::Type => &[CYAN],
            SyntaxRole::Function => &[BLUE],
            SyntaxRole::Attribute => &[MAGENTA, DIM],
            SyntaxRole::Deleted => &[RED],
            SyntaxRole::Variable | SyntaxRole::Operator => &[],
        },
    }
}

/// The parameters of the sequence that begins a span; empty where it is set like all else.
fn sgr(ink: Ink, emphasis: Emphasis, paint: Paint) -> String {
    if paint == Paint::Plain {
        return String::new();
    }
    let is_colour = |code: &&&str| code.len() == 2;
    let mut all: Vec<&str> =
        codes(ink).iter().filter(|code| paint == Paint::Colours || !is_colour(code)).copied().collect();
    let set =
        [(emphasis.bold, BOLD), (emphasis.italic, ITALIC), (emphasis.underline, UNDERLINE), (emphasis.strike, "9")];
    for (is_set, code) in set {
        if is_set && !all.contains(&code) {
            all.push(code);
        }
    }
    all.join(";")
}

/// Appends a row, without a newline.
pub fn write_row(out: &mut String, row: &Row, paint: Paint) {
    let mut set = String::new();
    for span in &row.spans {
        let wanted = sgr(span.ink, span.emphasis, paint);
        if wanted != set {
            if !set.is_empty() {
                out.push_str("\x1b[0m");
            }
            if !wanted.is_empty() {
                // Writing to a string never fails.
                let _ = write!(out, "\x1b[{wanted}m");
            }
            set = wanted;
        }
        out.push_str(span.text.as_str());
    }
    if !set.is_empty() {
        out.push_str("\x1b[0m");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Sanitised, Span};

    fn painted(paint: Paint) -> String {
        let span = |text: &str, ink, emphasis| Span { text: Sanitised::new(text), ink, emphasis };
        let bold = Emphasis { bold: true, ..Emphasis::default() };
        let spans = vec![
            span("Title", Ink::Heading(1), Emphasis::default()),
            span(" is ", Ink::Plain, Emphasis::default()),
            span("bold", Ink::Plain, bold),
            span("\u{1b}[2J", Ink::Escape, Emphasis::default()),
        ];
        let mut out = String::new();
        write_row(&mut out, &Row { spans, source: 0 }, paint);
        out
    }

    #[test]
    fn each_span_is_set_in_its_ink_and_the_row_ends_as_it_began() {
        assert_eq!(painted(Paint::Colours), "\x1b[35;1;4mTitle\x1b[0m is \x1b[1mbold\x1b[0m\x1b[31;7m␛[2J\x1b[0m");
    }

    #[test]
    fn without_colours_the_attributes_stay_and_a_dumb_terminal_gets_none() {
        assert_eq!(painted(Paint::Attributes), "\x1b[1;4mTitle\x1b[0m is \x1b[1mbold\x1b[0m\x1b[7m␛[2J\x1b[0m");
        assert_eq!(painted(Paint::Plain), "Title is bold␛[2J");
    }

    #[test]
    fn the_environment_decides_what_is_shown() {
        assert_eq!(Paint::detect(None, Some("xterm")), Paint::Colours);
        assert_eq!(Paint::detect(Some(""), None), Paint::Colours);
        assert_eq!(Paint::detect(Some("1"), Some("xterm")), Paint::Attributes);
        assert_eq!(Paint::detect(None, Some("dumb")), Paint::Plain);
    }
}
