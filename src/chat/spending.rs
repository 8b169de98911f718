//! What was spent, summed up: the rows of the cost screen and of `munshi cost`.

use jiff::civil::Date;

use super::money::Spend;

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupBy {
    Day,
    /// Weeks of ISO 8601, which begin on Monday.
    Week,
    Month,
    Model,
    Conversation,
    Purpose,
}

impl GroupBy {
    pub const ALL: [Self; 6] = [Self::Day, Self::Week, Self::Month, Self::Model, Self::Conversation, Self::Purpose];

    /// Its word on the command line and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Model => "model",
            Self::Conversation => "conversation",
            Self::Purpose => "purpose",
        }
    }

    /// Whether its rows follow each other in time; the others are in order of cost.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }
}

/// Days from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    pub from: Date,
    pub to: Date,
}

/// One row of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendRow {
    /// What the row is: `2026-11-25`, `2026-W48`, `2026-11`, a model's name, a conversation's id, a purpose's word.
    pub key: String,
    /// What it is shown as, raw; for a conversation its title, else as the key. Empty: the conversation is gone or untitled.
    pub label: String,
    /// Attempts.
    pub requests: u64,
    /// Tokens; those of which a provider said nonsense are not in it.
    pub input: u64,
    pub cached_input: u64,
    pub output: u64,
    /// At the rates of then; attempts that are still open are not in it.
    pub spend: Spend,
}
