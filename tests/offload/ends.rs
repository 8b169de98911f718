//! Every other end of a batch: its window closes, it is cancelled, its file is refused.

use super::kit::{Desk, ended_with, mails, printed, run, well};

#[test]
fn rows_that_the_window_closed_on_are_asked_by_the_same_command() {
    let desk = Desk::new(&mails(25));
    let id = desk.hand_over();
    let made = desk.api.wait_for_batches(3);
    desk.api.finish(&made[0]);
    desk.api.expire(&made[1], 4);
    desk.api.finish(&made[2]);
    let said = ended_with(&desk.fetch(&id), 1);
    assert!(said.contains("6 rows were not answered"), "{said}");
    assert_eq!(desk.output().len(), 19);
    assert_eq!(desk.asked_live(), 0);
    well(&run(&desk.live()));
    assert_eq!((desk.asked_live(), desk.output().len()), (6, 25));
    assert_eq!(desk.ledger()[1].outcome.as_deref(), Some("interrupted"));
}

#[test]
fn rows_that_were_not_come_to_can_be_handed_over_again() {
    let desk = Desk::new(&mails(5));
    let id = desk.hand_over();
    desk.api.expire(&desk.api.wait_for_batches(1)[0], 3);
    ended_with(&desk.fetch(&id), 1);
    well(&run(&desk.offload()));
    let handed = desk.handed_rows();
    assert_eq!((handed.len(), handed[1].len()), (2, 2));
    desk.api.finish(&desk.api.wait_for_batches(2)[1]);
    well(&desk.fetch(&desk.id()));
    assert_eq!((desk.output().len(), desk.asked_live()), (5, 0));
    assert!(desk.ledger().iter().all(|row| row.closed));
}

#[test]
fn a_cancelled_run_gives_what_was_answered() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let output = run(&desk.batch(&["cancel", &id]));
    let said = well(&output);
    assert!(printed(&output).contains("cancelling") && said.contains(&format!("munshi batch fetch {id}")), "{said}");
    assert_eq!(desk.api.count("POST /v1/batches/*"), 2);
    let made = desk.api.wait_for_batches(2);
    desk.api.cancel(&made[0], 3);
    desk.api.cancel(&made[1], 0);
    let said = ended_with(&desk.fetch(&id), 1);
    assert!(said.contains("9 rows were not answered"), "{said}");
    assert_eq!(desk.output().len(), 3);
    well(&run(&desk.live()));
    assert_eq!((desk.asked_live(), desk.output().len()), (9, 12));
}

#[test]
fn a_run_that_is_done_is_cancelled_without_harm() {
    let desk = Desk::new(&mails(3));
    let id = desk.hand_over();
    desk.finish_all(1);
    well(&run(&desk.batch(&["cancel", &id])));
    assert_eq!(desk.api.count("POST /v1/batches/*"), 0);
    well(&desk.fetch(&id));
    let said = well(&run(&desk.batch(&["cancel", &id])));
    assert!(said.contains("fetched already"), "{said}");
}

#[test]
fn a_file_that_was_refused_tells_why_and_its_rows_can_be_asked_live() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let made = desk.api.wait_for_batches(2);
    desk.api.fail_validation(&made[0], "model_not_supported", "This model takes no batches.", Some(3));
    desk.api.finish(&made[1]);
    let said = ended_with(&desk.fetch(&id), 1);
    assert!(
        said.contains("line 3: This model takes no batches.") && said.contains("10 rows were not answered"),
        "{said}"
    );
    assert_eq!(desk.output().len(), 2);
    assert_eq!(
        (desk.ledger()[0].closed, desk.ledger()[0].outcome.as_deref(), desk.ledger()[0].cost),
        (true, Some("failed"), Some(0))
    );
    well(&run(&desk.live()));
    assert_eq!((desk.asked_live(), desk.output().len()), (10, 12));
}

#[test]
fn a_word_for_how_it_stands_that_nobody_knows_is_no_end() {
    let desk = Desk::new(&mails(2));
    let id = desk.hand_over();
    desk.api.set_status(&desk.api.wait_for_batches(1)[0], "resting");
    assert!(printed(&run(&desk.batch(&["status"]))).contains("resting"));
    ended_with(&desk.fetch(&id), 1);
    desk.finish_all(1);
    well(&desk.fetch(&id));
}
