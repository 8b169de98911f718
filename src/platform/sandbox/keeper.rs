//! The helper that stands between munshi and a program: munshi itself, run again. It starts the program, adopts whatever
//! the program leaves behind, and ends all of it when the program has ended, when munshi says so, and when munshi is
//! gone, however it went. It learns its job from the socket that is its standard input, whose end is munshi's word to
//! stop, and answers there with how the program ended.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, wait};
use serde::{Deserialize, Serialize};

use super::{GRACE, Job, KILLING, Kind, family};

/// The longest job that is read, in bytes.
const LONGEST_JOB: u64 = 4 * 1024 * 1024;
/// How often those that fork while they are killed are killed again.
const STEP: Duration = Duration::from_millis(10);

/// What the helper tells.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report {
    Exited(i32),
    Signalled(i32),
    NotStarted(String),
    /// It was ended before it did.
    Ended,
}

/// What happens to the helper.
enum Event {
    /// The program ended.
    Ended(Report),
    /// No child is left, nor any that could become one.
    Alone,
    /// munshi wants it to end, or is gone.
    Stop,
}

/// Does one job. This is all that the process is for.
#[must_use]
pub fn keep() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "munshi: the helper that runs tools could not do its work: {error}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> io::Result<()> {
    // A session of its own: no terminal to write to, and no key or hang-up of munshi's that reaches it.
    let _ = rustix::process::setsid();
    family::adopt();
    let socket = UnixStream::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 0)?);
    let mut line = String::new();
    BufReader::new(socket.try_clone()?.take(LONGEST_JOB)).read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)?;
    let report = run(&job, socket.try_clone()?);
    // Nobody may be left to be told.
    let _ = serde_json::to_writer(&socket, &report);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    remove_whole(&job.folder);
    Ok(())
}

fn run(job: &Job, socket: UnixStream) -> Report {
    let program = match start_held(job) {
        Ok(program) => program,
        Err(why) => return Report::NotStarted(why),
    };
    let (to, events) = sync_channel(4);
    let of_socket = to.clone();
    thread::spawn(move || watch_socket(socket, &of_socket));
    thread::spawn(move || watch_children(program, &to));
    let report = match events.recv() {
        Ok(Event::Ended(report)) => report,
        Ok(Event::Stop | Event::Alone) | Err(_) => Report::Ended,
    };
    end_all(program, &events);
    report
}

/// Starts the program in a thread that has given up what the program must not have.
fn start_held(job: &Job) -> Result<Pid, String> {
    let starting = || {
        match job.kind {
            #[cfg(target_os = "linux")]
            Kind::Landlock => super::landlocked::restrict(job)?,
            #[cfg(target_os = "linux")]
            Kind::Bubblewrap if job.view.network => return start_filtered(job),
            #[cfg(not(target_os = "linux"))]
            Kind::Bubblewrap | Kind::Landlock => return Err("This system has no such sandbox.".to_owned()),
            _ => {}
        }
        start(job)
    };
    // Bubblewrap ends with the thread that started it, so that is the one that stays.
    if job.kind == Kind::Landlock {
        let held = thread::scope(|scope| scope.spawn(starting).join());
        return held.unwrap_or_else(|_| Err("The helper that runs tools failed.".to_owned()));
    }
    starting()
}

/// In a network that is the system's, where the services of the user's session listen under abstract names.
#[cfg(target_os = "linux")]
fn start_filtered(job: &Job) -> Result<Pid, String> {
    let filter = super::sockets::inherited().map_err(|why| format!("Nothing was run: {why}."))?;
    let words = ["--seccomp".to_owned(), std::os::fd::AsRawFd::as_raw_fd(&filter).to_string()];
    start(&Job { arguments: words.into_iter().chain(job.arguments.iter().cloned()).collect(), ..job.clone() })
}

fn start(job: &Job) -> Result<Pid, String> {
    spawn(job).map_err(|error| format!("{} could not be started: {error}.", job.program.display()))
}

fn spawn(job: &Job) -> io::Result<Pid> {
    let mut command = Command::new(&job.program);
    command.args(&job.arguments).env_clear().envs(job.environment.iter().map(|(name, value)| (name, value)));
    let child = command.current_dir(&job.folder).stdin(Stdio::null()).process_group(0).spawn()?;
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("it has no number"))
}

/// Tells when munshi closes its side.
fn watch_socket(mut socket: UnixStream, to: &SyncSender<Event>) {
    let mut rest = [0; 64];
    while let Ok(1..) = socket.read(&mut rest) {}
    let _ = to.send(Event::Stop);
}

/// Takes leave of every child, born or adopted, and tells of the program's end and of the last one's.
fn watch_children(program: Pid, to: &SyncSender<Event>) {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => {
                let report = match (status.exit_status(), status.terminating_signal()) {
                    (Some(code), _) => Report::Exited(code),
                    (None, Some(signal)) => Report::Signalled(signal),
                    (None, None) => Report::Ended,
                };
                let _ = to.send(Event::Ended(report));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => {
                let _ = to.send(Event::Alone);
                return;
            }
        }
    }
}

/// Ends everything that is left: asked first, then killed, again and again as long as there is any.
fn end_all(program: Pid, events: &Receiver<Event>) {
    // A program that left nothing behind is not asked.
    if !is_alone_within(STEP, events) {
        family::signal(program, Signal::TERM);
        // What was stopped hears nothing before it goes on.
        family::signal(program, Signal::CONT);
        let mut left = KILLING;
        let mut is_alone = is_alone_within(GRACE, events);
        while !is_alone && !left.is_zero() {
            family::signal(program, Signal::KILL);
            is_alone = is_alone_within(STEP, events);
            left = left.saturating_sub(STEP);
        }
    }
    // Elsewhere whoever lost its parent is not adopted, and only the group still knows it.
    #[cfg(not(target_os = "linux"))]
    let _ = rustix::process::kill_process_group(program, Signal::KILL);
}

/// Whether no child is left, after waiting for that at most so long.
fn is_alone_within(limit: Duration, events: &Receiver<Event>) -> bool {
    let mut left = limit;
    loop {
        let step = left.min(Duration::from_millis(5));
        match events.recv_timeout(step) {
            Ok(Event::Alone) => return true,
            Ok(Event::Ended(_) | Event::Stop) => {}
            Err(_) if left.is_zero() => return false,
            Err(_) => left = left.saturating_sub(step),
        }
    }
}

/// Removes a folder, whatever was put into it and however it was locked. What cannot be removed stays.
pub(super) fn remove_whole(folder: &Path) {
    if std::fs::remove_dir_all(folder).is_err() {
        unlock(folder);
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Gives the owner back what a program took from itself, folder by folder; links are not followed.
fn unlock(folder: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    let _ = std::fs::set_permissions(folder, mode);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unlock(&entry.path());
        }
    }
}
