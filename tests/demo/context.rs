//! What the search for older messages and `/summarise` ask of the demo.

use serde_json::{Value, json};

use super::client::{Demo, Got};

fn post(demo: &Demo, body: &Value) -> Got {
    let body = body.to_string();
    let head = format!("POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    demo.send(&(head + &body)).finish()
}

fn vectors(demo: &Demo, texts: &[&str]) -> Vec<Vec<f64>> {
    let got = post(demo, &json!({"model": "text-embedding-3-small", "input": texts, "dimensions": 256}));
    assert_eq!(got.status, 200, "{}", got.body);
    let data = got.json()["data"].as_array().unwrap().clone();
    let numbers = |entry: &Value| entry["embedding"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
    data.iter().map(numbers).collect()
}

fn likeness(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn texts_that_share_words_are_near_and_others_are_not() {
    let demo = Demo::start();
    let texts = [
        "What is the rent of my flat in Pune?",
        "The flat in Pune is rented for ₹22,000.",
        "मेरी ट्रेन सुबह छह बजे है",
        "ट्रेन कब है?",
        "Rust has no garbage collector.",
    ];
    let found = vectors(&demo, &texts);
    for vector in &found {
        assert_eq!(vector.len(), 256);
        assert!((likeness(vector, vector) - 1.0).abs() < 1e-4, "of length 1");
    }
    assert!(likeness(&found[0], &found[1]) > 0.5, "{}", likeness(&found[0], &found[1]));
    assert!(likeness(&found[2], &found[3]) > 0.3, "{}", likeness(&found[2], &found[3]));
    assert!(likeness(&found[0], &found[4]).abs() < 0.3, "{}", likeness(&found[0], &found[4]));
    assert_eq!(vectors(&demo, &texts), found, "the same texts have the same vectors");
}

#[test]
fn an_answer_has_the_shape_and_the_bill_of_a_real_one() {
    let demo = Demo::start();
    let got = post(&demo, &json!({"model": "demo-embedding", "input": "two words"}));
    let body = got.json();
    assert_eq!((&body["object"], &body["model"]), (&json!("list"), &json!("demo-embedding")));
    assert_eq!((&body["data"][0]["object"], &body["data"][0]["index"]), (&json!("embedding"), &json!(0)));
    assert_eq!(body["data"][0]["embedding"].as_array().unwrap().len(), 1_536);
    assert_eq!(body["usage"], json!({"prompt_tokens": 2, "total_tokens": 2}));
    assert!(got.header("x-request-id").is_some());
    let left = |got: &Got| got.header("x-ratelimit-remaining-tokens").unwrap().parse::<u64>().unwrap();
    let next = post(&demo, &json!({"model": "demo-embedding", "input": ["one more word"]}));
    assert_eq!(left(&got) - left(&next), 3);
}

#[test]
fn what_a_real_server_refuses_is_refused() {
    let demo = Demo::start();
    let long = "word ".repeat(9_000);
    let asked = |name: &str, value: Value| {
        let mut body = json!({"model": "demo-embedding", "input": ["x"]});
        body[name] = value;
        body
    };
    for (body, status, param) in [
        (asked("model", json!("demo-mini")), 404, "model"),
        (asked("model", Value::Null), 404, "model"),
        (asked("dimensions", json!(0)), 400, "dimensions"),
        (asked("dimensions", json!(99_999)), 400, "dimensions"),
        (asked("dimensions", json!("many")), 400, "dimensions"),
        (asked("encoding_format", json!("base64")), 400, "encoding_format"),
        (asked("input", json!([])), 400, "input"),
        (asked("input", json!(["x", ""])), 400, "input"),
        (asked("input", json!([1, 2])), 400, "input"),
        (asked("input", Value::Null), 400, "input"),
        (asked("input", json!([long])), 400, "input"),
    ] {
        let got = post(&demo, &body);
        assert_eq!((got.status, got.error()["param"].as_str()), (status, Some(param)), "{}", got.body);
    }
    assert_eq!(demo.get("/v1/embeddings").status, 405);
}

/// As munshi asks.
const PROMPT: &str = include_str!("../../assets/prompts/summarise.txt");

#[test]
fn a_summary_has_the_first_sentence_of_each_message_and_says_that_it_was_made_by_rule() {
    let text = Demo::start()
        .say(&[
            ("system", PROMPT),
            ("user", "I rent a flat in Pune. It has two rooms."),
            ("assistant", "Noted."),
            ("user", "किराया ₹22,000 है। और कुछ नहीं।"),
            ("user", "Now summarize it, please."),
        ])
        .text();
    assert!(text.contains("\n- I rent a flat in Pune.\n- किराया ₹22,000 है।\n\n"), "{text}");
    assert!(text.contains("by rule"), "{text}");
    assert!(!text.contains("Noted") && !text.contains("two rooms") && !text.contains("summarize it"), "{text}");
}

#[test]
fn a_summary_that_is_carried_on_keeps_its_points() {
    let before = "Here is the summary so far:\n\n- I rent a flat in Pune.\n\nThe demo made this list by rule.";
    let text =
        Demo::start().say(&[("system", PROMPT), ("system", before), ("user", "The rent went up! Oh no.")]).text();
    assert!(text.contains("\n- I rent a flat in Pune.\n- The rent went up!\n\n"), "{text}");
}

#[test]
fn a_transcript_inside_one_message_is_read_line_by_line() {
    let transcript = "Summary so far:\n\n- I live in Pune.\n\nBy rule.\n\nConversation:\n\n\
        User: I rent a flat. It is small.\n\nAssistant: I see. User error?\n- a point\n\n**User:** And a car.\n- dear\n";
    let text = Demo::start().say(&[("system", PROMPT), ("user", transcript)]).text();
    assert!(text.contains("\n- I live in Pune.\n- I rent a flat.\n- And a car.\n\n"), "{text}");
    assert!(!text.contains("I see") && !text.contains("a point"), "{text}");
}

#[test]
fn a_summary_that_is_only_sent_along_is_no_request_for_one() {
    let demo = Demo::start();
    for system in ["Summary of the conversation so far:\n- I rent a flat.", "You are helpful.", "Summarise my words."] {
        let text = demo.say(&[("system", system), ("user", "echo hello")]).text();
        assert!(text.contains("> hello"), "{system}: {text}");
    }
}
