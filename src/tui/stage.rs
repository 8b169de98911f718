//! The terminal as the loop sees it, so that one short test runs the whole app on a terminal in memory.

use std::io;

use ratatui::Frame;

/// A terminal to draw on.
pub trait Stage {
    /// Draws one frame.
    ///
    /// # Errors
    /// Where the terminal cannot be written to.
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()>;
    /// Forgets what is on the screen, so that the next frame is drawn whole.
    fn forget(&mut self);
    /// Captures the mouse, or leaves it to the terminal.
    fn set_mouse(&mut self, on: bool);
    /// Gives the terminal back as it was found.
    fn leave(&mut self);
    /// Takes it again.
    fn enter(&mut self);
    /// Sends a text to the terminal's own clipboard; `false` where it is too long for that.
    fn copy(&mut self, text: &str) -> bool;
}
