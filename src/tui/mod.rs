//! The full-screen chat. Owns the event loop, the screen's machine, what is drawn and the terminal; refuses to
//! know any adapter: what it needs of the program around it goes through [`host::Host`].
//!
//! A key goes `input` → `update` → `effect`s → `world`; what the world tells comes back as an `event`; `view`
//! draws the `state` and only reads it.

pub mod aligned;
pub mod asking;
mod budgets;
pub mod chats;
mod chrome;
pub mod commands;
pub mod composer;
pub mod context;
pub mod drafts;
pub mod effect;
pub mod event;
pub mod export;
pub mod highlighter;
pub mod host;
pub mod input;
pub mod keymap;
pub mod open;
pub mod preferences;
pub mod price;
pub mod run;
pub mod screens;
pub mod spending;
pub mod stage;
pub mod state;
pub mod status;
pub mod terminal;
pub mod theme;
pub mod transcript;
pub mod update;
pub mod view;
pub mod world;

#[cfg(test)]
mod tests;

pub use open::{Launch, open};
