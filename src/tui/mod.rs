//! (interface only yet)

pub mod transcript;
