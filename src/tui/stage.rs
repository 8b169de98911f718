//! The terminal as the loop sees it, so that one short test runs the whole app on a terminal in memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crossterm::event::{Event, EventStream};
use futures::{Stream, StreamExt as _};
use ratatui::Frame;

use super::terminal::{self, Screen, TerminalGuard, TerminalOptions};

/// A terminal to draw on and to be typed at.
pub trait Stage {
    /// What the user does.
    type Events: Stream<Item = io::Result<Event>> + Unpin;
    /// What the user does. The stream is another one after [`Stage::lend`].
    fn events(&mut self) -> &mut Self::Events;
    /// Draws one frame; nothing while the terminal is lent.
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
    /// Gives the terminal back as it was found, for as long as the program is stopped.
    fn leave(&mut self);
    /// Gives the terminal back as it was found, and stops reading from it: what is typed is for others.
    fn lend(&mut self);
    /// Whether it is given away at present.
    fn is_lent(&self) -> bool;
    /// Takes it again, lent or left.
    fn enter(&mut self);
    /// Sends a text to the terminal's own clipboard; `false` where it is too long for that.
    fn copy(&mut self, text: &str) -> bool;
}

/// The real terminal.
pub struct RealTerminal {
    screen: Screen,
    guard: TerminalGuard,
    events: Keys,
}

/// The keys as they come; none while the terminal is not ours. Its thread is stopped when the stream is dropped.
#[derive(Debug)]
pub struct Keys(Option<EventStream>);

impl Stream for Keys {
    type Item = io::Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(events) = &mut self.0 else { return Poll::Pending };
        let polled = events.poll_next_unpin(context);
        if matches!(polled, Poll::Ready(Some(Ok(Event::Resize(..))))) {
            report(terminal::look_again());
        }
        polled
    }
}

impl RealTerminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where it cannot be.
    pub fn enter(mouse: bool) -> io::Result<Self> {
        let (screen, guard) = TerminalGuard::enter(TerminalOptions { mouse })?;
        Ok(Self { screen, guard, events: Keys(Some(EventStream::new())) })
    }
}

impl Stage for RealTerminal {
    type Events = Keys;

    fn events(&mut self) -> &mut Keys {
        &mut self.events
    }

    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if self.is_lent() {
            return Ok(());
        }
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

    // The reader goes on: to stop it would be to wake it, and a key that comes together with that is lost.
    fn leave(&mut self) {
        report(self.guard.suspend());
    }

    fn lend(&mut self) {
        self.events = Keys(None);
        report(self.guard.suspend());
    }

    fn is_lent(&self) -> bool {
        self.events.0.is_none()
    }

    fn enter(&mut self) {
        report(self.guard.resume());
        self.events.0.get_or_insert_with(EventStream::new);
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
