//! Systems where munshi cannot see to the end of what a program starts: it runs none for a model. A program that it
//! speaks with is the user's own choice, and ends alone.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};
use tokio_util::sync::CancellationToken;

use super::{Captured, End, Job, Ran, Served};

/// What munshi writes for the program to read.
pub type Input = ChildStdin;

/// The hold on a program.
#[derive(Debug)]
pub struct Held {
    child: Child,
}

/// Runs nothing, and says so.
pub async fn run(_: &Path, _: Job, _: Duration, _: CancellationToken) -> Ran {
    let why = "Commands as tools need Linux or macOS: on this system munshi could not end all that a command starts.";
    Ran { end: End::NotStarted(why.to_owned()), stdout: Captured::default(), stderr: Captured::default() }
}

/// Starts a program.
///
/// # Errors
/// Where it cannot be started.
pub async fn serve(_: &Path, job: Job) -> io::Result<Served> {
    let mut command = Command::new(&job.program);
    command.args(&job.arguments).env_clear().envs(job.environment).current_dir(&job.folder).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => Ok(Served { stdin, stdout, stderr, held: Held { child } }),
        _ => Err(io::Error::other("it has no input or output")),
    }
}

impl Held {
    /// Waits until the program has ended by itself. Can be given up and called again.
    pub async fn ended(&mut self) -> End {
        let code = self.child.wait().await.ok().and_then(|status| status.code());
        code.map_or(End::Lost, End::Exited)
    }

    /// Ends the program, unless it has ended.
    pub async fn end(mut self) -> End {
        let _ = self.child.start_kill();
        self.ended().await
    }
}
