//! How near two words are, for whoever guesses what a mistyped name was meant to be. Owns the measure; refuses to judge
//! what is near enough, which depends on what is named.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_far_apart_as_the_letters_that_have_to_change() {
        for (a, b, edits) in
            [("", "", 0), ("", "abc", 3), ("modle", "model", 2), ("मॉडल", "मॉडल", 0), ("cost", "costs", 1)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (edits, edits), "{a} {b}");
        }
    }
}
