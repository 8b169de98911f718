//! The bounded way from a stream to its reader: the producer waits while it is full, nothing is
//! dropped, and neighbouring pieces of text merge while they wait. A flood of small deltas so
//! costs the reader one wake and one string, however fast the socket is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Signal;

/// Bytes of text that may wait before the producer does.
const CAPACITY_BYTES: usize = 256 * 1024;

#[derive(Default)]
struct Waiting {
    signals: VecDeque<Signal>,
    bytes: usize,
}

struct Shared {
    waiting: Mutex<Waiting>,
    room: Notify,
    arrived: Arc<Notify>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A poisoned lock still holds text that must not be lost.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The producer's end.
#[derive(Clone)]
pub struct Sink(Arc<Shared>);

/// The reader's end.
pub struct Mailbox(Arc<Shared>);

/// A pair of ends. `arrived` is notified when the mailbox stops being empty; many mailboxes may share it.
#[must_use]
pub fn mailbox(arrived: Arc<Notify>) -> (Sink, Mailbox) {
    let shared = Arc::new(Shared { waiting: Mutex::default(), room: Notify::new(), arrived });
    (Sink(Arc::clone(&shared)), Mailbox(shared))
}

impl Sink {
    /// Puts a signal in, waiting while the mailbox is full.
    pub async fn send(&self, signal: Signal) {
        loop {
            let room = self.0.room.notified();
            {
                let mut waiting = self.0.lock();
                if waiting.bytes < CAPACITY_BYTES {
                    let was_empty = waiting.signals.is_empty();
                    waiting.bytes += size(&signal);
                    merge(&mut waiting.signals, signal);
                    if was_empty {
                        self.0.arrived.notify_one();
                    }
                    return;
                }
            }
            room.await;
        }
    }
}

impl Mailbox {
    /// Everything that waits, in order.
    #[must_use]
    pub fn drain(&self) -> Vec<Signal> {
        let mut waiting = self.0.lock();
        waiting.bytes = 0;
        let signals = waiting.signals.drain(..).collect();
        drop(waiting);
        self.0.room.notify_one();
        signals
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.lock().signals.is_empty()
    }
}

fn size(signal: &Signal) -> usize {
    match signal {
        Signal::Text(text) | Signal::Reasoning(text) => text.len(),
        Signal::ToolCall { arguments, .. } => arguments.len() + 64,
        Signal::Opened { .. } => 64,
    }
}

/// Text joins text, and reasoning joins reasoning; all else stands for itself.
fn merge(signals: &mut VecDeque<Signal>, signal: Signal) {
    match (signals.back_mut(), signal) {
        (Some(Signal::Text(text)), Signal::Text(more)) | (Some(Signal::Reasoning(text)), Signal::Reasoning(more)) => {
            text.push_str(&more);
        }
        (_, signal) => signals.push_back(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn neighbouring_text_merges_and_order_stays() {
        let (sink, mailbox) = mailbox(Arc::default());
        for text in ["a", "b"] {
            sink.send(Signal::Text(text.into())).await;
        }
        sink.send(Signal::Reasoning("r".into())).await;
        sink.send(Signal::Text("c".into())).await;
        assert_eq!(
            mailbox.drain(),
            [Signal::Text("ab".into()), Signal::Reasoning("r".into()), Signal::Text("c".into())]
        );
        assert!(mailbox.is_empty());
    }

    #[tokio::test]
    async fn a_producer_waits_while_it_is_full_and_loses_nothing() {
        let (sink, mailbox) = mailbox(Arc::default());
        #[expect(clippy::disallowed_methods, reason = "a test of what two tasks do to each other")]
        let producer = tokio::spawn(async move {
            for _ in 0..64 {
                sink.send(Signal::Text("x".repeat(16 * 1024))).await;
            }
        });
        let mut received = 0;
        while received < 64 * 16 * 1024 {
            tokio::task::yield_now().await;
            for signal in mailbox.drain() {
                assert!(size(&signal) <= CAPACITY_BYTES + 16 * 1024);
                received += size(&signal);
            }
        }
        producer.await.unwrap();
    }
}
