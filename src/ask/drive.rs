//! Drives one session through one turn, as the screen does with many: events in, effects out, and what comes of them
//! told as it comes. Owns the loop; refuses policy, which is the session's.

use std::time::Duration;

use futures::FutureExt as _;
use serde_json::json;

use crate::chat::tool::{CheckedCall, Prepared};
use crate::chat::{Approval, ConversationId, FinishReason, Message, MessageId, Role, Status};
use crate::runtime::{ForUser, News, ids};
use crate::session::shape::ASKED_BY_MUNSHI;
use crate::session::shell::for_the_shell;
use crate::session::{Activity, Effect, Happened, Session, explain};

use super::account::Account;
use super::follow::Follow;
use super::keeping::Kept;
use super::open::Opened;
use super::outcome::{Facts, outcome};
use super::world::World;
use super::{Ask, Exit, Stop, tools};

/// How long running attempts may take to let go when the turn is over.
const LETS_GO_WITHIN: Duration = Duration::from_millis(400);

/// The question at the terminal. Its default is no.
const RUN_IT: &str = "Run it? [y/N] ";

/// A session at work.
pub struct Driver<'a> {
    world: &'a mut World,
    ask: &'a Ask,
    session: Session,
    kept: Kept,
    follow: Follow,
    conversation: ConversationId,
    is_over: bool,
    /// Whether the user is being asked about a call.
    is_asking: bool,
    /// Whether a notice says already why a call does not run unasked.
    has_said_unasked: bool,
    /// Why there is no answer, or not the one that was asked for.
    error: Option<String>,
    began: Duration,
}

impl<'a> Driver<'a> {
    pub fn new(opened: Opened, ask: &'a Ask, world: &'a mut World) -> Self {
        let Opened { session, kept } = opened;
        let began = world.runtime.clock().mono();
        let meta = &session.conversation().meta;
        let conversation = meta.id;
        world.stage.holds = meta.format.is_json();
        let kept_as = ask.saves.then_some(conversation);
        world.stage.event("start", json!({"model": meta.model.to_string(), "conversation": kept_as}));
        Self {
            world,
            ask,
            session,
            kept,
            follow: Follow::default(),
            conversation,
            is_over: false,
            is_asking: false,
            has_said_unasked: false,
            error: None,
            began,
        }
    }

    /// Asks, and stays until the answer is whole, stopped or failed.
    pub async fn run(mut self) -> Exit {
        let text = self.ask.prompt.clone();
        self.tell(Happened::Submitted { message: ids::message(), reply: ids::message(), text });
        // A question that does not fit is given back, and there is no turn.
        while !self.is_over && self.session.is_busy() {
            self.world.wait().await;
            self.take_in();
            self.see_to_the_end();
        }
        let stopped = self.world.stopped;
        self.tell(Happened::Left);
        self.let_go().await;
        self.conclude(stopped)
    }

    /// Takes in all that happened.
    fn take_in(&mut self) {
        if std::mem::take(&mut self.world.has_resumed) {
            self.tell(Happened::Resumed);
        }
        for (result, answer) in self.world.answers.drain() {
            self.is_asking = false;
            let approval = if tools::agrees(&answer) { Approval::Once } else { Approval::No(None) };
            self.tell(Happened::Answered { result, approval });
            self.ask_next();
        }
        for news in self.world.runtime.drain() {
            match news {
                News::Session(_, event) => self.tell(event.happened),
                News::User(_, word) => self.for_user(word),
                News::Store(event) => {
                    if let Err(why) = self.world.hear(event) {
                        self.fail(&why);
                    }
                }
            }
        }
        self.show();
    }

    /// Stops the turn where the user, the system or the disk wants that.
    fn see_to_the_end(&mut self) {
        let is_saving = matches!(self.session.activity(), Some(Activity::Saving)) && !self.follow.was_sent;
        if let Some(why) = self.world.not_saved.take_if(|_| is_saving) {
            let way_out = "Make room, or ask with --no-save.";
            self.fail(&format!("The question could not be saved, and was not sent: {why} {way_out}"));
        }
        if self.world.stopped.is_some() && self.session.is_busy() {
            self.tell(Happened::Stopped);
        }
        self.tell_of_waits();
    }

    /// It cannot go on, whoever is asked.
    fn fail(&mut self, why: &str) {
        self.error.get_or_insert_with(|| why.to_owned());
        self.world.stage.notice(why);
        self.world.stopped.get_or_insert(Stop::Nowhere);
    }

    /// Says why nothing comes, once for each attempt that is made again.
    fn tell_of_waits(&mut self) {
        let Some(Activity::Backoff { attempt, of, until, why }) = self.session.activity() else { return };
        if self.follow.waits_for.replace(attempt) == Some(attempt) {
            return;
        }
        let wait = explain::duration(until.saturating_sub(self.world.runtime.clock().mono()));
        self.world.stage.notice(&format!("{why}; asked again in {wait} (attempt {attempt} of {of})"));
    }

    /// Tells the session, and runs what it asks for.
    fn tell(&mut self, happened: Happened) {
        let happened = match happened {
            Happened::CallsChecked { reply, checked, next } => {
                // With `--yes`, the configuration's own word is enough and alone counts; without, nothing runs unasked.
                let checked = tools::judged(checked, self.ask.unasked);
                self.calls_came(reply, &checked);
                Happened::CallsChecked { reply, checked, next }
            }
            other => other,
        };
        let problems = match &happened {
            Happened::AnswerChecked { problems, .. } => problems.join("; "),
            _ => String::new(),
        };
        let event = self.world.runtime.event(happened);
        let effects = self.session.handle(event);
        let mut told = Vec::new();
        let mut run = Vec::with_capacity(effects.len());
        for effect in effects {
            self.note(&effect, &problems);
            run.extend(self.kept.as_run(effect, &mut told));
        }
        for word in self.world.runtime.run(self.conversation, run) {
            self.for_user(word);
        }
        for happened in told {
            self.tell(happened);
        }
    }

    /// Takes down what an effect says of the turn, and tells it where it is to be told.
    fn note(&mut self, effect: &Effect, problems: &str) {
        match effect {
            Effect::Commit { message, .. } if message.note.as_deref() == Some(ASKED_BY_MUNSHI) => {
                self.world.stage.notice(&format!("not as asked: {problems}: asked once more"));
            }
            Effect::AddReply(message) if message.role == Role::Assistant => {
                self.reply_over();
                self.follow.begin(message.id);
            }
            Effect::StartAttempt { .. } => self.follow.was_sent = true,
            Effect::RunTool { result, .. } => {
                let line = self.follow.call(*result).map(|call| format!("{} …", tools::call_line(call)));
                if let Some(line) = line {
                    self.world.stage.talk(&line);
                }
            }
            Effect::FinishReply(message) => self.finished(message),
            Effect::CloseAttempt(closing) => self.follow.tally.add(closing, &self.ask.settings.currency),
            _ => {}
        }
    }

    /// A reply has asked for tools: each call is told before anything runs.
    fn calls_came(&mut self, reply: MessageId, checked: &[CheckedCall]) {
        self.show();
        let Some(reply) = self.session.conversation().get(reply) else { return };
        let results: Vec<MessageId> = checked.iter().map(|call| call.result).collect();
        for call in self.follow.begin_round(reply, &results) {
            let told = json!({"name": call.name, "arguments": call.arguments_json()});
            self.world.stage.event("tool_call", told);
        }
    }

    fn finished(&mut self, message: &Message) {
        let is_one_of_several = self.follow.is_round_of_several();
        let Some(call) = self.follow.end_call(message) else { return };
        let stage = &mut self.world.stage;
        stage.event("tool_result", call.json());
        if call.took_ms.is_none() {
            // It never ran, so that nothing was said of it yet.
            stage.talk(&tools::call_line(call));
        }
        stage.talk(&tools::result_line(call, is_one_of_several));
    }

    fn for_user(&mut self, word: ForUser) {
        match word {
            ForUser::Say(text) => {
                if !self.session.is_busy() && self.follow.reply.is_none() {
                    self.error.get_or_insert_with(|| text.clone());
                }
                self.world.stage.notice(&text);
            }
            ForUser::ApprovalAsked => self.ask_next(),
            ForUser::TurnEnded => self.is_over = true,
            // There is one question, and no other chat; a summary is for whoever goes on with it.
            ForUser::ReturnQueued(_) | ForUser::RememberRefusal { .. } | ForUser::SummaryDue => {}
        }
    }

    /// Puts the next call to the user; where nobody may be asked, it does not run.
    fn ask_next(&mut self) {
        while !self.is_asking {
            let next = self.session.approvals().next().map(|(id, prepared)| (id, std::sync::Arc::clone(prepared)));
            let Some((result, prepared)) = next else { return };
            match self.world.asker.clone().filter(|_| !self.ask.unasked) {
                Some(asker) => {
                    self.is_asking = true;
                    self.world.stage.talk(&tools::approval(&prepared));
                    let written = self.world.stage.writer().written();
                    let asked = async move {
                        // Where the writer is gone, so is standard error.
                        let _ = written.await;
                        (result, asker.ask(RUN_IT).await)
                    };
                    self.world.answers.spawn(asked.boxed());
                }
                None => self.pass_over(result, &prepared),
            }
        }
    }

    /// Nobody is asked: only `--yes` with the configuration's word lets a call run.
    fn pass_over(&mut self, result: MessageId, prepared: &Prepared) {
        let why =
            if self.ask.unasked { "the configuration does not allow it" } else { "there is no terminal to ask at" };
        if !std::mem::replace(&mut self.has_said_unasked, true) {
            self.world.stage.notice(&format!(
                "{} did not run, since {why}. With --yes, the tools in `tools.allow` run unasked.",
                prepared.tool
            ));
        }
        self.tell(Happened::Answered { result, approval: Approval::Unasked(why.to_owned()) });
    }

    /// Shows what has come of the reply since the last time.
    fn show(&mut self) {
        let Some(reply) = self.follow.reply.and_then(|id| self.session.conversation().get(id)) else { return };
        let stage = &mut self.world.stage;
        if let Some(from) = self.follow.new_reasoning(reply) {
            stage.thought(&reply.reasoning[from..]);
        }
        if let Some(from) = self.follow.new_text(reply) {
            stage.grew(&reply.content, from);
        }
        stage.draw(&reply.content, self.world.runtime.clock().mono());
    }

    /// The present reply is as long as it will be.
    fn reply_over(&mut self) {
        self.show();
        if let Some(reply) = self.follow.reply.and_then(|id| self.session.conversation().get(id)) {
            self.world.stage.over(&reply.content);
        }
    }

    /// Waits for what was let go of, whose ledger rows are still to be closed.
    async fn let_go(&mut self) {
        let until = self.world.after(LETS_GO_WITHIN);
        while (self.world.runtime.is_streaming() || self.session.has_open_attempts()) && !self.world.is_in_a_hurry() {
            if !self.world.wait_within(until).await {
                return;
            }
            for news in self.world.runtime.drain() {
                if let News::Session(_, event) = news {
                    self.tell(event.happened);
                }
            }
        }
    }

    /// Says how it ended.
    fn conclude(mut self, stopped: Option<Stop>) -> Exit {
        self.reply_over();
        let is_json = self.session.conversation().meta.format.is_json();
        let reply = self.follow.reply.and_then(|id| self.session.conversation().get(id)).cloned();
        if let Some(reply) = &reply {
            self.world.stage.print_held(&reply.content);
        }
        let is_empty = reply.as_ref().is_none_or(|reply| reply.content.trim().is_empty());
        let misfits = is_json && (is_empty || !self.session.misfit().is_empty());
        let exit = outcome(Facts {
            stopped,
            is_over_budget: self.session.is_over_budget(),
            reply: reply.as_ref(),
            was_sent: self.follow.was_sent,
            misfits,
        });
        self.say_why(exit, reply.as_ref());
        let account = Account {
            reply: reply.as_ref(),
            is_json,
            conversation: self.ask.saves.then_some(self.conversation),
            tally: &self.follow.tally,
            currency: &self.ask.settings.currency,
            calls: &self.follow.calls,
            error: self.error.as_deref(),
        };
        if self.ask.verbose {
            let took = self.world.runtime.clock().mono().saturating_sub(self.began);
            self.world.stage.talk(&account.line(took.as_millis() as u64));
        }
        self.world.stage.end(account.json());
        exit
    }

    /// What an exit code alone does not tell.
    fn say_why(&mut self, exit: Exit, reply: Option<&Message>) {
        let note = reply.and_then(|reply| reply.note.clone());
        let error = match exit {
            Exit::Answered => {
                let cut = match reply.and_then(|reply| reply.finish.as_ref()) {
                    Some(FinishReason::Length) => {
                        Some("The answer stops at the limit of its tokens; --max-tokens raises it.".to_owned())
                    }
                    Some(FinishReason::ContentFilter) => {
                        Some("The provider's content filter has ended the answer.".to_owned())
                    }
                    _ => None,
                };
                for word in [note, cut].into_iter().flatten() {
                    self.world.stage.notice(&word);
                }
                return;
            }
            Exit::Misfit if self.session.misfit().is_empty() => "The answer is empty.".to_owned(),
            Exit::Misfit => {
                let why = explain::misfit(self.session.misfit(), false);
                let was_cut = reply.is_some_and(|reply| reply.finish == Some(FinishReason::Length));
                let cut = if was_cut { ". It stops at the limit of its tokens; --max-tokens raises it" } else { "" };
                format!("The answer is {why}{cut}.")
            }
            // What was said by then is why.
            Exit::Usage | Exit::Stopped(Stop::ReaderGone | Stop::Nowhere) => return,
            Exit::Stopped(_) => "stopped".to_owned(),
            Exit::Failed | Exit::OverBudget | Exit::ProviderFailed => {
                let is_cut = reply.is_some_and(|reply| reply.status == Status::Interrupted);
                note.unwrap_or_else(|| if is_cut { "The answer is not whole." } else { "No answer came." }.to_owned())
            }
        };
        if !matches!(exit, Exit::Stopped(_)) {
            self.world.stage.notice(&error);
        }
        self.error.get_or_insert(for_the_shell(&error));
    }
}
