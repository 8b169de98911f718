//! `munshi ask` as its user and their scripts meet it: the real program, in pipes and in a pseudo-terminal, against a
//! scripted server on loopback.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test stops at what it did not expect, and measures nothing by the clock it reads"
)]

#[path = "../support/mod.rs"]
mod support;

mod ends;
mod input;
mod json;
mod keeping;
mod kit;
mod pipes;
mod question;
mod terminal;
mod tools;
