//! The theme as the screen's own parts ask for it: short names for its roles, and the transcript's question answered.

use ratatui::style::Style;

use crate::text::{Emphasis, Ink};

use super::theme::{Role, Theme};
use super::transcript::{Chrome, Inks};

impl Theme {
    /// A role laid over the screen's base.
    fn laid(&self, role: Role) -> Style {
        self.role(Role::Base).patch(self.role(role))
    }

    /// Plain text.
    #[must_use]
    pub fn base(&self) -> Style {
        self.laid(Role::Plain)
    }

    /// Text of less weight.
    #[must_use]
    pub fn muted(&self) -> Style {
        self.laid(Role::Muted)
    }

    /// A title.
    #[must_use]
    pub fn title(&self) -> Style {
        self.laid(Role::Title)
    }

    /// What moves in the status bar.
    #[must_use]
    pub fn active(&self) -> Style {
        self.laid(Role::StatusActive)
    }

    /// The status bar.
    #[must_use]
    pub fn status(&self) -> Style {
        self.laid(Role::Status)
    }

    #[must_use]
    pub fn warning(&self) -> Style {
        self.laid(Role::Warning)
    }

    #[must_use]
    pub fn error(&self) -> Style {
        self.laid(Role::Error)
    }

    /// The chosen row of a list.
    #[must_use]
    pub fn selection(&self) -> Style {
        self.laid(Role::Selection)
    }

    /// Lines between the parts of the screen.
    #[must_use]
    pub fn border(&self) -> Style {
        self.laid(Role::Border)
    }

    /// What an empty field says.
    #[must_use]
    pub fn placeholder(&self) -> Style {
        self.laid(Role::Placeholder)
    }
}

impl Inks for Theme {
    fn ink(&self, ink: Ink, emphasis: Emphasis) -> Style {
        self.role(Role::Base).patch(Self::ink(self, ink, emphasis))
    }

    fn chrome(&self, chrome: Chrome) -> Style {
        self.laid(match chrome {
            Chrome::You => Role::User,
            Chrome::Model => Role::Assistant,
            Chrome::Hint | Chrome::Selected => Role::Selection,
            Chrome::Title => Role::Title,
            Chrome::Key => Role::Key,
            Chrome::Field => Role::Plain,
        })
    }
}
