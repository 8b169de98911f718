//! (interface only yet)

pub mod composer;
pub mod keymap;
