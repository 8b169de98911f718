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
mod keeper;
#[cfg(target_os = "linux")]
mod landlocked;
#[cfg(unix)]
mod run;
#[cfg(not(unix))]
#[path = "nowhere.rs"]
mod run;
#[cfg(target_os = "linux")]
mod sockets;

use std::path::PathBuf;
use std::sync::OnceLock;
#[cfg(unix)]
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(unix)]
pub use keeper::keep;
pub use run::run;
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
    /// Its own, where it starts and may write. Removed with all that is in it when the program has ended.
    pub folder: PathBuf,
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

/// How long a program has to end by itself once it was told to.
#[cfg(unix)]
const GRACE: Duration = Duration::from_millis(250);
/// How long, after that, the killing goes on.
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
