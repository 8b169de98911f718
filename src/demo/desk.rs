//! What the server remembers between requests: how often the same question came, which key it came with, how much of
//! the pretended rate limit is used. Owns that state and the headers made from it; refuses to keep any text.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Pace;
use super::answer::{Answer, Outcome, Refusal};
use super::question::Question;
use super::rules::{self, Ruling, Until};

/// The pretended limits of a minute.
const REQUESTS_A_MINUTE: u64 = 600;
const TOKENS_A_MINUTE: u64 = 1_000_000;
const MINUTE: Duration = Duration::from_mins(1);
/// Refused questions that are remembered; then the book is begun anew.
const MOST_REMEMBERED: usize = 10_000;

/// What is known of a question that was refused.
struct Refused {
    times: u32,
    key: String,
}

#[derive(Default)]
struct Used {
    since: Option<Instant>,
    requests: u64,
    tokens: u64,
}

/// The server's state.
pub struct Desk {
    pub pace: Pace,
    /// Fires when the server is dropped.
    pub closing: CancellationToken,
    served: AtomicU64,
    refused: Mutex<HashMap<u64, Refused>>,
    used: Mutex<Used>,
}

impl Desk {
    pub fn new(pace: Pace, closing: CancellationToken) -> Self {
        Self {
            pace,
            closing,
            served: AtomicU64::new(0),
            refused: Mutex::new(HashMap::new()),
            used: Mutex::new(Used::default()),
        }
    }

    /// What is done with a question, given how often it was refused before.
    pub fn decide(&self, question: &Question) -> Outcome {
        self.count(question.prompt_tokens() as u64);
        if question.model.down {
            return Outcome::Refusal(Refusal::overloaded());
        }
        match rules::rule(question) {
            Ruling::Answer(answer) => Outcome::Answer(answer),
            Ruling::Silence => Outcome::Silence,
            Ruling::Refuse(refusal, until, then) => self.refuse_until(question, refusal, until, then),
        }
    }

    fn refuse_until(&self, question: &Question, refusal: Refusal, until: Until, then: Answer) -> Outcome {
        let mut refused = hold(&self.refused);
        if refused.len() >= MOST_REMEMBERED {
            refused.clear();
        }
        let fingerprint = question.fingerprint();
        let before = refused.entry(fingerprint).or_insert_with(|| Refused { times: 0, key: question.key.clone() });
        let again = match until {
            Until::Never => true,
            Until::Attempts(most) => before.times < most,
            Until::AnotherKey => before.key == question.key,
        };
        if again {
            before.times = before.times.saturating_add(1);
            return Outcome::Refusal(refusal);
        }
        // Answered: asked once more, it goes wrong once more.
        refused.remove(&fingerprint);
        Outcome::Answer(then)
    }

    /// Counts a request and its tokens towards the minute's limit.
    pub fn count(&self, prompt: u64) {
        let mut used = hold(&self.used);
        let now = Instant::now();
        if used.since.is_none_or(|since| now.duration_since(since) >= MINUTE) {
            *used = Used { since: Some(now), requests: 0, tokens: 0 };
        }
        used.requests += 1;
        used.tokens += prompt;
    }

    /// Counts what was written.
    pub fn count_written(&self, tokens: usize) {
        hold(&self.used).tokens += tokens as u64;
    }

    /// A number that no other reply of this server has.
    pub fn next_id(&self) -> u64 {
        self.served.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Now, as the wire has it: seconds since 1970.
    #[allow(
        clippy::disallowed_methods,
        reason = "a server stamps its replies, and this one is apart from munshi's clock"
    )]
    pub fn created() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// A response with the headers that all of them have; `low` says that the limit is nearly used up.
    pub fn respond(&self, status: u16, content_type: &'static str, low: bool, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (requests, tokens, reset) = self.left(low);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in [
            ("x-request-id", format!("req_demo_{:016x}", self.next_id())),
            ("x-ratelimit-limit-requests", REQUESTS_A_MINUTE.to_string()),
            ("x-ratelimit-remaining-requests", requests.to_string()),
            ("x-ratelimit-reset-requests", format!("{}s", reset.as_secs())),
            ("x-ratelimit-limit-tokens", TOKENS_A_MINUTE.to_string()),
            ("x-ratelimit-remaining-tokens", tokens.to_string()),
            ("x-ratelimit-reset-tokens", format!("{}s", reset.as_secs())),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }

    fn left(&self, low: bool) -> (u64, u64, Duration) {
        let used = hold(&self.used);
        let reset = used.since.map_or(Duration::ZERO, |since| MINUTE.saturating_sub(since.elapsed()));
        if low {
            return (REQUESTS_A_MINUTE * 4 / 100, TOKENS_A_MINUTE * 2 / 100, reset);
        }
        (REQUESTS_A_MINUTE.saturating_sub(used.requests), TOKENS_A_MINUTE.saturating_sub(used.tokens), reset)
    }

    /// A whole JSON response.
    pub fn json(&self, status: u16, body: &Value) -> Response<Body> {
        self.respond(status, "application/json", false, Body::from(body.to_string()))
    }

    /// A refusal, with the wait it asks for.
    pub fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        let mut response = self.json(refusal.status, &refusal.body());
        if let Some(seconds) = refusal.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
