//! Long pastes kept beside the draft, each behind a token that stands in the text for it. Refuses nothing:
//! a token that is deleted keeps its text, so that undo brings both back.

use std::ops::Range;
use std::sync::Arc;

use crate::session::tokens;

/// A pasted text and the token that stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub number: u32,
    /// What stands in the draft, such as `[pasted text 1: 34,512 characters, 812 lines]`.
    pub token: String,
    pub text: Arc<str>,
    /// The length of `text` in characters.
    pub chars: usize,
    /// What `text` weighs in hundredths of a token, estimated once.
    pub hundredths: u64,
}

impl Attachment {
    fn new(number: u32, text: &str, chars: usize) -> Self {
        let lines = text.lines().count().max(1);
        let token = format!(
            "[pasted text {number}: {} {}, {} {}]",
            grouped(chars),
            if chars == 1 { "character" } else { "characters" },
            grouped(lines),
            if lines == 1 { "line" } else { "lines" },
        );
        Self { number, token, text: text.into(), chars, hundredths: tokens::hundredths(text) }
    }
}

/// All texts attached to a draft since it was begun, those whose token was deleted among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attachments(Vec<Attachment>);

impl Attachments {
    pub fn from_vec(attachments: Vec<Attachment>) -> Self {
        Self(attachments)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps `text` and gives its token, under `number` where that is free.
    pub fn keep(&mut self, text: &str, number: Option<u32>) -> &Attachment {
        let chars = text.chars().count();
        let next = self.0.iter().map(|attachment| attachment.number).max().unwrap_or(0) + 1;
        let mut new = Attachment::new(number.unwrap_or(next), text, chars);
        if self.0.iter().any(|old| old.token == new.token && old.text != new.text) {
            new = Attachment::new(next, text, chars);
        }
        self.0.push(new);
        &self.0[self.0.len() - 1]
    }

    /// Those whose token stands in `text`.
    pub fn within(&self, text: &str) -> Vec<Attachment> {
        let mut found: Vec<Attachment> = Vec::new();
        for attachment in &self.0 {
            let known = found.iter().any(|other| other.token == attachment.token);
            if !known && text.contains(&attachment.token) {
                found.push(attachment.clone());
            }
        }
        found
    }

    /// Where tokens stand in one line.
    pub fn tokens_in(&self, line: &str) -> Vec<Range<usize>> {
        if self.0.is_empty() || !line.contains('[') {
            return Vec::new();
        }
        let mut tokens: Vec<Range<usize>> = self
            .0
            .iter()
            .flat_map(|attachment| {
                line.match_indices(attachment.token.as_str()).map(|(at, token)| at..at + token.len())
            })
            .collect();
        tokens.sort_by_key(|token| token.start);
        tokens.dedup();
        tokens
    }

    /// The attachment whose token is `token`.
    pub fn by_token(&self, token: &str) -> Option<&Attachment> {
        self.0.iter().find(|attachment| attachment.token == token)
    }
}

/// A draft as it is sent, kept in the history, or put away: its text with tokens, and what they stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub text: String,
    pub attachments: Vec<Attachment>,
}

impl Draft {
    /// Whether there is nothing but blanks in it.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The text that is sent: each token replaced by what it stands for. An attached text is never searched
    /// for tokens itself.
    pub fn expanded(&self) -> String {
        if self.attachments.is_empty() {
            return self.text.clone();
        }
        let attached: usize = self.attachments.iter().map(|attachment| attachment.text.len()).sum();
        let mut out = String::with_capacity(self.text.len() + attached);
        let mut rest = self.text.as_str();
        while let Some((at, attachment)) = self.first_token(rest) {
            out.push_str(&rest[..at]);
            out.push_str(&attachment.text);
            rest = &rest[at + attachment.token.len()..];
        }
        out.push_str(rest);
        out
    }

    /// The length of what is sent, in characters, without building it.
    pub fn expanded_chars(&self) -> usize {
        let mut chars = 0;
        let mut rest = self.text.as_str();
        while let Some((at, attachment)) = self.first_token(rest) {
            chars += rest[..at].chars().count() + attachment.chars;
            rest = &rest[at + attachment.token.len()..];
        }
        chars + rest.chars().count()
    }

    fn first_token(&self, text: &str) -> Option<(usize, &Attachment)> {
        let found = self.attachments.iter().filter_map(|attachment| Some((text.find(&attachment.token)?, attachment)));
        found.min_by_key(|(at, _)| *at)
    }
}

impl From<&str> for Draft {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), attachments: Vec::new() }
    }
}

/// A count with a comma between thousands.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_how_much_it_stands_for() {
        let mut attachments = Attachments::default();
        let text = "x".repeat(41).repeat(812) + "\ny";
        assert_eq!(attachments.keep(&text, None).token, "[pasted text 1: 33,294 characters, 2 lines]");
        assert_eq!(attachments.keep("one", None).token, "[pasted text 2: 3 characters, 1 line]");
    }

    #[test]
    fn two_texts_never_share_a_token() {
        let mut attachments = Attachments::default();
        attachments.keep("abc", None);
        let second = attachments.keep("xyz", Some(1)).token.clone();
        assert_eq!(second, "[pasted text 2: 3 characters, 1 line]");
    }

    #[test]
    fn a_token_inside_an_attached_text_is_only_text() {
        let mut attachments = Attachments::default();
        let first = attachments.keep("abc", None).token.clone();
        let second = attachments.keep(&format!("see {first}"), None).token.clone();
        let text = format!("{second} and {first}");
        let draft = Draft { attachments: attachments.within(&text), text };
        assert_eq!(draft.expanded(), format!("see {first} and abc"));
        assert_eq!(draft.expanded_chars(), draft.expanded().chars().count());
    }
}
