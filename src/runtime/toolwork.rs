//! Tools at work: what is offered is gathered, calls are looked at, and those that may run do, each with exactly one
//! end. Refuses to decide whether a call may run; that is the session's.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use crate::chat::tool::{CheckedCall, Gathered, ToolEnd, ToolList, ToolOutcome, Verdict};
use crate::chat::{AnswerFormat, ConversationId, MessageId, ToolCall, ToolChoices};
use crate::session::{Effect, Happened};
use crate::tools::Toolbox;
use crate::tools::answer::Judge;

use super::flight::Flight;
use super::tasks::Tasks;
use super::{ForUser, News, ids};

/// How long a tool may take to end once it is stopped; then it is dropped where it stands, which kills what it started.
const LETS_GO_WITHIN: Duration = Duration::from_secs(2);

/// What an errand brings back.
enum Told {
    Session(Happened),
    User(ForUser),
}

/// All that goes on with tools.
pub(super) struct Toolwork {
    toolbox: Arc<dyn Toolbox>,
    running: HashMap<MessageId, (ConversationId, Flight<ToolOutcome>)>,
    /// `None` for one that has nothing to tell.
    errands: Tasks<Option<(ConversationId, Told)>>,
    judge: Arc<Judge>,
    arrived: Arc<Notify>,
}

impl Toolwork {
    pub fn new(toolbox: Arc<dyn Toolbox>, arrived: Arc<Notify>) -> Self {
        Self {
            toolbox,
            running: HashMap::new(),
            errands: Tasks::new(Arc::clone(&arrived)),
            judge: Arc::default(),
            arrived,
        }
    }

    pub fn set_toolbox(&mut self, toolbox: Arc<dyn Toolbox>) {
        self.toolbox = toolbox;
    }

    pub fn list(&self) -> BoxFuture<'static, ToolList> {
        self.toolbox.list()
    }

    pub fn forget(&self, tool: String) -> BoxFuture<'static, Result<(), String>> {
        self.toolbox.forget(tool)
    }

    /// Runs an effect that concerns tools or the shape of an answer; all others are left alone.
    pub fn run(&mut self, conversation: ConversationId, effect: Effect) {
        match effect {
            Effect::GatherTools { choices } => self.errand(conversation, self.gather(choices)),
            Effect::CheckCalls { reply, calls } => self.errand(conversation, self.check(reply, calls)),
            Effect::AllowAlways { tool, definition } => self.errand(conversation, self.allow(tool, definition)),
            Effect::CheckAnswer { reply, text, format } => {
                self.errand(conversation, check_answer(Arc::clone(&self.judge), reply, text, format));
            }
            Effect::RunTool { result, prepared } => {
                tracing::info!(tool = prepared.tool, origin = %prepared.origin, "tool started");
                let work = |cancel| self.toolbox.run(prepared, cancel);
                let flight = Flight::start(work, cut_short, LETS_GO_WITHIN, &self.arrived);
                self.running.insert(result, (conversation, flight));
            }
            Effect::StopTool { result } => {
                if let Some((_, flight)) = self.running.get(&result) {
                    flight.cancel();
                }
            }
            _ => {}
        }
    }

    fn errand(&self, conversation: ConversationId, work: impl Future<Output = Option<Told>> + Send + 'static) {
        let errand = work.map(move |told| told.map(|told| (conversation, told)));
        self.errands.spawn(errand.boxed());
    }

    fn gather(&self, choices: ToolChoices) -> impl Future<Output = Option<Told>> + use<> {
        let work = self.toolbox.gather(choices);
        async move {
            let failed =
                || Gathered { notes: vec![format!("The tools are not there: {PANICKED}.")], ..Gathered::default() };
            let gathered = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| failed());
            Some(Told::Session(Happened::ToolsGathered(gathered)))
        }
    }

    fn check(&self, reply: MessageId, calls: Vec<ToolCall>) -> impl Future<Output = Option<Told>> + use<> {
        let toolbox = Arc::clone(&self.toolbox);
        async move {
            let mut checked = Vec::with_capacity(calls.len());
            for call in calls {
                let verdict = AssertUnwindSafe(toolbox.check(call)).catch_unwind().await;
                let verdict = verdict.unwrap_or_else(|_| Verdict::Invalid(format!("{PANICKED}.")));
                checked.push(CheckedCall { result: ids::message(), verdict });
            }
            Some(Told::Session(Happened::CallsChecked { reply, checked, next: ids::message() }))
        }
    }

    fn allow(&self, tool: String, definition: String) -> impl Future<Output = Option<Told>> + use<> {
        let work = self.toolbox.allow(tool.clone(), definition);
        async move {
            let kept = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(PANICKED.to_owned()));
            let why = kept.err()?;
            Some(Told::User(ForUser::Say(format!("{tool} is allowed in this chat, but not for good: {why}"))))
        }
    }

    /// What happened since the last time.
    pub fn drain(&mut self) -> Vec<(ConversationId, Result<Happened, ForUser>)> {
        let mut out: Vec<_> = self
            .errands
            .drain()
            .into_iter()
            .flatten()
            .map(|(conversation, told)| match told {
                Told::Session(happened) => (conversation, Ok(happened)),
                Told::User(word) => (conversation, Err(word)),
            })
            .collect();
        self.running.retain(|result, (conversation, flight)| {
            let Some(outcome) = flight.take_report() else { return true };
            out.push((*conversation, Ok(Happened::ToolEnded { result: *result, outcome })));
            false
        });
        out
    }

    pub fn is_running(&self) -> bool {
        !self.running.is_empty()
    }
}

const PANICKED: &str = "a part of munshi's panicked; the log has more";

/// The outcome of a tool that did not come to an end of its own.
fn cut_short(failure: Option<crate::chat::Failure>) -> ToolOutcome {
    failure.map_or_else(
        || ToolOutcome::new(ToolEnd::Stopped, "Stopped before it gave a result."),
        |_| ToolOutcome::failed(&format!("It failed: {PANICKED}.")),
    )
}

/// Holds an answer against its shape, off the loop: schemas and answers may be large.
async fn check_answer(judge: Arc<Judge>, reply: MessageId, text: String, format: AnswerFormat) -> Option<Told> {
    let work = tokio::task::spawn_blocking(move || judge.problems(&text, &format));
    let problems = work.await.unwrap_or_else(|_| vec![PANICKED.to_owned()]);
    Some(Told::Session(Happened::AnswerChecked { reply, problems, message: ids::message(), next: ids::message() }))
}

/// What is told, in the loop's own words.
pub(super) fn news(told: Vec<(ConversationId, Result<Happened, ForUser>)>, at: crate::chat::Stamp) -> Vec<News> {
    let one = |(conversation, told)| match told {
        Ok(happened) => News::Session(conversation, crate::session::Event { at, happened }),
        Err(word) => News::User(conversation, word),
    };
    told.into_iter().map(one).collect()
}
