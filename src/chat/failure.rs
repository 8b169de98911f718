//! What went wrong with one attempt, typed; what to do about it is decided in `session/retry`.

use std::time::Duration;

/// The kind of a failure: what retry and fallback decide on, and what the user's sentence is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    // Before the server answered
    /// No key is known for the endpoint, or the key cannot be sent.
    NoKey,
    /// The host's name was not found.
    Dns,
    /// Refused, reset or unreachable before any answer.
    Connect,
    /// The certificate or the handshake failed.
    Tls,
    /// Nothing came within the connect or first-token limit.
    Timeout,
    // What the server answered
    /// 400, 413, 422 and other statuses that mean "this request is wrong".
    BadRequest,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404: no such model, or no such path.
    NotFound,
    /// 429.
    RateLimited,
    /// 429 or 402 with `insufficient_quota`: money, not speed.
    QuotaExhausted,
    /// 408 or 409.
    Transient,
    /// 500, 502, 503, 504.
    Server,
    /// A redirect, which is not followed, since the key must not travel to another host.
    Redirect,
    /// Status 200 whose body is no event stream.
    NotAStream,
    // While it streamed
    /// An `error` object inside the stream.
    StreamError,
    /// A line that is no valid event.
    InvalidData,
    /// The connection ended before the reply did.
    Cut,
    /// Silence longer than the limit, after some text.
    Stalled,
    /// The whole turn took longer than the limit.
    TurnTooLong,
    /// The reply grew past what is kept in memory.
    TooLarge,
    /// A fault of this program, such as a panic in a task.
    Internal,
}

/// One failed attempt, as the provider adapter reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// What the server or the library said, raw: sanitise before showing.
    pub message: String,
    pub status: Option<u16>,
    pub request_id: Option<String>,
    /// How long the server asked to wait; already a duration, dates resolved.
    pub retry_after: Option<Duration>,
    /// The field that the server refused (`error.param`), or that its message names.
    pub param: Option<String>,
    /// The server's own code (`error.code`, else `error.type`).
    pub code: Option<String>,
}

impl Failure {
    /// A failure with nothing but its kind and words.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            request_id: None,
            retry_after: None,
            param: None,
            code: None,
        }
    }

    /// A short name for attributions such as "answered by B (A: 503)".
    #[must_use]
    pub fn short(&self) -> String {
        if let Some(status) = self.status.filter(|status| *status >= 400) {
            return status.to_string();
        }
        match self.kind {
            FailureKind::NoKey => "no key",
            FailureKind::Dns => "host not found",
            FailureKind::Connect => "no connection",
            FailureKind::Tls => "TLS",
            FailureKind::Timeout => "no answer",
            FailureKind::NotFound => "not found",
            FailureKind::RateLimited => "rate limit",
            FailureKind::QuotaExhausted => "quota",
            FailureKind::StreamError => "error in the stream",
            FailureKind::InvalidData | FailureKind::NotAStream => "invalid data",
            FailureKind::Cut => "cut off",
            FailureKind::Stalled => "stalled",
            FailureKind::TurnTooLong => "too long",
            FailureKind::TooLarge => "too large",
            FailureKind::Redirect => "redirect",
            FailureKind::BadRequest
            | FailureKind::Unauthorized
            | FailureKind::Forbidden
            | FailureKind::Transient
            | FailureKind::Server => "refused",
            FailureKind::Internal => "internal error",
        }
        .to_owned()
    }
}
