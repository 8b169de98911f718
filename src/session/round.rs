//! The calls of one reply, and the turn's account of all of them. Owns what is counted and when the turn's time stands
//! still; refuses to decide what runs (that is `calling`).

use std::sync::Arc;
use std::time::Duration;

use crate::chat::settings::ToolSettings;
use crate::chat::tool::Prepared;
use crate::chat::{MessageId, Stamp};

use super::effect::Effect;
use super::event::Timer;
use super::explain;
use super::turn::{Phase, Turn};

/// How far a call of the running turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallState {
    /// It waits for the user's word.
    Asking(Arc<Prepared>),
    Running {
        prepared: Arc<Prepared>,
        since: Duration,
    },
    /// Its result is there.
    Over,
}

/// The calls of one reply.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub calls: Vec<(MessageId, CallState)>,
    /// The reply that is to follow them.
    pub next: MessageId,
    /// Why the turn ends behind them.
    pub stops: Option<String>,
}

impl Round {
    pub fn state_mut(&mut self, result: MessageId) -> Option<&mut CallState> {
        self.calls.iter_mut().find(|(id, _)| *id == result).map(|(_, state)| state)
    }

    /// The calls that wait for the user's word, in order.
    pub fn asking(&self) -> impl Iterator<Item = (MessageId, &Arc<Prepared>)> {
        self.calls.iter().filter_map(|(id, state)| match state {
            CallState::Asking(prepared) => Some((*id, prepared)),
            _ => None,
        })
    }

    fn running(&self) -> impl Iterator<Item = (MessageId, &Arc<Prepared>, Duration)> {
        self.calls.iter().filter_map(|(id, state)| match state {
            CallState::Running { prepared, since } => Some((*id, prepared, *since)),
            _ => None,
        })
    }

    /// How many ask; and of those that run: how many, since when, and until when at most.
    pub fn standing(&self) -> (usize, Option<(usize, Duration, Duration)>) {
        let running = self.running().fold(None, |sum: Option<(usize, Duration, Duration)>, (_, prepared, since)| {
            let due = since.saturating_add(prepared.limit);
            Some(sum.map_or((1, since, due), |(count, first, last)| (count + 1, first.min(since), last.max(due))))
        });
        (self.asking().count(), running)
    }
}

impl Turn {
    pub fn round(&self) -> Option<&Round> {
        match &self.phase {
            Phase::Calling(round) => Some(round),
            _ => None,
        }
    }

    pub fn round_mut(&mut self) -> Option<&mut Round> {
        match &mut self.phase {
            Phase::Calling(round) => Some(round),
            _ => None,
        }
    }

    /// Counts a call; why it may not run, where a limit is passed.
    pub fn count_call(&mut self, call: (String, String), limits: &ToolSettings) -> Option<String> {
        let made = self.made.len();
        if made as u64 >= u64::from(limits.most_calls) {
            return Some(explain::too_many_calls(made));
        }
        let last = self.made.iter().rev().take(ToolSettings::IDENTICAL_AMONG - 1);
        let alike = last.filter(|other| **other == call).count();
        if alike as u64 + 1 >= u64::from(limits.most_identical) {
            return Some(explain::too_many_alike(made, &call.0));
        }
        self.made.push(call);
        None
    }
}

impl Turn {
    /// From now on only the user is waited for.
    pub fn pause(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        if self.idle_since.is_none() {
            self.idle_since = Some(at.mono);
            out.push(Effect::CancelTimer(Timer::Turn));
        }
    }

    /// The turn's time runs on, by as much later as it stood still.
    pub fn unpause(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        if let Some(since) = self.idle_since.take() {
            self.due = self.due.saturating_add(at.mono.saturating_sub(since));
            out.push(Effect::StartTimer { timer: Timer::Turn, after: self.due.saturating_sub(at.mono) });
        }
    }
}
