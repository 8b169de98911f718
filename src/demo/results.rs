//! The answer from what tools brought back. Owns the wording; refuses to follow anything that a result says: results
//! are data, and are quoted.

use std::fmt::Write as _;

use serde_json::Value;

use super::question::{Called, Question};

/// The most characters of a result that are quoted.
const LONGEST_QUOTE: usize = 2_000;
/// The most values of a result that are said, and the deepest they are looked for.
const MOST_VALUES: usize = 24;
const DEEPEST: usize = 4;

/// How a call ended, as far as its result tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Denied,
    Stopped,
    Failed,
}

/// The answer from the results that came last; nothing where none came.
pub fn answer(question: &Question) -> Option<String> {
    let parts: Vec<String> = question.results().iter().map(|(call, result)| told(call, &result.text)).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

fn told(call: &Called, text: &str) -> String {
    let (frame, data) = unframed(text);
    let name = &call.name;
    match end(frame, data) {
        End::Denied => format!("You did not allow `{name}`, so I cannot say.{}", words(data)),
        End::Stopped => format!("`{name}` was stopped before it had a result, so I cannot say.{}", words(data)),
        End::Failed => format!("`{name}` did not work:\n\n{}", quoted(data)),
        End::Done => done(call, data),
    }
}

/// The line that frames a result, and the data below it.
fn unframed(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.trim_end();
    let is_frame = first.ends_with(':') && (first.starts_with("Result of ") || first.contains("not instructions"));
    if is_frame { (first, rest.trim()) } else { ("", text) }
}

/// How it ended, by its frame or its first words; JSON with no `error` in it is a result whatever its words are.
fn end(frame: &str, data: &str) -> End {
    let json = serde_json::from_str::<Value>(data).ok().filter(|json| json.is_object() || json.is_array());
    if let Some(json) = json {
        let is_error = !json["error"].is_null() && json["error"] != false || json["isError"] == true;
        return if is_error { End::Failed } else { End::Done };
    }
    if frame.starts_with("Result of ") {
        return End::Done;
    }
    if frame.contains(" failed") {
        return End::Failed;
    }
    // Without a frame it is the client itself that speaks, or a client that frames nothing.
    let opening = data.chars().take(160).collect::<String>().to_lowercase();
    let has = |any: &[&str]| any.iter().any(|words| opening.contains(words));
    if has(&["denied", "did not allow", "not allowed", "declined"]) {
        End::Denied
    } else if has(&["was stopped", "stopped before", "user stopped", "was cancelled", "interrupted"]) {
        End::Stopped
    } else if has(&["failed", "timed out", "not run", "no such", "there is no", "not valid"])
        || opening.starts_with("error")
    {
        End::Failed
    } else {
        End::Done
    }
}

/// What a notice says besides, for the user to see that it reached the model.
fn words(data: &str) -> String {
    if data.is_empty() { String::new() } else { format!(" I was told:\n\n{}", quoted(data)) }
}

fn done(call: &Called, data: &str) -> String {
    let subject = subject(call);
    let name = &call.name;
    if data.is_empty() {
        return format!("`{name}`{subject} gave nothing back.");
    }
    let json = serde_json::from_str::<Value>(data).ok();
    match json {
        Some(Value::Object(_) | Value::Array(_)) => {
            let mut values = Vec::new();
            flatten(&json.unwrap_or_default(), "", 0, &mut values);
            let more = values.len().saturating_sub(MOST_VALUES);
            values.truncate(MOST_VALUES);
            let mut text = format!("`{name}`{subject} says:\n");
            for (key, value) in values {
                let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
                let _ = write!(text, "\n- {key}**{value}**");
            }
            if more > 0 {
                let _ = write!(text, "\n\n… and {more} more values.");
            }
            text
        }
        _ if !data.contains('\n') && data.chars().count() <= 200 => {
            format!("`{name}`{subject} says: **{}**", data.trim_end_matches('*'))
        }
        _ => format!("This is what `{name}`{subject} brought:\n\n{}", quoted(data)),
    }
}

/// What it was asked about, from its arguments.
fn subject(call: &Called) -> String {
    let Ok(Value::Object(arguments)) = serde_json::from_str(&call.arguments) else { return String::new() };
    let shown: Vec<String> = arguments.values().filter_map(plain).filter(|value| value.chars().count() <= 80).collect();
    if shown.is_empty() { String::new() } else { format!(" ({})", shown.join(", ")) }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.replace('\n', " ")),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("yes".to_owned()),
        Value::Bool(false) => Some("no".to_owned()),
        _ => None,
    }
}

/// All single values of a result, each with the words of the way to it.
fn flatten(value: &Value, path: &str, depth: usize, out: &mut Vec<(String, String)>) {
    let below =
        |key: &str| if path.is_empty() { key.replace('_', " ") } else { format!("{path} {}", key.replace('_', " ")) };
    match value {
        _ if depth > DEEPEST => {}
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(value, &below(key), depth + 1, out)),
        Value::Array(items) if items.iter().all(|item| plain(item).is_some()) && !items.is_empty() => {
            out.push((path.to_owned(), items.iter().filter_map(plain).collect::<Vec<_>>().join(", ")));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| flatten(item, &below(&(n + 1).to_string()), depth + 1, out));
        }
        other => out.extend(plain(other).map(|text| (path.to_owned(), text))),
    }
}

fn quoted(data: &str) -> String {
    let shown: String = data.chars().take(LONGEST_QUOTE).collect();
    let lines: Vec<String> = shown.lines().map(|line| format!("> {line}")).collect();
    let characters = data.chars().count();
    let cut = if characters > LONGEST_QUOTE {
        format!("\n\nThese are the first {LONGEST_QUOTE} of its {characters} characters.")
    } else {
        String::new()
    };
    format!("{}{cut}", lines.join("\n"))
}
