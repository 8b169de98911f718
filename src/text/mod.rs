//! Text on its way to a screen. Owns sanitising, markdown, highlighting and wrapping by grapheme cluster;
//! knows no screen: what it gives are rows of spans with the *role* of their ink, never a colour.

mod block;
pub mod document;
mod flow;
pub mod highlight;
pub mod json;
mod layout;
mod line;
mod prose;
pub mod sanitised;
mod segment;
mod table;
#[cfg(test)]
mod tests;
mod unicode;
pub mod wrap;

pub use block::{Block, FencePart};
pub use document::{Document, render_all};
pub use highlight::{FenceHighlighter, LineInks, supports};
pub use sanitised::{Sanitised, width};
pub use wrap::{exact_rows, plain_rows};

/// What a piece of text is, which a theme turns into a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ink {
    #[default]
    Plain,
    /// Secondary text: notes, costs, times.
    Muted,
    /// Level 1 to 6.
    Heading(u8),
    Quote,
    InlineCode,
    /// Code without a syntax role of its own.
    Code,
    /// The language's name and the frame of a code block.
    CodeFrame,
    Link,
    /// A link's address, shown beside its text.
    Address,
    /// Bullets, numbers, task boxes.
    Marker,
    /// Lines of tables and rules.
    Rule,
    /// A token of highlighted code.
    Syntax(SyntaxRole),
    /// The visible form of a character that was not let through, such as `␛`.
    Escape,
    Warning,
    Error,
}

/// The few roles that syntax highlighting tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyntaxRole {
    Comment,
    Keyword,
    String,
    Number,
    Function,
    Type,
    Variable,
    Operator,
    Attribute,
    Inserted,
    Deleted,
}

/// How text is set, whatever its ink.
#[allow(clippy::struct_excessive_bools, reason = "four switches of a terminal, each on or off by itself")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Emphasis {
    pub bold: bool,
    pub italic: bool,
    pub strike: bool,
    pub underline: bool,
}

/// A run of text of one ink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: Sanitised,
    pub ink: Ink,
    pub emphasis: Emphasis,
}

/// One row on the screen, not wider than the width it was laid out for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    pub spans: Vec<Span>,
    /// The byte of the message's source that the row begins at: what a scroll anchor holds on to.
    pub source: usize,
}
