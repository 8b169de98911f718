//! Drives the release binary in a pseudo-terminal of 120×40 against a server on loopback, and prints what a user
//! would feel: `cargo bench --bench driver`, or with a part of a figure's name, `cargo bench --bench driver -- echo`.
//! Owns the list of figures and what is asked of each; refuses to look inside: it counts bytes, ticks and time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and stops where it cannot go on"
)]

#[path = "driver/ask.rs"]
mod ask;
#[path = "driver/figure.rs"]
mod figure;
#[path = "support/fill.rs"]
mod fill;
#[path = "driver/keys.rs"]
mod keys;
#[path = "support/measure.rs"]
mod measure;
#[path = "driver/replies.rs"]
mod replies;
#[path = "driver/start.rs"]
mod start;
#[path = "../tests/support/mod.rs"]
mod support;

use measure::Measure;

const MEASURES: &[Measure] = &[
    Measure { name: "start empty", run: start::empty },
    Measure { name: "start full", run: start::full },
    Measure { name: "ask sent", run: ask::sent },
    Measure { name: "flood 10000", run: replies::flood },
    Measure { name: "pace 3000", run: replies::paced },
    Measure { name: "echo rest", run: keys::at_rest },
    Measure { name: "echo stream", run: keys::while_streaming },
    Measure { name: "twenty replies pageup memory idle", run: replies::twenty },
];

fn main() {
    measure::print(MEASURES, ", in a pseudo-terminal of 120×40");
}
