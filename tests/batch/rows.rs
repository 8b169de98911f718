//! Whole files in, whole files out, compared byte for byte.

use super::kit::{
    answer, batch, classify, ended, ends, fed, got, is_there, lines, put, row_of, sorted_lines, sorter, talk,
};
use super::support::launch::Home;
use super::support::server::{Request, Server};

const EMAILS: &str = include_str!("golden/emails.txt");
const LABELLED: &str = include_str!("golden/labels.csv");
const ORDERS: &str = include_str!("golden/orders.csv");
const SCHEMA: &str = include_str!("golden/order.schema.json");

#[test]
fn a_file_of_lines_becomes_a_csv_with_a_label_for_each() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", EMAILS);
    let said = ends(&classify(&home, &server, &[]), 0);
    assert_eq!(got(&home, "out.csv"), LABELLED);
    assert_eq!(server.requests().len(), 5, "a request a row");
    assert!(!is_there(&home, "out.csv.part"));
    assert!(said.contains("5 of 5 rows answered · 75 tokens"), "{said}");
}

#[test]
fn the_outputs_name_or_the_option_makes_it_json_lines() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", EMAILS);
    let labels = super::kit::LABELS;
    ends(&batch(&home, &server, &["emails.txt", "--labels", labels, "-o", "out.jsonl"]), 0);
    let by_option = ["emails.txt", "--labels", labels, "-o", "out.txt", "--output-format", "jsonl"];
    ends(&batch(&home, &server, &by_option), 0);
    for name in ["out.jsonl", "out.txt"] {
        assert_eq!(got(&home, name), include_str!("golden/labels.jsonl"), "{name}");
    }
}

#[test]
fn standard_input_and_standard_output_do_as_files_do() {
    let (home, server) = (Home::new(), sorter());
    for args in [vec!["-"], vec!["-", "-o", "-"]] {
        let launch = batch(&home, &server, &args).args(["--labels", super::kit::LABELS]);
        let output = fed(&launch, EMAILS.as_bytes());
        ended(&output, 0);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), LABELLED);
    }
    let launch = batch(&home, &server, &["-", "--input-format", "jsonl", "--column", "text", "-o", "out.csv"]);
    let input = "{\"id\":1,\"text\":\"mail 1\"}\n\n{\"id\":2,\"text\":\"mail 2\"}\n";
    ended(&fed(&launch.args(["--labels", super::kit::LABELS]), input.as_bytes()), 0);
    assert_eq!(got(&home, "out.csv"), sorted_lines(2).replace("\n2,", "\n3,"), "rows are named by their lines");
}

#[test]
fn csv_tsv_and_json_lines_are_read_by_their_names() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "a.csv", "id,Text\n1,mail 1\n2,mail 2\n");
    put(&home, "b.tsv", "text\tid\nmail 1\t1\nmail 2\t2\n");
    put(&home, "c.jsonl", "{\"text\":\"mail 1\"}\n{\"text\":\"mail 2\",\"id\":2}\n");
    put(&home, "d.ndjson", "\"mail 1\"\n\"mail 2\"");
    put(&home, "e.csv", "anything\r\nmail 1\r\nmail 2\r\n");
    put(&home, "f.TXT", "\u{feff}mail 1\r\nmail 2");
    let columns =
        [("a.csv", true), ("b.tsv", true), ("c.jsonl", true), ("d.ndjson", false), ("e.csv", false), ("f.TXT", false)];
    for (name, has_column) in columns {
        let args = [name, "--labels", super::kit::LABELS, "--column", "text"];
        let output = fed(&batch(&home, &server, &args[..if has_column { 5 } else { 3 }]), b"");
        assert_eq!(String::from_utf8(output.stdout.clone()).unwrap(), sorted_lines(2), "{name}: {}", talk(&output));
    }
}

/// The fields of an order, by its row.
fn order(request: &Request) -> String {
    let text = row_of(request);
    let rest = match text.as_str() {
        _ if text.starts_with("Two kurtas") => {
            r#""item":"kurta, blue","count":2,"price":-1234.5,"urgent":true,"due":"Friday","size":"M","tags":["blue","cotton"],"address":{"city":"Jaipur"},"error":"-none""#
        }
        "first line\nsecond line" => {
            r#""item":"","count":0,"price":0.0,"urgent":false,"due":null,"size":"S","tags":[],"address":{"city":"Jaipur"},"error":"""#
        }
        "he said \"send it back\"" => {
            r#""error":"@x","item":"=1+1","count":-3,"price":98765432.125,"urgent":false,"due":null,"size":"L","tags":["=x"],"address":{"city":"'"}"#
        }
        other => panic!("no row says {other:?}"),
    };
    format!("{{{rest}}}")
}

#[test]
fn each_field_of_a_schema_is_a_column_and_keeps_its_type() {
    let (home, server) = (Home::new(), Server::start(|request| answer(&order(request))));
    put(&home, "orders.csv", ORDERS);
    put(&home, "order.schema.json", SCHEMA);
    put(&home, "extract.md", "Read the order.\n");
    let args = ["orders.csv", "--column", "message", "--schema", "order.schema.json", "--prompt", "extract.md"];
    for (name, golden) in [
        ("orders-out.csv", include_str!("golden/orders-out.csv")),
        ("orders-out.jsonl", include_str!("golden/orders-out.jsonl")),
    ] {
        let said = ends(&batch(&home, &server, &args).args(["-o", name]), 0);
        assert_eq!(got(&home, name), golden);
        assert!(said.contains("The field error is in the column answer_error"), "{said}");
    }
}

#[test]
fn rows_that_say_the_same_are_each_a_row() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", "mail 1\n".repeat(7));
    ends(&classify(&home, &server, &[]), 0);
    let row = |n| format!("{n},mail 1,Technical,gpt-4o-mini,15,{},\n", super::kit::EACH);
    assert_eq!(got(&home, "out.csv"), super::kit::HEAD.to_owned() + &(1..=7).map(row).collect::<Vec<_>>().concat());
}

#[test]
fn hundreds_of_rows_are_all_there_and_in_order() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(400));
    ends(&classify(&home, &server, &["--concurrency", "64"]), 0);
    assert_eq!(got(&home, "out.csv"), sorted_lines(400));
    assert_eq!(server.requests().len(), 400);
}
