//! The helper that stands between munshi and a program: munshi itself, run again. It starts the program, adopts whatever
//! the program leaves behind, and ends all of it when the program has ended, when munshi says so, and when munshi is
//! gone, however it went. It learns its job from the socket that is its standard input, whose end is munshi's word to
//! stop, and answers there with how the program ended.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, wait};
use serde::{Deserialize, Serialize};

use super::remove::remove_whole;
use super::{End, Job, KILLING, Kind, family, handover};

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

impl From<Report> for End {
    fn from(report: Report) -> Self {
        match report {
            Report::Exited(code) => Self::Exited(code),
            Report::Signalled(signal) => Self::Signalled(signal),
            Report::NotStarted(why) => Self::NotStarted(why),
            Report::Ended => Self::Cancelled,
        }
    }
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
    let input = handover::receive(&socket)?;
    let mut line = String::new();
    BufReader::new(socket.try_clone()?.take(LONGEST_JOB)).read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line)?;
    let report = run(&job, input, socket.try_clone()?);
    // Nobody may be left to be told.
    let _ = serde_json::to_writer(&socket, &report);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    if job.owns_folder {
        remove_whole(&job.folder);
    }
    Ok(())
}

fn run(job: &Job, input: Option<OwnedFd>, socket: UnixStream) -> Report {
    let program = match start_held(job, input) {
        Ok(program) => program,
        Err(why) => return Report::NotStarted(why),
    };
    // What the program closes is closed.
    let_go_of_output();
    let (to, events) = sync_channel(4);
    let of_socket = to.clone();
    thread::spawn(move || watch_socket(socket, &of_socket));
    thread::spawn(move || watch_children(program, &to));
    let mut report = match events.recv() {
        Ok(Event::Ended(report)) => Some(report),
        Ok(Event::Stop | Event::Alone) | Err(_) => None,
    };
    end_all(program, job.grace, &events, &mut report);
    report.unwrap_or(Report::Ended)
}

/// Leaves the program's output to the program.
fn let_go_of_output() {
    if let Ok(nothing) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&nothing);
        let _ = rustix::stdio::dup2_stderr(&nothing);
    }
}

/// Starts the program in a thread that has given up what the program must not have.
fn start_held(job: &Job, input: Option<OwnedFd>) -> Result<Pid, String> {
    let starting = || {
        match job.kind {
            #[cfg(target_os = "linux")]
            Kind::Landlock => super::landlocked::restrict(job)?,
            #[cfg(target_os = "linux")]
            Kind::Bubblewrap if job.view.network => return start_filtered(job, input),
            #[cfg(not(target_os = "linux"))]
            Kind::Bubblewrap | Kind::Landlock => return Err("This system has no such sandbox.".to_owned()),
            _ => {}
        }
        start(job, input)
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
fn start_filtered(job: &Job, input: Option<OwnedFd>) -> Result<Pid, String> {
    let filter = super::sockets::inherited().map_err(|why| format!("Nothing was run: {why}."))?;
    let words = ["--seccomp".to_owned(), std::os::fd::AsRawFd::as_raw_fd(&filter).to_string()];
    let arguments = words.into_iter().chain(job.arguments.iter().cloned()).collect();
    start(&Job { arguments, ..job.clone() }, input)
}

fn start(job: &Job, input: Option<OwnedFd>) -> Result<Pid, String> {
    spawn(job, input).map_err(|error| format!("{} could not be started: {error}.", job.program.display()))
}

fn spawn(job: &Job, input: Option<OwnedFd>) -> io::Result<Pid> {
    let mut command = Command::new(&job.program);
    command.args(&job.arguments).env_clear().envs(job.environment.iter().map(|(name, value)| (name, value)));
    let input = input.map_or_else(Stdio::null, Stdio::from);
    let child = command.current_dir(&job.folder).stdin(input).process_group(0).spawn()?;
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
fn end_all(program: Pid, grace: Duration, events: &Receiver<Event>, report: &mut Option<Report>) {
    // A program that left nothing behind is not asked.
    if !is_alone_within(STEP, events, report) {
        family::signal(program, Signal::TERM);
        // What was stopped hears nothing before it goes on.
        family::signal(program, Signal::CONT);
        let mut left = KILLING;
        let mut is_alone = is_alone_within(grace, events, report);
        while !is_alone && !left.is_zero() {
            family::signal(program, Signal::KILL);
            is_alone = is_alone_within(STEP, events, report);
            left = left.saturating_sub(STEP);
        }
    }
    // Elsewhere whoever lost its parent is not adopted, and only the group still knows it.
    #[cfg(not(target_os = "linux"))]
    let _ = rustix::process::kill_process_group(program, Signal::KILL);
}

/// Whether no child is left, after waiting for that at most so long; with how the program ended, if it does meanwhile.
fn is_alone_within(limit: Duration, events: &Receiver<Event>, report: &mut Option<Report>) -> bool {
    let mut left = limit;
    loop {
        let step = left.min(Duration::from_millis(5));
        match events.recv_timeout(step) {
            Ok(Event::Alone) => return true,
            // Its streams close before it has ended, which can be why munshi says to stop.
            Ok(Event::Ended(how)) => *report = Some(how),
            Ok(Event::Stop) => {}
            Err(_) if left.is_zero() => return false,
            Err(_) => left = left.saturating_sub(step),
        }
    }
}
