//! Servers of tools as munshi's source meets them: good ones, dying ones, hostile ones, over standard input and output
//! and over HTTP. Each is this test binary, run again, or a small server on loopback.
#![cfg(all(feature = "mcp", unix))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a server speaks there, and real ones are shown there")]
#![allow(clippy::disallowed_methods, reason = "the servers over HTTP are tasks of the tests' own")]

mod calls;
mod hostile;
mod http;
mod kit;
mod lives;
mod raw;
mod real;
mod server;
