//! Servers that refuse: what is asked again, when, and what never.

use std::time::Duration;

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::{error, sse_reply};
use super::support::server::{Reply, Server};
use super::world::{KEY, ask, assert_no_secret, is_at_rest, leave, ledger, munshi, replies, start, wait_for_ends};

fn gap(server: &Server, second: usize) -> Duration {
    let requests = server.requests();
    requests[second].at.duration_since(requests[second - 1].at)
}

fn too_many(retry_after: Option<&str>) -> Reply {
    let reply = error(429, "rate_limit_exceeded", "slow down");
    retry_after.iter().fold(reply, |reply, wait| reply.header("retry-after", wait))
}

#[test]
fn row_13_a_short_wait_that_the_server_asks_for_is_kept_and_not_cut() {
    let home = Home::new();
    let server = Server::replies([too_many(Some("0.7")), sse_reply(&["patience ", "pays"])]);
    let session = start(munshi(&home, &server));
    session.send_line("again?");
    session.wait_for_text("429: retry 2/5 in 1 s · Esc stops");
    session.wait_for_text("patience pays");
    assert!(gap(&server, 1) >= Duration::from_millis(700), "asked again after {:?}", gap(&server, 1));
    session.wait_for(is_at_rest);
    assert_eq!(server.requests().len(), 2);
    leave(&session, &home);
    assert_eq!(ledger(&home).len(), 2, "each attempt has a row of its own");
}

#[test]
fn row_13_a_long_wait_ends_the_turn_and_says_when_to_come_back() {
    let home = Home::new();
    let server = Server::replies([too_many(Some("3600"))]);
    let session = start(munshi(&home, &server));
    let screen = ask(&session, &home, "later?", 1);
    assert!(screen.contains("openai asks to wait 1 h (429: slow down). Come back then and /retry."), "{}", &*screen);
    assert_eq!(server.requests().len(), 1);
    leave(&session, &home);
    assert_eq!(ledger(&home)[0].cost, Some(0), "a refusal costs nothing");
}

#[test]
fn row_13_no_wait_or_a_senseless_one_is_answered_with_a_visible_backoff_that_esc_ends() {
    let home = Home::new();
    let asked = [None, Some("-1"), Some("inf"), Some("soon")];
    let server = Server::replies(asked.map(too_many));
    let session = start(munshi(&home, &server));
    for (n, wait) in asked.iter().enumerate() {
        session.send_line(&format!("question{n}."));
        let waiting = session.wait_for_text("429: retry 2/5 in");
        assert!(waiting.contains("Esc stops"), "{wait:?}:\n{}", &*waiting);
        session.key(Key::Esc);
        wait_for_ends(&home, n + 1);
        session.wait_for(is_at_rest);
        assert_eq!(server.requests().len(), n + 1, "{wait:?}");
    }
    leave(&session, &home);
}

#[test]
fn row_14_two_refusals_by_a_busy_server_are_waited_out_longer_each_time() {
    let home = Home::new();
    let busy = || error(503, "overloaded", "busy");
    let server = Server::replies([busy(), busy(), sse_reply(&["at ", "last"])]);
    let session = start(munshi(&home, &server));
    session.send_line("now?");
    session.wait_for_text("503: retry 2/5 in");
    session.wait_for_text("503: retry 3/5 in");
    session.wait_for_text("at last");
    session.wait_for(is_at_rest);
    assert_eq!(server.requests().len(), 3);
    assert!(gap(&server, 1) >= Duration::from_secs(1) && gap(&server, 2) >= Duration::from_secs(2));
    leave(&session, &home);
    let outcomes: Vec<Option<String>> = ledger(&home).into_iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Some("failed".into()), Some("failed".into()), Some("complete".into())]);
    assert_eq!(replies(&home).len(), 1, "three attempts, one reply");
}

#[test]
fn row_14_every_passing_fault_is_asked_again_after_a_visible_wait() {
    let home = Home::new();
    let codes = [408, 409, 500, 502, 503, 504];
    let server = Server::replies(codes.map(|code| error(code, "server_error", "not now")));
    let session = start(munshi(&home, &server));
    for (n, code) in codes.iter().enumerate() {
        session.send_line(&format!("question{n}."));
        session.wait_for_text(&format!("{code}: retry 2/5 in"));
        assert_eq!(server.requests().len(), n + 1);
        session.key(Key::Esc);
        wait_for_ends(&home, n + 1);
        session.wait_for(is_at_rest);
    }
    leave(&session, &home);
}

#[test]
fn row_15_what_asking_again_cannot_mend_is_asked_once_and_said() {
    let home = Home::new();
    let refusals = [
        (400, "invalid_request_error", "openai refused the request (400: reason 0)"),
        (401, "invalid_api_key", "openai refused the key (401: reason 1). Replace it with /key, then /retry."),
        (403, "forbidden", "The key may not use gpt-4o-mini (403: reason 2). Choose another with /model, then /retry."),
        (404, "model_not_found", "openai does not know gpt-4o-mini"),
        (413, "too_large", "(413: reason 4)"),
        (422, "unprocessable", "openai refused the request (422: reason 5)"),
        (429, "insufficient_quota", "The account at openai has no credit left (429: reason 6)"),
    ];
    let answers =
        refusals.iter().enumerate().map(|(n, (status, code, _))| error(*status, code, &format!("reason {n}")));
    let server = Server::replies(answers.collect::<Vec<_>>());
    let session = start(munshi(&home, &server));
    for (n, (status, _, sentence)) in refusals.iter().enumerate() {
        let screen = ask(&session, &home, &format!("question{n}."), n + 1);
        assert!(screen.contains(sentence), "{status}:\n{}", &*screen);
        assert_eq!(server.requests().len(), n + 1, "{status} was asked again");
        let last = server.requests().pop().unwrap().messages();
        let asked: Vec<&(String, String)> = last.iter().filter(|(role, _)| role == "user").collect();
        assert_eq!(asked.len(), 1, "a question that failed is not sent again by itself: {asked:?}");
    }
    assert!(replies(&home).iter().all(|kept| kept.status == "failed"));
    leave(&session, &home);
    assert!(ledger(&home).iter().all(|row| row.cost == Some(0)), "refusals cost nothing");
}

#[test]
fn row_15_after_a_refused_key_another_is_typed_unseen_and_the_question_asked_again() {
    const NEW_KEY: &str = "sk-new-9999999999999999";
    let home = Home::new();
    // A server that repeats the key it was given, as careless ones do.
    let server = Server::start(|request| {
        if request.header("authorization") == Some(&format!("Bearer {NEW_KEY}")) {
            sse_reply(&["welcome ", "back"])
        } else {
            error(401, "invalid_api_key", &format!("Incorrect API key provided: {KEY}."))
        }
    });
    let session = start(munshi(&home, &server));
    session.send_line("am I known?");
    let refused = session.wait_for_text("openai refused the key (401");
    assert!(!refused.contains(KEY), "a key in an error is shown:\n{}", &*refused);
    session.send_line("/key");
    session.wait_until_gone("Write a message");
    session.paste(NEW_KEY);
    session.key(Key::Enter);
    session.wait_for_text("is in use for openai");
    session.send_line("/retry");
    session.wait_for_text("welcome back");
    session.wait_for(is_at_rest);
    leave(&session, &home);
    let written = String::from_utf8_lossy(&session.raw_output()).into_owned();
    assert!(!written.contains(NEW_KEY), "the key was on the screen");
    assert_no_secret(&home, NEW_KEY);
}
