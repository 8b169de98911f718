//! What to do about a failed attempt: pure policy, after DESIGN's section on the wire.

use std::time::Duration;

use crate::chat::{Failure, FailureKind, Request, ResponseFormat, RetryPolicy, ToolChoice};

/// A field of the request that some models refuse and that a request can do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Temperature,
    /// The output limit under its present name; the other name is tried.
    OutputLimit,
    StreamOptions,
    Tools,
    ToolChoice,
    /// A schema that the answer is held to; JSON mode is tried instead.
    JsonSchema,
    /// JSON mode.
    JsonMode,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same model again, after a wait.
    Again { after: Duration },
    /// The same model again at once, without the field it refused.
    Without(Field),
    /// The next model of the chain.
    Next,
    /// The turn is over.
    GiveUp,
}

/// What is known when an attempt has failed.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub failure: &'a Failure,
    pub request: &'a Request,
    /// Attempts made at this model, the failed one included.
    pub tries: u32,
    /// Whether anything of the reply had come: then nothing is ever made again by itself.
    pub has_content: bool,
    pub has_next_model: bool,
    /// Up to a second.
    pub jitter: Duration,
}

/// Decides. Never retries, and never changes the model, after the first token.
#[must_use]
pub fn decide(situation: Situation<'_>, policy: &RetryPolicy) -> Verdict {
    let Situation { failure, request, tries, has_content, has_next_model, jitter } = situation;
    if has_content {
        return Verdict::GiveUp;
    }
    if let Some(field) = refused_field(failure, request) {
        return Verdict::Without(field);
    }
    match (again(failure, tries, jitter, policy), reaction(failure.kind)) {
        (Some(after), _) => Verdict::Again { after },
        (None, Reaction::Retry | Reaction::NextModel) if has_next_model => Verdict::Next,
        _ => Verdict::GiveUp,
    }
}

/// Whether a request of any kind is made again after its `tries`-th failure, and after which wait.
#[must_use]
pub fn again(failure: &Failure, tries: u32, jitter: Duration, policy: &RetryPolicy) -> Option<Duration> {
    match reaction(failure.kind) {
        Reaction::Retry if tries < policy.attempts => wait(failure, tries, jitter, policy),
        _ => None,
    }
}

enum Reaction {
    Retry,
    NextModel,
    Stop,
}

fn reaction(kind: FailureKind) -> Reaction {
    match kind {
        FailureKind::Dns
        | FailureKind::Connect
        | FailureKind::Timeout
        | FailureKind::Transient
        | FailureKind::RateLimited
        | FailureKind::Server
        | FailureKind::Cut => Reaction::Retry,
        FailureKind::NotFound
        | FailureKind::QuotaExhausted
        | FailureKind::Tls
        | FailureKind::NotAStream
        | FailureKind::StreamError
        | FailureKind::InvalidData
        | FailureKind::Redirect
        | FailureKind::Stalled => Reaction::NextModel,
        FailureKind::NoKey
        | FailureKind::BadRequest
        | FailureKind::Unauthorized
        | FailureKind::Forbidden
        | FailureKind::TurnTooLong
        | FailureKind::TooLarge
        | FailureKind::Internal => Reaction::Stop,
    }
}

/// How long to wait before attempt `tries` + 1: what the server asks, never less; else 2^n seconds and
/// a random part of one (n from 0), at most the policy's longest. `None` where the server asks for too long.
fn wait(failure: &Failure, tries: u32, jitter: Duration, policy: &RetryPolicy) -> Option<Duration> {
    if let Some(asked) = failure.retry_after {
        return (asked <= policy.longest_asked).then_some(asked);
    }
    let doubled = Duration::from_secs(1u64 << tries.saturating_sub(1).min(16));
    Some((doubled + jitter).min(policy.longest_backoff))
}

/// The field that a 400 or 422 names, where the request carried it and can do without.
#[must_use]
pub fn refused_field(failure: &Failure, request: &Request) -> Option<Field> {
    if failure.kind != FailureKind::BadRequest {
        return None;
    }
    let param = failure.param.as_deref()?;
    match param {
        "temperature" if request.temperature.is_some() => Some(Field::Temperature),
        "stream_options" | "stream_options.include_usage" if request.include_usage => Some(Field::StreamOptions),
        "tools" if !request.tools.is_empty() => Some(Field::Tools),
        "tool_choice" if !request.tools.is_empty() && request.tool_choice != ToolChoice::Auto => {
            Some(Field::ToolChoice)
        }
        "response_format" => match request.format.as_ref()? {
            ResponseFormat::Strict(_) => Some(Field::JsonSchema),
            ResponseFormat::JsonObject => Some(Field::JsonMode),
        },
        name => {
            let limit = request.output_limit?;
            (name == limit.field.as_str()).then_some(Field::OutputLimit)
        }
    }
}
