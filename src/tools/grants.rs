//! What the user allowed for good, and which definitions of servers' tools the configuration has let run: two files of
//! lines, each a tool and the hash of its definition, parted by a tab. Added to line by line, so that several instances
//! can; whatever is no such line is passed over, and then munshi asks again. A pin gives no permission.

use std::io;
use std::path::{Path, PathBuf};

use super::definition::is_hash;
use crate::chat::tool::ToolSpec;

/// The name of the file, in the data folder, of what the user allowed for good.
pub const FILE: &str = "allowed_tools";

/// The name of the file, in the data folder, of the definitions that the configuration has let run.
pub const PINS: &str = "pinned_tools";

/// Where the files are and what touches the disk, so that tests can let it fail.
#[derive(Debug, Clone)]
pub struct Grants {
    /// The data folder.
    pub folder: PathBuf,
    /// Reads a file whole.
    pub read: fn(&Path) -> io::Result<Vec<u8>>,
    /// Adds bytes to the end of a file in one write, created for its owner alone, and waits until they are on the disk.
    pub append: fn(&Path, &[u8]) -> io::Result<()>,
    /// Replaces a file whole or not at all, for its owner alone.
    pub replace: fn(&Path, &[u8]) -> io::Result<()>,
}

/// Tools with the hashes of their definitions.
pub type Kept = Vec<(String, String)>;

/// What is said of a tool's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// This one is allowed, or pinned.
    Given,
    /// Another one of the same tool is.
    ToAnother,
    None,
}

impl Grants {
    /// All that the user allowed, as it stands now; nothing where it cannot be read, so that munshi asks.
    #[must_use]
    pub fn load(&self) -> Kept {
        self.lines(FILE).unwrap_or_else(|error| {
            tracing::warn!(%error, "what tools are allowed cannot be read");
            Vec::new()
        })
    }

    /// The definitions that the configuration has let run. A server's own name stands beside the hash of none of its
    /// tools, once all that it had were pinned together.
    ///
    /// # Errors
    /// In a sentence, where they cannot be read: then nothing tells whether a tool was changed.
    pub fn pins(&self) -> Result<Kept, String> {
        let path = self.folder.join(PINS);
        self.lines(PINS).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
    }

    /// Adds what the user allows, unless it is there.
    ///
    /// # Errors
    /// In a sentence, where it is not kept.
    pub fn give(&self, tool: &str, definition: &str) -> Result<(), String> {
        if look(&self.load(), tool, definition) == Grant::Given {
            return Ok(());
        }
        self.add(FILE, &[(tool.to_owned(), definition.to_owned())])
            .map_err(|why| format!("That {tool} is always allowed could not be kept: {why} It is allowed this once."))
    }

    /// Adds definitions that the configuration lets run, in one write.
    ///
    /// # Errors
    /// In a sentence, where they are not kept.
    pub fn pin(&self, new: &[(String, String)]) -> Result<(), String> {
        self.add(PINS, new).map_err(|why| format!("Which definition was let run could not be kept: {why}"))
    }

    /// Takes back that a tool is allowed for good, whichever its definition. Tells whether it was.
    ///
    /// # Errors
    /// In a sentence, where it still is.
    pub fn forget(&self, tool: &str) -> Result<bool, String> {
        let path = self.folder.join(FILE);
        let failed = |error: io::Error| {
            format!("{tool} is still allowed for good: {} could not be changed: {error}.", path.display())
        };
        let kept = self.lines(FILE).map_err(failed)?;
        let stays: Kept = kept.iter().filter(|(name, _)| name != tool).cloned().collect();
        if stays.len() == kept.len() {
            return Ok(false);
        }
        (self.replace)(&path, text(&stays).as_bytes()).map_err(failed)?;
        Ok(true)
    }

    fn lines(&self, file: &str) -> io::Result<Kept> {
        match (self.read)(&self.folder.join(file)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).lines().filter_map(line).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn add(&self, file: &str, new: &[(String, String)]) -> Result<(), String> {
        if let Some((tool, _)) = new.iter().find(|(tool, definition)| !ToolSpec::is_name(tool) || !is_hash(definition))
        {
            return Err(format!("{tool:?} is no tool that can be kept."));
        }
        let path = self.folder.join(file);
        // They begin a line of their own even after one that was cut off.
        let lines = format!("\n{}", text(new));
        (self.append)(&path, lines.as_bytes()).map_err(|error| format!("{}: {error}.", path.display()))
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

fn text(kept: &[(String, String)]) -> String {
    kept.iter().map(|(tool, definition)| [tool.as_str(), "\t", definition, "\n"].concat()).collect()
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
        let replace = |path: &Path, bytes: &[u8]| std::fs::write(path, bytes);
        Grants { folder: folder.to_owned(), read: |path| std::fs::read(path), append, replace }
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
        std::fs::write(home.path().join(FILE), [broken.as_bytes(), b"\xff\xfe"].concat()).unwrap();
        assert_eq!(grants.load(), []);
        grants.give("calculate", &hash('c')).unwrap();
        assert_eq!(grants.load(), [("calculate".to_owned(), hash('c'))]);
    }

    #[test]
    fn what_is_forgotten_is_gone_whichever_definition_it_had_and_the_others_stay() {
        let home = tempfile::tempdir().unwrap();
        let grants = grants(home.path());
        for (tool, digit) in [("a", '1'), ("b", '1'), ("a", '2')] {
            grants.give(tool, &hash(digit)).unwrap();
        }
        assert_eq!(grants.forget("a"), Ok(true));
        assert_eq!(grants.load(), [("b".to_owned(), hash('1'))]);
        assert_eq!(grants.forget("a"), Ok(false), "it was not allowed");
        let full = Grants { replace: |_, _| Err(io::Error::other("disk full")), ..grants.clone() };
        let says = full.forget("b").unwrap_err();
        assert!(says.contains("b is still allowed for good") && says.contains("disk full"), "{says}");
        assert_eq!(grants.load().len(), 1);
    }

    #[test]
    fn a_pin_allows_nothing() {
        let home = tempfile::tempdir().unwrap();
        let grants = grants(home.path());
        grants.pin(&[("s__a".to_owned(), hash('a'))]).unwrap();
        assert_eq!((grants.load(), grants.pins().unwrap().len()), (Vec::new(), 1));
        std::fs::remove_file(home.path().join(PINS)).unwrap();
        std::fs::create_dir(home.path().join(PINS)).unwrap();
        assert!(grants.pins().unwrap_err().contains("cannot be read"));
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
