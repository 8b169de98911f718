//! The messages of a request. Owns their lenient reading, and the strict rule that calls and results belong together;
//! refuses to answer any of them.

use serde_json::Value;

use super::answer::Refusal;

/// One message of the request, with its text parts joined.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Said {
    pub role: String,
    pub text: String,
    /// What an assistant's message asked to have done.
    pub calls: Vec<Called>,
    /// The call that a tool's message answers.
    pub answers: Option<String>,
}

/// A call as an earlier reply made it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Called {
    pub id: String,
    pub name: String,
    pub arguments: String,
}

/// Reads the messages.
///
/// # Errors
/// The refusal that a real server would send: no messages, broken calls, a result without its call, a call without its
/// result.
pub fn messages(list: &Value) -> Result<Vec<Said>, Refusal> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() {
        return Err(Refusal::invalid("'messages' must be a list of at least one message.", Some("messages")));
    }
    let said: Vec<Said> = list.iter().enumerate().map(|(at, one)| message(at, one)).collect::<Result<_, _>>()?;
    paired(&said)?;
    Ok(said)
}

fn message(at: usize, message: &Value) -> Result<Said, Refusal> {
    let text = match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    };
    let role = message["role"].as_str().unwrap_or("user").to_owned();
    let calls = if role == "assistant" { calls(at, &message["tool_calls"])? } else { Vec::new() };
    let answers = message["tool_call_id"].as_str().filter(|_| role == "tool").map(str::to_owned);
    if role == "tool" && answers.is_none() {
        let message = "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.";
        return Err(Refusal::invalid(message, Some(&format!("messages.[{at}].tool_call_id"))));
    }
    Ok(Said { role, text, calls, answers })
}

fn calls(at: usize, value: &Value) -> Result<Vec<Called>, Refusal> {
    let Some(list) = value.as_array() else { return Ok(Vec::new()) };
    let param = format!("messages[{at}].tool_calls");
    if list.is_empty() {
        let message = format!(
            "Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        );
        return Err(Refusal::invalid(&message, Some(&param)).with_code("empty_array"));
    }
    let field = |n: usize, name: &str, value: &Value| match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => {
            let param = format!("{param}[{n}].{name}");
            let message = format!("Missing required parameter: '{param}'.");
            Err(Refusal::invalid(&message, Some(&param)).with_code("missing_required_parameter"))
        }
    };
    let read = |(n, call): (usize, &Value)| {
        Ok(Called {
            id: field(n, "id", &call["id"])?,
            name: field(n, "function.name", &call["function"]["name"])?,
            arguments: field(n, "function.arguments", &call["function"]["arguments"])?,
        })
    };
    list.iter().enumerate().map(read).collect()
}

/// Whether each call is followed by its result, and each result follows its call.
fn paired(said: &[Said]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for (at, message) in said.iter().enumerate() {
        if let Some(id) = &message.answers {
            let Some(found) = open.iter().position(|open| open == id) else {
                let message = "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.";
                return Err(Refusal::invalid(message, Some(&format!("messages.[{at}].role"))));
            };
            open.remove(found);
        } else {
            all_answered(&open)?;
            open = message.calls.iter().map(|call| call.id.as_str()).collect();
        }
    }
    all_answered(&open)
}

fn all_answered(open: &[&str]) -> Result<(), Refusal> {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(Refusal::invalid(&message, Some("messages")))
}
