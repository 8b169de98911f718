//! Any order of events, late, doubled, misplaced or made up, leaves the store and the ledger whole.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::world::*;
use crate::chat::budget::Refusal;
use crate::chat::context::Strategy as Kind;
use crate::chat::*;
use crate::session::event::{EmbeddingEnded, Found};
use crate::session::{Change, Happened, Timer};

#[derive(Debug, Clone)]
enum Step {
    Ask(u8),
    Stop,
    Retry,
    /// The store gives its next answer, or refuses it where it was asked for a row.
    Store {
        refuses: bool,
    },
    /// An answer of the store's is told once more.
    Echo(u8),
    Open(u8),
    Text(u8, &'static str),
    Reasoning(u8, &'static str),
    Call(u8, u8, &'static str),
    End(u8, u8),
    Fire(Timer),
    Wait(u64),
    Resume,
    Change(u8),
    Summarise,
    EditSummary(bool),
    Mark(u8, u8),
    Index(bool),
    Embedded(u8, u8),
    Found(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let text = prop::sample::select(vec!["", "word ", "क्षि", "👨‍👩‍👧", "\n"]);
    let timers = vec![
        Timer::FirstToken,
        Timer::Fallback,
        Timer::Silence,
        Timer::Turn,
        Timer::Backoff,
        Timer::Save,
        Timer::Search,
        Timer::Summary,
    ];
    prop_oneof![
        3 => any::<u8>().prop_map(Step::Ask),
        1 => Just(Step::Stop),
        2 => Just(Step::Retry),
        8 => prop::bool::weighted(0.1).prop_map(|refuses| Step::Store { refuses }),
        1 => any::<u8>().prop_map(Step::Echo),
        2 => (0u8..4).prop_map(Step::Open),
        6 => (0u8..4, text.clone()).prop_map(|(which, text)| Step::Text(which, text)),
        2 => (0u8..4, text).prop_map(|(which, text)| Step::Reasoning(which, text)),
        1 => (0u8..4, 0u8..3, prop::sample::select(vec!["", "{", "}"])).prop_map(|(w, i, t)| Step::Call(w, i, t)),
        6 => (0u8..4, any::<u8>()).prop_map(|(which, how)| Step::End(which, how)),
        1 => prop::sample::select(timers).prop_map(Step::Fire),
        3 => (0u64..70_000).prop_map(Step::Wait),
        1 => Just(Step::Resume),
        3 => any::<u8>().prop_map(Step::Change),
        2 => Just(Step::Summarise),
        1 => any::<bool>().prop_map(Step::EditSummary),
        1 => (any::<u8>(), 0u8..3).prop_map(|(which, how)| Step::Mark(which, how)),
        1 => any::<bool>().prop_map(Step::Index),
        4 => (0u8..3, 0u8..4).prop_map(|(which, how)| Step::Embedded(which, how)),
        4 => any::<u8>().prop_map(Step::Found),
    ]
}

fn report(how: u8) -> Report {
    let ending = match how % 12 {
        0..4 => Ending::Finished(FinishReason::Stop),
        4 => Ending::Finished(FinishReason::Length),
        5 => Ending::Cancelled,
        6 => Ending::Failed(unauthorized()),
        7 => Ending::Failed(unavailable()),
        8 => Ending::Failed(refusal(["temperature", "max_tokens", "max_completion_tokens"][usize::from(how) % 3])),
        9 => Ending::Failed(failure(FailureKind::NotFound, 404)),
        10 => Ending::Failed(Failure { retry_after: Some(SECOND), ..failure(FailureKind::RateLimited, 429) }),
        _ => Ending::Failed(Failure::new(FailureKind::Cut, "")),
    };
    let usage = match how / 12 % 3 {
        0 => None,
        1 => Some(usage(7, 3)),
        _ => Some(usage(u64::MAX, u64::MAX)),
    };
    Report { usage, ..Report::bare(ending) }
}

/// A world with a hostile provider and a slow store.
struct Hostile {
    world: World,
    ended: BTreeSet<AttemptId>,
    told: Vec<Happened>,
}

impl Hostile {
    /// The newest attempt, an older one, one whose row is only being opened, or one that never was.
    fn attempt(&self, which: u8) -> AttemptId {
        let booking = self.world.waiting.iter().find_map(|answer| match answer {
            Happened::Booked { attempt } if which == 3 => Some(*attempt),
            _ => None,
        });
        let started = || self.world.started.iter().rev().nth(usize::from(which)).map(|(attempt, _)| *attempt);
        booking.or_else(started).unwrap_or(AttemptId { reply: id(1), ordinal: u32::from(which) })
    }

    fn end(&mut self, attempt: AttemptId, report: Report) {
        if self.world.opened.contains_key(&attempt) {
            self.ended.insert(attempt);
        }
        self.world.happen(Happened::Ended { attempt, report, jitter: JITTER });
    }

    fn store(&mut self, refuses: bool) {
        let Some(answer) = self.world.waiting.pop_front() else { return };
        let answer = match answer {
            Happened::Booked { attempt } if refuses => {
                self.world.opened.remove(&attempt);
                Happened::Refused { attempt, refusal: Refusal::NotSaved("The budget is used up.".into()) }
            }
            answer => answer,
        };
        self.told.push(answer.clone());
        self.world.happen(answer);
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Ask(number) => drop(self.world.ask(&format!("Question {number}"))),
            Step::Stop => drop(self.world.stop()),
            Step::Retry => drop(self.world.retry()),
            Step::Store { refuses } => self.store(refuses),
            Step::Echo(which) => {
                if let Some(told) = self.told.get(usize::from(which) % self.told.len().max(1)).cloned() {
                    self.world.happen(told);
                }
            }
            Step::Open(which) => {
                let attempt = self.attempt(which);
                self.world.happen(Happened::Opened { attempt, limits: RateLimits::default() });
            }
            Step::Text(which, text) => {
                let attempt = self.attempt(which);
                self.world.happen(Happened::TextArrived { attempt, text: text.into() });
            }
            Step::Reasoning(which, text) => {
                let attempt = self.attempt(which);
                self.world.happen(Happened::ReasoningArrived { attempt, text: text.into() });
            }
            Step::Call(which, index, arguments) => {
                let (attempt, index) = (self.attempt(which), u32::from(index));
                let (name, arguments) = (Some("f".to_owned()), arguments.to_owned());
                self.world.happen(Happened::ToolCallArrived { attempt, index, id: None, name, arguments });
            }
            Step::End(which, how) => self.end(self.attempt(which), report(how)),
            Step::Fire(timer) => drop(self.world.happen(Happened::TimerFired(timer))),
            Step::Wait(ms) => self.world.wait(Duration::from_millis(ms)),
            Step::Resume => drop(self.world.happen(Happened::Resumed)),
            Step::Change(which) => {
                let strategy = Kind::ALL[usize::from(which / 8) % 4];
                let change = match which % 8 {
                    0 => Change::Model(b()),
                    1 => Change::Temperature(None),
                    2 => Change::MaxTokens(None),
                    3 => Change::System(String::new()),
                    _ => Change::History(History { strategy, everywhere: true, ..History::default() }),
                };
                self.world.happen(Happened::Changed(change));
            }
            Step::Summarise
            | Step::EditSummary(_)
            | Step::Mark(..)
            | Step::Index(_)
            | Step::Embedded(..)
            | Step::Found(_) => self.run_context(step),
        }
    }

    /// What concerns summaries, marks and the search.
    fn run_context(&mut self, step: &Step) {
        match *step {
            Step::Summarise => {
                let id = self.world.fresh();
                self.world.happen(Happened::SummariseAsked { id, automatic: false });
            }
            Step::EditSummary(true) => drop(self.world.happen(Happened::SummaryUndone)),
            Step::EditSummary(false) => {
                let id = self.world.notes.summaries.first().map_or(id(5), |summary| summary.id);
                self.world.happen(Happened::SummaryEdited { id, text: "Edited.".into() });
            }
            Step::Mark(which, how) => {
                let path = self.world.session.conversation();
                let Some(message) = path.at(usize::from(which) % path.len().max(1)).map(|message| message.id) else {
                    return;
                };
                let mark = [None, Some(Mark::Pinned), Some(Mark::LeftOut)][usize::from(how)];
                self.world.happen(Happened::Marked { message, mark });
            }
            Step::Index(has_missing) => {
                let id = self.world.fresh();
                let missing = if has_missing { vec![(super::world::id(3), "Old".to_owned())] } else { Vec::new() };
                self.world.happen(Happened::Indexed { id, missing });
            }
            Step::Embedded(which, how) => {
                let newest = self.world.embedded.iter().rev().nth(usize::from(which));
                let Some(attempt) = newest.map(|(attempt, _)| *attempt) else { return };
                let result = match how {
                    0 => Err(Some(failure(FailureKind::NotFound, 404))),
                    1 => Err(Some(unavailable())),
                    _ => Ok(()),
                };
                self.embedded(attempt, result);
            }
            Step::Found(which) => {
                let Some((question, by)) = self.world.searches.last().cloned() else { return };
                let message = self.world.session.conversation().at(usize::from(which)).map_or(id(1), |m| m.id);
                let found = vec![Found { message, score: 1.0, elsewhere: None }];
                self.world.happen(Happened::Found { question, by, found });
            }
            _ => {}
        }
    }

    fn embedded(&mut self, attempt: AttemptId, result: Result<(), Option<Failure>>) {
        self.ended.insert(attempt);
        let ended = EmbeddingEnded { result, tokens: None, request_id: None };
        self.world.happen(Happened::Embedded { attempt, ended });
    }

    /// The user leaves: everything is stopped, and whoever still owes an answer gives it.
    fn leave(&mut self) {
        self.world.happen(Happened::Left);
        self.world.answer_store();
        let asked: Vec<_> = self.world.embedded.iter().map(|(attempt, _)| *attempt).collect();
        for attempt in asked {
            if !self.ended.contains(&attempt) {
                self.embedded(attempt, Err(None));
            }
        }
        let owed: Vec<_> = self.world.started.iter().map(|(attempt, _)| *attempt).collect();
        for attempt in owed {
            if !self.ended.contains(&attempt) {
                self.end(attempt, Report::bare(Ending::Cancelled));
            }
        }
    }
}

proptest! {
    #![proptest_config(same_cases())]

    #[test]
    fn the_ledger_and_the_replies_are_whole_at_rest(
        steps in prop::collection::vec(step(), 0..120),
        has_fallback: bool,
        has_budget: bool,
    ) {
        let world = if has_fallback { World::with_fallback() } else { World::new() };
        let mut hostile = Hostile { world, ended: BTreeSet::new(), told: Vec::new() };
        hostile.world.store_answers = false;
        if has_budget {
            hostile.world.set_budget();
        }
        for step in steps {
            hostile.run(&step);
            hostile.world.assert_finished_never_change();
            prop_assert_eq!(hostile.world.session.activity().is_some(), hostile.world.session.is_busy());
        }
        hostile.leave();
        hostile.world.assert_at_rest();
        let saved: BTreeSet<_> = hostile.world.committed.iter().chain(&hostile.world.added).copied().collect();
        for message in hostile.world.session.conversation().path() {
            prop_assert!(saved.contains(&message.id), "what is shown is saved");
        }
    }
}
