//! What a provider says of files and batches, read as leniently as they write it. Owns the fields' names and wrappings;
//! refuses only what has no id.

use serde::Deserialize;
use serde_json::Value;

use super::super::lenient::{Count, Loose, Word};
use super::super::refusal;
use crate::chat::offload::{RemoteBatch, RemoteStatus};
use crate::chat::{Failure, FailureKind};

/// The most errors of one batch that are kept.
const MOST_ERRORS: usize = 100;

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireFile {
    id: Word,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireBatch {
    id: Word,
    status: Word,
    input_file_id: Word,
    /// An empty word is no file: some send one until there is a file.
    output_file_id: Word,
    error_file_id: Word,
    request_counts: Loose<Counts>,
    created_at: Count,
    expires_at: Count,
    errors: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    total: Count,
    completed: Count,
    failed: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireError {
    code: Word,
    message: Word,
    line: Count,
}

fn said(count: Count) -> Option<u64> {
    if let Count::Said(count) = count { Some(count) } else { None }
}

impl WireBatch {
    fn into_batch(self) -> Option<RemoteBatch> {
        let counts = self.request_counts.0.unwrap_or_default();
        let count = |count| said(count).unwrap_or(0);
        let moment = |count| said(count).and_then(|seconds| i64::try_from(seconds).ok());
        Some(RemoteBatch {
            id: self.id.0?,
            status: RemoteStatus::from_wire(&self.status.0.unwrap_or_default()),
            input_file: self.input_file_id.0.unwrap_or_default(),
            output_file: self.output_file_id.0,
            error_file: self.error_file_id.0,
            total: count(counts.total),
            completed: count(counts.completed),
            failed: count(counts.failed),
            created_at: moment(self.created_at),
            expires_at: moment(self.expires_at),
            errors: errors(&self.errors),
        })
    }
}

/// The sentences in a list of errors, in the `data` of one, or in a word.
fn errors(value: &Value) -> Vec<String> {
    match value.get("data").unwrap_or(value) {
        Value::Array(errors) => errors.iter().filter_map(error).take(MOST_ERRORS).collect(),
        one => error(one).into_iter().collect(),
    }
}

fn error(value: &Value) -> Option<String> {
    if let Some(words) = value.as_str() {
        return Some(refusal::squeezed(words)).filter(|words| !words.is_empty());
    }
    let WireError { code, message, line } = WireError::deserialize(value).ok()?;
    let words = match (message.0, code.0) {
        (Some(message), Some(code)) => format!("{message} ({code})"),
        (one, other) => one.or(other)?,
    };
    let place = said(line).map(|line| format!("line {line}: ")).unwrap_or_default();
    Some(refusal::squeezed(&format!("{place}{words}")))
}

/// The failure of a success that is not what was asked for: an error in it, else a wrong address.
fn not_with(what: &str, value: Option<&Value>, host: &str) -> Failure {
    value.filter(|value| refusal::has_error(value)).map_or_else(
        || {
            let words = format!("{host} answered, but not with {what}: check the address.");
            Failure::new(FailureKind::InvalidData, words)
        },
        |value| refusal::of_value(value, true),
    )
}

/// The id of a file that was sent up.
pub(super) fn file_id(answer: &[u8], host: &str) -> Result<String, Failure> {
    let value = serde_json::from_slice::<Value>(answer).ok();
    let file = value.as_ref().and_then(|value| WireFile::deserialize(value).ok());
    file.and_then(|file| file.id.0).ok_or_else(|| not_with("the id of the file", value.as_ref(), host))
}

/// The batch that an answer is, or that stands in its `job`, as Together's do.
pub(super) fn batch(answer: &[u8], host: &str) -> Result<RemoteBatch, Failure> {
    let value = serde_json::from_slice::<Value>(answer).ok();
    value.as_ref().and_then(of_value).ok_or_else(|| not_with("a batch", value.as_ref(), host))
}

fn of_value(value: &Value) -> Option<RemoteBatch> {
    let value = value.get("job").filter(|job| job.is_object()).unwrap_or(value);
    Loose::<WireBatch>::deserialize(value).ok()?.0?.into_batch()
}

/// The batches of a list, newest first whatever their order was.
pub(super) fn batches(answer: &[u8], host: &str) -> Result<Vec<RemoteBatch>, Failure> {
    let value = serde_json::from_slice::<Value>(answer).ok();
    let rows = value.as_ref().and_then(|value| value.get("data").unwrap_or(value).as_array());
    let rows = rows.ok_or_else(|| not_with("a list of batches", value.as_ref(), host))?;
    let mut batches: Vec<_> = rows.iter().filter_map(of_value).collect();
    batches.sort_by_key(|batch| std::cmp::Reverse(batch.created_at));
    Ok(batches)
}
