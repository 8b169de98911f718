//! Rows to bytes. Owns how a value becomes a cell, and that a row reaches the output in one piece, so that a program that
//! is killed leaves at most one row torn; refuses to buffer: that is the output's.
//!
//! CSV is RFC 4180 but for the line's end, which is LF alone: spreadsheets, pandas and databases take both, while with
//! CRLF the tools that go by lines (`grep`, `cut`, `git`) see a CR in the last cell. UTF-8 without a byte-order mark, which
//! all but old spreadsheets expect, and which would become part of the first column's name elsewhere.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};
use serde_json::{Number, Value};

use super::guard::guard;
use super::{Columns, OutRow, OutputKind};

/// Writes a result.
pub struct Writer<W> {
    out: W,
    kind: OutputKind,
    columns: Columns,
    /// The row that is being made.
    row: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a result: CSV with its header.
    ///
    /// # Errors
    /// Where the output fails.
    pub fn new(out: W, kind: OutputKind, columns: &Columns) -> io::Result<Self> {
        let mut writer = Self::appending(out, kind, columns);
        if kind == OutputKind::Csv {
            let names = columns.names().map(guard);
            record(&mut writer.row, names)?;
            writer.out.write_all(&writer.row)?;
        }
        Ok(writer)
    }

    /// Goes on with a result that has its header.
    pub(super) fn appending(out: W, kind: OutputKind, columns: &Columns) -> Self {
        Self { out, kind, columns: columns.clone(), row: Vec::new() }
    }

    /// # Errors
    /// Where the output fails.
    pub fn write(&mut self, row: &OutRow<'_>) -> io::Result<()> {
        self.row.clear();
        match self.kind {
            OutputKind::Csv => record(&mut self.row, cells(&self.columns, row))?,
            OutputKind::JsonLines => object(&mut self.row, &self.columns, row)?,
        }
        self.out.write_all(&self.row)
    }

    /// # Errors
    /// Where the output fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.out
    }
}

fn record<'a>(to: &mut Vec<u8>, cells: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
    let mut csv = WriterBuilder::new().terminator(Terminator::Any(b'\n')).buffer_capacity(1024).from_writer(to);
    for cell in cells {
        csv.write_field(cell.as_bytes())?;
    }
    csv.write_record(None::<&[u8]>)?;
    csv.flush()
}

fn cells<'a>(columns: &'a Columns, row: &OutRow<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    let row = *row;
    let field = move |(name, _)| row.fields.and_then(|fields| fields.get(name)).map_or(Cow::Borrowed(""), cell);
    let number = |number: u64| Cow::Owned(number.to_string());
    let cost =
        row.cost.map_or(Cow::Borrowed(""), |cost| if is_number(cost) { Cow::Borrowed(cost) } else { guard(cost) });
    let before = [number(row.number), guard(row.input)];
    let behind =
        [guard(row.model), row.tokens.map_or(Cow::Borrowed(""), number), cost, guard(row.error.unwrap_or_default())];
    before.into_iter().chain(columns.fields().map(field)).chain(behind)
}

/// A number stays one, also where it begins with a minus; only text is guarded.
fn cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => guard(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn object(to: &mut Vec<u8>, columns: &Columns, row: &OutRow<'_>) -> io::Result<()> {
    let field = |name: &str| row.fields.and_then(|fields| fields.get(name)).unwrap_or(&Value::Null);
    member(to, b"{", "row", &row.number.into())?;
    member(to, b",", "input", &row.input.into())?;
    for (name, column) in columns.fields() {
        member(to, b",", column, field(name))?;
    }
    member(to, b",", "model", &row.model.into())?;
    member(to, b",", "tokens", &row.tokens.into())?;
    match row.cost {
        // As it is, since a float could not hold each of its digits.
        Some(cost) if is_number(cost) => write!(to, ",\"cost\":{cost}")?,
        other => member(to, b",", "cost", &other.into())?,
    }
    member(to, b",", "error", &row.error.into())?;
    to.extend_from_slice(b"}\n");
    Ok(())
}

fn member(to: &mut Vec<u8>, before: &[u8], name: &str, value: &Value) -> io::Result<()> {
    to.extend_from_slice(before);
    serde_json::to_writer(&mut *to, name)?;
    to.push(b':');
    serde_json::to_writer(to, value)?;
    Ok(())
}

/// Whether JSON takes the text as a number.
fn is_number(text: &str) -> bool {
    text.trim() == text && serde_json::from_str::<Number>(text).is_ok()
}
