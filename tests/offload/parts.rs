//! Several batches of one run: how far each is, what is fetched of it, and by what name.

use serde_json::Value;

use super::kit::{Desk, ended_with, mails, printed, run, well};

#[test]
fn rows_are_split_at_the_batchs_limit_and_told_one_by_one() {
    let desk = Desk::new(&mails(25));
    let id = desk.hand_over();
    let sizes: Vec<usize> = desk.handed_rows().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 5]);
    let made = desk.api.wait_for_batches(3);
    desk.api.progress(&made[0], 7);
    desk.api.finish(&made[1]);
    let told = printed(&run(&desk.batch(&["status", &id])));
    for (batch, words) in made.iter().zip(["in progress  7 of 10", "completed  10 of 10", "validating  0 of 5"]) {
        assert!(told.lines().any(|line| line.contains(batch) && line.contains(words)), "{words}: {told}");
    }
    for name in [id.as_str(), "mail.txt", "out.csv", "gpt-4o-mini"] {
        assert!(told.contains(name), "{told}");
    }
}

#[test]
fn no_file_is_larger_than_a_batchs_may_be() {
    let desk = Desk::new(&mails(25));
    // About four rows' worth.
    well(&run(&desk.offload().env("MUNSHI_TEST_BATCH_BYTES", "3700")));
    let files: Vec<String> = desk.api.files().iter().map(|id| desk.api.file(id).unwrap()).collect();
    assert!(files.len() > 3 && files.iter().all(|file| file.len() <= 3_700), "{}", files.len());
    let rows: Vec<String> = desk.handed_rows().concat();
    assert_eq!(rows, (1..=25).map(|n| format!("row-{n}")).collect::<Vec<_>>());
    desk.finish_all(files.len());
    well(&desk.fetch(&desk.id()));
    assert_eq!(desk.output().len(), 25);
}

#[test]
fn a_row_that_is_larger_than_a_batch_may_be_goes_alone() {
    let desk = Desk::new(&mails(3));
    well(&run(&desk.offload().env("MUNSHI_TEST_BATCH_BYTES", "10")));
    assert_eq!(desk.handed_rows(), [["row-1"], ["row-2"], ["row-3"]]);
}

#[test]
fn status_lists_one_all_and_json() {
    let desk = Desk::new(&mails(3));
    assert!(printed(&run(&desk.batch(&["status"]))).contains("No batch is with a provider"));
    let empty: Value = serde_json::from_str(&printed(&run(&desk.batch(&["status", "--json"])))).unwrap();
    assert_eq!(empty, Value::Array(Vec::new()));
    let first = desk.hand_over();
    desk.write("other.txt", &mails(2));
    let other = ["run", "other.txt", "--labels", "A,B", "-m", "gpt-4o-mini", "-o", "other.csv", "--offload"];
    well(&run(&desk.batch(&other)));
    let all = printed(&run(&desk.batch(&["status"])));
    assert!(all.find("mail.txt") < all.find("other.txt"), "the first handed over first: {all}");
    let one = printed(&run(&desk.batch(&["status", &first])));
    assert!(one.contains("mail.txt") && !one.contains("other.txt"));
    let json: Value = serde_json::from_str(&printed(&run(&desk.batch(&["status", "--json", &first])))).unwrap();
    assert_eq!((&json[0]["id"], &json[0]["rows"], &json[0]["fetched"]), (&first.into(), &3.into(), &false.into()));
    assert_eq!((&json[0]["batches"][0]["status"], &json[0]["batches"][0]["rows"]), (&"validating".into(), &3.into()));
}

#[test]
fn a_name_that_is_none_is_2_and_the_known_ones_are_told() {
    let desk = Desk::new(&mails(1));
    for command in ["status", "fetch", "cancel"] {
        let why = ended_with(&run(&desk.batch(&[command, "nothing"])), 2);
        assert!(why.contains("nothing"), "{why}");
    }
    let id = desk.hand_over();
    for command in ["status", "fetch", "cancel"] {
        let why = ended_with(&run(&desk.batch(&[command, "nothing"])), 2);
        assert!(why.contains("nothing") && why.contains(&id), "{why}");
    }
}

#[test]
fn the_name_of_a_batch_stands_for_its_run() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let made = desk.finish_all(2);
    assert!(printed(&run(&desk.batch(&["status", &made[1]]))).contains(&id));
    well(&desk.fetch(&made[1]));
    assert_eq!(desk.output().len(), 12);
}

#[test]
fn what_is_finished_is_fetched_and_the_rest_by_a_later_fetch() {
    let desk = Desk::new(&mails(25));
    let id = desk.hand_over();
    let made = desk.api.wait_for_batches(3);
    desk.api.finish(&made[1]);
    let said = ended_with(&desk.fetch(&id), 1);
    assert!(said.contains("2 of 3 batches") && said.contains(&id), "{said}");
    let numbers: Vec<String> = desk.output().into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers, (11..=20).map(|n| n.to_string()).collect::<Vec<_>>());
    desk.api.finish(&made[0]);
    ended_with(&desk.fetch(&id), 1);
    assert_eq!(desk.output().len(), 20);
    desk.api.finish(&made[2]);
    well(&desk.fetch(&id));
    assert_eq!(desk.output().len(), 25);
    assert_eq!(desk.asked_live(), 0);
    assert_eq!(desk.ledger().iter().filter(|row| row.closed).count(), 3);
}

#[test]
fn a_second_fetch_says_so_and_changes_nothing() {
    let desk = Desk::new(&mails(3));
    let id = desk.hand_over();
    desk.finish_all(1);
    well(&desk.fetch(&id));
    let (output, ledger, asked) = (desk.read("out.csv"), desk.ledger(), desk.api.requests().len());
    let said = well(&desk.fetch(&id));
    assert!(said.contains("fetched already"), "{said}");
    assert_eq!((desk.read("out.csv"), desk.ledger(), desk.api.requests().len()), (output, ledger, asked));
    assert!(printed(&run(&desk.batch(&["status"]))).contains("fetched"));
}

#[test]
fn a_run_that_is_fetched_before_anything_is_finished_says_what_it_waits_for() {
    let desk = Desk::new(&mails(3));
    let id = desk.hand_over();
    let said = ended_with(&desk.fetch(&id), 1);
    assert!(said.contains("The batch is not finished yet"), "{said}");
    assert_eq!(desk.asked_live(), 0);
}
