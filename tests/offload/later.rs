//! A run is gone on with from any later session: from another folder, without its input.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::kit::{Desk, INPUT, OUTPUT, fed, mails, printed, run, well};

#[test]
fn another_process_fetches_from_another_folder() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    desk.finish_all(2);
    let elsewhere = desk.home.root().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    for (command, told) in [("status", "completed"), ("fetch", "12 of 12")] {
        let mut command = desk.batch(&[command, &id]).command();
        let output = command.current_dir(&elsewhere).output().unwrap();
        well(&output);
        assert!(format!("{}{}", printed(&output), super::kit::talk(&output)).contains(told));
    }
    assert_eq!(desk.output().len(), 12);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn an_input_that_is_gone_or_another_by_now_does_not_matter() {
    for changed in [None, Some("Something else entirely\n")] {
        let desk = Desk::new("My phone\nA misfit about a bill\n");
        let id = desk.hand_over();
        match changed {
            None => std::fs::remove_file(desk.path(INPUT)).unwrap(),
            Some(text) => desk.write(INPUT, text),
        }
        desk.finish_all(1);
        well(&desk.fetch(&id));
        let rows = desk.output();
        assert_eq!((rows[0][1].as_str(), rows[1][1].as_str()), ("My phone", "A misfit about a bill"));
        assert_eq!(rows[1][2], "Billing", "it was asked live from the copy");
    }
}

#[test]
fn rows_from_standard_input_are_kept_for_the_fetch() {
    let desk = Desk::new("");
    let args = ["run", "-", "--labels", "Billing,Technical", "-m", "gpt-4o-mini", "-o", OUTPUT, "--offload"];
    well(&fed(&desk.batch(&args), &mails(12)));
    let id = desk.id();
    desk.finish_all(2);
    well(&desk.fetch(&id));
    assert_eq!(desk.output().len(), 12);
}

#[test]
fn a_column_of_a_table_is_read_from_the_copy_as_it_was() {
    let desk = Desk::new("");
    desk.write("mail.tsv", "id\tmessage\n1\tMy bill\n2\tMy phone\n");
    let args = ["run", "mail.tsv", "--column", "message", "--labels", "Billing,Technical", "-m", "gpt-4o-mini"];
    well(&run(&desk.batch(&args).args(["-o", "out.jsonl", "--offload"])));
    std::fs::remove_file(desk.path("mail.tsv")).unwrap();
    desk.finish_all(1);
    well(&desk.fetch(&desk.id()));
    let rows = desk.read("out.jsonl");
    let first: serde_json::Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!((&first["input"], &first["label"]), (&"My bill".into(), &"Billing".into()));
}

#[test]
fn an_output_that_was_removed_is_written_whole_again() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let made = desk.api.wait_for_batches(2);
    desk.api.finish(&made[0]);
    desk.fetch(&id);
    std::fs::remove_file(desk.path(OUTPUT)).unwrap();
    desk.api.finish(&made[1]);
    well(&desk.fetch(&id));
    assert_eq!(desk.output().len(), 12);
}

#[test]
fn all_that_is_kept_is_the_users_alone_and_holds_no_key() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let made = desk.api.wait_for_batches(2);
    desk.api.finish(&made[0]);
    desk.fetch(&id);
    desk.api.cut_next_download();
    let mut seen = 0;
    look_into(&desk.home.data_dir(), &mut seen);
    assert!(seen > 2);
    let journal = std::fs::metadata(desk.path("out.csv.journal")).unwrap();
    assert_eq!(journal.permissions().mode() & 0o777, 0o600);
}

fn look_into(folder: &Path, seen: &mut usize) {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_into(&path, seen);
            continue;
        }
        *seen += 1;
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"sk-test-"), "a key in {}", path.display());
    }
}

#[test]
fn what_the_provider_gave_is_tidied_away_once_all_is_fetched() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    desk.finish_all(2);
    well(&desk.fetch(&id));
    let folder = desk.home.data_dir().join("batches").join(&id);
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["run.json"]);
}
