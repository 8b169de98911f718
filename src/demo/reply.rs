//! An answer on the wire: one JSON object, or server-sent events at a pace. Owns the chunks' shape and the ways in which
//! a stream can end badly; refuses to decide what is said.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::answer::{Answer, Ending, Refusal};
use super::calls::{self, Part, Spoken};
use super::desk::Desk;
use super::pieces::pieces;
use super::question::Question;

/// What an answer comes to under the request's limit of tokens.
struct Written {
    reasoning: Vec<String>,
    text: Vec<String>,
    calls: Vec<Spoken>,
    ending: Ending,
}

impl Written {
    fn new(question: &Question, answer: &Answer) -> Self {
        let owned = |text: &str| pieces(text).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let (mut reasoning, mut text, mut ending) = (owned(&answer.reasoning), owned(&answer.text), answer.ending);
        let room = question.model.context.saturating_sub(question.prompt_tokens());
        let most = question.limit.unwrap_or(usize::MAX).min(room.max(1));
        let mut calls: Vec<Spoken> = answer.calls.iter().map(Spoken::new).collect();
        if reasoning.len() + text.len() + calls::tokens(&calls) > most {
            reasoning.truncate(most);
            text.truncate(most - reasoning.len());
            calls::truncate(&mut calls, most - reasoning.len() - text.len());
            ending = Ending::Finished("length");
        }
        Self { reasoning, text, calls, ending }
    }

    fn usage(&self, question: &Question) -> Value {
        let (prompt, reasoning) = (question.prompt_tokens(), self.reasoning.len());
        let completion = self.tokens();
        json!({
            "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
            "prompt_tokens_details": { "cached_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": reasoning },
        })
    }

    fn tokens(&self) -> usize {
        self.reasoning.len() + self.text.len() + calls::tokens(&self.calls)
    }
}

/// The time between two tokens of this answer.
fn between(desk: &Desk, question: &Question, answer: &Answer) -> Duration {
    desk.pace.between((question.model.percent * answer.percent / 100).max(1))
}

/// The whole reply as one object, after the time it would have taken to stream. What ends badly in a stream
/// is a server error here, since there is nothing to cut in two.
pub async fn whole(desk: &Desk, question: &Question, answer: &Answer) -> Response {
    let written = Written::new(question, answer);
    let tokens = u32::try_from(written.tokens()).unwrap_or(u32::MAX);
    let takes = between(desk, question, answer).saturating_mul(tokens) + desk.pace.before_first();
    desk.closing.run_until_cancelled(tokio::time::sleep(takes)).await;
    let finish = match written.ending {
        Ending::Finished(finish) => finish,
        Ending::Stalled => {
            desk.closing.cancelled().await;
            return desk.refuse(&Refusal::overloaded());
        }
        _ => return desk.refuse(&Refusal::overloaded()),
    };
    desk.count_written(written.tokens());
    let mut message = json!({ "role": "assistant", "content": written.text.concat(), "refusal": null });
    if !written.reasoning.is_empty() {
        message["reasoning_content"] = json!(written.reasoning.concat());
    }
    let number = desk.next_id();
    if !written.calls.is_empty() {
        message["tool_calls"] = calls::whole(&written.calls, Desk::created(), number);
        if written.text.is_empty() {
            message["content"] = Value::Null;
        }
    }
    let body = json!({
        "id": format!("chatcmpl-demo-{number:08}"), "object": "chat.completion", "created": Desk::created(),
        "model": question.model.id, "system_fingerprint": "fp_demo",
        "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
        "usage": written.usage(question),
    });
    desk.respond(200, "application/json", answer.low, Body::from(body.to_string()))
}

/// The reply as a stream of events.
pub fn streamed(desk: &Arc<Desk>, question: &Question, answer: &Answer) -> Response {
    let written = Written::new(question, answer);
    desk.count_written(written.tokens());
    let between = between(desk, question, answer);
    let (number, created) = (desk.next_id(), Desk::created());
    let flow = Flow {
        shape: Shape {
            id: format!("chatcmpl-demo-{number:08}"),
            number,
            created,
            model: question.model.id,
            include_usage: question.include_usage,
        },
        frames: frames(question, written),
        between,
        due: Instant::now() + desk.pace.before_first(),
        desk: Arc::clone(desk),
    };
    let body = Body::from_stream(futures::stream::unfold(flow, Flow::next));
    let mut response = desk.respond(200, "text/event-stream; charset=utf-8", answer.low, body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// One step of a stream.
enum Frame {
    /// With text to come, or with calls alone.
    Role(bool),
    Reasoning(String),
    Text(String),
    Call(Part),
    Finish(&'static str),
    Usage(Value),
    /// As it stands, whatever it is.
    Raw(String),
    Hang,
    Cut,
}

fn frames(question: &Question, written: Written) -> VecDeque<Frame> {
    let usage = written.usage(question);
    let mut frames = VecDeque::from([Frame::Role(!written.text.is_empty() || written.calls.is_empty())]);
    frames.extend(written.reasoning.into_iter().map(Frame::Reasoning));
    frames.extend(written.text.into_iter().map(Frame::Text));
    frames.extend(calls::interleaved(written.calls).into_iter().map(Frame::Call));
    match written.ending {
        Ending::Finished(reason) => {
            frames.push_back(Frame::Finish(reason));
            if question.include_usage {
                frames.push_back(Frame::Usage(usage));
            }
            frames.push_back(Frame::Raw("data: [DONE]\n\n".to_owned()));
        }
        Ending::Stalled => frames.push_back(Frame::Hang),
        Ending::Cut => frames.push_back(Frame::Cut),
        Ending::Malformed => {
            frames
                .push_back(Frame::Raw("data: {\"id\": \"chatcmpl-demo\", \"choices\": [{\"delta\": {\n\n".to_owned()));
            frames.push_back(Frame::Raw("data: [DONE]\n\n".to_owned()));
        }
        Ending::Reported => {
            let message = "The server had an error while processing your request. Sorry about that!".to_owned();
            let error = Refusal { message, ..Refusal::overloaded() };
            frames.push_back(Frame::Raw(format!("data: {}\n\n", error.body())));
        }
    }
    frames
}

/// What all chunks of a reply have in common.
struct Shape {
    id: String,
    /// The reply's own, from which its calls have their ids.
    number: u64,
    created: u64,
    model: &'static str,
    include_usage: bool,
}

impl Shape {
    fn delta(&self, delta: &Value, finish: Option<&str>) -> String {
        self.chunk(&json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }]), &Value::Null)
    }

    fn chunk(&self, choices: &Value, usage: &Value) -> String {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "system_fingerprint": "fp_demo", "choices": choices,
        });
        // As the original: the field is there, null until the last, only where usage was asked for.
        if self.include_usage {
            chunk["usage"] = usage.clone();
        }
        format!("data: {chunk}\n\n")
    }
}

/// A stream that is being written.
struct Flow {
    shape: Shape,
    frames: VecDeque<Frame>,
    between: Duration,
    /// When the next token goes out.
    due: Instant,
    desk: Arc<Desk>,
}

impl Flow {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        let cut = || io::Error::new(io::ErrorKind::ConnectionAborted, "the demo ends this connection");
        let text = match self.frames.pop_front()? {
            Frame::Role(has_text) => {
                let content = if has_text { json!("") } else { Value::Null };
                self.shape.delta(&json!({ "role": "assistant", "content": content, "refusal": null }), None)
            }
            Frame::Reasoning(piece) => {
                self.keep_pace().await;
                self.shape.delta(&json!({ "reasoning_content": piece }), None)
            }
            Frame::Text(piece) => {
                self.keep_pace().await;
                self.shape.delta(&json!({ "content": piece }), None)
            }
            Frame::Call(part) => {
                self.keep_pace().await;
                let delta = part.delta(self.shape.created, self.shape.number);
                self.shape.delta(&json!({ "tool_calls": [delta] }), None)
            }
            Frame::Finish(reason) => self.shape.delta(&json!({}), Some(reason)),
            Frame::Usage(usage) => self.shape.chunk(&json!([]), &usage),
            Frame::Raw(text) => text,
            Frame::Hang => {
                self.desk.closing.cancelled().await;
                return Some((Err(cut()), self));
            }
            Frame::Cut => {
                // What was written must leave before the connection does, or the client would miss it.
                tokio::time::sleep(Duration::from_millis(20)).await;
                return Some((Err(cut()), self));
            }
        };
        if self.desk.closing.is_cancelled() {
            return Some((Err(cut()), self));
        }
        Some((Ok(Bytes::from(text)), self))
    }

    /// Waits until the next token is due; the wait is on a schedule, so that late wakes do not add up.
    async fn keep_pace(&mut self) {
        if !self.between.is_zero() {
            let (closing, due) = (self.desk.closing.clone(), self.due);
            closing.run_until_cancelled(tokio::time::sleep_until(due)).await;
            self.due += self.between;
        }
    }
}
