//! What a user is told of an opening. Sentences only; nothing is decided here.

use std::fmt;
use std::path::PathBuf;

/// Something that happened while the database was opened, and that the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The database was made by an older munshi; a copy from before stands beside it.
    Migrated { from: i64, to: i64, backup: PathBuf },
    /// The database was damaged: the original was set aside, and what could be read is in a new one.
    Salvaged { path: PathBuf, original: PathBuf, conversations: u64, messages: u64 },
    /// Nothing can be saved; what is there can be read.
    ReadOnly { path: PathBuf, reason: String },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Migrated { from, to, backup } => write!(
                f,
                "the saved chats were brought from schema {from} to {to}; a copy from before is in {}",
                backup.display()
            ),
            Self::Salvaged { path, original, conversations, messages } => write!(
                f,
                "{} was damaged: {conversations} conversations with {messages} messages were salvaged into a new one; \
                 the untouched original is {}",
                path.display(),
                original.display()
            ),
            Self::ReadOnly { path, reason } => write!(
                f,
                "{} can only be read ({reason}): nothing new is saved. Make its folder writable and start again, or set \
                 another one with MUNSHI_DATA_DIR",
                path.display()
            ),
        }
    }
}
