//! The whole way of a question with tools that only pretend: what runs, what is asked, what is denied.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::chat::tool::{
    Confinement, Gathered, ListedTool, Permission, Prepared, ToolChoices, ToolList, ToolOutcome, Verdict,
};
use crate::chat::{Ending, FinishReason, ModelSpec, Role, Tool, ToolCall, ToolOrigin, ToolSpec};
use crate::provider::Signal as Piece;
use crate::provider::scripted::{Script, ScriptedProvider, Step};
use crate::runtime::{Clock, StoreHandle, ids};
use crate::store::Store;
use crate::store::memory::MemoryStore;
use crate::tools::Toolbox;

/// A tool that the configuration asks about, and one that it allows.
#[derive(Clone, Default)]
struct Pretends {
    ran: Arc<Mutex<Vec<String>>>,
}

fn tool(name: &str) -> Tool {
    let spec = ToolSpec { name: name.to_owned(), description: String::new(), parameters: json!({"type": "object"}) };
    let permission = if name == "allowed" { Permission::Allow } else { Permission::Ask };
    let origin = ToolOrigin::BuiltIn;
    Tool { spec, origin, definition: "hash".to_owned(), permission, is_sample: true, is_on: true }
}

impl Toolbox for Pretends {
    fn gather(&self, choices: ToolChoices) -> BoxFuture<'static, Gathered> {
        let all = ["allowed", "asked"].map(tool);
        let tools = all.into_iter().filter(|tool| choices.is_on(tool)).collect();
        async { Gathered { tools, notes: Vec::new() } }.boxed()
    }

    fn list(&self) -> BoxFuture<'static, ToolList> {
        let tools = ["allowed", "asked"].map(|name| ListedTool { tool: tool(name), is_always_allowed: false });
        async { ToolList { tools: tools.into(), servers: Vec::new() } }.boxed()
    }

    fn check(&self, call: ToolCall) -> BoxFuture<'static, Verdict> {
        let known = tool(&call.name);
        let prepared = Prepared {
            tool: call.name,
            origin: known.origin,
            definition: known.definition,
            arguments: Arc::new(serde_json::from_str(&call.arguments).unwrap()),
            // As after an "always" that was said in a chat.
            permission: Permission::Allow,
            by_config: known.permission,
            command: None,
            confinement: Confinement::Within,
            is_sample: true,
            was_changed: false,
            limit: Duration::from_secs(30),
        };
        async { Verdict::Ready(Arc::new(prepared)) }.boxed()
    }

    fn run(&self, prepared: Arc<Prepared>, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        self.ran.lock().unwrap().push(format!("{} {}", prepared.tool, prepared.arguments));
        async { ToolOutcome::done("31 degrees") }.boxed()
    }

    fn allow(&self, _: String, _: String) -> BoxFuture<'static, Result<(), String>> {
        async { Ok(()) }.boxed()
    }

    fn forget(&self, _: String) -> BoxFuture<'static, Result<(), String>> {
        async { Ok(()) }.boxed()
    }
}

/// Somebody who gives these answers, and remembers how often they were asked.
struct Answers(Mutex<VecDeque<&'static str>>);

impl Asker for Answers {
    fn ask(&self, _: &'static str) -> BoxFuture<'static, String> {
        let answer = self.0.lock().unwrap().pop_front().expect("no more than that is asked");
        async move { answer.to_owned() }.boxed()
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// What came of a question.
struct Came {
    exit: Exit,
    out: String,
    err: String,
    ran: Vec<String>,
    provider: ScriptedProvider,
}

impl Came {
    /// The results that the model was told.
    fn results(&self) -> Vec<String> {
        let requests = self.provider.requests();
        let messages = requests.last().unwrap().messages.iter();
        messages.filter(|message| message.role == Role::Tool).map(|message| message.content.clone()).collect()
    }
}

/// A reply that calls both tools, then an answer.
fn calls_both() -> ScriptedProvider {
    let call = |index: u32, name: &str| {
        Step::Signal(Piece::ToolCall {
            index,
            id: Some(format!("call-{index}")),
            name: Some(name.to_owned()),
            arguments: "{\"city\":\"Pune\"}".to_owned(),
        })
    };
    let text = Step::Signal(Piece::Text("Let me see.".to_owned()));
    let calls =
        Script::new(vec![text, call(0, "allowed"), call(1, "asked")], Ending::Finished(FinishReason::ToolCalls));
    ScriptedProvider::new([calls, Script::reply(["It is ", "31 degrees."])])
}

/// Asks it with both tools.
fn ask_with(answers: Option<&[&'static str]>, unasked: bool, names: &[&str], format: OutputFormat) -> Came {
    let (provider, tools, out, err) = (calls_both(), Pretends::default(), Written::default(), Written::default());
    let workers = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exit = workers.block_on(async {
        let (arrived, clock) = (Arc::new(Notify::new()), Clock::start());
        let open = || Ok((Box::new(MemoryStore::new()) as Box<dyn Store>, Vec::new()));
        let store = StoreHandle::spawn(Arc::clone(&arrived), open).unwrap();
        let now = clock.now();
        let runtime = Runtime::new(clock, Arc::new(provider.clone()), store, Arc::clone(&arrived));
        let runtime = runtime.with_tools(Arc::new(tools.clone()));
        let model = ModelRef::new("openai", "gpt-test");
        let mut catalogue = Catalogue::empty();
        catalogue.models.insert(model.clone(), ModelSpec { tools: true, ..ModelSpec::unknown(&model) });
        let ask = Ask {
            prompt: "How warm is it in Pune?".to_owned(),
            fresh: ConversationMeta::new(ids::conversation(), model, now.unix_ms),
            continues: None,
            saves: true,
            format: AnswerFormat::Text,
            tools: names.iter().map(|name| (*name).to_owned()).collect(),
            unasked,
            settings: Arc::default(),
            catalogue: Arc::new(catalogue),
            verbose: false,
            notices: Vec::new(),
        };
        let writer = Writer::spawn(Arc::clone(&arrived), Box::new(out.clone()), Box::new(err.clone())).unwrap();
        let stage = Stage::new(writer, format, Target::Pipe, false);
        let asker = answers.map(|all| Arc::new(Answers(Mutex::new(all.iter().copied().collect()))) as Arc<dyn Asker>);
        run(ask, Edges { runtime, arrived, stage, asker, signals: stream::pending().boxed() }).await
    });
    let ran = tools.ran.lock().unwrap().clone();
    Came { exit, out: out.text(), err: err.text(), ran, provider }
}

const BOTH: [&str; 2] = ["allowed {\"city\":\"Pune\"}", "asked {\"city\":\"Pune\"}"];

#[test]
fn at_a_terminal_every_call_is_shown_in_full_and_asked_about_whatever_the_configuration_allows() {
    let came = ask_with(Some(&["y\n", "yes\n"]), false, &["all"], OutputFormat::Text);
    assert_eq!(came.exit, Exit::Answered, "{}", came.err);
    assert_eq!(came.ran, BOTH);
    assert_eq!(came.out, "Let me see.\n\nIt is 31 degrees.\n", "both texts, and nothing of the tools");
    let parts =
        ["The model asks for asked (built in).", "sample data", "\"city\": \"Pune\"", "⚙ asked {\"city\":\"Pune\"} …"];
    for part in parts {
        assert!(came.err.contains(part), "{part}: {}", came.err);
    }
    assert_eq!(came.err.matches("  ✓ ").count(), 2, "{}", came.err);
}

#[test]
fn anything_but_a_yes_is_a_no_and_the_model_is_told() {
    let came = ask_with(Some(&["\n", "yes please\n"]), false, &["all"], OutputFormat::Text);
    assert_eq!((came.exit, came.ran.len()), (Exit::Answered, 0));
    assert!(came.results().iter().all(|said| said.contains("did not allow")) && came.results().len() == 2);
    assert_eq!(came.err.matches("  ✗ ").count(), 2, "{}", came.err);
}

#[test]
fn with_yes_what_the_configuration_allows_runs_and_nothing_else_does() {
    let came = ask_with(Some(&[]), true, &["all"], OutputFormat::Text);
    assert_eq!((came.exit, came.ran.as_slice()), (Exit::Answered, &[BOTH[0].to_owned()][..]));
    assert!(came.err.contains("asked did not run, since the configuration does not allow it"), "{}", came.err);
    assert!(came.results()[1].contains("could not be asked, since the configuration"), "{:?}", came.results());
    assert!(!came.err.contains("denied by you"), "nobody denied it: {}", came.err);
}

#[test]
fn where_nobody_can_be_asked_nothing_runs_and_it_is_said_how_it_could() {
    let came = ask_with(None, false, &["all"], OutputFormat::Text);
    assert_eq!((came.exit, came.ran.len()), (Exit::Answered, 0));
    assert!(came.err.contains("--yes") && came.err.contains("tools.allow"), "{}", came.err);
    assert_eq!(came.err.matches("did not run, since").count(), 1, "once is enough: {}", came.err);
}

#[test]
fn exactly_the_named_tools_are_offered_and_a_wrong_name_sends_nothing() {
    let came = ask_with(None, true, &["asked"], OutputFormat::Text);
    let offered: Vec<String> = came.provider.requests()[0].tools.iter().map(|tool| tool.spec.name.clone()).collect();
    assert_eq!(offered, ["asked"]);
    let came = ask_with(None, true, &["asked", "allowd"], OutputFormat::Text);
    assert_eq!((came.exit, came.provider.requests().len()), (Exit::Usage, 0));
    assert!(came.err.contains("There is no tool allowd. Did you mean allowed?"), "{}", came.err);
}

#[test]
fn a_program_reads_each_call_and_each_result_and_all_of_them_at_the_end() {
    let came = ask_with(None, true, &["all"], OutputFormat::Ndjson);
    let lines: Vec<Value> = came.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    assert_eq!(of("tool_call").len(), 2, "{}", came.out);
    assert_eq!(of("tool_call")[0]["name"], "allowed");
    assert_eq!(of("tool_result").len(), 2);
    let end = of("end")[0];
    assert_eq!(end["text"], "It is 31 degrees.");
    let calls = end["tool_calls"].as_array().unwrap();
    assert_eq!((&calls[0]["result"], &calls[0]["status"]), (&json!("31 degrees"), &json!("complete")));
    assert_eq!((&calls[1]["status"], &calls[1]["arguments"]["city"]), (&json!("failed"), &json!("Pune")));
}
