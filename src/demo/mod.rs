//! The embedded OpenAI-compatible server: chat completions and vectors on loopback, by plain rules, so that munshi can be
//! tried and tested without a key or a network. Owns its socket and its texts; refuses to know munshi: it speaks
//! only HTTP, and whoever speaks to it takes the same path as to a real provider.

mod answer;
mod asking;
mod calls;
mod classify;
mod dates;
mod desk;
mod driving;
mod goods;
mod json;
mod letter;
mod offer;
mod pieces;
mod places;
mod posting;
mod question;
mod reply;
mod results;
mod rules;
mod shape;
mod summary;
mod texts;
mod thread;
mod tools;
mod topics;
mod vectors;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio_util::sync::CancellationToken;

use answer::{Outcome, Refusal};
pub use classify::CLASSIFIES_BY;
use desk::Desk;
use question::Question;

/// The variable that sets the pace: tokens a second, `0` for as fast as the socket goes.
pub const PACE_VARIABLE: &str = "MUNSHI_DEMO_PACE";

/// The largest request that is read, in bytes; a larger one is refused with 413.
const LARGEST_REQUEST: usize = 32 * 1024 * 1024;

/// How fast a reply is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the socket takes it.
    Instant,
    /// So many tokens a second, after a short moment of thought.
    TokensPerSecond(u32),
}

impl Default for Pace {
    /// Pleasant to read along with: 60 tokens a second.
    fn default() -> Self {
        Self::TokensPerSecond(60)
    }
}

impl Pace {
    /// Reads the words of [`PACE_VARIABLE`]; whatever is no number of tokens is the default.
    #[must_use]
    pub fn from_words(words: Option<&str>) -> Self {
        match words.and_then(|words| words.trim().parse().ok()) {
            Some(0) => Self::Instant,
            Some(rate) => Self::TokensPerSecond(rate),
            None => Self::default(),
        }
    }

    /// The time between two tokens, at `percent` of the pace.
    fn between(self, percent: u32) -> Duration {
        match self {
            Self::Instant => Duration::ZERO,
            Self::TokensPerSecond(rate) => Duration::from_secs(100) / rate.max(1).saturating_mul(percent.max(1)),
        }
    }

    /// The time before the first token.
    fn before_first(self) -> Duration {
        match self {
            Self::Instant => Duration::ZERO,
            Self::TokensPerSecond(_) => Duration::from_millis(250),
        }
    }
}

/// The running server. Dropping it closes the socket and ends every reply that is still being written.
#[derive(Debug)]
pub struct DemoServer {
    address: SocketAddr,
    closing: CancellationToken,
}

impl DemoServer {
    /// Starts on the caller's tokio runtime, on a port of 127.0.0.1 that the system chooses; at the pace that
    /// [`PACE_VARIABLE`] asks for, else the default one.
    ///
    /// # Errors
    /// Where loopback cannot be bound, or there is no tokio runtime.
    pub fn start() -> io::Result<Self> {
        Self::start_at(Pace::from_words(std::env::var(PACE_VARIABLE).ok().as_deref()))
    }

    /// As [`DemoServer::start`], at a pace of one's own.
    ///
    /// # Errors
    /// Where loopback cannot be bound, or there is no tokio runtime.
    pub fn start_at(pace: Pace) -> io::Result<Self> {
        let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let _inside = runtime.enter();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
            // Without it small events wait for the client's acknowledgement of the one before.
            let _ = stream.set_nodelay(true);
        });
        let closing = CancellationToken::new();
        let desk = Arc::new(Desk::new(pace, closing.clone()));
        let serving = axum::serve(listener, routes(desk)).with_graceful_shutdown(closing.clone().cancelled_owned());
        runtime.spawn(async move {
            // It ends when it is told to, and an error of one connection ends that connection alone.
            let _ = serving.await;
        });
        Ok(Self { address, closing })
    }

    /// Where it listens, as a client's configuration has it: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The names of its models; the first is the one to start with.
    pub fn models(&self) -> impl Iterator<Item = &'static str> + use<> {
        question::MODELS.iter().map(|model| model.id)
    }

    /// The address itself.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The models that can be asked, each with its context window in tokens; the first is the one to start with.
pub fn model_windows() -> impl Iterator<Item = (&'static str, u64)> {
    question::MODELS.iter().map(|model| (model.id, model.context as u64))
}

/// The models that give vectors.
pub fn embedding_models() -> impl Iterator<Item = &'static str> {
    vectors::MODELS.iter().copied()
}

impl Drop for DemoServer {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/embeddings", post(embed))
        .route("/v1/models", get(models))
        .route("/v1/models/{id}", get(model))
        .fallback(unknown_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .with_state(desk)
}

async fn complete(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let question = match Question::read(&headers, &body) {
        Ok(question) => question,
        Err(refusal) => return desk.refuse(&refusal),
    };
    match desk.decide(&question) {
        Outcome::Answer(answer) if question.stream => reply::streamed(&desk, &question, &answer),
        Outcome::Answer(answer) => reply::whole(&desk, &question, &answer).await,
        Outcome::Refusal(refusal) => desk.refuse(&refusal),
        Outcome::Silence => {
            desk.closing.cancelled().await;
            desk.refuse(&Refusal::overloaded())
        }
    }
}

async fn embed(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    vectors::respond(&desk, &body)
}

async fn models(State(desk): State<Arc<Desk>>) -> Response {
    let all: Vec<_> = question::MODELS.iter().map(question::Model::card).collect();
    desk.json(200, &serde_json::json!({ "object": "list", "data": all }))
}

async fn model(State(desk): State<Arc<Desk>>, axum::extract::Path(id): axum::extract::Path<String>) -> Response {
    match question::model(&id) {
        Some(model) => desk.json(200, &model.card()),
        None => desk.refuse(&Refusal::unknown_model(&id)),
    }
}

async fn unknown_route(State(desk): State<Arc<Desk>>, uri: axum::http::Uri) -> Response {
    desk.refuse(&Refusal::unknown_route(uri.path()))
}

async fn wrong_method(State(desk): State<Arc<Desk>>) -> Response {
    desk.refuse(&Refusal::wrong_method())
}
