//! The log: a private file in the state folder, off the screen, bounded in size. Owns which targets are
//! heard; whoever logs keeps keys out of it, and message texts above the level `trace`.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::platform::files;

/// A file that has grown to this many bytes is set aside as `munshi.log.1`; an older one of that name goes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Libraries that would log undecodable bodies, headers or every byte.
const QUIETER: [(&str, LevelFilter); 9] = [
    ("async_openai", LevelFilter::OFF),
    ("rmcp", LevelFilter::OFF),
    ("hyper", LevelFilter::WARN),
    ("hyper_util", LevelFilter::WARN),
    ("h2", LevelFilter::WARN),
    ("reqwest", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("tower", LevelFilter::WARN),
    ("mio", LevelFilter::WARN),
];

/// Why nothing is logged.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(
        "the log level {0:?} is not known; expected off, error, warn, info, debug or trace, or targets with levels such as info,munshi::provider=debug"
    )]
    Level(String),
    #[error("the log {path} cannot be written: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("a log was set up already")]
    Twice,
}

/// Reads a level (`info`) or a list of targets with levels (`info,munshi::provider=debug`).
///
/// # Errors
/// Where it is neither.
pub fn filter(level: &str) -> Result<Targets, LogError> {
    let wrong = || LogError::Level(level.to_owned());
    let parts: Vec<&str> = level.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    // A single word that is no level would be taken for a target, and silence everything else.
    let is_level = |part: &str| part.parse::<LevelFilter>().is_ok();
    if parts.is_empty() || parts.iter().any(|part| !part.contains('=') && !is_level(part)) {
        return Err(wrong());
    }
    let asked: Targets = parts.join(",").parse().map_err(|_| wrong())?;
    Ok(Targets::new()
        .with_targets(QUIETER)
        .with_targets(asked.iter().map(|(target, level)| (target.to_owned(), level)))
        .with_default(asked.default_level().unwrap_or(LevelFilter::INFO)))
}

/// Logs to `munshi.log` in `folder` from now on, for the whole process. Opens one file and starts no thread.
///
/// # Errors
/// Where nothing will be logged; the program can go on.
pub fn start(folder: &Path, level: &str) -> Result<(), LogError> {
    let filter = filter(level)?;
    let path = folder.join("munshi.log");
    let log = Log::open(path.clone(), LARGEST).map_err(|error| LogError::File { path, error })?;
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log);
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(|_| LogError::Twice)
}

/// A log file that sets itself aside when it is full.
struct Log {
    path: PathBuf,
    largest: u64,
    open: Mutex<(File, u64)>,
}

impl Log {
    fn open(path: PathBuf, largest: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            files::create_private_folder(folder)?;
        }
        let file = files::open_private_append(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, largest, open: Mutex::new((file, length)) })
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.1 >= self.largest {
            // Where it cannot be set aside, one log that is too long is better than none.
            let mut aside = self.path.clone().into_os_string();
            aside.push(".1");
            let _ = std::fs::rename(&self.path, aside);
            let file = files::open_private_append(&self.path)?;
            let length = file.metadata()?.len();
            *open = (file, length);
        }
        open.0.write_all(line)?;
        open.1 += line.len() as u64;
        Ok(())
    }
}

/// One line's way into the log. The formatter gives a whole line in one call, so that lines of several
/// instances do not mix.
struct Line<'a>(&'a Log);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.append(line).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self)
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn libraries_that_log_bodies_are_silent_unless_they_are_asked_for_by_name() {
        let usual = filter("debug").unwrap();
        assert!(usual.would_enable("munshi::provider", &Level::DEBUG));
        assert!(!usual.would_enable("async_openai::client", &Level::ERROR));
        assert!(!usual.would_enable("hyper::proto", &Level::INFO));
        assert!(usual.would_enable("rustls", &Level::WARN));
        let asked = filter("warn,munshi::provider=trace,hyper=debug").unwrap();
        assert!(asked.would_enable("munshi::provider::openai", &Level::TRACE));
        assert!(asked.would_enable("hyper::proto", &Level::DEBUG));
        assert!(!asked.would_enable("munshi::tui", &Level::INFO));
    }

    #[test]
    fn a_level_that_is_not_known_is_refused_with_those_that_are() {
        for wrong in ["loud", "", "info,loud", "munshi=loud"] {
            let says = filter(wrong).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(says.contains("expected off, error, warn, info, debug or trace"), "{wrong}: {says}");
        }
    }

    #[test]
    fn a_full_log_is_set_aside_once_and_both_files_stay_small() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/munshi.log");
        let log = Log::open(path.clone(), 100).unwrap();
        for line in 0..100 {
            log.append(format!("line {line:04}\n").as_bytes()).unwrap();
        }
        let aside = folder.path().join("state/munshi.log.1");
        let (now, before) = (std::fs::read_to_string(&path).unwrap(), std::fs::read_to_string(&aside).unwrap());
        assert!(now.len() <= 110 && before.len() <= 110);
        assert!(now.ends_with("line 0099\n"));
        assert_eq!(std::fs::read_dir(folder.path().join("state")).unwrap().count(), 2);
    }
}
