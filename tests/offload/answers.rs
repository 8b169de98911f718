//! The same rows live and handed over come to the same, at half the price.

use serde_json::{Value, json};

use super::kit::{Desk, OUTPUT, atto, cells, ended_with, mails, rule, run, well};
use super::support::batch_api::completion;

/// Where there can be rows without a text.
const AS_CSV: [&str; 4] = ["--input-format", "csv", "--column", "mail"];

/// Rows whose answers are as different as answers get.
fn mixed() -> String {
    let mut rows = mails(12);
    rows.push_str("This one is endless\nThis one is refused\n\n   \nMail 16: my bill; naïve — हिन्दी 🙂\n");
    rows
}

/// The lines of all files that were sent up, in order.
fn lines(desk: &Desk) -> Vec<Value> {
    let sent = desk.api.requests().into_iter().filter(|request| request.head.starts_with("POST /v1/files"));
    let rows = |body: &str| {
        body.lines().filter(|line| line.starts_with("{\"custom_id\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    sent.flat_map(|request| rows(&request.body)).map(|line| serde_json::from_str(&line).unwrap()).collect()
}

#[test]
fn the_same_rows_live_and_offloaded_give_the_same_file_but_for_half_the_cost() {
    let (live, offloaded) = (Desk::new(&mixed()), Desk::new(&mixed()));
    let before = ended_with(&run(&live.live()), 5);
    let id = offloaded.hand_over();
    offloaded.finish_all(2);
    let after = ended_with(&offloaded.fetch(&id), 5);
    assert!(!before.is_empty() && !after.is_empty());
    let (live, offloaded) = (live.read(OUTPUT), offloaded.read(OUTPUT));
    assert_eq!(live.lines().count(), offloaded.lines().count(), "{live}\n{offloaded}");
    let mut paid = 0;
    for (a, b) in cells(&live).into_iter().zip(cells(&offloaded)).skip(1) {
        let (full, half) = (atto(&a[5]), atto(&b[5]));
        assert_eq!(full, half * 2, "{a:?}\n{b:?}");
        paid += half;
    }
    assert!(paid > 0);
    let without = |text: &str| {
        let rest = |mut row: Vec<String>| {
            row.remove(5);
            row
        };
        cells(text).into_iter().map(rest).collect::<Vec<_>>()
    };
    assert_eq!(without(&live), without(&offloaded));
}

#[test]
fn the_order_is_the_inputs_though_the_answers_come_shuffled() {
    let desk = Desk::new(&mails(25));
    let id = desk.hand_over();
    let made = desk.finish_all(3);
    let answers = desk.api.file(desk.api.batch(&made[0])["output_file_id"].as_str().unwrap()).unwrap();
    let first: Value = serde_json::from_str(answers.lines().next().unwrap()).unwrap();
    assert_ne!(first["custom_id"], "row-1", "the server shuffles");
    well(&desk.fetch(&id));
    let numbers: Vec<String> = desk.output().into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers, (1..=25).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(desk.output().iter().all(|row| row[1].starts_with(&format!("Mail {}:", row[0]))));
}

#[test]
fn a_line_asks_what_the_live_request_asks_but_for_streaming() {
    let desk = Desk::new("My bill is wrong\n");
    desk.hand_over();
    desk.finish_all(1);
    let line = lines(&desk).remove(0);
    assert_eq!(
        (&line["custom_id"], &line["method"], &line["url"]),
        (&json!("row-1"), &json!("POST"), &json!("/v1/chat/completions"))
    );
    let body = line["body"].clone();
    assert_eq!((&body["model"], &body["temperature"]), (&json!("gpt-4o-mini"), &json!(0.0)));
    assert_eq!(body["response_format"]["type"], "json_schema");
    assert!(body.get("stream").is_none() && body.get("stream_options").is_none(), "{body}");
    let live = Desk::new("My bill is wrong\n");
    well(&run(&live.live()));
    let mut asked = live.api.requests()[0].json();
    for only_live in ["stream", "stream_options"] {
        asked.as_object_mut().unwrap().remove(only_live);
    }
    assert_eq!(body, asked);
}

#[test]
fn an_answer_that_does_not_fit_is_asked_once_more_live_and_ends_in_the_file() {
    let desk = Desk::new("My phone\nA misfit about a bill\nMy bill\n");
    let id = desk.hand_over();
    desk.finish_all(1);
    let said = well(&desk.fetch(&id));
    assert!(said.contains("1 row") && said.contains("live"), "{said}");
    assert_eq!(desk.asked_live(), 1);
    let row = desk.output().remove(1);
    assert_eq!((row[2].as_str(), row[6].as_str()), ("Billing", ""));
    // 101 and 7 tokens at half the price, 121 and 5 at the whole: at 15 and 60 cents to the million, and 85 to the dollar.
    let pico = 101 * 75_000 + 7 * 300_000 + 121 * 150_000 + 5 * 600_000;
    assert_eq!(atto(&row[5]), pico * 85 * 1_000_000);
    assert_eq!(row[4], (101 + 7 + 121 + 5).to_string());
}

#[test]
fn a_refusal_is_an_error_in_its_row_and_is_not_asked_again() {
    let desk = Desk::new("My phone\nThis is refused\n");
    let id = desk.hand_over();
    desk.finish_all(1);
    ended_with(&desk.fetch(&id), 5);
    assert_eq!(desk.asked_live(), 0);
    let row = desk.output().remove(1);
    assert!(row[6].contains("openai") && row[6].contains("This cannot be asked"), "{row:?}");
    assert_eq!(atto(&row[5]), 0);
}

#[test]
fn a_row_that_failed_at_the_provider_is_asked_live() {
    let desk = Desk::new("My phone\nA broken bill\n");
    let id = desk.hand_over();
    desk.finish_all(1);
    well(&desk.fetch(&id));
    assert_eq!(desk.asked_live(), 1);
    assert_eq!(desk.output()[1][2], "Billing");
}

#[test]
fn rows_that_cannot_be_asked_are_an_error_and_never_sent() {
    let desk = Desk::new("id,mail\n1,My phone\n2,\n3,\n4,My bill\n");
    well(&run(&desk.live_with(&AS_CSV).arg("--offload")));
    let id = desk.id();
    assert_eq!(desk.handed_rows(), [["row-1", "row-4"]]);
    desk.finish_all(1);
    ended_with(&desk.fetch(&id), 5);
    let rows = desk.output();
    assert_eq!(rows.len(), 4);
    assert!(!rows[1][6].is_empty() && !rows[2][6].is_empty(), "{rows:?}");
}

#[test]
fn a_file_with_no_row_that_can_be_asked_sends_nothing_and_is_written_at_once() {
    let desk = Desk::new("id,mail\n1,\n2,\n");
    let said = ended_with(&run(&desk.live_with(&AS_CSV).arg("--offload")), 5);
    assert!(said.contains("nothing is sent"), "{said}");
    assert_eq!(desk.api.requests().len(), 0);
    assert_eq!(desk.output().len(), 2);
}

#[test]
fn a_row_that_never_fits_is_an_error_with_all_that_was_paid_for_it() {
    let desk = Desk::by("My phone\nMy bill\n", |body| {
        let (status, reply) = rule(body);
        if body.to_string().contains("bill") { (200, completion("nothing of use", 100, 7)) } else { (status, reply) }
    });
    let id = desk.hand_over();
    desk.finish_all(1);
    ended_with(&desk.fetch(&id), 5);
    let row = desk.output().remove(1);
    assert!(!row[6].is_empty() && row[2].is_empty(), "{row:?}");
    let (live, pico) = (desk.asked_live() as i128, 100 * 150_000 + 7 * 600_000);
    assert_eq!(atto(&row[5]), (pico / 2 + live * pico) * 85 * 1_000_000);
    ended_with(&run(&desk.live()), 5);
    assert_eq!(desk.asked_live() as i128, live, "it is finished");
}
