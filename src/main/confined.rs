//! munshi run again as the helper that stands between it and a program that it runs for a model.

use std::process::ExitCode;

use munshi::platform::{process, sandbox};

/// Does the helper's work, where this process was started as one. On no list of commands, so that nobody takes it for one.
pub fn run() -> Option<ExitCode> {
    std::env::args_os().nth(1).filter(|word| word == sandbox::HELPER)?;
    process::forbid_core_dumps();
    #[cfg(unix)]
    return Some(sandbox::keep());
    #[cfg(not(unix))]
    return Some(ExitCode::FAILURE);
}
