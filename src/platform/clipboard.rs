//! The system's clipboard, through the program each system has for it. The terminal's own way (OSC 52) is the
//! screen's business, for when there is no such program.

use std::time::Duration;

use super::process::feed_limited;

/// What became of a text that was to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Copied {
    /// The program took it and ended well.
    Confirmed { program: String },
    /// There is no such program here, or no display it could speak to.
    Unavailable,
    /// The program is there, and failed or hung.
    Failed { program: String },
}

/// A clipboard program that hangs is given up after this.
const LIMIT: Duration = Duration::from_secs(2);

/// Copies `text` with the first program that is there and works; `env` gives the environment's variables.
/// Waits up to 2 s for a program that hangs: not for the thread that draws.
#[must_use]
pub fn copy(text: &str, env: impl Fn(&str) -> Option<String>) -> Copied {
    copy_with(text, &programs(env, cfg!(target_os = "macos"), cfg!(windows)))
}

fn copy_with(text: &str, programs: &[&[&str]]) -> Copied {
    let mut outcome = Copied::Unavailable;
    for command in programs {
        let program = command[0].to_owned();
        let words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        match feed_limited(&words, encoded(text, &program), LIMIT) {
            Ok(status) if status.success() => return Copied::Confirmed { program },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Ok(_) | Err(_) => outcome = Copied::Failed { program },
        }
    }
    outcome
}

/// The programs that could reach a clipboard here, best first.
fn programs(env: impl Fn(&str) -> Option<String>, macos: bool, windows: bool) -> Vec<&'static [&'static str]> {
    let set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
    let mut programs: Vec<&'static [&'static str]> = Vec::new();
    // Over ssh a Mac's own clipboard is another machine's than the user's.
    if macos && !set("SSH_CONNECTION") {
        programs.push(&["pbcopy"]);
    }
    if windows && !set("SSH_CONNECTION") {
        programs.push(&["clip.exe"]);
    }
    if set("WAYLAND_DISPLAY") {
        programs.push(&["wl-copy", "--type", "text/plain;charset=utf-8"]);
    }
    if set("DISPLAY") {
        programs.push(&["xclip", "-selection", "clipboard", "-in"]);
        programs.push(&["xsel", "--clipboard", "--input"]);
    }
    if set("WSL_DISTRO_NAME") {
        programs.push(&["clip.exe"]);
    }
    programs
}

/// The bytes a program expects: `clip.exe` reads UTF-16 where a byte-order mark says so, else a code page.
fn encoded(text: &str, program: &str) -> Vec<u8> {
    if program == "clip.exe" {
        return "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    }
    text.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(variables: &[&str], macos: bool) -> Vec<&'static str> {
        let env = |name: &str| variables.contains(&name).then(|| ":0".to_owned());
        programs(env, macos, false).into_iter().map(|command| command[0]).collect()
    }

    #[test]
    fn only_programs_that_have_a_display_are_asked() {
        assert_eq!(names(&[], false), Vec::<&str>::new());
        assert_eq!(names(&["WAYLAND_DISPLAY", "DISPLAY"], false), ["wl-copy", "xclip", "xsel"]);
        assert_eq!(names(&["WSL_DISTRO_NAME"], false), ["clip.exe"]);
        assert_eq!(names(&[], true), ["pbcopy"]);
        assert_eq!(names(&["SSH_CONNECTION"], true), Vec::<&str>::new());
    }

    #[test]
    fn windows_gets_utf_16_and_all_others_utf_8() {
        assert_eq!(encoded("₹", "clip.exe"), [0xff, 0xfe, 0xb9, 0x20]);
        assert_eq!(encoded("₹", "xclip"), "₹".as_bytes());
    }

    #[cfg(unix)]
    #[test]
    fn the_first_program_that_works_is_the_one_that_is_named() {
        let confirmed = |program: &str| Copied::Confirmed { program: program.to_owned() };
        assert_eq!(copy_with("x", &[&["no-such-clipboard"], &["false"], &["cat"]]), confirmed("cat"));
        assert_eq!(copy_with("x", &[&["false"]]), Copied::Failed { program: "false".to_owned() });
        assert_eq!(copy_with("x", &[&["no-such-clipboard"]]), Copied::Unavailable);
        assert_eq!(copy_with("x", &[]), Copied::Unavailable);
    }
}
