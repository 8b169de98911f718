//! Which column of a CSV file holds the text. Owns the choice; refuses to make one where two columns could be meant.

use csv::StringRecord;

use super::error::InputError;

/// The place of the column: the one of that name, or of that name but for capitals and spaces around it; without a name
/// the only one.
pub(super) fn choose(header: &StringRecord, column: Option<&str>) -> Result<usize, InputError> {
    let names = || header.iter().map(str::to_owned).collect();
    let Some(name) = column else {
        return if header.len() == 1 { Ok(0) } else { Err(InputError::WhichColumn { names: names() }) };
    };
    let folded = |name: &str| name.trim().to_lowercase();
    let mut found: Vec<usize> = places(header, |other| other == name);
    if found.is_empty() {
        found = places(header, |other| folded(other) == folded(name));
    }
    match found[..] {
        [place] => Ok(place),
        [] => Err(InputError::NoSuchColumn { name: name.to_owned(), names: names() }),
        _ => Err(InputError::SameColumns { name: name.to_owned(), names: names() }),
    }
}

fn places(header: &StringRecord, is_meant: impl Fn(&str) -> bool) -> Vec<usize> {
    header.iter().enumerate().filter(|(_, name)| is_meant(name)).map(|(place, _)| place).collect()
}
