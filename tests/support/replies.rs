//! Ready-made replies of a chat completions server, as server-sent events. Owns the shape of the chunks and a
//! realistic text to fill them with; refuses sockets (that is `server`).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Part, Reply};

/// Paragraphs, lists, tables and code, as models write them.
const SAMPLE: &str = include_str!("sample.md");

/// The text of `event`, ready for the wire.
pub fn event(data: &str) -> Vec<u8> {
    format!("data: {data}\n\n").into_bytes()
}

fn chunk(choices: &Value, usage: &Value) -> Vec<u8> {
    let body = json!({
        "id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 1_700_000_000,
        "model": "scripted", "choices": choices, "usage": usage,
    });
    event(&body.to_string())
}

/// A piece of the reply.
pub fn delta(text: &str) -> Vec<u8> {
    chunk(&json!([{"index": 0, "delta": {"content": text}, "finish_reason": null}]), &Value::Null)
}

/// A piece of reasoning.
pub fn reasoning(text: &str) -> Vec<u8> {
    chunk(&json!([{"index": 0, "delta": {"reasoning_content": text}, "finish_reason": null}]), &Value::Null)
}

/// The first chunk, with the role and no text.
pub fn role() -> Vec<u8> {
    chunk(&json!([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}]), &Value::Null)
}

/// A piece of a tool's call: its id and name where they are told, and a part of its arguments.
pub fn call_delta(index: usize, head: Option<(&str, &str)>, arguments: &str) -> Vec<u8> {
    let mut call = json!({"index": index, "function": {"arguments": arguments}});
    if let Some((id, name)) = head {
        call["id"] = id.into();
        call["type"] = "function".into();
        call["function"]["name"] = name.into();
    }
    chunk(&json!([{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": null}]), &Value::Null)
}

/// A whole reply that asks for tools, each by id, name and arguments: heads first, then a piece of each in turn, cut
/// after so many characters.
pub fn tool_calls(calls: &[(&str, &str, &str)], cut: usize) -> Reply {
    let mut reply = stream().bytes(role());
    for (index, (id, name, _)) in calls.iter().enumerate() {
        reply = reply.bytes(call_delta(index, Some((id, name)), ""));
    }
    let mut left: Vec<Vec<char>> = calls.iter().map(|(_, _, arguments)| arguments.chars().collect()).collect();
    while left.iter().any(|rest| !rest.is_empty()) {
        // The last call's piece comes first: no client may count on an order.
        for (index, rest) in left.iter_mut().enumerate().rev().filter(|(_, rest)| !rest.is_empty()) {
            let piece: String = rest.drain(..cut.clamp(1, rest.len())).collect();
            reply = reply.bytes(call_delta(index, None, &piece));
        }
    }
    reply.bytes(finish("tool_calls")).bytes(usage(10, 2)).bytes(done())
}

/// The chunk that says why the reply ended.
pub fn finish(reason: &str) -> Vec<u8> {
    chunk(&json!([{"index": 0, "delta": {}, "finish_reason": reason}]), &Value::Null)
}

/// The last chunk, with usage.
pub fn usage(prompt: usize, completion: usize) -> Vec<u8> {
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion});
    chunk(&json!([]), &usage)
}

pub fn done() -> Vec<u8> {
    event("[DONE]")
}

/// An open event stream without anything in it.
pub fn stream() -> Reply {
    Reply::new(200, "text/event-stream").header("x-request-id", "req-scripted")
}

/// A whole streamed reply: each token its own event, then `stop`, usage and `[DONE]`.
pub fn sse_reply<T: AsRef<str>>(tokens: &[T]) -> Reply {
    let mut reply = stream().bytes(role());
    for token in tokens {
        reply = reply.bytes(delta(token.as_ref()));
    }
    closed(reply, tokens.len())
}

/// Adds `stop`, usage of so many tokens and `[DONE]`.
pub fn closed(reply: Reply, tokens: usize) -> Reply {
    reply.bytes(finish("stop")).bytes(usage(10, tokens)).bytes(done())
}

/// Tokens at an even pace, from the first; it keeps the pace without drift.
pub fn rate<T: AsRef<str>>(tokens: &[T], per_second: f64) -> Reply {
    let mut reply = stream().bytes(role());
    for (n, token) in tokens.iter().enumerate() {
        let due = Duration::from_secs_f64(n as f64 / per_second);
        reply = reply.part(Part::Until(due)).bytes(delta(token.as_ref()));
    }
    closed(reply, tokens.len())
}

/// Tokens as fast as the socket takes them, each still its own event.
pub fn flat_out<T: AsRef<str>>(tokens: &[T]) -> Reply {
    let events = tokens.iter().map(|token| delta(token.as_ref())).collect();
    closed(stream().bytes(role()).part(Part::Flood(Arc::new(events))), tokens.len())
}

/// An error body as the original sends it.
pub fn error(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({"error": {"message": message, "type": code, "param": null, "code": code}});
    Reply::json(status, &body.to_string())
}

/// `count` tokens of realistic markdown: the sample over and over, with `end` as the very last one, in a paragraph
/// of its own. Word pieces of about four characters, as models count them.
pub fn markdown_tokens(count: usize, end: &str) -> Vec<String> {
    let pieces = pieces(SAMPLE);
    let mut tokens: Vec<String> = pieces.iter().cycle().take(count.saturating_sub(2)).cloned().collect();
    // Whatever block the count has cut into, the end stands outside of it.
    let fences = tokens.concat().lines().filter(|line| line.trim_start().starts_with("```")).count();
    tokens.push(if fences % 2 == 1 { "\n```\n\n".into() } else { "\n\n".into() });
    tokens.push(end.to_owned());
    tokens
}

/// Cuts a text as a tokeniser does: a blank goes with the word after it, long words in two or more.
pub fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        let last = piece.chars().last();
        let cut = match last {
            None => false,
            Some(last) if last.is_alphanumeric() => !c.is_alphanumeric() || piece.chars().count() >= 6,
            Some(last) if last.is_whitespace() => {
                c == '\n' && last != '\n' || last == '\n' && c != '\n' && !c.is_whitespace()
            }
            Some(last) => c != last,
        };
        if cut {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}
