//! What is there again tomorrow: conversations, drafts, the ledger.

use super::kit::{AT_REST, ask, begin, dear, draft, is_empty, open, quit, reply, rows, said, submit, turns, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::{delta, stream};
use super::support::server::{End, Server};

#[test]
fn continue_shows_the_last_conversation_and_goes_on_with_it() {
    let home = Home::new();
    let server = Server::replies([reply("A fund."), reply("Three years.")]);
    let session = open(&home, &server);
    ask(&session, "What is ELSS?", "A fund.");
    quit(&session);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    let screen = later.wait_for(|screen| screen.contains("A fund.") && screen.contains(AT_REST));
    assert!(screen.contains("What is ELSS?") && screen.contains("gpt-4o-mini"), "{}", screen.text);
    ask(&later, "Locked for how long?", "Three years.");
    assert_eq!(said(&server, 1), turns(&["What is ELSS?", "A fund.", "Locked for how long?"]));
}

#[test]
fn without_continue_a_new_chat_begins_and_the_old_one_is_kept() {
    let home = Home::new();
    let server = Server::replies([reply("A fund."), reply("Another.")]);
    let session = open(&home, &server);
    ask(&session, "What is ELSS?", "A fund.");
    quit(&session);
    let later = open(&home, &server);
    assert!(!later.screen().contains("A fund."));
    ask(&later, "And PPF?", "Another.");
    quit(&later);
    let titles = rows(&home, "SELECT title FROM conversations ORDER BY key", |row| row.get::<_, String>(0));
    assert_eq!(titles, ["What is ELSS?", "And PPF?"]);
}

#[test]
fn a_conversation_is_resumed_by_its_id() {
    let home = Home::new();
    let server = Server::replies([reply("Red."), reply("Blue.")]);
    let session = open(&home, &server);
    ask(&session, "First colour?", "Red.");
    submit(&session, "/new");
    ask(&session, "Second colour?", "Blue.");
    quit(&session);
    let listed = home.munshi().args(["chats", "list"]).command().output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let line = listed.lines().find(|line| line.ends_with("First colour?")).expect("it is listed");
    let id = line.split_whitespace().next().unwrap();
    let later = home.munshi().against(&server.base_url()).args(["-r", id]).start();
    let screen = later.wait_for_text("Red.");
    assert!(!screen.contains("Blue."));
}

#[test]
fn continue_with_nothing_to_continue_says_so_and_begins() {
    let server = Server::replies([reply("ok")]);
    let session = Home::new().munshi().against(&server.base_url()).arg("-c").start();
    session.wait_for_text("There is no conversation to continue yet.");
    ask(&session, "Hello", "ok");
}

#[test]
fn an_id_that_is_none_is_refused_in_a_sentence() {
    let session = Home::new().munshi().against("http://127.0.0.1:9/v1").args(["-r", "nonsense"]).start();
    assert_eq!(session.wait_exit().exit_code(), 1);
    let screen = session.screen();
    assert!(screen.contains("is no conversation's id") && !screen.alternate, "{}", screen.text);
}

#[test]
fn a_draft_survives_a_restart() {
    let home = Home::new();
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    write(&session, "half a question about");
    session.key(Key::AltEnter);
    write(&session, "GST");
    session.signal(super::support::pty::Signal::TERM);
    session.wait_exit();
    let later = home.munshi().against(&server.base_url()).start();
    later.wait_for(|screen| draft(screen) == "half a question about\nGST");
    write(&later, "?");
    later.key(Key::Enter);
    later.wait_for(is_empty);
    assert_eq!(said(&server, 0), turns(&["half a question about\nGST?"]));
    later.wait_for_text("ok");
    quit(&later);
    let fresh = open(&home, &server);
    assert_eq!(draft(&fresh.screen()), "", "a draft that was sent is no draft any more");
}

#[test]
fn each_conversation_has_its_own_draft_over_a_restart() {
    let home = Home::new();
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    ask(&session, "Kept?", "ok");
    write(&session, "belongs to the first");
    session.key(Key::Ctrl('n'));
    session.wait_for(is_empty);
    write(&session, "belongs to the new");
    session.signal(super::support::pty::Signal::TERM);
    session.wait_exit();
    let fresh = home.munshi().against(&server.base_url()).start();
    fresh.wait_for(|screen| draft(screen) == "belongs to the new");
    fresh.signal(super::support::pty::Signal::TERM);
    fresh.wait_exit();
    let first = home.munshi().against(&server.base_url()).arg("-c").start();
    first.wait_for(|screen| screen.contains("Kept?") && draft(screen) == "belongs to the first");
}

#[test]
fn the_ledger_has_a_closed_row_with_tokens_and_cost_for_each_attempt() {
    let home = Home::new();
    let server = Server::replies([
        super::support::server::Reply::json(503, "{}").header("retry-after-ms", "1"),
        dear("Dear me."),
    ]);
    let session = open(&home, &server);
    ask(&session, "How dear?", "Dear me.");
    session.wait_for_text("chat ₹38.25");
    // At the end all that is on the screen is on disk.
    quit(&session);
    let ledger = rows(
        &home,
        "SELECT ordinal, closed, outcome, model, input, output, cost, rate, status, request_id FROM requests ORDER BY key",
        |row| {
            Ok((
                (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?),
                (row.get::<_, Option<i64>>(4)?, row.get::<_, Option<i64>>(5)?, row.get::<_, Option<i64>>(6)?),
                (row.get::<_, i64>(7)?, row.get::<_, Option<i64>>(8)?, row.get::<_, Option<String>>(9)?),
            ))
        },
    );
    assert_eq!(ledger.len(), 2, "{ledger:?}");
    assert_eq!((ledger[0].0.1, ledger[0].0.2.as_str(), ledger[0].2.1), (1, "failed", Some(503)));
    let second = (
        (1, 1, "complete".to_owned(), "gpt-4o-mini".to_owned()),
        (Some(1_000_000), Some(500_000), Some(450_000_000_000)),
        (85_000_000, Some(200), Some("req-scripted".to_owned())),
    );
    assert_eq!(ledger[1], second);
}

#[test]
fn the_sums_of_a_chat_and_of_the_day_add_up_over_chats_and_restarts() {
    let home = Home::new();
    let server = Server::replies([dear("One."), dear("Two."), dear("Three.")]);
    let session = open(&home, &server);
    ask(&session, "First", "One.");
    session.wait_for_text("chat ₹38.25 · today ₹38.25");
    ask(&session, "Second", "Two.");
    session.wait_for_text("chat ₹76.50 · today ₹76.50");
    submit(&session, "/new");
    session.wait_for_text("chat ₹0.00 · today ₹76.50");
    ask(&session, "Third", "Three.");
    session.wait_for_text("chat ₹38.25 · today ₹114.75");
    write(&session, "/cost");
    session.key(Key::Enter);
    session.wait_for_text("This chat ₹38.25 · today ₹114.75");
    session.key(Key::Esc);
    session.wait_for(is_empty);
    quit(&session);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    later.wait_for_text("chat ₹38.25 · today ₹114.75");
}

#[test]
fn a_price_that_is_unknown_is_never_shown_as_nothing() {
    let server = Server::replies([dear("Who knows?")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).args(["-m", "no-such-model-1"]));
    let screen = ask(&session, "What is the price?", "Who knows?");
    let below = screen.row_of("Who knows?").unwrap() + 1;
    assert!(screen.row(below).contains("unknown"), "{}", screen.text);
    session.wait_for_text("chat unknown · today unknown");
}

#[test]
fn a_retry_keeps_the_old_reply() {
    let home = Home::new();
    let server = Server::replies([reply("Old answer."), reply("New answer.")]);
    let session = open(&home, &server);
    ask(&session, "Again?", "Old answer.");
    submit(&session, "/retry");
    let screen = session.wait_for_text("New answer.");
    assert!(!screen.contains("Old answer."), "the new one is shown in its place");
    assert_eq!(said(&server, 1), turns(&["Again?"]), "the old answer is not sent");
    quit(&session);
    let kept = rows(&home, "SELECT content FROM messages ORDER BY seq", |row| row.get::<_, String>(0));
    assert_eq!(kept, ["Again?", "Old answer.", "New answer."]);
}

#[test]
fn row_8_retries_that_fail_leave_the_old_reply_on_the_screen() {
    let home = Home::new();
    let refused = || super::support::replies::error(400, "invalid_request_error", "not today");
    let server = Server::replies(std::iter::once(reply("Good answer.")).chain((0..20).map(|_| refused())));
    let session = open(&home, &server);
    ask(&session, "Again?", "Good answer.");
    for round in 1..=20 {
        submit(&session, "/retry");
        server.wait_for_requests(1 + round);
        session.wait_for(|screen| screen.contains("No new reply") && screen.contains(AT_REST));
        session.wait_for(|screen| !screen.contains("Esc stops"));
    }
    session.key(Key::CtrlHome);
    session.wait_for_text("Good answer.");
    quit(&session);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    later.wait_for_text("Good answer.");
}

#[test]
fn what_streams_when_the_program_is_quit_is_kept_as_far_as_it_came() {
    let home = Home::new();
    let server = Server::replies([stream().bytes(delta("as far as this")).ends(End::Silence)]);
    let session = open(&home, &server);
    submit(&session, "How far?");
    session.wait_for_text("as far as this");
    quit(&session);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    later.wait_for(|screen| screen.contains("as far as this") && screen.contains("incomplete"));
    assert_eq!(rows(&home, "SELECT closed FROM requests", |row| row.get::<_, i64>(0)), [1]);
}

#[test]
fn an_id_that_nothing_was_saved_under_is_said_and_a_new_chat_begins() {
    let server = Server::replies([reply("ok")]);
    let missing = "01890000-0000-7000-8000-000000000000";
    let session = Home::new().munshi().against(&server.base_url()).args(["-r", missing]).start();
    session.wait_for_text(missing);
    ask(&session, "Hello", "ok");
    assert_eq!(said(&server, 0), turns(&["Hello"]));
}

#[test]
fn a_deleted_conversation_is_not_continued() {
    let home = Home::new();
    let server = Server::replies([reply("Kept."), reply("Doomed.")]);
    let session = open(&home, &server);
    ask(&session, "First?", "Kept.");
    submit(&session, "/new");
    ask(&session, "Second?", "Doomed.");
    session.key(Key::F(2));
    session.wait_for(|screen| screen.contains("Conversations") && screen.contains("Second?"));
    session.key(Key::Delete);
    session.wait_for_text("eleted “Second?”");
    session.key(Key::Esc);
    session.wait_for(is_empty);
    quit(&session);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    later.wait_for_text("Kept.");
}
