//! Vectors by rule: texts that share words lie near each other. Owns the words' places and the reading of such requests;
//! refuses to understand any of them, which is what a real model is for.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::response::Response;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::answer::Refusal;
use super::desk::Desk;
use super::pieces;

/// The models that can be asked; the second by the name that munshi asks for where nothing else is set.
pub const MODELS: &[&str] = &["demo-embedding", "text-embedding-3-small"];

/// Numbers in a vector where no other length is asked for, and the most that can be.
const USUAL_LENGTH: usize = 1_536;
const LONGEST: u64 = 3_072;
/// Texts in a request, and tokens in a text.
const MOST_TEXTS: usize = 2_048;
const MOST_TOKENS: usize = 8_192;
/// Numbers of a vector that a word moves: with several, two words are hardly ever taken for one.
const PLACES: u64 = 4;

/// Words that are in every text and say nothing of what it is about.
const COMMON: &[&str] = &[
    "a",
    "about",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "but",
    "by",
    "can",
    "could",
    "did",
    "do",
    "does",
    "for",
    "from",
    "had",
    "has",
    "have",
    "he",
    "her",
    "his",
    "how",
    "i",
    "if",
    "in",
    "is",
    "it",
    "its",
    "me",
    "my",
    "no",
    "not",
    "of",
    "on",
    "or",
    "our",
    "please",
    "she",
    "so",
    "tell",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "they",
    "this",
    "to",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "will",
    "with",
    "would",
    "you",
    "your",
    "और",
    "का",
    "की",
    "के",
    "को",
    "क्या",
    "था",
    "थी",
    "में",
    "से",
    "है",
    "हैं",
    "हूँ",
];

/// What is asked for.
struct Asked {
    model: &'static str,
    texts: Vec<String>,
    dimensions: usize,
}

/// The answer to a request for vectors.
pub fn respond(desk: &Desk, body: &Bytes) -> Response {
    let asked = match Asked::read(body) {
        Ok(asked) => asked,
        Err(refusal) => return desk.refuse(&refusal),
    };
    let tokens: usize = asked.texts.iter().map(|text| pieces::count(text)).sum();
    desk.count(tokens as u64);
    let data = asked.texts.iter().enumerate().map(
        |(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text, asked.dimensions)}),
    );
    desk.json(
        200,
        &json!({
            "object": "list", "data": data.collect::<Vec<_>>(), "model": asked.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }),
    )
}

impl Asked {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            Refusal::invalid(&format!("We could not parse the JSON body of your request: {error}."), None)
        })?;
        let name = body["model"].as_str().unwrap_or_default();
        let Some(model) = MODELS.iter().find(|model| **model == name) else {
            return Err(Refusal::unknown_embedding_model(name, MODELS));
        };
        if body["encoding_format"].as_str().is_some_and(|format| format != "float") {
            let words = "The demo writes vectors as numbers alone: leave 'encoding_format' out, or say 'float'.";
            return Err(Refusal::invalid(words, Some("encoding_format")));
        }
        let dimensions = match &body["dimensions"] {
            Value::Null => USUAL_LENGTH,
            value => match value.as_u64() {
                Some(length @ 1..=LONGEST) => length as usize,
                _ => {
                    let words = format!("Invalid value for 'dimensions': expected 1 to {LONGEST}, got {value}.");
                    return Err(Refusal::invalid(&words, Some("dimensions")));
                }
            },
        };
        Ok(Self { model, texts: texts(&body["input"])?, dimensions })
    }
}

fn texts(input: &Value) -> Result<Vec<String>, Refusal> {
    let refused = |words: &str| Refusal::invalid(words, Some("input"));
    let texts: Option<Vec<String>> = match input {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(texts) => texts.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let texts = texts.ok_or_else(|| refused("'input' must be a text or a list of texts."))?;
    if texts.is_empty() || texts.len() > MOST_TEXTS {
        return Err(refused(&format!("'input' must have 1 to {MOST_TEXTS} texts.")));
    }
    if texts.iter().any(String::is_empty) {
        return Err(refused("'input' cannot contain an empty text."));
    }
    let longest = texts.iter().map(|text| pieces::count(text)).max().unwrap_or_default();
    if longest > MOST_TOKENS {
        let words = format!("This model's maximum context length is {MOST_TOKENS} tokens; a text has {longest}.");
        return Err(refused(&words));
    }
    Ok(texts)
}

/// The vector of a text, of length 1.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; dimensions];
    for (word, times) in counted(text) {
        let weight = 1.0 + f64::from(times).ln();
        let hash = hash(&word);
        for place in 0..PLACES {
            let mixed = mix(hash.wrapping_add(place));
            let sign = if mixed >> 63 == 0 { 1.0 } else { -1.0 };
            sums[mixed as usize % dimensions] += sign * weight;
        }
    }
    let length = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
    if length == 0.0 {
        // Words that cancel each other out: any direction is as good as another.
        sums[0] = 1.0;
        return sums.into_iter().map(|sum| sum as f32).collect();
    }
    sums.into_iter().map(|sum| (sum / length) as f32).collect()
}

/// The words of a text, each with how often it is there; without the common ones where there are others.
fn counted(text: &str) -> BTreeMap<String, u32> {
    let lower: String = text.nfc().flat_map(char::to_lowercase).collect();
    let is_word = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let words: Vec<&str> = lower.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
    let telling: Vec<&str> = words.iter().copied().filter(|word| !COMMON.contains(word)).collect();
    let chosen = if telling.is_empty() { words } else { telling };
    let mut counted = BTreeMap::new();
    for word in chosen {
        *counted.entry(stem(word)).or_insert(0) += 1;
    }
    if counted.is_empty() {
        counted.insert(lower, 1);
    }
    counted
}

/// An English word without the endings that only bend it: `renting`, `rented` and `rents` are `rent`.
fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() < 4 {
        return word.to_owned();
    }
    let stem = match word {
        word if word.ends_with("ss") || word.ends_with("us") => word,
        word if word.ends_with("ies") => return format!("{}y", &word[..word.len() - 3]),
        word => word.strip_suffix('s').unwrap_or(word),
    };
    let has_vowel = |stem: &&str| stem.len() >= 3 && stem.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let bare = ["ing", "ed", "ly"].iter().find_map(|ending| stem.strip_suffix(ending).filter(has_vowel));
    let bare = bare.map_or(stem, undoubled);
    bare.strip_suffix('e').filter(has_vowel).unwrap_or(bare).to_owned()
}

/// `plann` of `planning` is `plan`.
fn undoubled(stem: &str) -> &str {
    let mut letters = stem.bytes().rev();
    let is_double = letters.next() == letters.next() && !stem.ends_with(['l', 's', 'z']);
    if is_double { &stem[..stem.len() - 1] } else { stem }
}

/// FNV-1a.
fn hash(word: &str) -> u64 {
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The last steps of `SplitMix64`, which spread neighbouring numbers.
fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_bent_are_the_same_word() {
        for (words, stem_of) in [
            (&["rent", "rents", "rented", "renting"][..], "rent"),
            (&["plan", "plans", "planned", "planning"], "plan"),
            (&["city", "cities"], "city"),
            (&["invoice", "invoices", "invoiced", "invoicing"], "invoic"),
            (&["class"], "class"),
            (&["bus"], "bus"),
            (&["sing"], "sing"),
            (&["किराया"], "किराया"),
        ] {
            for word in words {
                assert_eq!(stem(word), stem_of, "{word}");
            }
        }
    }

    #[test]
    fn every_text_has_a_vector_of_length_one() {
        for text in ["the rent is due", "the", "???", "न", "a a a a"] {
            for dimensions in [1, 2, 256] {
                let length: f32 = vector(text, dimensions).iter().map(|number| number * number).sum();
                assert!((length - 1.0).abs() < 1e-5, "{text:?} in {dimensions}: {length}");
            }
        }
    }
}
