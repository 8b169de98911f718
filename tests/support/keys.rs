//! What a terminal sends for each key. Owns the bytes of an xterm without the kitty protocol; refuses meaning.

/// A key, a paste or a turn of the wheel, as the user makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    Char(char),
    /// `Ctrl('c')`; letters, `[`, `\`, `]`, `^`, `_` and space.
    Ctrl(char),
    Alt(char),
    Enter,
    AltEnter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    AltBackspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    AltUp,
    AltDown,
    CtrlLeft,
    CtrlRight,
    ShiftLeft,
    ShiftRight,
    Home,
    End,
    CtrlHome,
    CtrlEnd,
    PageUp,
    PageDown,
    /// F1 to F12.
    F(u8),
    /// The wheel, at a column and row counted from 0.
    WheelUp(u16, u16),
    WheelDown(u16, u16),
    /// The left button, pressed and released at a column and row counted from 0.
    Click(u16, u16),
    /// Text in paste brackets, as a terminal sends it once they were asked for.
    Paste(String),
}

impl Key {
    /// The bytes that go into the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Char(c) => c.to_string().into_bytes(),
            Self::Ctrl(c) => vec![(*c as u8).to_ascii_uppercase() & 0x1f],
            Self::Alt(c) => format!("\x1b{c}").into_bytes(),
            Self::WheelUp(x, y) => format!("\x1b[<64;{};{}M", x + 1, y + 1).into_bytes(),
            Self::WheelDown(x, y) => format!("\x1b[<65;{};{}M", x + 1, y + 1).into_bytes(),
            Self::Click(x, y) => format!("\x1b[<0;{0};{1}M\x1b[<0;{0};{1}m", x + 1, y + 1).into_bytes(),
            Self::Paste(text) => format!("\x1b[200~{text}\x1b[201~").into_bytes(),
            Self::F(n) => function_key(*n).as_bytes().to_vec(),
            other => other.fixed().as_bytes().to_vec(),
        }
    }

    fn fixed(&self) -> &'static str {
        match self {
            Self::Enter => "\r",
            Self::AltEnter => "\x1b\r",
            Self::Esc => "\x1b",
            Self::Tab => "\t",
            Self::BackTab => "\x1b[Z",
            Self::Backspace => "\x7f",
            Self::AltBackspace => "\x1b\x7f",
            Self::Delete => "\x1b[3~",
            Self::Insert => "\x1b[2~",
            Self::Up => "\x1b[A",
            Self::Down => "\x1b[B",
            Self::Right => "\x1b[C",
            Self::Left => "\x1b[D",
            Self::AltUp => "\x1b[1;3A",
            Self::AltDown => "\x1b[1;3B",
            Self::CtrlRight => "\x1b[1;5C",
            Self::CtrlLeft => "\x1b[1;5D",
            Self::ShiftRight => "\x1b[1;2C",
            Self::ShiftLeft => "\x1b[1;2D",
            Self::Home => "\x1b[H",
            Self::End => "\x1b[F",
            Self::CtrlHome => "\x1b[1;5H",
            Self::CtrlEnd => "\x1b[1;5F",
            Self::PageUp => "\x1b[5~",
            Self::PageDown => "\x1b[6~",
            _ => "",
        }
    }
}

fn function_key(n: u8) -> &'static str {
    const KEYS: [&str; 12] = [
        "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[17~", "\x1b[18~", "\x1b[19~", "\x1b[20~", "\x1b[21~",
        "\x1b[23~", "\x1b[24~",
    ];
    KEYS[usize::from(n) - 1]
}
