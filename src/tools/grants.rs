//! What the user allowed for good: a file of lines, each a tool and the hash of its definition, parted by a tab. Only
//! ever added to, so that several instances can; whatever is no such line is passed over, and then munshi asks again.

use std::io;
use std::path::{Path, PathBuf};

use super::definition::is_hash;
use crate::chat::tool::ToolSpec;

/// The name of the file in the data folder.
pub const FILE: &str = "allowed_tools";

/// Where the file is and what touches the disk, so that tests can let it fail.
#[derive(Debug, Clone)]
pub struct Grants {
    pub path: PathBuf,
    /// Reads a file whole.
    pub read: fn(&Path) -> io::Result<Vec<u8>>,
    /// Adds bytes to the end of a file in one write, created for its owner alone, and waits until they are on the disk.
    pub append: fn(&Path, &[u8]) -> io::Result<()>,
}

/// What is said of a tool's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// This one is allowed.
    Given,
    /// Another one of the same tool is.
    ToAnother,
    None,
}

impl Grants {
    /// All that is kept, as it stands now; nothing where it cannot be read, so that munshi asks.
    #[must_use]
    pub fn load(&self) -> Vec<(String, String)> {
        let bytes = match (self.read)(&self.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "what tools are allowed cannot be read");
                }
                return Vec::new();
            }
        };
        String::from_utf8_lossy(&bytes).lines().filter_map(line).collect()
    }

    /// Adds a line, unless it is there.
    ///
    /// # Errors
    /// In a sentence, where it is not kept.
    pub fn give(&self, tool: &str, definition: &str) -> Result<(), String> {
        if !ToolSpec::is_name(tool) || !is_hash(definition) {
            return Err(format!("{tool:?} is no tool that can be allowed for good."));
        }
        if look(&self.load(), tool, definition) == Grant::Given {
            return Ok(());
        }
        // It begins a line of its own even after one that was cut off.
        let line = format!("\n{tool}\t{definition}\n");
        (self.append)(&self.path, line.as_bytes()).map_err(|error| {
            format!(
                "That {tool} is always allowed could not be kept in {}: {error}. It is allowed this once.",
                self.path.display()
            )
        })
    }
}

/// What the kept lines say of a tool's definition.
#[must_use]
pub fn look(kept: &[(String, String)], tool: &str, definition: &str) -> Grant {
    let mut found = Grant::None;
    for (_, allowed) in kept.iter().filter(|(name, _)| name == tool) {
        if allowed == definition {
            return Grant::Given;
        }
        found = Grant::ToAnother;
    }
    found
}

fn line(text: &str) -> Option<(String, String)> {
    let (tool, definition) = text.split_once('\t')?;
    (ToolSpec::is_name(tool) && is_hash(definition)).then(|| (tool.to_owned(), definition.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
        std::fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(bytes)
    }

    fn grants(folder: &Path) -> Grants {
        Grants { path: folder.join(FILE), read: |path| std::fs::read(path), append }
    }

    fn hash(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    #[test]
    fn what_is_given_holds_for_that_definition_alone() {
        let home = tempfile::tempdir().unwrap();
        let grants = grants(home.path());
        assert_eq!(grants.load(), []);
        grants.give("get_weather", &hash('a')).unwrap();
        grants.give("get_weather", &hash('a')).unwrap();
        let kept = grants.load();
        assert_eq!(kept.len(), 1, "it is kept once");
        assert_eq!(look(&kept, "get_weather", &hash('a')), Grant::Given);
        assert_eq!(look(&kept, "get_weather", &hash('b')), Grant::ToAnother);
        assert_eq!(look(&kept, "calculate", &hash('a')), Grant::None);
    }

    #[test]
    fn broken_lines_are_passed_over_and_do_not_swallow_the_next() {
        let home = tempfile::tempdir().unwrap();
        let grants = grants(home.path());
        let broken = format!("x\t{}y\nnothing\n\t\n../x\t{}\na\tb\tc\n\u{fffd}\nget_wea", hash('a'), hash('a'));
        std::fs::write(&grants.path, [broken.as_bytes(), b"\xff\xfe"].concat()).unwrap();
        assert_eq!(grants.load(), []);
        grants.give("calculate", &hash('c')).unwrap();
        assert_eq!(grants.load(), [("calculate".to_owned(), hash('c'))]);
    }

    #[test]
    fn many_writers_at_once_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let grants = grants(home.path());
                std::thread::spawn(move || {
                    (0..50).for_each(|n| grants.give(&format!("t{writer}_{n}"), &hash('e')).unwrap());
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(grants(home.path()).load().len(), 400);
    }

    #[test]
    fn what_cannot_be_kept_is_said_and_what_is_no_tool_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let full = Grants { append: |_, _| Err(io::Error::other("disk full")), ..grants(home.path()) };
        let says = full.give("calculate", &hash('a')).unwrap_err();
        assert!(says.contains("calculate is always allowed could not be kept") && says.contains("disk full"), "{says}");
        for (tool, definition) in [("a\tb", hash('a')), ("a\nb", hash('a')), ("", hash('a')), ("a", "short".to_owned())]
        {
            assert!(grants(home.path()).give(tool, &definition).is_err(), "{tool:?}");
        }
        assert!(!home.path().join(FILE).exists());
    }
}
