//! munshi: a full-screen terminal chat for OpenAI-compatible models that streams, never loses a line, and
//! keeps count of every rupee.
//!
//! # The map of the house
//!
//! | room | owns | may use |
//! |---|---|---|
//! | [`chat`] | pure data: messages, conversations, requests, usage, money | nothing |
//! | [`session`] | the pure machine of one conversation: `Session::handle(Event) -> Vec<Effect>` | `chat` |
//! | [`text`] | sanitised text, markdown, highlighting, wrapping; knows no screen | `chat` |
//! | [`provider`] | the port to a model, one attempt each, and its adapters | `chat` |
//! | [`store`] | the port to what is kept, and its adapters | `chat` |
//! | [`tools`] | the port to what a model may ask for, and what it may | `chat`, `platform` |
//! | [`config`] | configuration: as written, then as meant, each value with its origin | `chat` |
//! | [`platform`] | what differs between systems; the sandbox of programs | nothing |
//! | [`runtime`] | runs effects: streams, timers, the store's thread, the clock | `session` and the ports |
//! | [`tui`] | the event loop, the screen's machine `update`, `view` | `runtime`, `session`, `text`, `chat` |
//! | [`ask`] | one question without a screen: its prompt, its approvals, its exit codes | `runtime`, `session`, `text`, `chat` |
//! | [`batch`] | the same question about each row of a file: its journal, its pace, its output | `runtime`, `session`, `text`, `chat` |
//! | [`demo`] | the embedded OpenAI-compatible server | nothing |
//! | [`logging`] | the log file, off the screen | `platform` |
//! | [`cli`] | the types of the command line | nothing |
//!
//! Only `main` names implementations. `tests/architecture/` holds the table to the code.

pub mod ask;
pub mod batch;
pub mod chat;
pub mod cli;
pub mod config;
pub mod demo;
pub mod logging;
pub mod platform;
pub mod provider;
pub mod runtime;
pub mod session;
pub mod store;
pub mod text;
pub mod tools;
pub mod tui;
