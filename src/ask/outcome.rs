//! How an answer ended, and what that is as an exit code. Owns the codes that the manual tells of.

use crate::chat::{Message, Status};

/// How `munshi ask` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Answered,
    /// It failed otherwise: the disk, the store, a limit of calls.
    Failed,
    /// What was asked cannot be.
    Usage,
    OverBudget,
    ProviderFailed,
    /// The answer is not in the shape that was asked for.
    Misfit,
    Stopped(Stop),
}

/// Why an answer was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// `SIGINT`
    Interrupted,
    /// `SIGTERM`
    Terminated,
    /// `SIGHUP`
    HungUp,
    /// Whoever read the answer went away.
    ReaderGone,
    /// The answer can be written or kept nowhere.
    Nowhere,
}

impl Exit {
    /// For the shell: signals as 128 and their number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Answered | Self::Stopped(Stop::ReaderGone) => 0,
            Self::Failed | Self::Stopped(Stop::Nowhere) => 1,
            Self::Usage => 2,
            Self::OverBudget => 3,
            Self::ProviderFailed => 4,
            Self::Misfit => 5,
            Self::Stopped(Stop::HungUp) => 129,
            Self::Stopped(Stop::Interrupted) => 130,
            Self::Stopped(Stop::Terminated) => 143,
        }
    }
}

/// What is known when a turn is over.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub stopped: Option<Stop>,
    pub is_over_budget: bool,
    /// `None`: the question was not even taken.
    pub reply: Option<&'a Message>,
    /// Whether a request left for this reply.
    pub was_sent: bool,
    /// Whether the answer does not fit the shape it was asked for in.
    pub misfits: bool,
}

/// How it ended.
#[must_use]
pub fn outcome(facts: Facts<'_>) -> Exit {
    let status = facts.reply.map(|reply| reply.status);
    // A reply that asks for tools is whole by itself, and no answer.
    let is_answer = facts.reply.is_some_and(|reply| reply.status == Status::Complete && reply.tool_calls.is_empty());
    match (facts.stopped, status) {
        // What was whole before it was stopped is answered.
        (Some(stop), _) if !is_answer => Exit::Stopped(stop),
        _ if facts.is_over_budget => Exit::OverBudget,
        (_, None) => Exit::Usage,
        (_, Some(Status::Complete)) if facts.misfits => Exit::Misfit,
        (_, Some(Status::Complete)) => Exit::Answered,
        _ if facts.was_sent => Exit::ProviderFailed,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::chat::{ConversationId, MessageId, Role, ToolCall};

    fn ended(status: Status) -> Message {
        let (id, chat) = (MessageId(Uuid::nil()), ConversationId(Uuid::nil()));
        Message { status, ..Message::text(id, chat, None, Role::Assistant, String::new(), 0) }
    }

    #[test]
    fn each_end_has_the_code_that_the_manual_gives_it() {
        let (whole, cut, failed) = (ended(Status::Complete), ended(Status::Interrupted), ended(Status::Failed));
        let call = ToolCall { id: "a".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned() };
        let asks = Message { tool_calls: vec![call], ..ended(Status::Complete) };
        let facts = Facts { stopped: None, is_over_budget: false, reply: Some(&whole), was_sent: true, misfits: false };
        let code = |facts| outcome(facts).code();
        assert_eq!(code(facts), 0);
        assert_eq!(code(Facts { misfits: true, ..facts }), 5);
        assert_eq!(code(Facts { reply: Some(&failed), ..facts }), 4);
        assert_eq!(code(Facts { reply: Some(&cut), ..facts }), 4);
        assert_eq!(code(Facts { reply: Some(&failed), was_sent: false, ..facts }), 1);
        assert_eq!(code(Facts { reply: Some(&failed), is_over_budget: true, ..facts }), 3);
        assert_eq!(code(Facts { reply: None, ..facts }), 2);
        let stops = [
            (Stop::Interrupted, 130),
            (Stop::Terminated, 143),
            (Stop::HungUp, 129),
            (Stop::ReaderGone, 0),
            (Stop::Nowhere, 1),
        ];
        for (stop, expected) in stops {
            assert_eq!(code(Facts { stopped: Some(stop), reply: Some(&cut), ..facts }), expected);
            assert_eq!(code(Facts { stopped: Some(stop), ..facts }), 0, "it was whole");
            assert_eq!(code(Facts { stopped: Some(stop), reply: Some(&asks), ..facts }), expected, "a tool still ran");
        }
    }
}
