//! Ends that nobody planned: panics, signals, a closed window. What had come is saved, and the terminal given back.

use std::time::{Duration, Instant};

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::{Session, Signal};
use super::support::replies::{delta, role, stream};
use super::support::server::{End, Server};
use super::world::{KEY, assert_left_well, assert_no_secret, assert_sound, database, ledger, munshi, replies, start};

/// The promise is 2 seconds; a machine that runs all tests at once gets more.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A chat in the middle of a reply: its first half is on the screen.
fn mid_stream(home: &Home, server: &Server) -> Session {
    let session = start(munshi(home, server));
    session.send_line("tell me a story");
    session.wait_for_text("once upon a time");
    session
}

fn half_a_story() -> Server {
    Server::replies([stream().bytes(role()).bytes(delta("once upon a time")).ends(End::Silence)])
}

#[track_caller]
fn assert_partial_is_saved(home: &Home) {
    let kept = replies(home);
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].content.as_str(), kept[0].status.as_str()), ("once upon a time", "interrupted"));
    let ledger = ledger(home);
    assert_eq!((ledger.len(), ledger[0].closed, ledger[0].outcome.as_deref()), (1, true, Some("interrupted")));
    assert!(ledger[0].estimated == Some(true) && ledger[0].cost > Some(0), "{ledger:?}");
    assert_sound(&database(home));
}

#[test]
fn row_22_a_panic_in_the_loop_leaves_a_message_on_a_usable_terminal_and_saves_what_came() {
    panics("loop", "the loop panics, as the test asked");
}

#[test]
fn row_22_a_panic_in_a_task_leaves_a_message_on_a_usable_terminal_and_saves_what_came() {
    panics("task", "a task panics, as the test asked");
}

fn panics(part: &str, message: &str) {
    let home = Home::new();
    let server = half_a_story();
    let session = start(munshi(&home, &server).env("MUNSHI_TEST_PANIC", part));
    session.send_line("tell me a story");
    session.wait_for_text("once upon a time");
    session.key(Key::F(12));
    let status = session.wait_exit();
    assert_eq!(status.exit_code(), 101);
    let screen = session.screen();
    assert!(screen.contains(message) && screen.contains("This is a fault of munshi's."), "{}", &*screen);
    assert!(!screen.contains("once upon a time"), "a frame was drawn over the message:\n{}", &*screen);
    assert_left_well(&session, &home);
    assert_partial_is_saved(&home);
}

#[test]
fn row_23_sigterm_and_sighup_in_the_middle_of_a_reply_end_in_order() {
    for signal in [Signal::TERM, Signal::HUP] {
        let home = Home::new();
        let server = half_a_story();
        let session = mid_stream(&home, &server);
        // Ctrl+C is a key here, and as a signal it is meant for an editor that has the terminal.
        session.signal(Signal::INT);
        let told = Instant::now();
        session.signal(signal);
        assert_eq!(session.wait_exit().exit_code(), 0, "{signal:?}: {}", &*session.screen());
        assert!(told.elapsed() < ENDS_WITHIN, "{signal:?}: {:?}", told.elapsed());
        assert_left_well(&session, &home);
        assert_partial_is_saved(&home);
        server.wait_for_leavers(1);
    }
}

#[test]
fn row_23_a_closed_window_ends_in_order() {
    for _ in 0..5 {
        let home = Home::new();
        let server = half_a_story();
        let mut session = mid_stream(&home, &server);
        let told = Instant::now();
        session.close_window();
        session.wait_exit();
        assert!(told.elapsed() < ENDS_WITHIN, "{:?}", told.elapsed());
        assert_partial_is_saved(&home);
        assert_no_secret(&home, KEY);
    }
}

#[test]
fn row_23_a_signal_while_the_question_waits_for_an_answer_keeps_the_question_and_the_draft() {
    let home = Home::new();
    let server = Server::replies([stream().head_waits(&super::support::server::Gate::new())]);
    let session = start(munshi(&home, &server));
    session.send_line("is anybody there");
    server.wait_for_requests(1);
    session.type_text("an unsent draft");
    session.wait_for_text("an unsent draft");
    session.signal(Signal::TERM);
    session.wait_exit();
    assert_left_well(&session, &home);
    let again = start_again(&home, &server);
    let screen = again.wait_for(|screen| screen.contains("is anybody there") && screen.contains("an unsent draft"));
    assert!(screen.contains("not sent again until /retry") || screen.contains("incomplete"), "{}", &*screen);
}

fn start_again(home: &Home, server: &Server) -> Session {
    let session = munshi(home, server).arg("-c").start();
    session.wait_for_text("F1 help");
    session
}
