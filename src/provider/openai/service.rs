//! The tower service between async-openai and the network. Owns what the library must not see: refusals (read
//! here, so that their status is kept), replies that are no stream, and the raw bytes, which it passes on clean,
//! one event at a time and never faster than they are read. It sends each request once: no retries.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::CONTENT_TYPE;
use reqwest::Response;
use tokio::sync::Notify;

use super::endpoint::{HttpOptions, Target};
use super::sse::{Cleaner, Stop};
use super::{headers, refusal, transport};
use crate::chat::{Failure, FailureKind, RateLimits};

/// The most bytes of an error's body that are read, and how long they may take.
const ERROR_BODY_BYTES: usize = 64 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// How long the connection's own end may take after `[DONE]`, so that it can serve the next request.
const TAIL_TIME: Duration = Duration::from_millis(100);

/// What one attempt and its service know of each other.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Set once the server has answered.
    pub head: OnceLock<Head>,
    /// Set once no more events come.
    pub end: OnceLock<End>,
    gate: Gate,
}

#[derive(Debug)]
pub(super) struct Head {
    pub limits: RateLimits,
    pub request_id: Option<String>,
}

/// How the stream ended.
#[derive(Debug)]
pub(super) enum End {
    /// With `[DONE]`.
    Done,
    /// With the end of the body and no word.
    Eof,
    /// The connection broke, or a limit was passed.
    Failed(Failure),
    /// With an event named `error`.
    Error(Vec<u8>),
}

/// The library's channel has no bound: nothing more is read until what was read has been handled.
#[derive(Debug, Default)]
struct Gate {
    passed: AtomicU64,
    handled: AtomicU64,
    all_handled: Notify,
}

impl Gate {
    async fn wait(&self) {
        while self.handled.load(Ordering::Acquire) < self.passed.load(Ordering::Acquire) {
            self.all_handled.notified().await;
        }
    }
}

impl Exchange {
    /// To be called once for each event that came out of the library.
    pub fn handled(&self) {
        let handled = self.gate.handled.fetch_add(1, Ordering::AcqRel) + 1;
        if handled >= self.gate.passed.load(Ordering::Acquire) {
            self.gate.all_handled.notify_one();
        }
    }
}

/// A failure on its way through the library's own error type.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(super) struct Refused(pub Failure);

fn refused(failure: Failure) -> OpenAIError {
    OpenAIError::Boxed(Box::new(Refused(failure)))
}

/// The service of one attempt.
#[derive(Clone)]
pub(super) struct Service {
    pub client: reqwest::Client,
    pub target: Arc<Target>,
    pub options: HttpOptions,
    pub exchange: Arc<Exchange>,
}

impl tower::Service<HttpRequestFactory> for Service {
    type Response = Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let request = factory.build().await?;
            service.send(request).await.map_err(refused)
        })
    }
}

impl Service {
    async fn send(self, request: reqwest::Request) -> Result<Response, Failure> {
        let host = self.target.host();
        let sent = self.client.execute(request).await;
        let mut response = sent.map_err(|error| transport::unanswered(&error, host, self.options.connect_timeout))?;
        let head = response.headers();
        let _ =
            self.exchange.head.set(Head { limits: headers::rate_limits(head), request_id: headers::request_id(head) });
        if !response.status().is_success() {
            let body = error_body(&mut response).await;
            return Err(refusal::of_status(response.status(), response.headers(), &body, host));
        }
        if let Some(other) = other_content(&response) {
            let body = error_body(&mut response).await;
            let mut failure = refusal::of_other_content(&other, &body, host);
            failure.request_id = headers::request_id(response.headers());
            failure.retry_after = headers::retry_after(response.headers()).or(failure.retry_after);
            return Err(failure);
        }
        let pump = Pump {
            response,
            cleaner: Cleaner::new(self.options.max_event_bytes),
            ready: VecDeque::new(),
            exchange: self.exchange,
            bytes_left: self.options.max_reply_bytes,
        };
        let events = futures::stream::unfold(pump, Pump::next);
        Ok(Response::from(http::Response::new(reqwest::Body::wrap_stream(events))))
    }
}

/// The content type, where it says that this is no event stream. Without any it is taken for one.
fn other_content(response: &Response) -> Option<String> {
    let kind = response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    (!kind.is_empty() && !kind.eq_ignore_ascii_case("text/event-stream")).then(|| kind.to_owned())
}

/// As much of an error's body as comes in time.
pub(super) async fn error_body(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    let read = async {
        while let Ok(Some(bytes)) = response.chunk().await {
            let room = ERROR_BODY_BYTES - body.len();
            body.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if body.len() == ERROR_BODY_BYTES {
                break;
            }
        }
    };
    // What came until then is used.
    let _ = tokio::time::timeout(ERROR_BODY_TIME, read).await;
    body
}

/// Reads, cleans and hands on.
struct Pump {
    response: Response,
    cleaner: Cleaner,
    ready: VecDeque<Bytes>,
    exchange: Arc<Exchange>,
    bytes_left: usize,
}

impl Pump {
    // An error here would only be a string behind the library: how it ended is told through the exchange.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.exchange.gate.passed.fetch_add(1, Ordering::AcqRel);
                return Some((Ok(event), self));
            }
            if self.exchange.end.get().is_some() {
                return None;
            }
            self.exchange.gate.wait().await;
            if let Some(end) = self.read().await {
                let is_done = matches!(end, End::Done);
                let _ = self.exchange.end.set(end);
                if is_done {
                    self.read_tail().await;
                }
            }
        }
    }

    /// Reads once; the end, if this was it.
    async fn read(&mut self) -> Option<End> {
        match self.response.chunk().await {
            Ok(Some(bytes)) => match self.bytes_left.checked_sub(bytes.len()) {
                Some(left) => {
                    self.bytes_left = left;
                    self.cleaner.push(&bytes, &mut self.ready).err().map(End::from)
                }
                None => Some(End::from(Stop::TooLarge)),
            },
            Ok(None) => Some(self.cleaner.finish(&mut self.ready).err().map_or(End::Eof, End::from)),
            Err(error) => {
                let stop = self.cleaner.finish(&mut self.ready).err();
                Some(stop.map_or_else(|| End::Failed(transport::cut(&error)), End::from))
            }
        }
    }

    /// After `[DONE]` the body's own end makes the connection free for the next request.
    fn read_tail(&mut self) -> impl Future<Output = ()> {
        let tail = async { while let Ok(Some(_)) = self.response.chunk().await {} };
        async move {
            let _ = tokio::time::timeout(TAIL_TIME, tail).await;
        }
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Done => Self::Done,
            Stop::Error(data) => Self::Error(data),
            Stop::TooLarge => Self::Failed(too_large()),
        }
    }
}

/// The failure of a reply past its limit.
pub(super) fn too_large() -> Failure {
    Failure::new(FailureKind::TooLarge, "The reply grew past what munshi keeps and was cut here.")
}
