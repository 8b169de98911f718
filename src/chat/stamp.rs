//! A moment, as the edge read it: the machines never read a clock.

use std::time::Duration;

use jiff::civil::Date;

/// The moment of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Time since the program started, from a monotonic clock: all waits are counted in it.
    pub mono: Duration,
    /// Wall clock, milliseconds since 1970-01-01 UTC: shown and saved, never used for order.
    pub unix_ms: i64,
    /// The local calendar day, which the ledger books on.
    pub day: Date,
}

impl Stamp {
    /// A stamp `mono` after the start on a fixed day: for tests and for data without a clock.
    #[must_use]
    pub const fn fixed(mono: Duration) -> Self {
        Self { mono, unix_ms: 1_780_000_000_000, day: Date::constant(2026, 5, 28) }
    }
}
