//! The stores: one contract held by both, and what only the one on disk promises.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "children of these tests tell their parent what was acknowledged")]

mod bills;
mod budget;
mod child;
mod contract;
mod damage;
mod files;
mod instances;
mod kill;
mod older;
mod salvage;
mod sums;
mod support;
