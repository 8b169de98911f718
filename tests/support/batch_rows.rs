//! The lines of a batch's files, as the original checks and writes them. Owns the limits and the order, which is never
//! that of the input; refuses to know what is asked in them.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::batch_api::Rule;
use super::replies;
use super::server::Reply;

const MOST_ROWS: usize = 50_000;
const MOST_BYTES: usize = 200_000_000;

/// What happens to the rows that were not come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    None,
    Expired,
    Cancelled,
}

/// The two files that come of a batch, and how many rows there were, went well, and did not.
pub struct Answers {
    pub output: String,
    pub refused: String,
    pub counts: [usize; 3],
}

/// What is wrong with a file: the first fault of each kind that stops the reading, else each line's.
pub fn errors(text: &str) -> Vec<Value> {
    let error = |code: &str, message: &str, line: Option<usize>| json!({"code": code, "message": message, "param": null, "line": line});
    let rows = text.lines().count();
    if rows == 0 {
        return vec![error("empty_file", "The batch input file is empty.", None)];
    }
    if rows > MOST_ROWS {
        return vec![error("too_many_tasks", &format!("The file has {rows} requests; at most {MOST_ROWS} fit."), None)];
    }
    if text.len() > MOST_BYTES {
        return vec![error("file_too_large", "The file has more than 200 MB.", None)];
    }
    let (mut seen, mut model, mut errors) = (HashSet::new(), None, Vec::new());
    for (at, line) in text.lines().enumerate() {
        let mut wrong = |code: &str, message: &str| errors.push(error(code, message, Some(at + 1)));
        let Ok(row) = serde_json::from_str::<Value>(line) else {
            wrong("invalid_json_line", "This line is not parseable as valid JSON.");
            continue;
        };
        let id = row["custom_id"].as_str().unwrap_or_default();
        if id.is_empty() {
            wrong("missing_required_parameter", "custom_id is missing.");
        } else if !seen.insert(id.to_owned()) {
            wrong("duplicate_custom_id", &format!("The custom_id '{id}' was used before."));
        }
        if row["method"] != "POST" || row["url"] != "/v1/chat/completions" {
            wrong("mismatched_url", "The method or the url is not the batch's.");
        }
        if row["body"].get("stream").is_some_and(|stream| stream == true) {
            wrong("invalid_request", "Streaming is not supported in a batch.");
        }
        let its = row["body"]["model"].as_str().unwrap_or_default();
        if *model.get_or_insert_with(|| its.to_owned()) != its {
            wrong("mismatched_model", "All requests of a batch must have the same model.");
        }
    }
    errors
}

/// Answers the first `most` rows, and says of the others what became of them.
pub fn answers(text: &str, most: usize, rest: Rest, rule: &Rule) -> Answers {
    let mut rows: Vec<(usize, &str)> = text.lines().enumerate().collect();
    let total = rows.len();
    // In an order that is always the same and never the file's.
    rows.sort_by_key(|(at, _)| (at.wrapping_add(1).wrapping_mul(0x9E37_79B1) >> 7) & 0xFFFF);
    let (mut output, mut refused, mut counts) = (String::new(), String::new(), [total, 0, 0]);
    for (at, line) in rows {
        let row: Value = serde_json::from_str(line).unwrap_or_default();
        let told = |response: Value, error: Value| json!({"id": format!("batch_req_{at}"), "custom_id": row["custom_id"], "response": response, "error": error});
        if at >= most {
            let (code, message) = match rest {
                Rest::None => continue,
                Rest::Expired => {
                    ("batch_expired", "This request could not be executed before the completion window expired.")
                }
                Rest::Cancelled => ("batch_cancelled", "This request was not executed, since the batch was cancelled."),
            };
            let _ = writeln!(refused, "{}", told(Value::Null, json!({"code": code, "message": message})));
            counts[2] += 1;
            continue;
        }
        let (status, body) = rule(&row["body"]);
        let answer = told(json!({"status_code": status, "request_id": format!("req_{at}"), "body": body}), Value::Null);
        let (file, count) = if status == 200 { (&mut output, 1) } else { (&mut refused, 2) };
        let _ = writeln!(file, "{answer}");
        counts[count] += 1;
    }
    Answers { output, refused, counts }
}

/// A live answer by the rule: streamed where that was asked for.
pub fn live(asked: &Value, rule: &Rule) -> Reply {
    let (status, body) = rule(asked);
    if status != 200 || asked["stream"] != true {
        return Reply::json(status, &body.to_string());
    }
    let choice = &body["choices"][0];
    let tokens = |name: &str| body["usage"][name].as_u64().unwrap_or(0) as usize;
    let mut reply = replies::stream().bytes(replies::role());
    if let Some(text) = choice["message"]["content"].as_str() {
        reply = reply.bytes(replies::delta(text));
    }
    for (index, call) in choice["message"]["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let word = |pointer: &str| call.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let head = Some((word("/id"), word("/function/name")));
        reply = reply.bytes(replies::call_delta(index, head, word("/function/arguments")));
    }
    let reply = reply.bytes(replies::finish(choice["finish_reason"].as_str().unwrap_or("stop")));
    reply.bytes(replies::usage(tokens("prompt_tokens"), tokens("completion_tokens"))).bytes(replies::done())
}
