//! Servers of tools as munshi's source meets them: good ones, dying ones, hostile ones, over standard input and output
//! and over HTTP. Each is this test binary, run again, or a small server on loopback.
#![cfg(all(feature = "mcp", unix))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]

mod calls;
mod hostile;
mod http;
mod kit;
mod lives;
mod raw;
mod real;
mod server;
