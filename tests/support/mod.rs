//! What tests, benchmarks and the picture's script share: a real pseudo-terminal around the real binary, and a
//! scripted server on loopback. Refuses knowledge of munshi's insides: it sees only what a user or a server sees.
#![allow(dead_code, reason = "each test binary uses its own part of this")]
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a harness needs the clock for its deadlines, and a broken harness must stop the test at once"
)]
#![allow(clippy::struct_excessive_bools, reason = "a screen is shown or not, bracketed or not: facts, not states")]
#![allow(clippy::needless_pass_by_value, reason = "`key(Key::Enter)` reads better than `key(&Key::Enter)`")]

pub mod batch_api;
pub mod batch_rows;
pub mod keys;
pub mod launch;
pub mod mcp;
pub mod pty;
mod pty_reader;
pub mod replies;
pub mod server;
