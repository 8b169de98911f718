//! What lies over the chat: one file a screen. Each takes in keys and gives intents; none knows the terminal.

pub mod approval;
pub mod blank;
pub mod context;
pub mod cost;
pub mod help;
pub mod line_edit;
pub mod paint;
pub mod panel;
mod pieces;
pub mod reader;
pub mod tools;
pub mod welcome;

/// A key as a screen sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenKey {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    Enter,
    Esc,
    Backspace,
    Delete,
    /// Delete all that is typed.
    Kill,
    Char(char),
    Paste(String),
    /// Rename what is selected.
    Rename,
    /// Pin or unpin what is selected.
    Pin,
    /// Undo the last deletion.
    Undo,
}
