//! `munshi batch run` as its user meets it: the real program over whole files, in pipes and in a pseudo-terminal, killed
//! and started again, against a scripted server on loopback.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test stops at what it did not expect, and measures nothing by the clock it reads"
)]

#[path = "../support/mod.rs"]
mod support;

mod cells;
mod changed;
mod disk;
mod files;
mod input;
mod kit;
mod money;
mod nonsense;
mod progress;
mod refused;
mod resume;
mod rows;
mod servers;
mod stops;
mod wire;
