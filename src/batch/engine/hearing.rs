//! What the engine hears: of its rows, of the store, of the scribe, of the system; and what is said of it to the user.

use std::time::Duration;

use super::super::scribe::Heard;
use super::{Engine, Why};
use crate::chat::{ConversationId, Ending, ModelRef};
use crate::runtime::{ForUser, News, StoreEvent};
use crate::session::retry::Field;
use crate::session::{Activity, Happened};

impl Engine<'_> {
    pub(super) fn for_user(&mut self, id: ConversationId, words: Vec<ForUser>) {
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let is_given_back = matches!(words.peek(), Some(ForUser::ReturnQueued(_)));
            match word {
                // A question that comes back unsent has had no turn that could end.
                ForUser::TurnEnded | ForUser::ReturnQueued(_) => {
                    if let Some(working) = self.working.get_mut(&id) {
                        working.is_over = true;
                    }
                }
                // Why it comes back is its row's error, and nobody else's.
                ForUser::Say(why) if is_given_back => {
                    if let Some(working) = self.working.get_mut(&id) {
                        working.unsent = Some(why);
                    }
                }
                ForUser::RememberRefusal { model, field } => self.remember(model, field),
                ForUser::Say(text) => self.say_once(&text),
                // There is one question in each row, and nothing is summarised or run.
                ForUser::SummaryDue | ForUser::ApprovalAsked => {}
            }
        }
    }

    /// The other rows need not find out again.
    fn remember(&mut self, model: ModelRef, field: Field) {
        if !self.refusals.contains(&(model.clone(), field)) {
            for working in self.working.values_mut() {
                working.session.learn_refusal(model.clone(), field);
            }
            self.refusals.push((model, field));
        }
    }

    /// What holds for all rows is said for one.
    fn say_once(&mut self, text: &str) {
        // As many different sentences as a person reads.
        if self.said.len() < 50 && self.said.insert(text.to_owned()) {
            self.world.say(text);
        }
    }

    /// Takes in all that happened.
    pub(super) fn take_in(&mut self) {
        let now = self.world.now();
        if std::mem::take(&mut self.world.has_resumed) {
            self.gate.resumed(now);
            for id in self.working.keys().copied().collect::<Vec<_>>() {
                self.tell(id, Happened::Resumed);
            }
        }
        for heard in self.world.scribe.drain() {
            self.hear_the_scribe(heard);
        }
        if self.world.scribe.is_gone() {
            self.unkept = (0, 0);
            self.stop(Why::Failed("The journal cannot be written any more; the log has more.".to_owned()));
        }
        if let Some(stop) = self.world.stopped {
            self.stop(Why::Signal(stop));
        }
        for news in self.world.runtime.drain() {
            match news {
                News::Session(id, event) => {
                    self.see(&event.happened, now);
                    self.note(id, &event.happened);
                    self.tell(id, event.happened);
                    self.conclude(id);
                }
                News::User(id, word) => {
                    self.for_user(id, vec![word]);
                    self.conclude(id);
                }
                News::Store(event) => self.hear_the_store(event),
            }
        }
        if self.stopping.is_some() {
            self.leave_idle();
        }
        self.world.board.paused_until = self.gate.paused_until(&self.work.task.model.provider, now);
        self.world.board.tell_waiting(self.waiting());
        self.world.show();
    }

    /// Rows whose last try failed, and that wait before the next.
    fn waiting(&self) -> Option<(usize, String)> {
        let why = self.working.values().filter_map(|one| match one.session.activity() {
            Some(Activity::Backoff { why, .. }) => Some(why),
            _ => None,
        });
        let all: Vec<String> = why.collect();
        // The same for all that see the same.
        all.iter().max().map(|why| (all.len(), why.clone()))
    }

    /// What the pace of a provider is learnt from.
    fn see(&mut self, happened: &Happened, now: Duration) {
        match happened {
            Happened::Opened { attempt, limits } => self.gate.heard(*attempt, now, limits),
            Happened::Ended { attempt, report, .. } => self.gate.ended(*attempt, now, report),
            Happened::Refused { attempt, .. } => self.gate.closed(*attempt, now),
            _ => {}
        }
    }

    /// What a row's end is judged by.
    fn note(&mut self, id: ConversationId, happened: &Happened) {
        let Some(working) = self.working.get_mut(&id) else { return };
        match happened {
            Happened::Ended { report, .. } => {
                working.failure = match &report.ending {
                    Ending::Failed(failure) => Some(failure.clone()),
                    _ => None,
                };
            }
            Happened::Refused { refusal, .. } => working.refusal = Some(refusal.clone()),
            _ => {}
        }
    }

    pub(super) fn hear_the_scribe(&mut self, heard: Heard) {
        match heard {
            Heard::Kept(records) => {
                for record in &records {
                    self.unkept.0 = self.unkept.0.saturating_sub(1);
                    self.unkept.1 = self.unkept.1.saturating_sub(record.weight());
                    self.world.board.kept(record);
                }
            }
            Heard::NotKept(Some(why)) => {
                if self.not_kept_since.replace(self.not_kept_since.unwrap_or(self.world.now())).is_none() {
                    self.world.say(&format!("Not kept yet: {why}. Finished rows wait in memory until there is room."));
                }
            }
            Heard::NotKept(None) => {
                self.not_kept_since = None;
                self.world.say("All finished rows are kept again.");
            }
            Heard::Broken(error) if error.kind() == std::io::ErrorKind::BrokenPipe => self.stop(Why::ReaderGone),
            Heard::Broken(error) => self.stop(Why::Failed(format!("The output cannot be written: {error}."))),
        }
    }

    fn hear_the_store(&mut self, event: StoreEvent) {
        match event {
            StoreEvent::Opened { notices } => notices.iter().for_each(|notice| self.say_once(notice)),
            StoreEvent::Unusable(reason) => self.stop(Why::Failed(reason)),
            StoreEvent::NotSaved(Some(reason)) => self.say_once(&format!("Not booked yet: {reason}. Nothing is sent.")),
            _ => {}
        }
    }
}
