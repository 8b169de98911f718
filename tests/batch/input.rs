//! Inputs that are broken, empty or strange: told with their place before anything is sent, or an error in one row.

use super::kit::{LABELS, batch, classify, column, ends, fed, got, is_there, put, row_of, sorter};
use super::support::launch::Home;

#[test]
fn bytes_that_are_no_utf_8_are_told_with_line_and_byte_and_nothing_is_sent() {
    let (home, server) = (Home::new(), sorter());
    let many = "a line of some length, again and again\n".repeat(5_000);
    let faults: [(Vec<u8>, &str); 6] = [
        (
            b"one\ntwo\ncaf\xe9 au lait\n".to_vec(),
            "Line 3 is not UTF-8: byte 4 of the line, at offset 11 in the file, is 0xE9",
        ),
        ([many.as_bytes(), b"\xff"].concat(), "Line 5001 is not UTF-8: byte 1 of the line, at offset 195000"),
        ("one\ntwo ₹".as_bytes()[..10].to_vec(), "ends in the middle of a character: line 2, byte 5"),
        (b"\xff\xfeo\0n\0e\0".to_vec(), "UTF-16"),
        (b"o\0n\0e\0".to_vec(), "Line 1 holds a NUL byte, byte 2"),
        (b"surrogate \xed\xa0\x80\n".to_vec(), "Line 1 is not UTF-8: byte 11"),
    ];
    for (bytes, says) in faults {
        put(&home, "emails.txt", &bytes);
        let said = ends(&classify(&home, &server, &[]), 2);
        assert!(said.contains("emails.txt") && said.contains(says), "{says} is not in: {said}");
        assert!(!is_there(&home, "out.csv") && !is_there(&home, "out.csv.journal"));
    }
    put(&home, "a.csv", b"id,text\n1,fine\n2,\"not \xe9\"\n");
    let said = ends(&batch(&home, &server, &["a.csv", "--column", "text", "--labels", LABELS]), 2);
    assert!(said.contains("Line 3 is not UTF-8: byte 8 of the line"), "{said}");
    let output = fed(&batch(&home, &server, &["-", "--labels", LABELS]), b"ok\n\xc0\xaf\n");
    assert!(super::kit::ended(&output, 2).contains("standard input: Line 2 is not UTF-8: byte 1"));
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn broken_csv_and_json_lines_are_told_with_their_place_and_nothing_is_sent() {
    let (home, server) = (Home::new(), sorter());
    let cases: [(&str, &str, &[&str], &str); 8] = [
        (
            "a.csv",
            "id,text\n1,a\n2,b,c\n",
            &["--column", "text"],
            "Record 2, which begins at line 3, has 3 cells; the header has 2",
        ),
        ("b.csv", "text\nfine\n\"left open\nand on\n", &[], "quote is left open in record 2, which begins at line 3"),
        ("c.csv", "id,text\n1,a\n", &[], "say which holds the text, with --column NAME. They are: \"id\", \"text\""),
        ("d.csv", "id,text\n1,a\n", &["--column", "body"], "has no column \"body\". Its columns are: \"id\", \"text\""),
        ("e.csv", "", &["--column", "text"], "The file is empty"),
        ("f.jsonl", "{\"text\":\"a\"}\n{\"text\":\n", &["--column", "text"], "Line 2 is no JSON"),
        ("g.jsonl", "{\"text\":\"a\"}\n{\"tex\":\"b\"}\n", &["--column", "text"], "Line 2 has no property \"text\""),
        ("h.jsonl", "[1]\n", &["--column", "text"], "Line 1 is no JSON object"),
    ];
    for (name, text, more, says) in cases {
        put(&home, name, text);
        let said = ends(&batch(&home, &server, &[name, "--labels", LABELS]).args(more), 2);
        assert!(said.contains(name) && said.contains(says), "{says} is not in: {said}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_file_without_rows_asks_nothing() {
    let (home, server) = (Home::new(), sorter());
    for text in ["", "\n \n\t\n", "\u{feff}"] {
        put(&home, "emails.txt", text);
        let said = ends(&classify(&home, &server, &[]), 2);
        assert!(said.contains("emails.txt has no rows: nothing is asked."), "{said}");
        assert!(!is_there(&home, "out.csv.journal"));
    }
    put(&home, "a.csv", "text\n");
    assert!(ends(&batch(&home, &server, &["a.csv", "--labels", LABELS]), 2).contains("no rows"));
}

#[test]
fn blank_lines_are_passed_over_and_rows_keep_their_numbers() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", "\nmail 1\n\n   \nmail 2\r\n\r\nmail 3");
    ends(&classify(&home, &server, &[]), 0);
    let csv = got(&home, "out.csv");
    assert_eq!(column(&csv, "row"), ["2", "5", "7"]);
    assert_eq!(column(&csv, "input"), ["mail 1", "mail 2", "mail 3"]);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn rows_that_cannot_be_asked_have_an_error_and_nothing_is_sent_for_them() {
    let (home, server) = (Home::new(), sorter());
    let huge = "x".repeat(1024 * 1024 + 1);
    put(&home, "a.csv", format!("id,text\n1,mail 1\n2,\n3,{huge}\n4,  \n5,mail 5\n"));
    let said = ends(&batch(&home, &server, &["a.csv", "--column", "text", "--labels", LABELS, "-o", "out.csv"]), 5);
    let csv = got(&home, "out.csv");
    let blank = "the text is empty, so nothing was asked";
    assert_eq!(column(&csv, "error"), ["", blank, "the text is longer than 1 MiB, so nothing was asked", blank, ""]);
    assert_eq!(column(&csv, "cost")[1..4], ["0", "0", "0"]);
    assert_eq!(column(&csv, "input")[2].chars().count(), 201, "its beginning, and that it is cut");
    let mut asked: Vec<String> = server.requests().iter().map(row_of).collect();
    asked.sort();
    assert_eq!(asked, ["mail 1", "mail 5"]);
    assert!(said.contains("2 of 5 rows answered · 3 with an error"), "{said}");
    // They cannot be asked another time, either.
    ends(
        &batch(&home, &server, &["a.csv", "--column", "text", "--labels", LABELS, "-o", "out.csv", "--retry-failed"]),
        5,
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_row_larger_than_the_models_window_is_an_error_in_that_row() {
    let (home, server) = (Home::new(), sorter());
    let large = "so many words ".repeat(60_000);
    put(&home, "emails.txt", format!("mail 1\n{large}\nmail 3\n"));
    ends(&classify(&home, &server, &[]), 5);
    let csv = got(&home, "out.csv");
    let errors = column(&csv, "error");
    assert!(errors[0].is_empty() && errors[1].contains("tokens") && errors[2].is_empty(), "{errors:?}");
    assert!(!errors[1].contains("/model") && !errors[1].contains("/context"), "{}", errors[1]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_long_line_that_fits_is_sent_whole() {
    let (home, server) = (Home::new(), sorter());
    let long = "mail 1 ".repeat(40_000);
    put(&home, "emails.txt", format!("{long}\n"));
    ends(&classify(&home, &server, &[]), 0);
    assert_eq!(server.requests()[0].messages()[1].1, long);
    assert_eq!(column(&got(&home, "out.csv"), "input"), [long]);
}
