//! A program in a real pseudo-terminal: keys go in, a screen comes out. Owns the child, the terminal's picture and
//! every byte that was written; refuses to sleep: it waits for conditions, with a generous deadline.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use super::keys::Key;
use super::launch::{Home, Launch};
use super::pty_reader::{State, Terminal, non_zero, read_all};

pub use rustix::process::Signal;

/// How long a condition may take before the test fails. Long, since a loaded machine is not a fault.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The screen at one moment. It reads as its text: rows joined by newlines, without trailing blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    pub text: String,
    /// Row and column, from 0.
    pub cursor: (u16, u16),
    pub cursor_shown: bool,
    pub alternate: bool,
    pub bracketed_paste: bool,
    pub mouse: bool,
    /// The program has closed the terminal: nothing more will come.
    pub ended: bool,
}

impl Screen {
    /// A row's text, from 0; empty below the last.
    pub fn row(&self, row: usize) -> &str {
        self.text.lines().nth(row).unwrap_or("")
    }
    /// The first row that holds `text`.
    pub fn row_of(&self, text: &str) -> Option<usize> {
        self.text.lines().position(|line| line.contains(text))
    }
    /// How often `text` is on the screen.
    pub fn count(&self, text: &str) -> usize {
        self.text.matches(text).count()
    }
}

impl Deref for Screen {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

/// State and the bell that rings when it changes.
pub(super) type Shared = Arc<(Mutex<State>, Condvar)>;

pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held while a terminal is opened and a program started in it.
static STARTING: Mutex<()> = Mutex::new(());

/// A running program. Dropping it kills what still runs.
pub struct Session {
    shared: Shared,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Sender<Vec<u8>>>,
    letting_go: Arc<AtomicBool>,
    pid: i32,
    started: Instant,
    _home: Home,
}

impl Session {
    pub(super) fn start(launch: Launch) -> Self {
        // A program started between the opening of another's terminal and its closing on exec would hold that
        // terminal open, and its window could never be closed.
        let starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = native_pty_system()
            .openpty(PtySize { rows: launch.rows, cols: launch.cols, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal can be opened");
        let mut command = CommandBuilder::new(&launch.program);
        command.args(&launch.args);
        command.env_clear();
        for (name, value) in &launch.env {
            command.env(name, value);
        }
        command.cwd(launch.home.home_dir());

        let shared: Shared = Arc::new((Mutex::new(State::new(launch.rows, launch.cols)), Condvar::new()));
        let letting_go = Arc::new(AtomicBool::new(false));
        let (keys, typed) = mpsc::channel::<Vec<u8>>();
        let mut writer = pair.master.take_writer().expect("the terminal can be written");
        // A thread of its own: a huge paste must not keep the reader from answering a query.
        std::thread::spawn(move || {
            for bytes in typed {
                if writer.write_all(&bytes).and_then(|()| writer.flush()).is_err() {
                    return;
                }
            }
        });
        let reader = pair.master.try_clone_reader().expect("the terminal can be read");
        let (theirs, answers, stop) = (Arc::clone(&shared), keys.clone(), Arc::clone(&letting_go));
        std::thread::spawn(move || read_all(reader, &theirs, answers, &stop));

        let started = Instant::now();
        let mut child = pair.slave.spawn_command(command).expect("the program starts");
        drop(starting);
        drop(pair.slave); // so that the reader sees the end when the program does
        let pid = i32::try_from(child.process_id().expect("a running child has an id")).unwrap();
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            let status = child.wait();
            lock(&theirs).exit = Some(status.expect("a child can be waited for"));
            theirs.1.notify_all();
        });
        Self { shared, master: Some(pair.master), keys: Some(keys), letting_go, pid, started, _home: launch.home }
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The moment just before the program was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    // What the user does.

    /// Types text as it is, character by character in one burst; a newline in it is Enter's carriage return.
    pub fn type_text(&self, text: &str) {
        self.send(text.replace('\n', "\r").as_bytes());
    }

    pub fn key(&self, key: Key) {
        self.send(&key.bytes());
    }

    pub fn keys(&self, keys: impl IntoIterator<Item = Key>) {
        keys.into_iter().for_each(|key| self.key(key));
    }

    /// Types a line and presses Enter once its last word is on the screen: a burst with Enter in it may be taken
    /// for a paste.
    #[track_caller]
    pub fn send_line(&self, line: &str) {
        let word = line.split_whitespace().last().unwrap_or("").to_owned();
        let before = self.screen().count(&word);
        self.type_text(line);
        if !word.is_empty() {
            self.wait_for(|screen| screen.count(&word) > before);
        }
        self.key(Key::Enter);
    }

    /// Pastes with brackets.
    pub fn paste(&self, text: &str) {
        self.key(Key::Paste(text.to_owned()));
    }

    /// Raw bytes into the terminal.
    pub fn send(&self, bytes: &[u8]) {
        if let Some(keys) = &self.keys {
            let _ = keys.send(bytes.to_vec());
        }
    }

    /// Makes the window another size, as the kernel tells the program.
    pub fn resize(&self, cols: u16, rows: u16) {
        lock(&self.shared).terminal.set_size(non_zero(rows), non_zero(cols));
        if let Some(master) = &self.master {
            master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("a terminal can be resized");
        }
    }

    /// Sends a signal to the program; nothing where it has ended.
    pub fn signal(&self, signal: Signal) {
        let state = lock(&self.shared);
        if state.exit.is_none() {
            let _ = rustix::process::kill_process(rustix::process::Pid::from_raw(self.pid).unwrap(), signal);
        }
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill9(&self) -> ExitStatus {
        self.signal(Signal::KILL);
        self.wait_exit()
    }

    /// Closes the window: the terminal goes away under the program, which gets SIGHUP. The library that owns the
    /// terminal writes a newline and Ctrl+D into it first, so a draft may have gained a line.
    pub fn close_window(&mut self) {
        self.letting_go.store(true, Ordering::SeqCst);
        self.keys = None;
        if let Some(master) = self.master.take() {
            // The reader sits in a read; a redraw wakes it, and it then lets go of its end.
            let size = master.get_size().expect("a terminal has a size");
            let _ = master.resize(PtySize { cols: size.cols.saturating_sub(1).max(1), ..size });
        }
    }

    // What the user sees.

    /// The screen now.
    pub fn screen(&self) -> Screen {
        snapshot(&lock(&self.shared))
    }

    /// The picture itself, with colours, for what wants more than text.
    pub fn with_terminal<T>(&self, read: impl FnOnce(&vt100::Screen) -> T) -> T {
        read(lock(&self.shared).terminal.screen())
    }

    /// Waits until the screen is as wanted, and returns it.
    ///
    /// # Panics
    /// After [`DEADLINE`], or when the program has ended and the screen never will be; with the screen.
    #[track_caller]
    pub fn wait_for(&self, wanted: impl Fn(&Screen) -> bool) -> Screen {
        match self.wait_within(DEADLINE, wanted) {
            Ok(screen) => screen,
            Err(screen) => panic!("the screen never became as wanted; it is:\n{}", framed(&screen)),
        }
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) -> Screen {
        match self.wait_within(DEADLINE, |screen| screen.contains(text)) {
            Ok(screen) => screen,
            Err(screen) => panic!("{text:?} never came to the screen; it is:\n{}", framed(&screen)),
        }
    }

    /// Waits until `text` is no more on the screen.
    #[track_caller]
    pub fn wait_until_gone(&self, text: &str) -> Screen {
        match self.wait_within(DEADLINE, |screen| !screen.contains(text)) {
            Ok(screen) => screen,
            Err(screen) => panic!("{text:?} never left the screen; it is:\n{}", framed(&screen)),
        }
    }

    /// As [`Session::wait_for`], with a limit of one's own; the last screen is the error.
    pub fn wait_within(&self, limit: Duration, wanted: impl Fn(&Screen) -> bool) -> Result<Screen, Screen> {
        let mut last = None;
        let found = self.wait_state(limit, |state| {
            let screen = snapshot(state);
            let done = wanted(&screen);
            let ended = screen.ended;
            last = Some(screen);
            done.then_some(true).or(ended.then_some(false))
        });
        let screen = last.unwrap_or_else(|| self.screen());
        if found == Some(true) { Ok(screen) } else { Err(screen) }
    }

    /// Waits until nothing was written for `quiet`: for pictures and measurements, never to make a test pass.
    pub fn wait_settled(&self, quiet: Duration) {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = self.bytes_written();
        while Instant::now() < deadline {
            if self.wait_state(quiet, |state| (state.raw.len() > seen || state.ended).then_some(())).is_none() {
                return;
            }
            if lock(&self.shared).ended {
                return;
            }
            seen = self.bytes_written();
        }
    }

    /// Waits on the state itself; `None` where `limit` passed.
    pub(super) fn wait_state<T>(&self, limit: Duration, mut ready: impl FnMut(&State) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        let mut state = lock(&self.shared);
        loop {
            if let Some(found) = ready(&state) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            state = self.shared.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the program has ended and all of its output is here.
    #[track_caller]
    pub fn wait_exit(&self) -> ExitStatus {
        let Some(status) = self.wait_state(DEADLINE, |state| state.exit.clone()) else {
            panic!("the program did not end; its screen is:\n{}", framed(&self.screen()));
        };
        // A child of the program may hold the terminal open: its output is not waited for.
        self.wait_state(Duration::from_secs(5), |state| state.ended.then_some(()));
        status
    }

    /// How it ended, where it has.
    pub fn exit(&self) -> Option<ExitStatus> {
        lock(&self.shared).exit.clone()
    }

    // What went over the wire of the terminal.

    /// Every byte the program wrote so far.
    pub fn raw_output(&self) -> Vec<u8> {
        lock(&self.shared).raw.clone()
    }

    pub fn bytes_written(&self) -> usize {
        lock(&self.shared).raw.len()
    }

    /// How much was there when: the moment and the number of bytes after each read.
    pub fn arrivals(&self) -> Vec<(Instant, usize)> {
        lock(&self.shared).arrivals.clone()
    }

    /// What was put into the terminal's clipboard (OSC 52), decoded, oldest first.
    pub fn clipboard(&self) -> Vec<String> {
        lock(&self.shared).terminal.callbacks().clipboard.clone()
    }

    /// The window's titles, oldest first.
    pub fn titles(&self) -> Vec<String> {
        lock(&self.shared).terminal.callbacks().titles.clone()
    }

    /// The terminal's modes as `stty -g` would give them: equal before and after a program that cleans up.
    pub fn modes(&self) -> String {
        let master = self.master.as_ref().expect("the window is open");
        format!("{:?}", master.get_termios().expect("a terminal has modes"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.exit().is_none() {
            // It leads a session of its own: whatever it started goes with it.
            let pid = rustix::process::Pid::from_raw(self.pid).unwrap();
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
            let _ = self.wait_state(DEADLINE, |state| state.exit.clone());
        }
    }
}

fn snapshot(state: &State) -> Screen {
    let picture = state.terminal.screen();
    let (_, cols) = picture.size();
    let rows: Vec<String> = picture.rows(0, cols.get()).map(|row| row.trim_end().to_owned()).collect();
    Screen {
        text: rows.join("\n"),
        cursor: picture.cursor_position(),
        cursor_shown: !picture.hide_cursor(),
        alternate: picture.alternate_screen(),
        bracketed_paste: picture.bracketed_paste(),
        mouse: picture.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
        ended: state.ended,
    }
}

/// The screen with a line above and below, as a failing test prints it.
fn framed(screen: &Screen) -> String {
    let line = "─".repeat(60);
    let ended = if screen.ended { " (the program has ended)" } else { "" };
    format!("{line}\n{}\n{line}\ncursor at {:?}{ended}", screen.text.trim_end(), screen.cursor)
}

/// The picture's type, for those who keep one.
pub type Picture = vt100::Parser<Terminal>;
