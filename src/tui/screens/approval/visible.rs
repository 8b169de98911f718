//! Text that asks to be run, so that what is read is what runs. Owns a form in which no character is hidden and none
//! looks like another; it reads back to the very same text. Refuses to shorten anything.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthChar as _;

/// Bytes after which a piece is closed, so that no more is laid out than is seen.
const PIECE_BYTES: usize = 2 * 1024;
/// Characters of a cluster that is drawn as one; a longer one would be wider than a narrow screen.
const LONGEST_CLUSTER: usize = 8;

/// A text in its visible form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visible {
    /// The form, cut between two clusters: each piece is laid out by itself, and begins a row.
    pub pieces: Vec<String>,
    /// Lines of the text.
    pub lines: usize,
    /// Whether a letter that only looks like an ASCII one is shown by its number.
    pub has_lookalikes: bool,
}

impl Visible {
    /// The visible form. A newline is `⏎` and the end of a row; other controls are pictures (`␛`); what shows nothing,
    /// and what only looks like ASCII, is `<U+XXXX>`. What looks like one of these forms is shown by its number, too.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut out = Self { pieces: vec![String::new()], lines: 1, has_lookalikes: false };
        let mut rest = text;
        while !rest.is_empty() {
            let (word, behind) = rest.split_at(word_end(rest));
            let begins_a_form = word == "<" && behind.starts_with("U+");
            let poses = poses(word);
            out.has_lookalikes |= poses;
            for cluster in word.graphemes(true) {
                out.push(cluster, poses, begins_a_form);
            }
            rest = behind;
        }
        out
    }

    fn push(&mut self, cluster: &str, poses: bool, begins_a_form: bool) {
        if self.pieces.last().is_none_or(|piece| piece.len() >= PIECE_BYTES) {
            self.pieces.push(String::new());
        }
        let Some(piece) = self.pieces.last_mut() else { return };
        let is_long = cluster.chars().count() > LONGEST_CLUSTER;
        let mut before = None;
        for c in cluster.chars() {
            match c {
                '\n' => {
                    piece.push_str("⏎\n");
                    self.lines += 1;
                }
                '\0'..='\u{1f}' => piece.push(char::from_u32(0x2400 + c as u32).unwrap_or('␀')),
                '\u{7f}' => piece.push('␡'),
                _ if begins_a_form || is_long || (poses && is_lookalike(c)) || is_hidden(c, before) || is_a_form(c) => {
                    // Writing to a string cannot fail.
                    let _ = write!(piece, "<U+{:04X}>", c as u32);
                }
                _ => piece.push(c),
            }
            before = Some(c);
        }
    }
}

/// Where the word ends that a text begins with: before the next sign of ASCII, or behind the one it is.
fn word_end(text: &str) -> usize {
    let is_sign = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric();
    match text.find(is_sign) {
        Some(0) => 1,
        Some(at) => at,
        None => text.len(),
    }
}

/// Whether a word may be read as one of ASCII that it is not: it has look-alikes, beside ASCII letters or without any
/// letter that is evidently of another script.
fn poses(word: &str) -> bool {
    if word.is_ascii() || !word.chars().any(is_lookalike) {
        return false;
    }
    let is_evident = |c: char| !c.is_ascii() && c.is_alphabetic() && !is_lookalike(c);
    word.contains(|c: char| c.is_ascii_alphabetic()) || !word.contains(is_evident)
}

/// Whether the character is of another script and looks like ASCII, as Unicode's table has it (UTS 39).
fn is_lookalike(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let mut bytes = [0; 4];
    let mut looks = unicode_security::confusable_detection::skeleton(c.encode_utf8(&mut bytes)).peekable();
    looks.peek().is_some() && looks.all(|c| c.is_ascii())
}

/// Whether nothing of it would be seen, or it would be taken for a space or for a part of an ASCII letter.
fn is_hidden(c: char, before: Option<char>) -> bool {
    match c {
        // Joiners, selectors of variants, the blank sign of Braille; and what is for private use, whose look is anyone's guess.
        '\u{200c}'
        | '\u{200d}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2800}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{f0000}'..='\u{10ffff}' => true,
        _ if c.is_ascii() => false,
        _ => c.is_whitespace() || (c.width() == Some(0) && before.is_none_or(|before| before.is_ascii())),
    }
}

/// Whether it stands for something else here.
fn is_a_form(c: char) -> bool {
    matches!(c, '\u{2400}'..='\u{2426}' | '⏎' | '\u{fffd}')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::text::{Ink, exact_rows};

    /// The text that rows of its visible form stand for.
    pub fn read_back(shown: &str) -> String {
        let mut out = String::new();
        let mut rest = shown;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '⏎' => out.push('\n'),
                '␡' => out.push('\u{7f}'),
                '\u{2400}'..='\u{241f}' => out.push(char::from_u32(c as u32 - 0x2400).unwrap()),
                '<' if rest.starts_with("U+") => {
                    let (number, behind) = rest[2..].split_once('>').unwrap();
                    out.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
                    rest = behind;
                }
                c => out.push(c),
            }
        }
        out
    }

    fn rows(visible: &Visible, width: u16) -> Vec<String> {
        let line = |row: crate::text::Row| row.spans.iter().map(|span| span.text.as_str()).collect::<String>();
        let piece = |piece: &String| exact_rows(piece.strip_suffix('\n').unwrap_or(piece), width, Ink::Plain);
        visible.pieces.iter().flat_map(piece).map(line).collect()
    }

    fn shown(text: &str) -> String {
        rows(&Visible::new(text), 200).join("|")
    }

    #[test]
    fn what_hides_or_poses_is_shown_by_its_number() {
        assert_eq!(shown("Pune, 24 °C"), "Pune, 24 °C");
        assert_eq!(shown("मुंबई में बारिश"), "मुंबई में बारिश");
        assert_eq!(shown("привет"), "привет");
        assert_eq!(shown("p\u{430}ypal.com"), "p<U+0430>ypal.com");
        assert_eq!(shown("ｒｍ"), "<U+FF52><U+FF4D>");
        assert_eq!(shown("\u{3bf}k"), "<U+03BF>k");
        assert_eq!(shown("p\u{430}y\u{202e}"), "p<U+0430>y<U+202E>", "what hides does not hide a look-alike");
        assert_eq!(shown("p\u{301}\u{430}yж"), "p<U+0301><U+0430>yж", "nor does a letter that is evident");
        assert_eq!(shown("\u{441}\u{43e}\u{440}"), "<U+0441><U+043E><U+0440>");
        assert_eq!(shown("a\u{200b}b\u{202e}c"), "a<U+200B>b<U+202E>c");
        assert_eq!(shown("rm\u{a0}-rf"), "rm<U+00A0>-rf");
        assert_eq!(shown("e\u{301}"), "e<U+0301>");
        assert_eq!(shown("a\rb\tc\u{1b}[2J\u{7f}\u{9b}"), "a␍b␉c␛[2J␡<U+009B>");
        assert_eq!(shown("a\r\nb"), "a␍⏎|b");
        assert_eq!(shown("⏎ ␛ <U+202E>"), "<U+23CE> <U+241B> <U+003C>U+202E>");
        assert!(Visible::new("p\u{430}y").has_lookalikes && !Visible::new("привет, café").has_lookalikes);
    }

    #[test]
    fn padding_is_counted_and_stays() {
        let visible = Visible::new(&format!("ls{}; rm -rf ~", "\n".repeat(12_000)));
        assert_eq!(visible.lines, 12_001);
        let rows = rows(&visible, 40);
        assert_eq!(rows.len(), 12_001);
        assert_eq!((rows[0].as_str(), rows[12_000].as_str()), ("ls⏎", "; rm -rf ~"));
    }

    proptest! {
        #[test]
        fn the_rows_read_back_to_the_very_text(
            text in proptest::collection::vec(
                prop_oneof![
                    any::<char>(),
                    Just('\n'),
                    Just('<'),
                    Just('U'),
                    Just('+'),
                    Just(' '),
                    Just('\u{94d}'),
                    Just('क'),
                    Just('\u{200d}'),
                    Just('\u{301}'),
                    Just('\u{430}'),
                    Just('a'),
                    Just('👨'),
                ],
                0..80,
            ),
            width in 16_u16..60,
        ) {
            let text: String = text.into_iter().collect();
            let rows = rows(&Visible::new(&text), width);
            prop_assert!(!rows.iter().any(|row| row.contains(char::is_control)));
            prop_assert_eq!(read_back(&rows.concat()), text);
        }
    }
}
