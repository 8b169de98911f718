//! Rows in a provider's hands: its Batch API, half the price, within a day. Owns what is handed over, kept of it, and taken
//! back; refuses adapters, and where its records stand.

pub mod compose;
pub mod fetch;
pub mod record;
pub mod submit;
pub mod tries;

pub use record::{Handed, Part};
