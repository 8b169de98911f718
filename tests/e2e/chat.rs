//! The main job: ask, watch the reply stream in, see what it cost, stop it, ask on.

use super::kit::{AT_REST, BUSY, ask, dear, draft, halves, is_empty, open, reply, rows, said, submit, turns, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::{delta, error, finish, reasoning, role, sse_reply, stream};
use super::support::server::{End, Gate, Reply, Server};

#[test]
fn the_chat_opens_with_the_cursor_in_the_input_box() {
    let server = Server::replies([reply("x")]);
    let session = open(&Home::new(), &server);
    let screen = session.wait_for(|screen| screen.cursor_shown);
    assert!(screen.alternate && screen.bracketed_paste && screen.mouse);
    let hint = screen.row_of(AT_REST).unwrap();
    assert_eq!(screen.cursor, (hint as u16, 1));
    assert!(screen.contains("gpt-4o-mini") && screen.contains("chat ₹0.00 · today ₹0.00"), "{}", screen.text);
    assert!(server.requests().is_empty(), "nothing is sent before it is asked for");
}

#[test]
fn a_reply_streams_in_and_is_attributed_and_priced() {
    let server = Server::replies([dear("PPF is **safe**.")]);
    let session = open(&Home::new(), &server);
    let screen = ask(&session, "What is PPF?", "PPF is safe.");
    let question = screen.row_of("What is PPF?").unwrap();
    let answer = screen.row_of("PPF is safe.").unwrap();
    assert!(screen.row(question - 1).trim().starts_with("You · "), "{}", screen.text);
    assert!(screen.row(answer - 1).trim().starts_with("gpt-4o-mini"), "{}", screen.text);
    assert!(screen.row(answer + 1).ends_with(" s · 1M in · 500k out · ₹38.25"), "{}", screen.text);
    session.wait_for_text("₹38.25 · chat ₹38.25 · today ₹38.25");
    let request = &server.requests()[0];
    assert!(request.head.starts_with("POST /v1/chat/completions "));
    let body = request.json();
    assert_eq!((&body["model"], &body["stream"]), (&"gpt-4o-mini".into(), &true.into()));
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert!(request.messages()[0].1.contains("Indian"), "the system prompt goes first");
}

#[test]
fn typing_goes_on_while_the_reply_streams() {
    let gate = Gate::new();
    let server = Server::replies([halves("first half", &gate, ", second half.")]);
    let session = open(&Home::new(), &server);
    submit(&session, "Go");
    session.wait_for_text("first half");
    session.wait_for_text(BUSY);
    write(&session, "typed meanwhile");
    let screen = session.screen();
    assert!(screen.contains("first half") && !screen.contains("second half"));
    assert!(screen.contains("Esc stops"), "{}", screen.text);
    gate.open();
    let screen = session.wait_for_text("first half, second half.");
    assert_eq!(draft(&screen), "typed meanwhile");
}

#[test]
fn esc_stops_the_reply_and_the_next_request_has_it_as_far_as_it_came() {
    let held = stream().bytes(role()).bytes(delta("It begins well")).ends(End::Silence);
    let server = Server::replies([held, reply("Gladly.")]);
    let home = Home::new();
    let session = open(&home, &server);
    submit(&session, "Tell me");
    session.wait_for_text("It begins well");
    session.key(Key::Esc);
    let screen = session.wait_for_text("incomplete");
    assert!(screen.contains("It begins well"), "{}", screen.text);
    assert!(screen.row(screen.row_of("incomplete").unwrap() + 1).contains('~'), "its tokens are an estimate");
    server.wait_for_leavers(1);
    ask(&session, "Go on", "Gladly.");
    assert_eq!(said(&server, 1), turns(&["Tell me", "It begins well", "Go on"]));
    let kept = rows(&home, "SELECT status, content FROM messages ORDER BY seq", |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    assert!(kept.contains(&("interrupted".into(), "It begins well".into())), "{kept:?}");
}

#[test]
fn ctrl_c_stops_the_reply_too_and_leaves_the_program_running() {
    let server = Server::replies([stream().bytes(delta("half")).ends(End::Silence)]);
    let session = open(&Home::new(), &server);
    submit(&session, "Tell me");
    session.wait_for_text("half");
    session.key(Key::Ctrl('c'));
    session.wait_for_text("incomplete");
    assert!(session.exit().is_none());
    write(&session, "still here");
}

#[test]
fn every_turn_carries_the_whole_history() {
    let server = Server::replies([reply("One."), reply("Two."), reply("Three.")]);
    let session = open(&Home::new(), &server);
    ask(&session, "First?", "One.");
    ask(&session, "Second?", "Two.");
    ask(&session, "Third?", "Three.");
    assert_eq!(said(&server, 0), turns(&["First?"]));
    assert_eq!(said(&server, 1), turns(&["First?", "One.", "Second?"]));
    assert_eq!(said(&server, 2), turns(&["First?", "One.", "Second?", "Two.", "Third?"]));
    assert_eq!(server.requests()[2].messages()[0].0, "system");
}

#[test]
fn a_failed_question_stays_is_marked_and_is_not_sent_again_until_it_is_retried() {
    let refused = error(400, "invalid_request_error", "no such thing");
    let server = Server::replies([refused, reply("Fine."), reply("Again fine.")]);
    let session = open(&Home::new(), &server);
    submit(&session, "Bad question");
    let screen = session.wait_for_text("no such thing");
    assert!(screen.contains("Bad question") && screen.contains("not sent again until /retry"), "{}", screen.text);
    ask(&session, "Good question", "Fine.");
    assert_eq!(server.requests().len(), 2, "a 400 is never asked again by itself");
    assert_eq!(said(&server, 1), turns(&["Good question"]));
}

#[test]
fn a_retry_asks_the_failed_question_again() {
    let server = Server::replies([error(403, "forbidden", "not yours"), reply("Now it is.")]);
    let session = open(&Home::new(), &server);
    submit(&session, "May I?");
    session.wait_for_text("not yours");
    submit(&session, "/retry");
    session.wait_for_text("Now it is.");
    assert_eq!(said(&server, 1), turns(&["May I?"]));
}

#[test]
fn a_server_that_is_overloaded_is_asked_again_with_a_countdown() {
    let busy = Reply::json(503, "{}").header("retry-after", "1");
    let server = Server::replies([busy, reply("Here I am.")]);
    let session = open(&Home::new(), &server);
    submit(&session, "Anyone?");
    let screen = session.wait_for_text("retry 2/5 in 1 s");
    assert!(screen.contains("Esc stops"), "{}", screen.text);
    session.wait_for_text("Here I am.");
    let seen = server.requests();
    assert!(seen[1].at.duration_since(seen[0].at).as_millis() >= 1_000, "never earlier than it asked for");
}

#[test]
fn esc_ends_a_countdown() {
    let server = Server::replies([Reply::json(429, "{}").header("retry-after", "60")]);
    let session = open(&Home::new(), &server);
    submit(&session, "Anyone?");
    session.wait_for_text("retry 2/5 in ");
    session.key(Key::Esc);
    session.wait_for(|screen| !screen.contains("retry 2/5") && is_empty(screen));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_reply_cut_at_the_limit_offers_to_go_on() {
    let cut = stream().bytes(delta("and then")).bytes(finish("length"));
    let server = Server::replies([cut]);
    let session = open(&Home::new(), &server);
    submit(&session, "Tell");
    session.wait_for_text("cut at the output limit: send “continue” for the rest");
}

#[test]
fn an_answer_to_nobody_is_never_sent() {
    let server = Server::replies([reply("x")]);
    let session = open(&Home::new(), &server);
    for blank in ["", "   "] {
        session.type_text(blank);
        session.key(Key::Enter);
        // Help that opens and closes shows that Enter was taken in.
        session.key(Key::F(1));
        session.wait_for_text("munshi · help");
        session.key(Key::Esc);
        session.wait_until_gone("munshi · help");
    }
    session.key(Key::Ctrl('u'));
    submit(&session, "real");
    assert_eq!(said(&server, 0), turns(&["real"]));
}

#[test]
fn thoughts_are_folded_and_open_at_a_click() {
    let thinking = stream().bytes(role()).bytes(reasoning("Let me see now")).bytes(delta("It is 42."));
    let server = Server::replies([thinking.bytes(finish("stop"))]);
    let session = open(&Home::new(), &server);
    let screen = ask(&session, "What is it?", "It is 42.");
    assert!(!screen.contains("Let me see now"), "{}", screen.text);
    let fold = screen.row_of("▸ reasoning · 4 words").unwrap();
    session.key(Key::Click(2, fold as u16));
    session.wait_for_text("Let me see now");
    session.key(Key::Click(2, fold as u16));
    session.wait_until_gone("Let me see now");
}

#[test]
fn long_replies_scroll_by_key_and_wheel_and_follow_the_end_only_from_there() {
    let lines: Vec<String> = (1..=100).map(|n| format!("line {n}\n\n")).collect();
    let server = Server::replies([sse_reply(&lines), reply("the end")]);
    let session = open(&Home::new(), &server);
    ask(&session, "Count", "line 100");
    session.key(Key::PageUp);
    session.wait_until_gone("line 100");
    session.key(Key::CtrlHome);
    session.wait_for(|screen| screen.contains("line 1\n") && screen.contains("Count"));
    session.key(Key::WheelDown(5, 5));
    session.wait_until_gone("Count");
    session.key(Key::WheelUp(5, 5));
    session.wait_for_text("Count");
    session.key(Key::AltDown);
    session.wait_for(|screen| !screen.row(0).contains("You"));
    session.key(Key::CtrlEnd);
    session.wait_for_text("line 100");
    session.key(Key::CtrlHome);
    session.wait_for_text("Count");
    ask(&session, "And now?", "the end");
}

#[test]
fn a_reply_is_copied_to_the_terminals_clipboard_as_it_was_written() {
    let server = Server::replies([reply("It is **so**.")]);
    let session = open(&Home::new(), &server);
    ask(&session, "Is it?", "It is so.");
    session.key(Key::Ctrl('y'));
    session.wait_for(|screen| screen.contains("clipboard") || screen.contains("Copied"));
    assert_eq!(session.clipboard(), ["It is **so**."]);
    submit(&session, "/copy");
    session.wait_for(|screen| screen.contains("clipboard") || screen.contains("Copied"));
}
