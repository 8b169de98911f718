//! What a user finds in a result.

mod columns;
mod guards;
mod round_trip;

use serde_json::{Map, Value, json};

use super::{Columns, OutRow, OutputKind, Writer};

const ROW: OutRow<'_> =
    OutRow { number: 1, input: "in", fields: None, model: "m", tokens: None, cost: None, error: None };

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

fn columns(fields: &[&str]) -> Columns {
    Columns::new(fields.iter().map(|field| (*field).to_owned()).collect())
}

fn written(kind: OutputKind, columns: &Columns, rows: &[OutRow<'_>]) -> String {
    let mut writer = Writer::new(Vec::new(), kind, columns).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.flush().unwrap();
    String::from_utf8(writer.into_inner()).unwrap()
}

/// Three rows: an answer of each type, one that is text to be careful with, one that failed.
fn golden(kind: OutputKind) -> String {
    let types = object(json!({
        "extra": "left out", "s": "text", "n": -3.5, "b": false, "nothing": null, "list": [1, "a, \"b\""], "Row": 7,
    }));
    let text = object(json!({ "s": "=1+2\";=1+2", "n": "-3.5", "list": { "k": [] } }));
    let rows = [
        OutRow { fields: Some(&types), tokens: Some(12), cost: Some("0.00000015"), ..ROW },
        OutRow { number: 2, input: "-a\r\n\"b\", 'c'", fields: Some(&text), cost: Some("12"), ..ROW },
        OutRow {
            number: 3, input: "नमस्ते 🙂", error: Some("no answer:\nit timed out"), model: "@m", ..ROW
        },
    ];
    written(kind, &columns(&["s", "n", "b", "nothing", "list", "Row", "=x"]), &rows)
}

#[test]
fn csv_is_written_so() {
    assert_eq!(
        golden(OutputKind::Csv),
        concat!(
            "row,input,s,n,b,nothing,list,answer_Row,'=x,model,tokens,cost,error\n",
            "1,in,text,-3.5,false,,\"[1,\"\"a, \\\"\"b\\\"\"\"\"]\",7,,m,12,0.00000015,\n",
            "2,\"'-a\r\n\"\"b\"\", 'c'\",\"'=1+2\"\";=1+2\",'-3.5,,,\"{\"\"k\"\":[]}\",,,m,,12,\n",
            "3,नमस्ते 🙂,,,,,,,,'@m,,,\"no answer:\nit timed out\"\n",
        )
    );
}

#[test]
fn json_lines_are_written_so() {
    assert_eq!(
        golden(OutputKind::JsonLines),
        concat!(
            r#"{"row":1,"input":"in","s":"text","n":-3.5,"b":false,"nothing":null,"list":[1,"a, \"b\""],"answer_Row":7,"=x":null,"model":"m","tokens":12,"cost":0.00000015,"error":null}"#,
            "\n",
            r#"{"row":2,"input":"-a\r\n\"b\", 'c'","s":"=1+2\";=1+2","n":"-3.5","b":null,"nothing":null,"list":{"k":[]},"answer_Row":null,"=x":null,"model":"m","tokens":null,"cost":12,"error":null}"#,
            "\n",
            r#"{"row":3,"input":"नमस्ते 🙂","s":null,"n":null,"b":null,"nothing":null,"list":null,"answer_Row":null,"=x":null,"model":"@m","tokens":null,"cost":null,"error":"no answer:\nit timed out"}"#,
            "\n",
        )
    );
}

#[test]
fn a_result_without_rows_is_its_header() {
    assert_eq!(written(OutputKind::Csv, &columns(&["a"]), &[]), "row,input,a,model,tokens,cost,error\n");
    assert_eq!(written(OutputKind::JsonLines, &columns(&["a"]), &[]), "");
}

#[test]
fn a_result_that_goes_on_has_no_second_header() {
    let mut writer = Writer::appending(Vec::new(), OutputKind::Csv, &columns(&[]));
    writer.write(&ROW).unwrap();
    assert_eq!(writer.into_inner(), b"1,in,m,,,\n");
}

#[test]
fn a_cost_keeps_every_digit_and_one_that_is_no_number_breaks_no_line() {
    let cost = "1234567890123456789.000000000000000001";
    let json = written(OutputKind::JsonLines, &columns(&[]), &[OutRow { cost: Some(cost), ..ROW }]);
    assert!(json.contains(&format!("\"cost\":{cost},")), "{json}");
    for cost in ["1,5", "", " 1", "=1", "1\n", "nan"] {
        let rows = [OutRow { cost: Some(cost), ..ROW }];
        let json = written(OutputKind::JsonLines, &columns(&[]), &rows);
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["cost"], json!(cost));
    }
    assert!(written(OutputKind::Csv, &columns(&[]), &[OutRow { cost: Some("=1"), ..ROW }]).ends_with(",'=1,\n"));
}

#[test]
fn a_row_reaches_the_output_in_one_piece() {
    struct Counted(Vec<usize>);
    impl std::io::Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.push(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let input = "a\"b\n".repeat(50_000);
    for kind in [OutputKind::Csv, OutputKind::JsonLines] {
        let mut writer = Writer::appending(Counted(Vec::new()), kind, &columns(&[]));
        writer.write(&OutRow { input: &input, ..ROW }).unwrap();
        assert_eq!(writer.into_inner().0.len(), 1);
    }
}

#[test]
fn the_name_of_a_file_says_how_it_is_written() {
    for (name, kind) in [
        ("a.csv", OutputKind::Csv),
        ("a.jsonl", OutputKind::JsonLines),
        ("a.NDJSON", OutputKind::JsonLines),
        ("a", OutputKind::Csv),
    ] {
        assert_eq!(OutputKind::from_name(std::path::Path::new(name)), kind, "{name}");
    }
}
