//! Where a byte stands, as an editor tells it. Owns that LF, CRLF and a lone CR each end one line.

/// A place in a text, between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The line, from 1.
    pub line: u64,
    /// How many bytes of the line were passed.
    pub passed: u64,
    is_after_cr: bool,
}

impl Place {
    pub const START: Self = Self { line: 1, passed: 0, is_after_cr: false };

    /// Goes past some bytes.
    pub fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' if self.is_after_cr => {}
                b'\n' | b'\r' => (self.line, self.passed) = (self.line + 1, 0),
                _ => self.passed += 1,
            }
            self.is_after_cr = *byte == b'\r';
        }
    }
}
