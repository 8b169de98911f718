//! Cleans an event stream before a stricter parser sees it. Owns lines, events and their limits: byte-order
//! marks, CR and CRLF, comments, `data:` without a space, several data lines, a last event without a blank
//! line; refuses events past a size. What comes out is one `data: …` event at a time, in valid UTF-8.

use bytes::{Bytes, BytesMut};

/// Begins each event that comes out.
const PREFIX: &[u8] = b"data: ";

/// Why nothing more comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// `[DONE]`.
    Done,
    /// An event named `error`, with its data.
    Error(Vec<u8>),
    /// One event was larger than the limit.
    TooLarge,
}

/// What the current event is called, as far as it matters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Name {
    #[default]
    Plain,
    /// `ping` and its kin: nothing in it counts.
    Ping,
    Error,
}

/// The state between two pieces of a stream, which may be split anywhere.
#[derive(Debug)]
pub(super) struct Cleaner {
    max_event_bytes: usize,
    /// An unfinished line.
    line: Vec<u8>,
    /// The current event, with its prefix once it has data.
    event: BytesMut,
    name: Name,
    is_first_line: bool,
    /// The last byte was a CR: an LF right behind it belongs to it.
    after_cr: bool,
    /// A bare JSON object is being read, lines without a field name and all.
    is_bare: bool,
}

impl Cleaner {
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            line: Vec::new(),
            event: BytesMut::new(),
            name: Name::Plain,
            is_first_line: true,
            after_cr: false,
            is_bare: false,
        }
    }

    /// Takes the next piece; whole events go to `out`.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut impl Extend<Bytes>) -> Result<(), Stop> {
        if bytes.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut self.after_cr) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            if self.line.is_empty() {
                self.take_line(&bytes[..end], out)?;
            } else {
                self.line.extend_from_slice(&bytes[..end]);
                let line = std::mem::take(&mut self.line);
                self.take_line(&line, out)?;
                self.line = line;
                self.line.clear();
            }
            let is_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if is_cr {
                self.after_cr = bytes.is_empty();
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > self.max_event_bytes { Err(Stop::TooLarge) } else { Ok(()) }
    }

    /// The stream has ended: a last event that is whole counts even without its blank line; half of one does not.
    pub fn finish(&mut self, out: &mut impl Extend<Bytes>) -> Result<(), Stop> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line, out)?;
        }
        let payload = self.payload();
        let is_whole = payload == b"[DONE]" || serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok();
        if is_whole { self.dispatch(out) } else { Ok(()) }
    }

    fn take_line(&mut self, mut line: &[u8], out: &mut impl Extend<Bytes>) -> Result<(), Stop> {
        if std::mem::take(&mut self.is_first_line) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.dispatch(out);
        }
        // Some servers write an error as bare JSON, without any field name.
        self.is_bare |= line[0] == b'{' && self.event.is_empty();
        if self.is_bare {
            return self.add(line);
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        match field {
            b"data" => self.add(value),
            b"event" => {
                self.name = match value.trim_ascii() {
                    b"ping" | b"keepalive" | b"keep-alive" | b"heartbeat" => Name::Ping,
                    b"error" => Name::Error,
                    _ => Name::Plain,
                };
                Ok(())
            }
            // llama.cpp's way.
            b"error" => {
                self.name = Name::Error;
                self.add(value)
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, value: &[u8]) -> Result<(), Stop> {
        let value = value.trim_ascii();
        if value.is_empty() {
            return Ok(());
        }
        if self.event.len() + value.len() > self.max_event_bytes {
            return Err(Stop::TooLarge);
        }
        // Several data lines are one JSON text, in which a blank is as good as a line break.
        self.event.extend_from_slice(if self.event.is_empty() { PREFIX } else { b" " });
        self.event.extend_from_slice(value);
        Ok(())
    }

    fn payload(&self) -> &[u8] {
        self.event.get(PREFIX.len()..).unwrap_or_default()
    }

    fn dispatch(&mut self, out: &mut impl Extend<Bytes>) -> Result<(), Stop> {
        let name = std::mem::take(&mut self.name);
        self.is_bare = false;
        if self.event.is_empty() {
            return Ok(());
        }
        match name {
            Name::Ping => self.event.clear(),
            Name::Error => return Err(Stop::Error(self.payload().to_vec())),
            Name::Plain if self.payload() == b"[DONE]" => return Err(Stop::Done),
            Name::Plain => {
                if let Err(text) = std::str::from_utf8(&self.event).map_err(|_| String::from_utf8_lossy(&self.event)) {
                    self.event = BytesMut::from(text.as_bytes());
                }
                self.event.extend_from_slice(b"\n\n");
                out.extend([self.event.split().freeze()]);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out of `pieces`, and how it stopped.
    fn clean<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Option<Stop>) {
        let mut cleaner = Cleaner::new(1000);
        let mut out: Vec<Bytes> = Vec::new();
        let mut pieces = pieces.into_iter();
        let pushed = pieces.try_for_each(|piece| cleaner.push(piece, &mut out));
        let stop = pushed.and_then(|()| cleaner.finish(&mut out)).err();
        let text = |event: Bytes| {
            let text = String::from_utf8(event.to_vec()).unwrap();
            text.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap().to_owned()
        };
        (out.into_iter().map(text).collect(), stop)
    }

    const CRUEL: &str = "\u{feff}: hello\r\n\r\ndata:{\"a\":\"हिन्दी\"}\r\revent: ping\ndata: {}\n\n\n\
        id: 7\nretry: 10\ndata: {\"b\":\ndata:  \"👩‍👩‍👧\"}\n\nnonsense\ndata\n\ndata: {\"c\":1}\r\n\r\ndata: [DONE]";

    #[test]
    fn row_19_any_split_gives_the_same_events() {
        let bytes = CRUEL.as_bytes();
        let expected = ["{\"a\":\"हिन्दी\"}", "{\"b\": \"👩‍👩‍👧\"}", "{\"c\":1}"].map(str::to_owned).to_vec();
        assert_eq!(clean([bytes]), (expected.clone(), Some(Stop::Done)));
        for at in 0..=bytes.len() {
            assert_eq!(clean([&bytes[..at], &bytes[at..]]), (expected.clone(), Some(Stop::Done)), "split at {at}");
        }
        assert_eq!(clean(bytes.chunks(1)), (expected, Some(Stop::Done)));
    }

    #[test]
    fn a_last_event_without_a_blank_line_counts_only_when_it_is_whole() {
        assert_eq!(clean([&b"data: {\"a\":1}"[..]]).0, ["{\"a\":1}"]);
        assert_eq!(clean([&b"data: {\"a\":1}\n"[..]]).0, ["{\"a\":1}"]);
        for cut in ["data: {\"a\":", "data: {\"a\":\n", "data:", "dat", "data: [DON"] {
            assert_eq!(clean([cut.as_bytes()]), (vec![], None), "{cut}");
        }
    }

    #[test]
    fn row_20_an_event_past_the_limit_stops_the_stream_before_memory_does() {
        let long = [b'x'; 400];
        let line: Vec<&[u8]> = std::iter::once(&b"data: "[..]).chain(std::iter::repeat_n(&long[..], 3)).collect();
        assert_eq!(clean(line).1, Some(Stop::TooLarge));
        let lines: Vec<Vec<u8>> = (0..3).map(|_| [&b"data: "[..], &long, b"\n"].concat()).collect();
        assert_eq!(clean(lines.iter().map(Vec::as_slice)).1, Some(Stop::TooLarge));
    }

    #[test]
    fn errors_are_found_however_they_are_written() {
        let error = Some(Stop::Error(b"{\"message\":\"no\"}".to_vec()));
        assert_eq!(clean([&b"event: error\ndata: {\"message\":\"no\"}\n\n"[..]]).1, error);
        assert_eq!(clean([&b"error: {\"message\":\"no\"}\n\n"[..]]).1, error);
        assert_eq!(clean([&b"{\n  \"error\": \"no\"\n}"[..]]).0, ["{ \"error\": \"no\" }"]);
    }

    #[test]
    fn bytes_that_are_no_utf8_become_replacement_characters() {
        assert_eq!(clean([&b"data: {\"a\":\"\xff\"}\n\n"[..]]).0, ["{\"a\":\"\u{fffd}\"}"]);
    }
}
