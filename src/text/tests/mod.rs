//! What holds for every text (`laws`), for the cruel ones that the fault matrix names (`rows`), and how it looks.

#![allow(clippy::format_push_string, clippy::format_collect, reason = "a test's text may cost an allocation")]

mod laws;
mod look;
mod matrix;
mod samples;

use super::{Document, Row};

/// A document's rows, block by block, without highlighting.
fn rows(source: &str, width: u16) -> Vec<Row> {
    let mut document = Document::new();
    document.extend(source);
    rows_of(&document, source, width)
}

fn rows_of(document: &Document, source: &str, width: u16) -> Vec<Row> {
    document.blocks().iter().flat_map(|block| block.layout(source, width, &[])).collect()
}

fn text_of(row: &Row) -> String {
    row.spans.iter().map(|span| span.text.as_str()).collect()
}

fn screen(rows: &[Row]) -> Vec<String> {
    rows.iter().map(text_of).collect()
}
