//! The fault matrix of RELIABILITY.md, end to end: the real binary in a real pseudo-terminal, a server that breaks on
//! purpose, and the database looked at from outside. Each test is named by its row.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    clippy::print_stderr,
    reason = "a test stops at what it did not expect, and reads the clock only for deadlines and lower bounds"
)]

#[path = "../support/mod.rs"]
mod support;

mod clock;
mod cuts;
mod disk;
mod ends;
mod fallback;
mod hostile;
mod instances;
mod killed;
mod malformed;
mod network;
mod outside;
mod pastes;
mod refusals;
mod scripts;
mod summaries;
mod terminal;
mod waits;
mod world;
