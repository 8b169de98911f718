//! What comes back: an answer and how it ends, or a refusal in the original's words. Owns their shapes; refuses rules and
//! the wire.

use serde_json::{Value, json};

/// What is done with a question.
#[derive(Debug)]
pub enum Outcome {
    Answer(Answer),
    Refusal(Refusal),
    /// The request is taken and nothing comes back, not even a status.
    Silence,
}

/// A reply's text and the way it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub reasoning: String,
    pub text: String,
    /// What it asks to have done, after its text.
    pub calls: Vec<Call>,
    pub ending: Ending,
    /// The pace, in percent of the model's.
    pub percent: u32,
    /// The rate-limit headers say that next to nothing is left.
    pub low: bool,
}

impl Answer {
    pub fn new(text: impl Into<String>) -> Self {
        let ending = Ending::Finished("stop");
        Self { reasoning: String::new(), text: text.into(), calls: Vec::new(), ending, percent: 100, low: false }
    }
    pub fn calls(calls: Vec<Call>) -> Self {
        Self { calls, ..Self::ends("", Ending::Finished("tool_calls")) }
    }
    pub fn ends(text: &str, ending: Ending) -> Self {
        Self { ending, ..Self::new(text) }
    }
}

/// A tool to be called, with its arguments as they are written, whether they are JSON or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    pub arguments: String,
}

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With this finish reason, usage where it was asked for, and `[DONE]`.
    Finished(&'static str),
    /// It does not: nothing more comes, and the connection stays open.
    Stalled,
    /// The connection ends in the middle.
    Cut,
    /// A line that is no JSON, and then the end.
    Malformed,
    /// An `error` object in place of a chunk.
    Reported,
}

/// A refusal: status and error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub message: String,
    pub kind: &'static str,
    pub param: Option<String>,
    pub code: Option<&'static str>,
    /// Seconds.
    pub retry_after: Option<u32>,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, code: Option<&'static str>, message: &str) -> Self {
        Self { status, message: message.to_owned(), kind, param: None, code, retry_after: None }
    }
    pub fn invalid(message: &str, param: Option<&str>) -> Self {
        Self { param: param.map(str::to_owned), ..Self::new(400, "invalid_request_error", None, message) }
    }
    pub fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
    pub fn context(most: usize, asked: usize) -> Self {
        let message = format!(
            "This model's maximum context length is {most} tokens. However, your messages resulted in {asked} tokens. Please reduce the length of the messages."
        );
        let code = Some("context_length_exceeded");
        Self { param: Some("messages".to_owned()), ..Self::new(400, "invalid_request_error", code, &message) }
    }
    pub fn bad_key() -> Self {
        let message = "Incorrect API key provided. (The demo refuses it because you asked it to: give any other key, and send the message again.)";
        Self::new(401, "invalid_request_error", Some("invalid_api_key"), message)
    }
    pub fn forbidden() -> Self {
        let message = "Your project does not have access to this model.";
        Self::new(403, "invalid_request_error", Some("model_not_allowed"), message)
    }
    pub fn unknown_model(name: &str) -> Self {
        let message = format!(
            "The model '{name}' does not exist in the demo, or you do not have access to it. It has demo-mini, demo-large, demo-thinker and demo-down."
        );
        Self {
            param: Some("model".to_owned()),
            ..Self::new(404, "invalid_request_error", Some("model_not_found"), &message)
        }
    }
    pub fn unknown_embedding_model(name: &str, known: &[&str]) -> Self {
        let message = format!("The model '{name}' gives no vectors in the demo. These do: {}.", known.join(", "));
        Self {
            param: Some("model".to_owned()),
            ..Self::new(404, "invalid_request_error", Some("model_not_found"), &message)
        }
    }
    pub fn unknown_route(path: &str) -> Self {
        Self::new(404, "invalid_request_error", Some("unknown_url"), &format!("Unknown request URL: {path}."))
    }
    pub fn wrong_method() -> Self {
        Self::new(405, "invalid_request_error", Some("method_not_supported"), "This address takes another method.")
    }
    pub fn rate_limited() -> Self {
        let message = "Rate limit reached for requests per minute (RPM). Please try again in 3s.";
        let refusal = Self::new(429, "requests", Some("rate_limit_exceeded"), message);
        Self { retry_after: Some(3), ..refusal }
    }
    pub fn quota() -> Self {
        let message = "You exceeded your current quota, please check your plan and billing details.";
        Self::new(429, "insufficient_quota", Some("insufficient_quota"), message)
    }
    pub fn overloaded() -> Self {
        Self::new(503, "server_error", None, "The server is overloaded or not ready yet.")
    }

    /// The error body.
    pub fn body(&self) -> Value {
        json!({"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}})
    }
}
