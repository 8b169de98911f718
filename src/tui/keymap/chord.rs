//! A key with its modifiers, however a terminal reports it: read from text, shown to people, and the same for
//! the legacy encoding and the kitty protocol.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key and the modifiers held with it, in the one form that is compared: letters are lower case and carry
/// Shift as a modifier; other characters carry no Shift, since it is part of what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyChord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// The keys that are no character, by the names that people and the table use.
const NAMED: [(&str, &str, KeyCode); 17] = [
    ("enter", "Enter", KeyCode::Enter),
    ("esc", "Esc", KeyCode::Esc),
    ("tab", "Tab", KeyCode::Tab),
    ("space", "Space", KeyCode::Char(' ')),
    ("backspace", "Backspace", KeyCode::Backspace),
    ("delete", "Delete", KeyCode::Delete),
    ("insert", "Insert", KeyCode::Insert),
    ("up", "Up", KeyCode::Up),
    ("down", "Down", KeyCode::Down),
    ("left", "Left", KeyCode::Left),
    ("right", "Right", KeyCode::Right),
    ("home", "Home", KeyCode::Home),
    ("end", "End", KeyCode::End),
    ("page_up", "PageUp", KeyCode::PageUp),
    ("page_down", "PageDown", KeyCode::PageDown),
    ("plus", "+", KeyCode::Char('+')),
    ("menu", "Menu", KeyCode::Menu),
];

/// Other spellings of the same keys.
const ALIASES: [(&str, &str); 6] = [
    ("escape", "esc"),
    ("return", "enter"),
    ("del", "delete"),
    ("pageup", "page_up"),
    ("pagedown", "page_down"),
    ("bs", "backspace"),
];

const MODIFIERS: [(&str, &str, KeyModifiers); 4] = [
    ("ctrl", "Ctrl", KeyModifiers::CONTROL),
    ("alt", "Alt", KeyModifiers::ALT),
    ("shift", "Shift", KeyModifiers::SHIFT),
    ("super", "Super", KeyModifiers::SUPER),
];

impl KeyChord {
    /// The one form of `code` with `modifiers`.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT | KeyModifiers::SUPER;
        let mut modifiers = modifiers & known;
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char('\r') => KeyCode::Enter,
            // A line feed is what Ctrl+J sends.
            KeyCode::Char('\n') => {
                modifiers |= KeyModifiers::CONTROL;
                KeyCode::Char('j')
            }
            KeyCode::Char('\u{7f}') => KeyCode::Backspace,
            KeyCode::Char(c) if c.is_uppercase() => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Char(c.to_lowercase().next().unwrap_or(c))
            }
            KeyCode::Char(c) if !c.is_lowercase() && c != ' ' => {
                modifiers -= KeyModifiers::SHIFT;
                code
            }
            code => code,
        };
        Self { code, modifiers }
    }

    /// The chord of a key event.
    pub fn of(event: &KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }

    /// The chords that mean the same where this one has no meaning of its own: what older terminals cannot tell
    /// apart, and a Shift that happened to be held.
    pub(super) fn fallbacks(self) -> impl Iterator<Item = Self> {
        let control = match self.code {
            KeyCode::Char('m') => Some(KeyCode::Enter),
            KeyCode::Char('i') => Some(KeyCode::Tab),
            KeyCode::Char('[') => Some(KeyCode::Esc),
            KeyCode::Char('h') => Some(KeyCode::Backspace),
            _ => None,
        };
        let control = control.filter(|_| self.modifiers.contains(KeyModifiers::CONTROL));
        let as_control = control.map(|code| Self { code, modifiers: self.modifiers - KeyModifiers::CONTROL });
        let keeps_shift = matches!(self.code, KeyCode::Char(_) | KeyCode::Tab);
        let without_shift = (self.modifiers.contains(KeyModifiers::SHIFT) && !keeps_shift)
            .then(|| Self { code: self.code, modifiers: self.modifiers - KeyModifiers::SHIFT });
        as_control.into_iter().chain(without_shift)
    }

    /// Whether the chord is a character that somebody may want to type.
    pub fn is_text(self) -> bool {
        let command = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER;
        matches!(self.code, KeyCode::Char(_)) && !self.modifiers.intersects(command)
    }
}

/// The character that `event` types, where it is not a command: `AltGr`, reported as Ctrl with Alt, types too.
pub fn typed(event: &KeyEvent) -> Option<char> {
    let KeyCode::Char(c) = event.code else { return None };
    let command = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER);
    let alt_gr = command == KeyModifiers::CONTROL | KeyModifiers::ALT && !c.is_ascii_alphanumeric() && c != ' ';
    ((command.is_empty() || alt_gr) && !c.is_control()).then_some(c)
}

impl FromStr for KeyChord {
    type Err = String;

    /// Reads `ctrl+y`, `Alt+Shift+Z`, `f1`; the error is a sentence.
    fn from_str(text: &str) -> Result<Self, String> {
        let folded = text.trim().to_lowercase();
        let mut modifiers = KeyModifiers::NONE;
        let mut parts: Vec<&str> = folded.split('+').map(str::trim).collect();
        let key = parts.pop().unwrap_or_default();
        for part in parts {
            let name = if matches!(part, "control" | "ctl") { "ctrl" } else { part };
            let name = if matches!(name, "option" | "meta") { "alt" } else { name };
            let Some((_, _, modifier)) = MODIFIERS.iter().find(|(known, _, _)| *known == name) else {
                return Err(format!("“{text}” is no key: “{part}” is none of ctrl, alt, shift, super."));
            };
            modifiers |= *modifier;
        }
        let name = ALIASES.iter().find(|(alias, _)| *alias == key).map_or(key, |(_, name)| name);
        let named = NAMED.iter().find(|(known, _, _)| *known == name).map(|(_, _, code)| *code);
        let code = named.or_else(|| function_key(name)).or_else(|| single(name));
        match code {
            Some(code) => Ok(Self::new(code, modifiers)),
            None => Err(format!("“{text}” is no key: write it as ctrl+y, alt+enter, page_up, f5 or plus.")),
        }
    }
}

fn function_key(name: &str) -> Option<KeyCode> {
    let number: u8 = name.strip_prefix('f')?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

fn single(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    let c = chars.next()?;
    (chars.next().is_none() && !c.is_control()).then_some(KeyCode::Char(c))
}

impl fmt::Display for KeyChord {
    /// The form for people: `Ctrl+Y`, `Alt+Shift+Z`, `PageUp`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (_, shown, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                write!(f, "{shown}+")?;
            }
        }
        if let Some((_, shown, _)) = NAMED.iter().find(|(_, _, code)| *code == self.code) {
            return f.write_str(shown);
        }
        match self.code {
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::Char(c) => write!(f, "{}", c.to_uppercase()),
            other => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> KeyChord {
        text.parse().unwrap()
    }

    #[test]
    fn a_chord_reads_and_shows_the_same() {
        for (written, shown) in [
            ("ctrl+y", "Ctrl+Y"),
            ("alt+shift+z", "Alt+Shift+Z"),
            ("F1", "F1"),
            ("shift+enter", "Shift+Enter"),
            ("Control + PageUp", "Ctrl+PageUp"),
            ("alt+plus", "Alt++"),
            ("ctrl+[", "Ctrl+["),
            ("ctrl+space", "Ctrl+Space"),
            ("alt+द", "Alt+द"),
        ] {
            assert_eq!(chord(written).to_string(), shown);
        }
        assert_eq!(chord("alt+Z"), chord("alt+z"), "case means nothing, Shift is written out");
    }

    #[test]
    fn a_bad_chord_says_what_is_wrong() {
        assert!("hyper+x".parse::<KeyChord>().unwrap_err().contains("ctrl, alt, shift"));
        for bad in ["", "ctrl+", "f99", "ctrl+foo"] {
            assert!(bad.parse::<KeyChord>().unwrap_err().contains("is no key"), "{bad}");
        }
    }

    #[test]
    fn however_a_terminal_reports_a_key_it_is_the_same_chord() {
        use KeyModifiers as M;
        let same = [
            (KeyEvent::new(KeyCode::Char('Z'), M::ALT | M::SHIFT), "alt+shift+z"),
            (KeyEvent::new(KeyCode::Char('Z'), M::ALT), "alt+shift+z"),
            (KeyEvent::new(KeyCode::Char('z'), M::ALT | M::SHIFT), "alt+shift+z"),
            (KeyEvent::new(KeyCode::Char('\n'), M::NONE), "ctrl+j"),
            (KeyEvent::new(KeyCode::BackTab, M::SHIFT), "shift+tab"),
            (KeyEvent::new(KeyCode::BackTab, M::NONE), "shift+tab"),
            (KeyEvent::new(KeyCode::Char('?'), M::ALT | M::SHIFT), "alt+?"),
            (KeyEvent::new(KeyCode::Home, M::CONTROL | M::HYPER), "ctrl+home"),
        ];
        for (event, text) in same {
            assert_eq!(KeyChord::of(&event), chord(text), "{event:?}");
        }
    }

    #[test]
    fn letters_type_and_commands_do_not() {
        use KeyModifiers as M;
        assert_eq!(typed(&KeyEvent::new(KeyCode::Char('अ'), M::NONE)), Some('अ'));
        assert_eq!(typed(&KeyEvent::new(KeyCode::Char('A'), M::SHIFT)), Some('A'));
        assert_eq!(typed(&KeyEvent::new(KeyCode::Char('@'), M::CONTROL | M::ALT)), Some('@'), "AltGr");
        assert_eq!(typed(&KeyEvent::new(KeyCode::Char('y'), M::CONTROL)), None);
        assert_eq!(typed(&KeyEvent::new(KeyCode::Char('b'), M::ALT)), None);
        assert_eq!(typed(&KeyEvent::new(KeyCode::Enter, M::NONE)), None);
    }
}
