//! Where this system wants a program's files.

use std::path::PathBuf;

use directories::ProjectDirs;

/// The folders of a program. None of them need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    pub config: PathBuf,
    pub data: PathBuf,
    /// Logs and the like: what may be lost.
    pub state: PathBuf,
}

/// munshi's folders; `None` where the user has no home. Reads the environment (`HOME`, `XDG_…`).
#[must_use]
pub fn folders() -> Option<Folders> {
    let dirs = ProjectDirs::from("", "", "munshi")?;
    let data = dirs.data_local_dir().to_path_buf();
    // Only Linux has a folder for state; elsewhere it lies beside the data.
    let state = dirs.state_dir().map_or_else(|| data.join("state"), PathBuf::from);
    Some(Folders { config: dirs.config_dir().to_path_buf(), data, state })
}
