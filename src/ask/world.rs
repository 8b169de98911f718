//! The world of one question: what is waited for, and what the system says meanwhile. Owns the one wait of the loop and
//! the orderly end; refuses to know what is asked.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::OptionFuture;
use futures::stream::BoxStream;

use crate::runtime::tasks::Tasks;
use crate::runtime::{Runtime, StoreEvent};

use super::{Asker, Edges, Exit, Signal, Stage, Stop};
use crate::chat::MessageId;

/// How long the reader of what a stopped answer has left behind may take.
const READS_WITHIN: Duration = Duration::from_millis(400);

/// The world around one question.
pub struct World {
    pub runtime: Runtime,
    pub stage: Stage,
    pub asker: Option<Arc<dyn Asker>>,
    /// What was answered at the terminal, and to which call.
    pub answers: Tasks<(MessageId, String)>,
    signals: BoxStream<'static, Signal>,
    /// The first reason to stop.
    pub stopped: Option<Stop>,
    /// How often the user or the system asked to stop: whoever does twice does not want to wait.
    asked_to_stop: u32,
    /// Whether the program was stopped and goes on.
    pub has_resumed: bool,
    /// Why nothing is saved for now.
    pub not_saved: Option<String>,
}

impl World {
    pub fn new(edges: Edges) -> Self {
        Self {
            runtime: edges.runtime,
            stage: edges.stage,
            asker: edges.asker,
            answers: Tasks::new(edges.arrived),
            signals: edges.signals,
            stopped: None,
            asked_to_stop: 0,
            has_resumed: false,
            not_saved: None,
        }
    }

    /// Waits until there may be something to take in.
    pub async fn wait(&mut self) {
        let due = [self.runtime.next_timer(), self.stage.frame_due()].into_iter().flatten().min();
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
        self.see_the_writer();
    }

    /// Whoever reads the answer may have gone: no more of it is to be paid for.
    fn see_the_writer(&mut self) {
        let Some(error) = self.stage.writer().drain() else { return };
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            self.stopped.get_or_insert(Stop::ReaderGone);
        } else {
            self.stage.notice(&format!("Standard output cannot be written: {error}."));
            self.stopped.get_or_insert(Stop::Nowhere);
        }
    }

    /// Takes in what the store says beside answers; `Err`: why it cannot be used at all.
    pub fn hear(&mut self, event: StoreEvent) -> Result<(), String> {
        match event {
            StoreEvent::Opened { notices } => {
                for notice in notices {
                    self.stage.notice(&notice);
                }
            }
            StoreEvent::Unusable(reason) => return Err(reason),
            StoreEvent::NotSaved(reason) => {
                if let Some(reason) = &reason {
                    self.stage.notice(&format!("Not saved yet: {reason}"));
                }
                self.not_saved = reason;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether whoever asked to stop did so again.
    pub const fn is_in_a_hurry(&self) -> bool {
        self.asked_to_stop > 1
    }

    /// Waits for what is to happen within a limit; `false` once it has passed.
    pub async fn wait_within(&mut self, until: tokio::time::Instant) -> bool {
        tokio::time::timeout_at(until, self.wait()).await.is_ok()
    }

    /// A moment from now.
    pub fn after(&self, wait: Duration) -> tokio::time::Instant {
        let clock = self.runtime.clock();
        tokio::time::Instant::from_std(clock.instant(clock.mono() + wait))
    }

    /// Ends in order: what waits is saved and written.
    pub async fn close(mut self, exit: Exit) -> Exit {
        let unsaved = self.runtime.close();
        if unsaved > 0 {
            let word = format!("{unsaved} changes could not be saved; the log in the state folder has more.");
            self.stage.notice(&word);
        }
        let mut until = None;
        while self.stage.writer().is_busy() && !self.is_in_a_hurry() {
            match self.stopped {
                // Whoever stopped it does not wait for a reader that does not read.
                Some(stop @ (Stop::Interrupted | Stop::Terminated | Stop::HungUp)) => {
                    let until = *until.get_or_insert(self.after(READS_WITHIN));
                    if !self.wait_within(until).await {
                        return Exit::Stopped(stop);
                    }
                }
                _ => self.wait().await,
            }
        }
        match (exit, self.stopped) {
            (Exit::Answered | Exit::Misfit, Some(Stop::Nowhere)) => Exit::Failed,
            (Exit::Answered, _) if unsaved > 0 => Exit::Failed,
            _ => exit,
        }
    }
}
