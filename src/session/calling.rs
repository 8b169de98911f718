//! The calls of tools in a running turn: looked at, agreed to, run, and answered to the model, round after round, until
//! an answer or a limit. Owns their order and their limits; refuses to validate or run anything itself.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::tool::{CheckedCall, Gathered, Prepared, ToolEnd, ToolOutcome, Verdict};
use crate::chat::{Approval, Message, MessageId, Role, Stamp, Status, ToolCall, ToolChoice};

use super::effect::Effect;
use super::ending::EndOfReply;
use super::event::Timer;
use super::round::{CallState, Round};
use super::turn::{Phase, Turn};
use super::{Session, explain, history, tokens};

/// Of any result, so much is told, however small the window.
const LEAST_RESULT_TOKENS: u64 = 256;

/// What becomes of a call without running.
struct Settled {
    status: Status,
    content: String,
    note: String,
}

impl Settled {
    fn failed(content: String, note: String) -> Self {
        Self { status: Status::Failed, content, note }
    }
}

impl Session {
    /// The calls that wait for the user's word, in order, by the messages that will hold their results.
    pub fn approvals(&self) -> impl Iterator<Item = (MessageId, &Arc<Prepared>)> {
        self.turn.iter().filter_map(Turn::round).flat_map(Round::asking)
    }

    /// How far the call has come whose result this message holds; `None` for one of no running turn.
    #[must_use]
    pub fn call_state(&self, result: MessageId) -> Option<CallState> {
        let round = self.turn.as_ref().and_then(Turn::round)?;
        round.calls.iter().find(|(id, _)| *id == result).map(|(_, state)| state.clone())
    }

    /// Whether it is not known yet what the tools of the next request weigh.
    #[must_use]
    pub fn wants_tools(&self) -> bool {
        let may_offer = self.meta().tools.may_offer(self.settings.tools.on_by_default);
        !self.asked_for_tools && self.turn.is_none() && may_offer && self.spec().tools
    }

    /// Asks which tools there are while the message is written: then its price is right, and nobody waits for servers.
    pub(super) fn tools_wanted(&mut self, out: &mut Vec<Effect>) {
        if self.wants_tools() {
            self.gather(out);
        }
    }

    fn gather(&mut self, out: &mut Vec<Effect>) {
        self.asked_for_tools = true;
        out.push(Effect::GatherTools { choices: self.meta().tools.clone() });
    }

    /// Before the first attempt: asks which tools the chat offers, where it may offer any.
    pub(super) fn gather_or_search(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let wants = self.meta().tools.may_offer(self.settings.tools.on_by_default);
        let takes = self.spec().tools;
        if wants && !takes {
            out.push(Effect::Say(explain::takes_no_tools(&self.meta().model)));
        }
        if !wants || !takes {
            self.set_offered(Arc::default());
            return self.search_or_attempt(at, out);
        }
        if let Some(turn) = &mut self.turn {
            turn.phase = Phase::Gathering { since: at.mono };
        }
        self.gather(out);
    }

    /// The tools that can be offered are known. One that was switched off meanwhile is none of them.
    pub(super) fn tools_gathered(&mut self, gathered: Gathered, at: Stamp, out: &mut Vec<Effect>) {
        let choices = &self.meta().tools;
        let on = gathered.tools.iter().filter(|tool| choices.is_on(tool)).cloned().collect();
        self.set_offered(on);
        for note in gathered.notes {
            // What changes in it from time to time is a countdown; said once, it is known.
            let known: String = note.chars().filter(|c| !c.is_ascii_digit()).collect();
            if self.told_notes.insert(known) {
                out.push(Effect::Say(note));
            }
        }
        if self.turn.as_ref().is_some_and(|turn| matches!(turn.phase, Phase::Gathering { .. })) {
            self.search_or_attempt(at, out);
        }
    }

    /// The chat's choice of tools has changed: what is offered is asked for again, so that its weight is known.
    pub(super) fn tools_changed(&mut self, out: &mut Vec<Effect>) {
        if self.meta().tools.may_offer(self.settings.tools.on_by_default) {
            self.gather(out);
        } else {
            self.set_offered(Arc::default());
        }
    }

    /// The reply is over and asks for tools: its calls are looked at before anything runs.
    pub(super) fn begin_calls(&mut self, end: EndOfReply, at: Stamp, out: &mut Vec<Effect>) {
        self.finish_reply(Status::Complete, end, at, out);
        let Some(turn) = &mut self.turn else { return };
        turn.attempt = None;
        turn.phase = Phase::Checking;
        for timer in [Timer::FirstToken, Timer::Fallback, Timer::Silence, Timer::Save] {
            out.push(Effect::CancelTimer(timer));
        }
        let calls = self.conversation.get(turn.reply).map(|reply| reply.tool_calls.clone()).unwrap_or_default();
        out.push(Effect::CheckCalls { reply: turn.reply, calls });
        self.refresh_plan();
    }

    pub(super) fn calls_checked(
        &mut self,
        reply: MessageId,
        checked: Vec<CheckedCall>,
        next: MessageId,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let is_awaited = |turn: &&mut Turn| turn.reply == reply && matches!(turn.phase, Phase::Checking);
        let Some(turn) = self.turn.as_mut().filter(is_awaited) else { return };
        turn.phase = Phase::Calling(Round { calls: Vec::new(), next, stops: None });
        let calls = self.conversation.get(reply).map(|reply| reply.tool_calls.clone()).unwrap_or_default();
        for (call, checked) in calls.iter().zip(checked) {
            self.take_in_call(call, checked, at, out);
        }
        if self.approvals().next().is_some() {
            out.push(Effect::ApprovalAsked);
        }
        self.after_calls(at, out);
    }

    /// Puts the message of a result behind the others, and runs the call, asks for it, or says why it never runs.
    fn take_in_call(&mut self, call: &ToolCall, checked: CheckedCall, at: Stamp, out: &mut Vec<Effect>) {
        let CheckedCall { result, verdict } = checked;
        let may_call = self.meta().tools.choice != ToolChoice::None;
        let is_offered = may_call && self.offered.iter().any(|tool| tool.spec.name == call.name);
        let verdict = if is_offered { verdict } else { Verdict::Invalid(explain::not_offered(&call.name)) };
        if self.conversation.get(result).is_some() {
            return;
        }
        let parent = self.conversation.leaf().map(|leaf| leaf.id);
        let message = Message::text(result, self.conversation.meta.id, parent, Role::Tool, String::new(), at.unix_ms);
        let prepared = if let Verdict::Ready(prepared) = &verdict { Some(prepared) } else { None };
        let offered = self.offered.iter().find(|tool| tool.spec.name == call.name);
        let message = Message {
            tool_call_id: Some(call.id.clone()),
            origin: offered.map(|tool| tool.origin.clone()),
            status: Status::Streaming,
            ..message
        };
        out.push(Effect::AddReply(message.clone()));
        self.conversation.push(message);
        let limits = self.settings.tools;
        let Some(turn) = &mut self.turn else { return };
        let arguments = prepared.map_or_else(|| call.arguments.clone(), |prepared| prepared.arguments.to_string());
        let over = turn.count_call((call.name.clone(), arguments), &limits);
        let invalid = matches!(verdict, Verdict::Invalid(_));
        turn.invalid += u32::from(invalid && over.is_none());
        let strikes = turn.invalid;
        let Some(round) = turn.round_mut() else { return };
        let is_over = over.is_some() || round.stops.is_some();
        if strikes >= limits.most_invalid {
            round.stops.get_or_insert_with(|| explain::too_many_invalid(strikes));
        }
        if let Some(why) = over {
            round.stops.get_or_insert(why);
        }
        round.calls.push((result, CallState::Over));
        match verdict {
            _ if is_over => {
                let content = "Not run: the turn ends before this call.".to_owned();
                self.settle(result, Settled::failed(content, "not run".to_owned()), None, at, out);
            }
            Verdict::Invalid(says) => {
                let content = format!("Not run: {says}");
                self.settle(
                    result,
                    Settled::failed(content, "not run: the call is not valid".to_owned()),
                    None,
                    at,
                    out,
                );
            }
            Verdict::Denied(says) => {
                let content = format!("Not run: {says}");
                self.settle(result, Settled::failed(content, "denied".to_owned()), None, at, out);
            }
            Verdict::Ready(prepared) if self.is_allowed(&prepared) => self.run_call(result, prepared, at, out),
            Verdict::Ready(prepared) => self.set_state(result, CallState::Asking(prepared)),
        }
    }

    fn is_allowed(&self, prepared: &Prepared) -> bool {
        let key = (prepared.tool.clone(), prepared.definition.clone());
        prepared.permission == crate::chat::tool::Permission::Allow || self.allowed.contains(&key)
    }

    fn set_state(&mut self, result: MessageId, state: CallState) {
        let round = self.turn.as_mut().and_then(Turn::round_mut);
        if let Some(slot) = round.and_then(|round| round.state_mut(result)) {
            *slot = state;
        }
    }

    fn run_call(&mut self, result: MessageId, prepared: Arc<Prepared>, at: Stamp, out: &mut Vec<Effect>) {
        self.set_state(result, CallState::Running { prepared: Arc::clone(&prepared), since: at.mono });
        out.push(Effect::RunTool { result, prepared });
    }

    /// The user's word on a call.
    pub(super) fn answered(&mut self, result: MessageId, approval: Approval, at: Stamp, out: &mut Vec<Effect>) {
        let asked = self.approvals().find(|(id, _)| *id == result).map(|(_, prepared)| Arc::clone(prepared));
        let Some(prepared) = asked else { return };
        let key = (prepared.tool.clone(), prepared.definition.clone());
        match approval {
            Approval::Once => self.run_call(result, prepared, at, out),
            Approval::ForChat | Approval::Always => {
                if approval == Approval::Always {
                    out.push(Effect::AllowAlways { tool: key.0.clone(), definition: key.1.clone() });
                }
                self.allowed.insert(key);
                let waiting: Vec<_> = self.approvals().map(|(id, prepared)| (id, Arc::clone(prepared))).collect();
                for (id, prepared) in waiting {
                    if self.is_allowed(&prepared) {
                        self.run_call(id, prepared, at, out);
                    }
                }
            }
            Approval::No(word) => {
                let word = word.filter(|word| !word.trim().is_empty());
                let said = word.as_ref().map_or_else(String::new, |word| format!(" They say: {word}"));
                let content = format!("Not run: the user did not allow this call.{said}");
                self.settle(result, Settled::failed(content, "denied by you".to_owned()), None, at, out);
            }
            Approval::Unasked(why) => {
                let content = format!("Not run: the user could not be asked, since {why}.");
                let note = format!("not run: {why}");
                self.settle(result, Settled::failed(content, note), None, at, out);
            }
        }
        self.after_calls(at, out);
    }

    /// A call is over. A late word of one that was stopped changes nothing.
    pub(super) fn tool_ended(&mut self, result: MessageId, outcome: ToolOutcome, at: Stamp, out: &mut Vec<Effect>) {
        let Some(CallState::Running { prepared, since }) = self.call_state(result) else { return };
        let (status, note) = match outcome.end {
            ToolEnd::Done => (Status::Complete, None),
            ToolEnd::Failed => (Status::Failed, None),
            ToolEnd::TimedOut => {
                (Status::Failed, Some(format!("ended after {}, its limit", explain::duration(prepared.limit))))
            }
            ToolEnd::Stopped => (Status::Interrupted, Some("stopped".to_owned())),
        };
        let (content, cut_from) = self.fitted(outcome);
        let cut = cut_from.map(|bytes| explain::cut_result(content.len(), bytes));
        let sample = prepared.is_sample.then(|| "sample data, not real".to_owned());
        let note = [note, sample, cut].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let settled = Settled { status, content, note };
        self.settle(result, settled, Some(at.mono.saturating_sub(since)), at, out);
        self.after_calls(at, out);
    }

    /// As much of a result as the model's window has room for: half of it is for the results of one round.
    fn fitted(&self, outcome: ToolOutcome) -> (String, Option<u64>) {
        let ToolOutcome { content, cut_from, .. } = outcome;
        let calls = self.turn.as_ref().and_then(Turn::round).map_or(1, |round| round.calls.len()).max(1);
        let room = history::room(&self.spec(), self.meta().max_tokens) / 2 / calls as u64;
        let tokens = self.calibration.reverse(&self.meta().model, room.max(LEAST_RESULT_TOKENS));
        let told = tokens::prefix_within(&content, tokens);
        if told.len() == content.len() {
            return (content, cut_from);
        }
        let bytes = cut_from.unwrap_or(content.len() as u64);
        (told.to_owned(), Some(bytes))
    }

    /// Saves a result for good.
    fn settle(
        &mut self,
        result: MessageId,
        settled: Settled,
        took: Option<Duration>,
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        self.set_state(result, CallState::Over);
        if let Some(turn) = &mut self.turn {
            turn.last_content = at.mono;
        }
        let Some(message) = self.conversation.get_mut(result) else { return };
        message.status = settled.status;
        message.content = settled.content;
        message.note = Some(settled.note).filter(|note| !note.is_empty());
        message.took_ms = took.map(|took| took.as_millis() as u64);
        out.push(Effect::FinishReply(message.clone()));
    }

    /// Goes on once every call has its result; while only the user is waited for, the turn's time stands still.
    fn after_calls(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &mut self.turn else { return };
        let Some(round) = turn.round() else { return };
        match round.standing() {
            (0, None) => {}
            (asking, running) => {
                if asking > 0 && running.is_none() {
                    turn.pause(at, out);
                } else {
                    turn.unpause(at, out);
                }
                return;
            }
        }
        turn.unpause(at, out);
        let Some(Phase::Calling(round)) =
            self.turn.as_mut().map(|turn| std::mem::replace(&mut turn.phase, Phase::Booking))
        else {
            return;
        };
        self.go_on(round.next, at, out);
        match round.stops {
            Some(why) => {
                let end = EndOfReply { note: Some(why), ..EndOfReply::default() };
                self.end_turn(Status::Failed, end, at, out);
            }
            None => self.next_attempt(at, out),
        }
    }

    /// Puts a fresh reply, still empty, behind all that is shown.
    pub(super) fn go_on(&mut self, reply: MessageId, at: Stamp, out: &mut Vec<Effect>) {
        let (Some(turn), Some(leaf)) = (&mut self.turn, self.conversation.leaf()) else { return };
        turn.go_on(reply, leaf.id, at);
        self.push_reply(at, out);
        self.refresh_plan();
    }

    /// The turn ends while calls are in hand: what runs is stopped, and every call gets a result that says so. Where
    /// there is a reason to tell, it stands in a reply of its own.
    pub(super) fn settle_calls(&mut self, end: &EndOfReply, at: Stamp, out: &mut Vec<Effect>) {
        let Some(Phase::Calling(round)) = self.turn.as_ref().map(|turn| &turn.phase) else { return };
        let (next, calls) = (round.next, round.calls.clone());
        for (result, state) in calls {
            let (content, took) = match state {
                CallState::Over => continue,
                CallState::Asking(_) => ("Not run: the user stopped before they answered.", None),
                CallState::Running { since, .. } => {
                    out.push(Effect::StopTool { result });
                    ("Stopped before it gave a result.", Some(at.mono.saturating_sub(since)))
                }
            };
            let settled =
                Settled { status: Status::Interrupted, content: content.to_owned(), note: "stopped".to_owned() };
            self.settle(result, settled, took, at, out);
        }
        if end.note.is_some() {
            self.go_on(next, at, out);
        }
    }
}
