//! Fresh ids and chance, which the machines take as data.

use std::time::Duration;

use uuid::Uuid;

use crate::chat::{ConversationId, MessageId};

/// A fresh conversation's id.
#[must_use]
pub fn conversation() -> ConversationId {
    ConversationId(Uuid::now_v7())
}

/// A fresh message's id.
#[must_use]
pub fn message() -> MessageId {
    MessageId(Uuid::now_v7())
}

/// A random part of a second, which keeps many clients from asking again at the same moment.
#[must_use]
pub fn jitter() -> Duration {
    // The last eight bytes of a version 7 id are random but for two bits at their front.
    let random = Uuid::now_v7().as_u128() as u64;
    Duration::from_micros(random % 1_000_000)
}
