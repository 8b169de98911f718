//! A result is read by a CSV reader that shares no code with the crate that writes it.

use proptest::prelude::*;
use simd_csv::{ByteRecord, ReaderBuilder};

use super::*;
use crate::batch::output::unguard;

/// All cells of a CSV file. Each record must have as many as the header.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(false).from_reader(csv.as_bytes());
    let mut record = ByteRecord::new();
    let mut out = Vec::new();
    while reader.read_byte_record(&mut record).unwrap() {
        out.push(record.iter().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect());
    }
    out
}

fn text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "\"",
        "\"\"",
        "\n",
        "\r",
        "\r\n",
        ",",
        ";",
        "\t",
        "\0",
        "'",
        "=",
        "-",
        "@",
        " ",
        "a",
        "é",
        "🙂",
        "👩‍🌾",
        "क्षि",
        "नमस्ते",
        "\u{FEFF}",
        "\u{2028}",
    ];
    let piece = prop_oneof![
        3 => prop::sample::select(pieces).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(Value::from),
        // Eighths, since serde_json reads long fractions only nearly.
        1 => any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => text().prop_map(|text| json!([{ text.as_str(): text }])),
    ]
}

/// What a reader is to find where `value` was written.
fn expected(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn another_reader_gets_every_text_back(
        names in prop::collection::vec(text(), 0..4),
        rows in prop::collection::vec((text(), prop::collection::vec(value(), 4), text(), text()), 0..6),
    ) {
        let columns = Columns::new(names.clone());
        let answers: Vec<Map<String, Value>> =
            rows.iter().map(|(_, values, _, _)| names.iter().cloned().zip(values.iter().cloned()).collect()).collect();
        let out: Vec<OutRow<'_>> = rows
            .iter()
            .zip(&answers)
            .map(|((input, _, model, error), answer)| OutRow {
                input, model, error: Some(error), fields: Some(answer), tokens: Some(9), cost: Some("0.5"), number: 1,
            })
            .collect();
        let mut found = cells(&written(OutputKind::Csv, &columns, &out)).into_iter();
        let header = found.next().unwrap();
        prop_assert!(header.iter().map(|name| unguard(name)).eq(columns.names()));
        for ((input, _, model, error), answer) in rows.iter().zip(&answers) {
            let mut wanted = vec!["1".to_owned(), input.clone()];
            wanted.extend(columns.fields().map(|(field, _)| expected(&answer[field])));
            wanted.extend([model.clone(), "9".to_owned(), "0.5".to_owned(), error.clone()]);
            let got: Vec<String> = found.next().unwrap().iter().map(|cell| unguard(cell).to_owned()).collect();
            prop_assert_eq!(got, wanted);
        }
        prop_assert_eq!(found.next(), None);
    }

    #[test]
    fn a_line_of_json_is_one_object_with_the_values_as_they_were(input in text(), value in value(), error in text()) {
        let answer = object(json!({ "row": value }));
        let row = OutRow { input: &input, fields: Some(&answer), error: Some(&error), cost: Some("0.10"), ..ROW };
        let json = written(OutputKind::JsonLines, &columns(&["row"]), &[row]);
        prop_assert_eq!(json.lines().count(), 1);
        let read = object(serde_json::from_str(&json).unwrap());
        let wanted = json!({
            "row": 1, "input": input, "answer_row": value, "model": "m", "tokens": null, "cost": 0.1, "error": error,
        });
        prop_assert!(read.keys().eq(object(wanted.clone()).keys()));
        prop_assert_eq!(Value::Object(read), wanted);
    }
}
