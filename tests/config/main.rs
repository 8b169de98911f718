//! Configuration as a user meets it: files in a folder of its own, an environment, flags; never the process's own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests stop where something is not there")]

mod catalogue;
mod endpoints;
mod env_files;
mod errors;
mod example;
mod history;
mod precedence;
mod refreshed;
mod reports;
mod tooling;
mod writing;

use std::path::{Path, PathBuf};

use munshi::config::{Config, Flags, Inputs, Paths, System};
use munshi::platform::{files, process};

/// A home with folders of its own and an environment.
pub(crate) struct Home {
    root: tempfile::TempDir,
    env: Vec<(String, String)>,
    flags: Flags,
    pub system: System,
}

pub(crate) const SYSTEM: System =
    System { write_private: files::write_private, others_may_read: files::others_may_read, run: process::run_limited };

impl Home {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["config", "work"] {
            files::create_private_folder(&root.path().join(folder)).unwrap();
        }
        Self { root, env: Vec::new(), flags: Flags::default(), system: SYSTEM }
    }

    /// A home with this configuration file.
    pub(crate) fn with_config(text: &str) -> Self {
        let home = Self::new();
        home.write("config/config.toml", text);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a private file.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        files::write_private(&path, text.as_ref()).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn flags(mut self, set: impl FnOnce(&mut Flags)) -> Self {
        set(&mut self.flags);
        self
    }

    pub(crate) fn inputs(&self) -> Inputs {
        Inputs {
            env: self.env.iter().cloned().collect(),
            cwd: Some(self.path("work")),
            paths: Paths { config: self.path("config"), data: self.path("data"), state: self.path("state") },
            flags: self.flags.clone(),
            system: self.system,
        }
    }

    pub(crate) fn load(&self) -> Config {
        Config::load(&self.inputs()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What is wrong, with this home's folder left out of the paths.
    pub(crate) fn error(&self) -> String {
        let error = Config::load(&self.inputs()).expect_err("the configuration should be refused");
        self.short(&error.to_string())
    }

    pub(crate) fn short(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.root.path().display()), "")
    }

    #[cfg(unix)]
    pub(crate) fn chmod(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// The origin of a setting, as `config show` names it.
pub(crate) fn origin(config: &Config, setting: &str) -> String {
    config.layers().get(setting).map_or_else(|| "unset".to_owned(), |entry| entry.origin.to_string())
}
