//! Cells that a spreadsheet would run are text, and come back as they were.

use munshi::batch::output::unguard;
use serde_json::json;

use super::kit::{LABELS, answer, batch, cells, column, ends, got, put, sorter};
use super::support::launch::Home;
use super::support::server::Server;

const EVIL: [&str; 12] = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "=HYPERLINK(\"http://x\",\"y\")",
    "'quoted",
    " =1",
    "＝1",
    "=cmd|' /C calc'!A0",
];

#[test]
fn row_42_inputs_that_begin_like_a_formula_are_guarded_and_read_back_exactly() {
    let (home, server) = (Home::new(), sorter());
    let rows: Vec<String> = EVIL.iter().map(|text| json!({"text": text}).to_string()).collect();
    put(&home, "a.jsonl", rows.join("\n"));
    ends(&batch(&home, &server, &["a.jsonl", "--column", "text", "--labels", LABELS, "-o", "out.csv"]), 0);
    let read = column(&got(&home, "out.csv"), "input");
    for (cell, text) in read.iter().zip(EVIL) {
        assert!(cell.starts_with('\''), "{cell:?} would be run");
        assert_eq!(unguard(cell), text);
    }
    assert_eq!(read.len(), EVIL.len());
    // JSON Lines have no formulas: as it is.
    ends(&batch(&home, &server, &["a.jsonl", "--column", "text", "--labels", LABELS, "-o", "out.jsonl"]), 0);
    let back: Vec<String> = got(&home, "out.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["input"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(back, EVIL);
}

#[test]
fn row_42_so_are_answers_labels_fields_and_errors() {
    let home = Home::new();
    let mut count = 0;
    let server = Server::start(move |_| {
        count += 1;
        answer(&json!({"answer": EVIL[(count - 1) % EVIL.len()]}).to_string())
    });
    put(&home, "emails.txt", "a row\n".repeat(EVIL.len()));
    put(&home, "prompt.md", "Say something.");
    let args = ["emails.txt", "--prompt", "prompt.md", "-o", "out.csv", "--concurrency", "1"];
    ends(&batch(&home, &server, &args), 0);
    let csv = got(&home, "out.csv");
    for (cell, text) in column(&csv, "answer").iter().zip(EVIL) {
        assert!(cell.starts_with('\'') && unguard(cell) == text, "{cell:?}");
    }
    // Labels that begin so, and names of columns.
    let server = Server::start(|_| answer(&json!({"=label": "-x"}).to_string()));
    let schema = json!({"type": "object", "properties": {"=label": {"type": "string"}}, "required": ["=label"], "additionalProperties": false});
    put(&home, "s.json", schema.to_string());
    put(&home, "one.txt", "text\n");
    ends(&batch(&home, &server, &["one.txt", "--schema", "s.json", "-o", "named.csv"]), 0);
    let rows = cells(&got(&home, "named.csv"));
    assert_eq!((rows[0][2].as_str(), rows[1][2].as_str()), ("'=label", "'-x"));
    for row in cells(&csv).iter().chain(&rows) {
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
    }
}

#[test]
fn a_servers_words_in_an_error_are_one_line_and_no_formula() {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 1\n");
    let server =
        Server::replies([super::support::replies::error(400, "invalid_request_error", "=1+1\n\u{1b}[31m\u{202e},\"x")]);
    put(&home, "emails.txt", "text\n");
    let said = ends(&batch(&home, &server, &["emails.txt", "--labels", LABELS, "-o", "out.csv"]), 5);
    let csv = got(&home, "out.csv");
    let error = &column(&csv, "error")[0];
    assert!(error.contains("=1+1") && !error.contains('\n'), "{error:?}");
    assert!(!error.contains('\u{1b}') && !said.contains('\u{1b}'), "{error:?} {said:?}");
}
