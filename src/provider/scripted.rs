//! A provider that plays what a test wrote, one script for each attempt and each request for vectors. Owns the scripts
//! and the record of what it was asked; refuses the network.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Ending, Provider, Report, Signal, Sink};
use crate::chat::embedding::{EmbeddingReport, EmbeddingRequest};
use crate::chat::{Failure, FailureKind, FinishReason, Request};

/// One step of a script.
#[derive(Debug, Clone)]
pub enum Step {
    Signal(Signal),
    /// Waits until the test notifies it.
    Wait(Arc<Notify>),
    /// Waits for ever: only a cancellation ends it.
    Hang,
    /// Panics, as a fault in an adapter would.
    Panic,
}

/// What one attempt does: its steps, then its report.
#[derive(Debug, Clone)]
pub struct Script {
    pub steps: Vec<Step>,
    pub report: Report,
}

impl Script {
    /// A script of `steps` with a bare report.
    #[must_use]
    pub fn new(steps: Vec<Step>, ending: Ending) -> Self {
        Self { steps, report: Report::bare(ending) }
    }

    /// A whole reply in these pieces.
    #[must_use]
    pub fn reply<T: Into<String>>(pieces: impl IntoIterator<Item = T>) -> Self {
        let opened = Step::Signal(Signal::Opened { limits: crate::chat::RateLimits::default(), request_id: None });
        let text = pieces.into_iter().map(|piece| Step::Signal(Signal::Text(piece.into())));
        Self::new(std::iter::once(opened).chain(text).collect(), Ending::Finished(FinishReason::Stop))
    }

    /// An attempt that fails before anything came.
    #[must_use]
    pub fn failure(failure: Failure) -> Self {
        Self::new(Vec::new(), Ending::Failed(failure))
    }

    /// An attempt that fails after the given steps.
    #[must_use]
    pub fn then_failure(steps: Vec<Step>, failure: Failure) -> Self {
        Self::new(steps, Ending::Failed(failure))
    }
}

/// What one request for vectors does: its steps, of which signals say nothing, then its report.
#[derive(Debug, Clone)]
pub struct EmbeddingScript {
    pub steps: Vec<Step>,
    pub report: EmbeddingReport,
}

impl EmbeddingScript {
    /// These vectors, and the bill for them.
    #[must_use]
    pub fn vectors(vectors: Vec<Vec<f32>>, tokens: u64) -> Self {
        let report = EmbeddingReport { vectors: Ok(vectors), tokens: Some(tokens), request_id: None };
        Self { steps: Vec::new(), report }
    }

    /// A request that fails.
    #[must_use]
    pub fn failure(failure: Failure) -> Self {
        let report = EmbeddingReport { vectors: Err(Some(failure)), tokens: None, request_id: None };
        Self { steps: Vec::new(), report }
    }

    /// The same after these steps.
    #[must_use]
    pub fn after(self, steps: Vec<Step>) -> Self {
        Self { steps, ..self }
    }
}

#[derive(Debug, Default)]
struct Play {
    scripts: VecDeque<Script>,
    requests: Vec<Arc<Request>>,
    embeddings: VecDeque<EmbeddingScript>,
    embedded: Vec<Arc<EmbeddingRequest>>,
}

/// Plays its scripts in order, one for each attempt. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ScriptedProvider(Arc<Mutex<Play>>);

impl ScriptedProvider {
    #[must_use]
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self(Arc::new(Mutex::new(Play { scripts: scripts.into_iter().collect(), ..Play::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, Play> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a script behind the others.
    pub fn push(&self, script: Script) {
        self.lock().scripts.push_back(script);
    }

    /// Adds a script for a request for vectors behind the others. Without any it answers that there is no such endpoint.
    pub fn push_embedding(&self, script: EmbeddingScript) {
        self.lock().embeddings.push_back(script);
    }

    /// Every request for vectors so far, in order.
    #[must_use]
    pub fn embedded(&self) -> Vec<Arc<EmbeddingRequest>> {
        self.lock().embedded.clone()
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Arc<Request>> {
        self.lock().requests.clone()
    }

    /// Scripts that no attempt has played yet.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.lock().scripts.len()
    }
}

impl Provider for ScriptedProvider {
    fn attempt(&self, request: Arc<Request>, sink: Sink, cancel: CancellationToken) -> BoxFuture<'static, Report> {
        let script = {
            let mut play = self.lock();
            play.requests.push(request);
            play.scripts.pop_front()
        };
        let script = script.unwrap_or_else(|| {
            Script::failure(Failure::new(FailureKind::Internal, "The test wrote no script for this attempt."))
        });
        Box::pin(async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => Report::bare(Ending::Cancelled),
                () = play(script.steps, Some(sink)) => script.report,
            }
        })
    }

    fn embed(&self, request: Arc<EmbeddingRequest>, cancel: CancellationToken) -> BoxFuture<'static, EmbeddingReport> {
        let script = {
            let mut play = self.lock();
            play.embedded.push(request);
            play.embeddings.pop_front()
        };
        let script = script.unwrap_or_else(|| {
            EmbeddingScript::failure(Failure::new(FailureKind::NotFound, "The test wrote no script for these vectors."))
        });
        Box::pin(async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => EmbeddingReport { vectors: Err(None), tokens: None, request_id: None },
                () = play(script.steps, None) => script.report,
            }
        })
    }
}

#[allow(clippy::panic, reason = "a script asks for it, to show what a fault in an adapter does")]
async fn play(steps: Vec<Step>, sink: Option<Sink>) {
    for step in steps {
        match (step, &sink) {
            (Step::Signal(signal), Some(sink)) => sink.send(signal).await,
            (Step::Signal(_), None) => {}
            (Step::Wait(gate), _) => gate.notified().await,
            (Step::Hang, _) => std::future::pending().await,
            (Step::Panic, _) => panic!("the script panics here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ModelRef;
    use crate::provider::mailbox;

    fn request() -> Arc<Request> {
        let model = ModelRef::new("openai", "m");
        Arc::new(Request::new(model, Vec::new()))
    }

    #[tokio::test]
    async fn scripts_play_in_order_and_a_missing_one_is_said() {
        let provider = ScriptedProvider::new([Script::reply(["a", "b"])]);
        let (sink, read) = mailbox(Arc::default());
        let report = provider.attempt(request(), sink.clone(), CancellationToken::new()).await;
        assert_eq!(report.ending, Ending::Finished(FinishReason::Stop));
        assert_eq!(read.drain().last(), Some(&Signal::Text("ab".into())));
        let report = provider.attempt(request(), sink, CancellationToken::new()).await;
        assert!(matches!(report.ending, Ending::Failed(failure) if failure.kind == FailureKind::Internal));
        assert_eq!((provider.requests().len(), provider.remaining()), (2, 0));
    }

    #[tokio::test]
    async fn a_script_that_hangs_ends_when_it_is_cancelled() {
        let provider = ScriptedProvider::new([Script::new(vec![Step::Hang], Ending::Cancelled)]);
        let (sink, _read) = mailbox(Arc::default());
        let cancel = CancellationToken::new();
        let attempt = provider.attempt(request(), sink, cancel.clone());
        cancel.cancel();
        assert_eq!(attempt.await.ending, Ending::Cancelled);
    }

    #[tokio::test]
    async fn a_gate_holds_a_script_until_it_is_opened() {
        let gate = Arc::new(Notify::new());
        let steps = vec![Step::Wait(Arc::clone(&gate)), Step::Signal(Signal::Text("late".into()))];
        let provider = ScriptedProvider::new([Script::new(steps, Ending::Finished(FinishReason::Stop))]);
        let (sink, read) = mailbox(Arc::default());
        let mut attempt = provider.attempt(request(), sink, CancellationToken::new());
        assert!(futures::poll!(&mut attempt).is_pending());
        assert!(read.is_empty());
        gate.notify_one();
        attempt.await;
        assert_eq!(read.drain(), [Signal::Text("late".into())]);
    }
}
