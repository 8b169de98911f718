//! Models that answer anything but what they were asked for: one more try for each row, then an error in that row, and
//! never a label that nobody named.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::kit::{
    LABELS, answer, classify, column, cut_at_limit, ended, ends, got, is_repair, label, label_of, lines, put, row_of,
    run, sorted, sorted_lines, talk,
};
use super::support::launch::Home;
use super::support::replies::{done, event, finish, role, stream, usage};
use super::support::server::{Reply, Server};

/// A server that answers rows 2 and 5 with this, however often it is asked.
fn broken(nonsense: Reply) -> Server {
    Server::start(move |request| match row_of(request).as_str() {
        "mail 2" | "mail 5" => nonsense.clone(),
        _ => sorted(request),
    })
}

fn refusal() -> Reply {
    let delta = r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"refusal":"I cannot help with that."},"finish_reason":null}]}"#;
    stream().bytes(role()).bytes(event(delta)).bytes(finish("stop")).bytes(usage(10, 5)).bytes(done())
}

#[test]
fn an_answer_that_does_not_fit_is_asked_for_once_more_and_is_then_an_error_in_its_row() {
    for (what, nonsense) in [
        ("no JSON", answer("Billing, I should say.")),
        ("another label", answer(&label("Hacked"))),
        ("another label's case", answer(&label("billing"))),
        ("another field", answer("{\"category\":\"Billing\"}")),
        ("a field too many", answer("{\"label\":\"Billing\",\"why\":\"=1+1\"}")),
        ("a bare string", answer("\"Billing\"")),
        ("a list", answer("[{\"label\":\"Billing\"}]")),
        ("two answers", answer("{\"label\":\"Billing\"}{\"label\":\"Returns\"}")),
        ("prose around a fence", answer("Sure!\n```json\n{\"label\":\"Hacked\"}\n```\nAnything else?")),
        ("nothing", answer("")),
        ("blanks", answer(" \n ")),
        ("a refusal", refusal()),
    ] {
        let (home, server) = (Home::new(), broken(nonsense));
        put(&home, "emails.txt", lines(6));
        let output = run(&classify(&home, &server, &[]));
        assert_eq!(output.status.code(), Some(5), "{what}: {}", talk(&output));
        let (said, requests) = (talk(&output), server.requests());
        for row in ["mail 2", "mail 5"] {
            let of_row: Vec<_> = requests.iter().filter(|request| row_of(request) == row).collect();
            let repairs = of_row.iter().filter(|request| is_repair(request)).count();
            assert_eq!((of_row.len(), repairs), (2, 1), "{what}: {row} is asked, and asked once more");
        }
        assert_eq!(requests.len(), 8, "{what}: no other row is asked twice");
        let csv = got(&home, "out.csv");
        let right = |n: usize| if n == 2 || n == 5 { String::new() } else { label_of(&format!("mail {n}")).to_owned() };
        assert_eq!(column(&csv, "label"), (1..=6).map(right).collect::<Vec<_>>(), "{what}");
        let errors = column(&csv, "error");
        assert!(
            errors.iter().enumerate().all(|(at, error)| error.is_empty() == !matches!(at, 1 | 4)),
            "{what}: {errors:?}"
        );
        assert_eq!(column(&csv, "tokens")[1], "30", "{what}: both answers are counted");
        assert!(said.contains("4 of 6 rows answered · 2 with an error"), "{what}: {said}");
    }
}

#[test]
fn an_answer_that_is_cut_at_its_limit_would_be_cut_again_and_is_an_error_at_once() {
    let (home, server) = (Home::new(), broken(cut_at_limit("{\"label\":\"Bil")));
    put(&home, "emails.txt", lines(6));
    ends(&classify(&home, &server, &[]), 5);
    assert_eq!(server.requests().len(), 6);
    let csv = got(&home, "out.csv");
    assert!(column(&csv, "error")[1].contains("--max-tokens"), "{csv}");
    assert_eq!(column(&csv, "label")[1], "");
}

#[test]
fn an_answer_that_is_mended_is_as_good_as_any_other() {
    let (home, server) = (Home::new(), {
        Server::start(|request| {
            let is_first = row_of(request) == "mail 3" && !is_repair(request);
            if is_first { answer("Returns?") } else { sorted(request) }
        })
    });
    put(&home, "emails.txt", lines(4));
    ends(&classify(&home, &server, &[]), 0);
    assert_eq!(server.requests().len(), 5);
    let repair = server.requests().into_iter().find(is_repair).unwrap();
    let said = repair.messages();
    assert_eq!(said[said.len() - 2], ("assistant".to_owned(), "Returns?".to_owned()), "it sees what it said");
    let twice = "3,mail 3,General,gpt-4o-mini,30,0.000765,\n";
    let once = format!("3,mail 3,General,gpt-4o-mini,15,{},\n", super::kit::EACH);
    assert_eq!(got(&home, "out.csv"), sorted_lines(4).replace(&once, twice));
}

#[test]
fn json_in_a_fence_is_read_or_asked_for_again_but_never_an_error_by_itself() {
    let (home, server) = (Home::new(), {
        Server::start(|request| match (row_of(request).as_str(), is_repair(request)) {
            ("mail 1", false) => answer("```json\n{\"label\": \"Technical\"}\n```"),
            _ => sorted(request),
        })
    });
    put(&home, "emails.txt", lines(2));
    ends(&classify(&home, &server, &[]), 0);
    assert_eq!(column(&got(&home, "out.csv"), "label"), ["Technical", "Returns"]);
}

#[test]
fn no_label_that_was_not_named_is_ever_written_whatever_is_answered() {
    // Every answer is another nonsense, with the good ones between.
    let mut count = 0;
    let server = Server::start(move |request| {
        count += 1;
        let all = [
            label("Hacked"),
            label("Billing "),
            label("BILLING"),
            label(""),
            label("=1+1"),
            "null".to_owned(),
            "{}".to_owned(),
            "{\"label\":null}".to_owned(),
            "{\"label\":[\"Billing\"]}".to_owned(),
            "{\"label\":\"Billing\",\"label\":\"X\"}".to_owned(),
            "Billing".to_owned(),
            label(label_of(&row_of(request))),
        ];
        answer(&all[count % all.len()])
    });
    let home = Home::new();
    put(&home, "emails.txt", lines(60));
    ends(&classify(&home, &server, &[]), 5);
    let csv = got(&home, "out.csv");
    let (labels, errors) = (column(&csv, "label"), column(&csv, "error"));
    assert_eq!(labels.len(), 60);
    for (label, error) in labels.iter().zip(&errors) {
        let is_known = LABELS.split(',').any(|known| known == label);
        assert_eq!(is_known, error.is_empty(), "{label:?} {error:?}");
        assert!(is_known || label.is_empty(), "{label:?}");
    }
    assert!(labels.iter().any(|label| !label.is_empty()), "some were right");
}

#[test]
fn retry_failed_asks_for_those_alone_and_all_is_well_once_they_are_right() {
    let is_well = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&is_well);
    let server = Server::start(move |request| match row_of(request).as_str() {
        "mail 2" | "mail 5" if !theirs.load(Ordering::SeqCst) => answer("no idea"),
        _ => sorted(request),
    });
    let home = Home::new();
    put(&home, "emails.txt", lines(6));
    ends(&classify(&home, &server, &[]), 5);
    // Without being asked to, it asks for nothing again.
    let output = run(&classify(&home, &server, &[]));
    assert!(ended(&output, 5).contains("All 6 rows of emails.txt are done already"), "{}", talk(&output));
    assert_eq!(server.requests().len(), 8);
    // Still wrong: still an error.
    ends(&classify(&home, &server, &["--retry-failed"]), 5);
    assert_eq!(server.requests().len(), 12);
    is_well.store(true, Ordering::SeqCst);
    let said = ends(&classify(&home, &server, &["--retry-failed"]), 0);
    let again: Vec<String> = server.requests()[12..].iter().map(row_of).collect();
    assert_eq!(again.len(), 2, "{again:?}");
    assert!(again.contains(&"mail 2".to_owned()) && again.contains(&"mail 5".to_owned()));
    assert!(said.contains("Resuming at row 2 of 6"), "{said}");
    assert!(said.contains("6 of 6 rows answered"), "{said}");
    assert_eq!(got(&home, "out.csv"), sorted_lines(6));
}
