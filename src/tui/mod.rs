//! (interface only yet)

pub mod composer;
