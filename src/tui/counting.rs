//! The port to whoever counts tokens exactly, with the model's own tokenizer. Refuses to wait: what is not counted
//! yet, or never can be, stays an estimate.

use crate::chat::ModelRef;

/// Counts texts off the loop.
pub trait TokenCounter: Send {
    /// Counts each text as `model` does. Answered once, by [`TokenCounter::drain`]; never where the model's
    /// tokenizer is not known. Returns at once.
    fn count(&mut self, ticket: u64, model: &ModelRef, texts: Vec<String>);

    /// The counts that are there: the ticket, and the tokens of each text in order.
    fn drain(&mut self) -> Vec<(u64, Vec<u64>)>;
}

/// Knows no tokenizer.
pub struct NoCounter;

impl TokenCounter for NoCounter {
    fn count(&mut self, _: u64, _: &ModelRef, _: Vec<String>) {}

    fn drain(&mut self) -> Vec<(u64, Vec<u64>)> {
        Vec::new()
    }
}
