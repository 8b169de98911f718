//! The demo's insides that a client does not see: how texts are cut and rules are found. What a client does see is
//! tested over a socket in `tests/demo`.

use axum::http::HeaderMap;
use proptest::prelude::*;
use serde_json::json;

use super::Pace;
use super::answer::Ending;
use super::pieces::{count, pieces};
use super::question::Question;
use super::rules::{RULES, Ruling, rule};

fn asked(text: &str) -> Question {
    let body = json!({"model": "demo-mini", "messages": [{"role": "user", "content": text}]}).to_string();
    Question::read(&HeaderMap::new(), body.as_bytes()).expect("a valid request")
}

fn answer(text: &str) -> String {
    match rule(&asked(text)) {
        Ruling::Answer(answer) => answer.text,
        other => panic!("{text} was not answered: {other:?}"),
    }
}

proptest! {
    #[test]
    fn pieces_join_to_the_text_they_were_cut_from(text in ".*") {
        prop_assert_eq!(pieces(&text).concat(), text);
    }

    #[test]
    fn any_message_gets_a_ruling(text in ".{0,200}") {
        rule(&asked(&text));
    }
}

#[test]
fn pieces_are_words_with_the_blank_before_them() {
    assert_eq!(pieces("Two words, and ₹1,500."), ["Two", " words", ",", " and", " ₹", "1", ",", "500", "."]);
    assert_eq!(pieces("incomprehensible"), ["incompre", "hensible"]);
    assert_eq!(pieces("a\n\n- b"), ["a", "\n\n", "-", " b"]);
}

#[test]
fn a_vowel_sign_and_a_joiner_stay_with_their_letter() {
    for piece in pieces("हिन्दी क्षत्रियत्वविषयकनियमावली 👨‍👩‍👧‍👦 👍🏾")
    {
        let first = piece.chars().next().expect("no piece is empty");
        assert!(!unicode_normalization::char::is_combining_mark(first), "{piece:?} begins with a sign");
        assert!(!matches!(first, '\u{200D}' | '\u{1F3FE}'), "{piece:?} begins with a joiner");
    }
}

#[test]
fn politeness_changes_nothing() {
    for asked in ["table", "Table!", "show me a table, please", "Can you give me the table?"] {
        assert!(answer(asked).contains("A month in Pune"), "{asked}");
    }
}

#[test]
fn a_word_of_a_rule_inside_a_sentence_is_still_a_sentence() {
    let text = answer("The table in the kitchen is broken");
    assert!(text.contains("> The table in the kitchen is broken"), "{text}");
}

#[test]
fn long_is_as_long_as_asked() {
    for (asked, words) in [("long", 2_000), ("long 100", 100), ("long 5000 words", 5_000)] {
        let found = answer(asked).split_whitespace().count();
        assert!((words..words + 60).contains(&found), "{asked}: {found} words");
    }
}

#[test]
fn help_lists_every_rule_that_has_something_to_say() {
    let help = answer("help");
    for rule in RULES.iter().filter(|rule| !rule.about.is_empty()) {
        assert!(help.contains(&format!("- `{}`: {}", rule.shown(), rule.about)), "{}", rule.shown());
    }
    assert!(!help.contains("{{"), "{help}");
}

#[test]
fn every_failure_with_text_has_its_text() {
    for name in ["stall", "cut", "error", "json", "length", "filter"] {
        match rule(&asked(&format!("fail {name}"))) {
            Ruling::Answer(answer) => {
                assert!(answer.text.len() > 10, "{name}");
                assert_ne!(answer.ending, Ending::Finished("stop"), "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_pace_is_read_from_words() {
    assert_eq!(Pace::from_words(Some("0")), Pace::Instant);
    assert_eq!(Pace::from_words(Some(" 200 ")), Pace::TokensPerSecond(200));
    for words in [None, Some(""), Some("fast"), Some("-1")] {
        assert_eq!(Pace::from_words(words), Pace::default());
    }
}

#[test]
fn counts_are_the_pieces() {
    assert_eq!(count(""), 0);
    assert_eq!(count("नमस्ते, how are you?"), pieces("नमस्ते, how are you?").len());
}
