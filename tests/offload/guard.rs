//! While a run is with a provider, its rows are asked by nobody else.

use rustix::process::{Pid, Signal};

use super::kit::{Booked, Desk, INPUT, ended_with, kill, mails, run, spawned, well};
use super::support::server::Gate;

#[test]
fn the_same_command_sends_nothing_while_the_run_is_with_the_provider() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let sent = desk.sent();
    for again in [&[][..], &["--offload"], &["--restart"], &["--restart", "--offload"], &["--retry-failed"]] {
        let why = ended_with(&run(&desk.live_with(again)), 2);
        assert!(why.contains(&id) && why.contains("openai"), "{again:?}: {why}");
    }
    assert_eq!(desk.sent(), sent);
    desk.finish_all(2);
    well(&desk.fetch(&id));
    well(&run(&desk.live()));
    well(&run(&desk.live_with(&["--restart"])));
    assert_eq!(desk.asked_live(), 12);
}

#[test]
fn an_input_that_has_changed_is_not_asked_either_and_the_journal_stays_as_it_was() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let (sent, journal) = (desk.sent(), desk.read("out.csv.journal"));
    desk.write(INPUT, &format!("A new first mail\n{}", mails(12)));
    for decided in ["keep", "restart"] {
        for more in [&[][..], &["--offload"]] {
            let why = ended_with(&run(&desk.live_with(&["--if-changed", decided]).args(more)), 2);
            assert!(why.contains(&id), "{decided}: {why}");
            assert_eq!(desk.read("out.csv.journal"), journal);
        }
    }
    assert_eq!(desk.sent(), sent);
    desk.finish_all(2);
    well(&desk.fetch(&id));
    assert!(desk.output().iter().all(|row| row[1].starts_with(&format!("Mail {}:", row[0]))));
}

#[test]
fn a_run_that_is_handed_over_in_part_is_not_asked_live() {
    let desk = Desk::new(&mails(25));
    desk.api.falls_silent_after(3, &Gate::new());
    let child = spawned(&desk.offload());
    desk.api.wait_until_silent();
    kill(child);
    desk.api.speaks_again();
    let sent = desk.sent();
    let why = ended_with(&run(&desk.live()), 2);
    assert!(why.contains(&desk.id()) && why.contains("--offload"), "{why}");
    assert_eq!(desk.sent(), sent);
}

#[test]
fn a_run_that_was_handed_over_in_part_can_be_cancelled_and_asked_live() {
    let desk = Desk::new(&mails(25));
    desk.api.falls_silent_after(3, &Gate::new());
    let child = spawned(&desk.offload());
    desk.api.wait_until_silent();
    kill(child);
    desk.api.speaks_again();
    let id = desk.id();
    well(&run(&desk.batch(&["cancel", &id])));
    desk.api.cancel(&desk.api.wait_for_batches(1)[0], 2);
    ended_with(&desk.fetch(&id), 1);
    well(&run(&desk.live()));
    assert_eq!((desk.asked_live(), desk.output().len()), (23, 25));
    assert!(desk.ledger().iter().all(|row| row.closed), "nothing is left open: {:?}", desk.ledger());
}

#[test]
fn rows_that_were_answered_live_before_are_not_handed_over() {
    let desk = Desk::new(&mails(5));
    well(&run(&desk.live()));
    let said = well(&run(&desk.offload()));
    assert!(said.contains("nothing is sent") && !said.contains("0 rows are with"), "{said}");
    assert_eq!(desk.api.count("POST /v1/files"), 0);
    assert!(desk.records().is_empty());
}

#[test]
fn a_journal_that_was_removed_does_not_let_the_rows_be_paid_for_twice() {
    let desk = Desk::new(&mails(12));
    let id = desk.hand_over();
    let sent = desk.sent();
    std::fs::remove_file(desk.path("out.csv.journal")).unwrap();
    for again in [&[][..], &["--offload"], &["--restart"]] {
        let why = ended_with(&run(&desk.live_with(again)), 2);
        assert!(why.contains(&id), "{why}");
    }
    assert_eq!(desk.sent(), sent);
    desk.finish_all(2);
    well(&desk.fetch(&id));
    assert_eq!(desk.output().len(), 12);
}

/// A kill before the first file was up: nothing is at the provider.
fn killed_before_anything_was_sent() -> Desk {
    let desk = Desk::new(&mails(12));
    desk.api.falls_silent_after(0, &Gate::new());
    let child = spawned(&desk.offload());
    desk.api.wait_until_silent();
    kill(child);
    desk.api.speaks_again();
    assert_eq!(desk.ledger(), [Booked::default()]);
    desk
}

#[test]
fn a_run_of_which_nothing_was_sent_can_be_asked_live_and_is_booked_as_nothing() {
    let desk = killed_before_anything_was_sent();
    well(&run(&desk.live()));
    assert_eq!((desk.asked_live(), desk.output().len()), (12, 12));
    assert!(desk.records().is_empty());
    let first = desk.ledger().remove(0);
    assert_eq!((first.closed, first.outcome.as_deref(), first.cost), (true, Some("failed"), Some(0)));
}

#[test]
fn a_run_of_which_nothing_was_sent_is_begun_anew_where_its_input_has_changed() {
    let desk = killed_before_anything_was_sent();
    desk.write(INPUT, &mails(13));
    well(&run(&desk.live_with(&["--offload", "--if-changed", "keep"])));
    assert_eq!(desk.handed_rows().concat().len(), 13);
    desk.finish_all(2);
    well(&desk.fetch(&desk.id()));
    assert_eq!(desk.output().len(), 13);
    assert!(desk.ledger().iter().all(|row| row.closed), "{:?}", desk.ledger());
}

#[test]
fn a_run_of_which_nothing_was_sent_is_cancelled_as_if_it_had_never_been() {
    let desk = killed_before_anything_was_sent();
    well(&run(&desk.batch(&["cancel", &desk.id()])));
    assert_eq!(desk.ledger()[0].cost, Some(0));
    well(&run(&desk.live()));
    assert_eq!(desk.asked_live(), 12);
}

#[test]
fn who_interrupts_handing_over_goes_on_with_it_later() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let desk = Desk::new(&mails(25));
        desk.api.falls_silent_after(3, &Gate::new());
        let child = spawned(&desk.offload());
        desk.api.wait_until_silent();
        rustix::process::kill_process(Pid::from_child(&child), signal).unwrap();
        let said = ended_with(&child.wait_with_output().unwrap(), code);
        assert!(said.contains("1 batch is with the provider"), "{said}");
        desk.api.speaks_again();
        well(&run(&desk.offload()));
        assert_eq!(desk.handed_rows().concat().len(), 25);
    }
}
