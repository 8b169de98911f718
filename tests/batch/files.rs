//! Files that are in the way: an output that is there, the input itself, another munshi at work.

use std::process::Stdio;

use super::kit::{
    LABELS, batch, classify, ended, ends, got, is_there, label, label_of, lines, put, row_of, sorted_lines, sorter,
    spawned,
};
use super::support::launch::Home;
use super::support::replies::{closed, delta, role, stream};
use super::support::server::{Gate, Server};

#[test]
fn an_output_that_no_journal_knows_is_not_replaced_unless_it_is_said() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(3));
    put(&home, "out.csv", "my own work\n");
    let said = ends(&classify(&home, &server, &[]), 2);
    assert!(said.contains("out.csv is there already") && said.contains("--restart"), "{said}");
    assert_eq!((got(&home, "out.csv").as_str(), server.requests().len()), ("my own work\n", 0));
    assert!(!is_there(&home, "out.csv.journal"));
    ends(&classify(&home, &server, &["--restart"]), 0);
    assert_eq!(got(&home, "out.csv"), sorted_lines(3));
}

#[test]
fn a_run_that_does_not_come_to_its_end_leaves_an_output_that_is_there_alone_until_it_is_written() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(3));
    put(&home, "out.csv", "my own work\n");
    let dead = Server::replies([super::support::replies::error(401, "invalid_api_key", "no")]);
    ends(&classify(&home, &dead, &["--restart"]), 4);
    assert_eq!(got(&home, "out.csv"), "my own work\n", "nothing is in its place yet");
    ends(&classify(&home, &server, &[]), 0);
    assert_eq!(got(&home, "out.csv"), sorted_lines(3));
}

#[test]
fn the_input_is_never_the_output() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(3));
    std::os::unix::fs::symlink("emails.txt", home.home_dir().join("link.txt")).unwrap();
    for output in ["emails.txt", "./emails.txt", "link.txt"] {
        for more in [&[][..], &["--restart"]] {
            let said = ends(&batch(&home, &server, &["emails.txt", "--labels", LABELS, "-o", output]).args(more), 2);
            assert!(said.contains("is the input") || said.contains("there already"), "{output}: {said}");
            assert_eq!(got(&home, "emails.txt"), lines(3), "{output} {more:?}");
        }
    }
    // Nor is the journal, and no journal is the output.
    for journal in ["out.csv", "./out.csv"] {
        let args = ["emails.txt", "--labels", LABELS, "-o", "out.csv", "--journal", journal];
        let said = ends(&batch(&home, &server, &args), 2);
        assert!(said.contains("--journal"), "{said}");
        assert!(!is_there(&home, "out.csv"));
    }
    let args = ["emails.txt", "--labels", LABELS, "-o", "out.csv", "--journal", "emails.txt"];
    for more in [&[][..], &["--restart"]] {
        ends(&batch(&home, &server, &args).args(more), 2);
        assert_eq!(got(&home, "emails.txt"), lines(3));
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_second_munshi_on_the_same_output_says_so_and_leaves_the_first_alone() {
    let (home, gate) = (Home::new(), Gate::new());
    let theirs = gate.clone();
    let server = Server::start(move |request| {
        closed(stream().bytes(role()).gate(&theirs).bytes(delta(&label(label_of(&row_of(request))))), 5)
    });
    put(&home, "emails.txt", lines(4));
    let first = spawned(&classify(&home, &server, &[]), Stdio::null());
    server.wait_for_requests(4);
    for more in [&[][..], &["--restart"], &["--retry-failed"]] {
        let said = ends(&classify(&home, &server, more), 2);
        assert!(said.contains("another munshi is at work on out.csv.journal"), "{said}");
    }
    gate.open();
    ended(&first.wait_with_output().unwrap(), 0);
    assert_eq!((server.requests().len(), got(&home, "out.csv")), (4, sorted_lines(4)));
}

#[test]
fn what_is_no_journal_is_left_as_it_is() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(2));
    for foreign in ["notes of mine\n", "{\"a\":1}\n", "{\"munshi_batch\":99}\n"] {
        put(&home, "out.csv.journal", foreign);
        for more in [&[][..], &["--restart"]] {
            ends(&classify(&home, &server, more), 2);
            assert_eq!(got(&home, "out.csv.journal"), foreign);
        }
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_command_line_that_cannot_be_meant_is_2_and_says_what_to_do() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(2));
    put(&home, "list.json", "{\"type\":\"array\"}");
    put(&home, "empty.md", "  \n");
    let cases: [(&[&str], &str); 11] = [
        (&["emails.txt"], "--labels A,B"),
        (&["emails.txt", "--labels", "A"], "two labels or more"),
        (&["emails.txt", "--labels", "A,a"], "twice"),
        (&["emails.txt", "--labels", "A,,B"], "label 2 is empty"),
        (&["emails.txt", "--labels", LABELS, "--column", "x"], "--input-format"),
        (&["nothing.txt", "--labels", LABELS], "nothing.txt cannot be read"),
        (&[".", "--labels", LABELS], "is no file"),
        (&["emails.txt", "--labels", LABELS, "-o", "no/such/out.csv"], "cannot be written"),
        (&["emails.txt", "--schema", "list.json"], "its top level must be an object"),
        (&["emails.txt", "--prompt", "empty.md"], "is empty"),
        (&["emails.txt", "--labels", LABELS, "--retry-failed"], "-o"),
    ];
    for (args, says) in cases {
        let said = ends(&batch(&home, &server, args), 2);
        assert!(said.contains(says), "{args:?}: {said}");
    }
    assert_eq!(server.requests().len(), 0);
}
