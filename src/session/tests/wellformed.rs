//! A request is valid whatever happened before.

use std::collections::HashSet;

use proptest::prelude::*;

use super::world::*;
use crate::chat::*;
use crate::session::history::Plan;
use crate::session::wellformed::{self, CallsAre};

fn push(conversation: &mut Conversation, role: Role, content: &str) -> MessageId {
    let own = id(10 + conversation.len() as u128);
    let parent = conversation.leaf().map(|leaf| leaf.id);
    conversation.push(Message::text(own, conversation.meta.id, parent, role, content.into(), 0));
    own
}

fn push_calls(conversation: &mut Conversation, content: &str, calls: &[(&str, &str, &str)]) {
    let own = push(conversation, Role::Assistant, content);
    let calls = calls.iter().map(|(id, name, arguments)| ToolCall {
        id: (*id).into(),
        name: (*name).into(),
        arguments: (*arguments).into(),
    });
    conversation.get_mut(own).unwrap().tool_calls = calls.collect();
}

fn push_result(conversation: &mut Conversation, call: &str, content: &str) {
    let own = push(conversation, Role::Tool, content);
    conversation.get_mut(own).unwrap().tool_call_id = Some(call.into());
}

/// All from `first_sent` on, for an answer to the last question.
fn from(conversation: &Conversation, first_sent: usize) -> Plan {
    let last = conversation.len() - 1;
    Plan { first_sent: first_sent.min(last), answering: Some(last), ..Plan::default() }
}

fn composed(conversation: &Conversation) -> Vec<RequestMessage> {
    wellformed::messages(conversation, "", &from(conversation, 0), conversation.len() - 1, CallsAre::Calls)
}

/// What every provider demands: each call has its result right behind its reply, each result its call, each id
/// stands once, arguments are JSON, no reply says nothing, and two users never speak in a row.
pub(super) fn assert_valid(messages: &[RequestMessage]) {
    let mut ids = HashSet::new();
    let mut rest = messages;
    while let Some((message, after)) = rest.split_first() {
        rest = after;
        assert_ne!(message.role, Role::Tool, "a result without its call: {messages:?}");
        if message.role == Role::User {
            assert!(after.first().is_none_or(|next| next.role != Role::User), "{messages:?}");
        }
        if message.role == Role::Assistant {
            assert!(!message.content.is_empty() || !message.tool_calls.is_empty(), "{messages:?}");
        }
        for call in &message.tool_calls {
            assert!(ids.insert(call.id.clone()), "{} twice: {messages:?}", call.id);
            let is_id = call.id.len() == 9 && call.id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            assert!(is_id, "an id that not every provider takes: {}", call.id);
            assert!(serde_json::from_str::<serde_json::Value>(&call.arguments).unwrap().is_object());
            assert!(ToolSpec::is_name(&call.name), "{:?}", call.name);
            let (result, after) = rest.split_first().expect("a dangling call");
            assert_eq!((result.role, result.tool_call_id.as_ref()), (Role::Tool, Some(&call.id)), "{messages:?}");
            rest = after;
        }
    }
}

#[test]
fn a_dangling_call_gets_a_result_that_says_so() {
    let mut conversation = Conversation::new(meta());
    push(&mut conversation, Role::User, "Weather?");
    push_calls(&mut conversation, "", &[("x", "weather", "{}"), ("y", "time", "{}")]);
    push_result(&mut conversation, "y", "noon");
    push(&mut conversation, Role::User, "Well?");
    let messages = composed(&conversation);
    assert_valid(&messages);
    assert_eq!(messages.len(), 5);
    assert!(messages[2].content.contains("cancelled"));
    assert_eq!(messages[3].content, "noon");
}

#[test]
fn a_result_without_a_call_is_dropped() {
    let mut conversation = Conversation::new(meta());
    push(&mut conversation, Role::User, "Weather?");
    push_result(&mut conversation, "gone", "sunny");
    push(&mut conversation, Role::User, "Well?");
    let messages = composed(&conversation);
    assert_valid(&messages);
    assert_eq!(messages.len(), 1);
}

#[test]
fn ids_that_a_model_uses_twice_are_told_apart_with_their_results() {
    let mut conversation = Conversation::new(meta());
    for (round, result) in [("one", "1"), ("two", "2")] {
        push(&mut conversation, Role::User, round);
        push_calls(&mut conversation, "", &[("call_0", "f", "{}"), ("call_0", "g", "{}")]);
        push_result(&mut conversation, "call_0", result);
        push_result(&mut conversation, "call_0", &format!("{result}b"));
    }
    push(&mut conversation, Role::User, "Well?");
    let messages = composed(&conversation);
    assert_valid(&messages);
    let results: Vec<_> = messages.iter().filter(|m| m.role == Role::Tool).map(|m| m.content.as_str()).collect();
    assert_eq!(results, ["1", "1b", "2", "2b"]);
}

#[test]
fn calls_that_were_cut_off_are_mended_or_left_out() {
    let mut conversation = Conversation::new(meta());
    push(&mut conversation, Role::User, "Weather?");
    push_calls(&mut conversation, "", &[("x", "weather", "{\"city\": \"Pu"), ("y", "", "")]);
    push(&mut conversation, Role::User, "Time?");
    push_calls(&mut conversation, "", &[("z", "", "")]);
    push(&mut conversation, Role::User, "Well?");
    let messages = composed(&conversation);
    assert_valid(&messages);
    assert_eq!(messages.iter().map(|message| message.tool_calls.len()).sum::<usize>(), 1);
    assert_eq!(messages.last().unwrap().content, "Time?\n\nWell?", "a reply of nothing is left out");
}

fn arguments() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["{}", "{\"a\":1}", "", "{\"a\":", "[]", "null"])
}

#[test]
fn a_request_without_tools_tells_of_earlier_calls_in_words() {
    let mut conversation = Conversation::new(meta());
    push(&mut conversation, Role::User, "Weather?");
    push_calls(&mut conversation, "Let me see.", &[("x", "weather", "{\"city\":\"Pune\"}")]);
    push_result(&mut conversation, "x", "sunny");
    push(&mut conversation, Role::Assistant, "It is sunny.");
    push(&mut conversation, Role::User, "Well?");
    let plan = from(&conversation, 0);
    let messages = wellformed::messages(&conversation, "", &plan, conversation.len() - 1, CallsAre::Words);
    assert_valid(&messages);
    let said: Vec<&str> = messages.iter().map(|message| message.content.as_str()).collect();
    let called = "Let me see.\n\n(I called weather with {\"city\":\"Pune\"})";
    assert_eq!(said, ["Weather?", called, "(weather) sunny", "It is sunny.", "Well?"]);
}

proptest! {
    #![proptest_config(same_cases())]

    #[test]
    fn whatever_is_on_the_path_the_request_is_valid(
        steps in prop::collection::vec(
            (0u8..4, prop::sample::select(vec!["", "x", "x_2", "y"]), prop::sample::select(vec!["", "f", "f\u{1b} é"]), arguments(), 0u8..5),
            0..30,
        ),
        first_sent in 0usize..30,
    ) {
        let mut conversation = Conversation::new(meta());
        for (role, call, name, arguments, status) in steps {
            match role {
                0 => drop(push(&mut conversation, Role::User, "Question")),
                1 => push_calls(&mut conversation, if status == 4 { "" } else { "Answer" }, &[]),
                2 => push_calls(&mut conversation, "", &[(call, name, arguments), ("x", "g", arguments), (call, name, "{}")]),
                _ => push_result(&mut conversation, call, "result"),
            }
            if status == 0 {
                let leaf = conversation.leaf().unwrap().id;
                conversation.get_mut(leaf).unwrap().status = Status::Failed;
            }
        }
        push(&mut conversation, Role::User, "Last");
        for calls in [CallsAre::Calls, CallsAre::Words] {
            let plan = from(&conversation, first_sent);
            let messages = wellformed::messages(&conversation, "", &plan, conversation.len() - 1, calls);
            assert_valid(&messages);
            prop_assert!(messages.last().unwrap().content.ends_with("Last"));
            let has_calls = messages.iter().any(|message| message.role == Role::Tool || !message.tool_calls.is_empty());
            prop_assert!(calls == CallsAre::Calls || !has_calls);
        }
    }
}
