//! Kills: at every request of handing over, and between the steps of fetching. Never is a row paid for twice, and never is
//! one left out.

use super::kit::{Desk, ended_with, kill, mails, printed, run, spawned, talk, well};
use super::support::server::{Gate, Reply};

/// What three batches of 25 rows hold.
fn all_rows() -> Vec<Vec<String>> {
    let part = |rows: std::ops::RangeInclusive<u32>| rows.map(|n| format!("row-{n}")).collect();
    vec![part(1..=10), part(11..=20), part(21..=25)]
}

/// Hands over, and is killed when the request after so many has had its effect and no answer.
fn killed_after(desk: &Desk, answered: usize) {
    desk.api.falls_silent_after(answered, &Gate::new());
    let child = spawned(&desk.offload());
    desk.api.wait_until_silent();
    kill(child);
    desk.api.speaks_again();
}

#[test]
fn a_kill_at_any_request_of_handing_over_makes_no_batch_twice_and_leaves_no_row_out() {
    for answered in 0..9 {
        let desk = Desk::new(&mails(25));
        killed_after(&desk, answered);
        well(&run(&desk.offload()));
        assert_eq!(desk.handed_rows(), all_rows(), "killed after {answered}");
        desk.finish_all(3);
        well(&desk.fetch(&desk.id()));
        assert_eq!(desk.output().len(), 25);
        let ledger = desk.ledger();
        assert_eq!(ledger.len(), 3, "killed after {answered}: {ledger:?}");
        assert!(ledger.iter().all(|row| row.closed && row.cost.is_some()), "{ledger:?}");
    }
}

#[test]
fn two_kills_in_a_row_are_no_worse_than_one() {
    let desk = Desk::new(&mails(25));
    killed_after(&desk, 2);
    killed_after(&desk, 3);
    well(&run(&desk.offload()));
    assert_eq!(desk.handed_rows(), all_rows());
}

#[test]
fn rows_that_cannot_be_asked_are_not_forgotten_by_a_kill() {
    let desk = Desk::new(&format!("id,mail\n0,\n{}", mails(24).replace("Mail", "x,Mail")));
    let as_csv = desk.live_with(&["--input-format", "csv", "--column", "mail", "--offload"]);
    desk.api.falls_silent_after(3, &Gate::new());
    let child = spawned(&as_csv);
    desk.api.wait_until_silent();
    kill(child);
    desk.api.speaks_again();
    well(&run(&as_csv));
    desk.finish_all(3);
    ended_with(&desk.fetch(&desk.id()), 5);
    let rows = desk.output();
    assert_eq!(rows.len(), 25);
    assert!(!rows[0][6].is_empty());
}

#[test]
fn a_batch_whose_making_was_not_answered_is_found_again() {
    let desk = Desk::new(&mails(12));
    desk.api.lose_next_create();
    let said = well(&run(&desk.offload()));
    assert!(said.contains("asked again"), "{said}");
    assert_eq!(desk.api.count("POST /v1/batches"), 2, "one for each part");
    assert_eq!(desk.api.wait_for_batches(2).len(), 2);
}

#[test]
fn a_kill_before_the_booking_is_noted_does_not_book_twice() {
    for budget in ["", "[budget]\nday = 100\n"] {
        let desk = Desk::new(&mails(5));
        desk.home.write_config(budget);
        killed_after(&desk, 0);
        let (path, mut record) = desk.records().remove(0);
        assert!(!record["parts"][0]["booked"].is_null());
        record["parts"][0]["booked"] = serde_json::Value::Null;
        std::fs::write(&path, record.to_string()).unwrap();
        well(&run(&desk.offload()));
        assert_eq!(desk.ledger().len(), 1);
        desk.finish_all(1);
        well(&desk.fetch(&desk.id()));
        assert!(desk.ledger()[0].closed);
    }
}

#[test]
fn a_kill_before_it_is_noted_that_all_was_fetched_books_nothing_twice() {
    let desk = Desk::new(&mails(3));
    let id = desk.hand_over();
    desk.finish_all(1);
    let (path, _) = desk.records().remove(0);
    let (record, input) = (std::fs::read(&path).unwrap(), std::fs::read(path.with_file_name("input")).unwrap());
    well(&desk.fetch(&id));
    let (output, ledger) = (desk.read("out.csv"), desk.ledger());
    std::fs::write(&path, record).unwrap();
    std::fs::write(path.with_file_name("input"), input).unwrap();
    let said = well(&desk.fetch(&id));
    assert!(said.contains("3 of 3"), "{said}");
    assert_eq!((desk.read("out.csv"), desk.ledger()), (output, ledger));
    assert_eq!(desk.asked_live(), 0);
}

#[test]
fn a_kill_while_rows_are_asked_live_leaves_them_to_the_next_fetch() {
    let desk = Desk::new("My phone\nA misfit about a bill\nMy bill\n");
    let id = desk.hand_over();
    desk.finish_all(1);
    let gate = Gate::new();
    desk.api.once("POST /v1/chat/completions", Reply::lost().head_waits(&gate));
    let before = desk.api.requests().len();
    let child = spawned(&desk.batch(&["fetch", &id]));
    // How the batch stands, its answers, and the row.
    desk.api.wait_for_requests(before + 3);
    kill(child);
    let said = well(&desk.fetch(&id));
    assert!(said.contains("3 of 3"), "{said}");
    assert_eq!(desk.output()[1][2], "Billing");
    assert_eq!(desk.ledger().iter().filter(|row| row.outcome.as_deref() == Some("complete")).count(), 2);
}

#[test]
fn whoever_looks_how_it_stands_does_not_undo_what_was_handed_over_meanwhile() {
    let desk = Desk::new(&mails(25));
    killed_after(&desk, 3);
    let (gate, made) = (Gate::new(), desk.api.wait_for_batches(1).remove(0));
    let told = Reply::json(200, &desk.api.batch(&made).to_string());
    desk.api.once("GET /v1/batches/*", told.head_waits(&gate));
    let before = desk.api.requests().len();
    let looks = spawned(&desk.batch(&["status"]));
    desk.api.wait_for_requests(before + 1);
    well(&run(&desk.offload()));
    gate.open();
    let told = looks.wait_with_output().unwrap();
    assert!(told.status.success(), "{}{}", printed(&told), talk(&told));
    desk.finish_all(3);
    well(&desk.fetch(&desk.id()));
    assert_eq!(desk.output().len(), 25);
}

#[test]
fn a_fetch_while_it_is_handed_over_is_told_to_wait() {
    let desk = Desk::new(&mails(25));
    let gate = Gate::new();
    desk.api.falls_silent_after(3, &gate);
    let child = spawned(&desk.offload());
    desk.api.wait_until_silent();
    desk.api.speaks_again();
    for command in ["fetch", "cancel"] {
        let why = ended_with(&run(&desk.batch(&[command, &desk.id()])), 2);
        assert!(why.contains("another munshi"), "{why}");
    }
    gate.open();
    well(&child.wait_with_output().unwrap());
    assert_eq!(desk.handed_rows(), all_rows());
}

#[test]
fn a_kill_before_it_is_noted_that_all_is_handed_over_keeps_nobody_out() {
    let desk = Desk::new(&mails(10));
    let id = desk.hand_over();
    let (path, mut record) = desk.records().remove(0);
    record["is_whole"] = false.into();
    std::fs::write(&path, record.to_string()).unwrap();
    desk.finish_all(1);
    let said = well(&desk.fetch(&id));
    assert!(said.contains("not handed over whole"), "{said}");
    assert!(well(&run(&desk.offload())).contains("fetched already"));
    well(&run(&desk.live()));
    assert_eq!((desk.asked_live(), desk.output().len(), desk.handed_rows().len()), (0, 10, 1));
}
