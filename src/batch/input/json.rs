//! JSON Lines as rows. Owns what of a value is the text; refuses a line that is no JSON, since the next would be in
//! doubt too.

use std::io::Read;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::error::InputError;
use super::lines::{Line, Lines};
use super::{BLANK, LONG_LINE, LONGEST_RECORD, Row};

pub(super) struct Values<R> {
    lines: Lines<R>,
    property: Option<String>,
}

impl<R: Read> Values<R> {
    pub fn new(reader: R, property: Option<&str>) -> Self {
        Self { lines: Lines::new(reader, LONGEST_RECORD), property: property.map(str::to_owned) }
    }

    /// How many blank lines were passed over.
    pub const fn blank(&self) -> u64 {
        self.lines.blank()
    }

    pub fn row(&mut self) -> Result<Option<Row>, InputError> {
        let Some(line) = self.lines.filled()? else { return Ok(None) };
        if line.is_cut {
            return Ok(Some(Row::cut(line.number, line.text, LONG_LINE)));
        }
        match &self.property {
            Some(name) => property(&line, name).map(Some),
            None => whole(&line).map(Some),
        }
    }
}

/// A string as its text, another value as it is written.
fn whole(line: &Line<'_>) -> Result<Row, InputError> {
    if line.text.trim_start().starts_with('"') {
        return Ok(Row::new(line.number, &parse::<String>(line)?));
    }
    parse::<IgnoredAny>(line)?;
    Ok(Row::new(line.number, line.text))
}

fn property(line: &Line<'_>, name: &str) -> Result<Row, InputError> {
    let Value::Object(object) = parse::<Value>(line)? else {
        return Err(InputError::NoObject { line: line.number, name: name.to_owned() });
    };
    match object.get(name) {
        Some(Value::String(text)) => Ok(Row::new(line.number, text)),
        // Whoever writes `null` has no text, as with an empty cell.
        Some(Value::Null) => Ok(Row { number: line.number, text: String::new(), unusable: Some(BLANK) }),
        Some(other) => Ok(Row::new(line.number, &other.to_string())),
        None => {
            let names = object.keys().cloned().collect();
            Err(InputError::NoProperty { line: line.number, name: name.to_owned(), names })
        }
    }
}

fn parse<T: DeserializeOwned>(line: &Line<'_>) -> Result<T, InputError> {
    serde_json::from_str(line.text).map_err(|error| {
        // The crate counts bytes, and its sentence ends with a line that is always 1.
        let column = line.text.char_indices().take_while(|(at, _)| *at < error.column()).count().max(1);
        let says = error.to_string();
        let says = says.split_once(" at line ").map_or(says.as_str(), |(says, _)| says).to_owned();
        InputError::Json { line: line.number, column, says }
    })
}
