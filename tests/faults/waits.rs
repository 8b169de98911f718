//! A server that accepts and says nothing, or begins and stalls.

use std::time::Duration;

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::{delta, role, stream};
use super::support::server::{End, Gate, Part, Server};
use super::world::{is_at_rest, leave, ledger, munshi, replies, start, wait_for_ends};

#[test]
fn row_10_without_an_answer_a_countdown_runs_and_then_a_sentence_says_why() {
    let home = Home::new();
    home.write_config("[models.\"gpt-4o-mini\"]\nfirst_token = \"4s\"\n");
    let server = Server::replies([stream().head_waits(&Gate::new())]);
    let session = start(munshi(&home, &server));
    session.send_line("is anybody there");
    let counting = session.wait_for_text("gives up in");
    assert!(counting.contains("Esc stops"), "{}", &*counting);
    session.wait_for_text("No answer from gpt-4o-mini (4 s). /retry asks again");
    let rest = session.wait_for(is_at_rest);
    assert!(rest.contains("is anybody there") && rest.contains("not sent again until /retry"), "{}", &*rest);
    let kept = replies(&home);
    assert_eq!((kept.len(), kept[0].status.as_str(), kept[0].content.as_str()), (1, "failed", ""));
    assert_eq!(server.requests().len(), 1, "no answer is no reason to ask, and pay, again");
    leave(&session, &home);
}

#[test]
fn row_10_esc_ends_the_wait_at_once_and_the_question_is_kept() {
    let home = Home::new();
    let gate = Gate::new();
    let server = Server::replies([stream().head_waits(&gate).ends(End::Silence)]);
    let session = start(munshi(&home, &server));
    session.send_line("hello out there");
    server.wait_for_requests(1);
    session.type_text("half a draft");
    session.wait_for_text("half a draft");
    session.key(Key::Esc);
    let idle = session.wait_for_text("F1 help");
    assert!(idle.contains("hello out there") && idle.contains("half a draft"), "{}", &*idle);
    gate.open();
    server.wait_for_leavers(1);
    assert_eq!(wait_for_ends(&home, 1)[0].content, "hello out there");
    session.key(Key::Ctrl('u'));
    session.wait_for(is_at_rest);
    leave(&session, &home);
    assert_eq!(ledger(&home)[0].outcome.as_deref(), Some("interrupted"));
}

#[test]
fn row_11_a_stall_is_said_and_counted_down_and_pings_do_not_lengthen_it() {
    let home = Home::new();
    home.write_config("[timeouts]\nsilence = \"7s\"\n");
    let mut reply = stream().bytes(role()).bytes(delta("the first half"));
    for _ in 0..300 {
        reply = reply.part(Part::Wait(Duration::from_millis(100))).bytes(": ping\n\n");
    }
    let server = Server::replies([reply.ends(End::Silence)]);
    let session = start(munshi(&home, &server));
    session.send_line("tell me all");
    session.wait_for_text("the first half");
    let stalled = session.wait_for_text("stalled ");
    assert!(stalled.contains("gives up in"), "{}", &*stalled);
    session.wait_for_text("Incomplete: nothing came for 7 s. /retry asks again, or send “continue”.");
    session.wait_for(is_at_rest);
    server.wait_for_leavers(1);
    let kept = replies(&home);
    assert_eq!((kept[0].status.as_str(), kept[0].content.as_str()), ("interrupted", "the first half"));
    assert_eq!(server.requests().len(), 1);
    leave(&session, &home);
    let row = &ledger(&home)[0];
    assert_eq!((row.outcome.as_deref(), row.estimated), (Some("interrupted"), Some(true)));
}
