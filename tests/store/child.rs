//! This test binary, run again as another process.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FOLDER: &str = "MUNSHI_STORE_TEST_FOLDER";
const NUMBER: &str = "MUNSHI_STORE_TEST_NUMBER";

/// The command that runs the test `name` alone, told which folder to work in, and its number.
pub fn command(name: &str, folder: &Path, number: u64) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).env(NUMBER, number.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// What this process was told, if it is such a child.
pub fn told() -> Option<(PathBuf, u64)> {
    Some((PathBuf::from(env::var_os(FOLDER)?), env::var(NUMBER).ok()?.parse().ok()?))
}
