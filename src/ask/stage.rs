//! What an answer looks like while it comes: its bytes into a pipe, drawn rows on a terminal, or JSON; and all that is
//! said beside it, on standard error. Owns the order of both; refuses to decide what is said.

use std::time::Duration;

use serde_json::{Value, json};

use crate::session::shell::for_the_shell;
use crate::text::Sanitised;

use super::OutputFormat;
use super::ink::Paint;
use super::screen::{Screen, Size};
use super::writer::Writer;

/// The shortest time between two drawings of an answer that grows.
const FRAME: Duration = Duration::from_millis(66);

/// What is assumed of a terminal that does not tell its size.
const USUAL: Size = (80, 24);

/// What standard output goes to.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// A pipe or a file: bytes.
    Pipe,
    Terminal {
        size: fn() -> Option<Size>,
        paint: Paint,
    },
}

impl Target {
    fn size(self) -> Size {
        match self {
            Self::Pipe => USUAL,
            Self::Terminal { size, .. } => size().unwrap_or(USUAL),
        }
    }

    /// Bytes for a program, as a terminal may get them: there, only as visible text.
    fn data(self, text: &str) -> String {
        match self {
            Self::Pipe => text.to_owned(),
            Self::Terminal { .. } => Sanitised::new(text).as_str().to_owned(),
        }
    }
}

/// Standard output and standard error at work.
#[allow(clippy::struct_excessive_bools, reason = "facts of two streams, each true or not by itself")]
pub struct Stage {
    writer: Writer,
    format: OutputFormat,
    target: Target,
    /// Whether the text is printed at the end, whole: an answer that may have to be mended first.
    pub holds: bool,
    screen: Option<Screen>,
    /// Whether anything of the answer was written to standard output.
    has_begun: bool,
    /// Whether what is on the terminal is behind the answer.
    is_dirty: bool,
    drawn_at: Option<Duration>,
    /// Whether standard error is a terminal that can take a word back.
    moves_err: bool,
    is_thinking: bool,
}

impl Stage {
    #[must_use]
    pub fn new(writer: Writer, format: OutputFormat, target: Target, moves_err: bool) -> Self {
        Self {
            writer,
            format,
            target,
            holds: false,
            screen: None,
            has_begun: false,
            is_dirty: false,
            drawn_at: None,
            moves_err,
            is_thinking: false,
        }
    }

    pub const fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }

    /// The answer has grown: `text` is all of it, of which what stands from `from` on is new.
    pub fn grew(&mut self, text: &str, from: usize) {
        let new = &text[from..];
        match self.format {
            OutputFormat::Text if self.holds => {}
            OutputFormat::Text => {
                self.stop_thinking();
                if let Target::Terminal { .. } = self.target {
                    self.is_dirty = true;
                    return;
                }
                if from == 0 && self.has_begun {
                    // Behind what was said before a tool was called.
                    self.writer.out("\n");
                }
                self.has_begun = true;
                self.writer.out(new);
            }
            OutputFormat::Json => {}
            OutputFormat::Ndjson => self.event("text", json!({"text": new})),
        }
    }

    /// The model thinks aloud.
    pub fn thought(&mut self, new: &str) {
        match self.format {
            OutputFormat::Ndjson => self.event("reasoning", json!({"text": new})),
            _ if self.moves_err && !self.is_thinking && self.screen.is_none() => {
                self.is_thinking = true;
                self.writer.err("\x1b[2mthinking…\x1b[0m");
            }
            _ => {}
        }
    }

    /// When the terminal is to be drawn again; `None` where nothing has changed.
    #[must_use]
    pub fn frame_due(&self) -> Option<Duration> {
        self.is_dirty.then(|| self.drawn_at.map_or(Duration::ZERO, |drawn| drawn + FRAME))
    }

    /// Draws the answer so far, where that is due.
    pub fn draw(&mut self, text: &str, now: Duration) {
        let Target::Terminal { paint, .. } = self.target else { return };
        if self.frame_due().is_none_or(|due| due > now) {
            return;
        }
        let size = self.target.size();
        let begins = self.screen.is_none() && std::mem::replace(&mut self.has_begun, true);
        let drawn = self.screen.get_or_insert_with(|| Screen::new(paint)).draw(text, size);
        let gap = if begins { "\n" } else { "" };
        self.writer.out(format!("{gap}{drawn}"));
        self.is_dirty = false;
        self.drawn_at = Some(now);
    }

    /// A reply is whole, or as far as it came.
    pub fn over(&mut self, text: &str) {
        if self.format != OutputFormat::Text || self.holds || text.is_empty() {
            return;
        }
        match self.target {
            Target::Terminal { paint, .. } => {
                let size = self.target.size();
                let begins = self.screen.is_none() && std::mem::replace(&mut self.has_begun, true);
                let drawn = self.screen.take().unwrap_or_else(|| Screen::new(paint)).finish(text, size);
                let gap = if begins { "\n" } else { "" };
                self.writer.out(format!("{gap}{drawn}"));
                self.is_dirty = false;
            }
            Target::Pipe if !text.ends_with('\n') => self.writer.out("\n"),
            Target::Pipe => {}
        }
    }

    /// An answer that was held back, whole.
    pub fn print_held(&mut self, text: &str) {
        if self.format == OutputFormat::Text && self.holds && !text.is_empty() {
            self.stop_thinking();
            let end = if text.ends_with('\n') { "" } else { "\n" };
            let text = format!("{}{end}", self.target.data(text));
            self.writer.out(text);
        }
    }

    /// One thing that happened, for a program; only where it reads such lines.
    pub fn event(&mut self, kind: &str, mut fields: Value) {
        if self.format == OutputFormat::Ndjson {
            fields["type"] = kind.into();
            let line = self.target.data(&fields.to_string());
            self.writer.out(line + "\n");
        }
    }

    /// The object at the end, for a program.
    pub fn end(&mut self, account: Value) {
        self.stop_thinking();
        match self.format {
            OutputFormat::Text => {}
            OutputFormat::Json => {
                let line = self.target.data(&account.to_string());
                self.writer.out(line + "\n");
            }
            OutputFormat::Ndjson => self.event("end", account),
        }
    }

    /// Says something on standard error, line by line as it is but for what a terminal would obey.
    pub fn talk(&mut self, words: &str) {
        self.stop_thinking();
        if let Some(screen) = &mut self.screen {
            let cleared = screen.cleared(self.target.size());
            self.is_dirty = true;
            self.writer.out(cleared);
        }
        self.writer.err(format!("{}\n", Sanitised::new(words)));
    }

    /// As [`Stage::talk`], in munshi's own name; a program that reads events is told, too.
    pub fn notice(&mut self, words: &str) {
        let words = for_the_shell(words);
        self.event("notice", json!({"text": words}));
        self.talk(&format!("munshi: {words}"));
    }

    fn stop_thinking(&mut self) {
        if std::mem::take(&mut self.is_thinking) {
            self.writer.err("\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A terminal that both streams go to, in the order of what is written.
    #[derive(Clone, Default)]
    struct Both(Arc<Mutex<Vec<u8>>>);

    impl Write for Both {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn on_a_terminal(format: OutputFormat, play: impl FnOnce(&mut Stage)) -> String {
        let seen = Both::default();
        let writer = Writer::spawn(Arc::default(), Box::new(seen.clone()), Box::new(seen.clone())).unwrap();
        let target = Target::Terminal { size: || Some((40, 10)), paint: Paint::Attributes };
        let mut stage = Stage::new(writer, format, target, true);
        play(&mut stage);
        let written = stage.writer().written();
        written.blocking_recv().unwrap();
        let bytes = seen.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_word_that_the_model_thinks_is_taken_back_before_anything_else() {
        let seen = on_a_terminal(OutputFormat::Text, |stage| {
            stage.thought("hm");
            stage.thought("hm, hm");
            stage.grew("Yes.", 0);
            stage.over("Yes.");
        });
        assert_eq!(seen, "\x1b[2mthinking…\x1b[0m\r\x1b[KYes.\n");
        let seen = on_a_terminal(OutputFormat::Json, |stage| {
            stage.thought("hm");
            stage.end(json!({"a": "\u{202e}"}));
        });
        assert_eq!(seen, "\x1b[2mthinking…\x1b[0m\r\x1b[K{\"a\":\"<U+202E>\"}\n");
    }

    #[test]
    fn what_is_said_stands_above_the_open_end_of_the_answer() {
        let seen = on_a_terminal(OutputFormat::Text, |stage| {
            stage.grew("Some", 0);
            stage.draw("Some", Duration::ZERO);
            stage.talk("a word\u{7}");
            stage.draw("Some text", Duration::from_secs(1));
            stage.over("Some text");
        });
        assert_eq!(seen, "Some\n\x1b[1A\r\x1b[Ja word␇\nSome text\n\x1b[1A\r\x1b[JSome text\n");
    }

    #[test]
    fn an_answer_is_drawn_no_more_often_than_the_eye_sees() {
        let seen = on_a_terminal(OutputFormat::Text, |stage| {
            for n in 1..=100_u64 {
                let text = "x".repeat(n as usize);
                stage.grew(&text, n as usize - 1);
                stage.draw(&text, Duration::from_millis(n * 10));
            }
        });
        let drawn_again = seen.matches("\x1b[J").count();
        assert!((10..=15).contains(&drawn_again), "{drawn_again} in a second");
    }
}
