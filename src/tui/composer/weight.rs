//! What the draft weighs in tokens, kept up to date change by change, so that a price can be shown at each key.
//! Estimates only; knows no prices.

use std::ops::Range;

use super::Composer;
use super::attach::Attachments;
use super::model::{Model, Pos};
use crate::session::tokens;

/// What stands in the box, all in hundredths of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weight {
    /// The text as it stands there, with its tokens and newlines.
    text: u64,
    attached: Attached,
}

/// What tokens of attachments weigh, and what they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attached {
    tokens: u64,
    texts: u64,
}

impl Composer {
    /// About what the expanded draft weighs, in hundredths of a token: the sum over its characters that
    /// [`tokens::hundredths`] makes, without looking at them again.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let Weight { text, attached } = self.weight;
        (text + attached.texts).saturating_sub(attached.tokens)
    }

    /// Weighs everything anew.
    pub(super) fn weigh(&mut self) {
        let lines = self.model.lines();
        let newlines = lines.len() as u64 - 1;
        let text = lines.iter().map(|line| tokens::hundredths(line)).sum::<u64>() + newlines * newline();
        self.weight = Weight { text, attached: self.attached_in(0..lines.len()) };
    }

    /// What the attachments weigh whose tokens stand in these lines: nearly always nothing, and then free of charge.
    pub(super) fn attached_in(&self, lines: Range<usize>) -> Attached {
        if self.attachments.is_empty() {
            return Attached::default();
        }
        lines.fold(Attached::default(), |sum, at| sum.and(self.attached_to(at)))
    }

    fn attached_to(&self, line: usize) -> Attached {
        let line = self.line(line);
        let tokens = line.tokens.iter().map(|token| &line.text[token.clone()]);
        tokens.fold(Attached::default(), |sum, token| sum.and(Attached::of(&self.attachments, token)))
    }

    /// Takes in that `added` was inserted, or what weighs `removed` was deleted, where before and after it
    /// attachments weighed so much.
    pub(super) fn reweigh(&mut self, added: u64, removed: u64, before: Attached, after: Attached) {
        let Weight { text, attached } = &mut self.weight;
        *text = (*text + added).saturating_sub(removed);
        attached.tokens = (attached.tokens + after.tokens).saturating_sub(before.tokens);
        attached.texts = (attached.texts + after.texts).saturating_sub(before.texts);
    }
}

impl Attached {
    fn of(attachments: &Attachments, token: &str) -> Self {
        let texts = attachments.by_token(token).map_or(0, |attachment| attachment.hundredths);
        Self { tokens: tokens::hundredths(token), texts }
    }

    const fn and(self, other: Self) -> Self {
        Self { tokens: self.tokens + other.tokens, texts: self.texts + other.texts }
    }
}

/// What stands between two places weighs.
pub(super) fn between(model: &Model, from: Pos, to: Pos) -> u64 {
    if from.line == to.line {
        return tokens::hundredths(&model.line(from.line)[from.byte..to.byte]);
    }
    let head = tokens::hundredths(&model.line(from.line)[from.byte..]);
    let middle: u64 = (from.line + 1..to.line).map(|at| tokens::hundredths(model.line(at))).sum();
    let tail = tokens::hundredths(&model.line(to.line)[..to.byte]);
    head + middle + tail + (to.line - from.line) as u64 * newline()
}

fn newline() -> u64 {
    tokens::hundredths("\n")
}
