//! Signals as events, and stopping oneself as a shell expects of a job.

use std::io;

/// What the system told the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemSignal {
    /// `SIGTERM`: end, and save what there is.
    Terminated,
    /// `SIGHUP`: the terminal is gone; end, and write nothing to it.
    HungUp,
    /// `SIGINT` from outside; in raw mode Ctrl+C is a key and no signal.
    Interrupted,
    /// `SIGCONT`: the process was stopped by another and goes on; the terminal is to be set up anew. Not told where
    /// [`suspend_self`] stopped it, whose caller knows.
    Continued,
}

/// Whether the stop that is going on, or has just ended, is this program's own.
#[cfg(unix)]
static OWN_STOP: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// The signals since [`Signals::listen`].
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    unix: [(tokio::signal::unix::Signal, SystemSignal); 4],
}

#[cfg(unix)]
impl Signals {
    /// Begins to listen; from now on these signals no longer end the process by themselves. Needs a tokio
    /// runtime with I/O.
    ///
    /// # Errors
    /// Where the system refuses a handler.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let on = |kind, meaning| signal(kind).map(|signal| (signal, meaning));
        Ok(Self {
            unix: [
                on(SignalKind::hangup(), SystemSignal::HungUp)?,
                on(SignalKind::terminate(), SystemSignal::Terminated)?,
                on(SignalKind::interrupt(), SystemSignal::Interrupted)?,
                on(SignalKind::from_raw(signal_hook::consts::SIGCONT), SystemSignal::Continued)?,
            ],
        })
    }

    /// The next signal. May be dropped and called again without losing one.
    pub async fn next(&mut self) -> SystemSignal {
        std::future::poll_fn(|context| {
            for (signal, meaning) in &mut self.unix {
                while let std::task::Poll::Ready(Some(())) = signal.poll_recv(context) {
                    let is_own = *meaning == SystemSignal::Continued
                        && OWN_STOP.swap(false, std::sync::atomic::Ordering::SeqCst);
                    if !is_own {
                        return std::task::Poll::Ready(*meaning);
                    }
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

#[cfg(not(unix))]
impl Signals {
    /// Begins to listen; from now on Ctrl+C no longer ends the process by itself.
    ///
    /// # Errors
    /// None on this system.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// The next signal. May be dropped and called again.
    pub async fn next(&mut self) -> SystemSignal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        SystemSignal::Interrupted
    }
}

/// Puts an input that never ends and never has anything in the place of a terminal that is gone: a reader of the
/// gone one is told at once, and again and again, that nothing is there, and some spin on that.
///
/// # Errors
/// Where the system has no more descriptors.
#[cfg(unix)]
pub fn silence_input() -> io::Result<()> {
    let (silent, other_end) = std::os::unix::net::UnixStream::pair()?;
    silent.set_nonblocking(true)?;
    rustix::stdio::dup2_stdin(&silent)?;
    // As long as the program lives: its end would be one more end of input.
    std::mem::forget(other_end);
    Ok(())
}

/// Does nothing: on this system a lost terminal ends the program.
///
/// # Errors
/// None on this system.
#[cfg(not(unix))]
pub fn silence_input() -> io::Result<()> {
    Ok(())
}

/// Stops the foreground job, as Ctrl+Z does, and returns when it goes on. The whole process group is stopped:
/// a script that started munshi would else wait for it, and its shell never come back. Where nobody could
/// wake the job up (no shell above it) the system ignores the stop; this then returns after 50 ms.
///
/// # Errors
/// Where the signal could not be sent, or this system has none.
#[cfg(unix)]
pub fn suspend_self() -> io::Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    let continued = Arc::new(AtomicBool::new(false));
    let handler = signal_hook::flag::register(signal_hook::consts::SIGCONT, Arc::clone(&continued))?;
    OWN_STOP.store(true, Ordering::SeqCst);
    let sent = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
    // With several threads the stop may come an instant after the call has returned: until it came, the
    // caller must not touch the terminal again.
    for _ in 0..50 {
        if sent.is_err() || continued.load(Ordering::SeqCst) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    if !continued.load(Ordering::SeqCst) {
        OWN_STOP.store(false, Ordering::SeqCst);
    }
    signal_hook::low_level::unregister(handler);
    sent.map_err(io::Error::from)
}

/// Stops nothing: this system has no jobs.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn suspend_self() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
