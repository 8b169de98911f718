//! What holds for every file, however it arrives.

use std::fmt::Write as _;

use super::*;
use proptest::prelude::*;

fn kinds() -> impl Strategy<Value = InputKind> {
    let any = any::<u8>().prop_map(|delimiter| InputKind::Csv { delimiter });
    prop_oneof![Just(InputKind::Text), Just(CSV), Just(InputKind::JsonLines), any]
}

/// Any bytes, with a liking for those that do something.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(vec![
            "a", "t", ",", "\"", "\n", "\r", "\r\n", "{", "}", ":", "\"t\"", "\\", "1", "\0", "é", "🙂", "\u{FEFF}",
            " ",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
    ];
    // With a header, more of a CSV file is read.
    let header = prop::sample::select(vec!["", "t\n", "\n\na,t\r\n", "\u{FEFF}t,a\r"]);
    let pieces = prop::collection::vec(piece, 0..60);
    (header, pieces).prop_map(|(header, pieces)| [header.as_bytes(), &pieces.concat()].concat())
}

fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        prop::sample::select(vec!['"', ',', '\n', '\r', '\t', ' ', 'a', 'é', 'क', '\u{94D}', '🙂', '\''])
    ];
    prop::collection::vec(character.prop_filter("no file holds it", |c| *c != '\0'), 0..12)
        .prop_map(|characters| characters.into_iter().collect())
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic_and_pieces_are_read_as_the_whole(
        file in bytes(),
        kind in kinds(),
        column in prop::option::of("t|a|"),
        sizes in prop::collection::vec(1usize..7, 1..5),
    ) {
        let whole = read(file.as_slice(), kind, column.as_deref());
        let pieces = read(Pieces::new(&file, &sizes), kind, column.as_deref());
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn lines_come_back(
        lines in prop::collection::vec(text(), 0..12),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let lines: Vec<String> = lines.iter().map(|line| line.replace(['\n', '\r'], "")).collect();
        // A mark before the first line, so that one of its own stays.
        let file = format!("\u{FEFF}{}", lines.join(end));
        let expected: Vec<(u64, String)> =
            (1..).zip(lines).filter(|(_, line)| !line.trim().is_empty()).collect();
        prop_assert_eq!(texts(file, InputKind::Text, None), expected);
    }

    #[test]
    fn cells_come_back(
        cells in prop::collection::vec((text(), text()), 0..12),
        end in prop::sample::select(vec!["\n", "\r\n"]),
        column in prop::sample::select(vec!["x", "y"]),
        sizes in prop::collection::vec(1usize..50, 1..5),
    ) {
        let mut file = format!("x,y{end}");
        for (x, y) in &cells {
            write!(file, "{},{}{end}", quoted(x), quoted(y)).unwrap();
        }
        let (rows, error) = read(Pieces::new(file.as_bytes(), &sizes), CSV, Some(column));
        prop_assert_eq!(error, None);
        let expected: Vec<Row> = (1..)
            .zip(&cells)
            .map(|(number, (x, y))| Row::new(number, if column == "x" { x } else { y }))
            .collect();
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn json_strings_come_back(lines in prop::collection::vec(text(), 0..12), is_object in any::<bool>()) {
        let line = |text: &String| {
            let value = if is_object { serde_json::json!({ "id": 1, "t": text }) } else { serde_json::json!(text) };
            value.to_string()
        };
        let file = lines.iter().map(line).collect::<Vec<_>>().join("\n");
        let expected: Vec<_> = (1..).zip(lines).collect();
        prop_assert_eq!(texts(file, InputKind::JsonLines, is_object.then_some("t")), expected);
    }
}
