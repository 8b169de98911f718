use std::fmt::Write as _;

use super::*;
use crate::batch::input::{KEPT, LONGEST_RECORD, LONGEST_TEXT};

#[test]
fn the_chosen_column_is_asked_and_records_are_counted_below_the_header() {
    let file = "id,text\r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n\r\n2,x\r\n3, y ";
    let expected = pairs(&[(1, "two\r\nlines, \"quoted\""), (2, "x"), (3, " y ")]);
    assert_eq!(texts(file, CSV, Some("text")), expected);
    assert_eq!(texts(file, CSV, Some("TEXT ")), expected);
    assert_eq!(texts("id\ttext\n1\ta,b\n", InputKind::Csv { delimiter: b'\t' }, Some("text")), pairs(&[(1, "a,b")]));
}

#[test]
fn a_name_as_it_is_written_comes_before_one_but_for_capitals() {
    let file = "Text,text,TEXT\na,b,c\n";
    assert_eq!(texts(file, CSV, Some("text")), pairs(&[(1, "b")]));
    assert!(refusal(file, CSV, Some("tExt")).starts_with("More than one column could be meant by \"tExt\""));
    assert!(refusal("a,a\n1,2\n", CSV, Some("a")).starts_with("More than one column could be meant by \"a\""));
}

#[test]
fn without_a_name_the_only_column_is_asked_and_several_are_listed() {
    assert_eq!(texts("text\na\n", CSV, None), pairs(&[(1, "a")]));
    assert_eq!(
        refusal("id,\"te\u{1B}[31mxt\"\n1,2", CSV, None),
        "The file has 2 columns; say which holds the text, with --column NAME. They are: \"id\", \"te\\u{1b}[31mxt\"."
    );
    assert_eq!(
        refusal("id,text\n1,2", CSV, Some("txet")),
        "The header has no column \"txet\". Its columns are: \"id\", \"text\"."
    );
    let many = (0..30).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    assert!(refusal(many, CSV, None).ends_with("\"c19\", and 10 more."));
}

#[test]
fn a_file_without_a_header_is_refused() {
    for file in ["", "\n\r\n", "\u{FEFF}"] {
        assert!(refusal(file, CSV, None).starts_with("The file is empty. A CSV file begins with a header"), "{file:?}");
    }
}

#[test]
fn a_blank_cell_is_a_row_that_is_not_asked() {
    let (rows, error) = read("a,b\n1,\n2, \n3,x".as_bytes(), CSV, Some("b"));
    assert_eq!(error, None);
    let why: Vec<_> = rows.iter().map(|row| (row.number, row.unusable)).collect();
    let blank = Some("the text is empty, so nothing was asked");
    assert_eq!(why, [(1, blank), (2, blank), (3, None)]);
}

#[test]
fn a_cell_that_is_too_long_is_a_row_that_is_not_asked() {
    let long = "é".repeat(LONGEST_TEXT / 2 + 1);
    let (rows, error) = read(format!("a\n{long}\nb\n").as_bytes(), CSV, None);
    assert_eq!(error, None);
    assert_eq!(rows[0].text, format!("{}…", "é".repeat(KEPT)));
    assert_eq!((rows[0].unusable.is_some(), rows[1].text.as_str()), (true, "b"));
}

#[test]
fn a_record_of_another_length_is_told_with_the_line_it_begins_at() {
    for end in ["\n", "\r\n", "\r"] {
        let file = ["a,b", "1,\"x", "y\"", "", "2,3", "4,5,6", ""].join(end);
        let (rows, error) = read(file.as_bytes(), CSV, Some("a"));
        assert_eq!(rows.len(), 2);
        assert_eq!(
            error.unwrap(),
            "Record 3, which begins at line 6, has 3 cells; the header has 2. Put cells that hold the separator or a quote \
             in quotes, and double the quotes in them."
        );
    }
    assert!(refusal("a,b\n1\n", CSV, Some("a")).contains("has 1 cell; the header has 2"));
}

#[test]
fn lines_are_told_right_far_into_a_file() {
    let mut file = "a,b\r\n".to_owned();
    for n in 0..20_000 {
        write!(file, "{n},\"long\r\ncell\"\r\n").unwrap();
    }
    file.push_str("1,2,3\r\n");
    assert!(refusal(file, CSV, Some("a")).starts_with("Record 20001, which begins at line 40002, has 3 cells"));
}

#[test]
fn a_quote_that_is_left_open_is_told_at_the_end_of_the_file() {
    for (file, place) in [
        ("a\n1\n\n\"2\n3\n4\n", "record 2, which begins at line 4."),
        ("a\n1\n\"", "record 2, which begins at line 3."),
        ("\"a\n1\n", "the header, which begins at line 1."),
        ("a,b\n1,\"2,\n", "record 1, which begins at line 2."),
    ] {
        let says = refusal(file, CSV, Some("a"));
        assert!(says.starts_with("The file ends within quotes: a quote is left open in "), "{says}");
        assert!(says.contains(place), "{says}");
    }
    for file in ["a\n\"1\"", "a\n\"1\n\"\n", "a\n\"1\"\"\"\r\n", "a\n1\"\n"] {
        assert_eq!(texts(file, CSV, None).len(), 1, "{file:?}");
    }
}

#[test]
fn a_quote_that_swallows_a_large_file_stops_before_the_file_is_held() {
    let file = b"a\n1\n2\n\"".chain(io::repeat(b'x').take(1 << 40));
    let (rows, error) = read(file, CSV, None);
    assert_eq!(rows.len(), 2);
    assert_eq!(
        error.unwrap(),
        "Record 3, which begins at line 4, is longer than 16 MiB: a quote in it may be left open. Close the quote, or \
         double it where it is part of the text."
    );
    let header = b"\"".chain(io::repeat(b'x').take(1 << 40));
    assert!(
        read(header, CSV, None).1.unwrap().starts_with("The header, which begins at line 1, is longer than 16 MiB")
    );
}

#[test]
fn a_record_is_measured_by_itself() {
    let record = format!("\"{}\"\n", "x".repeat(LONGEST_RECORD / 2 + 1));
    assert_eq!(texts(format!("a\n{record}{record}"), CSV, None).len(), 2);
}
