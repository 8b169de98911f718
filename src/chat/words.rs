//! Words that all of munshi uses alike: what a mistyped name was meant to be, and a number of bytes as it reads. Owns
//! what counts as near; refuses sentences, which are whoever's who says them.

/// Edits between two words, in characters: insertions, deletions, replacements (Levenshtein).
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The name that a mistyped one was most likely meant to be; `None` where none is near.
#[must_use]
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (edits, name) = names.into_iter().map(|name| (distance(written, name), name)).min()?;
    let length = name.chars().count();
    let longer = length.max(written.chars().count());
    // In a short name two letters are half of it.
    let most = if longer > 4 { (longer / 3).max(2) } else { 1 };
    (edits <= most && edits < length).then_some(name)
}

/// A number of bytes in words: `812 B`, `64 KiB`, `1.5 GiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_024.0;
    let mut unit = 0;
    while value >= 1_000.0 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    let digits = usize::from(value < 10.0 && value.fract() >= 0.05);
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name_and_a_foreign_word_none() {
        let names = ["model", "key", "get_weather"];
        for (written, name) in
            [("modle", Some("model")), ("ky", Some("key")), ("keyes", Some("key")), ("get_wether", Some("get_weather"))]
        {
            assert_eq!(nearest(written, names), name);
        }
        for foreign in ["", "rm", "xyz", "temperature", "मॉडल"] {
            assert_eq!(nearest(foreign, names), None, "{foreign}");
        }
        assert_eq!(nearest("x", ["y", ""]), None, "nothing of it is left");
    }

    #[test]
    fn bytes_are_told_in_the_unit_that_reads() {
        for (bytes, words) in [(0, "0 B"), (812, "812 B"), (65_536, "64 KiB"), (2_048, "2 KiB"), (1 << 30, "1 GiB")] {
            assert_eq!(size(bytes), words);
        }
    }

    #[test]
    fn words_are_as_far_apart_as_the_letters_that_have_to_change() {
        for (a, b, edits) in
            [("", "", 0), ("", "abc", 3), ("modle", "model", 2), ("मॉडल", "मॉडल", 0), ("cost", "costs", 1)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (edits, edits), "{a} {b}");
        }
    }
}
