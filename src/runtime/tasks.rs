//! Errands that are run off the loop and whose results come back to it.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::{Notify, mpsc};

/// Spawns errands and gathers their results.
pub struct Tasks<T> {
    outbox: mpsc::UnboundedSender<T>,
    inbox: mpsc::UnboundedReceiver<T>,
    arrived: Arc<Notify>,
}

impl<T: Send + 'static> Tasks<T> {
    /// `arrived` is notified when a result is there.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "one result for each errand that the user asked for: it cannot flood"
    )]
    pub fn new(arrived: Arc<Notify>) -> Self {
        let (outbox, inbox) = mpsc::unbounded_channel();
        Self { outbox, inbox, arrived }
    }

    /// Runs an errand. Call it within a tokio runtime.
    #[expect(clippy::disallowed_methods, reason = "runtime/ is where tasks are spawned")]
    pub fn spawn(&self, errand: BoxFuture<'static, T>) {
        let (outbox, arrived) = (self.outbox.clone(), Arc::clone(&self.arrived));
        tokio::spawn(async move {
            let result = errand.await;
            if outbox.send(result).is_ok() {
                arrived.notify_one();
            }
        });
    }

    /// The results that are there.
    pub fn drain(&mut self) -> Vec<T> {
        std::iter::from_fn(|| self.inbox.try_recv().ok()).collect()
    }
}
