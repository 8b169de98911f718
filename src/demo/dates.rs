//! Dates in plain writing: `31 July 2026`, `31/07/2026`, `2026-07-31`. Owns how they are found and written in the form of ISO 8601;
//! refuses to reckon with them.

use super::posting::{bare, words_at};

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A date after words such as "apply by", as it is written: `31 July 2026`.
pub fn deadline(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let marks = [
        "apply by",
        "apply before",
        "apply until",
        "deadline",
        "last date",
        "closing date",
        "closes on",
        "open until",
        "applications by",
    ];
    let after = marks
        .iter()
        .filter(|_| lower.len() == text.len())
        .filter_map(|mark| lower.find(mark).map(|at| at + mark.len()))
        .min()?;
    date(text.get(after..)?)
}

/// The first date of a text, as it is written.
pub fn date(text: &str) -> Option<String> {
    let words = words_at(text);
    (0..words.len()).find_map(|at| {
        let most = (1..=3).rev().find(|count| {
            let joined: Vec<&str> = words.iter().skip(at).take(*count).map(|(_, word)| bare(word)).collect();
            joined.len() == *count && iso(&joined.join(" ")).is_some()
        })?;
        let (last, word) = words[at + most - 1];
        Some(text[words[at].0..last + word.len()].trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
    })
}

/// A date in the form of ISO 8601: `2026-07-31`. Days before months where both are numbers.
pub fn iso(date: &str) -> Option<String> {
    let parts: Vec<String> =
        date.split([' ', '-', '/', ',', '.']).filter(|part| !part.is_empty()).map(str::to_lowercase).collect();
    let [one, two, three] = parts.as_slice() else { return None };
    let number = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<u32>().ok();
    let month = |text: &str| {
        let name = MONTHS.iter().position(|month| text.starts_with(month)).map(|at| at as u32 + 1);
        name.or_else(|| text.parse().ok()).filter(|month| (1..=12).contains(month))
    };
    let is_word = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    let (day, month, year) = if one.len() == 4 && one.parse::<u32>().is_ok() {
        (number(three)?, month(two)?, number(one)?)
    } else if is_word(one) {
        (number(two)?, month(one)?, number(three)?)
    } else {
        (number(one)?, month(two)?, number(three)?)
    };
    let is_date = (1..=31).contains(&day) && (1900..3000).contains(&year);
    is_date.then(|| format!("{year:04}-{month:02}-{day:02}"))
}
