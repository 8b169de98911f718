//! Paths under the folders that the user named, and nothing outside them: every step is taken from an open folder, so
//! that no `..`, link or swap in between leads out. Owns the refusals, each with its path; munshi's own folders are
//! never entered, and the files that it takes keys from never read, not even inside a root.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use cap_fs_ext::{DirExt as _, FollowSymlinks, OpenOptionsFollowExt as _, OpenOptionsSyncExt as _};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};

/// The folders, as they are when they are asked.
#[derive(Debug, Clone)]
pub(super) struct Roots {
    roots: Vec<PathBuf>,
    private: Vec<PathBuf>,
}

/// Why a path is not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It may not be.
    Refused(String),
    /// It may, but cannot.
    Failed(String),
}

impl Trouble {
    pub(super) fn says(self) -> String {
        let (Self::Refused(says) | Self::Failed(says)) = self;
        says
    }
}

/// A place under a root, found.
pub(super) struct Place {
    /// The folder it is in; itself, where it is a root.
    folder: Dir,
    /// Its name in there; `None` for a root.
    name: Option<OsString>,
    /// Its whole path, without links.
    pub(super) path: PathBuf,
    /// What it may not be.
    private: Vec<Private>,
}

impl Roots {
    /// `None` where there are no roots at all.
    pub(super) fn new(roots: &[PathBuf], private: &[PathBuf]) -> Option<Self> {
        (!roots.is_empty()).then(|| Self { roots: roots.to_vec(), private: private.to_vec() })
    }

    /// What a model is told of them.
    pub(super) fn words(&self) -> String {
        let list: Vec<String> = self.roots.iter().map(|root| root.display().to_string()).collect();
        let first = if list.len() > 1 { " A path is whole, or relative to the first of them." } else { "" };
        format!("Only files under {} can be seen.{first}", list.join(", "))
    }

    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Goes to a path, whole or relative to the first root, without opening what is there.
    pub(super) fn go(&self, written: &str) -> Result<Place, Trouble> {
        let (root, below) = self.below(written)?;
        let failed = |error: &io::Error| Trouble::Failed(format!("{written} cannot be opened: {error}."));
        let dir = Dir::open_ambient_dir(root, ambient_authority()).map_err(|error| failed(&error))?;
        let root = root.canonicalize().map_err(|error| failed(&error))?;
        let below = match dir.canonicalize(&below) {
            Ok(below) => below,
            // Its own word for a step that leads out; the system's have a number.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() => {
                return Err(outside(written));
            }
            Err(error) => return Err(failed(&error)),
        };
        let path: PathBuf = root.join(&below).components().collect();
        let private = self.private();
        if let Some(own) = private.iter().find(|own| path.starts_with(&own.path)) {
            return Err(own.refused(written));
        }
        let names: Vec<OsString> = below
            .components()
            .filter_map(|step| match step {
                Component::Normal(name) => Some(name.to_owned()),
                _ => None,
            })
            .collect();
        let (mut folder, mut name) = (dir, None);
        check_folder(&folder, &private, written)?;
        for step in names {
            if let Some(entered) = name.replace(step) {
                folder = folder.open_dir_nofollow(&entered).map_err(|error| failed(&error))?;
                check_folder(&folder, &private, written)?;
            }
        }
        if let Some(about) = name.as_ref().and_then(|name| folder.symlink_metadata(name).ok()) {
            check(&about, &private, written)?;
        }
        Ok(Place { folder, name, path, private })
    }

    /// The root that a path is under, and the rest of it.
    fn below(&self, written: &str) -> Result<(&PathBuf, PathBuf), Trouble> {
        let path = Path::new(written);
        if path.components().any(|step| step == Component::ParentDir) || written.contains('\0') {
            return Err(outside(written));
        }
        let plain = |rest: &Path| if rest.as_os_str().is_empty() { PathBuf::from(".") } else { rest.to_path_buf() };
        if !path.has_root() && !matches!(path.components().next(), Some(Component::Prefix(_))) {
            let first = self.roots.first().ok_or_else(|| outside(written))?;
            return Ok((first, plain(path)));
        }
        for root in &self.roots {
            let real = root.canonicalize().ok();
            let rest = [Some(root), real.as_ref()].into_iter().flatten().find_map(|root| path.strip_prefix(root).ok());
            if let Some(rest) = rest {
                return Ok((root, plain(rest)));
            }
        }
        Err(outside(written))
    }

    /// What is munshi's own and there: paths without links, and what tells it from all else.
    fn private(&self) -> Vec<Private> {
        let there = self.private.iter().filter_map(|own| own.canonicalize().ok());
        there
            .filter_map(|path| {
                let about = std::fs::metadata(&path).ok()?;
                let about = Metadata::from_just_metadata(about);
                Some(Private { is_file: about.is_file(), id: identity(&about), path })
            })
            .collect()
    }
}

/// A folder of munshi's own, or a file that it takes keys from.
#[derive(Debug, Clone)]
struct Private {
    path: PathBuf,
    is_file: bool,
    id: Option<(u64, u64)>,
}

impl Private {
    fn refused(&self, written: &str) -> Trouble {
        Trouble::Refused(if self.is_file {
            format!("{written:?} is a file that munshi takes keys from, which no tool reads.")
        } else {
            format!("{written:?} is in munshi's own folders, which no tool reads.")
        })
    }
}

fn outside(written: &str) -> Trouble {
    Trouble::Refused(format!("{written:?} is outside the folders that the user allows; it is not opened."))
}

fn check_folder(folder: &Dir, private: &[Private], written: &str) -> Result<(), Trouble> {
    folder.dir_metadata().map_or(Ok(()), |about| check(&about, private, written))
}

/// What is munshi's own is so under whatever name it was reached.
fn check(about: &Metadata, private: &[Private], written: &str) -> Result<(), Trouble> {
    let here = identity(about);
    let own = private.iter().find(|own| here.is_some() && own.id == here);
    own.map_or(Ok(()), |own| Err(own.refused(written)))
}

/// What tells a folder or a file from all others, where the system has such a thing.
#[cfg_attr(not(unix), allow(unused_variables, reason = "only Unix tells"))]
#[cfg_attr(unix, expect(clippy::unnecessary_wraps, reason = "only Unix always tells"))]
fn identity(about: &Metadata) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use cap_std::fs::MetadataExt as _;
        Some((about.dev(), about.ino()))
    }
    #[cfg(not(unix))]
    None
}

impl Place {
    /// Opens a plain file and tells its size. Devices, pipes and sockets are never waited for.
    pub(super) fn file(&self) -> Result<(File, u64), Trouble> {
        let failed = |error: io::Error| Trouble::Failed(format!("{} cannot be read: {error}.", self.path.display()));
        let is_folder =
            || Trouble::Failed(format!("{} is a folder; list_files shows what is in it.", self.path.display()));
        let no_file =
            || Trouble::Refused(format!("{} is a device, a pipe or a socket, and is not opened.", self.path.display()));
        let Some(name) = &self.name else { return Err(is_folder()) };
        let about = self.folder.symlink_metadata(name).map_err(failed)?;
        if about.is_dir() {
            return Err(is_folder());
        }
        if !about.is_file() {
            return Err(no_file());
        }
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = self.folder.open_with(name, &options).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        check(&about, &self.private, &self.path.display().to_string())?;
        if about.is_file() { Ok((file, about.len())) } else { Err(no_file()) }
    }

    /// Opens a folder.
    pub(super) fn folder(self) -> Result<Dir, Trouble> {
        let Some(name) = &self.name else { return Ok(self.folder) };
        self.folder
            .open_dir_nofollow(name)
            .map_err(|error| Trouble::Failed(format!("{} cannot be listed: {error}.", self.path.display())))
    }
}
