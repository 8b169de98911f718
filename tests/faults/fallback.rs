//! Another model in the first one's place, and old replies that survive failed new ones.

use super::support::launch::Home;
use super::support::replies::{delta, error, role, sse_reply, stream};
use super::support::server::{End, Gate, Reply, Request, Server};
use super::world::{ask, is_at_rest, leave, ledger, munshi, replies, start, wait_for_ends};

fn model(request: &Request) -> String {
    request.json()["model"].as_str().unwrap_or_default().to_owned()
}

/// The first model does as told; the second answers.
fn two_models(first: impl Fn() -> Reply + Send + 'static) -> Server {
    Server::start(
        move |request| if model(request) == "gpt-4o" { sse_reply(&["the ", "second ", "one"]) } else { first() },
    )
}

#[test]
fn row_17_where_the_first_model_is_dead_the_second_answers_and_is_priced_as_itself() {
    let home = Home::new();
    home.write_config("fallback = [\"gpt-4o\"]\n[retry]\nattempts = 1\n");
    let server = two_models(|| error(503, "overloaded", "busy"));
    let session = start(munshi(&home, &server));
    let screen = ask(&session, &home, "who is there?", 1);
    assert!(screen.contains("the second one"), "{}", &*screen);
    assert!(screen.contains("answered by gpt-4o (gpt-4o-mini: 503)"), "{}", &*screen);
    assert_eq!(server.requests().iter().map(model).collect::<Vec<_>>(), ["gpt-4o-mini", "gpt-4o"]);
    assert_eq!(replies(&home)[0].model.as_deref(), Some("gpt-4o"));
    let ledger = ledger(&home);
    assert_eq!((ledger[0].model.as_str(), ledger[0].cost), ("gpt-4o-mini", Some(0)));
    // 10 tokens in at $2.50 and 3 out at $10 a million; one micro-dollar a million is a pico-dollar a token.
    assert_eq!((ledger[1].model.as_str(), ledger[1].cost), ("gpt-4o", Some(10 * 2_500_000 + 3 * 10_000_000)));
    leave(&session, &home);
}

#[test]
fn row_17_a_model_that_is_not_found_is_passed_and_one_that_is_slow_too() {
    let home = Home::new();
    home.write_config("fallback = [\"gpt-4o\"]\nfallback_after = \"1s\"\n");
    let never = Gate::new();
    let mut first = true;
    let server = Server::start(move |request| match model(request).as_str() {
        "gpt-4o" => sse_reply(&["the ", "second ", "one"]),
        _ if std::mem::take(&mut first) => error(404, "model_not_found", "no such model"),
        _ => stream().head_waits(&never),
    });
    let session = start(munshi(&home, &server));
    assert!(ask(&session, &home, "one?", 1).contains("answered by gpt-4o (gpt-4o-mini: 404)"));
    assert!(ask(&session, &home, "two?", 2).contains("answered by gpt-4o (gpt-4o-mini: no first token in 1 s)"));
    leave(&session, &home);
    assert_eq!(ledger(&home).len(), 4);
}

#[test]
fn row_17_no_other_model_is_asked_what_the_first_refused_or_had_begun() {
    for (status, code) in [(400, "invalid_request_error"), (401, "invalid_api_key"), (403, "forbidden")] {
        let home = Home::new();
        home.write_config("fallback = [\"gpt-4o\"]\n");
        let server = two_models(move || error(status, code, "no"));
        let session = start(munshi(&home, &server));
        ask(&session, &home, "well?", 1);
        assert_eq!(server.requests().len(), 1, "{status} went on to the next model");
        leave(&session, &home);
    }
    let home = Home::new();
    home.write_config("fallback = [\"gpt-4o\"]\n");
    let server = two_models(|| stream().bytes(role()).bytes(delta("begun")).ends(End::Reset));
    let session = start(munshi(&home, &server));
    ask(&session, &home, "well?", 1);
    assert_eq!(server.requests().len(), 1);
    leave(&session, &home);
}

#[test]
fn row_08_twenty_failed_regenerations_leave_the_old_reply_where_it_was() {
    let home = Home::new();
    let good = sse_reply(&["the ", "good ", "reply"]);
    let server = Server::replies([good, error(400, "invalid_request_error", "no more")]);
    let session = start(munshi(&home, &server));
    ask(&session, &home, "first?", 1);
    for n in 0..20 {
        session.send_line("/retry");
        wait_for_ends(&home, n + 2);
        session.wait_for(is_at_rest);
    }
    session.wait_for_text("No new reply; the earlier one is still here.");
    leave(&session, &home);
    let kept = replies(&home);
    assert_eq!((kept[0].status.as_str(), kept[0].content.as_str()), ("complete", "the good reply"));
    assert!(kept.len() == 21 && kept[1..].iter().all(|reply| reply.status == "failed"));
    let again = start(munshi(&home, &server).arg("-c"));
    again.wait_for_text("the good reply");
    leave(&again, &home);
}
