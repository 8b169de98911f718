//! The calls of tools in a running turn: checked, agreed to, run, and answered to the model, round after round, until
//! an answer or a limit. Owns their order and their limits; refuses to validate or run anything itself.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::MessageId;
use crate::chat::tool::Prepared;

use super::Session;

/// How far a call of the running turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// It waits for the user's word.
    Asking(Arc<Prepared>),
    Running {
        prepared: Arc<Prepared>,
        since: Duration,
    },
    /// Its result is there.
    Over,
}

impl Session {
    /// The calls that wait for the user's word, in order, by the messages that will hold their results.
    pub fn approvals(&self) -> impl Iterator<Item = (MessageId, &Arc<Prepared>)> {
        std::iter::empty()
    }

    /// How far the call has come whose result this message holds; `None` for one of no running turn.
    #[must_use]
    pub fn call_state(&self, _result: MessageId) -> Option<CallState> {
        None
    }
}
