//! The demo's insides that a client does not see: how texts are cut and rules are found. What a client does see is
//! tested over a socket in `tests/demo`.

use axum::http::HeaderMap;
use proptest::prelude::*;
use serde_json::json;

use super::Pace;
use super::answer::{Call, Ending};
use super::calls::Spoken;
use super::pieces::{count, pieces};
use super::question::Question;
use super::rules::{RULES, Ruling, rule};
use super::{classify, letter, shape};

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

    #[test]
    fn any_text_gets_one_of_the_labels_and_gives_what_a_letter_has(text in "([a-zA-Z#₹ .,:-]|[0-9]{1,11}|order |Rs|pin |my name is |मेरा नाम |saree|\\PC){0,40}") {
        let labels = [json!("Billing"), json!("Other")];
        prop_assert!(labels.contains(&classify::one_of(&labels, &text)));
        for name in ["order_number", "amount", "phone", "pin_code", "customer", "product", "urgency", "summary"] {
            if let Some(found) = letter::fact(&shape::words_of(name), &text, None) {
                let is_chosen = matches!(found.as_str(), "low" | "medium" | "high");
                let squeezed = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
                prop_assert!(is_chosen || squeezed(&text).contains(&squeezed(&found)), "{name}: {found:?}");
            }
        }
    }
}

#[test]
fn a_name_ends_where_something_stands_between_its_words() {
    let customer = |text: &str| letter::fact(&shape::words_of("customer"), text, None);
    assert_eq!(customer("my name is Asha Rao, order 5").as_deref(), Some("Asha Rao"));
    assert_eq!(customer("pin my name is Aorder !A").as_deref(), Some("Aorder"));
    assert_eq!(customer("My name is Asha (Pune)").as_deref(), Some("Asha"));
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

/// A request in which these tools are offered, without any properties.
fn offered(text: &str, tools: &[&str]) -> Question {
    let tools: Vec<_> = tools
        .iter()
        .map(|name| json!({"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}))
        .collect();
    let messages = json!([{"role": "system", "content": "JSON"}, {"role": "user", "content": text}]);
    let body =
        json!({"model": "demo-mini", "messages": messages, "tools": tools, "response_format": {"type": "json_object"}});
    Question::read(&HeaderMap::new(), body.to_string().as_bytes()).expect("a valid request")
}

const BUILT_IN: [&str; 8] = [
    "get_stock_price",
    "get_weather",
    "convert_currency",
    "current_time",
    "calculate",
    "read_file",
    "list_files",
    "search_chats",
];

proptest! {
    #[test]
    fn any_message_gets_calls_or_an_answer_in_json(
        text in r#"(call |keep calling |use |read |weather in |what is |price of |₹|apply by |Skills: |answer wrongly)?\PC{0,80}( and | in |, |\{"a": |badly)?\PC{0,40}"#
    ) {
        if let Ruling::Answer(answer) = rule(&offered(&text, &BUILT_IN)) {
            let is_json = serde_json::from_str::<serde_json::Value>(&answer.text).is_ok();
            let is_wrong = text.to_lowercase().contains("answer wrongly");
            prop_assert!(!answer.calls.is_empty() || is_json || is_wrong, "{}", answer.text);
        }
    }

    #[test]
    fn arguments_join_to_what_was_written(arguments in "\\PC{0,300}") {
        let call = Call { name: "a".to_owned(), arguments: arguments.clone() };
        let whole = super::calls::whole(&[Spoken::new(&call)], 1, 1);
        prop_assert_eq!(whole[0]["function"]["arguments"].as_str(), Some(arguments.as_str()));
    }

    #[test]
    fn calls_that_are_cut_off_are_as_long_as_the_limit(most in 0_usize..200, lengths in prop::collection::vec(0_usize..400, 1..5)) {
        let made = lengths.iter().map(|length| Call { name: "a".to_owned(), arguments: "x".repeat(*length) });
        let mut calls: Vec<Spoken> = made.map(|call| Spoken::new(&call)).collect();
        let whole = super::calls::tokens(&calls);
        super::calls::truncate(&mut calls, most);
        prop_assert_eq!(super::calls::tokens(&calls), whole.min(most));
    }
}

#[test]
fn the_same_words_are_found_whatever_stands_around_them() {
    for (text, tools) in [
        ("Please tell me the weather in Pune, and what is 2 + 2?", vec!["get_weather", "calculate"]),
        ("what time is it in London and New York", vec!["current_time", "current_time"]),
        ("price of TCS, INFY and WIPRO", vec!["get_stock_price"; 3]),
        ("read a.txt and list the files in notes", vec!["read_file", "list_files"]),
    ] {
        let Ruling::Answer(answer) = rule(&offered(text, &BUILT_IN)) else { panic!("{text}") };
        let called: Vec<&str> = answer.calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(called, tools, "{text}");
    }
}

#[test]
fn dates_are_read_in_every_plain_writing() {
    for (written, iso) in [
        ("by 31 July 2026.", "2026-07-31"),
        ("31st Jul, 2026", "2026-07-31"),
        ("July 31, 2026", "2026-07-31"),
        ("31/07/2026", "2026-07-31"),
        ("2026-07-31", "2026-07-31"),
    ] {
        let found = super::dates::date(written).expect(written);
        assert_eq!(super::dates::iso(&found).as_deref(), Some(iso), "{written}: {found}");
    }
    assert_eq!(super::dates::date("5 years, 18 to 24, in 2026"), None);
}
