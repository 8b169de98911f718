//! Caps on what may be spent, in the user's currency.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::{ConversationId, MessageId};
use super::money::Local;

/// A scope that a cap holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All attempts at one reply, retries and the search for it included.
    Message(MessageId),
    Conversation(ConversationId),
    Day(Date),
    /// The month that the day is in.
    Month(Date),
    Everything,
}

/// The most that may be spent within a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub scope: Scope,
    pub most: Local,
}

/// The caps that are set, each with the scope it is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Budgets {
    pub message: Option<Local>,
    pub conversation: Option<Local>,
    pub day: Option<Local>,
    pub month: Option<Local>,
}

/// No cap is larger, in millionths of the currency's unit: a million of millions.
pub const LARGEST_MICRO: u64 = 1_000_000_000_000_000_000;

/// What a cap that can be set holds for; the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapKind {
    Message,
    Conversation,
    Day,
    Month,
}

impl CapKind {
    pub const ALL: [Self; 4] = [Self::Message, Self::Conversation, Self::Day, Self::Month];

    /// Its word in commands and in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Conversation => "conversation",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The cap of this kind.
    #[must_use]
    pub const fn of(self, budgets: &Budgets) -> Option<Local> {
        match self {
            Self::Message => budgets.message,
            Self::Conversation => budgets.conversation,
            Self::Day => budgets.day,
            Self::Month => budgets.month,
        }
    }

    /// Sets the cap of this kind, or takes it away.
    pub const fn set(self, budgets: &mut Budgets, most: Option<Local>) {
        match self {
            Self::Message => budgets.message = most,
            Self::Conversation => budgets.conversation = most,
            Self::Day => budgets.day = most,
            Self::Month => budgets.month = most,
        }
    }
}

/// From this share of a cap, or of what may be sent, on, in percent, a warning is shown.
pub const WARNS_AT_PERCENT: u8 = 80;

impl Budgets {
    /// Whether any cap is set.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.message.is_some() || self.conversation.is_some() || self.day.is_some() || self.month.is_some()
    }

    /// The caps that a reply in a conversation, on a day, must keep to; the narrowest first.
    #[must_use]
    pub fn caps(&self, reply: MessageId, conversation: ConversationId, day: Date) -> Vec<Cap> {
        let all = [
            (Scope::Message(reply), self.message),
            (Scope::Conversation(conversation), self.conversation),
            (Scope::Day(day), self.day),
            (Scope::Month(day), self.month),
        ];
        all.into_iter().filter_map(|(scope, most)| most.map(|most| Cap { scope, most })).collect()
    }
}

/// How much of a cap is used, in whole percent, rounded down: 100 only where nothing is left.
#[must_use]
pub fn percent_used(used: Local, most: Local) -> u64 {
    if most.0 <= 0 {
        return 100;
    }
    u64::try_from(used.0.max(0).saturating_mul(100) / most.0).unwrap_or(u64::MAX)
}

impl Scope {
    /// The cap's name in a sentence: "the day's budget".
    #[must_use]
    pub const fn budget_name(&self) -> &'static str {
        match self {
            Self::Message(_) => "the message's budget",
            Self::Conversation(_) => "the conversation's budget",
            Self::Day(_) => "the day's budget",
            Self::Month(_) => "the month's budget",
            Self::Everything => "the budget",
        }
    }
}

/// Why a request was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It could pass this cap, of which so much is recorded or reserved already.
    OverBudget { cap: Cap, used: Local },
    /// Its row could not be written, and why, in a sentence.
    NotSaved(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_any_cap_is_a_number_and_never_a_panic() {
        let cases = [(0, 50, 0), (41, 50, 82), (50, 50, 100), (1, 0, 100), (-3, 50, 0), (i128::MAX, 1, u64::MAX)];
        for (used, most, share) in cases {
            assert_eq!(percent_used(Local(used), Local(most)), share, "{used} of {most}");
        }
    }
}
