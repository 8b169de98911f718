//! What a confined program sees of the files: the system's folders and what its definition names, without what is
//! private. The same list for every kind of sandbox.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Folders that programs are made of, where a system has them.
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix",
    "/gnu",
    "/run/current-system",
];

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Single files that are needed to start: the program, its script.
    pub files: Vec<PathBuf>,
    /// Where programs are looked for: the folders of PATH.
    pub search: Vec<PathBuf>,
    pub reads: Vec<PathBuf>,
    pub writes: Vec<PathBuf>,
    pub network: bool,
    /// The user's own folder: nothing in it is seen that is not asked for by its name.
    pub home: Option<PathBuf>,
    /// Folders that are never seen, whatever is asked for.
    pub private: Vec<PathBuf>,
}

/// Files and folders that are seen; nothing else is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct View {
    /// To read and to run.
    pub reads: Vec<PathBuf>,
    pub writes: Vec<PathBuf>,
    pub network: bool,
}

impl Needs {
    /// What is seen. Reads the folders that hold something private, which are given piece by piece.
    #[must_use]
    pub fn view(&self) -> View {
        let private: Vec<PathBuf> = self.private.iter().map(|path| real(path)).collect();
        let hidden: Vec<PathBuf> = private.iter().cloned().chain(self.home.as_deref().map(real)).collect();
        let mut reads = Vec::new();
        for folder in SYSTEM.iter().map(Path::new).filter(|path| path.exists()) {
            without(folder, &hidden, &mut reads);
        }
        // A folder of programs may well lie in the user's own, but is never that itself.
        let search = self.search.iter().filter(|path| path.is_absolute() && path.is_dir());
        for folder in search.filter(|path| !self.home.as_deref().is_some_and(|home| real(home).starts_with(real(path))))
        {
            without(folder, &private, &mut reads);
        }
        // Names are looked up by the file that this one points to.
        let names = Some(PathBuf::from("/etc/resolv.conf")).filter(|_| self.network);
        let files = self.files.iter().cloned().chain(names);
        let wanted = files.flat_map(|file| [real(&file), file]).chain(self.reads.iter().cloned());
        for path in wanted.filter(|path| path.exists() && !is_private(path, &self.private)) {
            add(path, &mut reads);
        }
        let writes = self.writes.iter().filter(|path| path.exists() && !is_private(path, &self.private));
        View { reads, writes: writes.cloned().collect(), network: self.network }
    }
}

/// Whether a path is, holds or lies in one of these.
#[must_use]
pub fn is_private(path: &Path, private: &[PathBuf]) -> bool {
    let path = real(path);
    private.iter().map(|private| real(private)).any(|private| path.starts_with(&private) || private.starts_with(&path))
}

/// The path without symbolic links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (there.canonicalize(), path.strip_prefix(there)) {
            return real.join(rest);
        }
    }
    path.to_path_buf()
}

/// Adds a path that nothing on the list covers yet.
fn add(path: PathBuf, list: &mut Vec<PathBuf>) {
    if !list.iter().any(|there| path.starts_with(there)) {
        list.push(path);
    }
}

/// Adds a folder, piece by piece where something hidden lies in it.
fn without(path: &Path, hidden: &[PathBuf], list: &mut Vec<PathBuf>) {
    let there = real(path);
    if hidden.iter().any(|hidden| there.starts_with(hidden)) {
        return;
    }
    if !hidden.iter().any(|hidden| hidden.starts_with(&there)) {
        add(path.to_path_buf(), list);
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        without(&entry.path(), hidden, list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_cut_out_of_the_folder_it_lies_in_and_never_seen_by_its_name() {
        let root = tempfile::tempdir().unwrap();
        let of = |path: &str| root.path().join(path);
        for folder in ["opt/tool/bin", "opt/data/munshi", "opt/data/other"] {
            std::fs::create_dir_all(of(folder)).unwrap();
        }
        let private = vec![of("opt/data/munshi")];
        let needs = Needs {
            search: vec![of("opt"), PathBuf::from("relative/bin")],
            reads: vec![of("opt/data"), of("opt/data/munshi/chats"), of("opt/data/other")],
            writes: vec![of("opt")],
            private: private.clone(),
            ..Needs::default()
        };
        let view = needs.view();
        let mut seen: Vec<_> = view.reads.iter().filter(|path| path.starts_with(root.path())).cloned().collect();
        seen.sort();
        assert_eq!(seen, [of("opt/data/other"), of("opt/tool")]);
        assert!(view.writes.is_empty());
        assert!(is_private(&of("opt/data/munshi/not/there/yet"), &private) && !is_private(&of("opt/tool"), &private));
    }

    #[test]
    fn a_home_among_the_folders_of_programs_is_not_seen_and_its_folder_of_programs_is() {
        let root = tempfile::tempdir().unwrap();
        let home = root.path().join("home/asha");
        std::fs::create_dir_all(home.join("bin")).unwrap();
        let search = vec![home.clone(), root.path().to_path_buf(), home.join("bin")];
        let view = Needs { search, home: Some(home.clone()), ..Needs::default() }.view();
        let seen: Vec<_> = view.reads.iter().filter(|path| path.starts_with(root.path())).collect();
        assert_eq!(seen, [&home.join("bin")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_what_is_private_is_private() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::os::unix::fs::symlink(&data, root.path().join("innocent")).unwrap();
        let needs = Needs { reads: vec![root.path().join("innocent")], private: vec![data], ..Needs::default() };
        assert!(!needs.view().reads.iter().any(|path| path.starts_with(root.path())));
    }
}
