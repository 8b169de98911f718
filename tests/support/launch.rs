//! How a program is started for a test: in a home of its own, with an environment that holds nothing but what is
//! named here. Refuses the real user's folders, keys and proxies.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::pty::Session;

/// A user's folders, in a temporary folder that goes with the last clone. Programs started from the same home
/// find what earlier ones left.
#[derive(Clone)]
pub struct Home {
    root: Arc<TempDir>,
}

impl Home {
    /// An empty home: the user's folder is there, munshi's own are not.
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("munshi-test-").tempdir().unwrap();
        std::fs::create_dir(root.path().join("home")).unwrap();
        Self { root: Arc::new(root) }
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }
    /// The working folder of what is started, and its `$HOME`.
    pub fn home_dir(&self) -> PathBuf {
        self.root().join("home")
    }
    pub fn config_dir(&self) -> PathBuf {
        self.root().join("config")
    }
    pub fn data_dir(&self) -> PathBuf {
        self.root().join("data")
    }
    pub fn state_dir(&self) -> PathBuf {
        self.root().join("state")
    }

    /// Writes `config.toml` into the config folder, readable by the user alone.
    pub fn write_config(&self, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir_all(self.config_dir()).unwrap();
        std::fs::set_permissions(self.config_dir(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let path = self.config_dir().join("config.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// munshi itself.
    pub fn munshi(&self) -> Launch {
        self.program(munshi_binary())
    }

    /// Any other program.
    pub fn program(&self, program: impl Into<OsString>) -> Launch {
        Launch {
            home: self.clone(),
            program: program.into(),
            args: Vec::new(),
            env: self.clean_environment(),
            rows: 24,
            cols: 80,
        }
    }

    /// `/bin/sh -c script`.
    pub fn shell(&self, script: &str) -> Launch {
        self.program("/bin/sh").arg("-c").arg(script)
    }

    fn clean_environment(&self) -> Vec<(OsString, OsString)> {
        let root = self.root();
        let mut env: Vec<(OsString, OsString)> = [
            ("HOME", self.home_dir()),
            ("XDG_CONFIG_HOME", root.join("xdg-config")),
            ("XDG_DATA_HOME", root.join("xdg-data")),
            ("XDG_STATE_HOME", root.join("xdg-state")),
            ("XDG_CACHE_HOME", root.join("xdg-cache")),
            ("MUNSHI_CONFIG_DIR", self.config_dir()),
            ("MUNSHI_DATA_DIR", self.data_dir()),
            ("MUNSHI_STATE_DIR", self.state_dir()),
        ]
        .into_iter()
        .map(|(name, path)| (name.into(), path.into()))
        .collect();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC"), ("SHELL", "/bin/sh")] {
            env.push((name.into(), value.into()));
        }
        env.push(("PATH".into(), std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())));
        env
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// A program that is about to start.
#[derive(Clone)]
pub struct Launch {
    pub(super) home: Home,
    pub(super) program: OsString,
    pub(super) args: Vec<OsString>,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) rows: u16,
    pub(super) cols: u16,
}

impl Launch {
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let name = name.as_ref();
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Points munshi at a server by the names that people know, with a key that is none.
    #[must_use]
    pub fn against(self, base_url: &str) -> Self {
        self.env("OPENAI_BASE_URL", base_url).env("OPENAI_API_KEY", "sk-test-0000000000000000")
    }

    /// Columns and rows, as sizes are written (`120×40`).
    #[must_use]
    pub fn size(mut self, cols: u16, rows: u16) -> Self {
        self.rows = rows;
        self.cols = cols;
        self
    }

    /// Starts it in a pseudo-terminal.
    pub fn start(self) -> Session {
        Session::start(self)
    }

    /// The same program without a terminal, for `std::process` and pipes.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).env_clear().current_dir(self.home.home_dir());
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command
    }
}

/// The binary that was built beside this test: cargo names it for tests and benchmarks; an example finds it in the
/// folder above its own.
pub fn munshi_binary() -> PathBuf {
    if let Some(named) = std::env::var_os("MUNSHI_BIN") {
        return PathBuf::from(named);
    }
    if let Some(built) = option_env!("CARGO_BIN_EXE_munshi") {
        return PathBuf::from(built);
    }
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("munshi")
}
