//! A connection that stands still. Owns the limit of silence, which every byte begins anew; refuses any limit on the
//! whole, since two hundred megabytes take as long as they take.

use std::future::Future;
use std::time::Duration;

use tokio::sync::Notify;

use crate::chat::{Failure, FailureKind};

#[derive(Debug)]
pub(super) struct Pace {
    limit: Duration,
    moved: Notify,
}

impl Pace {
    pub fn new(limit: Duration) -> Self {
        Self { limit, moved: Notify::new() }
    }

    /// To be called whenever something was sent or came.
    pub fn moved(&self) {
        self.moved.notify_one();
    }

    /// Waits for `work`, and gives it up once nothing has moved for too long.
    pub async fn hold<T>(&self, host: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.moved.notified() => {}
                () = tokio::time::sleep(self.limit) => {
                    let words = format!(
                        "Nothing came from {host} and nothing went to it for {} s: check the network and try again.",
                        self.limit.as_secs_f32()
                    );
                    return Err(Failure::new(FailureKind::Timeout, words));
                }
            }
        }
    }
}
