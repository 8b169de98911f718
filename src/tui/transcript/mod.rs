//! The scrolling transcript of one chat. Owns how messages become rows, where it is scrolled to, and what was
//! laid out lately; refuses to change anything it draws, and to do more for a long chat than for a short one.

mod body;
mod cache;
mod cells;
mod draw;
mod frame;
mod furniture;
mod guise;
mod highlights;
mod inks;
pub mod paint;
pub mod scroll;
mod standing;
mod tool;
mod view;
mod walk;

#[cfg(test)]
mod tests;

pub(in crate::tui) use body::PlainText;
pub use cache::{Cache, Work};
pub use draw::draw;
pub use frame::{Drawn, Selection};
pub use highlights::{HighlightJob, Highlighted, Highlights, MAX_FENCE_LINES};
pub use inks::{Chrome, Inks};
pub use scroll::{Anchor, Place};
pub use view::{CallState, LiveCall, LiveStatus, Notice, NoticeKind, TranscriptView};
