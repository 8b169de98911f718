//! The tools of the tests' world: what they offer, how calls are judged, which run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::id;
use crate::chat::tool::{CheckedCall, Confinement, Gathered, Permission, Prepared, ToolEnd, ToolOutcome, Verdict};
use crate::chat::{MessageId, Tool, ToolCall, ToolOrigin, ToolSpec};
use crate::session::{Effect, Happened};

/// `ask` asks, `free` runs without asking, `denied` never runs; the arguments are any JSON object.
pub fn tool(name: &str) -> Tool {
    let spec = ToolSpec {
        name: name.to_owned(),
        description: format!("It is {name}."),
        parameters: json!({"type": "object"}),
    };
    let permission = match name {
        "free" => Permission::Allow,
        "denied" => Permission::Deny,
        _ => Permission::Ask,
    };
    let definition = format!("hash of {name}");
    Tool { spec, origin: ToolOrigin::BuiltIn, definition, permission, is_sample: false, is_on: true }
}

#[derive(Debug)]
pub struct Tools {
    pub offered: Vec<Tool>,
    pub running: BTreeMap<MessageId, Arc<Prepared>>,
    /// All that ever ran, in order.
    pub ran: Vec<(String, Value)>,
    pub stopped: Vec<MessageId>,
    pub allowed: Vec<String>,
    pub asked: usize,
    pub gathered: usize,
    /// What is said of each answer, the last for all that follow; empty: it fits.
    pub judgements: Vec<Vec<String>>,
    pub judged: usize,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            offered: ["ask", "free", "denied"].map(tool).to_vec(),
            running: BTreeMap::new(),
            ran: Vec::new(),
            stopped: Vec::new(),
            allowed: Vec::new(),
            asked: 0,
            gathered: 0,
            judgements: vec![Vec::new()],
            judged: 0,
        }
    }
}

impl Tools {
    pub fn verdict(&self, call: &ToolCall) -> Verdict {
        let Some(tool) = self.offered.iter().find(|tool| tool.spec.name == call.name) else {
            return Verdict::Invalid(format!("There is no tool {:?}.", call.name));
        };
        match serde_json::from_str::<Value>(&call.arguments) {
            _ if tool.permission == Permission::Deny => Verdict::Denied("It is denied.".to_owned()),
            Ok(arguments @ Value::Object(_)) => Verdict::Ready(Arc::new(Prepared {
                tool: call.name.clone(),
                origin: tool.origin.clone(),
                definition: tool.definition.clone(),
                arguments: Arc::new(arguments),
                permission: tool.permission,
                by_config: tool.permission,
                command: None,
                confinement: Confinement::Within,
                is_sample: false,
                was_changed: false,
                limit: Duration::from_secs(30),
            })),
            _ => Verdict::Invalid("The arguments are no JSON object.".to_owned()),
        }
    }

    /// Runs an effect that concerns tools, with fresh ids; what happens then.
    pub fn run(&mut self, effect: &Effect, fresh: &[MessageId]) -> Option<Happened> {
        match effect {
            Effect::GatherTools { choices } => {
                self.gathered += 1;
                let tools = self.offered.iter().filter(|tool| choices.is_on(tool)).cloned().collect();
                return Some(Happened::ToolsGathered(Gathered { tools, notes: Vec::new() }));
            }
            Effect::CheckCalls { reply, calls } => {
                let ids = fresh.iter().copied().chain((0..).map(|extra| id(u128::MAX - extra)));
                let judged = calls.iter().zip(ids.skip(1));
                let checked =
                    judged.map(|(call, result)| CheckedCall { result, verdict: self.verdict(call) }).collect();
                return Some(Happened::CallsChecked { reply: *reply, checked, next: fresh[0] });
            }
            Effect::RunTool { result, prepared } => {
                self.ran.push((prepared.tool.clone(), (*prepared.arguments).clone()));
                let earlier = self.running.insert(*result, Arc::clone(prepared));
                assert!(earlier.is_none(), "a call runs once");
            }
            Effect::StopTool { result } => {
                assert!(self.running.remove(result).is_some(), "only what runs is stopped");
                self.stopped.push(*result);
            }
            Effect::AllowAlways { tool, .. } => self.allowed.push(tool.clone()),
            Effect::ApprovalAsked => self.asked += 1,
            Effect::CheckAnswer { reply, .. } => {
                let at = self.judged.min(self.judgements.len() - 1);
                self.judged += 1;
                let problems = self.judgements[at].clone();
                let [message, next] = [fresh[0], fresh[1]];
                return Some(Happened::AnswerChecked { reply: *reply, problems, message, next });
            }
            _ => {}
        }
        None
    }

    /// The call that was started last ends well.
    pub fn ends(&mut self, text: &str) -> Happened {
        let (result, _) = self.running.pop_last().expect("a call runs");
        Happened::ToolEnded { result, outcome: ToolOutcome::new(ToolEnd::Done, text) }
    }
}
