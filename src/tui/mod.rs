//! (interface only yet)

pub mod composer;
pub mod input;
pub mod keymap;
pub mod terminal;
pub mod theme;
