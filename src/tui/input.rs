//! What the terminal sends, made plain: key releases are dropped, a lone ESC waits to see whether it begins
//! Alt+key, and a paste without brackets never sends by itself. Time arrives as data; nothing here waits.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};

/// One thing the user did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Key(KeyEvent),
    /// Text that came as text: never a command, whatever is in it.
    Paste(String),
    Mouse(MouseEvent),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// Whether the terminal's window got the focus or lost it.
    Focus(bool),
}

impl Input {
    /// What `event` says, or `None` for the release of a key.
    pub fn of(event: Event) -> Option<Self> {
        Some(match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => return None,
            Event::Key(key) => Self::Key(key),
            Event::Paste(text) => Self::Paste(text),
            Event::Mouse(mouse) => Self::Mouse(mouse),
            Event::Resize(columns, rows) => Self::Resize { columns, rows },
            Event::FocusGained => Self::Focus(true),
            Event::FocusLost => Self::Focus(false),
        })
    }

    fn key(&self) -> Option<&KeyEvent> {
        if let Self::Key(key) = self { Some(key) } else { None }
    }
}

/// All gates in order. Feed it each event with the monotonic time, and call [`InputGate::due`] when
/// [`InputGate::deadline`] is reached.
#[derive(Debug, Default)]
pub struct InputGate {
    esc: EscGate,
    burst: BurstDetector,
}

impl InputGate {
    /// Takes an event that was read at `now` and appends what is known to be meant.
    pub fn feed(&mut self, event: Event, now: Duration, out: &mut Vec<Input>) {
        let Some(input) = Input::of(event) else { return };
        let mut through = Vec::new();
        self.esc.feed(input, now, &mut through);
        for input in through {
            self.burst.feed(input, now, out);
        }
    }

    /// When something that is held must be let go, if nothing comes before.
    pub fn deadline(&self) -> Option<Duration> {
        self.esc.deadline().into_iter().chain(self.burst.deadline()).min()
    }

    /// Lets go what has waited long enough.
    pub fn due(&mut self, now: Duration, out: &mut Vec<Input>) {
        if let Some(input) = self.esc.due(now) {
            self.burst.feed(input, now, out);
        }
        out.extend(self.burst.due(now));
    }
}

/// How long a lone ESC may still become Alt+key: a slow line can part the two.
pub const ESC_WAIT: Duration = Duration::from_millis(25);

/// Holds a lone ESC, and makes Alt+key of it where a key follows at once.
#[derive(Debug, Default)]
pub struct EscGate {
    /// The ESC that waits, and since when.
    held: Option<(KeyEvent, Duration)>,
}

impl EscGate {
    /// Takes an input at `now`; appends what is decided.
    pub fn feed(&mut self, input: Input, now: Duration, out: &mut Vec<Input>) {
        out.extend(self.due(now));
        if let Some((esc, _)) = self.held.take() {
            match input.key().and_then(with_alt) {
                Some(key) => {
                    out.push(Input::Key(key));
                    return;
                }
                None => out.push(Input::Key(esc)),
            }
        }
        match input.key() {
            Some(key) if key.code == KeyCode::Esc && key.modifiers.is_empty() => self.held = Some((*key, now)),
            _ => out.push(input),
        }
    }

    /// When the ESC that is held will mean Esc.
    pub fn deadline(&self) -> Option<Duration> {
        self.held.map(|(_, since)| since + ESC_WAIT)
    }

    /// The ESC, once it has waited long enough.
    pub fn due(&mut self, now: Duration) -> Option<Input> {
        let (esc, _) = self.held.take_if(|(_, since)| now >= *since + ESC_WAIT)?;
        Some(Input::Key(esc))
    }
}

/// `key` with Alt, where ESC before it can mean that.
fn with_alt(key: &KeyEvent) -> Option<KeyEvent> {
    let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
    let joins = plain && matches!(key.code, KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace);
    joins.then(|| KeyEvent { modifiers: key.modifiers | KeyModifiers::ALT, ..*key })
}

/// Keys closer together than this come from no hand.
pub const BURST_GAP: Duration = Duration::from_millis(10);

/// After an Enter that was found to be pasted, the next parts of the same paste may be this late.
pub const BURST_MEMORY: Duration = Duration::from_millis(250);

/// Tells a pasted Enter from a pressed one, where the terminal does not bracket pastes. An Enter is held for
/// [`BURST_GAP`]; where text follows within it, or where the text before it belongs to a paste that had an
/// Enter already, it is a new line. A single burst that merely ends in Enter is a line that somebody sent.
#[derive(Debug, Default)]
pub struct BurstDetector {
    held: Option<(KeyEvent, Duration)>,
    /// When the last typing key came.
    last_key: Option<Duration>,
    /// When the last part of a paste came.
    pasting: Option<Duration>,
}

impl BurstDetector {
    /// Takes an input at `now`; appends what is decided. A pasted Enter becomes `Paste("\n")`.
    pub fn feed(&mut self, input: Input, now: Duration, out: &mut Vec<Input>) {
        out.extend(self.due(now));
        let typing = input.key().filter(|key| types(key)).copied();
        let Some(key) = typing else {
            out.extend(self.held.take().map(|(enter, _)| Input::Key(enter)));
            out.push(input);
            return;
        };
        if self.held.take().is_some() {
            out.push(newline());
            self.pasting = Some(now);
        }
        let in_burst = self.last_key.is_some_and(|last| now.saturating_sub(last) < BURST_GAP);
        let in_paste = self.pasting.is_some_and(|last| now.saturating_sub(last) < BURST_MEMORY);
        self.last_key = Some(now);
        if in_burst && in_paste {
            self.pasting = Some(now);
        }
        match key.code {
            KeyCode::Enter if in_burst && in_paste => out.push(newline()),
            KeyCode::Enter => self.held = Some((key, now)),
            _ => out.push(input),
        }
    }

    /// When the Enter that is held will mean Enter.
    pub fn deadline(&self) -> Option<Duration> {
        self.held.map(|(_, since)| since + BURST_GAP)
    }

    /// The Enter, once it has waited long enough.
    pub fn due(&mut self, now: Duration) -> Option<Input> {
        let (enter, _) = self.held.take_if(|(_, since)| now >= *since + BURST_GAP)?;
        Some(Input::Key(enter))
    }
}

/// Whether a paste without brackets may have put `key` there.
fn types(key: &KeyEvent) -> bool {
    match key.code {
        KeyCode::Char(_) => (key.modifiers - KeyModifiers::SHIFT).is_empty(),
        KeyCode::Enter | KeyCode::Tab => key.modifiers.is_empty(),
        _ => false,
    }
}

fn newline() -> Input {
    Input::Paste("\n".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn key(code: KeyCode) -> Event {
        Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    /// Feeds keys at their times, lets a second pass, and tells what came out in words.
    fn play(events: &[(KeyCode, u64)]) -> Vec<String> {
        let mut gate = InputGate::default();
        let mut out = Vec::new();
        for (code, at) in events {
            while let Some(deadline) = gate.deadline().filter(|deadline| *deadline <= ms(*at)) {
                gate.due(deadline, &mut out);
            }
            gate.feed(key(*code), ms(*at), &mut out);
        }
        while let Some(deadline) = gate.deadline() {
            gate.due(deadline, &mut out);
        }
        out.iter()
            .map(|input| match input {
                Input::Key(key) if key.modifiers.is_empty() => format!("{}", key.code),
                Input::Key(key) => format!("{}+{}", key.modifiers, key.code),
                Input::Paste(text) => format!("paste {text:?}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    use KeyCode::{Char, Enter, Esc, Up};

    #[test]
    fn a_lone_esc_means_esc_after_a_moment() {
        assert_eq!(play(&[(Esc, 0)]), ["Esc"]);
        assert_eq!(play(&[(Esc, 0), (Char('b'), 30)]), ["Esc", "b"]);
        let mut gate = EscGate::default();
        let mut out = Vec::new();
        gate.feed(Input::Key(KeyEvent::from(Esc)), ms(100), &mut out);
        assert_eq!((out.len(), gate.deadline()), (0, Some(ms(125))));
        assert_eq!(gate.due(ms(124)), None);
        assert!(gate.due(ms(125)).is_some());
    }

    #[test]
    fn esc_and_a_key_right_after_it_are_one_chord() {
        assert_eq!(play(&[(Esc, 0), (Char('b'), 24)]), ["Alt+b"]);
        assert_eq!(play(&[(Esc, 0), (Enter, 1)]), ["Alt+Enter"]);
        assert_eq!(play(&[(Esc, 0), (Esc, 1)]), ["Esc", "Esc"]);
        assert_eq!(play(&[(Esc, 0), (Up, 1)]), ["Esc", "Up"]);
    }

    #[test]
    fn what_a_hand_types_goes_through_and_enter_is_enter() {
        assert_eq!(play(&[(Char('h'), 0), (Char('i'), 80), (Enter, 160), (Char('x'), 240)]), ["h", "i", "Enter", "x"]);
    }

    #[test]
    fn row_26_a_paste_without_brackets_never_sends_by_itself() {
        let paste = [(Char('a'), 0), (Enter, 0), (Char('b'), 0), (Enter, 1), (Char('c'), 1), (Enter, 1)];
        assert_eq!(play(&paste), ["a", "paste \"\\n\"", "b", "paste \"\\n\"", "c", "paste \"\\n\""]);
        let in_two_parts = [(Char('a'), 0), (Enter, 0), (Char('b'), 0), (Char('c'), 120), (Enter, 120)];
        assert_eq!(
            play(&in_two_parts),
            ["a", "paste \"\\n\"", "b", "c", "Enter"][..4]
                .iter()
                .map(|s| (*s).to_owned())
                .chain(["paste \"\\n\"".to_owned()])
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_paste_that_begins_with_an_empty_line_does_not_send_what_stood_there() {
        assert_eq!(play(&[(Enter, 500), (Char('x'), 500)]), ["paste \"\\n\"", "x"]);
    }

    #[test]
    fn a_line_that_arrives_at_once_with_its_enter_is_sent() {
        assert_eq!(play(&[(Char('h'), 0), (Char('i'), 0), (Enter, 0)]), ["h", "i", "Enter"]);
    }

    #[test]
    fn after_a_paste_the_users_own_enter_sends() {
        let events = [(Char('a'), 0), (Enter, 0), (Char('b'), 0), (Enter, 90)];
        assert_eq!(play(&events), ["a", "paste \"\\n\"", "b", "Enter"]);
    }

    #[test]
    fn key_releases_are_nobodys_business() {
        let release = KeyEvent::new_with_kind(Char('a'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Input::of(Event::Key(release)), None);
        let repeat = KeyEvent::new_with_kind(Char('a'), KeyModifiers::NONE, KeyEventKind::Repeat);
        assert_eq!(Input::of(Event::Key(repeat)), Some(Input::Key(repeat)));
        assert_eq!(Input::of(Event::FocusLost), Some(Input::Focus(false)));
    }

    #[test]
    fn other_input_lets_a_held_key_go_first() {
        let mut gate = InputGate::default();
        let mut out = Vec::new();
        gate.feed(key(Enter), ms(0), &mut out);
        gate.feed(Event::Resize(80, 24), ms(1), &mut out);
        assert_eq!(out, [Input::Key(KeyEvent::from(Enter)), Input::Resize { columns: 80, rows: 24 }]);
    }
}
