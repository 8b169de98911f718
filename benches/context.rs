//! What the context costs: `cargo bench --bench context`. Exact counts of a large paste, the search among a hundred
//! thousand messages, and how often an answer that was given long ago is found again.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and stops where it cannot go on"
)]

#[path = "context/choice.rs"]
mod choice;
#[path = "context/count.rs"]
mod count;
#[path = "support/fill.rs"]
mod fill;
#[path = "context/planted.rs"]
mod planted;
#[path = "context/recall.rs"]
mod recall;
#[path = "context/search.rs"]
mod search;
#[path = "context/world.rs"]
mod world;

use std::time::Duration;

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    count::print();
    choice::print();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        search::print().await;
        recall::print().await;
    });
}

/// The median and the 99th percentile, in milliseconds.
fn spread(mut all: Vec<Duration>) -> String {
    all.sort_unstable();
    let high = all[(all.len() * 99 / 100).min(all.len() - 1)];
    format!("{} / {}", millis(all[all.len() / 2]), millis(high))
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The memory that this process holds, in megabytes, where the system tells.
fn memory() -> String {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.map_or_else(|| "unknown".to_owned(), |kilobytes| format!("{:.1} MB", kilobytes / 1024.0))
}
