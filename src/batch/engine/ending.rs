//! How rows and the whole run end: what is kept, what is asked again, when nothing more is begun, and what is let go of.

use std::collections::BTreeSet;

use super::super::journal::{Index, Record};
use super::super::{Exit, Stop};
use super::verdict::{Says, Verdict, verdict};
use super::working::{Due, Working};
use super::{Engine, LETS_GO_WITHIN, Why};
use crate::chat::ConversationId;
use crate::runtime::News;
use crate::session::{Activity, Happened};

impl Engine<'_> {
    /// Sees whether a row is finished.
    pub(super) fn conclude(&mut self, id: ConversationId) {
        let is_over = self.working.get(&id).is_some_and(|one| one.is_over && !one.session.has_open_attempts());
        if !is_over {
            return;
        }
        self.gate.forget(id);
        let Some(working) = self.working.remove(&id) else { return };
        self.world.board.running = self.working.len() as u64;
        self.waits_for_room = false;
        let verdict = verdict(&working, &self.work.settings, self.breaker.has_answered());
        self.carry_out(working, verdict);
    }

    fn carry_out(&mut self, working: Working, verdict: Verdict) {
        match verdict {
            Verdict::Done { record, says } => {
                match says {
                    Says::Well => self.breaker.answered(),
                    Says::Ill => self.fault(record.error.as_deref().unwrap_or_default()),
                    Says::Nothing => {}
                }
                self.keep(*record);
            }
            Verdict::Broken(why) => {
                let due = working.again();
                self.again.push_back(Due { broken: due.broken + 1, ..due });
                self.fault(&why);
            }
            Verdict::Refused(why) => {
                let due = working.again();
                self.again.push_back(Due { refused: due.refused + 1, ..due });
                self.unreachable(&why);
            }
            Verdict::Unreachable(why) => {
                self.again.push_back(working.again());
                self.unreachable(&why);
            }
            Verdict::Stop(why) => {
                self.again.push_back(working.again());
                self.stop(Why::Provider(why));
            }
            Verdict::NotSaved(why) => {
                self.again.push_back(working.again());
                self.stop(Why::Failed(why));
            }
            Verdict::OverBudget(why) => {
                self.again.push_front(working.again());
                // What is on its way may cost less than was reserved for it.
                if self.working.is_empty() || self.stopping.is_some() {
                    self.stop(Why::OverBudget(why));
                } else {
                    self.waits_for_room = true;
                }
            }
        }
    }

    fn fault(&mut self, why: &str) {
        if let Some(why) = self.breaker.fault(why) {
            self.stop(Why::Provider(why));
        }
    }

    fn unreachable(&mut self, why: &str) {
        if let Some(why) = self.breaker.unreachable(why) {
            self.stop(Why::Provider(why));
        }
    }

    pub(super) fn keep(&mut self, record: Record) {
        self.unkept.0 += 1;
        self.unkept.1 += record.weight();
        self.world.scribe.keep(record);
    }

    /// No more rows are begun, and those that only wait are let go of.
    pub(super) fn stop(&mut self, why: Why) {
        if self.stopping.is_some() {
            return;
        }
        let is_gentle = matches!(why, Why::Signal(Stop::Interrupted));
        self.stopping = Some(why);
        self.leave_idle();
        if is_gentle && !self.working.is_empty() {
            let count = self.working.len();
            let rows = if count == 1 { "row is on its way" } else { "rows are on their way" };
            self.world.say(&format!("Stopping: {count} {rows}; Ctrl+C again stops at once."));
        }
    }

    /// Lets go of rows that only wait: for their first request, or before another try.
    pub(super) fn leave_idle(&mut self) {
        let waiting: BTreeSet<ConversationId> = self.gate.waiting().collect();
        let is_idle = |id: &ConversationId, one: &Working| {
            is_backing_off(one) || (waiting.contains(id) && one.tally.is_nothing())
        };
        let idle: Vec<ConversationId> =
            self.working.iter().filter(|(id, one)| is_idle(id, one)).map(|(id, _)| *id).collect();
        for id in idle {
            self.gate.forget(id);
            self.tell(id, Happened::Left);
            self.working.remove(&id);
        }
        self.world.board.running = self.working.len() as u64;
    }

    /// Stops all that runs, and waits a moment for what was let go of, whose ledger rows are still to be closed, and for
    /// answers that are there whole, and paid for.
    pub(super) async fn let_go(&mut self) {
        let running = self.working.iter().filter(|(_, one)| !one.session.is_judging());
        let left: BTreeSet<ConversationId> = running.map(|(id, _)| *id).collect();
        for id in &left {
            self.gate.forget(*id);
            self.tell(*id, Happened::Left);
        }
        let until = self.world.now() + LETS_GO_WITHIN;
        while self.has_to_end() && self.world.now() < until {
            self.world.wait(Some(until)).await;
            for heard in self.world.scribe.drain() {
                self.hear_the_scribe(heard);
            }
            for news in self.world.runtime.drain() {
                if let News::Session(id, event) = news {
                    self.tell(id, event.happened);
                    if !left.contains(&id) {
                        self.conclude(id);
                    }
                }
            }
        }
    }

    fn has_to_end(&self) -> bool {
        let is_judged = self.working.values().any(|one| one.session.is_judging());
        is_judged || self.unkept.0 > 0 || self.world.runtime.is_streaming()
    }
}

fn is_backing_off(one: &Working) -> bool {
    matches!(one.session.activity(), Some(Activity::Backoff { .. }))
}

/// How a run ends for the shell.
#[must_use]
pub fn exit(stopped: Option<&Why>, index: &Index, rows: u64) -> Exit {
    match stopped {
        Some(Why::Signal(stop)) => Exit::Stopped(*stop),
        Some(Why::OverBudget(_)) => Exit::OverBudget,
        Some(Why::Provider(_)) => Exit::ProviderFailed,
        Some(Why::Failed(_)) => Exit::Failed,
        None if index.settled() < rows => Exit::Failed,
        None if index.failures() > 0 => Exit::RowsFailed,
        // Whoever reads only the first rows wants no more of them.
        Some(Why::ReaderGone) | None => Exit::Done,
    }
}
