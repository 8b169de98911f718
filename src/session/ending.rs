//! How a turn ends, exactly once: whole, stopped or failed; its reply is saved for good, and what waits goes on or back.

use crate::chat::{FinishReason, MessageId, PicoUsd, Stamp, Status, Usage};

use super::Session;
use super::effect::Effect;
use super::event::Timer;
use super::turn::Phase;

/// What a reply ends with.
#[derive(Debug, Clone, Default)]
pub(super) struct EndOfReply {
    pub finish: Option<FinishReason>,
    pub usage: Option<Usage>,
    pub cost: Option<PicoUsd>,
    pub note: Option<String>,
}

impl Session {
    /// The user stopped the reply.
    pub(super) fn stopped(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        if self.turn.is_none() {
            self.stop_summary(out);
            return;
        }
        if let Some(end) = self.judged_end() {
            // The answer is whole; only its shape was not looked at yet.
            return self.end_turn(Status::Complete, end, at, out);
        }
        self.cancel_attempt(out);
        let end = EndOfReply { usage: self.estimate_so_far(), ..EndOfReply::default() };
        let cost = self.cost_of(end.usage.as_ref());
        self.end_turn(Status::Interrupted, EndOfReply { cost, ..end }, at, out);
    }

    /// The conversation is left: nothing of it runs on.
    pub(super) fn left(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        self.stopped(at, out);
        self.stop_summary(out);
        self.stop_search(out);
        self.drop_index(out);
    }

    /// Lets go of the running attempt; its ledger row is closed when its end is told.
    pub(super) fn cancel_attempt(&mut self, out: &mut Vec<Effect>) {
        self.let_go_of_search(out);
        let Some(turn) = &mut self.turn else { return };
        let Some(attempt) = turn.attempt.take() else { return };
        // While it is being booked it has not been started; `booked` closes it.
        if !matches!(turn.phase, Phase::Booking) {
            out.push(Effect::CancelAttempt { attempt });
        }
    }

    /// The one end of a turn: the reply is saved as it is for good, and what waits is begun or given back.
    pub(super) fn end_turn(&mut self, status: Status, end: EndOfReply, at: Stamp, out: &mut Vec<Effect>) {
        if self.turn.as_ref().is_some_and(|turn| matches!(turn.phase, Phase::Committing)) {
            // Every turn has a reply to end in, even where the disk has not answered yet.
            self.push_reply(at, out);
        }
        self.settle_calls(&end, at, out);
        let note = end.note.clone();
        self.finish_reply(status, end, at, out);
        let Some(turn) = self.turn.take() else { return };
        let timers = [Timer::FirstToken, Timer::Fallback, Timer::Silence, Timer::Turn, Timer::Backoff, Timer::Save];
        for timer in timers.into_iter().chain([Timer::Search]) {
            out.push(Effect::CancelTimer(timer));
        }
        out.push(Effect::TurnEnded);
        if status != Status::Complete {
            self.show_older_reply(turn.reply, note, out);
        }
        self.refresh_plan();
        if status == Status::Complete {
            self.index(out);
            if self.is_summary_due() {
                out.push(Effect::SummaryDue);
            }
            if let Some(next) = self.queue.pop_front() {
                self.begin_if_it_fits(next, at, out);
            }
        } else if !self.queue.is_empty() {
            out.push(Effect::ReturnQueued(self.queue.drain(..).map(|queued| queued.text).collect()));
        }
    }

    /// Saves the reply that is being made as it is for good; one that is finished already stays as it is.
    pub(super) fn finish_reply(&mut self, status: Status, end: EndOfReply, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &mut self.turn else { return };
        let Some(reply) = self.conversation.get_mut(turn.reply) else { return };
        if reply.status != Status::Streaming {
            return;
        }
        reply.tool_calls = std::mem::take(&mut turn.calls).finish();
        reply.status = status;
        reply.finish = end.finish;
        reply.usage = end.usage;
        reply.cost = end.cost;
        reply.took_ms = Some(at.mono.saturating_sub(turn.started).as_millis() as u64);
        reply.note = turn.note(reply.has_substance() || status == Status::Complete, end.note);
        out.push(Effect::FinishReply(reply.clone()));
    }

    /// The end of the answer that is being held against its shape.
    fn judged_end(&self) -> Option<EndOfReply> {
        match &self.turn.as_ref()?.phase {
            Phase::Judging(end) => Some(end.clone()),
            _ => None,
        }
    }

    /// A regeneration of which nothing came leaves the old reply on screen, and says why it is there.
    fn show_older_reply(&mut self, failed: MessageId, note: Option<String>, out: &mut Vec<Effect>) {
        let shown = self.conversation.best_sibling(failed);
        if shown != failed {
            self.conversation.activate(shown);
            let why = note.unwrap_or_default();
            out.push(Effect::Say(format!("No new reply; the earlier one is still here. {why}").trim_end().to_owned()));
        }
    }
}
