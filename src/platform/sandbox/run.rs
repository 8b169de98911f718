//! munshi's side of a run: starts the helper, reads what the program prints, and sees to it that the end comes. Whoever
//! drops the future ends the run: the socket closes, and the helper needs nothing else to know.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Pid;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::keeper::Report;
use super::remove::remove_whole;
use super::{Captured, End, HELPER, Job, KILLING, Kind, Ran, capture, family, handover};

/// Kept of standard output, from its beginning.
const MOST_OUTPUT: usize = 64 * 1024;
/// Kept of standard error, from its end.
const MOST_ERRORS: usize = 4 * 1024;
/// How long the rest of the output may take, once all who could write it are gone.
const DRAIN: Duration = Duration::from_millis(500);

/// How long the helper may take for its answer and its leave, once it was told to end.
pub(super) fn patience(job: &Job) -> Duration {
    job.grace + KILLING + Duration::from_millis(400)
}

/// Runs a job, for at most `limit`, by the helper that `helper` is (this program, see [`super::this_program`]). When it
/// gives its answer, nothing that the program started is left, and the job's folder is gone.
pub async fn run(helper: &Path, job: Job, limit: Duration, cancel: CancellationToken) -> Ran {
    let (folder, patience) = (job.folder.clone(), patience(&job));
    let ran = match begin(helper, job) {
        Ok(begun) => converse(begun, patience, limit, cancel).await,
        Err(why) => Ran { end: End::NotStarted(why), stdout: Captured::default(), stderr: Captured::default() },
    };
    // The helper has done so, where it lived to do it.
    remove_whole(&folder);
    ran
}

/// The helper's process, munshi's end of the socket, and what is to be said there.
struct Begun {
    child: Child,
    socket: UnixStream,
    line: Vec<u8>,
    folder: PathBuf,
}

fn begin(helper: &Path, job: Job) -> Result<Begun, String> {
    let job = wrapped(job)?;
    let mut line = serde_json::to_vec(&job).map_err(|error| format!("The run cannot be described: {error}."))?;
    line.push(b'\n');
    let begun = spawn(helper, None);
    let (child, socket) =
        begun.map_err(|error| format!("The helper that runs tools could not be started: {error}."))?;
    Ok(Begun { child, socket, line, folder: job.folder })
}

fn wrapped(job: Job) -> Result<Job, String> {
    #[cfg(target_os = "linux")]
    if job.kind == Kind::Bubblewrap {
        let (program, arguments) = super::bubblewrap::command(&job).ok_or("There is no `bwrap` in PATH any more.")?;
        return Ok(Job { program, arguments, ..job });
    }
    #[cfg(not(target_os = "linux"))]
    if job.kind != Kind::None {
        return Err("This system has no such sandbox.".to_owned());
    }
    Ok(job)
}

/// Starts the helper, for a program that reads from `input` or from nothing.
pub(super) fn spawn(helper: &Path, input: Option<&OwnedFd>) -> io::Result<(Child, UnixStream)> {
    let (ours, its) = std::os::unix::net::UnixStream::pair()?;
    handover::send(&ours, input)?;
    ours.set_nonblocking(true)?;
    let mut command = Command::new(helper);
    // The helper's environment is there to be read by the program's side: it has none.
    command.arg(HELPER).env_clear().current_dir("/");
    command.stdin(Stdio::from(OwnedFd::from(its))).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn()?;
    Ok((child, UnixStream::from_std(ours)?))
}

/// The session that the helper leads, unless it has ended and was taken leave of.
pub(super) fn session_of(helper: &Child) -> Option<Pid> {
    helper.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}

async fn converse(begun: Begun, patience: Duration, limit: Duration, cancel: CancellationToken) -> Ran {
    let Begun { mut child, socket, line, folder } = begun;
    let (mut stdout, mut stderr) = (Captured::default(), Captured::default());
    let session = session_of(&child);
    let (end, is_lost) = {
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let reading = async {
            tokio::join!(read(out, &mut stdout, MOST_OUTPUT, 0), read(err, &mut stderr, 0, MOST_ERRORS));
        };
        let (mut reading, mut is_read) = (std::pin::pin!(reading), false);
        let mut ending = std::pin::pin!(ending(socket, line, patience, limit, cancel));
        // The end first: a flood of output must not hide it.
        let end = tokio::select! {
            biased;
            end = &mut ending => end,
            () = &mut reading => {
                is_read = true;
                ending.await
            }
        };
        if !is_read {
            // Whoever still holds the pipe has got away, and is not waited for.
            let _ = timeout(DRAIN, reading).await;
        }
        end
    };
    if is_lost || timeout(patience, child.wait()).await.is_err() {
        abandon(&mut child, session, folder.as_os_str().as_encoded_bytes()).await;
    }
    Ran { end, stdout, stderr }
}

/// Gives the helper its job and waits for the end; whether the helper is lost stands beside it.
async fn ending(
    socket: UnixStream,
    line: Vec<u8>,
    patience: Duration,
    limit: Duration,
    cancel: CancellationToken,
) -> (End, bool) {
    let (answer, mut word) = socket.into_split();
    let mut answer = std::pin::pin!(report(answer));
    let told = async {
        // Where the helper is gone already, it has no answer either.
        let _ = word.write_all(&line).await;
        answer.as_mut().await
    };
    let early = tokio::select! {
        report = told => {
            return match report {
                Some(Report::Ended) | None => (End::Lost, true),
                Some(report) => (End::from(report), false),
            };
        }
        () = cancel.cancelled() => End::Cancelled,
        () = tokio::time::sleep(limit) => End::TimedOut,
    };
    // Closing this side is the word to end.
    drop(word);
    let is_lost = !matches!(timeout(patience, answer).await, Ok(Some(_)));
    (early, is_lost)
}

async fn read(pipe: Option<impl AsyncRead + Unpin>, into: &mut Captured, head: usize, tail: usize) {
    if let Some(pipe) = pipe {
        capture::read(pipe, into, head, tail).await;
    }
}

/// What the helper tells at its end; `None` where it ends without a word.
async fn report(mut socket: OwnedReadHalf) -> Option<Report> {
    let mut text = Vec::new();
    socket.read_to_end(&mut text).await.ok()?;
    serde_json::from_slice(&text).ok()
}

/// Ends what a helper leaves that was ended itself, or does not answer: a program that nothing holds can do that.
pub(super) async fn abandon(child: &mut Child, session: Option<Pid>, mark: &[u8]) {
    let _ = child.start_kill();
    // More than once: whoever forks meanwhile is not on the first list.
    for _ in 0..3 {
        family::kill_strays(session, mark);
    }
    let _ = timeout(DRAIN, child.wait()).await;
}
