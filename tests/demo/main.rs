//! The embedded server as a client sees it, over a socket of the tests' own, and the tests' own harness: the
//! pseudo-terminal and the scripted server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test stops at what it did not expect, and measures nothing by the clock it reads"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod classify;
mod client;
mod context;
mod extract;
mod failures;
mod harness_pty;
mod harness_server;
mod json;
mod refusals;
mod tools;
mod wire;
