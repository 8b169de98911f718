//! A server that is a child of munshi's: how it is started, what it may know, and that it ends with all its own
//! children. Owns its process; what it says goes to the log, cut, and never to a screen.

use std::process::Stdio;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::Variables;
use super::wire::{Guarded, Line, Lines, MOST_MESSAGE};
use crate::platform::group::{self, Group};
use crate::tools::ENVIRONMENT;

/// How long a server has to end by itself, once it is asked to.
const GRACE: Duration = Duration::from_secs(1);
/// How long what it said last is read, once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The most that is logged of what one start of a server says, in bytes.
const MOST_LOGGED: usize = 64 * 1024;

/// The streams of a child, as the SDK speaks over them.
pub type Transport = Guarded<AsyncRwTransport<RoleClient, Lines<ChildStdout>, ChildStdin>>;

/// How a child ended, in words, once it has.
pub type Ending = watch::Receiver<Option<String>>;

/// Starts a server. It lives until `line.gone` fires, and that fires when it dies; `keepers` are done once it is gone.
///
/// # Errors
/// Why it cannot be started, in a sentence.
pub fn start(
    name: &str,
    command: &[String],
    env: &[String],
    variables: &Variables,
    line: &Line,
    keepers: &TaskTracker,
) -> Result<(Transport, Ending), String> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| format!("The MCP server {name} has no command: set it in [mcp.{name}]."))?;
    let mut starting = Command::new(program);
    starting.args(arguments).env_clear().kill_on_drop(true);
    for variable in ENVIRONMENT.into_iter().chain(env.iter().map(String::as_str)) {
        if let Some(value) = variables(variable) {
            starting.env(variable, value);
        }
    }
    starting.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    group::lead(starting.as_std_mut());
    let cannot = |why: &dyn std::fmt::Display| format!("The MCP server {name} cannot be started: {program:?}: {why}.");
    let mut child = starting.spawn().map_err(|error| cannot(&error))?;
    let group = child.id().map(Group::of);
    let (Some(group), Some(stdin), Some(stdout)) = (group, child.stdin.take(), child.stdout.take()) else {
        return Err(cannot(&"it ended at once"));
    };
    let (said, ending) = watch::channel(None);
    keepers.spawn(keep(name.to_owned(), child, group, line.clone(), said));
    let streams = AsyncRwTransport::new(Lines::new(stdout, line.skipped.clone()), stdin);
    Ok((Guarded::new(streams.with_max_line_length(MOST_MESSAGE), line.clone()), ending))
}

/// Watches over a child to its end. Where this future is dropped before, the child's group is killed at once.
async fn keep(name: String, mut child: Child, group: Group, line: Line, said: watch::Sender<Option<String>>) {
    let stderr = child.stderr.take();
    let mut log = std::pin::pin!(async {
        if let Some(stderr) = stderr {
            log(&name, stderr).await;
        }
    });
    let mut is_silent = false;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended.ok(),
            () = line.gone.cancelled() => {
                group.terminate();
                break tokio::time::timeout(GRACE, child.wait()).await.ok().and_then(Result::ok);
            }
            () = &mut log, if !is_silent => is_silent = true,
        }
    };
    // Whoever is left of it holds its streams open, and would keep the connection from ending.
    drop(group);
    let ended = match ended {
        Some(ended) => ended.to_string(),
        None => child.wait().await.map_or_else(|error| error.to_string(), |ended| ended.to_string()),
    };
    tracing::debug!(server = name, "the server of tools ended: {ended}");
    said.send_replace(Some(ended));
    // Its last answer is read before its end counts; what hid from its group and holds its streams does not matter.
    let _ = tokio::time::timeout(LAST_WORDS, async {
        if !is_silent {
            log.await;
        }
        line.gone.cancelled().await;
    })
    .await;
    line.gone.cancel();
}

/// Logs what a server says besides its answers, escaped, as far as it goes; reads on, lest the server waits.
async fn log(server: &str, mut stderr: impl AsyncRead + Unpin) {
    let mut chunk = [0; 1024];
    let mut left = MOST_LOGGED;
    while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
        let told = &chunk[..read.min(left)];
        for words in String::from_utf8_lossy(told).lines() {
            tracing::debug!(server, says = ?words);
        }
        if left > 0 && left <= read {
            tracing::debug!(server, "says more than {MOST_LOGGED} bytes, which are not logged");
        }
        left -= told.len();
    }
}
