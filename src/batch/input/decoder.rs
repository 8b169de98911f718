//! Bytes as UTF-8, checked while they pass, with the place of the first that is none. Owns the byte-order marks and NUL,
//! which no text has; refuses to repair anything. All that stands before a fault is handed out first, so that the same
//! rows are read however the bytes arrive.

use std::io::{self, Read};

use super::error::InputError;
use super::place::Place;

const BUFFER: usize = 64 * 1024;
const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// How files begin that hold text only once they are unpacked or exported.
const OTHER_FILES: [(&[u8], &str); 4] = [
    (&[0x1F, 0x8B], "gzip-compressed"),
    (&[0x28, 0xB5, 0x2F, 0xFD], "zstd-compressed"),
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet"),
    (b"%PDF", "a PDF"),
];

pub(super) struct Decoder<R> {
    inner: R,
    buffer: Vec<u8>,
    /// `start..checked` is UTF-8 that was not taken yet, `checked..filled` the beginning of a character.
    start: usize,
    checked: usize,
    filled: usize,
    /// How many bytes of the file stand before `checked`, and where that is.
    offset: u64,
    place: Place,
    fault: Option<InputError>,
    has_begun: bool,
    is_over: bool,
}

impl<R: Read> Decoder<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: vec![0; BUFFER],
            start: 0,
            checked: 0,
            filled: 0,
            offset: 0,
            place: Place::START,
            fault: None,
            has_begun: false,
            is_over: false,
        }
    }

    /// What can be taken now; nothing at the end. A chunk ends between two characters.
    pub fn chunk(&mut self) -> Result<&[u8], InputError> {
        while self.start == self.checked && !self.is_over {
            if let Some(fault) = self.fault.take() {
                self.is_over = true;
                return Err(fault);
            }
            self.refill()?;
        }
        Ok(&self.buffer[self.start..self.checked])
    }

    /// Takes so many bytes of the chunk.
    pub fn take(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.checked);
    }

    fn refill(&mut self) -> Result<(), InputError> {
        self.buffer.copy_within(self.checked..self.filled, 0);
        self.filled -= self.checked;
        (self.start, self.checked) = (0, 0);
        let more = loop {
            match self.inner.read(&mut self.buffer[self.filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                more => break more.map_err(InputError::Read)?,
            }
        };
        self.filled += more;
        let is_end = more == 0;
        // A mark has three bytes at most, and the first read may bring one.
        if self.has_begun || self.filled >= UTF8_MARK.len() || is_end {
            self.begin()?;
            self.check(is_end);
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), InputError> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        let bytes = &self.buffer[..self.filled];
        if let [mark @ (0xFF | 0xFE), other @ (0xFF | 0xFE), ..] = bytes
            && mark != other
        {
            return Err(InputError::Utf16);
        }
        if let Some((_, kind)) = OTHER_FILES.iter().find(|(mark, _)| bytes.starts_with(mark)) {
            return Err(InputError::OtherFile { kind });
        }
        if bytes.starts_with(UTF8_MARK) {
            (self.start, self.checked) = (UTF8_MARK.len(), UTF8_MARK.len());
            self.offset += UTF8_MARK.len() as u64;
        }
        Ok(())
    }

    /// Checks what was read. At the end, the beginning of a character is a fault too.
    fn check(&mut self, is_end: bool) {
        let bytes = &self.buffer[self.checked..self.filled];
        let wrong = std::str::from_utf8(bytes).err();
        let valid = wrong.map_or(bytes.len(), |wrong| wrong.valid_up_to());
        // Asked first, since it is quick, and hardly any file holds one.
        let has_nul = bytes[..valid].contains(&0);
        let nul = if has_nul { bytes[..valid].iter().position(|byte| *byte == 0) } else { None };
        let good = nul.unwrap_or(valid);
        self.place.pass(&bytes[..good]);
        self.offset += good as u64;
        let (line, place, offset) = (self.place.line, self.place.passed + 1, self.offset);
        self.fault = match (nul, wrong) {
            (Some(_), _) => Some(InputError::Nul { line, place, offset }),
            (None, Some(wrong)) if wrong.error_len().is_some() => {
                Some(InputError::NotUtf8 { line, place, offset, byte: bytes[good] })
            }
            (None, Some(_)) if is_end => Some(InputError::Cut { line, place, offset }),
            _ => None,
        };
        self.checked += good;
        self.is_over = is_end && self.fault.is_none();
    }
}
