//! The pace against virtual servers in virtual time (`simulation`, `servers`): without headers (`limits`), with them
//! (`headers`), with refusals at random (`random`), at single moments (`moments`), and what holds always (`laws`).

mod headers;
mod laws;
mod limits;
mod moments;
mod random;
mod servers;
mod simulation;

use std::time::Duration;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}
