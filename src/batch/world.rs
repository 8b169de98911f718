//! The world of one run: what is waited for, what the system says meanwhile, and what is shown. Owns the one wait of the
//! loop; refuses to know what is asked.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::OptionFuture;
use futures::stream::BoxStream;

use crate::runtime::Runtime;

use super::progress::{Board, Progress};
use super::scribe::Scribe;
use super::{Signal, Stop};

/// The world around a run.
pub struct World {
    pub runtime: Runtime,
    pub scribe: Scribe,
    pub board: Board,
    pub progress: Progress,
    pub signals: BoxStream<'static, Signal>,
    /// The first reason to stop.
    pub stopped: Option<Stop>,
    asked_to_stop: u32,
    /// Whether the program was stopped and goes on.
    pub has_resumed: bool,
}

impl World {
    pub fn new(
        runtime: Runtime,
        scribe: Scribe,
        board: Board,
        progress: Progress,
        signals: BoxStream<'static, Signal>,
    ) -> Self {
        Self { runtime, scribe, board, progress, signals, stopped: None, asked_to_stop: 0, has_resumed: false }
    }

    /// This moment, on the monotonic clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.runtime.clock().mono()
    }

    /// Waits until there may be something to take in, or until `due`.
    pub async fn wait(&mut self, due: Option<Duration>) {
        let draws = self.progress.due(&self.board, self.now());
        let due = [due, self.runtime.next_timer(), draws].into_iter().flatten().min();
        let due = due.map(|due| tokio::time::Instant::from_std(self.runtime.clock().instant(due)));
        let sleep = OptionFuture::from(due.map(tokio::time::sleep_until));
        tokio::select! {
            biased;
            Some(signal) = self.signals.next() => match signal {
                Signal::Stop(stop) => {
                    self.asked_to_stop += 1;
                    self.stopped.get_or_insert(stop);
                }
                Signal::Continued => self.has_resumed = true,
            },
            () = self.runtime.arrived() => {}
            Some(()) = sleep => {}
        }
    }

    /// Whether whoever asked to stop waits for nothing: the system, or a user who asked twice.
    #[must_use]
    pub const fn is_in_a_hurry(&self) -> bool {
        self.asked_to_stop > 1 || matches!(self.stopped, Some(Stop::Terminated | Stop::HungUp))
    }

    /// Says something beside the output.
    pub fn say(&mut self, text: &str) {
        self.progress.say(text);
    }

    /// Shows how it stands, where that has changed.
    pub fn show(&mut self) {
        let now = self.now();
        self.progress.show(&mut self.board, now);
    }
}
