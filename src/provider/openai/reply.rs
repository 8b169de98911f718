//! From decoded chunks to signals and an ending. Owns when a reply counts as whole: only after a finish reason
//! or `[DONE]`; refuses to call anything else finished.

use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::types::stream::StreamResponse;
use futures::StreamExt;
use serde_json::Value;
use tokio::time::Instant;

use super::chunk::{Chunk, ChunkBody, Delta, ToolPiece};
use super::refusal;
use super::service::{End, Exchange, too_large};
use crate::chat::{Failure, FailureKind, FinishReason, Usage};
use crate::provider::{Ending, Report, Signal, Sink};

/// How long usage and `[DONE]` may take after the finish reason.
const AFTER_FINISH: Duration = Duration::from_secs(2);

/// Stands for usage that cannot be true: it was said, so that nobody counts in its place, and `Usage::plausible`
/// makes it unknown.
pub(super) const BEYOND_BELIEF: Usage =
    Usage { input: u64::MAX, cached_input: 0, cache_write: 0, output: 0, reasoning: 0, estimated: false };

/// The most characters of a model's name or a finish reason that are kept.
const LONGEST_NAME: usize = 200;

/// What an attempt has learnt so far; it outlives a cancelled one.
#[derive(Debug, Default)]
pub(super) struct Progress {
    usage: Option<Usage>,
    served_model: Option<String>,
    finish: Option<FinishReason>,
    tools: ToolSlots,
    /// Bytes of text, reasoning and arguments.
    bytes: usize,
}

impl Progress {
    /// The report of the attempt.
    pub fn report(self, ending: Ending, exchange: &Exchange) -> Report {
        let (limits, request_id) =
            exchange.head.get().map(|head| (head.limits, head.request_id.clone())).unwrap_or_default();
        Report { usage: self.usage, served_model: self.served_model, request_id, limits, ending }
    }
}

/// Reads the stream to its end.
pub(super) async fn read(
    mut chunks: StreamResponse<Chunk>,
    exchange: &Exchange,
    sink: &Sink,
    progress: &mut Progress,
    max_text_bytes: usize,
) -> Result<FinishReason, Failure> {
    let mut patience: Option<Instant> = None;
    let troubled = loop {
        let next = match patience {
            None => chunks.next().await,
            Some(until) => tokio::time::timeout_at(until, chunks.next()).await.unwrap_or_default(),
        };
        let taken = match next {
            None => break None,
            Some(Err(error)) => Err(invalid(&error)),
            Some(Ok(chunk)) => progress.take(chunk.0.unwrap_or_default(), sink, max_text_bytes).await,
        };
        exchange.handled();
        if let Err(failure) = taken {
            break Some(failure);
        }
        if progress.finish.is_some() && patience.is_none() {
            patience = Some(Instant::now() + AFTER_FINISH);
        }
    };
    // Once the model has said that it is done the reply is whole, whatever happens to the connection.
    match (progress.finish.take(), troubled) {
        (Some(finish), _) => Ok(finish),
        (None, Some(failure)) => Err(failure),
        (None, None) => ending_of(exchange, progress),
    }
}

/// The ending of a stream that gave no finish reason.
fn ending_of(exchange: &Exchange, progress: &Progress) -> Result<FinishReason, Failure> {
    match exchange.end.get() {
        Some(End::Done) => Ok(FinishReason::Stop),
        Some(End::Failed(failure)) => Err(failure.clone()),
        Some(End::Error(data)) => {
            let value = serde_json::from_slice::<Value>(data);
            let value = value.unwrap_or_else(|_| Value::String(String::from_utf8_lossy(data).into_owned()));
            Err(refusal::of_value(&value, progress.bytes == 0))
        }
        Some(End::Eof) | None => Err(Failure::new(FailureKind::Cut, "The connection ended before the reply did.")),
    }
}

/// A name as long as names are: what is saved and shown beside a reply has a bound.
pub(super) fn short(word: &str) -> &str {
    word.char_indices().nth(LONGEST_NAME).map_or(word, |(end, _)| &word[..end])
}

/// Says what is wrong with an event, and not what stands in it.
fn invalid(error: &OpenAIError) -> Failure {
    let words = match error {
        OpenAIError::JSONDeserialize(cause, _) => format!("The server sent data that is no valid JSON ({cause})."),
        _ => "The server sent data that is no valid event stream.".to_owned(),
    };
    Failure::new(FailureKind::InvalidData, words)
}

impl Progress {
    async fn take(&mut self, mut chunk: ChunkBody, sink: &Sink, max_text_bytes: usize) -> Result<(), Failure> {
        if let Some(usage) = chunk.usage() {
            self.usage = Some(usage.unwrap_or(BEYOND_BELIEF));
        }
        if self.served_model.is_none() {
            self.served_model = chunk.model.0.take().map(|name| short(&name).to_owned());
        }
        let error = chunk.take_error();
        for mut choice in chunk.choices.0 {
            let finish = choice.finish_reason.0.take();
            if let Some(delta) = choice.into_delta() {
                self.take_delta(delta, sink, max_text_bytes).await?;
            }
            if let Some(word) = finish.filter(|_| error.is_none()) {
                if word == "error" {
                    return Err(refusal::of_value(&Value::Null, self.bytes == 0));
                }
                self.finish = Some(FinishReason::from_wire(short(&word)));
            }
        }
        error.map_or(Ok(()), |error| Err(refusal::of_value(&error, self.bytes == 0)))
    }

    async fn take_delta(&mut self, mut delta: Delta, sink: &Sink, max_text_bytes: usize) -> Result<(), Failure> {
        let reasoning = delta.take_reasoning().unwrap_or_default();
        for (text, signal) in [(reasoning, Signal::Reasoning as fn(String) -> Signal), (delta.content.0, Signal::Text)]
        {
            if text.is_empty() {
                continue;
            }
            self.count(text.len(), max_text_bytes)?;
            sink.send(signal(text)).await;
        }
        for piece in delta.tool_calls.0 {
            let index = self.tools.slot(&piece);
            let (id, name, arguments) = piece.into_call();
            // The head of a call counts too: calls without end are as heavy as text without end.
            self.count(arguments.len() + 64, max_text_bytes)?;
            sink.send(Signal::ToolCall { index, id, name, arguments }).await;
        }
        Ok(())
    }

    fn count(&mut self, bytes: usize, max: usize) -> Result<(), Failure> {
        self.bytes += bytes;
        if self.bytes > max { Err(too_large()) } else { Ok(()) }
    }
}

/// Which call a piece belongs to. Providers leave out the index, or give every call the index 0.
#[derive(Debug, Default)]
struct ToolSlots(Vec<Slot>);

#[derive(Debug, Default)]
struct Slot {
    wire_index: Option<u32>,
    id: Option<String>,
}

impl ToolSlots {
    fn slot(&mut self, piece: &ToolPiece) -> u32 {
        let wire_index = piece.wire_index();
        let id = piece.id.0.as_deref();
        let by_id = id.and_then(|id| self.0.iter().rposition(|slot| slot.id.as_deref() == Some(id)));
        // A piece with another id than the slot of its index is another call.
        let fits = |slot: &Slot| id.is_none() || slot.id.is_none();
        let by_index = || match wire_index {
            Some(_) => self.0.iter().rposition(|slot| slot.wire_index == wire_index).filter(|at| fits(&self.0[*at])),
            None if piece.has_name() => None,
            None => self.0.len().checked_sub(1).filter(|at| fits(&self.0[*at])),
        };
        let at = by_id.or_else(by_index).unwrap_or_else(|| {
            self.0.push(Slot { wire_index, id: None });
            self.0.len() - 1
        });
        if let Some(id) = id {
            self.0[at].id = Some(id.to_owned());
        }
        at as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(pieces: &[&str]) -> Vec<u32> {
        let mut slots = ToolSlots::default();
        pieces.iter().map(|piece| slots.slot(&serde_json::from_str(piece).unwrap())).collect()
    }

    #[test]
    fn tool_calls_are_told_apart_with_indexes_and_without() {
        let with = [r#"{"index":0,"id":"a"}"#, r#"{"index":1,"id":"b"}"#, r#"{"index":0}"#, r#"{"index":1}"#];
        assert_eq!(slots(&with), [0, 1, 0, 1]);
        let without = [r#"{"id":"a","function":{"name":"f"}}"#, "{}", r#"{"id":"b","function":{"name":"f"}}"#, "{}"];
        assert_eq!(slots(&without), [0, 0, 1, 1]);
        let all_zero = [r#"{"index":0,"id":"a"}"#, r#"{"index":0,"id":"b"}"#, r#"{"index":0}"#];
        assert_eq!(slots(&all_zero), [0, 1, 1]);
        let nameless = [r#"{"function":{"name":"f"}}"#, r#"{"function":{"name":"g"}}"#, "{}"];
        assert_eq!(slots(&nameless), [0, 1, 1]);
        let repeated = [r#"{"index":3,"id":"a"}"#, r#"{"index":3,"id":"a"}"#, r#"{"index":3,"id":""}"#];
        assert_eq!(slots(&repeated), [0, 0, 0]);
    }
}
