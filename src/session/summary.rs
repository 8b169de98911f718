//! Summaries: asked for by the user or by the strategy, made in the background by the chat's model, refreshed from the
//! one before, and sent in place of what they cover. Owns their making; the originals are never touched.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::chat::context::Strategy;
use crate::chat::ledger::Purpose;
use crate::chat::{
    AttemptId, Ending, Failure, FailureKind, FinishReason, Message, MessageId, ModelRef, ModelSpec, OutputLimit,
    Report, Request, RequestMessage, Role, Stamp, Summary,
};

use super::activity::first_token_limit;
use super::effect::Effect;
use super::event::Timer;
use super::history::{self, Aim, Standing};
use super::ledger::Booking;
use super::retry::{Field, refused_field};
use super::{Session, explain, tokens};

/// What the model is told.
const PROMPT: &str = include_str!("../../assets/prompts/summarise.txt");

/// A summary that grows past this is given up: no limit of tokens that makes sense allows it.
const MAX_BYTES: usize = 1 << 20;

/// What the request of a summary weighs beside the messages, with room for the words around them.
const FRAME_TOKENS: u64 = 400;

/// A summary that is being made.
#[derive(Debug)]
pub(super) struct Run {
    id: MessageId,
    automatic: bool,
    model: ModelRef,
    attempt: AttemptId,
    request: Arc<Request>,
    /// The last message that it will cover, and the last that the user wants covered.
    upto: MessageId,
    goal: MessageId,
    text: String,
}

impl Session {
    /// The summary that is sent in place of older messages.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        let (id, _) = self.plan.summary?;
        self.conversation.notes.summaries.iter().find(|summary| summary.id == id)
    }

    /// Whether a summary is being made.
    #[must_use]
    pub const fn is_summarising(&self) -> bool {
        self.summarising.is_some()
    }

    /// A summary is wanted.
    pub(super) fn summarise_asked(&mut self, id: MessageId, automatic: bool, at: Stamp, out: &mut Vec<Effect>) {
        let mut say = |text: &str| {
            if !automatic {
                out.push(Effect::Say(text.to_owned()));
            }
        };
        if self.summarising.is_some() {
            return say("A summary is being made; Esc stops it.");
        }
        if self.turn.is_some() && !automatic {
            return say("A summary can be made once the reply is there.");
        }
        let covered = self.plan.summary.map_or(0, |(_, covered)| covered);
        let goal = if automatic { self.keeps_from() } else { self.conversation.len() };
        // Where all of it is left out or came to nothing, there is nothing to pay for.
        let is_told = |at: usize| self.tells(at);
        let goal = goal.checked_sub(1).filter(|goal| (covered..=*goal).any(is_told));
        let Some(goal) = goal.and_then(|goal| self.conversation.at(goal)).map(|message| message.id) else {
            return say("There is nothing new to summarise yet.");
        };
        self.next_round(id, 0, goal, automatic, at, out);
    }

    /// Whether a summary tells of the message at `at`: what the user left out is told to nobody.
    fn tells(&self, at: usize) -> bool {
        !matches!(self.plan.standing(&self.conversation, at), Standing::Void | Standing::LeftOut)
    }

    /// From where on messages stay as they are beside an automatic summary.
    fn keeps_from(&self) -> usize {
        let model = &self.meta().model;
        let situation = self.situation(model, Aim::Next { draft: 0 });
        // What is left out already is not kept, either: a last answer that is too long by itself.
        history::summarise::keeps_from(&situation, &self.weights).max(self.plan.first_sent)
    }

    /// Asks for a summary of as much as fits into one request, from what is covered already towards `goal`.
    fn next_round(
        &mut self,
        id: MessageId,
        ordinal: u32,
        goal: MessageId,
        automatic: bool,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let model = self.meta().model.clone();
        let spec = self.spec();
        let (material, upto) = self.material(goal, &spec);
        let request = Arc::new(self.summary_request(&model, &spec, material));
        let input = tokens::of_request(&request);
        let output = request.output_limit.map(|limit| u64::from(limit.tokens));
        let attempt = AttemptId { reply: id, ordinal };
        let booking = Booking { purpose: Purpose::Summary, model: model.clone(), spec, input, output, free: false };
        if let Err(reason) = self.book(attempt, booking, at, out) {
            self.summarising = None;
            out.push(Effect::Say(format!("No summary is made: {reason}")));
            return;
        }
        let run = Run { id, automatic, model, attempt, request, upto, goal, text: String::new() };
        self.summarising = Some(run);
    }

    /// What is to be summarised, as one text, and the last message in it.
    fn material(&self, goal: MessageId, spec: &ModelSpec) -> (String, MessageId) {
        let room = history::room(spec, Some(self.settings.summaries.max_tokens));
        let room = self.calibration.reverse(&self.meta().model, room.min(self.settings.max_context_tokens.max(8_000)));
        let room = room.saturating_sub(FRAME_TOKENS + tokens::estimate(PROMPT));
        let mut text = String::new();
        if let Some(before) = self.summary() {
            let _ = write!(text, "Summary so far:\n\n{}\n\n", before.text);
        }
        text.push_str("Conversation:\n");
        let from = self.plan.summary.map_or(0, |(_, covered)| covered);
        let to = self.conversation.position(goal).unwrap_or(from);
        let mut used = tokens::estimate(&text);
        let mut upto = goal;
        for at in from..=to {
            let Some(message) = self.conversation.at(at) else { break };
            let line = if self.tells(at) { line(message) } else { String::new() };
            let weight = tokens::estimate(&line);
            if used.saturating_add(weight) > room && at > from {
                break;
            }
            used = used.saturating_add(weight);
            text.push_str(&shortened(line, room));
            upto = message.id;
        }
        (text, upto)
    }

    fn summary_request(&self, model: &ModelRef, spec: &ModelSpec, material: String) -> Request {
        let messages =
            vec![RequestMessage::text(Role::System, PROMPT.trim()), RequestMessage::text(Role::User, material)];
        let field = self.limit_field(model, spec);
        // A model that thinks first spends its limit on that, too.
        let asked =
            if spec.reasoning { self.settings.summaries.max_tokens * 4 } else { self.settings.summaries.max_tokens };
        let tokens = asked.min(spec.max_output.unwrap_or(u32::MAX));
        Request {
            temperature: Some(0.2).filter(|_| spec.sends_temperature && !self.refuses(model, Field::Temperature)),
            output_limit: Some(OutputLimit { field, tokens }),
            include_usage: !self.refuses(model, Field::StreamOptions),
            ..Request::new(model.clone(), messages)
        }
    }

    /// Whether this attempt is the running summary's.
    pub(super) fn is_summary(&self, attempt: AttemptId) -> bool {
        self.summarising.as_ref().is_some_and(|run| run.attempt == attempt)
    }

    /// The summary's row is open: its request leaves.
    pub(super) fn summary_booked(&mut self, attempt: AttemptId, at: Stamp, out: &mut Vec<Effect>) {
        let Some(run) = &self.summarising else { return };
        out.push(Effect::StartAttempt { attempt, request: Arc::clone(&run.request) });
        if let Some(open) = self.open.get_mut(&attempt) {
            open.sent = true;
            open.started = at.mono;
        }
        self.time_summary(out);
    }

    /// The whole of it in the time that one first token may take, and as much again to write; after a suspend anew.
    pub(super) fn time_summary(&self, out: &mut Vec<Effect>) {
        let is_sent = |run: &&Run| self.open.get(&run.attempt).is_some_and(|open| open.sent);
        if let Some(run) = self.summarising.as_ref().filter(is_sent) {
            let after = first_token_limit(&self.settings, &run.model).saturating_mul(2);
            out.push(Effect::StartTimer { timer: Timer::Summary, after });
        }
    }

    /// A piece of the summary.
    pub(super) fn summary_text(&mut self, attempt: AttemptId, text: &str, out: &mut Vec<Effect>) {
        self.summary_output(attempt, text);
        let Some(run) = self.summarising.as_mut().filter(|run| run.attempt == attempt) else { return };
        run.text.push_str(text);
        if run.text.len() > MAX_BYTES
            && let Some(run) = self.let_go_of_summary(out)
        {
            summary_failed(&run, &Failure::new(FailureKind::TooLarge, "the summary passed 1 MiB"), out);
        }
    }

    /// Counts what came of the summary, its reasoning included.
    pub(super) fn summary_output(&mut self, attempt: AttemptId, text: &str) {
        if let Some(open) = self.open.get_mut(&attempt) {
            open.output_hundredths = open.output_hundredths.saturating_add(tokens::hundredths(text));
        }
    }

    /// The summary's attempt is over.
    pub(super) fn summary_ended(&mut self, report: &Report, at: Stamp, out: &mut Vec<Effect>) {
        let Some(run) = self.summarising.take() else { return };
        out.push(Effect::CancelTimer(Timer::Summary));
        match &report.ending {
            Ending::Finished(_) if run.text.trim().is_empty() => {
                let failure = Failure::new(FailureKind::InvalidData, "the answer was empty");
                summary_failed(&run, &failure, out);
            }
            Ending::Finished(FinishReason::ContentFilter) => {
                let failure = Failure::new(FailureKind::StreamError, "its filter stopped the summary");
                summary_failed(&run, &failure, out);
            }
            Ending::Finished(reason) => self.summary_made(run, reason, at, out),
            Ending::Cancelled => {}
            Ending::Failed(failure) => {
                let field = refused_field(failure, &run.request).filter(|_| run.text.is_empty());
                if let Some(field) = field.filter(|field| self.can_do_without(*field, &run.request)) {
                    self.refusals.insert((run.model.clone(), field));
                    out.push(Effect::RememberRefusal { model: run.model.clone(), field });
                    self.next_round(run.id, run.attempt.ordinal + 1, run.goal, run.automatic, at, out);
                    return;
                }
                summary_failed(&run, failure, out);
            }
        }
    }

    fn summary_made(&mut self, run: Run, reason: &FinishReason, at: Stamp, out: &mut Vec<Effect>) {
        if let (FinishReason::Length, Some(limit)) = (reason, run.request.output_limit) {
            out.push(Effect::Say(format!(
                "The summary ended at its limit of {} tokens and may lack the newest of what it covers. /summarise edit changes it; summary_tokens under [history] in the config sets it.",
                limit.tokens
            )));
        }
        let summary = Summary {
            id: run.id,
            upto: run.upto,
            text: run.text.trim().to_owned(),
            model: run.model,
            created_ms: at.unix_ms,
            automatic: run.automatic,
        };
        out.push(Effect::SaveSummary(summary.clone()));
        let summaries = &mut self.conversation.notes.summaries;
        summaries.retain(|other| other.id != summary.id);
        summaries.push(summary);
        self.refresh_plan();
        // After a retry the last that was to be covered may stand on another branch: there is no way on to it.
        if run.upto != run.goal && self.conversation.position(run.goal).is_some() {
            self.next_round(run.id, run.attempt.ordinal + 1, run.goal, run.automatic, at, out);
        } else if !run.automatic {
            out.push(Effect::Say(match self.conversation.position(run.upto) {
                Some(last) => format!(
                    "From now on a summary is sent in place of the {} messages above. /summarise show reads it, /summarise edit changes it, /summarise undo takes it back.",
                    last + 1
                ),
                None => "The summary is of an answer that is not shown any more, so it is not sent. /summarise makes one of what is.".to_owned(),
            }));
        }
    }

    /// A budget, or the disk, does not allow the summary.
    pub(super) fn summary_refused(&mut self, why: &str, out: &mut Vec<Effect>) {
        if self.summarising.take().is_some() {
            out.push(Effect::Say(format!("No summary is made: {why}")));
        }
    }

    /// The summary takes too long.
    pub(super) fn summary_is_late(&mut self, out: &mut Vec<Effect>) {
        let Some(run) = self.let_go_of_summary(out) else { return };
        let failure = Failure::new(FailureKind::Timeout, "it was not there in time");
        summary_failed(&run, &failure, out);
    }

    /// Lets go of the running summary; its row is closed when its end is told.
    pub(super) fn stop_summary(&mut self, out: &mut Vec<Effect>) {
        if self.let_go_of_summary(out).is_some() {
            out.push(Effect::Say("The summary was stopped.".to_owned()));
        }
    }

    fn let_go_of_summary(&mut self, out: &mut Vec<Effect>) -> Option<Run> {
        let run = self.summarising.take()?;
        out.push(Effect::CancelTimer(Timer::Summary));
        // While its row is being opened it was not sent; `booked` closes it.
        if self.open.get(&run.attempt).is_some_and(|open| open.sent) {
            out.push(Effect::CancelAttempt { attempt: run.attempt });
        }
        Some(run)
    }

    /// A summary gets another text: that in force, or one that was it when the editor was opened.
    pub(super) fn summary_edited(&mut self, id: MessageId, text: &str, out: &mut Vec<Effect>) {
        let is_sent = self.plan.summary.is_some_and(|(sent, _)| sent == id);
        if text.trim().is_empty() && is_sent {
            return self.summary_undone(out);
        }
        let Some(summary) = self.conversation.notes.summaries.iter_mut().find(|summary| summary.id == id) else {
            out.push(Effect::Say("There is no summary to change; /summarise makes one.".to_owned()));
            return;
        };
        text.trim().clone_into(&mut summary.text);
        out.push(Effect::SaveSummary(summary.clone()));
        if !is_sent {
            out.push(Effect::Say(
                "A newer summary was made meanwhile. Your text is kept with the older one, which /summarise undo brings back."
                    .to_owned(),
            ));
        }
        self.refresh_plan();
    }

    /// The summary in force is forgotten: the messages are sent again, or an earlier summary of them.
    pub(super) fn summary_undone(&mut self, out: &mut Vec<Effect>) {
        let Some((id, covered)) = self.plan.summary else {
            out.push(Effect::Say("There is no summary to undo.".to_owned()));
            return;
        };
        self.conversation.notes.summaries.retain(|summary| summary.id != id);
        out.push(Effect::DropSummary(id));
        self.refresh_plan();
        let now = match self.plan.summary {
            Some((_, before)) => format!("an earlier one stands for the first {before}"),
            None => "they are sent as before".to_owned(),
        };
        out.push(Effect::Say(format!("The summary of {covered} messages is undone: {now}.")));
    }

    /// Whether the strategy wants a summary now.
    pub(super) fn is_summary_due(&self) -> bool {
        let settings = &self.settings.summaries;
        self.meta().history.strategy == Strategy::Summarise
            && self.summarising.is_none()
            && history::summarise::is_due(&self.plan, settings.above_percent)
    }
}

/// Says why there is no summary, and what is done instead.
fn summary_failed(run: &Run, failure: &Failure, out: &mut Vec<Effect>) {
    // What is tried again is the summary, not the last question.
    let why = explain::failure(failure, &run.model).replace("/retry", "/summarise").replace(", or send “continue”", "");
    let instead = if run.automatic { " Until there is one, the oldest messages are left out instead." } else { "" };
    out.push(Effect::Say(format!("The summary failed. {why}{instead}")));
}

/// A message as it is put before the model.
fn line(message: &Message) -> String {
    let who = match message.role {
        Role::User => "User",
        Role::Assistant => "Assistant",
        Role::Tool => "Tool result",
        Role::System => "System",
    };
    format!("\n{who}: {}\n", message.content)
}

/// A text of which the middle is left out where it weighs more than `room`.
fn shortened(text: String, room: u64) -> String {
    let weight = tokens::estimate(&text);
    if weight <= room {
        return text;
    }
    let chars = text.chars().count() as u64;
    let half = (u128::from(chars) * u128::from(room) / u128::from(weight.max(1)) / 2) as usize;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(chars as usize - half.min(chars as usize)).collect();
    format!("{head}\n[…]\n{tail}")
}
