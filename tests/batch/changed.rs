//! Another input, prompt, set of labels or model than the journal was begun with: nothing is mixed unasked.

use super::kit::{
    LABELS, batch, classify, ends, got, is_there, journal, label_of, lines, put, row_of, run, sorted_lines, sorter,
    talk,
};
use super::support::launch::{Home, Launch, munshi_binary};
use super::support::pty::Session;
use super::support::server::Server;

/// As [`classify`], where no terminal can be asked, also when the tests themselves are run at one.
fn alone(home: &Home, server: &Server, args: &[&str]) -> Launch {
    let begun = if cfg!(target_os = "linux") { home.program("setsid").arg(munshi_binary()) } else { home.munshi() };
    begun.against(&server.base_url()).args(["batch", "run"]).args(args)
}

const ARGS: [&str; 5] = ["emails.txt", "--labels", LABELS, "-o", "out.csv"];

/// A home with six rows that are answered, and the server that did.
fn done() -> (Home, Server) {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(6));
    ends(&classify(&home, &server, &[]), 0);
    (home, server)
}

#[test]
fn what_is_another_is_named_and_nothing_is_sent_without_a_decision() {
    let (home, server) = done();
    put(&home, "prompt.md", "Sort them.");
    let labels = ["emails.txt", "--labels", "A,B", "-o", "out.csv"];
    let with = |more: &[&'static str]| [&ARGS[..], more].concat();
    let before = (got(&home, "out.csv"), got(&home, "out.csv.journal"));
    for (args, named) in [
        (labels.to_vec(), "the labels or the schema"),
        (with(&["--prompt", "prompt.md"]), "the prompt"),
        (with(&["-m", "gpt-4o"]), "the model (gpt-4o-mini, now gpt-4o)"),
        (with(&["--temperature", "1"]), "the temperature or --max-tokens"),
        (with(&["--input-format", "csv"]), "the input"),
    ] {
        let said = ends(&alone(&home, &server, &args), 2);
        assert!(said.contains(named) && said.contains("Nothing was sent."), "{named}: {said}");
        assert!(said.contains("--if-changed keep") && said.contains("--if-changed restart"), "{said}");
    }
    put(&home, "emails.txt", lines(7));
    let said = ends(&alone(&home, &server, &ARGS), 2);
    assert!(said.contains("the input (6 rows, now 7)"), "{said}");
    put(&home, "emails.txt", lines(6).replace("mail 3", "mail 33"));
    assert!(ends(&alone(&home, &server, &ARGS), 2).contains("the input is not what it was"));
    assert_eq!(server.requests().len(), 6);
    assert_eq!((got(&home, "out.csv"), got(&home, "out.csv.journal")), before, "nothing was touched");
}

#[test]
fn a_line_put_in_at_the_top_costs_one_request_where_the_rest_is_kept() {
    let (home, server) = done();
    put(&home, "emails.txt", "an invoice, urgently\n".to_owned() + &lines(6));
    let said = ends(&classify(&home, &server, &["--if-changed", "keep"]), 0);
    assert!(said.contains("6 earlier answers are kept; all that there were are in out.csv.journal.old."), "{said}");
    assert_eq!(row_of(&server.requests()[6]), "an invoice, urgently");
    assert_eq!(server.requests().len(), 7);
    let moved: Vec<String> = (1..=6)
        .map(|n| format!("{},mail {n},{},gpt-4o-mini,15,0.0003825,\n", n + 1, label_of(&format!("mail {n}"))))
        .collect();
    let first = "1,\"an invoice, urgently\",Billing,gpt-4o-mini,15,0.0003825,\n";
    assert_eq!(got(&home, "out.csv"), super::kit::HEAD.to_owned() + first + &moved.concat());
    // From now on that is the state of things.
    ends(&alone(&home, &server, &ARGS), 0);
    assert_eq!(server.requests().len(), 7);
}

#[test]
fn answers_without_a_place_among_other_labels_are_not_kept() {
    let (home, server) = done();
    let labels = ["emails.txt", "--labels", "Billing,Technical,Other", "-o", "out.csv", "--if-changed", "keep"];
    ends(&batch(&home, &server, &labels), 5);
    let again: Vec<String> = server.requests()[6..].iter().map(row_of).collect();
    // mail 1, 4 and 5 are Technical, Billing and Technical.
    assert!(["mail 1", "mail 4", "mail 5"].iter().all(|row| !again.contains(&(*row).to_owned())), "{again:?}");
    assert!(again.contains(&"mail 2".to_owned()) && again.contains(&"mail 6".to_owned()), "{again:?}");
}

#[test]
fn a_restart_asks_for_all_again_and_sets_the_earlier_answers_aside() {
    let (home, server) = done();
    let before = got(&home, "out.csv.journal");
    put(&home, "emails.txt", lines(7));
    let said = ends(&classify(&home, &server, &["--if-changed", "restart"]), 0);
    assert!(said.contains("out.csv.journal.old"), "{said}");
    assert_eq!((server.requests().len(), got(&home, "out.csv")), (13, sorted_lines(7)));
    assert_eq!(got(&home, "out.csv.journal.old"), before);
    assert_eq!(journal(&home, "out.csv.journal").len(), 7);
    // --restart does so where nothing has changed, too, and overwrites nothing that is aside.
    ends(&classify(&home, &server, &["--restart"]), 0);
    assert_eq!(server.requests().len(), 20);
    assert!(got(&home, "out.csv.journal.old") == before && is_there(&home, "out.csv.journal.old2"));
}

/// Starts it at a terminal with another input, and waits for the question.
fn asked(home: &Home, server: &Server) -> Session {
    put(home, "emails.txt", lines(6) + "mail 8\n");
    let session = classify(home, server, &[]).size(200, 30).start();
    let screen = session.wait_for_text("or leave [Q]?");
    assert!(screen.contains("the input (6 rows, now 7) is not what it was"), "{}", screen.text);
    assert_eq!(server.requests().len(), 6);
    session
}

#[test]
fn at_a_terminal_each_answer_to_the_question_does_what_it_says() {
    for (typed, code, requests, has_aside) in
        [("k\n", 0, 7, true), ("r\n", 0, 13, true), ("Keep\n", 0, 7, true), ("q\n", 2, 6, false), ("\n", 2, 6, false)]
    {
        let (home, server) = done();
        let session = asked(&home, &server);
        session.type_text(typed);
        let status = session.wait_exit();
        let screen = session.screen();
        assert_eq!(status.exit_code(), code, "{typed:?}: {}", screen.text);
        assert_eq!(server.requests().len(), requests, "{typed:?}");
        assert_eq!(is_there(&home, "out.csv.journal.old"), has_aside, "{typed:?}");
        if code == 2 {
            assert!(screen.contains("Nothing was sent."), "{}", screen.text);
            assert_eq!(got(&home, "out.csv"), sorted_lines(6));
        } else {
            assert_eq!(got(&home, "out.csv").lines().count(), 8);
        }
    }
}

#[test]
fn another_name_of_the_same_input_is_no_change() {
    let (home, server) = done();
    std::fs::rename(home.home_dir().join("emails.txt"), home.home_dir().join("mails.txt")).unwrap();
    let output = run(&alone(&home, &server, &["mails.txt", "--labels", LABELS, "-o", "out.csv"]));
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    assert_eq!(server.requests().len(), 6);
}
