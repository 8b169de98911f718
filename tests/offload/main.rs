//! `munshi batch run --offload` and what follows it, as their user meets them: the real program against a Batch API on
//! loopback.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test stops at what it did not expect, and measures nothing by the clock it reads"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod ends;
mod guard;
mod kills;
mod kit;
mod later;
mod money;
mod parts;
mod refusals;
mod retries;
