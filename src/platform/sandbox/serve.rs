//! munshi's side of a program that it speaks with as long as it wants, such as a server of tools: the same helper holds
//! it as any other. Whoever drops its [`Held`] ends it, with all that it started.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::process::Child;
use tokio::time::timeout;

use super::keeper::Report;
use super::run::{abandon, patience, session_of, spawn};
use super::{End, Job, Served};

/// What munshi writes for the program to read.
pub type Input = pipe::Sender;

/// The hold on a program.
#[derive(Debug)]
pub struct Held {
    child: Child,
    socket: UnixStream,
    told: Vec<u8>,
    job: Job,
}

/// Starts a program by the helper that `helper` is (this program, see [`super::this_program`]). That the program itself
/// cannot be started is told as its end.
///
/// # Errors
/// Where the helper cannot be started.
pub async fn serve(helper: &Path, job: Job) -> io::Result<Served> {
    let (reader, writer) = io::pipe()?;
    let writer = OwnedFd::from(writer);
    rustix::io::ioctl_fionbio(&writer, true)?;
    let stdin = Input::from_owned_fd(writer)?;
    let (mut child, mut socket) = spawn(helper, Some(&OwnedFd::from(reader)))?;
    let mut line = serde_json::to_vec(&job)?;
    line.push(b'\n');
    socket.write_all(&line).await?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("it has no output"));
    };
    Ok(Served { stdin, stdout, stderr, held: Held { child, socket, told: Vec::new(), job } })
}

impl Held {
    /// Waits until the program has ended by itself, and all that it started with it. Can be given up and called again.
    pub async fn ended(&mut self) -> End {
        // A socket that breaks has ended.
        while let Ok(1..) = self.socket.read_buf(&mut self.told).await {}
        serde_json::from_slice::<Report>(&self.told).map_or(End::Lost, End::from)
    }

    /// Ends the program and all that it started, unless it has ended; within the job's grace and two seconds.
    pub async fn end(mut self) -> End {
        // The word to end; whoever is gone needs none.
        let _ = self.socket.shutdown().await;
        let patience = patience(&self.job);
        let end = timeout(patience, self.ended()).await.unwrap_or(End::Lost);
        if end == End::Lost || timeout(patience, self.child.wait()).await.is_err() {
            let session = session_of(&self.child);
            abandon(&mut self.child, session, &[]).await;
        }
        end
    }
}
