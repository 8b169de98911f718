//! The lines of a journal: the first says what the run is, each other is a finished row. JSON, so that they can be read
//! without munshi.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::batch::task::Fingerprint;
use crate::chat::{ConversationId, Local, PicoUsd, Rate};

/// What this munshi writes in a journal's first line.
pub const VERSION: u32 = 1;

/// What a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub munshi_batch: u32,
    /// All attempts of the run are booked under this id.
    pub run: ConversationId,
    pub begun_ms: i64,
    pub input: InputMark,
    pub task: Fingerprint,
}

/// What the input was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputMark {
    pub name: String,
    pub rows: u64,
    /// SHA-256 of all of it, in hexadecimal.
    pub digest: String,
    /// Where the text of a row is taken from.
    pub column: Option<String>,
    /// How it is read.
    pub kind: String,
}

/// A finished row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which row of the input, counted from 1 without gaps.
    pub n: u64,
    /// Its number for people: the line, or the record.
    pub row: u64,
    /// The beginning of the SHA-256 of its text.
    pub digest: String,
    pub input: String,
    /// `None` where there is an error.
    pub fields: Option<Map<String, Value>>,
    /// The model that answered last; empty where nothing was asked.
    pub model: String,
    /// Tokens of all attempts together; `None`: not known.
    pub tokens: Option<u64>,
    /// What all attempts cost together; `None`: not known, never 0.
    pub cost: Option<PicoUsd>,
    /// The currency's rate that it was booked with.
    pub rate: Rate,
    pub error: Option<String>,
}

impl Record {
    /// What it cost, in the user's currency.
    #[must_use]
    pub fn local(&self) -> Option<Local> {
        self.cost.map(|cost| Local::of(cost, self.rate))
    }

    #[must_use]
    pub const fn is_failed(&self) -> bool {
        self.error.is_some()
    }
}
