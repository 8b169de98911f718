//! Embeddings: texts in, vectors out, and what they are kept with.

use super::failure::Failure;
use super::id::{ConversationId, MessageId};
use super::message::Role;
use super::model::ModelRef;

/// The model that embeds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmbeddingModel {
    pub model: ModelRef,
    /// Numbers in a vector.
    pub dims: u32,
}

/// One request for vectors, one for each text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingRequest {
    pub with: EmbeddingModel,
    pub texts: Vec<String>,
}

/// How such a request ended.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingReport {
    /// The vectors, in the order of the texts and all of the asked length; `Err(None)` where it was cancelled.
    pub vectors: Result<Vec<Vec<f32>>, Option<Failure>>,
    /// Tokens as billed; `None` where the provider did not say.
    pub tokens: Option<u64>,
    pub request_id: Option<String>,
}

/// A message's vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    pub conversation: ConversationId,
    pub message: MessageId,
    pub vector: Vec<f32>,
}

/// A message as it is found by a search over all chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub conversation: ConversationId,
    /// The conversation's title.
    pub title: String,
    pub message: MessageId,
    pub role: Role,
    pub content: String,
    pub created_ms: i64,
}

/// A message that a search found, the better the higher its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    pub conversation: ConversationId,
    pub message: MessageId,
    pub score: f64,
}

/// The most bytes of one text: models take about 8,000 tokens, and no token is shorter than a byte.
const MOST_BYTES: usize = 8_000;

/// As much of a text as a model that embeds takes.
#[must_use]
pub fn within_limit(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_BYTES)]
}

/// Brings a vector to length 1, so that a dot product of two is how alike they are; one of zeros stays.
pub fn to_length_one(vector: &mut [f32]) {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 {
        for number in vector {
            *number = (f64::from(*number) / length) as f32;
        }
    }
}
