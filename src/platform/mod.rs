//! What differs between systems: folders, private files, signals, the clipboard, the terminal's size, running a
//! program for a limited time or in a sandbox. Knows nothing of munshi; what a system cannot do, its functions leave out or say.

pub mod clipboard;
pub mod files;
pub mod folders;
pub mod process;
pub mod sandbox;
pub mod signals;
pub mod terminal;

pub use clipboard::Copied;
pub use folders::Folders;
pub use process::forbid_core_dumps;
pub use signals::{Signals, SystemSignal, suspend_self};
