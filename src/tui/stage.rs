//! The terminal as the loop sees it, so that one short test runs the whole app on a terminal in memory.

use std::io;

use ratatui::Frame;

use super::terminal::{Screen, TerminalGuard, TerminalOptions};

/// A terminal to draw on.
pub trait Stage {
    /// Draws one frame.
    ///
    /// # Errors
    /// Where the terminal cannot be written to.
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()>;
    /// Columns and rows.
    ///
    /// # Errors
    /// Where the terminal does not say.
    fn size(&self) -> io::Result<(u16, u16)>;
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

/// The real terminal.
pub struct RealTerminal {
    screen: Screen,
    guard: TerminalGuard,
}

impl RealTerminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where it cannot be.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        let (screen, guard) = TerminalGuard::enter(TerminalOptions { mouse })?;
        Ok(Self { screen, guard })
    }
}

impl Stage for RealTerminal {
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.guard.draw(&mut self.screen, render)
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.screen.size()?;
        Ok((size.width, size.height))
    }

    fn forget(&mut self) {
        self.guard.redraw();
    }

    fn set_mouse(&mut self, on: bool) {
        report(self.guard.set_mouse(on));
    }

    fn leave(&mut self) {
        report(self.guard.suspend());
    }

    fn enter(&mut self) {
        report(self.guard.resume());
    }

    fn copy(&mut self, text: &str) -> bool {
        self.guard.copy(text).is_ok()
    }
}

/// A terminal that does not take an escape sequence is noticed at the next frame, if it matters.
fn report(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "the terminal could not be written to");
    }
}
