//! One attempt in flight: a task that ends exactly once, whether it returns, panics or is cancelled.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::chat::{Failure, FailureKind};

/// An attempt whose end is a report of the kind `R`. Where it is dropped, it is cancelled.
pub(super) struct Flight<R> {
    cancel: CancellationToken,
    report: Arc<Mutex<Option<R>>>,
}

/// How long a provider may take to let go of a cancelled attempt before it is dropped where it stands.
pub(super) const PROVIDER_LETS_GO_WITHIN: Duration = Duration::from_millis(50);

impl<R: Send + 'static> Flight<R> {
    /// Starts `work`, which is to end soon after its token is cancelled. Where it ends otherwise, `cut_short` makes
    /// the report: of a failure where it panicked, of none where it was cancelled and did not let go `within` its time.
    /// `arrived` is told of the end.
    pub fn start<W>(
        work: impl FnOnce(CancellationToken) -> W,
        cut_short: impl FnOnce(Option<Failure>) -> R + Send + 'static,
        within: Duration,
        arrived: &Arc<Notify>,
    ) -> Self
    where
        W: Future<Output = R> + Send + 'static,
    {
        let cancel = CancellationToken::new();
        let report = Arc::new(Mutex::new(None));
        let work = work(cancel.clone());
        let (done, cancelled, arrived) = (Arc::clone(&report), cancel.clone(), Arc::clone(arrived));
        #[expect(clippy::disallowed_methods, reason = "runtime/ is where tasks are spawned")]
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = AssertUnwindSafe(work).catch_unwind() => ended.map_err(|_| {
                    Some(Failure::new(FailureKind::Internal, "a task of munshi's panicked"))
                }),
                () = dropped(cancelled, within) => Err(None),
            };
            let ended = ended.unwrap_or_else(cut_short);
            *done.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
            arrived.notify_one();
        });
        Self { cancel, report }
    }
}

impl<R> Flight<R> {
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether its report waits to be taken.
    pub fn has_ended(&self) -> bool {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub fn take_report(&self) -> Option<R> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<R> Drop for Flight<R> {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Resolves a little after the cancellation: by then what behaves well has returned by itself.
async fn dropped(cancelled: CancellationToken, within: Duration) {
    cancelled.cancelled().await;
    tokio::time::sleep(within).await;
}
