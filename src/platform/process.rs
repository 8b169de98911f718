//! Other programs, run for a limited time; and what this process must not leave behind.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

/// No program's output is read further than this.
const MOST_OUTPUT: u64 = 64 * 1024;
/// How often a program is asked whether it has ended: a wait that a user does not feel.
const STEP: Duration = Duration::from_millis(5);

/// Runs a program with arguments, never through a shell, without input, and waits for it at most `limit`;
/// then it and what it started are killed. Errors of its own are dropped: they could hold a secret.
///
/// # Errors
/// Where it cannot be started; [`io::ErrorKind::TimedOut`] where it took too long.
pub fn run_limited(command: &[String], limit: Duration) -> io::Result<Output> {
    let mut child = start(command, Stdio::null(), Stdio::piped())?;
    let mut stdout = child.stdout.take();
    // Reading must not wait for whoever inherited the pipe: the thread is left alone where time is up.
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stdout) = &mut stdout {
            stdout.take(MOST_OUTPUT).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    });
    let status = wait_limited(&mut child, limit)?;
    // A program that ended and left a child holding its output open: what it printed itself is taken
    // once that child lets go, or not at all.
    let mut left = limit;
    while !reader.is_finished() && !left.is_zero() {
        thread::sleep(STEP);
        left = left.saturating_sub(STEP);
    }
    if !reader.is_finished() {
        kill(&mut child);
        return Err(io::ErrorKind::TimedOut.into());
    }
    let stdout = reader.join().unwrap_or_else(|_| Err(io::Error::other("its output could not be read")))?;
    Ok(Output { status, stdout, stderr: Vec::new() })
}

/// Gives `input` to a program, and waits for its end at most `limit`.
///
/// # Errors
/// Where it cannot be started; [`io::ErrorKind::TimedOut`] where it took too long.
pub fn feed_limited(command: &[String], input: Vec<u8>, limit: Duration) -> io::Result<ExitStatus> {
    let mut child = start(command, Stdio::piped(), Stdio::null())?;
    let stdin = child.stdin.take();
    // A program that does not read would block the writer: it writes in a thread of its own.
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    wait_limited(&mut child, limit)
}

fn start(command: &[String], stdin: Stdio, stdout: Stdio) -> io::Result<Child> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(stdin).stdout(stdout).stderr(Stdio::null());
    // A group of its own: it can be killed with its children, and keys meant for munshi do not reach it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

fn wait_limited(child: &mut Child, limit: Duration) -> io::Result<ExitStatus> {
    let mut left = limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if left.is_zero() {
            kill(child);
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(STEP);
        left = left.saturating_sub(STEP);
    }
}

fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    // Whoever has ended already cannot be killed, which is as good.
    let _ = child.kill();
    let _ = child.wait();
}

/// Sees to it that a crash leaves no copy of this process's memory, in which keys are, and that no other program of the
/// same user reads it.
pub fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Refused only where a stricter limit stands already.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    // Nor may another program of this user look into it, or read the environment it was started with.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_program_gives_its_output_and_takes_no_shell() {
        let output = run_limited(&words(&["echo", "a; echo b $HOME"]), Duration::from_secs(10)).unwrap();
        assert!(output.status.success());
        assert_eq!(output.stdout, b"a; echo b $HOME\n");
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let command = words(&["sh", "-c", "trap '' TERM; sleep 600 & sleep 600"]);
        let error = run_limited(&command, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_program_that_never_reads_does_not_block_its_feeder() {
        let error =
            feed_limited(&words(&["sleep", "600"]), vec![b'x'; 1 << 20], Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn what_is_not_there_is_said_to_be_not_found() {
        let error = run_limited(&words(&["no-such-program-anywhere"]), Duration::from_secs(1)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(run_limited(&[], Duration::from_secs(1)).is_err());
    }
}
