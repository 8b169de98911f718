//! The configuration file as written: TOML, walked against the table of settings. Owns the sentences for
//! unknown fields and wrong types; refuses nothing that needs another setting to be judged.

use std::path::Path as FilePath;

use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::layers::{Entry, Origin, Path};
use super::schema::{Place, nearest, place};
use super::value::found;

/// What stands in a file: its settings, and what is wrong with the rest, both in the file's order.
#[derive(Debug, Default)]
pub struct Written {
    pub entries: Vec<(Path, Entry)>,
    pub problems: Vec<Problem>,
}

/// Reads a file's text; `path` is only named. A byte-order mark is skipped, bytes that are not UTF-8 become
/// replacement characters.
#[must_use]
pub fn read(path: &FilePath, bytes: &[u8]) -> Written {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut written = Written::default();
    let walker = Walker { path, text };
    match DeTable::parse(text) {
        Ok(table) => walker.walk(table.get_ref(), &mut Vec::new(), &mut written),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let says = format!("this is no valid TOML: {}", error.message());
            written.problems.push(Problem::new(&walker.origin(start), says));
        }
    }
    written.problems.sort_by_key(|problem| line_of(&problem.at));
    written
}

fn line_of(origin: &Origin) -> usize {
    match origin {
        Origin::File { line, .. } => *line,
        _ => 0,
    }
}

struct Walker<'a> {
    path: &'a FilePath,
    text: &'a str,
}

impl Walker<'_> {
    fn origin(&self, byte: usize) -> Origin {
        Origin::File { path: self.path.to_path_buf(), line: line_at(self.text, byte) }
    }

    fn walk(&self, table: &DeTable<'_>, path: &mut Path, written: &mut Written) {
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            match place(path) {
                Place::Setting(field) => {
                    let origin = self.origin(value.span().start);
                    match field.kind.read_toml(value.get_ref()) {
                        Some(value) => written.entries.push((path.clone(), Entry { value, origin })),
                        None => {
                            let (expected, found) = (field.kind.expected(), found(value.get_ref()));
                            let says = format!("{}: expected {expected}, found {found}", dotted(path));
                            written.problems.push(Problem::new(&origin, says));
                        }
                    }
                }
                Place::Table => match value.get_ref() {
                    DeValue::Table(inner) => self.walk(inner, path, written),
                    other => {
                        let says =
                            format!("{}: expected a table ([{}]), found {}", dotted(path), dotted(path), found(other));
                        written.problems.push(Problem::new(&self.origin(value.span().start), says));
                    }
                },
                Place::Unknown(known) => {
                    let says = unknown(path, &known);
                    written.problems.push(Problem::new(&self.origin(key.span().start), says));
                }
            }
            path.pop();
        }
    }
}

/// The line that a byte of `text` is in, counted from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < byte).filter(|(_, c)| *c == '\n').count() + 1
}

/// The sentence for a name that is not known.
fn unknown(path: &[String], known: &[&str]) -> String {
    let (name, table) = path.split_last().map_or(("", path), |(name, table)| (name.as_str(), table));
    let place = if table.is_empty() { String::new() } else { format!(" in [{}]", dotted(table)) };
    match nearest(name, known) {
        Some(near) => format!("there is no field {name:?}{place}; did you mean {near:?}?"),
        None => format!("there is no field {name:?}{place}; the fields there are {}", known.join(", ")),
    }
}

/// A path as it is written in TOML: parts with other characters than letters, digits, `-` and `_` in quotes.
#[must_use]
pub fn dotted(path: &[String]) -> String {
    let bare = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let parts: Vec<String> =
        path.iter().map(|part| if bare(part) { part.clone() } else { format!("{part:?}") }).collect();
    parts.join(".")
}
