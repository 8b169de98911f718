//! A server that is a child of munshi's: how it is started, what it may know, and that it ends with all its own
//! children. Owns its process; what it says goes to the log, cut, and never to a screen.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::Options;
use super::wire::{Guarded, Line, Lines, MOST_MESSAGE};
use crate::platform::sandbox::{self, End, Held, Input, Job, Kind, Served, View};
use crate::tools::ENVIRONMENT;

/// How long a server has to end by itself, once it is asked to.
const GRACE: Duration = Duration::from_millis(600);
/// How long what it said last is read, once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The most that is logged of what one start of a server says, in bytes.
const MOST_LOGGED: usize = 64 * 1024;

/// The streams of a child, as the SDK speaks over them.
pub type Transport = Guarded<AsyncRwTransport<RoleClient, Lines<ChildStdout>, Input>>;

/// How a child ended, once it has.
pub type Ending = watch::Receiver<Option<End>>;

/// Starts a server. It lives until `line.gone` fires, and that fires when it dies; `keepers` are done once it is gone.
///
/// # Errors
/// Why it cannot be started, in a sentence.
pub async fn start(
    name: &str,
    command: &[String],
    env: &[String],
    options: &Options,
    line: &Line,
    keepers: &TaskTracker,
) -> Result<(Transport, Ending), String> {
    let job = job(command, env, options)
        .ok_or_else(|| format!("The MCP server {name} has no command: set it in [mcp.{name}]."))?;
    let served = sandbox::serve(&options.helper, job).await;
    let Served { stdin, stdout, stderr, held } =
        served.map_err(|error| format!("The MCP server {name} cannot be started: {error}."))?;
    let (said, ending) = watch::channel(None);
    keepers.spawn(keep(name.to_owned(), held, stderr, line.clone(), said));
    let streams = AsyncRwTransport::new(Lines::new(stdout, line.skipped.clone()), stdin);
    Ok((Guarded::new(streams.with_max_line_length(MOST_MESSAGE), line.clone()), ending))
}

/// A server is the user's own choice and has all of the user's rights; what it starts is held together all the same.
fn job(command: &[String], env: &[String], options: &Options) -> Option<Job> {
    let (program, arguments) = command.split_first()?;
    let named = ENVIRONMENT.into_iter().chain(env.iter().map(String::as_str));
    let value = |name: &str| (options.variables)(name)?.into_string().ok();
    Some(Job {
        kind: Kind::None,
        program: PathBuf::from(program),
        arguments: arguments.to_vec(),
        environment: named.filter_map(|name| Some((name.to_owned(), value(name)?))).collect(),
        folder: std::env::current_dir().unwrap_or_else(|_| Path::new("/").to_path_buf()),
        owns_folder: false,
        grace: GRACE,
        view: View::default(),
    })
}

/// How a child ended, in words that follow its name.
pub fn words(end: &End) -> String {
    match end {
        End::Exited(code) => format!("ended with exit status: {code}"),
        End::Signalled(signal) => format!("was ended by signal {signal}"),
        End::NotStarted(why) => format!("cannot be started: {why}"),
        End::Cancelled | End::TimedOut => "was ended".to_owned(),
        End::Lost => "was ended together with munshi's helper that held it".to_owned(),
    }
}

/// Watches over a child to its end. Where this future is dropped before, the child is ended.
async fn keep(name: String, mut held: Held, stderr: ChildStderr, line: Line, said: watch::Sender<Option<End>>) {
    let mut log = std::pin::pin!(log(&name, stderr));
    let mut is_silent = false;
    let ended = loop {
        tokio::select! {
            end = held.ended() => break Some(end),
            () = line.gone.cancelled() => break None,
            () = &mut log, if !is_silent => is_silent = true,
        }
    };
    // Whoever is left of it holds its streams open, and would keep the connection from ending.
    let ended = match ended {
        Some(end) => end,
        None => held.end().await,
    };
    tracing::debug!(server = name, "the server of tools {}", words(&ended));
    said.send_replace(Some(ended));
    // Its last answer is read before its end counts; what hid from its helper and holds its streams does not matter.
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
