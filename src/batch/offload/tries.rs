//! One call to a provider's Batch API, made again as any other request is: after the same waits, as often.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::batch::{Signal, Stop};
use crate::chat::{Failure, RetryPolicy};
use crate::runtime::ids;
use crate::session::{explain, retry};

/// Why a call came to nothing.
#[derive(Debug)]
pub enum End {
    Failed(Failure),
    Stopped(Stop),
}

/// How calls are made again.
pub struct Tries<'a> {
    pub policy: RetryPolicy,
    pub signals: &'a mut BoxStream<'static, Signal>,
    /// Says why it waits.
    pub say: &'a dyn Fn(&str),
}

impl Tries<'_> {
    /// Makes a call until it succeeds, is refused for good, or has been made often enough.
    ///
    /// # Errors
    /// The last failure, or what the system asked.
    pub async fn run<T>(&mut self, mut call: impl FnMut() -> BoxFuture<'static, Result<T, Failure>>) -> Result<T, End> {
        let mut tries = 1;
        loop {
            let done = tokio::select! {
                biased;
                stop = stops(self.signals) => return Err(End::Stopped(stop)),
                done = call() => done,
            };
            let failure = match done {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let Some(after) = retry::again(&failure, tries, ids::jitter(), &self.policy) else {
                return Err(End::Failed(failure));
            };
            tries += 1;
            let (why, wait, of) = (failure.short(), explain::duration(after), self.policy.attempts);
            (self.say)(&format!("{why}; asked again in {wait} (attempt {tries} of {of})"));
            self.wait(after).await?;
        }
    }

    /// Waits, or ends where the system asks to stop.
    ///
    /// # Errors
    /// What it asks.
    async fn wait(&mut self, after: Duration) -> Result<(), End> {
        tokio::select! {
            biased;
            stop = stops(self.signals) => Err(End::Stopped(stop)),
            () = tokio::time::sleep(after) => Ok(()),
        }
    }
}

async fn stops(signals: &mut BoxStream<'static, Signal>) -> Stop {
    loop {
        match signals.next().await {
            Some(Signal::Stop(stop)) => return stop,
            Some(Signal::Continued) => {}
            None => std::future::pending().await,
        }
    }
}
