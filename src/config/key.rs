//! An API key. Owns the one type that holds it, which never prints more than `sk-…abcd`; refuses keys that
//! no header can carry.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A key, wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Key(SecretString);

/// Why a text is no key. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    #[error("the key is empty")]
    Empty,
    #[error("the key has a space or a line break in it; copy it again, in one piece")]
    Broken,
    #[error("the key has characters that no key has (only ASCII letters, digits and signs are sent); copy it again")]
    Foreign,
    #[error("the key is longer than 8,192 characters; that is not a key")]
    TooLong,
}

const LONGEST: usize = 8_192;

impl Key {
    /// Reads a key; spaces and line breaks around it are dropped.
    ///
    /// # Errors
    /// Where a header could not carry it.
    pub fn parse(text: &str) -> Result<Self, KeyProblem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(KeyProblem::Empty);
        }
        if text.chars().any(char::is_whitespace) {
            return Err(KeyProblem::Broken);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyProblem::Foreign);
        }
        if text.len() > LONGEST {
            return Err(KeyProblem::TooLong);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The key itself, to be put into a header and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Display for Key {
    /// `sk-…abcd`; of a short key nothing but `…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.expose();
        let start = if key.starts_with("sk-") { "sk-" } else { "" };
        // Four characters of a short one would be too much of it.
        let end = if key.len() >= 20 { &key[key.len() - 4..] } else { "" };
        write!(f, "{start}…{end}")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_prints_more_than_its_ends() {
        let key = Key::parse("  sk-proj-0123456789abcdefghij\n").unwrap();
        assert_eq!(key.to_string(), "sk-…ghij");
        assert_eq!(format!("{key:?}"), "Key(sk-…ghij)");
        assert_eq!(key.expose(), "sk-proj-0123456789abcdefghij");
        assert_eq!(Key::parse("gsk_0123456789abcdefghij").unwrap().to_string(), "…ghij");
        assert_eq!(Key::parse("sk-short").unwrap().to_string(), "sk-…");
        assert_eq!(Key::parse("x").unwrap().to_string(), "…");
    }

    #[test]
    fn what_no_header_can_carry_is_refused_without_repeating_it() {
        assert_eq!(Key::parse(" \n").unwrap_err(), KeyProblem::Empty);
        assert_eq!(Key::parse("sk-a\nsk-b").unwrap_err(), KeyProblem::Broken);
        assert_eq!(Key::parse("sk-a b").unwrap_err(), KeyProblem::Broken);
        assert_eq!(Key::parse("sk-a\u{7}b").unwrap_err(), KeyProblem::Foreign);
        assert_eq!(Key::parse("sk-कुंजी").unwrap_err(), KeyProblem::Foreign);
        assert_eq!(Key::parse("sk-\u{fffd}").unwrap_err(), KeyProblem::Foreign);
        assert_eq!(Key::parse(&"k".repeat(9_000)).unwrap_err(), KeyProblem::TooLong);
    }
}
