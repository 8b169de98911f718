//! Running another program so that it sees little, and nothing of it is left when it ends, or must. Owns the kinds of
//! sandbox, which of them this system has, and the helper that stands between munshi and the program; refuses to decide
//! what may run, and to run anything less confined than it was asked to.

mod view;

#[cfg(target_os = "linux")]
mod bubblewrap;
#[cfg(unix)]
mod capture;
#[cfg(unix)]
mod family;
#[cfg(unix)]
mod handover;
#[cfg(unix)]
mod keeper;
#[cfg(target_os = "linux")]
mod landlocked;
#[cfg(not(unix))]
mod nowhere;
#[cfg(unix)]
mod remove;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod serve;
#[cfg(target_os = "linux")]
mod sockets;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::process::{ChildStderr, ChildStdout};

#[cfg(unix)]
pub use keeper::keep;
#[cfg(not(unix))]
pub use nowhere::{Held, Input, run, serve};
#[cfg(unix)]
pub use run::run;
#[cfg(unix)]
pub use serve::{Held, Input, serve};
pub use view::{Needs, View, is_private};

/// The argument that makes this program the helper: `munshi __confined`. On no list of commands, since it is of use to
/// no one else.
pub const HELPER: &str = "__confined";

/// What holds a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Bubblewrap,
    Landlock,
    /// Nothing.
    None,
}

impl Kind {
    /// Whether this system has it: it is really tried, which takes some milliseconds.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn probe(self) -> Result<(), String> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Bubblewrap => bubblewrap::probe(),
            #[cfg(target_os = "linux")]
            Self::Landlock => landlocked::probe(),
            #[cfg(not(target_os = "linux"))]
            Self::Bubblewrap | Self::Landlock => Err("this system has no sandbox that munshi knows".to_owned()),
            Self::None => Ok(()),
        }
    }

    /// What it does not hold, or holds too hard, in sentences.
    #[must_use]
    pub fn gaps(self) -> Vec<String> {
        match self {
            Self::Bubblewrap => Vec::new(),
            #[cfg(target_os = "linux")]
            Self::Landlock => landlocked::gaps(),
            #[cfg(not(target_os = "linux"))]
            Self::Landlock => Vec::new(),
            Self::None => vec!["A command can read, change and send whatever you can.".to_owned()],
        }
    }
}

/// The sandbox of a system, looked for when it is first asked about.
#[derive(Debug)]
pub struct Sandbox {
    wanted: Option<Kind>,
    found: OnceLock<Found>,
}

#[derive(Debug, Clone)]
struct Found {
    kind: Kind,
    /// Why it is no better one.
    misses: Vec<String>,
}

impl Sandbox {
    /// The best one this system has.
    #[must_use]
    pub const fn best() -> Self {
        Self { wanted: None, found: OnceLock::new() }
    }

    /// This one and no other: where the system lacks it, nothing runs.
    #[must_use]
    pub const fn exactly(kind: Kind) -> Self {
        Self { wanted: Some(kind), found: OnceLock::new() }
    }

    /// What a program will be held by. Takes some milliseconds the first time.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.found().kind
    }

    /// Why it is no better one, best first: one sentence for each kind that is not there.
    #[must_use]
    pub fn misses(&self) -> &[String] {
        &self.found().misses
    }

    fn found(&self) -> &Found {
        self.found.get_or_init(|| {
            if let Some(kind) = self.wanted {
                return Found { kind, misses: Vec::new() };
            }
            let mut misses = Vec::new();
            for kind in [Kind::Bubblewrap, Kind::Landlock] {
                match kind.probe() {
                    Ok(()) => return Found { kind, misses },
                    Err(why) => misses.push(why),
                }
            }
            Found { kind: Kind::None, misses }
        })
    }
}

/// One run of one program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    pub kind: Kind,
    /// An absolute path.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// All of its environment.
    pub environment: Vec<(String, String)>,
    /// Where it starts and may write.
    pub folder: PathBuf,
    /// Whether that is its own: removed, with all that is in it, when the program has ended.
    pub owns_folder: bool,
    /// How long it has to end by itself once it was told to.
    pub grace: Duration,
    /// What else it sees, where it is held by anything.
    pub view: View,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
    TimedOut,
    Cancelled,
    /// It never ran; why, in a sentence.
    NotStarted(String),
    /// Whoever watched over it is gone, and it with it.
    Lost,
}

/// What a program printed, as far as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    pub head: Vec<u8>,
    pub tail: Vec<u8>,
    /// All bytes that there were.
    pub total: u64,
}

/// A run that is over, and what it printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub end: End,
    pub stdout: Captured,
    pub stderr: Captured,
}

/// A program that is spoken with: what it reads from and prints to, and the hold on it.
#[derive(Debug)]
pub struct Served {
    pub stdin: Input,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
    pub held: Held,
}

/// How long, after a job's grace, the killing goes on.
#[cfg(unix)]
const KILLING: Duration = Duration::from_millis(1250);

/// How this program is started again, whatever became of its file.
///
/// # Errors
/// Where the system does not say.
pub fn this_program() -> std::io::Result<PathBuf> {
    let itself = PathBuf::from("/proc/self/exe");
    if itself.exists() { Ok(itself) } else { std::env::current_exe() }
}
