//! The sandbox that bubblewrap makes: new namespaces, and a file system of nothing but what is seen.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::Job;
use crate::platform::files;
use crate::platform::process::run_limited;

/// How long a try may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What every program is held by: no user, process, host name, message queue or group of control of the system's, and
/// dead when its parent is. The kernel's settings are the root user's to change by their mode alone, which bubblewrap
/// does not see.
const ALWAYS: &[&str] = &[
    "--unshare-all",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    "--proc",
    "/proc",
    "--ro-bind",
    "/proc/sys",
    "/proc/sys",
    "--dev",
    "/dev",
];

/// Where `bwrap` is, by this process's PATH. Looked for once: the one that was tried is the one that runs, whatever is
/// put before it later.
fn program() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(|| find(&std::env::var_os("PATH")?)).as_deref()
}

fn find(path: &OsStr) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join("bwrap")).find(|path| files::may_run(path))
}

/// Tries it on a program that does nothing.
pub fn probe() -> Result<(), String> {
    let bwrap = program().ok_or("bubblewrap is not installed: there is no `bwrap` in PATH.")?;
    let mut command = vec![bwrap.to_string_lossy().into_owned()];
    command.extend(["--ro-bind", "/", "/"].map(str::to_owned));
    command.extend(ALWAYS.iter().map(|word| (*word).to_owned()));
    command.extend(["--", "/bin/sh", "-c", ":"].map(str::to_owned));
    match run_limited(&command, PATIENCE) {
        Ok(output) if output.status.success() => Ok(()),
        Ok(_) => Err("bubblewrap is there and cannot work: this system does not let users make namespaces.".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            Err("bubblewrap is there and did not start a program within 3 s.".to_owned())
        }
        Err(error) => Err(format!("bubblewrap cannot be started: {error}.")),
    }
}

/// Program and arguments that run a job in it; `None` where it is not there.
pub fn command(job: &Job) -> Option<(PathBuf, Vec<String>)> {
    let bwrap = program()?.to_path_buf();
    let mut words: Vec<String> = ALWAYS.iter().map(|word| (*word).to_owned()).collect();
    if job.view.network {
        words.push("--share-net".to_owned());
    }
    let mut bind = |how: &str, path: &Path| {
        let path = path.to_string_lossy().into_owned();
        words.extend([how.to_owned(), path.clone(), path]);
    };
    // The later one wins where one lies in another.
    job.view.reads.iter().for_each(|path| bind("--ro-bind", path));
    job.view.writes.iter().for_each(|path| bind("--bind", path));
    bind("--bind", &job.folder);
    words.extend(["--chdir".to_owned(), job.folder.to_string_lossy().into_owned(), "--".to_owned()]);
    words.push(job.program.to_string_lossy().into_owned());
    words.extend(job.arguments.iter().cloned());
    Some((bwrap, words))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_a_file_that_can_be_run_is_taken_for_it() {
        let root = tempfile::tempdir().unwrap();
        let of = |path: &str| root.path().join(path);
        std::fs::create_dir_all(of("folder/bwrap")).unwrap();
        for (folder, mode) in [("text", 0o644), ("first", 0o755), ("second", 0o755)] {
            std::fs::create_dir(of(folder)).unwrap();
            std::fs::write(of(folder).join("bwrap"), "").unwrap();
            std::fs::set_permissions(of(folder).join("bwrap"), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = |folders: &[&str]| std::env::join_paths(folders.iter().map(|folder| of(folder))).unwrap();
        assert_eq!(find(&path(&["no", "folder", "text", "first", "second"])), Some(of("first/bwrap")));
        assert_eq!(find(&path(&["folder", "text"])), None);
        assert_eq!(find(OsStr::new("relative:.")), None);
    }
}
