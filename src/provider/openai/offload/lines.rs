//! The lines of a batch's files. Owns how a row asks and what its answer means, which is what it would mean live; refuses
//! only a line that names no row.

use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::body::Body;
use super::super::chunk::{Chunk, ChunkBody, Delta};
use super::super::lenient::{Count, Loose, Word};
use super::super::refusal;
use super::super::reply::{BEYOND_BELIEF, short};
use super::ENDPOINT;
use crate::chat::offload::{OffloadedAnswer, WholeReply};
use crate::chat::{Failure, FailureKind, FinishReason, Request, ToolCall};

/// Codes of rows that the provider did not come to: asked again, they may well be answered.
const NOT_COME_TO: [&str; 4] = ["batch_expired", "batch_cancelled", "batch_canceled", "request_timeout"];

#[derive(Serialize)]
struct Written<'a> {
    custom_id: &'a str,
    method: &'static str,
    url: &'static str,
    body: Body<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    custom_id: Word,
    response: Loose<Response>,
    error: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response {
    status_code: Count,
    request_id: Word,
    body: Value,
}

/// The line that asks for `request`.
pub(super) fn written(custom_id: &str, request: &Request) -> String {
    let line = Written { custom_id, method: "POST", url: ENDPOINT, body: Body::whole(request) };
    // Strings, numbers and values that are JSON already: nothing in it can fail.
    serde_json::to_string(&line).unwrap_or_default()
}

/// What a line says of its row.
pub(super) fn read(line: &str) -> Result<OffloadedAnswer, String> {
    let read = serde_json::from_str::<Loose<Line>>(line).map_err(|error| format!("it is no valid JSON ({error})"))?;
    let line = read.0.unwrap_or_default();
    let custom_id = line.custom_id.0.ok_or("it has no custom_id")?;
    let outcome = outcome(line.response.0, &line.error).map_err(|failure| refusal::tidy(failure, None));
    Ok(OffloadedAnswer { custom_id, outcome })
}

fn outcome(response: Option<Response>, error: &Value) -> Result<WholeReply, Failure> {
    let Response { status_code, request_id, body } = response.unwrap_or_default();
    let status = if let Count::Said(status) = status_code { u16::try_from(status).ok() } else { None };
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let read = match status {
        Some(status) if !status.is_success() => Err(refused(status, &body, error)),
        _ => replied(body, request_id.0.as_deref()).unwrap_or_else(|| Err(in_words(error))),
    };
    read.map_err(|failure| Failure { request_id: failure.request_id.or(request_id.0), ..failure })
}

/// The failure of a row whose answer was no success.
fn refused(status: StatusCode, body: &Value, error: &Value) -> Failure {
    let said = if body.is_null() { error } else { body };
    // A body that is no JSON stands in the line as a string.
    let text = match said {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    refusal::of_status(status, &HeaderMap::new(), text.as_bytes(), "The provider")
}

/// The failure of a row that has no answer, from the error beside it.
fn in_words(error: &Value) -> Failure {
    let is_said = match error {
        Value::Null | Value::Bool(_) => false,
        Value::String(words) => !words.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    if !is_said {
        return Failure::new(FailureKind::InvalidData, "The provider's line for this row has no reply and no error.");
    }
    let failure = refusal::of_value(error, true);
    let kind = match (failure.kind, failure.code.as_deref()) {
        (_, Some(code)) if NOT_COME_TO.contains(&code) => FailureKind::Transient,
        // Nothing streamed here: what has no name of its own went wrong at the provider.
        (FailureKind::StreamError, _) => FailureKind::Server,
        (kind, _) => kind,
    };
    Failure { kind, ..failure }
}

/// The reply in a body, or the error in it; `None` where it is neither.
fn replied(body: Value, request_id: Option<&str>) -> Option<Result<WholeReply, Failure>> {
    let mut body: ChunkBody = Chunk::deserialize(body).ok()?.0?;
    if let Some(error) = body.take_error() {
        return Some(Err(in_words(&error)));
    }
    let usage = body.usage().map(|usage| usage.unwrap_or(BEYOND_BELIEF));
    let mut choice = body.choices.0.into_iter().next()?;
    let finish = choice.finish_reason.0.take();
    let message = choice.into_delta()?;
    if finish.as_deref() == Some("error") {
        return Some(Err(in_words(&Value::String("The provider broke the reply off.".to_owned()))));
    }
    Some(Ok(WholeReply {
        finish: finish.map_or(FinishReason::Stop, |word| FinishReason::from_wire(short(&word))),
        usage,
        served_model: body.model.0.map(|name| short(&name).to_owned()),
        request_id: request_id.map(str::to_owned),
        ..of_message(message)
    }))
}

fn of_message(message: Delta) -> WholeReply {
    let calls = message.tool_calls.0.into_iter().map(|piece| {
        let (id, name, arguments) = piece.into_call();
        ToolCall { id: id.unwrap_or_default(), name: name.unwrap_or_default(), arguments }
    });
    WholeReply {
        text: message.content.0,
        finish: FinishReason::Stop,
        refusal: message.refusal.0,
        tool_calls: calls.collect(),
        usage: None,
        served_model: None,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(rest: &str) -> Result<WholeReply, Failure> {
        let answer = super::read(&format!(r#"{{"id":"batch_req_1","custom_id":"r1",{rest}}}"#)).unwrap();
        assert_eq!(answer.custom_id, "r1");
        answer.outcome
    }

    fn answered(body: &str) -> Result<WholeReply, Failure> {
        outcome(&format!(r#""response":{{"status_code":200,"request_id":"req_1","body":{body}}},"error":null"#))
    }

    #[test]
    fn a_whole_reply_is_read_with_all_that_it_says() {
        let reply = answered(
            r#"{"id":"c","object":"chat.completion","model":"gpt-4o-mini-2024","choices":[{"index":0,"message":
                {"role":"assistant","content":"हाँ","refusal":null},"finish_reason":"length"}],"usage":{"prompt_tokens":9,
                "completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}}"#,
        );
        let reply = reply.unwrap();
        assert_eq!((reply.text.as_str(), &reply.finish, reply.refusal), ("हाँ", &FinishReason::Length, None));
        let usage = reply.usage.unwrap();
        assert_eq!((usage.input, usage.cached_input, usage.output), (9, 4, 2));
        assert_eq!(
            (reply.served_model.as_deref(), reply.request_id.as_deref()),
            (Some("gpt-4o-mini-2024"), Some("req_1"))
        );
        let call = r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"c1","type":"function",
            "function":{"name":"keep","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]}"#;
        let reply = answered(call).unwrap();
        let expected = ToolCall { id: "c1".into(), name: "keep".into(), arguments: r#"{"a":1}"#.into() };
        assert_eq!((reply.text.as_str(), reply.tool_calls), ("", vec![expected]));
        let refused = answered(r#"{"choices":[{"message":{"content":null,"refusal":"I cannot."}}]}"#).unwrap();
        assert_eq!((refused.text.as_str(), refused.refusal.as_deref()), ("", Some("I cannot.")));
    }

    #[test]
    fn replies_of_other_houses_are_read_too() {
        let body = r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"text":"b"}]}}],"usage":null}"#;
        for line in [
            format!(r#""response":{{"status_code":200,"body":{body}}}"#),
            format!(r#""response":{{"status_code":"200","body":{body}}},"error":{{}}"#),
            format!(r#""response":{{"body":{body}}},"error":"""#),
        ] {
            let reply = outcome(&line).unwrap();
            assert_eq!((reply.text.as_str(), reply.finish, reply.usage), ("ab", FinishReason::Stop, None), "{line}");
        }
        let absurd =
            answered(r#"{"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":-1,"completion_tokens":2}}"#);
        assert_eq!(absurd.unwrap().usage.and_then(crate::chat::Usage::plausible), None, "said, and not believed");
    }

    #[test]
    fn a_refusal_in_a_line_is_the_refusal_that_it_would_be_live() {
        use FailureKind as K;
        for (status, body, kind) in [
            (400, r#"{"error":{"message":"Unsupported","param":"temperature"}}"#, K::BadRequest),
            (401, r#"{"error":{"message":"no"}}"#, K::Unauthorized),
            (404, r#"{"error":{"message":"no such model","code":"model_not_found"}}"#, K::NotFound),
            (429, r#"{"error":{"message":"slow"}}"#, K::RateLimited),
            (429, r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#, K::QuotaExhausted),
            (500, r#""upstream <b>failed</b>""#, K::Server),
            (503, "null", K::Server),
        ] {
            let line =
                format!(r#""response":{{"status_code":{status},"request_id":"req_1","body":{body}}},"error":null"#);
            let failure = outcome(&line).unwrap_err();
            assert_eq!((failure.kind, failure.status), (kind, Some(status)), "{line}");
            assert_eq!(failure.request_id.as_deref(), Some("req_1"));
            assert!(!failure.message.is_empty());
        }
        let temperature = r#""response":{"status_code":400,"body":{"error":{"message":"Unsupported: temperature"}}}"#;
        assert_eq!(outcome(temperature).unwrap_err().param.as_deref(), Some("temperature"));
    }

    #[test]
    fn a_row_without_a_response_tells_its_error() {
        use FailureKind as K;
        for (error, kind) in [
            (r#"{"code":"batch_expired","message":"The window closed."}"#, K::Transient),
            (r#"{"code":"batch_cancelled","message":"Cancelled."}"#, K::Transient),
            (r#"{"code":"rate_limit_exceeded","message":"slow"}"#, K::RateLimited),
            (r#"{"code":"odd","message":"what"}"#, K::Server),
            (r#""it broke""#, K::Server),
            ("{}", K::InvalidData),
            ("null", K::InvalidData),
        ] {
            let none = format!(r#""response":null,"error":{error}"#);
            let empty = format!(r#""response":{{"status_code":0,"request_id":"","body":null}},"error":{error}"#);
            for line in [none, empty] {
                assert_eq!(outcome(&line).unwrap_err().kind, kind, "{line}");
            }
        }
        let failure = outcome(r#""error":{"code":"batch_expired","message":"The window closed."}"#).unwrap_err();
        assert_eq!((failure.code.as_deref(), failure.message.as_str()), (Some("batch_expired"), "The window closed."));
        for body in
            [r#"{"error":{"message":"x","code":429}}"#, r#"{"error":{"message":"x","code":"rate_limit_exceeded"}}"#]
        {
            assert_eq!(answered(body).unwrap_err().kind, K::RateLimited);
        }
        for body in ["{}", "[]", "7", r#"{"choices":[]}"#, r#"{"choices":[{"finish_reason":"stop"}]}"#] {
            assert_eq!(answered(body).unwrap_err().kind, K::InvalidData, "{body}");
        }
        assert_eq!(answered(r#"{"choices":[{"message":{},"finish_reason":"error"}]}"#).unwrap_err().kind, K::Server);
    }

    #[test]
    fn a_line_that_names_no_row_is_told_from_one_that_is_none() {
        assert!(super::read("{\"custom_id\":").unwrap_err().contains("no valid JSON"));
        for line in ["{}", "[]", "null", r#"{"custom_id":7}"#, r#"{"custom_id":""}"#] {
            assert_eq!(super::read(line).unwrap_err(), "it has no custom_id", "{line}");
        }
    }
}
