//! Attempts at a reply: booked, made, and, when they fail, made again, made elsewhere or given up.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::budget::Refusal;
use crate::chat::ledger::Purpose;
use crate::chat::{
    AttemptId, Ending, Failure, FailureKind, Message, PicoUsd, RateLimits, Report, Stamp, Status, Usage,
};

use super::activity::first_token_limit;
use super::calls::Calls;
use super::effect::Effect;
use super::ending::EndOfReply;
use super::event::Timer;
use super::ledger::Booking;
use super::retry::{Situation, Verdict, decide};
use super::turn::Phase;
use super::{Session, explain, tokens};

/// Text is saved at the latest this long after it came; with the time a sync takes it stays under 500 ms.
const SAVE_AFTER: Duration = Duration::from_millis(300);

/// A reply that grows past this is cut: no screen and no model has a use for more, and memory has an end.
const MAX_REPLY_BYTES: usize = 32 * 1024 * 1024;

/// Calls of tools in one reply, at most: no turn may make so many.
const MAX_REPLY_CALLS: usize = 128;

impl Session {
    /// Books the next attempt at the present model; a model that cannot take the request is passed over.
    pub(super) fn next_attempt(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &mut self.turn else { return };
        turn.phase = Phase::Booking;
        let (model, question, free) = (turn.model().clone(), turn.question, turn.over_budget);
        for timer in [Timer::FirstToken, Timer::Fallback, Timer::Backoff] {
            out.push(Effect::CancelTimer(timer));
        }
        if let Some(reply) = self.conversation.get_mut(turn.reply) {
            reply.model = Some(model.clone());
        }
        let (request, plan) = self.request(&model, question);
        self.remember_recalled(&plan);
        if let Some(reason) = self.does_not_fit(&model, &plan) {
            return self.pass_over(reason, at, out);
        }
        let format = self.meta().format.clone();
        let Some(turn) = &mut self.turn else { return };
        turn.format = format;
        let attempt = AttemptId { reply: turn.first_reply, ordinal: turn.attempts };
        turn.attempts += 1;
        turn.tries += 1;
        turn.attempt = Some(attempt);
        let spec = self.catalogue.spec(&model);
        let input = tokens::of_request(&request);
        let output = request.output_limit.map(|limit| limit.tokens).or(spec.max_output).map(u64::from);
        let booking = Booking { purpose: Purpose::Chat, model, spec, input, output, free };
        match self.book(attempt, booking, at, out) {
            Ok(()) => {
                if let Some(turn) = &mut self.turn {
                    turn.request = Some(Arc::new(request));
                }
            }
            Err(reason) => self.refuse(reason, at, out),
        }
    }

    /// The present model cannot take the request: the next one may.
    fn pass_over(&mut self, reason: String, at: Stamp, out: &mut Vec<Effect>) {
        if self.turn.as_ref().is_some_and(super::turn::Turn::has_next_model) {
            return self.next_model("too small a window".to_owned(), at, out);
        }
        let end = EndOfReply { note: Some(reason), ..EndOfReply::default() };
        self.end_turn(Status::Failed, end, at, out);
    }

    /// A budget does not allow the attempt: the question may be sent once all the same.
    fn refuse(&mut self, reason: String, at: Stamp, out: &mut Vec<Effect>) {
        let end = EndOfReply { note: Some(reason), ..EndOfReply::default() };
        if let Some(turn) = &mut self.turn {
            turn.attempt = None;
        }
        self.end_turn(Status::Failed, end, at, out);
        self.over_budget = true;
    }

    pub(super) fn booked(&mut self, attempt: AttemptId, at: Stamp, out: &mut Vec<Effect>) {
        // Told once more, it changes nothing.
        if !self.is_unsent(attempt) {
            return;
        }
        if self.is_summary(attempt) {
            return self.summary_booked(attempt, at, out);
        }
        if self.embedding_booked(attempt, at, out) {
            return;
        }
        let turn = self.turn.as_mut().filter(|turn| turn.attempt == Some(attempt));
        let Some(turn) = turn else {
            // Stopped while it was being booked: it was never sent, and its row says so.
            out.extend(self.close(attempt, &Report::bare(Ending::Cancelled), at).map(Effect::CloseAttempt));
            return;
        };
        let (Phase::Booking, Some(request)) = (&turn.phase, &turn.request) else { return };
        out.push(Effect::StartAttempt { attempt, request: Arc::clone(request) });
        turn.phase = Phase::Connecting { since: at.mono };
        let first_token = first_token_limit(&self.settings, turn.model());
        out.push(Effect::StartTimer { timer: Timer::FirstToken, after: first_token });
        if turn.has_next_model() {
            out.push(Effect::StartTimer { timer: Timer::Fallback, after: self.settings.fallback_after });
        }
        if let Some(open) = self.open.get_mut(&attempt) {
            open.sent = true;
            open.started = at.mono;
        }
    }

    /// A budget refused the attempt: nothing was sent.
    pub(super) fn refused(&mut self, attempt: AttemptId, refusal: &Refusal, at: Stamp, out: &mut Vec<Effect>) {
        if !self.is_unsent(attempt) || self.embedding_refused(attempt, refusal, out) {
            return;
        }
        let wanted = self.open.remove(&attempt).and_then(|open| open.reserved);
        let why = |purpose| explain::refusal(refusal, wanted, &self.settings.currency, purpose);
        if self.is_summary(attempt) {
            return self.summary_refused(&why(Purpose::Summary), out);
        }
        let why = why(Purpose::Chat);
        if !self.is_current(attempt) {
            return;
        }
        match refusal {
            Refusal::OverBudget { .. } => self.refuse(why, at, out),
            Refusal::NotSaved(_) => {
                let end = EndOfReply { note: Some(why), ..EndOfReply::default() };
                self.end_turn(Status::Failed, end, at, out);
            }
        }
    }

    /// The server answered. That is no content yet: no limit begins anew.
    pub(super) fn opened(&mut self, attempt: AttemptId, limits: RateLimits) {
        self.note_limits(limits);
        if let Some(turn) = self.turn.as_mut().filter(|turn| turn.attempt == Some(attempt))
            && let Phase::Connecting { since } = turn.phase
        {
            turn.phase = Phase::Waiting { since };
        }
    }

    fn note_limits(&mut self, limits: RateLimits) {
        if !limits.is_empty() {
            self.limits = limits;
        }
    }

    /// An empty piece, such as many servers begin with, is no content.
    pub(super) fn text_arrived(&mut self, attempt: AttemptId, text: &str, at: Stamp, out: &mut Vec<Effect>) {
        if self.is_summary(attempt) {
            return self.summary_text(attempt, text, out);
        }
        if !text.is_empty() {
            self.content_arrived(attempt, text, at, out, |reply, _| reply.content.push_str(text));
        }
    }

    pub(super) fn reasoning_arrived(&mut self, attempt: AttemptId, text: &str, at: Stamp, out: &mut Vec<Effect>) {
        if self.is_summary(attempt) {
            return self.summary_output(attempt, text);
        }
        if !text.is_empty() {
            self.content_arrived(attempt, text, at, out, |reply, _| reply.reasoning.push_str(text));
        }
    }

    pub(super) fn call_arrived(
        &mut self,
        attempt: AttemptId,
        piece: (u32, Option<String>, Option<String>, &str),
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let (index, id, name, arguments) = piece;
        if id.is_none() && name.is_none() && arguments.is_empty() {
            return;
        }
        let text = format!("{}{arguments}", name.as_deref().unwrap_or_default());
        self.content_arrived(attempt, &text, at, out, |_, calls| calls.piece(index, id, name, arguments));
    }

    /// What all pieces of content have in common. A late one of a cancelled attempt changes nothing.
    fn content_arrived(
        &mut self,
        attempt: AttemptId,
        text: &str,
        at: Stamp,
        out: &mut Vec<Effect>,
        add: impl FnOnce(&mut Message, &mut Calls),
    ) {
        if !self.is_current(attempt) || self.is_unsent(attempt) {
            return;
        }
        let Some(turn) = &mut self.turn else { return };
        let added = tokens::hundredths(text);
        turn.hundredths += added;
        turn.last_content = at.mono;
        if let Some(open) = self.open.get_mut(&attempt) {
            open.output_hundredths += added;
        }
        if !matches!(turn.phase, Phase::Streaming { .. }) {
            turn.phase = Phase::Streaming { first: at.mono };
            out.push(Effect::CancelTimer(Timer::FirstToken));
            out.push(Effect::CancelTimer(Timer::Fallback));
            out.push(Effect::StartTimer { timer: Timer::Silence, after: self.settings.timeouts.silence });
        }
        if !turn.save_armed {
            turn.save_armed = true;
            out.push(Effect::StartTimer { timer: Timer::Save, after: SAVE_AFTER });
        }
        let Some(reply) = self.conversation.get_mut(turn.reply) else { return };
        add(reply, &mut turn.calls);
        let too_large = match () {
            () if reply.content.len() + reply.reasoning.len() + turn.calls.bytes() > MAX_REPLY_BYTES => {
                Some("the reply passed 32 MiB")
            }
            () if turn.calls.len() > MAX_REPLY_CALLS => Some("the reply asked for more than 128 calls of tools"),
            () => None,
        };
        if let Some(why) = too_large {
            let failure = Failure::new(FailureKind::TooLarge, why);
            self.cancel_attempt(out);
            self.give_up(&failure, self.estimate_so_far(), at, out);
        }
    }

    /// Saves what came since the last time.
    pub(super) fn save_chunk(&mut self, out: &mut Vec<Effect>) {
        let Some(turn) = &mut self.turn else { return };
        turn.save_armed = false;
        let Some(reply) = self.conversation.get(turn.reply) else { return };
        let text = reply.content.get(turn.saved.0..).unwrap_or_default().to_owned();
        let reasoning = reply.reasoning.get(turn.saved.1..).unwrap_or_default().to_owned();
        if text.is_empty() && reasoning.is_empty() {
            return;
        }
        turn.saved = (reply.content.len(), reply.reasoning.len());
        out.push(Effect::SaveChunk { message: turn.reply, text, reasoning });
    }

    /// An attempt is over: its row is closed, whoever it belonged to; the turn goes on from there.
    pub(super) fn ended(
        &mut self,
        attempt: AttemptId,
        report: &Report,
        jitter: Duration,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let is_current = self.is_current(attempt);
        if let Some(open) = self.open.get(&attempt) {
            let (model, estimated) = (open.model.clone(), open.input_estimate);
            self.calibrate(&model, estimated, report.usage.and_then(Usage::plausible));
        }
        let closing = self.close(attempt, report, at);
        let (usage, cost) = closing.as_ref().map_or((None, None), |closing| (closing.usage, closing.cost));
        out.extend(closing.map(Effect::CloseAttempt));
        self.note_limits(report.limits);
        if self.is_summary(attempt) {
            return self.summary_ended(report, at, out);
        }
        if !is_current {
            return;
        }
        match &report.ending {
            Ending::Finished(reason) => {
                let end = EndOfReply { finish: Some(reason.clone()), usage, cost, note: None };
                let asks = self.turn.as_ref().is_some_and(|turn| turn.calls.bytes() > 0);
                if asks { self.begin_calls(end, at, out) } else { self.judge_or_end(end, at, out) }
            }
            Ending::Cancelled => {
                let end = EndOfReply { usage, cost, ..EndOfReply::default() };
                self.end_turn(Status::Interrupted, end, at, out);
            }
            Ending::Failed(failure) => self.failed(failure, usage, cost, jitter, at, out),
        }
    }

    fn failed(
        &mut self,
        failure: &Failure,
        usage: Option<Usage>,
        cost: Option<PicoUsd>,
        jitter: Duration,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(turn) = &self.turn else { return };
        let Some(request) = turn.request.clone() else { return };
        let situation = Situation {
            failure,
            request: &request,
            tries: turn.tries,
            has_content: matches!(turn.phase, Phase::Streaming { .. }),
            has_next_model: turn.has_next_model(),
            jitter,
        };
        match decide(situation, &self.settings.retry) {
            Verdict::Again { after } => self.back_off(after, failure, at, out),
            Verdict::Without(field) if self.can_do_without(field, &request) => {
                let model = request.model.clone();
                out.push(Effect::Say(explain::without(field, &model)));
                self.refusals.insert((model.clone(), field));
                out.push(Effect::RememberRefusal { model, field });
                self.next_attempt(at, out);
            }
            Verdict::Next => self.next_model(failure.short(), at, out),
            Verdict::Without(_) | Verdict::GiveUp => {
                let note = Some(explain::failure(failure, &request.model));
                self.end_failed(EndOfReply { finish: None, usage, cost, note }, at, out);
            }
        }
    }

    fn back_off(&mut self, after: Duration, failure: &Failure, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &mut self.turn else { return };
        turn.attempt = None;
        turn.phase = Phase::Backoff { until: at.mono.saturating_add(after), why: failure.short() };
        for timer in [Timer::FirstToken, Timer::Fallback] {
            out.push(Effect::CancelTimer(timer));
        }
        out.push(Effect::StartTimer { timer: Timer::Backoff, after });
    }

    pub(super) fn next_model(&mut self, why: String, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &mut self.turn else { return };
        turn.passed.push((turn.model().clone(), why));
        turn.chain_at += 1;
        turn.tries = 0;
        self.next_attempt(at, out);
    }

    /// Ends the turn over a failure found here and not told by the provider.
    pub(super) fn give_up(&mut self, failure: &Failure, usage: Option<Usage>, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &self.turn else { return };
        let note = Some(explain::failure(failure, turn.model()));
        let cost = self.cost_of(usage.as_ref());
        self.end_failed(EndOfReply { finish: None, usage, cost, note }, at, out);
    }

    fn end_failed(&mut self, end: EndOfReply, at: Stamp, out: &mut Vec<Effect>) {
        let has_substance = self.turn.as_ref().is_some_and(|turn| {
            turn.calls.bytes() > 0 || self.conversation.get(turn.reply).is_some_and(Message::has_substance)
        });
        let status = if has_substance { Status::Interrupted } else { Status::Failed };
        self.end_turn(status, end, at, out);
    }

    /// Whether an attempt's row is being opened and its request has not left.
    fn is_unsent(&self, attempt: AttemptId) -> bool {
        self.open.get(&attempt).is_some_and(|open| !open.sent)
    }

    fn is_current(&self, attempt: AttemptId) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.attempt == Some(attempt))
    }
}
