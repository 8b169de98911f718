//! Text as lines. Owns where a line ends; refuses to hold more of a line than it was told.

use std::io::Read;

use super::decoder::Decoder;
use super::error::InputError;

pub(super) struct Lines<R> {
    source: Decoder<R>,
    /// So many bytes of a line are held.
    most: usize,
    held: Vec<u8>,
    number: u64,
    blank: u64,
    is_after_cr: bool,
}

/// One line, without its end.
pub(super) struct Line<'a> {
    /// From 1; blank lines count.
    pub number: u64,
    pub text: &'a str,
    /// Whether the line is longer than what is held of it.
    pub is_cut: bool,
}

impl<R: Read> Lines<R> {
    pub fn new(reader: R, most: usize) -> Self {
        Self { source: Decoder::new(reader), most, held: Vec::new(), number: 0, blank: 0, is_after_cr: false }
    }

    /// How many blank lines were passed over.
    pub const fn blank(&self) -> u64 {
        self.blank
    }

    /// The next line that is not blank.
    pub fn filled(&mut self) -> Result<Option<Line<'_>>, InputError> {
        loop {
            let Some(is_cut) = self.read()? else { return Ok(None) };
            if is_cut || !text(&self.held).trim().is_empty() {
                return Ok(Some(Line { number: self.number, text: text(&self.held), is_cut }));
            }
            self.blank += 1;
        }
    }

    /// Reads a line into `held`, and tells whether it was cut.
    fn read(&mut self) -> Result<Option<bool>, InputError> {
        self.held.clear();
        let (mut has_begun, mut is_cut) = (false, false);
        loop {
            let chunk = self.source.chunk()?;
            match chunk.first() {
                None if !has_begun => return Ok(None),
                None => break,
                // The second half of a CRLF, which another chunk may have brought.
                Some(first) if std::mem::take(&mut self.is_after_cr) && *first == b'\n' => {
                    self.source.take(1);
                    continue;
                }
                Some(_) => has_begun = true,
            }
            let end = chunk.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let length = end.unwrap_or(chunk.len());
            let room = self.most - self.held.len();
            is_cut |= length > room;
            self.held.extend_from_slice(&chunk[..length.min(room)]);
            self.is_after_cr = chunk.get(length) == Some(&b'\r');
            self.source.take(length + usize::from(end.is_some()));
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        Ok(Some(is_cut))
    }
}

/// The bytes as text, but for a character that was cut at the end.
fn text(bytes: &[u8]) -> &str {
    let whole = std::str::from_utf8(bytes).map_or_else(|wrong| wrong.valid_up_to(), str::len);
    std::str::from_utf8(&bytes[..whole]).unwrap_or_default()
}
