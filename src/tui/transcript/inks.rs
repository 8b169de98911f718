//! What the transcript and the screens ask of a theme. Owns the question; refuses the answer, which is the
//! theme's alone.

use ratatui::style::Style;

use crate::text::{Emphasis, Ink};

/// The parts of a screen that are not text of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chrome {
    /// `You`, above a question.
    You,
    /// The model's name, above its reply.
    Model,
    /// What says that there is more below.
    Hint,
    /// The chosen row of a list.
    Selected,
    /// The title of a screen.
    Title,
    /// A key's name, in help and in footers.
    Key,
    /// Text that is being typed into a field.
    Field,
}

/// A theme, seen from what draws with it.
pub trait Inks {
    /// The style of a span.
    fn ink(&self, ink: Ink, emphasis: Emphasis) -> Style;

    /// The style of a part of the screen.
    fn chrome(&self, chrome: Chrome) -> Style;

    /// The style of text without emphasis.
    fn plain(&self, ink: Ink) -> Style {
        self.ink(ink, Emphasis::default())
    }
}
