//! Answers as the rows of a result: CSV or JSON Lines. Owns the columns and their names, and that no cell is run as a
//! formula; refuses to know files and their order.

mod columns;
mod guard;
mod writer;

use std::path::Path;

use serde_json::{Map, Value};

pub use columns::Columns;
pub use guard::{guard, unguard};
pub use writer::Writer;

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    Csv,
    JsonLines,
}

impl OutputKind {
    /// By the ending of the file's name, in capitals or not: `.jsonl` and `.ndjson` are JSON Lines, all others CSV.
    #[must_use]
    pub fn from_name(path: &Path) -> Self {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("jsonl" | "ndjson") => Self::JsonLines,
            _ => Self::Csv,
        }
    }
}

/// One row of the result.
#[derive(Debug, Clone, Copy)]
pub struct OutRow<'a> {
    /// The number of the row that was asked about.
    pub number: u64,
    /// Its text.
    pub input: &'a str,
    /// The answer. What is no column of the result is left out.
    pub fields: Option<&'a Map<String, Value>>,
    pub model: &'a str,
    pub tokens: Option<u64>,
    /// As a decimal, which is written digit by digit.
    pub cost: Option<&'a str>,
    pub error: Option<&'a str>,
}

#[cfg(test)]
mod tests;
