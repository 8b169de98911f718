//! How text is made findable: one folding for titles, messages and queries, so that all stores agree.
//! Owns no storage and no order of results.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

const ZWNJ: char = '\u{200C}';
const ZWJ: char = '\u{200D}';
const ANUSVARA: char = '\u{0902}';
const CANDRABINDU: char = '\u{0901}';
const VIRAMA: char = '\u{094D}';

/// Clusters shown of a message that was found, at most, and how many of them before the word.
const EXCERPT_CLUSTERS: usize = 160;
const EXCERPT_BEFORE: usize = 40;

/// `text` as it is compared: composed, without case, without accents, without the joiners that only shape
/// letters, with straight apostrophes, and with one spelling of the nasals that Hindi writes in two ways (हिन्दी, हिंदी).
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Through upper case, since that is where ß, ς and ſ meet their other forms.
    let folded: String = text
        .nfd()
        .filter(|c| !is_accent(*c) && !matches!(*c, ZWJ | ZWNJ))
        .map(|c| if matches!(c, '‘' | '’') { '\'' } else { c })
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfd()
        .filter(|c| !is_accent(*c))
        .nfc()
        .collect();
    one_spelling_of_nasals(&folded)
}

/// The accents of Latin, Greek and Cyrillic. The signs of Indian scripts are letters, and stay.
const fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}')
}

fn one_spelling_of_nasals(text: &str) -> String {
    if !text.contains([VIRAMA, CANDRABINDU]) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let mut ahead = rest.clone();
        let half_nasal = ahead.next() == Some(VIRAMA) && ahead.next().is_some_and(|next| is_homorganic(c, next));
        if half_nasal {
            rest.next();
            out.push(ANUSVARA);
        } else {
            out.push(if c == CANDRABINDU { ANUSVARA } else { c });
        }
    }
    out
}

/// Whether `nasal` without its vowel, before `next`, is also written as an anusvara.
const fn is_homorganic(nasal: char, next: char) -> bool {
    matches!(
        (nasal, next),
        ('ङ', 'क'..='घ') | ('ञ', 'च'..='झ') | ('ण', 'ट'..='ढ') | ('न', 'त'..='ध' | 'श' | 'स') | ('म', 'प'..='भ')
    )
}

/// Whether `c` belongs to a word, as the full-text index sees it.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '\u{E000}'..='\u{F8FF}')
}

/// The words of a folded text, as the full-text index sees them.
pub fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

/// What a user looks for: the terms between the spaces of a query, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms(Vec<String>);

impl Terms {
    /// Reads a query as it was typed.
    #[must_use]
    pub fn of(query: &str) -> Self {
        Self(query.split_whitespace().map(fold).filter(|term| !term.is_empty()).collect())
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every term is somewhere in `folded`.
    #[must_use]
    pub fn are_parts_of(&self, folded: &str) -> bool {
        self.0.iter().all(|term| folded.contains(term.as_str()))
    }

    /// Whether every term stands in `folded` as a word; signs (`C++`, an emoji) stand there literally.
    #[must_use]
    pub fn are_words_of(&self, folded: &str) -> bool {
        self.0.iter().all(|term| stands_in(term, folded))
    }

    /// Whether the words alone do not decide, because a term has signs in it.
    #[must_use]
    pub fn have_signs(&self) -> bool {
        self.0.iter().any(|term| !term.chars().all(is_word))
    }

    /// Whether a text that was not folded yet can hold them, as far as its signs tell: much faster than
    /// folding it.
    #[must_use]
    pub fn may_stand_in(&self, text: &str) -> bool {
        // These are also what other signs fold to.
        let folded_to = |c: char| matches!(c, '\'' | ';' | '`' | '´' | '·' | '〈' | '〉');
        let mut signs = self.0.iter().flat_map(|term| term.chars()).filter(|c| !is_word(*c) && !folded_to(*c));
        signs.all(|sign| text.contains(sign))
    }

    /// The query for the full-text index, every term quoted; `None` where no term has a word in it.
    #[must_use]
    pub fn for_index(&self) -> Option<String> {
        let quoted: Vec<String> = self
            .0
            .iter()
            .filter(|term| term.chars().any(is_word))
            .map(|term| format!("\"{}\"", term.replace('"', "\"\"").replace('\0', " ")))
            .collect();
        (!quoted.is_empty()).then(|| quoted.join(" "))
    }

    /// How often the terms stand in `folded`: a simple measure of how well it fits.
    #[must_use]
    pub fn count_in(&self, folded: &str) -> usize {
        self.0.iter().map(|term| folded.matches(term.as_str()).count()).sum()
    }

    /// A line of `text` around the first place where a term stands, cut between clusters.
    #[must_use]
    pub fn excerpt(&self, text: &str) -> String {
        let at = self.first_in(text).unwrap_or(0);
        let start = text[..at].grapheme_indices(true).rev().take(EXCERPT_BEFORE).last().map_or(at, |(start, _)| start);
        let mut shown: String = text[start..].graphemes(true).take(EXCERPT_CLUSTERS).collect();
        let ends_early = start + shown.len() < text.len();
        if start > 0 {
            // Begin with a whole word, unless it is the found one.
            let word = shown[..at - start].find(char::is_whitespace).map_or(0, |space| space + 1);
            shown = format!("…{}", shown[word..].trim_start());
        }
        let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        if ends_early { format!("{line}…") } else { line }
    }

    /// The byte of `text` at which the first word with a term in it begins.
    fn first_in(&self, text: &str) -> Option<usize> {
        let word_at = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
        text.split_whitespace()
            .find(|word| {
                let folded = fold(word);
                self.0.iter().any(|term| stands_in(term, &folded))
            })
            .map(word_at)
    }
}

/// Whether `term` stands in `folded` with no more of a word on either side.
fn stands_in(term: &str, folded: &str) -> bool {
    let starts_with_word = term.chars().next().is_some_and(is_word);
    let ends_with_word = term.chars().next_back().is_some_and(is_word);
    folded.match_indices(term).any(|(at, _)| {
        let before = folded[..at].chars().next_back().is_some_and(is_word);
        let after = folded[at + term.len()..].chars().next().is_some_and(is_word);
        !(starts_with_word && before || ends_with_word && after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hindi_is_found_in_both_spellings_of_its_nasals() {
        assert_eq!(fold("हिन्दी"), fold("हिंदी"));
        assert_eq!(fold("गङ्गा"), fold("गंगा"));
        assert_eq!(fold("मुन्शी"), fold("मुंशी"));
        assert_eq!(fold("हँसी"), fold("हंसी"));
        assert_ne!(fold("अन्न"), fold("अंन"));
        assert_ne!(fold("हि"), fold("है"));
    }

    #[test]
    fn case_accents_composition_and_joiners_make_no_difference() {
        assert_eq!(fold("STRASSE"), fold("Straße"));
        assert_eq!(fold("ΌΣΟΣ"), fold("όσος"));
        assert_eq!(fold("Cafe\u{301}"), fold("CAFÉ"));
        assert_eq!(fold("क्\u{200D}ष"), fold("क्ष"));
        assert_eq!(fold("\u{0958}"), fold("क\u{093C}"));
        assert_eq!(fold("İstanbul"), "istanbul");
        assert_eq!(fold("It’s"), "it's");
        assert_eq!(fold(""), "");
    }

    #[test]
    fn a_vowel_sign_belongs_to_its_word() {
        let text = fold("यह है। Is it's C++?");
        assert!(Terms::of("यह है is").are_words_of(&text));
        assert!(!Terms::of("ह").are_words_of(&text));
        assert!(Terms::of("है IT'S c++").are_words_of(&text));
        assert!(!Terms::of("C+++").are_words_of(&text));
        assert!(!Terms::of("i").are_words_of(&text));
    }

    #[test]
    fn no_query_is_a_syntax_error_for_the_index() {
        assert_eq!(Terms::of("C++ it's \"x").for_index().unwrap(), r#""c++" "it's" """x""#);
        assert_eq!(Terms::of("🙂 ++ \"").for_index(), None);
        assert_eq!(Terms::of("  ").for_index(), None);
    }

    #[test]
    fn an_excerpt_shows_the_word_and_cuts_no_cluster() {
        let text = format!("{} 👨‍👩‍👧 हिन्दी\nnext {}", "क्षि ".repeat(100), "é".repeat(300));
        let shown = Terms::of("हिंदी").excerpt(&text);
        assert!(shown.contains("👨‍👩‍👧 हिन्दी next é"), "{shown}");
        assert!(shown.starts_with("…क्षि") && shown.ends_with("é…"), "{shown}");
        assert_eq!(Terms::of("x").excerpt("short"), "short");
        assert_eq!(Terms::of("x").excerpt(""), "");
    }
}
