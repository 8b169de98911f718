//! Whatever is stopped, denied, late, doubled or killed in the loop of tools, the next request is valid and nothing
//! runs on.

use proptest::prelude::*;

use super::wellformed::assert_valid;
use super::world::*;
use crate::chat::tool::{ToolEnd, ToolOutcome};
use crate::chat::*;
use crate::session::{Change, Happened, Timer};

#[derive(Debug, Clone)]
enum Step {
    Ask,
    Text,
    /// The model asks for these tools and ends.
    Calls(Vec<(u8, u8)>),
    Finish,
    Fail,
    /// One piece of a call comes, and no end.
    Piece(&'static str),
    Says(u8, u8),
    Ends(u8, u8),
    /// What was said or ended before is told again.
    Late,
    Stop,
    Left,
    Retry,
    Wait(u64),
    Store,
    Toggle(bool),
    /// The process is killed, and the chat opened again from what was saved.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let call = (0u8..5, 0u8..4);
    prop_oneof![
        3 => Just(Step::Ask),
        2 => Just(Step::Text),
        6 => prop::collection::vec(call, 1..4).prop_map(Step::Calls),
        2 => Just(Step::Finish),
        1 => Just(Step::Fail),
        1 => prop::sample::select(vec!["", "{", "}"]).prop_map(Step::Piece),
        6 => (any::<u8>(), 0u8..5).prop_map(|(which, how)| Step::Says(which, how)),
        6 => (any::<u8>(), 0u8..4).prop_map(|(which, how)| Step::Ends(which, how)),
        1 => Just(Step::Late),
        1 => Just(Step::Stop),
        1 => Just(Step::Left),
        1 => Just(Step::Retry),
        1 => (0u64..400_000).prop_map(Step::Wait),
        4 => Just(Step::Store),
        1 => any::<bool>().prop_map(Step::Toggle),
        1 => Just(Step::Kill),
    ]
}

struct Loop {
    world: World,
    told: Vec<Happened>,
}

impl Loop {
    fn new() -> Self {
        Self { world: World::with_tools(), told: Vec::new() }
    }

    fn tell(&mut self, happened: Happened) {
        self.told.push(happened.clone());
        self.world.happen(happened);
    }

    fn streams(&self) -> bool {
        let world = &self.world;
        world
            .started
            .last()
            .is_some_and(|(attempt, _)| !world.closed.contains_key(attempt) && !world.cancelled.contains(attempt))
    }

    fn calls(&mut self, calls: &[(u8, u8)]) {
        let name = |which: u8| ["ask", "free", "denied", "nothing", ""][usize::from(which)];
        let arguments = |which: u8| ["{}", r#"{"n":1}"#, "{", "[]"][usize::from(which)];
        let calls: Vec<(&str, &str)> = calls.iter().map(|(n, a)| (name(*n), arguments(*a))).collect();
        self.world.calls(&calls);
    }

    /// What the store would give to whoever opens the chat after a kill: what streamed is interrupted or failed.
    fn kill(&mut self) {
        let conversation = self.world.session.conversation();
        let saved = conversation
            .path()
            .filter(|message| self.world.committed.contains(&message.id) || self.world.added.contains(&message.id));
        let ended = |message: &Message| {
            let mut message = message.clone();
            if message.status == Status::Streaming {
                let chunks = self.world.chunks.get(&message.id).cloned().unwrap_or_default();
                message.content = chunks.0;
                message.tool_calls.clear();
                message.status = if message.content.is_empty() { Status::Failed } else { Status::Interrupted };
            }
            message
        };
        let messages: Vec<Message> = saved.map(ended).collect();
        let restored = Conversation::restore(conversation.meta.clone(), messages);
        let next_id = self.world.next_id;
        self.world = World::over(restored, Settings::default(), catalogue());
        self.world.next_id = next_id;
        self.told.clear();
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ask => drop(self.world.ask("question")),
            Step::Text if self.streams() => drop(self.world.text("words ")),
            Step::Calls(calls) if self.streams() => self.calls(&calls),
            Step::Finish if self.streams() => drop(self.world.finish(Some(usage(5, 5)))),
            Step::Fail if self.streams() => drop(self.world.fail(unauthorized())),
            Step::Piece(text) if self.streams() => {
                let attempt = self.world.attempt();
                let (id, name) = (Some("c".to_owned()), Some("free".to_owned()));
                self.tell(Happened::ToolCallArrived { attempt, index: 0, id, name, arguments: text.to_owned() });
            }
            Step::Says(which, how) => {
                let asking: Vec<MessageId> = self.world.session.approvals().map(|(id, _)| id).collect();
                let Some(result) = asking.get(usize::from(which) % asking.len().max(1)) else { return };
                let approval = match how {
                    0 => Approval::Once,
                    1 => Approval::ForChat,
                    2 => Approval::Always,
                    3 => Approval::No(None),
                    _ => Approval::No(Some("no".to_owned())),
                };
                self.tell(Happened::Answered { result: *result, approval });
            }
            Step::Ends(which, how) => {
                let running: Vec<MessageId> = self.world.tools.running.keys().copied().collect();
                let Some(result) = running.get(usize::from(which) % running.len().max(1)) else { return };
                self.world.tools.running.remove(result);
                let end = [ToolEnd::Done, ToolEnd::Failed, ToolEnd::TimedOut, ToolEnd::Stopped][usize::from(how)];
                self.tell(Happened::ToolEnded { result: *result, outcome: ToolOutcome::new(end, "what came") });
            }
            Step::Late => {
                for happened in self.told.clone() {
                    self.world.happen(happened);
                }
            }
            Step::Stop => drop(self.world.stop()),
            Step::Left => drop(self.world.happen(Happened::Left)),
            Step::Retry => drop(self.world.retry()),
            Step::Wait(ms) => self.world.wait(std::time::Duration::from_millis(ms)),
            Step::Store => {
                self.world.store_answers = !self.world.store_answers;
                if self.world.store_answers {
                    self.world.answer_store();
                }
            }
            Step::Toggle(on) => {
                let mut tools = self.world.session.conversation().meta.tools.clone();
                tools.switch(ToolChoices::ALL, on);
                self.world.happen(Happened::Changed(Change::Tools(tools)));
            }
            Step::Kill => self.kill(),
            Step::Text | Step::Calls(_) | Step::Finish | Step::Fail | Step::Piece(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..same_cases() })]

    #[test]
    fn every_state_of_the_loop_can_be_stopped_denied_and_killed(steps in prop::collection::vec(step(), 1..60)) {
        let mut all = Loop::new();
        for step in steps {
            all.take(step);
            for (_, request) in &all.world.started {
                assert_valid(&request.messages);
            }
            let is_asking = all.world.session.approvals().next().is_some();
            prop_assert!(!is_asking || all.world.session.is_busy());
        }
        all.world.store_answers = true;
        all.world.answer_store();
        all.world.happen(Happened::Left);
        all.world.answer_store();
        all.world.let_go();
        prop_assert!(all.world.tools.running.is_empty());
        prop_assert!(!all.world.session.is_busy());
        all.world.assert_finished_never_change();
        all.world.ask("what now?");
        assert_valid(&all.world.request().messages);
        prop_assert_eq!(all.world.request().messages.last().map(|last| last.role), Some(Role::User));
        prop_assert!(all.world.due_in(Timer::Backoff).is_none());
    }
}
