//! How a command ended and what it printed, in words for the model. What it printed is data and is told as it is, but
//! for what is no text.

use std::time::Duration;

use crate::chat::tool::{MOST_RESULT_BYTES, ToolEnd, ToolOutcome};
use crate::chat::words::size;
use crate::platform::sandbox::{End, Ran};

/// What a model is told of a run.
pub fn outcome(ran: &Ran, limit: Duration) -> ToolOutcome {
    let (end, says) = match &ran.end {
        End::Exited(0) => (ToolEnd::Done, String::new()),
        End::Exited(code) => (ToolEnd::Failed, format!("The command failed with {}.", exit_words(*code))),
        End::Signalled(signal) => (ToolEnd::Failed, format!("The command was ended by {}.", signal_words(*signal))),
        End::TimedOut => {
            (ToolEnd::TimedOut, format!("The command did not end within {} s and was stopped.", limit.as_secs_f64()))
        }
        End::Cancelled => (ToolEnd::Stopped, "The command was stopped.".to_owned()),
        End::NotStarted(why) => (ToolEnd::Failed, why.clone()),
        End::Lost => (ToolEnd::Failed, "The command ended munshi's helper, and was ended itself.".to_owned()),
    };
    let printed = text(&ran.stdout.head, ran.stdout.total);
    // What a program says beside its result matters where there is none, or something went wrong.
    let errors = if end == ToolEnd::Done && !printed.is_empty() {
        String::new()
    } else {
        tail(&ran.stderr.tail, ran.stderr.total)
    };
    let mut parts = vec![says, printed, errors];
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() {
        parts.push("The command printed nothing.".to_owned());
    }
    let mut outcome = ToolOutcome::new(end, &parts.join("\n"));
    if ran.stdout.total > ran.stdout.head.len() as u64 {
        outcome.cut_from = Some(ran.stdout.total);
    }
    outcome
}

/// Text as it was printed; of other data only what it is.
fn text(bytes: &[u8], total: u64) -> String {
    let is_whole = total == bytes.len() as u64;
    let bytes = if is_whole { bytes } else { without_half_letter(bytes) };
    if is_binary(bytes) {
        return format!("The command printed {} that are no text.", size(total));
    }
    lossy(bytes)
}

fn tail(bytes: &[u8], total: u64) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    if is_binary(bytes) {
        return format!("On standard error it printed {} that are no text.", size(total));
    }
    // Half a letter may stand where the tail begins.
    let begin = bytes.iter().take(3).take_while(|byte| **byte & 0xC0 == 0x80).count();
    let how = if total > bytes.len() as u64 { format!("the end of {}", size(total)) } else { "all of it".to_owned() };
    format!("Standard error ({how}):\n{}", lossy(&bytes[begin..]))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Cut off between two letters, where it is text at all.
fn without_half_letter(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

/// NUL bytes, or more than a tenth of what is no UTF-8.
fn is_binary(bytes: &[u8]) -> bool {
    let wrong: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    bytes.contains(&0) || wrong * 10 > bytes.len()
}

fn exit_words(code: i32) -> String {
    match code {
        // Bubblewrap and shells tell so of a program that a signal ended.
        129..=192 => format!("exit code {code}, which is what {} leaves", signal_words(code - 128)),
        _ => format!("exit code {code}"),
    }
}

fn signal_words(signal: i32) -> String {
    // The numbers of these are the same on Linux and macOS.
    let name = match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL, an illegal instruction",
        6 => "ABRT, a failed check of its own",
        8 => "FPE, a wrong sum",
        9 => "KILL",
        11 => "SEGV, a wrong use of memory",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

const _: () = assert!(MOST_RESULT_BYTES >= 64 * 1024, "as much as is kept of what a command prints can be told");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::sandbox::Captured;

    fn ran(end: End, stdout: &[u8], stderr: &[u8]) -> ToolOutcome {
        let of = |bytes: &[u8]| Captured { head: bytes.to_vec(), tail: bytes.to_vec(), total: bytes.len() as u64 };
        outcome(&Ran { end, stdout: of(stdout), stderr: of(stderr) }, Duration::from_secs(30))
    }

    #[test]
    fn a_command_that_went_well_is_told_by_what_it_printed() {
        assert_eq!(ran(End::Exited(0), "नमस्ते\n".as_bytes(), b"noise"), ToolOutcome::done("नमस्ते\n"));
        assert_eq!(ran(End::Exited(0), b"", b""), ToolOutcome::done("The command printed nothing."));
        assert!(ran(End::Exited(0), b"", b"note").content.contains("note"));
    }

    #[test]
    fn a_failure_is_told_in_words_with_all_that_was_printed() {
        let failed = ran(End::Exited(3), b"half", b"no such city");
        assert_eq!(failed.end, ToolEnd::Failed);
        for part in ["exit code 3", "half", "no such city"] {
            assert!(failed.content.contains(part), "{}", failed.content);
        }
        assert!(ran(End::Signalled(11), b"", b"").content.contains("SEGV"));
        assert!(ran(End::Exited(139), b"", b"").content.contains("SEGV"));
        let late = ran(End::TimedOut, b"half", b"");
        assert!(late.end == ToolEnd::TimedOut && late.content.contains("30 s") && late.content.contains("half"));
        assert_eq!(ran(End::Cancelled, b"", b"").end, ToolEnd::Stopped);
    }

    #[test]
    fn what_is_no_text_is_said_to_be_none() {
        assert_eq!(ran(End::Exited(0), b"\x7fELF\0\0", b"").content, "The command printed 6 B that are no text.");
        assert!(ran(End::Exited(0), &[0xFF; 2048], b"").content.contains("2 KiB"));
        assert_eq!(
            ran(End::Exited(0), b"Stra\xDFe, and so on: latin-1", b"").content,
            "Stra\u{FFFD}e, and so on: latin-1"
        );
    }

    #[test]
    fn a_letter_that_was_cut_in_two_is_left_out() {
        let head = "नम".as_bytes()[..5].to_vec();
        let stdout = Captured { head, tail: Vec::new(), total: 1 << 30 };
        let outcome = outcome(&Ran { end: End::Exited(0), stdout, stderr: Captured::default() }, Duration::ZERO);
        assert_eq!((outcome.content.as_str(), outcome.cut_from), ("न", Some(1 << 30)));
    }
}
