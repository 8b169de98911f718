//! `read_file`: a text file under the user's roots, whole or in part. Owns how much of it is told; refuses binary files
//! with their size.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use cap_std::fs::File;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::files::{Roots, Trouble};
use super::{BuiltIn, World, elsewhere, text, whole};
use crate::chat::tool::{MOST_RESULT_BYTES, ToolEnd, ToolOutcome};

/// Bytes of a file that are told at once; the rest of a result says where it goes on.
const MOST: usize = MOST_RESULT_BYTES - 512;

struct ReadFile {
    roots: Roots,
}

pub(super) fn make(world: &World) -> Option<Arc<dyn BuiltIn>> {
    Some(Arc::new(ReadFile { roots: Roots::new(&world.roots, &world.private)? }))
}

/// The part of a file that is wanted.
struct Part {
    offset: Option<u64>,
    first_line: Option<u64>,
    most_lines: u64,
}

/// What was read.
struct Piece {
    bytes: Vec<u8>,
    /// Where it begins, in bytes from the file's beginning.
    begins: u64,
    /// Whether there was more than is told, and not for the lines that were asked for.
    is_cut: bool,
}

fn read(file: File, part: &Part, cancel: &CancellationToken) -> io::Result<Piece> {
    let mut reader = BufReader::new(file);
    let mut begins = part.offset.unwrap_or(0);
    reader.seek(SeekFrom::Start(begins))?;
    for _ in 1..part.first_line.unwrap_or(1) {
        let skipped = skip_line(&mut reader, cancel)?;
        begins += skipped;
        if skipped == 0 {
            break;
        }
    }
    let mut bytes = Vec::new();
    for _ in 0..part.most_lines {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let left = (MOST + 1).saturating_sub(bytes.len()) as u64;
        if reader.by_ref().take(left).read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
    }
    let is_cut = bytes.len() > MOST;
    if is_cut {
        bytes.truncate(MOST);
        cut_between_characters(&mut bytes);
    }
    Ok(Piece { bytes, begins, is_cut })
}

/// Passes over one line without keeping it; gives its bytes.
fn skip_line(reader: &mut BufReader<File>, cancel: &CancellationToken) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        skipped += used as u64;
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

/// Takes off the first bytes of a character whose last ones are not there.
fn cut_between_characters(bytes: &mut Vec<u8>) {
    if let Err(error) = std::str::from_utf8(&bytes[bytes.len().saturating_sub(4)..])
        && error.error_len().is_none()
    {
        let broken = bytes.len().min(4) - error.valid_up_to();
        bytes.truncate(bytes.len() - broken);
    }
}

fn outcome(roots: &Roots, arguments: &Value, cancel: &CancellationToken) -> Result<ToolOutcome, Trouble> {
    let written = text(arguments, "path").unwrap_or_default();
    let place = roots.go(written)?;
    let (file, size) = place.file()?;
    let part = Part {
        offset: whole(arguments, "offset"),
        first_line: whole(arguments, "first_line"),
        most_lines: whole(arguments, "most_lines").unwrap_or(u64::MAX),
    };
    let piece = read(file, &part, cancel)
        .map_err(|error| Trouble::Failed(format!("{} cannot be read: {error}.", place.path.display())))?;
    if piece.bytes.contains(&0) {
        return Err(Trouble::Failed(format!(
            "{} is a binary file of {size} bytes, and is not shown.",
            place.path.display()
        )));
    }
    let end = piece.begins + piece.bytes.len() as u64;
    let mut content = String::from_utf8_lossy(&piece.bytes).into_owned();
    if content.len() > MOST {
        // Replacement characters are longer than what they replace.
        content.truncate(content.floor_char_boundary(MOST));
    }
    if piece.begins > 0 || end < size {
        let begins = piece.begins;
        let _ = write!(content, "\n[bytes {begins} to {end} of {size}; offset = {end} reads on]");
    }
    let cut_from = piece.is_cut.then_some(size);
    Ok(ToolOutcome { end: ToolEnd::Done, content, cut_from })
}

impl BuiltIn for ReadFile {
    fn description(&self) -> String {
        format!(
            "Reads a text file, 64 KiB of it at most; larger ones in parts, by lines or by bytes. {}",
            self.roots.words()
        )
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "minLength": 1, "maxLength": 4096, "description": "The file" },
                "first_line": {
                    "type": "integer", "minimum": 1, "maximum": 1_000_000_000,
                    "description": "The first line to read, counted from 1, or from offset where both are given",
                },
                "most_lines": {
                    "type": "integer", "minimum": 1, "maximum": 1_000_000,
                    "description": "The most lines to read; without it as many as fit",
                },
                "offset": {
                    "type": "integer", "minimum": 0, "maximum": 1_000_000_000_000_000_u64,
                    "description": "The byte to begin at, counted from 0",
                },
            },
            "required": ["path"],
            "additionalProperties": false,
        })
    }

    fn refuse(&self, arguments: &Value) -> Option<String> {
        match self.roots.go(text(arguments, "path").unwrap_or_default()) {
            Err(Trouble::Refused(says)) => Some(says),
            Err(Trouble::Failed(_)) | Ok(_) => None,
        }
    }

    fn run(&self, arguments: Arc<Value>, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let roots = self.roots.clone();
        elsewhere(move || {
            outcome(&roots, &arguments, &cancel).unwrap_or_else(|trouble| ToolOutcome::failed(&trouble.says()))
        })
    }
}
