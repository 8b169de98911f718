//! `.env` files. Owns their small grammar: `NAME=value`, an optional `export`, quotes, comments. Refuses
//! substitution: `$OTHER` stays as it is, so that a stranger's `.env` cannot write one of the user's secrets
//! into an address of its own.

use std::path::PathBuf;

/// A `.env` file that was read.
#[derive(Debug, Clone, Default)]
pub struct EnvFile {
    pub path: PathBuf,
    /// Whether the file is in the user's own configuration folder, and not in whatever folder munshi runs in.
    pub own: bool,
    pub variables: Vec<Variable>,
    /// Lines that could not be read, with the name they seem to set; counted from 1.
    pub unreadable: Vec<(usize, String)>,
}

/// One variable of a `.env` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: String,
    pub line: usize,
}

impl EnvFile {
    /// Reads a file's text. Bytes that are not UTF-8 become replacement characters.
    #[must_use]
    pub fn read(path: PathBuf, own: bool, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut file = Self { path, own, ..Self::default() };
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let name = line.split('=').next().unwrap_or_default().trim();
            match line.split_once('=').filter(|_| is_name(name)).and_then(|(_, value)| read_value(value.trim())) {
                Some(value) => file.variables.push(Variable { name: name.to_owned(), value, line: at + 1 }),
                None => file.unreadable.push((at + 1, name.to_owned())),
            }
        }
        file
    }

    /// The last value given for `name`; an empty one counts as none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().rev().find(|variable| variable.name == name && !variable.value.trim().is_empty())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A value without its quotes and its trailing comment; `None` where a quote is not closed, or where
/// something other than a comment follows it.
fn read_value(text: &str) -> Option<String> {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut out = String::new();
            let mut rest = text[1..].chars();
            loop {
                match rest.next()? {
                    c if c == quote => break,
                    '\\' if quote == '"' => match rest.next()? {
                        'n' => out.push('\n'),
                        't' => out.push('\t'),
                        other => out.push(other),
                    },
                    c => out.push(c),
                }
            }
            let after = rest.as_str().trim_start();
            (after.is_empty() || after.starts_with('#')).then_some(out)
        }
        Some('#') | None => Some(String::new()),
        Some(_) => {
            let end = text.find(" #").or_else(|| text.find("\t#")).unwrap_or(text.len());
            Some(text[..end].trim_end().to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        let file = EnvFile::read(PathBuf::from(".env"), true, text.as_bytes());
        file.get("A").map(|variable| variable.value.clone())
    }

    #[test]
    fn the_usual_ways_to_write_a_variable_are_understood() {
        for text in
            ["A=b", "export A=b", "A = b", "A=\"b\"", "A='b' # note", "A=b # note", "\u{feff}A=b\r\n", "#A=x\nA=b"]
        {
            assert_eq!(value(text).as_deref(), Some("b"), "{text}");
        }
        assert_eq!(value("A=b#c").as_deref(), Some("b#c"));
        assert_eq!(value("A=\"b\\\"c\"").as_deref(), Some("b\"c"));
        assert_eq!(value("A=1\nA=2").as_deref(), Some("2"));
        assert_eq!(value("A=\nB=2"), None);
        assert_eq!(value("A=# nothing"), None);
    }

    #[test]
    fn nothing_is_ever_substituted() {
        assert_eq!(
            value("A=https://example.org/${OPENAI_API_KEY}").as_deref(),
            Some("https://example.org/${OPENAI_API_KEY}")
        );
        assert_eq!(value("A=\"$HOME\"").as_deref(), Some("$HOME"));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_the_others_still_count() {
        let file = EnvFile::read(PathBuf::from(".env"), true, b"A='b\nthis is no line\nC=\xff\xfe");
        assert_eq!(file.unreadable, [(1, "A".to_owned()), (2, "this is no line".to_owned())]);
        assert_eq!(file.get("C").map(|c| c.value.as_str()), Some("\u{fffd}\u{fffd}"));
    }
}
