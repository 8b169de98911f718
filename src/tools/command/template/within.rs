//! Sees to it that a value that is put behind a folder stays in that folder: `/home/me/notes/{file}` is no other file's
//! path, whatever the model writes. Links in that folder are the sandbox's to judge.

use serde_json::{Map, Value};

use super::Part;

/// The parameter whose value would lead out of the folder that the text before its place names.
pub(super) fn leads_out<'a>(argument: &'a [Part], values: &Map<String, Value>) -> Option<&'a str> {
    let at = argument.windows(2).position(|pair| match pair {
        // With the dots, since `/.{a}` becomes `/..` as well.
        [Part::Text(text), Part::Place(_)] => text.trim_end_matches('.').ends_with('/'),
        _ => false,
    })?;
    let (before, places) = argument.split_at(at + 1);
    let folder: String = before.iter().map(|part| part.filled(values)).collect();
    let name = &folder[folder.trim_end_matches('.').len()..];
    // As a whole, since two values can make what neither is.
    let rest = places.iter().fold(name.to_owned(), |rest, part| rest + &part.filled(values));
    let leads_out = |path: &str| path.starts_with('/') || path.split('/').any(|part| part == "..");
    if !leads_out(&rest) {
        return None;
    }
    let named = |part: &'a Part| match part {
        Part::Place(name) => Some((name.as_str(), leads_out(&part.filled(values)))),
        Part::Text(_) => None,
    };
    let culprit = places.iter().filter_map(named).find(|(_, is_it)| *is_it);
    culprit.or_else(|| places.iter().find_map(named)).map(|(name, _)| name)
}
