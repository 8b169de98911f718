//! What stands in the way of handing over and of fetching, and how it is mended.

use super::kit::{Desk, INPUT, ended_with, mails, printed, run, well};
use super::support::replies::error;

#[test]
fn a_provider_without_a_batch_api_is_4_and_the_rows_can_be_asked_live() {
    for missing in ["POST /v1/files", "GET /v1/batches", "POST /v1/batches"] {
        let desk = Desk::new(&mails(3));
        desk.api.once(missing, error(404, "unknown_url", "Invalid URL"));
        let why = ended_with(&run(&desk.offload()), 4);
        assert!(why.contains("no Batch API") && why.contains("leave out --offload"), "{why}");
        assert!(!why.contains("run the same command again"), "{why}");
        well(&run(&desk.live()));
        assert_eq!(desk.asked_live(), 3, "{missing}");
        let ledger = desk.ledger();
        assert!(ledger.iter().all(|row| row.closed), "{ledger:?}");
        assert!(printed(&run(&desk.batch(&["status"]))).contains("No batch is with"));
    }
}

#[test]
fn a_key_that_is_refused_is_4_and_another_key_goes_on() {
    for refused in ["POST /v1/files", "GET /v1/batches", "POST /v1/batches"] {
        let desk = Desk::new(&mails(3));
        desk.api.once(refused, error(401, "invalid_api_key", "Incorrect API key"));
        let why = ended_with(&run(&desk.offload()), 4);
        assert!(why.contains("401"), "{why}");
        well(&run(&desk.offload()));
        assert_eq!(desk.api.wait_for_batches(1).len(), 1, "{refused}");
        assert_eq!(desk.ledger().iter().filter(|row| !row.closed).count(), 1);
    }
}

#[test]
fn a_key_that_is_refused_before_anything_was_sent_leaves_the_rows_to_be_asked_live() {
    let desk = Desk::new(&mails(3));
    desk.api.once("POST /v1/files", error(401, "invalid_api_key", "Incorrect API key"));
    ended_with(&run(&desk.offload()), 4);
    well(&run(&desk.live()));
    assert_eq!(desk.asked_live(), 3);
}

#[test]
fn a_provider_that_asks_for_patience_is_asked_again_when_it_says() {
    let desk = Desk::new(&mails(3));
    for what in ["POST /v1/files", "GET /v1/batches", "POST /v1/batches"] {
        desk.api.once(what, error(429, "rate_limit_exceeded", "slow").header("retry-after-ms", "20"));
    }
    let said = well(&run(&desk.offload()));
    assert_eq!(said.matches("asked again in").count(), 3, "{said}");
    assert_eq!(desk.api.wait_for_batches(1).len(), 1);
    let id = desk.id();
    desk.finish_all(1);
    desk.api.once("GET /v1/batches/*", error(429, "rate_limit_exceeded", "slow").header("retry-after-ms", "20"));
    desk.api.once("GET /v1/files/*", error(503, "busy", "later").header("retry-after-ms", "20"));
    let said = well(&desk.fetch(&id));
    assert_eq!(said.matches("asked again in").count(), 2, "{said}");
}

#[test]
fn a_download_that_is_cut_is_said_and_brought_down_again() {
    let desk = Desk::new(&mails(10));
    let id = desk.hand_over();
    desk.finish_all(1);
    desk.api.cut_next_download();
    let said = well(&desk.fetch(&id));
    assert!(said.contains("asked again"), "{said}");
    assert_eq!(desk.output().len(), 10);
}

#[test]
fn a_download_that_is_always_cut_is_4_and_a_later_fetch_works() {
    let desk = Desk::new(&mails(10));
    desk.home.write_config("[retry]\nattempts = 1\n");
    let id = desk.hand_over();
    desk.finish_all(1);
    desk.api.cut_next_download();
    let said = ended_with(&desk.fetch(&id), 4);
    assert!(said.contains("before the file"), "{said}");
    assert!(!desk.ledger()[0].closed);
    well(&desk.fetch(&id));
    assert_eq!(desk.output().len(), 10);
}

#[test]
fn a_batch_that_the_provider_does_not_know_any_more_is_4_and_can_be_given_up() {
    let desk = Desk::new(&mails(3));
    let id = desk.hand_over();
    for command in ["fetch", "status"] {
        desk.api.once(
            "GET /v1/batches/*",
            error(404, "not_found", &format!("No batch found with id '{}'.", desk.api.wait_for_batches(1)[0])),
        );
        let why = ended_with(&run(&desk.batch(&[command, &id])), 4);
        assert!(why.contains("No batch found") && !why.contains("--offload"), "{why}");
    }
    desk.api.once("GET /v1/batches/*", error(404, "not_found", "No batch found with such an id."));
    let said = well(&run(&desk.batch(&["cancel", &id])));
    assert!(said.contains("given up"), "{said}");
    assert_eq!((desk.ledger()[0].closed, desk.ledger()[0].cost), (true, None), "nobody knows what it cost");
    well(&run(&desk.live()));
    assert_eq!(desk.asked_live(), 3);
}

#[test]
fn handing_over_needs_a_file_for_the_answers() {
    let desk = Desk::new(&mails(3));
    for more in [&[][..], &["-o", "-"], &["--journal", "kept.journal"]] {
        let args = ["run", INPUT, "--labels", "Billing,Technical", "-m", "gpt-4o-mini", "--offload"];
        let why = ended_with(&run(&desk.batch(&args).args(more)), 2);
        assert!(why.contains("-o FILE"), "{why}");
    }
    assert_eq!(desk.api.requests().len(), 0);
    assert!(!desk.path("kept.journal").exists());
}

#[test]
fn what_the_provider_says_moves_no_cursor() {
    let desk = Desk::new(&mails(3));
    let id = desk.hand_over();
    let made = desk.api.wait_for_batches(1).remove(0);
    desk.api.fail_validation(&made, "odd", "\u{1b}[2Jgone\u{7}", None);
    desk.api.set_status(&made, "failed");
    for output in [run(&desk.batch(&["status"])), desk.fetch(&id)] {
        let all = format!("{}{}", printed(&output), super::kit::talk(&output));
        assert!(!all.contains('\u{1b}') && !all.contains('\u{7}'), "{all:?}");
    }
}

#[test]
fn a_key_that_is_refused_when_rows_are_asked_live_leaves_them_to_the_next_fetch() {
    let desk = Desk::new("My phone\nA misfit about a bill\nMy bill\n");
    let id = desk.hand_over();
    desk.finish_all(1);
    desk.api.once("POST /v1/chat/completions", error(401, "invalid_api_key", "Incorrect API key"));
    let said = ended_with(&desk.fetch(&id), 4);
    assert!(said.contains("401") && said.contains("Run the same command again"), "{said}");
    assert_eq!(desk.output().len(), 2);
    well(&desk.fetch(&id));
    let row = desk.output().remove(1);
    assert_eq!((desk.output().len(), row[2].as_str()), (3, "Billing"));
    assert_eq!(row[4], (101 + 7 + 121 + 5).to_string(), "what was paid before is not forgotten");
}

#[test]
fn a_budget_that_the_live_rows_pass_leaves_them_to_a_later_fetch() {
    let desk = Desk::new("My phone\nA misfit about a bill\nMy bill\n");
    let id = desk.hand_over();
    desk.finish_all(1);
    desk.home.write_config("[budget]\nday = 0.000001\n");
    let said = ended_with(&desk.fetch(&id), 3);
    assert!(said.contains("budget"), "{said}");
    desk.home.write_config("");
    well(&desk.fetch(&id));
    assert_eq!(desk.output().len(), 3);
}
