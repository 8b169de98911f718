use super::*;
use crate::batch::input::{KEPT, LONGEST_TEXT};

#[test]
fn the_name_of_a_file_says_what_its_lines_are() {
    for (name, kind) in [
        ("a.csv", CSV),
        ("b/A.CSV", CSV),
        ("a.tsv", InputKind::Csv { delimiter: b'\t' }),
        ("a.jsonl", InputKind::JsonLines),
        ("a.ndjson", InputKind::JsonLines),
        ("a.json", InputKind::Text),
        ("a.txt", InputKind::Text),
        ("csv", InputKind::Text),
        (".csv", InputKind::Text),
    ] {
        assert_eq!(InputKind::from_name(std::path::Path::new(name)), kind, "{name}");
    }
}

#[test]
fn a_line_is_a_row_and_keeps_its_number() {
    let file = "one\n\n  two \n \t \nthree";
    assert_eq!(texts(file, InputKind::Text, None), pairs(&[(1, "one"), (3, "  two "), (5, "three")]));
    let mut rows = Rows::open(file.as_bytes(), InputKind::Text, None).unwrap();
    assert_eq!(rows.by_ref().count(), 3);
    assert_eq!(rows.blank(), 2);
}

#[test]
fn each_kind_of_line_end_ends_one_line() {
    assert_eq!(texts("a\r\nb\rc\n\r\nd\r", InputKind::Text, None), pairs(&[(1, "a"), (2, "b"), (3, "c"), (5, "d")]));
}

#[test]
fn a_byte_order_mark_is_no_text_and_a_second_one_is() {
    assert_eq!(texts("\u{FEFF}a\nb", InputKind::Text, None), pairs(&[(1, "a"), (2, "b")]));
    assert_eq!(texts("\u{FEFF}\u{FEFF}a", InputKind::Text, None), pairs(&[(1, "\u{FEFF}a")]));
    assert_eq!(texts("\u{FEFF}name\nb", CSV, None), pairs(&[(1, "b")]));
}

#[test]
fn an_empty_file_of_text_has_no_rows() {
    for file in ["", "\n\n", "\u{FEFF}"] {
        assert_eq!(texts(file, InputKind::Text, None), pairs(&[]));
        assert_eq!(texts(file, InputKind::JsonLines, Some("a")), pairs(&[]));
    }
}

#[test]
fn characters_and_line_ends_may_be_split_between_reads() {
    let file = "\u{FEFF}नमस्ते\r\n🙂 é\rz\n";
    for sizes in [vec![1], vec![2], vec![3, 1], vec![5, 2, 1]] {
        let (rows, error) = read(Pieces::new(file.as_bytes(), &sizes), InputKind::Text, None);
        assert_eq!(error, None);
        let rows: Vec<_> = rows.iter().map(|row| (row.number, row.text.as_str())).collect();
        assert_eq!(rows, [(1, "नमस्ते"), (2, "🙂 é"), (3, "z")], "{sizes:?}");
    }
}

#[test]
fn a_line_that_is_too_long_is_a_row_that_is_not_asked_and_the_next_is_read() {
    let longest = "x".repeat(LONGEST_TEXT);
    let (rows, error) = read(format!("{longest}\n{longest}é\nnext").as_bytes(), InputKind::Text, None);
    assert_eq!(error, None);
    assert_eq!((rows[0].text.len(), rows[0].unusable), (LONGEST_TEXT, None));
    assert_eq!(rows[1].text, format!("{}…", "x".repeat(KEPT)));
    assert_eq!(rows[1].unusable, Some("the text is longer than 1 MiB, so nothing was asked"));
    assert_eq!((rows[2].number, rows[2].text.as_str(), rows[2].unusable), (3, "next", None));
}

#[test]
fn a_column_of_a_text_file_is_refused() {
    assert_eq!(
        refusal("a", InputKind::Text, Some("name")),
        "A text file has no columns, so there is no \"name\". Leave --column out, or use a file whose name ends in .csv, \
         .tsv or .jsonl."
    );
}
