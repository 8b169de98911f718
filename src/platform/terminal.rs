//! What the system knows of the terminal that standard output goes to.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _, Write as _};

/// The longest answer that is read at a question, in bytes.
const LONGEST_ANSWER: u64 = 1024;

/// Whether standard output goes to a terminal.
#[must_use]
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Columns and rows of that terminal; `None` where there is none, or the system cannot say.
#[must_use]
pub fn size() -> Option<(u16, u16)> {
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
    }
    #[cfg(not(unix))]
    None
}

/// Columns of the terminal that standard error goes to; `None` where there is none, or the system cannot say.
#[must_use]
pub fn error_columns() -> Option<u16> {
    #[cfg(unix)]
    {
        let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
        (size.ws_col > 0).then_some(size.ws_col)
    }
    #[cfg(not(unix))]
    None
}

/// Whether texts outside ASCII show as they are, as far as the environment tells; `get` reads it. The first of the
/// three variables that is not empty decides, as POSIX has it.
#[must_use]
pub fn is_utf8(get: impl Fn(&str) -> Option<String>) -> bool {
    if cfg!(not(unix)) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(get).find(|value| !value.is_empty());
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The terminal that the program was started from, whatever standard input and output are.
#[cfg(unix)]
fn controlling() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/tty")
}

#[cfg(not(unix))]
fn controlling() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether anybody sits at such a terminal.
#[must_use]
pub fn can_ask() -> bool {
    controlling().is_ok()
}

/// Puts a question at that terminal and waits for the line that is answered. What was typed before the question stood
/// there is no answer to it, and is forgotten.
///
/// # Errors
/// Where there is no such terminal, or it is gone.
pub fn ask(question: &str) -> io::Result<String> {
    let mut terminal = controlling()?;
    #[cfg(unix)]
    rustix::termios::tcflush(&terminal, rustix::termios::QueueSelector::IFlush)?;
    terminal.write_all(question.as_bytes())?;
    terminal.flush()?;
    let mut answer = String::new();
    BufReader::new(terminal.take(LONGEST_ANSWER)).read_line(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_something_decides() {
        let with = |pairs: &'static [(&str, &str)]| {
            is_utf8(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(with(&[("LANG", "en_IN.UTF-8")]) && with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!with(&[]) && !with(&[("LC_ALL", "C"), ("LANG", "en_IN.UTF-8")]));
    }
}
