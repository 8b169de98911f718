use super::*;
use crate::batch::input::{LONGEST_RECORD, LONGEST_TEXT};

#[test]
fn a_string_is_its_text_and_another_value_is_the_line() {
    let file = "\"a\\n\\\"b\\\"\"\n\n {\"x\": 1}\n[1, 2]\n3\nnull\n";
    assert_eq!(
        texts(file, InputKind::JsonLines, None),
        pairs(&[(1, "a\n\"b\""), (3, " {\"x\": 1}"), (4, "[1, 2]"), (5, "3"), (6, "null")])
    );
}

#[test]
fn a_property_is_its_text_or_its_json() {
    let file = "{\"t\":\"नमस्ते\"}\r\n{\"t\":{\"b\": [1, true],\"a\":null}}\r\n{\"t\":-3.5,\"u\":1}";
    assert_eq!(
        texts(file, InputKind::JsonLines, Some("t")),
        pairs(&[(1, "नमस्ते"), (2, "{\"b\":[1,true],\"a\":null}"), (3, "-3.5")])
    );
}

#[test]
fn a_property_without_a_text_is_a_row_that_is_not_asked() {
    let (rows, error) = read("{\"t\":\"\"}\n{\"t\":null}\n{\"t\":\"x\"}".as_bytes(), InputKind::JsonLines, Some("t"));
    assert_eq!(error, None);
    let usable: Vec<_> = rows.iter().map(|row| (row.text.as_str(), row.unusable.is_none())).collect();
    assert_eq!(usable, [("", false), ("", false), ("x", true)]);
}

#[test]
fn broken_json_is_told_with_line_and_column() {
    assert_eq!(
        refusal("{}\n{\"é\": tru}\n", InputKind::JsonLines, None),
        "Line 2 is no JSON: column 10: expected ident. Each line must hold one JSON value."
    );
    for file in ["{", "\"\\ud800\"", "1 2", "nul", "\"a", "[1,]", "'a'"] {
        assert!(refusal(file, InputKind::JsonLines, None).starts_with("Line 1 is no JSON: column "), "{file}");
    }
    let deep = "[".repeat(100_000);
    assert!(refusal(&deep, InputKind::JsonLines, Some("t")).contains("recursion limit"));
    assert!(refusal(&deep, InputKind::JsonLines, None).contains("EOF while parsing"));
}

#[test]
fn a_missing_property_is_told_with_those_that_are_there() {
    assert_eq!(
        refusal("{\"t\":\"a\"}\n{\"text\":1,\"id\":2}", InputKind::JsonLines, Some("t")),
        "Line 2 has no property \"t\". Its properties are: \"text\", \"id\"."
    );
    assert!(refusal("{}", InputKind::JsonLines, Some("t")).ends_with("Its properties are: none."));
    assert_eq!(
        refusal("\"t\"", InputKind::JsonLines, Some("t")),
        "Line 1 is no JSON object, so it has no property \"t\". Leave --column out to ask about whole lines."
    );
}

#[test]
fn long_lines_and_long_texts_are_rows_that_are_not_asked() {
    let text = "x".repeat(LONGEST_TEXT + 1);
    let line = "y".repeat(LONGEST_RECORD + 1);
    let file = format!("{{\"t\":\"{text}\"}}\n{{\"t\":\"{line}\"}}\n{{\"t\":\"z\",\"u\":\"{text}\"}}\n");
    let (rows, error) = read(file.as_bytes(), InputKind::JsonLines, Some("t"));
    assert_eq!(error, None);
    let why: Vec<_> = rows.iter().map(|row| row.unusable.unwrap_or("usable")).collect();
    assert_eq!(
        why,
        [
            "the text is longer than 1 MiB, so nothing was asked",
            "the line is longer than 16 MiB, so nothing was asked",
            "usable"
        ]
    );
    assert!(rows[1].text.starts_with("{\"t\":\"yyy") && rows[1].text.ends_with("y…"));
}
