//! Several munshis on one database.

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::sse_reply;
use super::support::server::Server;
use super::world::{
    assert_sound, assert_terminal_is_back, database, is_at_rest, leave, ledger, messages, munshi, start, wait_for_rows,
};

/// Answers each question with its own words, so that mixed-up replies are seen.
fn echo() -> Server {
    Server::start(|request| {
        let question = request.messages().pop().unwrap_or_default().1;
        sse_reply(&["you ", "said: ", question.as_str()])
    })
}

const INSTANCES: usize = 8;
const QUESTIONS: usize = 5;

#[test]
fn row_05_eight_instances_chat_on_one_database_and_all_is_kept() {
    let home = Home::new();
    let server = echo();
    let sessions: Vec<Session> = (0..INSTANCES).map(|_| munshi(&home, &server).size(100, 20).start()).collect();
    for session in &sessions {
        session.wait_for_text("Write a message");
    }
    for round in 0..QUESTIONS {
        for (n, session) in sessions.iter().enumerate() {
            session.send_line(&format!("question{n}x{round}."));
        }
        for (n, session) in sessions.iter().enumerate() {
            session.wait_for_text(&format!("you said: question{n}x{round}."));
            session.wait_for(is_at_rest);
        }
    }
    for session in &sessions {
        session.key(Key::Ctrl('d'));
    }
    for session in &sessions {
        assert_eq!(session.wait_exit().exit_code(), 0, "{}", &*session.screen());
        assert_terminal_is_back(session);
        let written = String::from_utf8_lossy(&session.raw_output()).into_owned();
        assert!(!written.contains("locked") && !written.contains("NOT SAVED"), "{}", &*session.screen());
    }
    assert_sound(&database(&home));
    let kept = messages(&home);
    assert_eq!(kept.len(), INSTANCES * QUESTIONS * 2);
    for n in 0..INSTANCES {
        for round in 0..QUESTIONS {
            let question = format!("question{n}x{round}.");
            assert!(kept.iter().any(|one| one.content == question), "{question} is lost");
            let answer = format!("you said: {question}");
            assert!(kept.iter().any(|one| one.content == answer && one.status == "complete"), "{answer} is lost");
        }
    }
    let ledger = ledger(&home);
    assert_eq!(ledger.len(), INSTANCES * QUESTIONS);
    assert!(ledger.iter().all(|row| row.closed && row.cost > Some(0)));
}

#[test]
fn row_05_in_one_conversation_new_messages_become_siblings() {
    let home = Home::new();
    let server = echo();
    let first = start(munshi(&home, &server));
    first.send_line("the beginning");
    first.wait_for_text("you said: the beginning");
    first.wait_for(is_at_rest);
    leave(&first, &home);

    let pair = [0, 1].map(|_| munshi(&home, &server).arg("-c").start());
    for session in &pair {
        session.wait_for_text("you said: the beginning");
    }
    for (n, session) in pair.iter().enumerate() {
        session.send_line(&format!("instance{n}"));
    }
    for (n, session) in pair.iter().enumerate() {
        session.wait_for_text(&format!("you said: instance{n}"));
    }
    let kept =
        wait_for_rows(&home, "six messages", |kept| kept.len() == 6 && kept.iter().all(|one| one.status == "complete"));
    let parents: Vec<_> =
        (0..2).map(|n| kept.iter().find(|one| one.content == format!("instance{n}")).unwrap().parent.clone()).collect();
    assert!(parents[0].is_some() && parents[0] == parents[1], "{kept:#?}");
    // Neither was sent the other's words.
    for request in server.requests() {
        let sent = request.messages();
        assert!(!(sent.iter().any(|one| one.1 == "instance0") && sent.iter().any(|one| one.1 == "instance1")));
    }
    for session in &pair {
        session.wait_for(is_at_rest);
        leave(session, &home);
    }
}

#[test]
fn row_05_one_instance_that_leaves_does_not_take_the_others_reply_for_a_dead_ones() {
    let home = Home::new();
    let gate = super::support::server::Gate::new();
    let held = gate.clone();
    let server = Server::start(move |_| {
        let begun = super::support::replies::stream().bytes(super::support::replies::delta("slow "));
        super::support::replies::closed(begun.gate(&held).bytes(super::support::replies::delta("and whole")), 2)
    });
    let slow = start(munshi(&home, &server));
    slow.send_line("take your time");
    slow.wait_for_text("slow");
    for _ in 0..3 {
        let other = start(munshi(&home, &server));
        leave_alone(&other);
    }
    gate.open();
    slow.wait_for_text("slow and whole");
    slow.wait_for(is_at_rest);
    leave(&slow, &home);
    assert!(messages(&home).iter().all(|one| one.status == "complete"));
}

fn leave_alone(session: &Session) {
    session.key(Key::Ctrl('d'));
    assert!(session.wait_exit().success());
    assert_terminal_is_back(session);
}
