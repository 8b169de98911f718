//! What runs beside a reply and costs money: a summary, vectors for a search. Killed, told to end, answered with
//! nonsense: its row is accounted for, caps hold, and the chat goes on.

use std::time::{Duration, Instant};

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::{Session, Signal};
use super::support::replies::{closed, delta, error, finish, role, sse_reply, stream};
use super::support::server::{End, Gate, Reply, Request, Server};
use super::world::{
    KEY, ask, assert_left_well, assert_no_secret, assert_sound, database, is_at_rest, leave, ledger, munshi, reader,
    start, wait_for_ends,
};

/// The promise is 2 seconds; a machine that runs all tests at once gets more.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A server that answers questions, and whatever else it is asked as `other` says.
fn server(mut other: impl FnMut(&Request) -> Reply + Send + 'static) -> Server {
    Server::start(move |request| {
        let is_summary = || request.messages().first().is_some_and(|(_, text)| text.starts_with("You summarise"));
        if request.head.contains("/embeddings") || is_summary() {
            other(request)
        } else {
            sse_reply(&["an ", "answer"])
        }
    })
}

/// A chat of one turn in which a summary has begun.
fn summarising(home: &Home, server: &Server) -> Session {
    let session = start(munshi(home, server));
    ask(&session, home, "what is PPF?", 1);
    session.send_line("/summarise");
    server.wait_for_requests(2);
    session.wait_for_text("summarising");
    session
}

/// A chat in which a search waits for the vector of its question.
fn searching(home: &Home, server: &Server) -> Session {
    let session = start(munshi(home, server));
    session.send_line("/history retrieve everywhere");
    session.wait_for_text("From now on");
    session.send_line("what is PPF?");
    server.wait_for_requests(1);
    session.wait_for_text("searching older messages");
    session
}

fn begun_and_silent(_: &Request) -> Reply {
    stream().bytes(role()).bytes(delta("- half a sum")).ends(End::Silence)
}

fn silent(_: &Request) -> Reply {
    stream().head_waits(&Gate::new())
}

fn purposes(home: &Home) -> Vec<(String, Option<String>)> {
    let conn = reader(&database(home));
    let mut query = conn.prepare("SELECT purpose, outcome FROM requests ORDER BY key").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn is(found: &(String, Option<String>), purpose: &str, outcome: &str) -> bool {
    found.0 == purpose && found.1.as_deref() == Some(outcome)
}

#[test]
fn row_23_told_to_end_while_a_summary_or_a_search_runs_it_ends_in_time_with_every_row_closed() {
    for how in [Some(Signal::TERM), Some(Signal::HUP), None] {
        for is_summary in [true, false] {
            let home = Home::new();
            let server = if is_summary { server(begun_and_silent) } else { server(silent) };
            let session = if is_summary { summarising(&home, &server) } else { searching(&home, &server) };
            let told = Instant::now();
            match how {
                Some(signal) => session.signal(signal),
                None => session.key(Key::Ctrl('d')),
            }
            assert_eq!(session.wait_exit().exit_code(), 0, "{}", &*session.screen());
            assert!(told.elapsed() < ENDS_WITHIN, "{how:?}: {:?}", told.elapsed());
            assert_left_well(&session, &home);
            let purpose = if is_summary { "summary" } else { "embedding" };
            assert!(is(purposes(&home).last().unwrap(), purpose, "interrupted"), "{:?}", purposes(&home));
            let again = start(munshi(&home, &server).arg("-c"));
            again.wait_for_text("what is PPF?");
            leave(&again, &home);
        }
    }
}

#[test]
fn row_01_killed_while_a_summary_is_reserved_the_cap_still_counts_it_and_nothing_is_lost() {
    let home = Home::new();
    // A question may cost 21 paise, a summary 5.
    home.write_config("[budget]\nday = 0.25\n");
    let server = server(begun_and_silent);
    let session = summarising(&home, &server);
    session.kill9();
    let session = start(munshi(&home, &server).arg("-c"));
    session.wait_for_text("an answer");
    assert_eq!(purposes(&home).len(), 2);
    assert!(is(&purposes(&home)[1], "summary", "interrupted"), "{:?}", purposes(&home));
    session.send_line("and ELSS?");
    session.wait_for_text("Not sent: the day's budget is ₹0.25");
    assert_eq!(server.requests().len(), 2, "what the killed one may have cost is not spent again");
    session.wait_for(is_at_rest);
    session.send_line("/max-tokens 500");
    session.wait_for(|screen| screen.contains("500") && is_at_rest(screen));
    session.send_line("/retry");
    wait_for_ends(&home, 3);
    session.wait_for(is_at_rest);
    leave(&session, &home);
}

#[test]
fn row_01_killed_while_vectors_are_made_they_are_made_again_and_the_chat_goes_on() {
    let home = Home::new();
    let server = server(silent);
    let session = searching(&home, &server);
    session.kill9();
    let session = start(munshi(&home, &server).arg("-c"));
    session.wait_for_text("what is PPF?");
    assert!(is(&purposes(&home)[0], "embedding", "interrupted"), "{:?}", purposes(&home));
    assert_sound(&database(&home));
    session.send_line("/history truncate");
    session.wait_for_text("From now on");
    session.send_line("/retry");
    session.wait_for_text("an answer");
    session.wait_for(is_at_rest);
    leave(&session, &home);
}

#[test]
fn a_summary_that_comes_to_nothing_leaves_the_history_as_it_was_and_says_why() {
    let nonsense: [(&str, Reply); 5] = [
        ("the answer was empty", closed(stream().bytes(role()), 0)),
        ("its filter stopped the summary", stream().bytes(delta("- h")).bytes(finish("content_filter"))),
        ("connection", stream().bytes(delta("- half")).ends(End::Reset)),
        ("401", error(401, "bad_key", "no")),
        ("503", error(503, "busy", "no")),
    ];
    let (why, mut replies): (Vec<_>, Vec<_>) = nonsense.into_iter().unzip();
    replies.reverse();
    let home = Home::new();
    let server = server(move |_| replies.pop().unwrap());
    let session = start(munshi(&home, &server));
    ask(&session, &home, "what is PPF?", 1);
    for (made, why) in why.into_iter().enumerate() {
        session.send_line("/summarise");
        server.wait_for_requests(made + 2);
        let screen = session.wait_for(|screen| {
            screen.count("The summary failed.") == made + 1 && !screen.contains("summarising") && screen.contains(why)
        });
        assert!(!screen.contains("/retry"), "that would ask the last question again:\n{}", &*screen);
    }
    ask(&session, &home, "and ELSS?", 2);
    let sent = server.requests().last().unwrap().messages();
    assert!(sent.iter().any(|(_, text)| text == "what is PPF?"), "{sent:?}");
    leave(&session, &home);
    assert!(ledger(&home).iter().all(|row| row.cost.is_some()), "{:#?}", ledger(&home));
}

#[test]
fn row_39_data_for_programs_is_only_text_at_a_terminal_and_whole_in_a_pipe() {
    let title = "=\u{1b}]52;c;aGFja2Vk\u{7}\u{202e}\u{9b}31mred";
    let home = Home::new();
    let server = server(silent);
    let session = start(munshi(&home, &server));
    session.send_line("what is PPF?");
    wait_for_ends(&home, 1);
    session.wait_for(is_at_rest);
    leave(&session, &home);
    let conn = rusqlite::Connection::open(database(&home)).unwrap();
    conn.execute("UPDATE conversations SET title = ?1", [title]).unwrap();
    drop(conn);
    for args in [
        vec!["cost", "--by", "conversation", "--csv"],
        vec!["cost", "--by", "conversation", "--json"],
        vec!["chats", "list", "--json"],
    ] {
        let shown = munshi(&home, &server).args(&args).start();
        assert_eq!(shown.wait_exit().exit_code(), 0, "{args:?}");
        let raw = String::from_utf8(shown.raw_output()).unwrap();
        assert!(raw.contains("<U+202E>") && raw.contains("<U+009B>31mred"), "{args:?}: {raw:?}");
        assert!(!raw.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}']), "{args:?}: {raw:?}");
        let piped = home.munshi().args(&args).command().output().unwrap();
        assert!(String::from_utf8(piped.stdout).unwrap().contains("\u{202e}\u{9b}31mred"), "{args:?}");
    }
    assert_no_secret(&home, KEY);
}
