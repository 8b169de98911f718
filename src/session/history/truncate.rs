//! Sends the last messages, as many as fit by tokens and by count; the oldest are left out. When it must cut, it cuts
//! well below the limit: then what is sent begins alike for many turns, and the provider's prompt cache pays.

use std::collections::BTreeMap;

use crate::chat::{MessageId, Role};

use super::plan::{Plan, Standing};
use super::{End, Situation, Weights, is_sent, marks};

/// What is left after a cut, in percent of the limit.
const CUTS_TO_PERCENT: u64 = 75;

/// The most of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub tokens: u64,
    pub messages: u32,
}

impl Limits {
    fn after_a_cut(self) -> Self {
        let messages = u64::from(self.messages) * CUTS_TO_PERCENT / 100;
        Self { tokens: share(self.tokens, CUTS_TO_PERCENT), messages: (messages as u32).max(1) }
    }
}

/// So many percent of a limit.
pub(super) const fn share(limit: u64, percent: u64) -> u64 {
    // Not limit × percent, which overflows where nothing limits.
    limit / 100 * percent + limit % 100 * percent / 100
}

/// What a request weighs, by the place where its unbroken row of last messages begins.
pub(super) struct Scale<'w> {
    weights: &'w Weights,
    end: End,
    /// Frame, system prompt, summary, and what is only written yet.
    fixed: u64,
    /// Each message behind the settled ones that is sent, with what it weighs.
    rest: Vec<(usize, u64)>,
    /// Each message that is sent wherever the row begins, with what it weighs.
    pins: Vec<(usize, u64)>,
    /// Before this place the summary stands for the messages.
    pub floor: usize,
    /// The places where the row may begin are the settled questions from the floor on, and then these; the last sends
    /// as little as can be.
    later_starts: Vec<usize>,
}

impl<'w> Scale<'w> {
    pub fn new(situation: &Situation<'_>, weights: &'w Weights) -> Self {
        let conversation = situation.conversation;
        let end = situation.end();
        let is_open =
            |at: usize| is_sent(conversation, at, end.question) && !marks::is_left_out(conversation, at, end.question);
        let floor = situation.summary().map_or(0, |(_, covered, _)| covered);
        let weigh = |at: usize| conversation.at(at).map_or(0, |message| weights.of(message));
        let rest: Vec<(usize, u64)> =
            (end.settled..end.before).filter(|at| is_open(*at)).map(|at| (at, weigh(at))).collect();
        let pinned = marks::pinned(conversation, end.before);
        let pinned = pinned.into_iter().filter(|at| is_open(*at));
        let pins: Vec<(usize, u64)> = pinned.map(|at| (at, weigh(at))).collect();
        let is_question = |at: usize| conversation.at(at).is_some_and(|message| message.role == Role::User);
        let mut later_starts: Vec<usize> =
            rest.iter().map(|(at, _)| *at).filter(|at| *at >= floor && is_question(*at)).collect();
        if end.question.is_none() {
            later_starts.push(end.before);
        }
        let fixed = situation.fixed().saturating_add(end.pending);
        let mut scale = Self { weights, end, fixed, rest, pins: Vec::new(), floor, later_starts };
        scale.keep_pins(pins, situation.limit);
        scale
    }

    /// Keeps the newest pins that fit beside what must be sent.
    fn keep_pins(&mut self, pins: Vec<(usize, u64)>, limit: u64) {
        let mut used = self.tokens(self.least());
        for (at, weight) in pins.into_iter().rev() {
            used = used.saturating_add(weight);
            if used > limit {
                break;
            }
            self.pins.push((at, weight));
        }
        self.pins.reverse();
    }

    /// What a request weighs whose row begins at `start`.
    pub fn tokens(&self, start: usize) -> u64 {
        let settled = self.end.settled.min(self.weights.settled());
        let row = self.weights.before(settled).0.saturating_sub(self.weights.before(start.min(settled)).0);
        let rest = self.rest.iter().filter(|(at, _)| *at >= start).map(|(_, weight)| *weight);
        let pins = self.pins.iter().filter(|(at, _)| *at < start).map(|(_, weight)| *weight);
        rest.chain(pins).fold(self.fixed.saturating_add(row), u64::saturating_add)
    }

    /// How many messages it has, pins apart.
    fn messages(&self, start: usize) -> u32 {
        let settled = self.end.settled.min(self.weights.settled());
        let row = self.weights.before(settled).1.saturating_sub(self.weights.before(start.min(settled)).1);
        let rest = self.rest.iter().filter(|(at, _)| *at >= start).count() as u32;
        row.saturating_add(rest).saturating_add(u32::from(self.end.question.is_none()))
    }

    fn fits(&self, start: usize, limits: Limits) -> bool {
        self.tokens(start) <= limits.tokens && self.messages(start) <= limits.messages
    }

    /// The settled places where the row may begin.
    fn settled_starts(&self) -> &[usize] {
        let starts = self.weights.starts();
        &starts[starts.partition_point(|start| *start < self.floor)..]
    }

    /// Where a row begins that holds only what must be sent.
    fn least(&self) -> usize {
        self.later_starts.last().copied().unwrap_or(self.end.before)
    }

    /// The first place from `from` on where the row fits: the later it begins, the less it weighs.
    fn first_that_fits(&self, from: usize, limits: Limits) -> Option<usize> {
        let starts = self.settled_starts();
        let after = &starts[starts.partition_point(|start| *start < from)..];
        let settled = after.get(after.partition_point(|start| !self.fits(*start, limits)));
        settled
            .or_else(|| self.later_starts.iter().find(|start| **start >= from && self.fits(**start, limits)))
            .copied()
    }

    /// Where the row begins: where it began the last time while that fits, else well below the limit, else where it
    /// fits at all, else with what must be sent.
    pub fn start(&self, last: Option<usize>, limits: Limits) -> usize {
        let first = self.settled_starts().first().or(self.later_starts.first()).copied().unwrap_or(self.floor);
        // Where nothing before the first question is sent, nothing is left out either.
        let first = if self.tokens(first) == self.tokens(self.floor) { self.floor } else { first };
        let may_begin = |at: &usize| self.settled_starts().binary_search(at).is_ok() || self.later_starts.contains(at);
        let from = last.filter(may_begin).unwrap_or(first);
        if self.fits(from, limits) {
            return from;
        }
        let least = self.least();
        // A chat that remembers its last turn is worth more than a cut of the right size.
        let comfortable = self.first_that_fits(from, limits.after_a_cut()).filter(|start| *start != least);
        comfortable.or_else(|| self.first_that_fits(from, limits)).unwrap_or(least)
    }

    /// The plan of a row that begins at `start`.
    pub fn plan(&self, situation: &Situation<'_>, start: usize) -> Plan {
        let pins = self.pins.iter().filter(|(at, _)| *at < start);
        let kept: BTreeMap<usize, Standing> = pins.map(|(at, _)| (*at, Standing::Pinned)).collect();
        Plan {
            first_sent: start,
            summary: situation.summary().map(|(id, covered, _)| (id, covered)),
            kept,
            tokens: self.tokens(start),
            limit: situation.limit,
            answering: self.end.question,
            ..Plan::default()
        }
    }
}

impl Situation<'_> {
    /// The limits of the row of last messages.
    pub(super) fn limits(&self, tokens: u64) -> Limits {
        Limits { tokens, messages: self.history.max_messages.unwrap_or(u32::MAX) }
    }

    pub(super) fn last_start(&self) -> Option<usize> {
        self.cut.and_then(|cut| self.conversation.position(cut))
    }
}

pub(super) fn plan(situation: &Situation<'_>, weights: &Weights) -> Plan {
    let scale = Scale::new(situation, weights);
    let start = scale.start(situation.last_start(), situation.limits(situation.limit));
    scale.plan(situation, start)
}

/// Follows the conversation from its first question: a cut is made where one was due, and stays until the next. So a
/// conversation that is opened again is sent as it was.
pub(super) fn replay(situation: &Situation<'_>, weights: &Weights, limit: u64) -> Option<MessageId> {
    let limits = situation.limits(limit);
    let fixed = situation.fixed();
    let floor = situation.summary().map_or(0, |(_, covered, _)| covered);
    let starts = weights.starts();
    let settled = weights.settled();
    // The last question is not settled yet, but it was asked.
    let last = situation.conversation.at(settled).filter(|message| message.role == Role::User);
    let last = last.map(|message| (settled, weights.of(message)));
    let starts: Vec<usize> = starts[starts.partition_point(|start| *start < floor)..]
        .iter()
        .copied()
        .chain(last.map(|(at, _)| at).filter(|at| *at >= floor))
        .collect();
    // What stands before `to`, begun at `from`: a question's own request, and what was there before it was asked.
    let fits = |from: usize, to: usize, limits: Limits| {
        let (tokens, messages) = weights.before(to.min(settled));
        let (tokens_before, messages_before) = weights.before(from);
        let (tokens, messages) = match last {
            Some((at, weight)) if to > at => (tokens.saturating_add(weight), messages + 1),
            _ => (tokens, messages),
        };
        fixed.saturating_add(tokens.saturating_sub(tokens_before)) <= limits.tokens
            && messages.saturating_sub(messages_before) <= limits.messages
    };
    let mut at = 0;
    for (number, question) in starts.iter().enumerate() {
        for to in [*question, question + 1] {
            if fits(starts[at], to, limits) {
                continue;
            }
            let before = &starts[at..number];
            let comfortable = before.partition_point(|start| !fits(*start, to, limits.after_a_cut()));
            let tight = before.partition_point(|start| !fits(*start, to, limits));
            at += if comfortable < before.len() { comfortable } else { tight };
        }
    }
    starts.get(at).and_then(|start| situation.conversation.at(*start)).map(|message| message.id)
}
