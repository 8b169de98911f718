//! What a batch costs: half, booked once, open until it is fetched.

use super::kit::{Booked, Desk, atto, ended_with, mails, printed, run, talk, well};

/// What the rows of the output cost together, in units of 10^-18 of a rupee.
fn of_output(desk: &Desk) -> i128 {
    desk.output().iter().map(|row| atto(&row[5])).sum()
}

/// What the ledger's closed rows cost together, the same way.
fn of_ledger(desk: &Desk) -> i128 {
    desk.ledger().iter().filter_map(|row| row.cost).map(|pico| i128::from(pico) * 85 * 1_000_000).sum()
}

#[test]
fn each_batch_is_one_row_of_the_ledger_until_it_is_fetched() {
    let desk = Desk::new(&mails(25));
    let id = desk.hand_over();
    assert_eq!(desk.ledger(), vec![Booked::default(); 3]);
    // Another munshi clears up what dead ones left.
    well(&run(&desk.home.munshi().against(&desk.api.base_url()).args(["ask", "Who are you?"])));
    well(&run(&desk.batch(&["status"])));
    assert_eq!(desk.ledger(), vec![Booked::default(); 3]);
    desk.finish_all(3);
    well(&desk.fetch(&id));
    let ledger = desk.ledger();
    assert!(ledger.iter().all(|row| row.closed && row.outcome.as_deref() == Some("complete")), "{ledger:?}");
    assert_eq!(of_ledger(&desk), of_output(&desk));
    let told = printed(&run(&desk.home.munshi().args(["cost", "--by", "purpose"])));
    assert!(told.lines().any(|line| line.contains("batch")), "{told}");
}

#[test]
fn where_a_budget_is_set_half_the_worst_is_reserved_until_it_is_fetched() {
    let desk = Desk::new(&mails(12));
    desk.home.write_config("[budget]\nday = 100\n");
    let id = desk.hand_over();
    let reserved: Vec<i64> = desk.ledger().iter().map(|row| row.reserved.unwrap()).collect();
    assert!(reserved.len() == 2 && reserved.iter().all(|reserved| *reserved > 0), "{reserved:?}");
    well(&run(&desk.batch(&["status"])));
    assert_eq!(desk.ledger()[0].reserved, Some(reserved[0]));
    desk.finish_all(2);
    well(&desk.fetch(&id));
    for (row, reserved) in desk.ledger().iter().zip(reserved) {
        assert!(row.closed && row.cost.unwrap() <= reserved, "{row:?}");
    }
    assert_eq!(of_ledger(&desk), of_output(&desk));
}

#[test]
fn a_budget_that_half_the_price_would_pass_sends_nothing_up() {
    let desk = Desk::new(&mails(25));
    // 25 rows cost about 0.04 live, and 0.02 here.
    desk.home.write_config("[budget]\nday = 0.01\n");
    let why = ended_with(&run(&desk.offload()), 3);
    assert!(why.contains("budget"), "{why}");
    assert_eq!(desk.api.requests().len(), 0);
    assert!(desk.records().is_empty(), "nothing is begun");
    desk.home.write_config("");
    well(&run(&desk.live()));
    assert_eq!(desk.asked_live(), 25, "it is not with the provider");
}

#[test]
fn a_budget_that_only_the_first_batches_fit_keeps_what_they_are() {
    let desk = Desk::new(&mails(25));
    desk.home.write_config("[budget]\nday = 0.06\n");
    let why = ended_with(&run(&desk.offload()), 3);
    let made = desk.api.wait_for_batches(0);
    assert!(!made.is_empty() && made.len() < 3, "{} batches: {why}", made.len());
    desk.home.write_config("[budget]\nday = 100\n");
    well(&run(&desk.offload()));
    desk.finish_all(3);
    well(&desk.fetch(&desk.id()));
    assert_eq!((desk.output().len(), desk.ledger().len()), (25, 3));
}

#[test]
fn what_is_expected_is_that_of_the_rows_that_are_left() {
    let desk = Desk::new(&mails(25));
    let id = desk.hand_over();
    let made = desk.api.wait_for_batches(3);
    desk.api.finish(&made[0]);
    desk.api.finish(&made[1]);
    desk.api.expire(&made[2], 4);
    ended_with(&desk.fetch(&id), 1);
    // 24 rows have cost 0.022; 25 would be expected to cost about as much again.
    desk.home.write_config("[budget]\nday = 0.03\n");
    well(&run(&desk.offload()));
    assert_eq!(desk.handed_rows()[3], ["row-25"].map(str::to_owned));
}

#[test]
fn going_on_after_a_kill_counts_no_row_twice_against_the_budget() {
    let desk = Desk::new(&mails(25));
    well(&run(&desk.live_with(&["--estimate"])));
    // What is reserved for all, and a little: the expected price once more would be too much.
    desk.home.write_config("[budget]\nday = 100\n");
    desk.hand_over();
    let worst: i64 = desk.ledger().iter().map(|row| row.reserved.unwrap()).sum();
    let rupees = worst * 85 / 1_000_000 + 1_000;
    let desk = Desk::new(&mails(25));
    desk.home.write_config(&format!("[budget]\nday = 0.{rupees:06}\n"));
    let gate = super::support::server::Gate::new();
    desk.api.falls_silent_after(6, &gate);
    let child = super::kit::spawned(&desk.offload());
    desk.api.wait_until_silent();
    super::kit::kill(child);
    desk.api.speaks_again();
    well(&run(&desk.offload()));
    assert_eq!(desk.api.wait_for_batches(3).len(), 3);
}

#[test]
fn a_batch_without_a_known_price_costs_nobody_knows_what() {
    let desk = Desk::new(&mails(3));
    let args = ["run", "mail.txt", "--labels", "Billing,Technical", "-m", "house-model", "-o", "out.csv", "--offload"];
    well(&run(&desk.batch(&args)));
    desk.finish_all(1);
    let output = desk.fetch(&desk.id());
    well(&output);
    assert_eq!(desk.ledger()[0].cost, None);
    assert!(desk.output().iter().all(|row| row[5].is_empty()), "{}{}", printed(&output), talk(&output));
}

#[test]
fn the_most_that_a_run_may_cost_holds_for_what_is_handed_over() {
    let desk = Desk::new(&mails(25));
    let why = ended_with(&run(&desk.live_with(&["--offload", "--max-cost", "0.001"])), 3);
    assert!(why.contains("--max-cost") && !why.contains("conversation"), "{why}");
    assert_eq!(desk.api.requests().len(), 0);
    assert!(desk.records().is_empty());
    well(&run(&desk.live_with(&["--offload", "--max-cost", "100"])));
}

#[test]
fn a_sum_keeps_the_rate_that_held_when_it_was_handed_over() {
    let desk = Desk::new(&mails(3));
    let id = desk.hand_over();
    desk.home.write_config("[currency]\nrate = 100\n");
    desk.finish_all(1);
    well(&desk.fetch(&id));
    assert_eq!(of_ledger(&desk), of_output(&desk), "at 85 to the dollar, in both");
}
