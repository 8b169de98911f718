//! Systems where munshi cannot see to the end of what a program starts: it starts none.

use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Captured, End, Job, Ran};

/// Runs nothing, and says so.
pub async fn run(_: &Path, _: Job, _: Duration, _: CancellationToken) -> Ran {
    let why = "Commands as tools need Linux or macOS: on this system munshi could not end all that a command starts.";
    Ran { end: End::NotStarted(why.to_owned()), stdout: Captured::default(), stderr: Captured::default() }
}
