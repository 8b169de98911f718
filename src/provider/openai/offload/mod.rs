//! The Batch API. Owns its paths, what goes up and what a refusal of it is called; refuses retries, polling and all
//! limits of time but that of a connection that stands still.
//!
//! The library has these calls too, and is not used for them: it sends a file up without its length, which some gateways
//! refuse, and holds the whole of one that comes down. One way for all seven is less to know than two.

mod lines;
mod pace;
mod transfer;
mod wire;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use reqwest::{RequestBuilder, Response, Url};
use serde_json::{Value, json};
use tracing::debug;

use self::pace::Pace;
use super::endpoint::{HttpOptions, Target};
use super::{OpenAiProvider, refusal, service, transport};
use crate::chat::offload::{NO_BATCH_API, OffloadedAnswer, RemoteBatch};
use crate::chat::{Failure, FailureKind, Request};
use crate::provider::offload::{Asked, Offload};

/// What every row asks of, as it is named inside a batch: without the host and whatever stands before it.
const ENDPOINT: &str = "/v1/chat/completions";

/// The most bytes of an answer that is no file.
const ANSWER_BYTES: usize = 16 << 20;

/// How many batches are listed: the most that can be asked for at once.
const LISTED: &str = "100";

impl Offload for OpenAiProvider {
    fn upload(&self, provider: &str, path: PathBuf, name: &str) -> Asked<String> {
        let name = name.to_owned();
        self.call(provider, |call| async move { wire::file_id(&call.upload(&path, name).await?, call.target.host()) })
    }

    fn create(&self, provider: &str, input_file: &str, metadata: Vec<(String, String)>) -> Asked<RemoteBatch> {
        let file = input_file.to_owned();
        self.call(provider, |call| async move {
            let mut body = json!({ "input_file_id": file, "endpoint": ENDPOINT, "completion_window": "24h" });
            if !metadata.is_empty() {
                body["metadata"] = metadata.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
            }
            let url = call.url(&["batches"]);
            call.batch(call.client.post(url).json(&body), Some(&file)).await
        })
    }

    fn retrieve(&self, provider: &str, id: &str) -> Asked<RemoteBatch> {
        let id = id.to_owned();
        self.call(provider, |call| async move {
            let url = call.url(&["batches", &id]);
            call.batch(call.client.get(url), Some(&id)).await
        })
    }

    fn recent(&self, provider: &str) -> Asked<Vec<RemoteBatch>> {
        self.call(provider, |call| async move {
            let mut url = call.url(&["batches"]);
            url.query_pairs_mut().append_pair("limit", LISTED);
            let answer = call.answer(call.client.get(url), None).await?;
            wire::batches(&answer, call.target.host())
        })
    }

    fn cancel(&self, provider: &str, id: &str) -> Asked<RemoteBatch> {
        let id = id.to_owned();
        self.call(provider, |call| async move {
            let url = call.url(&["batches", &id, "cancel"]);
            call.batch(call.client.post(url).json(&json!({})), Some(&id)).await
        })
    }

    fn download(&self, provider: &str, file: &str, to: PathBuf) -> Asked<u64> {
        let file = file.to_owned();
        self.call(provider, |call| async move { call.download(&file, to).await })
    }

    fn delete_file(&self, provider: &str, file: &str) -> Asked<()> {
        let file = file.to_owned();
        self.call(provider, |call| async move {
            let url = call.url(&["files", &file]);
            call.answer(call.client.delete(url), Some(&file)).await.map(drop)
        })
    }

    fn line(&self, custom_id: &str, request: &Request) -> String {
        lines::written(custom_id, request)
    }

    fn read_line(&self, line: &str) -> Result<OffloadedAnswer, String> {
        lines::read(line)
    }
}

impl OpenAiProvider {
    /// Makes one call: checks where it goes, makes it, and takes the key out of what is said of its failure.
    fn call<T, F>(&self, provider: &str, make: impl FnOnce(Arc<Call>) -> F + Send + 'static) -> Asked<T>
    where
        F: Future<Output = Result<T, Failure>> + Send,
        T: Send + 'static,
    {
        let (inner, provider) = (Arc::clone(&self.0), provider.to_owned());
        Box::pin(async move {
            let target = inner.target(&provider)?;
            let client = inner.clients.get(target.route).await?;
            let pace = Arc::new(Pace::new(inner.options.transfer_silence));
            let call = Arc::new(Call { provider, client, target, options: inner.options, pace });
            let made = call.pace.hold(call.target.host(), make(Arc::clone(&call))).await;
            made.map_err(|failure| {
                debug!(provider = call.provider, kind = ?failure.kind, status = failure.status, "batch call failed");
                refusal::tidy(failure, call.target.key.as_ref())
            })
        })
    }
}

/// One call to one provider.
struct Call {
    provider: String,
    client: reqwest::Client,
    target: Target,
    options: HttpOptions,
    pace: Arc<Pace>,
}

impl Call {
    /// The address of these pieces under the base; what a server once called an id stays one piece.
    fn url(&self, pieces: &[&str]) -> Url {
        let mut url = self.target.url("");
        // An address that was checked has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(pieces);
        }
        url
    }

    /// The batch that the answer tells of.
    async fn batch(&self, request: RequestBuilder, of: Option<&str>) -> Result<RemoteBatch, Failure> {
        let answer = self.answer(request, of).await?;
        wire::batch(&answer, self.target.host())
    }

    /// Sends and reads a whole answer. `of` is the id that the call is about, if it is about one.
    async fn answer(&self, request: RequestBuilder, of: Option<&str>) -> Result<Vec<u8>, Failure> {
        let mut response = self.send(request, of).await?;
        let mut answer = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(|error| transport::cut(&error))? {
            self.pace.moved();
            if answer.len() + bytes.len() > ANSWER_BYTES {
                let words = format!("{} sent more than an answer about batches can be.", self.target.host());
                return Err(Failure::new(FailureKind::TooLarge, words));
            }
            answer.extend_from_slice(&bytes);
        }
        Ok(answer)
    }

    /// Sends once; the response where it is a success.
    async fn send(&self, request: RequestBuilder, of: Option<&str>) -> Result<Response, Failure> {
        let (client, request) = request.headers(self.target.headers.clone()).build_split();
        let host = self.target.host();
        let unanswered = |error: &reqwest::Error| transport::unanswered(error, host, self.options.connect_timeout);
        let request = request.map_err(|error| unanswered(&error))?;
        let address = request.url().clone();
        let mut response = client
            .execute(request)
            .await
            .map_err(|error| transfer::unread(&error).unwrap_or_else(|| unanswered(&error)))?;
        self.pace.moved();
        if response.status().is_success() {
            return Ok(response);
        }
        let body = service::error_body(&mut response).await;
        let failure = refusal::of_status(response.status(), response.headers(), &body, host);
        Err(self.named(failure, address, of))
    }

    /// Calls a refusal by what it means here: there is no such thing as batches, or not the one that was named.
    fn named(&self, failure: Failure, mut address: Url, of: Option<&str>) -> Failure {
        let Some(status @ (404 | 405 | 501)) = failure.status else { return failure };
        if of.is_some_and(|id| is_about(&failure, id)) {
            return Failure { kind: FailureKind::NotFound, ..failure };
        }
        address.set_query(None);
        let message = format!(
            "`{}` has no Batch API at {address} (it answered {status}): choose a provider that has one, or leave out --offload.",
            self.provider
        );
        Failure { kind: FailureKind::NotFound, code: Some(NO_BATCH_API.to_owned()), message, ..failure }
    }
}

/// Whether a refusal speaks of the batch or the file that was named, and not of an address.
fn is_about(failure: &Failure, id: &str) -> bool {
    let words = failure.message.to_lowercase();
    let is_address = failure.code.as_deref() == Some("unknown_url")
        || ["/batches", "/files", "url"].iter().any(|part| words.contains(part));
    !is_address && (failure.message.contains(id) || words.contains("batch") || words.contains("file"))
}
