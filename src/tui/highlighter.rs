//! Highlights code on a thread of its own: each finished line once, with the parser's state kept for the next.

use std::collections::HashMap;

use crate::chat::MessageId;
use crate::text::highlight::FenceHighlighter;

use super::transcript::{HighlightJob, Highlighted};

/// Fences whose state is kept; the longest unused one goes first.
const KEPT: usize = 64;

/// The fences at work.
#[derive(Default)]
pub struct Shelf {
    fences: HashMap<(MessageId, u32), Fence>,
    clock: u64,
}

struct Fence {
    highlighter: FenceHighlighter,
    /// The line it stands at.
    next_line: usize,
    used: u64,
}

/// Highlights the lines of a job.
#[expect(clippy::needless_pass_by_value, reason = "a worker takes its jobs by value")]
pub fn highlight(shelf: &mut Shelf, job: HighlightJob) -> Highlighted {
    shelf.clock += 1;
    let key = (job.message, job.fence);
    let continues = shelf.fences.get(&key).is_some_and(|fence| fence.next_line == job.first_line);
    if !continues {
        shelf.fences.remove(&key);
        if let Some(highlighter) = FenceHighlighter::new(&job.language) {
            shelf.fences.insert(key, Fence { highlighter, next_line: job.first_line, used: 0 });
        }
    }
    let lines = match shelf.fences.get_mut(&key) {
        Some(fence) => {
            fence.used = shelf.clock;
            fence.next_line += job.lines.len();
            job.lines.iter().map(|line| fence.highlighter.line(line)).collect()
        }
        None => Vec::new(),
    };
    if shelf.fences.len() > KEPT
        && let Some(oldest) = shelf.fences.iter().min_by_key(|(_, fence)| fence.used).map(|(key, _)| *key)
    {
        shelf.fences.remove(&oldest);
    }
    job.done(lines)
}
