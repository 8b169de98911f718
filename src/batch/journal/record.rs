//! The lines of a journal: the first says what the run is, each other is a finished row. JSON, so that they can be read
//! without munshi.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::batch::input::{Row, row_digest};
use crate::batch::task::{Fingerprint, hex};
use crate::chat::{ConversationId, Local, PicoUsd, Rate};
use crate::text::Sanitised;

/// What this munshi writes in a journal's first line.
pub const VERSION: u32 = 1;

/// The most characters of an error in a row.
const LONGEST_ERROR: usize = 500;

/// What a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub munshi_batch: u32,
    /// All attempts of the run are booked under this id.
    pub run: ConversationId,
    pub begun_ms: i64,
    pub input: InputMark,
    pub task: Fingerprint,
    /// Whether an output that was there may be replaced, as whoever began it said.
    #[serde(default)]
    pub replaces: bool,
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
    /// A row that is finished, with an answer or an error; `used`: tokens, cost, and the currency's rate.
    #[must_use]
    pub fn new(
        (n, row): (u64, &Row),
        model: &str,
        (tokens, cost, rate): (Option<u64>, Option<PicoUsd>, Rate),
        answer: Result<Map<String, Value>, String>,
    ) -> Self {
        let (fields, error) = match answer {
            Ok(fields) => (Some(fields), None),
            Err(error) => (None, Some(shortened(&error))),
        };
        Self {
            n,
            row: row.number,
            digest: hex(&row_digest(&row.text)),
            input: row.text.clone(),
            fields,
            model: model.to_owned(),
            tokens,
            cost,
            rate,
            error,
        }
    }

    /// A row that cannot be asked.
    #[must_use]
    pub fn unasked(n: u64, row: &Row, why: &str, rate: Rate) -> Self {
        Self::new((n, row), "", (Some(0), Some(PicoUsd(0)), rate), Err(why.to_owned()))
    }

    /// About the bytes that it takes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        // What an answer has is hardly ever more than its row.
        512 + 2 * self.input.len()
    }

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

/// In one line, and not longer than a cell should be.
fn shortened(error: &str) -> String {
    let line = error.split_whitespace().collect::<Vec<_>>().join(" ");
    // A server's words are in it, and whoever looks at the file may do so at a terminal.
    let line = Sanitised::new(&line).as_str().to_owned();
    match line.char_indices().nth(LONGEST_ERROR) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_of_a_cells_length() {
        assert_eq!(shortened("a\n  b\tc"), "a b c");
        assert_eq!(shortened(&"é".repeat(600)).chars().count(), 501);
    }
}
