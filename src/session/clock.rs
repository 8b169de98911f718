//! What the clock has to say in a turn: waits that are over, limits that are passed.

use crate::chat::{Failure, FailureKind, Stamp};

use super::activity::first_token_limit;
use super::effect::Effect;
use super::event::Timer;
use super::search::SEARCHES_WITHIN;
use super::turn::Phase;
use super::{Session, explain};

impl Session {
    pub(super) fn timer_fired(&mut self, timer: Timer, at: Stamp, out: &mut Vec<Effect>) {
        if timer == Timer::Summary {
            return self.summary_is_late(out);
        }
        let Some(turn) = &self.turn else { return };
        match timer {
            Timer::Search if matches!(turn.phase, Phase::Searching { .. }) => self.search_is_late(at, out),
            Timer::Save => self.save_chunk(out),
            Timer::Backoff if matches!(turn.phase, Phase::Backoff { .. }) => self.next_attempt(at, out),
            Timer::FirstToken | Timer::Fallback if matches!(turn.phase, Phase::Streaming { .. }) => {}
            Timer::Fallback if turn.has_next_model() && turn.attempt.is_some() => {
                let why = format!("no first token in {}", explain::duration(self.settings.fallback_after));
                self.cancel_attempt(out);
                self.next_model(why, at, out);
            }
            Timer::FirstToken if turn.attempt.is_some() => self.no_first_token(at, out),
            Timer::Silence if matches!(turn.phase, Phase::Streaming { .. }) => self.silence(at, out),
            Timer::Turn => {
                let failure = Failure::new(FailureKind::TurnTooLong, explain::duration(self.settings.timeouts.turn));
                self.cancel_attempt(out);
                self.give_up(&failure, self.estimate_so_far(), at, out);
            }
            Timer::Backoff | Timer::Fallback | Timer::FirstToken | Timer::Silence | Timer::Search | Timer::Summary => {}
        }
    }

    fn no_first_token(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &self.turn else { return };
        let limit = first_token_limit(&self.settings, turn.model());
        let has_next = turn.has_next_model();
        self.cancel_attempt(out);
        if has_next {
            self.next_model(format!("no first token in {}", explain::duration(limit)), at, out);
        } else {
            let failure = Failure::new(FailureKind::Timeout, explain::duration(limit));
            self.give_up(&failure, self.estimate_so_far(), at, out);
        }
    }

    /// The silence timer is not started anew for each piece: when it fires it looks how long it really was.
    fn silence(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &self.turn else { return };
        let limit = self.settings.timeouts.silence;
        let silent = at.mono.saturating_sub(turn.last_content);
        if silent < limit {
            out.push(Effect::StartTimer { timer: Timer::Silence, after: limit.saturating_sub(silent) });
        } else {
            let failure = Failure::new(FailureKind::Stalled, explain::duration(limit));
            self.cancel_attempt(out);
            self.give_up(&failure, self.estimate_so_far(), at, out);
        }
    }

    /// After a suspend every limit begins anew: nobody was there to receive.
    pub(super) fn resumed(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        self.time_summary(out);
        let Some(turn) = &mut self.turn else { return };
        turn.last_content = at.mono;
        let timeouts = self.settings.timeouts;
        turn.due = at.mono.saturating_add(timeouts.turn);
        if turn.idle_since.is_none() {
            out.push(Effect::StartTimer { timer: Timer::Turn, after: timeouts.turn });
        }
        match &mut turn.phase {
            Phase::Connecting { since } | Phase::Waiting { since } => {
                *since = at.mono;
                let after = first_token_limit(&self.settings, turn.model());
                out.push(Effect::StartTimer { timer: Timer::FirstToken, after });
                if turn.has_next_model() {
                    out.push(Effect::StartTimer { timer: Timer::Fallback, after: self.settings.fallback_after });
                }
            }
            Phase::Streaming { .. } => {
                out.push(Effect::StartTimer { timer: Timer::Silence, after: timeouts.silence });
            }
            Phase::Searching { since } => {
                *since = at.mono;
                out.push(Effect::StartTimer { timer: Timer::Search, after: SEARCHES_WITHIN });
            }
            Phase::Committing
            | Phase::Gathering { .. }
            | Phase::Booking
            | Phase::Backoff { .. }
            | Phase::Checking
            | Phase::Calling(_)
            | Phase::Judging(_) => {}
        }
    }
}
