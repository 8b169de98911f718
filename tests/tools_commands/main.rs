//! The user's commands as tools, end to end: hostile programs, run by the real helper in every sandbox that the machine
//! has, and looked at from outside. What the machine lacks is said on standard error.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test stops at what it did not expect, and reads the clock only for deadlines"
)]

mod arguments;
mod endings;
mod killed;
mod outputs;
mod views;
mod world;
