//! The terminal's state: taken over on entry, given back exactly as it was whatever happens, also from a panic
//! hook or a signal's handler. Owns every escape sequence that is not a cell's; draws nothing itself.

use std::io::{self, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::cursor::{Hide, SetCursorStyle, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::queue;
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

use super::aligned::Aligned;

/// The terminal that munshi draws on.
pub type Screen = Terminal<Aligned<CrosstermBackend<FrameWriter<Stdout>>>>;

/// What of the terminal is changed at this moment, for whoever has to restore it.
static TAKEN: AtomicU8 = AtomicU8::new(0);
const RAW: u8 = 1;
const SCREEN: u8 = 2;
const MOUSE: u8 = 4;

/// Buttons, dragging and the wheel, in the encoding without a limit of 223 columns. Not mode 1003, which
/// reports every move of the mouse and would wake munshi for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Terminals drop an OSC 52 of more than 100,000 bytes in all; this is the most text that fits, in bytes.
pub const OSC52_MAX_BYTES: usize = 74_994;

/// How to take the terminal over.
#[derive(Debug, Clone, Copy)]
pub struct TerminalOptions {
    /// Whether the mouse is munshi's; without, the terminal's own selection works.
    pub mouse: bool,
}

/// Restores the terminal when it is dropped.
#[derive(Debug)]
pub struct TerminalGuard {
    options: TerminalOptions,
    ledger: Arc<Ledger>,
}

/// What went to the terminal so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub bytes: u64,
    /// Writes to the terminal, one for each frame.
    pub writes: u64,
}

impl TerminalGuard {
    /// Takes the terminal over. Where any step fails, what was done is undone first.
    pub fn enter(options: TerminalOptions) -> io::Result<(Screen, Self)> {
        let guard = Self { options, ledger: Arc::default() };
        guard.take()?;
        let writer = FrameWriter::new(io::stdout(), Arc::clone(&guard.ledger));
        let screen = Terminal::new(Aligned::new(CrosstermBackend::new(writer)))?;
        Ok((screen, guard))
    }

    fn take(&self) -> io::Result<()> {
        enable_raw_mode()?;
        let mouse = if self.options.mouse { MOUSE } else { 0 };
        TAKEN.fetch_or(RAW | SCREEN | mouse, Ordering::SeqCst);
        write_now(&entering(self.options.mouse)?)
    }

    /// Draws a frame: everything of it reaches the terminal in one write, shown at once where the terminal
    /// knows how.
    /// An error where the terminal was given back meanwhile: a panic's report stands on it.
    pub fn draw(&self, screen: &mut Screen, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) & SCREEN == 0 {
            return Err(io::Error::other("the terminal was given back"));
        }
        self.ledger.held.store(true, Ordering::SeqCst);
        let drawn = queue!(screen.backend_mut().inner_mut(), BeginSynchronizedUpdate)
            .and_then(|()| self.clear_if_asked(screen))
            .and_then(|()| screen.draw(render).map(drop))
            .and_then(|()| queue!(screen.backend_mut().inner_mut(), EndSynchronizedUpdate));
        self.ledger.held.store(false, Ordering::SeqCst);
        let flushed = Write::flush(screen.backend_mut().inner_mut());
        drawn.and(flushed)
    }

    /// Makes the next frame draw every cell anew: for Ctrl+L, and where something else wrote on the screen.
    pub fn redraw(&self) {
        self.ledger.full.store(true, Ordering::SeqCst);
    }

    /// `Terminal::clear` would ask the terminal where its cursor is, and wait for the answer among the user's
    /// keys; a resize to the same size clears just as well.
    fn clear_if_asked(&self, screen: &mut Screen) -> io::Result<()> {
        if self.ledger.full.swap(false, Ordering::SeqCst) {
            let size = screen.size()?;
            screen.resize(Rect::new(0, 0, size.width, size.height))?;
        }
        Ok(())
    }

    /// Gives the mouse to munshi, or back to the terminal.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.options.mouse = on;
        if on {
            TAKEN.fetch_or(MOUSE, Ordering::SeqCst);
            write_now(MOUSE_ON)
        } else {
            TAKEN.fetch_and(!MOUSE, Ordering::SeqCst);
            write_now(MOUSE_OFF)
        }
    }

    /// Gives the terminal back for a while: to the shell, or to the user's editor.
    pub fn suspend(&self) -> io::Result<()> {
        restore()
    }

    /// Takes the terminal over again; the next frame draws everything.
    pub fn resume(&self) -> io::Result<()> {
        self.redraw();
        self.take()
    }

    /// Hands `text` to the terminal's clipboard by OSC 52. No terminal confirms it, so say "sent". An error
    /// says that the text is longer than [`OSC52_MAX_BYTES`], or that writing failed.
    pub fn copy(&self, text: &str) -> io::Result<()> {
        write_now(&osc52(text)?)
    }

    /// What frames wrote so far.
    pub fn written(&self) -> Written {
        Written { bytes: self.ledger.bytes.load(Ordering::Relaxed), writes: self.ledger.writes.load(Ordering::Relaxed) }
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = restore();
    }
}

/// Gives the terminal back as it was: for the panic hook and for signals too. Does nothing the second time.
pub fn restore() -> io::Result<()> {
    let taken = TAKEN.swap(0, Ordering::SeqCst);
    let written = if taken & SCREEN == 0 { Ok(()) } else { leaving().and_then(|bytes| write_now(&bytes)) };
    let cooked = if taken & RAW == 0 { Ok(()) } else { disable_raw_mode() };
    written.and(cooked)
}

/// Makes what was typed in the moment of a resize come through. crossterm (0.29) drops the news of waiting input that
/// reaches it together with a signal, and hears of it again only with the next key; to set the terminal's modes as
/// they are tells every reader to look again.
pub fn look_again() -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        let terminal = io::stdin();
        tcsetattr(&terminal, OptionalActions::Now, &tcgetattr(&terminal)?)?;
    }
    Ok(())
}

/// What is written to take the terminal over. The kitty flags are pushed without asking whether the terminal
/// knows them: asking can block for two seconds, and others ignore them. They belong to the alternate screen.
fn entering(mouse: bool) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    queue!(out, EnterAlternateScreen, Hide, EnableBracketedPaste, EnableFocusChange, SetCursorStyle::SteadyBar)?;
    if !cfg!(windows) {
        queue!(out, PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES))?;
    }
    if mouse {
        out.extend_from_slice(MOUSE_ON);
    }
    Ok(out)
}

/// The way back, in reverse order. A frame may have been cut short, so its end comes first. The mouse is
/// switched off in any case.
fn leaving() -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    queue!(out, EndSynchronizedUpdate, ResetColor)?;
    out.extend_from_slice(MOUSE_OFF);
    if !cfg!(windows) {
        queue!(out, PopKeyboardEnhancementFlags)?;
    }
    queue!(
        out,
        SetCursorStyle::DefaultUserShape,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    )?;
    Ok(out)
}

fn osc52(text: &str) -> io::Result<Vec<u8>> {
    if text.len() > OSC52_MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!(
                "The text is {} bytes long, and terminals take at most {OSC52_MAX_BYTES} this way: use /export instead.",
                text.len()
            ),
        ));
    }
    let mut out = b"\x1b]52;c;".to_vec();
    out.extend_from_slice(STANDARD.encode(text).as_bytes());
    out.push(b'\x07');
    Ok(out)
}

/// Writes past the frame's buffer; between frames only, but for the way out.
fn write_now(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

#[derive(Debug, Default)]
struct Ledger {
    /// A frame is being drawn: nothing goes out before its end.
    held: AtomicBool,
    /// The next frame draws every cell.
    full: AtomicBool,
    bytes: AtomicU64,
    writes: AtomicU64,
}

/// Collects a frame and writes it at once: the backend flushes whenever it moves the cursor.
#[derive(Debug)]
pub struct FrameWriter<W: Write> {
    out: W,
    buffer: Vec<u8>,
    ledger: Arc<Ledger>,
}

impl<W: Write> FrameWriter<W> {
    fn new(out: W, ledger: Arc<Ledger>) -> Self {
        Self { out, buffer: Vec::with_capacity(16 * 1024), ledger }
    }
}

impl<W: Write> Write for FrameWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.ledger.held.load(Ordering::SeqCst) || self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&self.buffer).and_then(|()| self.out.flush());
        self.ledger.bytes.fetch_add(self.buffer.len() as u64, Ordering::Relaxed);
        self.ledger.writes.fetch_add(1, Ordering::Relaxed);
        self.buffer.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_22_what_entering_changes_leaving_restores() {
        let mut terminal = vt100::Parser::default();
        terminal.process(b"$ munshi\r\n");
        let before = terminal.screen().contents();
        terminal.process(&entering(true).unwrap());
        assert!(terminal.screen().alternate_screen() && terminal.screen().bracketed_paste());
        assert!(terminal.screen().hide_cursor());
        assert_eq!(terminal.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::ButtonMotion);
        terminal.process(b"\x1b[?2026h\x1b[31mhalf a frame");
        terminal.process(&leaving().unwrap());
        let screen = terminal.screen();
        assert_eq!(screen.contents(), before);
        assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(screen.fgcolor(), vt100::Color::Default);
    }

    #[test]
    fn the_kitty_flags_are_pushed_and_popped_on_the_same_screen() {
        let enter = String::from_utf8(entering(false).unwrap()).unwrap();
        let leave = String::from_utf8(leaving().unwrap()).unwrap();
        assert!(enter.find("\x1b[?1049h") < enter.find("\x1b[>1u") && enter.contains("\x1b[>1u"));
        assert!(leave.find("\x1b[<1u") < leave.find("\x1b[?1049l") && leave.contains("\x1b[<1u"));
        assert!(!enter.contains("1000h"), "the mouse stays with the terminal unless asked for");
        for (on, off) in [("\x1b[?2004h", "\x1b[?2004l"), ("\x1b[?1004h", "\x1b[?1004l")] {
            assert!(enter.contains(on) && leave.contains(off));
        }
    }

    #[test]
    fn a_frame_is_one_write_however_often_the_backend_flushes() {
        #[derive(Default)]
        struct Writes(Vec<Vec<u8>>);
        impl Write for Writes {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(bytes.to_vec());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let ledger = Arc::new(Ledger::default());
        let mut writer = FrameWriter::new(Writes::default(), Arc::clone(&ledger));
        ledger.held.store(true, Ordering::SeqCst);
        for part in [b"one ".as_slice(), b"two ", b"three"] {
            writer.write_all(part).unwrap();
            writer.flush().unwrap();
        }
        ledger.held.store(false, Ordering::SeqCst);
        writer.flush().unwrap();
        writer.flush().unwrap();
        assert_eq!(writer.out.0, [b"one two three".to_vec()]);
        assert_eq!(ledger.bytes.load(Ordering::SeqCst), 13);
    }

    #[test]
    fn a_copy_is_base64_of_the_raw_text_and_too_long_a_one_is_refused_in_words() {
        assert_eq!(osc52("नमस्ते\x1b").unwrap(), b"\x1b]52;c;4KSo4KSu4KS44KWN4KSk4KWHGw==\x07");
        assert!(osc52(&"x".repeat(OSC52_MAX_BYTES)).unwrap().len() <= 100_000);
        let error = osc52(&"x".repeat(OSC52_MAX_BYTES + 1)).unwrap_err().to_string();
        assert!(error.contains("/export"), "{error}");
    }

    #[test]
    fn restoring_what_was_never_taken_writes_nothing() {
        restore().unwrap();
        restore().unwrap();
    }
}
