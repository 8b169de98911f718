//! The reading side of the pseudo-terminal: every byte into the terminal's picture, and a terminal's answers to the
//! queries of a program. Refuses to interpret what is on the screen.

use std::io::Read;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use base64::Engine as _;
use portable_pty::ExitStatus;

use super::pty::{Shared, lock};

/// What is known of a program in its terminal.
pub struct State {
    pub terminal: vt100::Parser<Terminal>,
    pub raw: Vec<u8>,
    /// When how many bytes were there.
    pub arrivals: Vec<(Instant, usize)>,
    /// The other end is closed.
    pub ended: bool,
    pub exit: Option<ExitStatus>,
}

impl State {
    pub fn new(rows: u16, cols: u16) -> Self {
        let terminal = vt100::Parser::new_with_callbacks(non_zero(rows), non_zero(cols), 0, Terminal::default());
        Self { terminal, raw: Vec::new(), arrivals: Vec::new(), ended: false, exit: None }
    }
}

pub fn non_zero(size: u16) -> NonZeroU16 {
    NonZeroU16::new(size).unwrap_or(NonZeroU16::MIN)
}

/// What a terminal does beside drawing: it answers, keeps a clipboard and a title.
#[derive(Default)]
pub struct Terminal {
    pub answers: Vec<u8>,
    pub clipboard: Vec<String>,
    pub titles: Vec<String>,
    pub bells: usize,
}

impl vt100::Callbacks for Terminal {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.bells += 1;
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.titles.push(String::from_utf8_lossy(title).into_owned());
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        let decoded = base64::engine::general_purpose::STANDARD.decode(data).unwrap_or_else(|_| data.to_vec());
        self.clipboard.push(String::from_utf8_lossy(&decoded).into_owned());
    }

    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        last: char,
    ) {
        let param = params.first().and_then(|param| param.first()).copied().unwrap_or(0);
        match (first, last, param) {
            (None, 'n', 5) => self.answers.extend_from_slice(b"\x1b[0n"),
            (None, 'n', 6) => {
                let (row, col) = screen.cursor_position();
                self.answers.extend_from_slice(format!("\x1b[{};{}R", row + 1, col + 1).as_bytes());
            }
            // A VT220 with colours; no answer to the kitty query, as most terminals give none.
            (None, 'c', 0) => self.answers.extend_from_slice(b"\x1b[?62;22c"),
            _ => {}
        }
    }
}

/// Reads until the end, or until the window is closed.
pub fn read_all(mut reader: Box<dyn Read + Send>, shared: &Shared, answers: Sender<Vec<u8>>, letting_go: &AtomicBool) {
    let mut buffer = vec![0; 64 * 1024];
    let mut answers = Some(answers);
    loop {
        let count = reader.read(&mut buffer).unwrap_or(0);
        let now = Instant::now();
        let mut state = lock(shared);
        if count == 0 || letting_go.load(Ordering::SeqCst) {
            state.ended = true;
            shared.1.notify_all();
            return;
        }
        state.raw.extend_from_slice(&buffer[..count]);
        let total = state.raw.len();
        state.arrivals.push((now, total));
        state.terminal.process(&buffer[..count]);
        let answer = std::mem::take(&mut state.terminal.callbacks_mut().answers);
        drop(state);
        shared.1.notify_all();
        if !answer.is_empty()
            && let Some(sender) = &answers
            && sender.send(answer).is_err()
        {
            answers = None;
        }
    }
}
