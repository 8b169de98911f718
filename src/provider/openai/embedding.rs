//! Vectors: one request to `/embeddings`, within its own limit of time. Owns its bytes and the reading of what comes
//! back, which is lenient in shape and strict in number and length; refuses retries, but for a field that is refused.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::Inner;
use super::endpoint::Target;
use super::lenient::{Count, List, Loose, Vector};
use super::{headers, refusal, service, transport};
use crate::chat::embedding::{EmbeddingModel, EmbeddingReport, EmbeddingRequest, to_length_one};
use crate::chat::{Failure, FailureKind, ModelRef};

/// Models that refused to be asked for a length, and are not asked again.
#[derive(Debug, Default)]
pub(super) struct FixedLengths(Mutex<BTreeSet<ModelRef>>);

impl FixedLengths {
    fn has(&self, model: &ModelRef) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(model)
    }

    fn add(&self, model: &ModelRef) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(model.clone());
    }
}

/// The request, borrowed.
#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
    encoding_format: &'static str,
}

/// What came back beside the vectors; it outlives a failure.
#[derive(Debug, Default)]
struct Told {
    tokens: Option<u64>,
    request_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Listing {
    data: List<Entry>,
    usage: Loose<Usage>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    index: Count,
    embedding: Vector,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    prompt_tokens: Count,
    total_tokens: Count,
}

impl Usage {
    fn tokens(&self) -> Option<u64> {
        let said = if self.prompt_tokens == Count::Unsaid { self.total_tokens } else { self.prompt_tokens };
        match said {
            Count::Unsaid => None,
            Count::Said(tokens) => Some(tokens),
            // It was said, so that nobody counts in its place; and no one believes it.
            Count::Nonsense => Some(u64::MAX),
        }
    }
}

impl Inner {
    /// Asks for vectors, and says how that ended.
    pub(super) async fn embed(&self, request: &EmbeddingRequest, cancel: &CancellationToken) -> EmbeddingReport {
        let mut told = Told::default();
        let limit = self.options.embedding_time;
        // Dropping the request closes its connection.
        let mut vectors = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(None),
            asked = tokio::time::timeout(limit, self.vectors(request, &mut told)) => match asked {
                Ok(vectors) => vectors.map_err(Some),
                Err(_) => {
                    let provider = &request.with.model.provider;
                    let words = format!("{provider} gave no vectors within {} s.", limit.as_secs_f32());
                    Err(Some(Failure::new(FailureKind::Timeout, words)))
                }
            },
        };
        if let Err(Some(failure)) = &mut vectors {
            failure.request_id = failure.request_id.take().or_else(|| told.request_id.clone());
            debug!(model = %request.with.model, kind = ?failure.kind, status = failure.status, "no vectors");
        }
        EmbeddingReport { vectors, tokens: told.tokens, request_id: told.request_id }
    }

    async fn vectors(&self, request: &EmbeddingRequest, told: &mut Told) -> Result<Vec<Vec<f32>>, Failure> {
        if request.texts.is_empty() {
            return Ok(Vec::new());
        }
        let model = &request.with.model;
        let target = self.target(&model.provider)?;
        let client = self.clients.get(target.route).await?;
        let mut body = Body {
            model: &model.id,
            input: &request.texts,
            dimensions: (!self.fixed_lengths.has(model)).then_some(request.with.dims),
            encoding_format: "float",
        };
        let mut got = self.post(&client, &target, &body, told).await;
        if body.dimensions.is_some() && got.as_ref().is_err_and(is_about_length) {
            self.fixed_lengths.add(model);
            body.dimensions = None;
            got = self.post(&client, &target, &body, told).await;
        }
        let read = got.and_then(|bytes| read(&bytes, request, &target, told));
        read.map_err(|failure| refusal::tidy(named(failure), target.key.as_ref()))
    }

    /// Sends the request once; the body of a success.
    async fn post(
        &self,
        client: &reqwest::Client,
        target: &Target,
        body: &Body<'_>,
        told: &mut Told,
    ) -> Result<Vec<u8>, Failure> {
        let post = client.post(target.url("/embeddings")).headers(target.headers.clone()).json(body);
        let sent = post.send().await;
        let mut response =
            sent.map_err(|error| transport::unanswered(&error, target.host(), self.options.connect_timeout))?;
        told.request_id = headers::request_id(response.headers());
        if !response.status().is_success() {
            let body = service::error_body(&mut response).await;
            return Err(refusal::of_status(response.status(), response.headers(), &body, target.host()));
        }
        let mut bytes = Vec::new();
        while let Some(more) = response.chunk().await.map_err(|error| transport::cut(&error))? {
            if bytes.len() + more.len() > self.options.max_reply_bytes {
                let words = format!("{} sent more than vectors can be.", target.host());
                return Err(Failure::new(FailureKind::TooLarge, words));
            }
            bytes.extend_from_slice(&more);
        }
        Ok(bytes)
    }
}

/// Whether a server refused to be asked for a length.
fn is_about_length(failure: &Failure) -> bool {
    let names = |text: &str| text.contains("dimension") || text.contains("matryoshka");
    failure.kind == FailureKind::BadRequest
        && (names(&failure.message.to_lowercase()) || failure.param.as_deref().is_some_and(names))
}

/// Where a refusal means that there is no such endpoint or model, it is called so.
fn named(failure: Failure) -> Failure {
    let is_missing = match failure.status {
        Some(404 | 405 | 501) => true,
        _ => failure.kind == FailureKind::BadRequest && says_unknown(&failure),
    };
    let kind = if is_missing { FailureKind::NotFound } else { failure.kind };
    Failure { kind, ..failure }
}

fn says_unknown(failure: &Failure) -> bool {
    const CODES: [&str; 5] =
        ["model_not_found", "invalid_model", "unknown_model", "unknown_url", "not_supported_error"];
    const VERDICTS: [&str; 9] = [
        "not found",
        "not exist",
        "no such",
        "unknown",
        "unsupported",
        "not support",
        "not a valid",
        "invalid model",
        "not available",
    ];
    let words = failure.message.to_lowercase();
    let is_about_it = ["model", "endpoint", "embedding"].iter().any(|thing| words.contains(thing));
    failure.code.as_deref().is_some_and(|code| CODES.contains(&code))
        || is_about_it && VERDICTS.iter().any(|verdict| words.contains(verdict))
}

/// The vectors in a success's body, one for each text.
fn read(bytes: &[u8], request: &EmbeddingRequest, target: &Target, told: &mut Told) -> Result<Vec<Vec<f32>>, Failure> {
    let invalid = |what: &str| {
        let words = format!("{} answered, but {what}: check the address and the embedding model.", target.host());
        Failure::new(FailureKind::InvalidData, words)
    };
    let listing: Listing = serde_json::from_slice(bytes).map_err(|_| invalid("not with vectors"))?;
    told.tokens = listing.usage.0.and_then(|usage| usage.tokens());
    let entries = listing.data.0;
    if entries.is_empty() {
        let error = serde_json::from_slice::<Value>(bytes).ok().filter(refusal::has_error);
        return Err(error.map_or_else(|| invalid("not with vectors"), |error| refusal::of_value(&error, true)));
    }
    in_order(entries, &request.with, request.texts.len()).map_err(|what| invalid(&what))
}

/// Puts each vector at the place of its text; what is wrong with them, else.
fn in_order(entries: Vec<Entry>, with: &EmbeddingModel, texts: usize) -> Result<Vec<Vec<f32>>, String> {
    if entries.len() != texts {
        return Err(format!("with {} vectors for {texts} texts", entries.len()));
    }
    let mut vectors = vec![Vec::new(); texts];
    for (position, entry) in entries.into_iter().enumerate() {
        // An index of 0 is left out where a server leaves out what is at its default.
        let at = if let Count::Said(index) = entry.index { usize::try_from(index).ok() } else { Some(position) };
        match at.and_then(|at| vectors.get_mut(at)) {
            Some(place) if place.is_empty() => *place = of_length(entry.embedding.0, with.dims as usize)?,
            _ => return Err("with vectors that name no text of their own".to_owned()),
        }
    }
    Ok(vectors)
}

/// The vector if it can be used: its numbers finite and enough of them. The front of a longer one is brought to length
/// 1, as the models that are made for it define.
fn of_length(mut vector: Vec<f32>, dims: usize) -> Result<Vec<f32>, String> {
    if vector.iter().any(|number| !number.is_finite()) {
        return Err("with numbers that are none".to_owned());
    }
    if vector.len() < dims || vector.is_empty() {
        return Err(format!("with vectors of {} numbers where {dims} were asked for", vector.len()));
    }
    if vector.len() > dims {
        vector.truncate(dims);
        to_length_one(&mut vector);
    }
    Ok(vector)
}
