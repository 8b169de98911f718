//! The port to a provider's Batch API: files up, a batch made and watched, files down. Owns what can be asked of it, each
//! call exactly one attempt; refuses retries, polling and anything that decides.

use std::path::PathBuf;

use futures::future::BoxFuture;

use crate::chat::offload::{OffloadedAnswer, RemoteBatch};
use crate::chat::{Failure, Request};

/// What comes of one call. Dropping it lets go of the connection.
pub type Asked<T> = BoxFuture<'static, Result<T, Failure>>;

/// Something that takes rows in a file and answers them in its own time.
///
/// Where a provider has no such thing, that is a failure of kind [`NotFound`](crate::chat::FailureKind::NotFound) with
/// the code [`NO_BATCH_API`](crate::chat::offload::NO_BATCH_API); a batch or a file that it does not know has the
/// provider's own code.
pub trait Offload: Send + Sync + 'static {
    /// Sends the file at `path` up, for a batch, under `name`; its id. It is never held in memory.
    fn upload(&self, provider: &str, path: PathBuf, name: &str) -> Asked<String>;

    /// Makes a batch of chat completions from a file that was sent up, to be done within 24 hours.
    fn create(&self, provider: &str, input_file: &str, metadata: Vec<(String, String)>) -> Asked<RemoteBatch>;

    /// How far a batch is.
    fn retrieve(&self, provider: &str, id: &str) -> Asked<RemoteBatch>;

    /// The last hundred batches, newest first: where one is found again that was made just before a crash.
    fn recent(&self, provider: &str) -> Asked<Vec<RemoteBatch>>;

    /// Asks for a batch to be stopped; what was answered until then stays.
    fn cancel(&self, provider: &str, id: &str) -> Asked<RemoteBatch>;

    /// Brings a file down to `to`, which is there whole or not at all, and which only this user may read; its bytes
    /// are counted and never held in memory.
    fn download(&self, provider: &str, file: &str, to: PathBuf) -> Asked<u64>;

    /// Deletes a file at the provider.
    fn delete_file(&self, provider: &str, file: &str) -> Asked<()>;

    /// The line of a batch's file that asks for `request`, without its line end.
    fn line(&self, custom_id: &str, request: &Request) -> String;

    /// What a line of an output or an error file says; what is wrong with it, where it names no row.
    fn read_line(&self, line: &str) -> Result<OffloadedAnswer, String>;
}
