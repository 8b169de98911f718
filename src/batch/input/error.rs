//! Why a file cannot be read as rows, in sentences: the place, what stands there, and how to mend it.

use std::io;

/// So many names are listed, each of so many characters.
const NAMES: usize = 20;
const NAME: usize = 60;

/// What is wrong with a file. Lines, records, columns and places count from 1, offsets from 0; a place is counted in
/// bytes, behind a byte-order mark.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error("The file could not be read on: {0}.")]
    Read(#[source] io::Error),
    #[error(
        "Line {line} is not UTF-8: byte {place} of the line, at offset {offset} in the file, is 0x{byte:02X}. \
         Convert it first: iconv -f WINDOWS-1252 -t UTF-8 (with the encoding it was saved in)."
    )]
    NotUtf8 { line: u64, place: u64, offset: u64, byte: u8 },
    #[error(
        "The file ends in the middle of a character: line {line}, byte {place} of the line, offset {offset}. \
         It may have been cut off; copy it again."
    )]
    Cut { line: u64, place: u64, offset: u64 },
    #[error("The file is {kind}, and no text: unpack it, or export it as CSV or text first.")]
    OtherFile { kind: &'static str },
    #[error("The file is UTF-16: it begins with that byte-order mark. Convert it first: iconv -f UTF-16 -t UTF-8.")]
    Utf16,
    #[error(
        "Line {line} holds a NUL byte, byte {place} of the line, at offset {offset} in the file: this is UTF-16 without a \
         byte-order mark, or no text. Convert it first: iconv -f UTF-16LE -t UTF-8."
    )]
    Nul { line: u64, place: u64, offset: u64 },
    #[error(
        "A text file has no columns, so there is no {}. Leave --column out, or use a file whose name ends in .csv, .tsv \
         or .jsonl.",
        quoted(name)
    )]
    TextHasNoColumns { name: String },
    #[error("The file is empty. A CSV file begins with a header, a row with the names of its columns.")]
    NoHeader,
    #[error("The file has {} columns; say which holds the text, with --column NAME. They are: {}.", names.len(), listed(names))]
    WhichColumn { names: Vec<String> },
    #[error("The header has no column {}. Its columns are: {}.{}", quoted(name), listed(names), divided(names))]
    NoSuchColumn { name: String, names: Vec<String> },
    #[error(
        "More than one column could be meant by {}; rename all but one in the header, or write the name exactly as there. \
         The columns are: {}.",
        quoted(name),
        listed(names)
    )]
    SameColumns { name: String, names: Vec<String> },
    #[error(
        "{}, which begins at line {line}, has {}; the header has {header}. Put cells that hold the separator or a quote in \
         quotes, and double the quotes in them.",
        called(*record),
        counted(*cells)
    )]
    Length { record: u64, line: u64, cells: usize, header: usize },
    #[error(
        "{}, which begins at line {line}, is longer than 16 MiB: a quote in it may be left open. Close the quote, or \
         double it where it is part of the text.",
        called(*record)
    )]
    LongRecord { record: u64, line: u64 },
    #[error(
        "The file ends within quotes: a quote is left open in {}, which begins at line {line}. Close the quote, or double \
         it where it is part of the text.",
        called(*record).to_lowercase()
    )]
    OpenQuote { record: u64, line: u64 },
    #[error("Line {line} is no JSON: column {column}: {says}. Each line must hold one JSON value.")]
    Json { line: u64, column: usize, says: String },
    #[error(
        "Line {line} is no JSON object, so it has no property {}. Leave --column out to ask about whole lines.",
        quoted(name)
    )]
    NoObject { line: u64, name: String },
    #[error("Line {line} has no property {}. Its properties are: {}.", quoted(name), listed(names))]
    NoProperty { line: u64, name: String, names: Vec<String> },
}

/// A record as sentences call it.
fn called(record: u64) -> String {
    if record == 0 { "The header".to_owned() } else { format!("Record {record}") }
}

fn counted(cells: usize) -> String {
    if cells == 1 { "1 cell".to_owned() } else { format!("{cells} cells") }
}

/// A name of the file's, in quotes: what a terminal would obey is escaped.
fn quoted(name: &str) -> String {
    let mut short: String = name.chars().take(NAME).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    format!("{short:?}")
}

fn listed(names: &[String]) -> String {
    let mut list: Vec<String> = names.iter().take(NAMES).map(|name| quoted(name)).collect();
    match names.len() {
        0 => return "none".to_owned(),
        all if all > NAMES => list.push(format!("and {} more", all - NAMES)),
        _ => {}
    }
    list.join(", ")
}

/// Whether a single name looks like several that another character divides.
fn divided(names: &[String]) -> String {
    let [only] = names else { return String::new() };
    let delimiter = [(';', "';'"), ('\t', "'\\t'"), ('|', "'|'")].into_iter().find(|(c, _)| only.contains(*c));
    delimiter.map_or_else(String::new, |(_, shown)| format!(" Where that divides its cells, say --delimiter {shown}."))
}
