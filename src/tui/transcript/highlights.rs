//! The inks of highlighted code, as far as they are known. Owned by the caller, filled by whoever runs the
//! highlighter; the transcript only reads them, and says which lines it wants next.

use std::collections::HashMap;
use std::ops::Range;

use super::body::Body;
use crate::chat::MessageId;
use crate::text::{LineInks, supports};

/// Lines of one fence that are highlighted; the rest stays in one ink.
pub const MAX_FENCE_LINES: usize = 5_000;
/// Lines in one job at most, so that the first inks come soon.
const MAX_JOB_LINES: usize = 400;

/// Lines to highlight. Those of one fence come in order: `first_line` 0 begins with a fresh parser, and every
/// other job goes on where the one before it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HighlightJob {
    pub message: MessageId,
    /// Ordinal of the fence in its message.
    pub fence: u32,
    pub language: String,
    /// Number within the fence of the first of `lines`.
    pub first_line: usize,
    /// Raw, without newlines.
    pub lines: Vec<String>,
}

impl HighlightJob {
    /// The job's result, once its lines' inks are known.
    #[must_use]
    pub fn done(&self, inks: Vec<LineInks>) -> Highlighted {
        Highlighted { message: self.message, fence: self.fence, first_line: self.first_line, inks }
    }
}

/// The result of a [`HighlightJob`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlighted {
    pub message: MessageId,
    pub fence: u32,
    pub first_line: usize,
    pub inks: Vec<LineInks>,
}

#[derive(Debug, Clone, Default)]
struct Fence {
    inks: Vec<LineInks>,
    requested: usize,
}

/// What is highlighted, by message and fence.
#[derive(Debug, Clone, Default)]
pub struct Highlights {
    fences: HashMap<(MessageId, u32), Fence>,
}

impl Highlights {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The inks of the fence's lines in `range`, as far as they are known: maybe fewer, never out of order.
    #[must_use]
    pub fn lines(&self, message: MessageId, fence: u32, range: Range<usize>) -> &[LineInks] {
        let known = self.fences.get(&(message, fence)).map_or(&[][..], |fence| &fence.inks);
        let end = range.end.min(known.len());
        known.get(range.start.min(end)..end).unwrap_or_default()
    }

    /// Notes that a job was sent, so that it is not wanted again.
    pub fn mark_requested(&mut self, job: &HighlightJob) {
        let fence = self.fences.entry((job.message, job.fence)).or_default();
        fence.requested = fence.requested.max(job.first_line + job.lines.len());
    }

    /// Takes a result. One that does not go on where the known lines end belongs to a fence that was
    /// forgotten since, and is dropped.
    pub fn insert(&mut self, done: Highlighted) {
        let Some(fence) = self.fences.get_mut(&(done.message, done.fence)) else { return };
        if fence.inks.len() == done.first_line {
            fence.inks.extend(done.inks);
            fence.requested = fence.requested.max(fence.inks.len());
        }
    }

    /// Drops what is known of a message: its inks are wanted anew when it is seen again.
    pub fn forget(&mut self, message: MessageId) {
        self.fences.retain(|(of, _), _| *of != message);
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.fences.clear();
    }

    fn requested(&self, message: MessageId, fence: u32) -> usize {
        self.fences.get(&(message, fence)).map_or(0, |fence| fence.requested)
    }

    /// The next lines to highlight so that the seen `block` gets its inks; `None` where nothing is missing.
    pub(super) fn wanted(&self, message: MessageId, body: &Body, block: usize, source: &str) -> Option<HighlightJob> {
        let seen = body.fence(block)?;
        let first_line = self.requested(message, seen.fence);
        let seen_end = (seen.first_line + seen.complete_lines).min(MAX_FENCE_LINES);
        // What is seen lies beyond the bound, or is known or asked for already.
        if seen.first_line >= seen_end || first_line >= seen_end || !supports(&seen.language) {
            return None;
        }
        let end = seen_end.min(first_line + MAX_JOB_LINES);
        let mut lines = Vec::with_capacity(end - first_line);
        for at in begin_of(body, block, seen.fence, first_line)..=block {
            let Some(part) = body.fence(at).filter(|part| part.fence == seen.fence) else { continue };
            let from = (first_line + lines.len()).saturating_sub(part.first_line);
            let to = end.saturating_sub(part.first_line).min(part.complete_lines);
            let taken = part.lines.get(from..to.max(from)).unwrap_or_default();
            lines.extend(taken.iter().map(|line| source.get(line.clone()).unwrap_or_default().to_owned()));
        }
        if lines.is_empty() {
            return None;
        }
        Some(HighlightJob { message, fence: seen.fence, language: seen.language.clone(), first_line, lines })
    }
}

/// The block of `fence`, at or before `block`, that holds its line `line`.
fn begin_of(body: &Body, block: usize, fence: u32, line: usize) -> usize {
    let mut at = block;
    while at > 0 && body.fence(at).is_some_and(|part| part.first_line > line) {
        if body.fence(at - 1).is_none_or(|part| part.fence != fence) {
            break;
        }
        at -= 1;
    }
    at
}
