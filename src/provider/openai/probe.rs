//! Asks an address which models it has, as the first screen does to find servers on this machine. Sends no key.

use std::time::Duration;

use serde::Deserialize;

use super::endpoint::{Endpoint, Target};
use super::lenient::{List, Word};
use super::{OpenAiProvider, listing, refusal};
use crate::chat::Failure;

/// The whole probe's limit: a local server answers at once or is not there.
const PROBE_TIME: Duration = Duration::from_secs(2);

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
        let body = self.fetch_list(&target, PROBE_TIME).await.map_err(|failure| refusal::tidy(failure, None))?;
        let listing: Listing = serde_json::from_slice(&body).map_err(|_| listing::no_list(&target))?;
        let entries = listing.data.0.into_iter().chain(listing.models.0);
        Ok(entries.filter_map(|entry| entry.id.0.or(entry.name.0)).collect())
    }
}
