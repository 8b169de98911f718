//! The wire, against a server that does every wrong thing: what is sent, what is read, what a failure is called.
//! Every attempt is one request, which is asserted everywhere.
#![allow(clippy::disallowed_methods, reason = "tests run their own tasks")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails; helpers outside `#[test]` too")]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "a test's text is built for the reader")]

mod connections;
mod embeddings;
mod listing;
mod offload;
#[cfg(unix)]
mod offloaded;
mod refusals;
mod requests;
mod server;
mod streams;
#[cfg(unix)]
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use munshi::chat::{Failure, FinishReason, ModelRef, Request, RequestMessage, Role};
use munshi::provider::openai::{Endpoint, EndpointTable, HttpOptions, OpenAiProvider};
use munshi::provider::{Ending, Provider, Report, Signal, mailbox};
use tokio_util::sync::CancellationToken;

use server::{Server, Step};

/// Limits small enough to be reached, and no proxy of the machine that the tests run on.
fn options() -> HttpOptions {
    HttpOptions {
        system_proxies: false,
        max_event_bytes: 1 << 20,
        max_reply_bytes: 4 << 20,
        max_text_bytes: 2 << 20,
        ..HttpOptions::default()
    }
}

fn provider(base_url: &str) -> OpenAiProvider {
    let table = EndpointTable::default();
    table.set("openai", Endpoint { key: Some("sk-test-key".into()), ..Endpoint::keyless(base_url) });
    OpenAiProvider::new(table, options())
}

fn request() -> Request {
    Request::new(ModelRef::new("openai", "gpt-4o-mini"), vec![RequestMessage::text(Role::User, "नमस्ते")])
}

/// What one attempt gave.
#[derive(Debug, Clone, PartialEq)]
struct Outcome {
    report: Report,
    signals: Vec<Signal>,
}

impl Outcome {
    fn text(&self) -> String {
        self.signals
            .iter()
            .filter_map(|signal| if let Signal::Text(text) = signal { Some(text.as_str()) } else { None })
            .collect()
    }

    fn reasoning(&self) -> String {
        let text = |signal: &Signal| if let Signal::Reasoning(text) = signal { text.clone() } else { String::new() };
        self.signals.iter().map(text).collect()
    }

    fn failure(&self) -> &Failure {
        match &self.report.ending {
            Ending::Failed(failure) => failure,
            other => panic!("expected a failure, not {other:?}"),
        }
    }

    fn finish(&self) -> &FinishReason {
        match &self.report.ending {
            Ending::Finished(finish) => finish,
            other => panic!("expected a finish, not {other:?}"),
        }
    }
}

async fn attempt_of(provider: &OpenAiProvider, request: Request) -> Outcome {
    let arrived = Arc::new(tokio::sync::Notify::new());
    let (sink, reader) = mailbox(Arc::clone(&arrived));
    let mut running = provider.attempt(Arc::new(request), sink, CancellationToken::new());
    let mut signals = Vec::new();
    let report = loop {
        tokio::select! {
            report = &mut running => break report,
            () = arrived.notified() => collect(&mut signals, reader.drain()),
        }
    };
    collect(&mut signals, reader.drain());
    Outcome { report, signals }
}

/// Joins neighbouring texts, so that an outcome does not depend on when the reader looked.
fn collect(signals: &mut Vec<Signal>, more: Vec<Signal>) {
    for signal in more {
        match (signals.last_mut(), signal) {
            (Some(Signal::Text(text)), Signal::Text(more))
            | (Some(Signal::Reasoning(text)), Signal::Reasoning(more)) => text.push_str(&more),
            (_, signal) => signals.push(signal),
        }
    }
}

/// One attempt against one answer.
async fn answered(script: Vec<Step>) -> Outcome {
    let server = Server::start(vec![script]).await;
    let outcome = attempt_of(&provider(&server.base_url()), request()).await;
    assert_eq!(server.heard().len(), 1, "an attempt is exactly one request");
    outcome
}

/// One attempt against a stream of this text.
async fn streamed(body: &str) -> Outcome {
    answered(server::stream([body.as_bytes()])).await
}
