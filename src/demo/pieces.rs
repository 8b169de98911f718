//! The demo's own tokens. Owns the one way a text is cut, by which replies are streamed and everything is counted;
//! refuses to imitate any model's tokeniser: its counts are honest, and its own.

/// The longest piece of a word, in characters.
const LONGEST: usize = 8;

/// Cuts a text into word-ish pieces that join to the same text: the blank before a word goes with it, a word of more
/// than [`LONGEST`] letters becomes several, marks and line ends stand for themselves. Vowel signs and joiners stay
/// with their letter.
pub fn pieces(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut length = 0;
    let mut last: Option<char> = None;
    for (at, c) in text.char_indices() {
        if let Some(last) = last
            && begins_anew(last, c, length)
        {
            found.push(&text[start..at]);
            start = at;
            length = 0;
        }
        length += 1;
        last = Some(c);
    }
    if start < text.len() {
        found.push(&text[start..]);
    }
    found
}

/// How many tokens a text is.
pub fn count(text: &str) -> usize {
    pieces(text).len()
}

fn begins_anew(last: char, c: char, length: usize) -> bool {
    if joins(c) || joins(last) && !c.is_whitespace() && c != '\n' {
        return false;
    }
    match (Kind::of(last), Kind::of(c)) {
        (Kind::Letter, Kind::Letter) => length >= LONGEST,
        (Kind::Blank, Kind::Letter | Kind::Mark | Kind::Blank) | (Kind::Newline, Kind::Newline | Kind::Blank) => false,
        (Kind::Mark, Kind::Mark) => last != c,
        _ => true,
    }
}

/// Combining marks, variation selectors, joiners and skin tones belong to what they follow.
fn joins(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}')
}

#[derive(Clone, Copy)]
enum Kind {
    Letter,
    Blank,
    Newline,
    Mark,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            '\n' | '\r' => Self::Newline,
            c if c.is_whitespace() => Self::Blank,
            c if c.is_alphanumeric() || joins(c) => Self::Letter,
            _ => Self::Mark,
        }
    }
}
