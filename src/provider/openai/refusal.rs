//! Refusals: what a server says instead of a reply. Owns the reading of error bodies of any shape and the kind
//! that each status means; refuses to pass on pages of HTML, or the key.

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::headers;
use crate::chat::{Failure, FailureKind};

/// The most characters of a server's words that are kept.
const LONGEST_MESSAGE: usize = 300;

/// Fields that the session can leave out or rename, as they are named in messages.
const KNOWN_FIELDS: [&str; 7] =
    ["temperature", "max_tokens", "max_completion_tokens", "stream_options", "tools", "tool_choice", "response_format"];

/// Codes that mean money and not speed.
const QUOTA_CODES: [&str; 5] = [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "insufficient_balance",
    "credit_exhausted",
    "billing_not_active",
];

/// What a status other than success means.
fn kind_of(status: u16, code: Option<&str>) -> FailureKind {
    match status {
        402 => FailureKind::QuotaExhausted,
        429 if code.is_some_and(|code| QUOTA_CODES.contains(&code)) => FailureKind::QuotaExhausted,
        429 => FailureKind::RateLimited,
        300..=399 => FailureKind::Redirect,
        401 => FailureKind::Unauthorized,
        403 => FailureKind::Forbidden,
        404 => FailureKind::NotFound,
        408 | 409 => FailureKind::Transient,
        501 | 505 => FailureKind::BadRequest,
        500.. => FailureKind::Server,
        _ => FailureKind::BadRequest,
    }
}

/// The failure of a response that is no success.
pub(super) fn of_status(status: StatusCode, head: &http::HeaderMap, body: &[u8], host: &str) -> Failure {
    let text = String::from_utf8_lossy(body);
    let mut failure = match serde_json::from_str::<Value>(&text) {
        Ok(value) => read(&value),
        Err(_) => Failure::new(FailureKind::Server, text.trim()),
    };
    failure.kind = kind_of(status.as_u16(), failure.code.as_deref());
    if failure.kind == FailureKind::Redirect {
        failure.message = redirect_words(head, host);
    } else if failure.message.is_empty() {
        failure.message = format!("{host} answered {status} and said no more.");
    }
    if failure.kind != FailureKind::BadRequest {
        failure.param = None;
    }
    failure.status = Some(status.as_u16());
    failure.request_id = headers::request_id(head);
    failure.retry_after = headers::retry_after(head).or(failure.retry_after);
    failure
}

fn redirect_words(head: &http::HeaderMap, host: &str) -> String {
    let to = head
        .get(http::header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|address| reqwest::Url::parse(address).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    let to = to.map(|host| format!(" to {host}")).unwrap_or_default();
    format!(
        "{host} redirects{to}, which is not followed since the key must not travel: put the final address into the config."
    )
}

/// The failure of a response that says success and is no event stream.
pub(super) fn of_other_content(content_type: &str, body: &[u8], host: &str) -> Failure {
    let error = serde_json::from_slice::<Value>(body).ok().filter(has_error);
    error.map_or_else(
        || {
            let words = format!("{host} answered with {content_type} where an event stream was asked for: check the address, it usually ends in /v1.");
            Failure::new(FailureKind::NotAStream, words)
        },
        |value| of_value(&value, true),
    )
}

pub(super) fn has_error(value: &Value) -> bool {
    let value = value.get(0).unwrap_or(value);
    value.get("error").is_some_and(|error| !error.is_null()) || value.get("object").is_some_and(|word| word == "error")
}

/// The failure that an error object inside a success means. Before anything of the reply came, a status in it
/// says how to go on; afterwards it is a broken stream.
pub(super) fn of_value(value: &Value, before_reply: bool) -> Failure {
    let mut failure = read(value);
    failure.kind = match failure.status {
        Some(status) if before_reply => kind_of(status, failure.code.as_deref()),
        _ if before_reply => failure.code.as_deref().map_or(FailureKind::StreamError, kind_of_code),
        _ => FailureKind::StreamError,
    };
    if failure.kind != FailureKind::BadRequest {
        failure.param = None;
    }
    if failure.message.is_empty() {
        failure.message.push_str("The server reported an error and did not say which.");
    }
    failure
}

fn kind_of_code(code: &str) -> FailureKind {
    match code {
        code if QUOTA_CODES.contains(&code) => FailureKind::QuotaExhausted,
        "rate_limit_exceeded" | "rate_limit_error" | "RESOURCE_EXHAUSTED" => FailureKind::RateLimited,
        "invalid_api_key" | "authentication_error" => FailureKind::Unauthorized,
        "permission_error" => FailureKind::Forbidden,
        "model_not_found" | "not_found_error" => FailureKind::NotFound,
        "invalid_request_error" | "context_length_exceeded" => FailureKind::BadRequest,
        "server_error" | "overloaded_error" | "api_error" | "internal_server_error" | "UNAVAILABLE" => {
            FailureKind::Server
        }
        _ => FailureKind::StreamError,
    }
}

/// Reads an error body: `{error: {…}}`, `{error: "…"}`, the object alone, a list in `detail`, or an array around it.
fn read(value: &Value) -> Failure {
    let value = value.get(0).unwrap_or(value);
    let error = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
    let word = |name: &str| error.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut message =
        [error.as_str(), word("message"), value.get("message").and_then(Value::as_str), word("detail"), word("title")]
            .into_iter()
            .flatten()
            .next()
            .map_or_else(|| details(error), str::to_owned);
    // OpenRouter says only "Provider returned error", and what that was beside it.
    if let Some(raw) = error.pointer("/metadata/raw").and_then(Value::as_str) {
        message = format!("{message}: {raw}");
    }
    let number = |name: &str| {
        let value = error.get(name).or_else(|| value.get(name))?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok()).filter(|status| (400..600).contains(status))
    };
    let status = number("code").or_else(|| number("status")).or_else(|| number("status_code"));
    let code = [word("code"), word("status"), word("type")]
        .into_iter()
        .flatten()
        .find(|word| word.parse::<f64>().is_err() && *word != "error");
    let param = word("param").map(known).or_else(|| named_in(&message));
    let retry_after = error
        .get("details")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find_map(|detail| detail.get("retryDelay").and_then(Value::as_str).and_then(headers::spelled));
    Failure {
        status: status.map(|status| status as u16),
        code: code.map(str::to_owned),
        param,
        retry_after,
        ..Failure::new(FailureKind::StreamError, message)
    }
}

/// What is wrong where, as validators in front of a model list it.
fn details(error: &Value) -> String {
    let list = error.get("detail").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told = list.iter().filter_map(|item| {
        let words = item.get("msg")?.as_str()?;
        let place = item.get("loc").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let place: Vec<_> = place.iter().filter_map(Value::as_str).collect();
        Some(format!("{}: {words}", place.join(".")))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// `stream_options.include_usage` is about `stream_options`; `tools[0].function.parameters` is about one tool, and not
/// about tools as such.
fn known(param: &str) -> String {
    if param.starts_with("tools") {
        return param.to_owned();
    }
    let field = param.split(['.', '[']).next().unwrap_or(param);
    if KNOWN_FIELDS.contains(&field) { field.to_owned() } else { param.to_owned() }
}

/// The first known field that a message names: the one refused; what it recommends instead comes later.
fn named_in(message: &str) -> Option<String> {
    message
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .find(|word| KNOWN_FIELDS.contains(word))
        .map(str::to_owned)
}

/// Cuts the key out of what a server said, and a page down to a line.
pub(super) fn tidy(mut failure: Failure, key: Option<&SecretString>) -> Failure {
    let hide = |text: &str| match key.map(|key| key.expose_secret().trim()) {
        Some(key) if text.contains(key) => text.replace(key, "sk-…"),
        _ => text.to_owned(),
    };
    let message = hide(&failure.message);
    let start = message.trim_start();
    failure.message = squeezed(if start.starts_with('<') { plain(start) } else { message }.as_str());
    for field in [&mut failure.code, &mut failure.param, &mut failure.request_id].into_iter().flatten() {
        *field = squeezed(&hide(field));
    }
    failure
}

/// One line, of a bounded length.
pub(super) fn squeezed(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A page's title, else its words without tags.
fn plain(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| Some(at + lower[at..].find('>')? + 1));
    let title = title.and_then(|from| Some(html[from..from + lower[from..].find("</title")?].trim()));
    if let Some(title) = title.filter(|title| !title.is_empty()) {
        return title.to_owned();
    }
    let mut words = String::new();
    for (at, piece) in html.split('<').enumerate() {
        let text = if at == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) };
        words.push(' ');
        words.push_str(text);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(status: u16, body: &str) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        tidy(of_status(status, &http::HeaderMap::new(), body.as_bytes(), "h"), None)
    }

    #[test]
    fn bodies_of_any_shape_give_their_words() {
        for (body, words) in [
            (r#"{"error":{"message":"No such model","code":"model_not_found"}}"#, "No such model"),
            (r#"{"error":"model 'x' not found"}"#, "model 'x' not found"),
            (r#"{"object":"error","message":"wrong","code":404}"#, "wrong"),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (r#"{"detail":[{"loc":["body","temperature"],"msg":"too hot"}]}"#, "body.temperature: too hot"),
            (r#"[{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}]"#, "gone"),
            ("<html><head><title>404 Not\n Found</title></head><body>x</body></html>", "404 Not Found"),
            ("<!doctype html><h1>Bad</h1><p>luck</p>", "Bad luck"),
            ("  plain\n\twords ", "plain words"),
            ("", "h answered 404 Not Found and said no more."),
            ("{}", "h answered 404 Not Found and said no more."),
        ] {
            assert_eq!(refuse(404, body).message, words, "{body}");
        }
        assert_eq!(refuse(500, &"ह".repeat(1000)).message.chars().count(), LONGEST_MESSAGE + 1);
    }

    #[test]
    fn the_refused_field_is_found_by_name_or_in_the_words() {
        let param = |body: &str| refuse(400, body).param;
        assert_eq!(param(r#"{"error":{"message":"x","param":"temperature"}}"#).as_deref(), Some("temperature"));
        let named =
            r#"{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.","param":null}}"#;
        assert_eq!(param(named).as_deref(), Some("max_tokens"));
        let nested = r#"{"error":{"message":"no","param":"stream_options.include_usage"}}"#;
        assert_eq!(param(nested).as_deref(), Some("stream_options"));
        assert_eq!(param(r#"{"error":{"message":"too long","param":"messages"}}"#).as_deref(), Some("messages"));
        assert_eq!(param(r#"{"error":{"message":"too long"}}"#), None);
        let without = r#"{"error":{"message":"registry.example/library/x does not support tools"}}"#;
        assert_eq!(param(without).as_deref(), Some("tools"));
        let one = r#"{"error":{"message":"Invalid schema","param":"tools[0].function.parameters"}}"#;
        assert_eq!(param(one).as_deref(), Some("tools[0].function.parameters"), "one tool is wrong, and not tools");
        let format = r#"{"error":{"message":"no","param":"response_format.json_schema"}}"#;
        assert_eq!(param(format).as_deref(), Some("response_format"));
    }

    #[test]
    fn row_15_each_status_has_its_kind() {
        use FailureKind as K;
        for (status, kind) in [
            (400, K::BadRequest),
            (401, K::Unauthorized),
            (402, K::QuotaExhausted),
            (403, K::Forbidden),
            (404, K::NotFound),
            (408, K::Transient),
            (409, K::Transient),
            (413, K::BadRequest),
            (418, K::BadRequest),
            (422, K::BadRequest),
            (429, K::RateLimited),
            (500, K::Server),
            (501, K::BadRequest),
            (502, K::Server),
            (503, K::Server),
            (504, K::Server),
            (529, K::Server),
            (301, K::Redirect),
            (308, K::Redirect),
        ] {
            assert_eq!(refuse(status, "{}").kind, kind, "{status}");
        }
        let quota = r#"{"error":{"message":"You exceeded your quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        assert_eq!(refuse(429, quota).kind, K::QuotaExhausted);
    }

    #[test]
    fn a_key_that_a_server_repeats_is_cut_out() {
        let key: SecretString = "sk-very-secret-1234".into();
        let failure = Failure::new(FailureKind::Unauthorized, "Incorrect API key: sk-very-secret-1234.");
        assert_eq!(tidy(failure, Some(&key)).message, "Incorrect API key: sk-….");
    }
}
