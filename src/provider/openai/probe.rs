//! Asks an address which models it has, as the first screen does to find servers on this machine. Sends no key.

use std::time::Duration;

use serde::Deserialize;

use super::endpoint::{Endpoint, Target};
use super::lenient::{List, Word};
use super::{OpenAiProvider, refusal, transport};
use crate::chat::{Failure, FailureKind};

/// The whole probe's limit: a local server answers at once or is not there.
const PROBE_TIME: Duration = Duration::from_secs(2);

/// The most bytes of a list of models that are read.
const LIST_BYTES: usize = 4 << 20;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Listing {
    data: List<Entry>,
    models: List<Entry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: Word,
    name: Word,
}

impl OpenAiProvider {
    /// The ids of the models at `base_url` (`GET {base_url}/models`), within two seconds and without a key.
    pub async fn probe(&self, base_url: &str) -> Result<Vec<String>, Failure> {
        let target = Target::check("probe", &Endpoint::keyless(base_url))?;
        let limit = || {
            let words = format!("{} did not answer within {} s.", target.host(), PROBE_TIME.as_secs());
            Failure::new(FailureKind::Timeout, words)
        };
        let listed = tokio::time::timeout(PROBE_TIME, self.list(&target)).await.map_err(|_| limit())?;
        listed.map_err(|failure| refusal::tidy(failure, None))
    }

    async fn list(&self, target: &Target) -> Result<Vec<String>, Failure> {
        let client = self.0.clients.get(target.route).await?;
        let sent = client.get(target.url("/models")).headers(target.headers.clone()).send().await;
        let mut response = sent.map_err(|error| transport::unanswered(&error, target.host(), PROBE_TIME))?;
        let mut body = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(|error| transport::cut(&error))? {
            if body.len() + bytes.len() > LIST_BYTES {
                return Err(Failure::new(FailureKind::TooLarge, "The list of models is too long."));
            }
            body.extend_from_slice(&bytes);
        }
        if !response.status().is_success() {
            return Err(refusal::of_status(response.status(), response.headers(), &body, target.host()));
        }
        let listing: Listing = serde_json::from_slice(&body).map_err(|_| {
            let words = format!("{} answered, but not with a list of models: check the address.", target.host());
            Failure::new(FailureKind::InvalidData, words)
        })?;
        let entries = listing.data.0.into_iter().chain(listing.models.0);
        Ok(entries.filter_map(|entry| entry.id.0.or(entry.name.0)).collect())
    }
}
