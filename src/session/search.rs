//! The search for older messages, where a chat asks for it: the question is embedded as an attempt of its own, the
//! vectors are searched elsewhere, and where there are none, words serve. Owns when what is asked for and what it
//! costs; refuses vectors, which it never sees.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::chat::budget::Refusal;
use crate::chat::context::Strategy;
use crate::chat::embedding::{EmbeddingModel, EmbeddingRequest, within_limit};
use crate::chat::ledger::Purpose;
use crate::chat::{AttemptId, Ending, Failure, FailureKind, FinishReason, MessageId, ModelRef, Report, Stamp, Usage};

use super::effect::Effect;
use super::event::{EmbeddingEnded, Found, RankedBy, Timer};
use super::history::Plan;
use super::ledger::Booking;
use super::turn::Phase;
use super::{Session, explain, tokens};

/// How long embedding a question may take, and then finding what fits it.
pub(super) const SEARCHES_WITHIN: Duration = Duration::from_secs(5);

/// No search is asked for more than this, however many messages are sent anyway.
const MOST_FOUND: u32 = 1_000;

/// An attempt at vectors.
#[derive(Debug)]
struct Job {
    request: Arc<EmbeddingRequest>,
    messages: Vec<MessageId>,
    /// The question that waits for it; `None` for what is made in the background.
    question: Option<MessageId>,
    /// Nobody waits for it any more: where it was not sent yet, it never is.
    dropped: bool,
}

/// What is known of a chat's search.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Whether the vectors are, or are being, held in memory.
    indexed: bool,
    /// Why there are no vectors to be had.
    unavailable: Option<String>,
    jobs: HashMap<AttemptId, Job>,
    /// What was found last, and for which question.
    found: Option<(MessageId, Vec<Found>)>,
    by: Option<RankedBy>,
    /// What was brought back into the last request.
    pub recalled: Vec<MessageId>,
}

impl Search {
    /// What was found for this question.
    pub fn found_for(&self, question: Option<MessageId>) -> &[Found] {
        match &self.found {
            Some((of, found)) if Some(*of) == question => found,
            _ => &[],
        }
    }
}

impl Session {
    /// What the last search for older messages went by; `None` where none was made.
    #[must_use]
    pub const fn ranked_by(&self) -> Option<&RankedBy> {
        self.search.by.as_ref()
    }

    /// Why searches go by words and not by meaning, where that is known.
    #[must_use]
    pub fn no_vectors(&self) -> Option<&str> {
        self.search.unavailable.as_deref()
    }

    /// The model that embeds for this chat: of the chat's own provider, unless another is configured by name.
    #[must_use]
    pub fn embedding_model(&self) -> EmbeddingModel {
        let retrieval = &self.settings.retrieval;
        let provider = retrieval.provider.clone().unwrap_or_else(|| self.meta().model.provider.clone());
        EmbeddingModel { model: ModelRef::new(provider, retrieval.model.clone()), dims: retrieval.dims }
    }

    fn retrieves(&self) -> bool {
        self.meta().history.strategy == Strategy::Retrieve
    }

    /// Whether the chat asks for older messages beside those that `plan` sends, and there may be any.
    pub(super) fn looks_back(&self, plan: &Plan) -> bool {
        self.retrieves() && (plan.first_sent > 0 || self.meta().history.everywhere)
    }

    /// The chat's choice of history, or its model, has changed.
    pub(super) fn search_changed(&mut self, out: &mut Vec<Effect>) {
        self.search.unavailable = None;
        self.drop_index(out);
        self.search.found = None;
        self.search.by = None;
        self.search.recalled.clear();
        self.index(out);
    }

    /// Has the vectors in memory no longer.
    pub(super) fn drop_index(&mut self, out: &mut Vec<Effect>) {
        if std::mem::take(&mut self.search.indexed) {
            out.push(Effect::DropIndex);
        }
    }

    /// What kept vectors from being made may be mended: a key was entered, a budget raised. The next question tries.
    pub fn try_vectors_again(&mut self) {
        self.search.unavailable = None;
    }

    /// Has the vectors in memory, and asks what is missing.
    pub(super) fn index(&mut self, out: &mut Vec<Effect>) {
        if self.retrieves() && self.saved && self.search.unavailable.is_none() {
            self.search.indexed = true;
            out.push(Effect::Index { with: self.embedding_model(), everywhere: self.meta().history.everywhere });
        }
    }

    /// Before an attempt at an answer: looks for older messages, where the chat asks for it and there are any.
    pub(super) fn search_or_attempt(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &self.turn else { return };
        let question = turn.question;
        let is_found = self.search.found.as_ref().is_some_and(|(of, _)| *of == question);
        if is_found || !self.looks_back(&self.plan) {
            self.next_attempt(at, out);
            return;
        }
        if !self.search.indexed {
            self.index(out);
        }
        if let Some(turn) = &mut self.turn {
            turn.phase = Phase::Searching { since: at.mono };
        }
        out.push(Effect::StartTimer { timer: Timer::Search, after: SEARCHES_WITHIN });
        let text = self.conversation.get(question).map(|message| message.content.clone()).unwrap_or_default();
        if self.search.unavailable.is_some() || !self.embed(vec![(question, text)], Some(question), None, at, out) {
            self.search_by_words(out);
        }
    }

    /// Books an attempt at vectors of these messages; `false` where that cannot be.
    fn embed(
        &mut self,
        texts: Vec<(MessageId, String)>,
        question: Option<MessageId>,
        id: Option<MessageId>,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) -> bool {
        let attempt = match (id, &mut self.turn) {
            (Some(reply), _) => AttemptId { reply, ordinal: 0 },
            // The question's own is one of the reply's attempts.
            (None, Some(turn)) => {
                turn.attempts += 1;
                AttemptId { reply: turn.first_reply, ordinal: turn.attempts - 1 }
            }
            (None, None) => return false,
        };
        let with = self.embedding_model();
        let (messages, texts): (Vec<MessageId>, Vec<String>) =
            texts.into_iter().map(|(id, text)| (id, within_limit(&text).to_owned())).unzip();
        let input = texts.iter().map(|text| tokens::estimate(text)).sum();
        let spec = self.catalogue.embedding_spec(&with.model);
        let booking = Booking {
            purpose: Purpose::Embedding,
            model: with.model.clone(),
            spec,
            input,
            output: Some(0),
            free: false,
        };
        if let Err(reason) = self.book(attempt, booking, at, out) {
            self.without_vectors(reason, out);
            return false;
        }
        let request = Arc::new(EmbeddingRequest { with, texts });
        self.search.jobs.insert(attempt, Job { request, messages, question, dropped: false });
        true
    }

    /// There will be no vectors: said once, where the search is by words from then on.
    fn without_vectors(&mut self, reason: String, out: &mut Vec<Effect>) {
        if self.search.unavailable.is_none() {
            let again = if reason.contains("/history retrieve") { "" } else { " /history retrieve tries again." };
            out.push(Effect::Say(format!(
                "Older messages are searched by their words, not by meaning: {reason}{again}"
            )));
            self.search.unavailable = Some(reason);
        }
    }

    fn search_by_words(&mut self, out: &mut Vec<Effect>) {
        self.ask_search(RankedBy::Words, out);
    }

    fn ask_search(&mut self, by: RankedBy, out: &mut Vec<Effect>) {
        let Some(turn) = &self.turn else { return };
        let question = turn.question;
        let text = self.conversation.get(question).map(|message| message.content.clone()).unwrap_or_default();
        let everywhere = self.meta().history.everywhere;
        // What is sent anyway may fit best, and is not wanted here.
        let sent = self.conversation.len().saturating_sub(self.plan.first_sent) as u32;
        let most = self.settings.retrieval.most.saturating_add(sent).min(MOST_FOUND);
        out.push(Effect::Search { question, text, by, everywhere, most });
    }

    /// The row of an attempt at vectors is open; whether it is one.
    pub(super) fn embedding_booked(&mut self, attempt: AttemptId, at: Stamp, out: &mut Vec<Effect>) -> bool {
        let Some(job) = self.search.jobs.get(&attempt) else { return false };
        if job.dropped || job.question.is_some_and(|question| !self.is_searching_for(question)) {
            // Stopped while it was being booked: it is never sent.
            self.search.jobs.remove(&attempt);
            out.extend(self.close(attempt, &Report::bare(Ending::Cancelled), at).map(Effect::CloseAttempt));
            return true;
        }
        let (messages, request) = (job.messages.clone(), Arc::clone(&job.request));
        out.push(Effect::Embed { attempt, messages, request });
        if let Some(open) = self.open.get_mut(&attempt) {
            open.sent = true;
            open.started = at.mono;
        }
        true
    }

    /// An attempt at vectors may not be made; whether it is one.
    pub(super) fn embedding_refused(&mut self, attempt: AttemptId, refusal: &Refusal, out: &mut Vec<Effect>) -> bool {
        let Some(job) = self.search.jobs.remove(&attempt) else { return false };
        self.open.remove(&attempt);
        self.without_vectors(explain::refusal(refusal, None, &self.settings.currency, Purpose::Embedding), out);
        if job.question.is_some_and(|question| self.is_searching_for(question)) {
            self.search_by_words(out);
        }
        true
    }

    /// An attempt at vectors is over: its row is closed, and what waits for it goes on.
    pub(super) fn embedded(&mut self, attempt: AttemptId, ended: EmbeddingEnded, at: Stamp, out: &mut Vec<Effect>) {
        let Some(job) = self.search.jobs.remove(&attempt) else { return };
        let ending = match &ended.result {
            Ok(()) => Ending::Finished(FinishReason::Stop),
            Err(Some(failure)) => Ending::Failed(failure.clone()),
            Err(None) => Ending::Cancelled,
        };
        let usage = ended.tokens.map(|input| Usage { input, ..Usage::default() });
        let report = Report { usage, request_id: ended.request_id, ..Report::bare(ending) };
        out.extend(self.close(attempt, &report, at).map(Effect::CloseAttempt));
        let waits = job.question.is_some_and(|question| self.is_searching_for(question));
        match ended.result {
            Ok(()) if waits => self.ask_search(RankedBy::Meaning(job.request.with.clone()), out),
            // What is still missing is asked for until nothing is.
            Ok(()) if job.question.is_none() && !job.dropped => self.index(out),
            Ok(()) | Err(None) => {}
            Err(Some(failure)) => {
                // What another model or provider refused, before the chat went on to this one, says nothing of it.
                let is_present = self.retrieves() && job.request.with == self.embedding_model();
                if is_present && is_for_good(&failure) {
                    // What asks for vectors again is choosing the strategy; a retry of the question is not.
                    let why = explain::failure(&failure, &job.request.with.model);
                    let why = why.replace("/retry", "/history retrieve").replace(", or send “continue”", "");
                    self.without_vectors(why, out);
                }
                if waits {
                    self.search_by_words(out);
                }
            }
        }
    }

    /// The vectors are in memory: those that are missing are made, one batch at a time.
    pub(super) fn indexed(
        &mut self,
        id: MessageId,
        mut missing: Vec<(MessageId, String)>,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        // A question has its own attempt.
        missing.retain(|(id, _)| !self.search.jobs.values().any(|job| job.messages.contains(id)));
        let is_at_work = self.search.jobs.values().any(|job| job.question.is_none() && !job.dropped);
        if self.retrieves() && self.search.unavailable.is_none() && !missing.is_empty() && !is_at_work {
            self.embed(missing, None, Some(id), at, out);
        }
    }

    /// A search is over, and the question can be answered.
    pub(super) fn found(
        &mut self,
        question: MessageId,
        by: RankedBy,
        found: Vec<Found>,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        if !self.is_searching_for(question) {
            return;
        }
        let is_sent =
            |found: &Found| self.conversation.position(found.message).is_some_and(|at| at >= self.plan.first_sent);
        let older = found.into_iter().filter(|found| !is_sent(found)).take(self.settings.retrieval.most as usize);
        self.search.found = Some((question, older.collect()));
        self.search.by = Some(by);
        out.push(Effect::CancelTimer(Timer::Search));
        self.refresh_plan();
        self.next_attempt(at, out);
    }

    /// The search is late: words in place of vectors, and then no search at all.
    pub(super) fn search_is_late(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        if self.let_go_of_search(out) {
            out.push(Effect::StartTimer { timer: Timer::Search, after: SEARCHES_WITHIN });
            self.search_by_words(out);
            return;
        }
        out.push(Effect::Say("The search for older messages took too long: answered without them.".to_owned()));
        self.next_attempt(at, out);
    }

    /// Lets go of the attempt that a question waits for; whether there was one. Its row is closed at its end.
    pub(super) fn let_go_of_search(&mut self, out: &mut Vec<Effect>) -> bool {
        let Some(question) = self.turn.as_ref().map(|turn| turn.question) else { return false };
        let waiting = self.search.jobs.iter_mut().find(|(_, job)| job.question == Some(question));
        let Some((attempt, job)) = waiting else { return false };
        // What comes of it is kept all the same.
        (job.question, job.dropped) = (None, true);
        if self.open.get(attempt).is_some_and(|open| open.sent) {
            out.push(Effect::CancelAttempt { attempt: *attempt });
        }
        true
    }

    /// Lets go of all attempts at vectors, also those in the background.
    pub(super) fn stop_search(&mut self, out: &mut Vec<Effect>) {
        for (attempt, job) in self.search.jobs.iter_mut().filter(|(_, job)| !job.dropped) {
            (job.question, job.dropped) = (None, true);
            if self.open.get(attempt).is_some_and(|open| open.sent) {
                out.push(Effect::CancelAttempt { attempt: *attempt });
            }
        }
    }

    fn is_searching_for(&self, question: MessageId) -> bool {
        self.turn
            .as_ref()
            .is_some_and(|turn| turn.question == question && matches!(turn.phase, Phase::Searching { .. }))
    }
}

/// Whether asking again would be of no use.
fn is_for_good(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::NotFound
            | FailureKind::BadRequest
            | FailureKind::NoKey
            | FailureKind::Unauthorized
            | FailureKind::Forbidden
            | FailureKind::QuotaExhausted
            | FailureKind::InvalidData
            | FailureKind::TooLarge
            | FailureKind::NotAStream
    )
}
