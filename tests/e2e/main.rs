//! munshi as its user meets it: the real program in a real pseudo-terminal, typed at and read. Every test waits for
//! what is on the screen, on the wire or on disk, and for nothing else.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test stops at what it did not expect, and measures nothing by the clock it reads"
)]

#[path = "../support/mod.rs"]
mod support;

mod budget;
mod chat;
mod command;
mod context;
mod demo;
mod draft;
mod export;
mod keeping;
mod kit;
mod models;
mod money;
mod panel;
mod paste;
mod pipes;
mod queue;
mod secrets;
mod settings;
mod shell;
mod strategies;
mod terminal;
mod tools;
mod tools_ask;
mod tools_hostile;
mod tools_keeping;
mod tools_kit;
mod tools_limits;
mod tools_mcp;
mod tools_shape;
mod tools_stop;
mod tools_walls;
mod welcome;
mod window;
