//! What is kept of a run that was handed to a provider, so that any later process can go on with it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::batch::journal::Header;
use crate::batch::task::Task;
use crate::chat::ledger::{LedgerOpening, Purpose};
use crate::chat::model::Prices;
use crate::chat::{AttemptId, ConversationId, MessageId, ModelRef, PicoUsd, Rate};

/// What this munshi writes.
pub const VERSION: u32 = 1;

/// A run in a provider's hands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handed {
    pub munshi_offload: u32,
    /// What the user calls it.
    pub id: String,
    /// The head of its journal: what the input was, and what its attempts are booked under.
    pub header: Header,
    pub handed_ms: i64,
    /// Absolute paths.
    pub output: String,
    pub output_kind: String,
    pub journal: String,
    pub task: Task,
    pub parts: Vec<Part>,
    /// How many rows are asked live at once, where answers do not fit; and the run's own cap, in millionths of the currency.
    #[serde(default = "few")]
    pub concurrency: u32,
    #[serde(default)]
    pub max_cost: Option<u64>,
    /// Whether all of its rows are in some part: else a kill came between.
    pub is_whole: bool,
    /// Whether rows that had an error were handed over once more.
    #[serde(default)]
    pub retries: bool,
    /// Bytes of the journal when it was handed over: what stands behind them is newer than what was asked.
    #[serde(default)]
    pub journal_bytes: u64,
}

const fn few() -> u32 {
    8
}

/// One batch of it, with up to as many rows as the provider takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its first and its last row, and how many are between them that were not done before.
    pub first: u64,
    pub last: u64,
    pub rows: u64,
    /// What it is booked under.
    pub reply: MessageId,
    pub booked: Option<Booked>,
    /// The file at the provider, and the batch; `None` until the provider has said so.
    pub file: Option<String>,
    pub batch: Option<String>,
    /// As the provider told it last.
    pub status: String,
    pub answered: u64,
    pub failed: u64,
    /// Whether its answers are in the journal, and its cost in the ledger.
    pub is_fetched: bool,
}

/// What its ledger row was opened with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    pub day: Date,
    pub at_ms: i64,
    pub rate: Rate,
    pub reserved: Option<PicoUsd>,
    pub prices: Option<Prices>,
}

impl Part {
    /// Its rows in one batch, none of it at the provider yet.
    #[must_use]
    pub fn new(reply: MessageId, first: u64) -> Self {
        Self {
            first,
            last: first,
            rows: 0,
            reply,
            booked: None,
            file: None,
            batch: None,
            status: "not sent".to_owned(),
            answered: 0,
            failed: 0,
            is_fetched: false,
        }
    }

    /// All requests of a batch are one row of the ledger.
    #[must_use]
    pub const fn attempt(&self) -> AttemptId {
        AttemptId { reply: self.reply, ordinal: 0 }
    }

    /// The ledger's row, as it is opened. It stays open when munshi ends, since the batch goes on.
    #[must_use]
    pub fn opening(&self, run: ConversationId, model: &ModelRef) -> Option<LedgerOpening> {
        let booked = self.booked.as_ref()?;
        Some(LedgerOpening {
            attempt: self.attempt(),
            conversation: run,
            purpose: Purpose::Batch,
            model: model.clone(),
            day: booked.day,
            at_ms: booked.at_ms,
            rate: booked.rate,
            reserved: booked.reserved,
            prices: booked.prices,
            outlives: true,
        })
    }
}

impl Handed {
    /// Whether everything that can be had of it was fetched.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_whole && self.parts.iter().all(|part| part.is_fetched)
    }

    /// Whether nothing of it can be at the provider: a batch is made of a file.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        self.parts.iter().all(|part| part.file.is_none() && part.batch.is_none())
    }

    /// Whether `id` is its own, or that of one of its batches.
    #[must_use]
    pub fn is_called(&self, id: &str) -> bool {
        self.id == id || self.parts.iter().any(|part| part.batch.as_deref() == Some(id))
    }
}

/// The price of a batch is half of what its requests cost one by one (`OpenAI`'s guide to the Batch API); half a
/// pico-dollar is a whole one.
#[must_use]
pub const fn halved(cost: PicoUsd) -> PicoUsd {
    PicoUsd(cost.0 / 2 + cost.0 % 2)
}

/// The prices of a batch.
#[must_use]
pub fn halved_prices(prices: Prices) -> Prices {
    let half = |price: u64| price.div_ceil(2);
    Prices {
        input: half(prices.input),
        output: half(prices.output),
        cached_input: prices.cached_input.map(half),
        cache_write: prices.cache_write.map(half),
    }
}

/// The name of a row in a batch.
#[must_use]
pub fn row_name(n: u64) -> String {
    format!("row-{n}")
}

/// The row that a name stands for.
#[must_use]
pub fn row_of(name: &str) -> Option<u64> {
    name.strip_prefix("row-")?.parse().ok().filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_price_is_never_less_than_half() {
        assert_eq!((halved(PicoUsd(7)), halved(PicoUsd(8)), halved(PicoUsd(0))), (PicoUsd(4), PicoUsd(4), PicoUsd(0)));
        let prices = Prices { input: 150_001, output: 600_000, cached_input: Some(75_000), cache_write: None };
        let half = Prices { input: 75_001, output: 300_000, cached_input: Some(37_500), cache_write: None };
        assert_eq!(halved_prices(prices), half);
    }

    #[test]
    fn a_rows_name_is_read_back_and_a_strange_one_is_none() {
        assert_eq!(row_of(&row_name(41)), Some(41));
        for strange in ["row-", "row-0", "row-x", "41", "row--1"] {
            assert_eq!(row_of(strange), None, "{strange}");
        }
    }
}
