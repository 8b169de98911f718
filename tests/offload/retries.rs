//! Rows with an error, handed over once more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::kit::{Desk, ended_with, kill, rule, run, spawned, well};
use super::support::batch_api::completion;
use super::support::server::{Gate, Reply};

/// Rows of which two are refused, until it is let go.
fn desk() -> (Desk, Arc<AtomicBool>) {
    let lets = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&lets);
    let desk = Desk::by("My phone\nA refused bill\nMy bill\nAn odd refused bill\n", move |body| match rule(body) {
        (400, _) if theirs.load(Ordering::SeqCst) => {
            let is_odd = body.to_string().contains("odd") && body.get("stream").is_none();
            let text = if is_odd { "nothing of use" } else { "{\"label\":\"Billing\"}" };
            (200, completion(text, 100, 5))
        }
        answer => answer,
    });
    let id = desk.hand_over();
    desk.finish_all(1);
    ended_with(&desk.fetch(&id), 5);
    lets.store(true, Ordering::SeqCst);
    (desk, lets)
}

#[test]
fn rows_with_an_error_are_handed_over_once_more_and_their_answers_hold() {
    let (desk, _) = desk();
    well(&run(&desk.live_with(&["--retry-failed", "--offload"])));
    assert_eq!(desk.handed_rows()[1], ["row-2", "row-4"]);
    desk.api.finish(&desk.api.wait_for_batches(2)[1]);
    well(&desk.fetch(&desk.id()));
    assert_eq!(desk.asked_live(), 1, "the odd one, whose answer did not fit");
    let rows = desk.output();
    assert!(rows.len() == 4 && rows.iter().all(|row| row[6].is_empty()), "{rows:?}");
}

#[test]
fn a_kill_while_they_are_fetched_leaves_them_to_the_next_fetch() {
    let (desk, _) = desk();
    well(&run(&desk.live_with(&["--retry-failed", "--offload"])));
    desk.api.finish(&desk.api.wait_for_batches(2)[1]);
    desk.api.once("POST /v1/chat/completions", Reply::lost().head_waits(&Gate::new()));
    let before = desk.api.requests().len();
    let child = spawned(&desk.batch(&["fetch", &desk.id()]));
    desk.api.wait_for_requests(before + 3);
    kill(child);
    well(&desk.fetch(&desk.id()));
    assert!(desk.output().iter().all(|row| row[6].is_empty()), "{:?}", desk.output());
}

#[test]
fn what_was_handed_over_once_more_in_part_goes_on_only_as_it_was_begun() {
    let (desk, _) = desk();
    let one_by_one = |args: &[&str]| {
        let launch = desk.live_with(args);
        launch.env("MUNSHI_TEST_BATCH_ROWS", "1")
    };
    // One batch is made, the next file is up.
    desk.api.falls_silent_after(3, &Gate::new());
    let child = spawned(&one_by_one(&["--retry-failed", "--offload"]));
    desk.api.wait_until_silent();
    kill(child);
    desk.api.speaks_again();
    let why = ended_with(&run(&one_by_one(&["--offload"])), 2);
    assert!(why.contains(&desk.id()), "{why}");
    well(&run(&one_by_one(&["--retry-failed", "--offload"])));
    assert_eq!(desk.handed_rows()[1..], [["row-2"], ["row-4"]]);
}
