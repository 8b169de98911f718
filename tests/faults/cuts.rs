//! Connections that end or reset where they should not.

use super::support::launch::Home;
use super::support::replies::{delta, done, finish, role, sse_reply, stream, usage};
use super::support::server::{End, Reply, Server};
use super::world::{ask, is_at_rest, leave, ledger, munshi, replies, start};

/// A whole reply's bytes, up to the finish reason and no further.
fn unfinished() -> Vec<u8> {
    [role(), delta("namaste "), delta("दुनिया"), delta(" and more")].concat()
}

/// What of the text is in the first `end` bytes: whole events only, as a reader of the stream would have it.
fn text_within(end: usize) -> &'static str {
    let ends = [role(), delta("namaste "), delta("दुनिया"), delta(" and more")].map(|event| event.len());
    let whole = ends.iter().scan(0, |at, len| {
        *at += len;
        Some(*at)
    });
    match whole.filter(|at| *at <= end).count() {
        0 | 1 => "",
        2 => "namaste ",
        3 => "namaste दुनिया",
        _ => "namaste दुनिया and more",
    }
}

/// Places to cut at: between events, within their JSON, within a character, within the blank line.
fn places() -> Vec<usize> {
    let bytes = unfinished();
    let second = role().len() + delta("namaste ").len();
    let within_a_character = bytes.windows(2).position(|pair| pair == [0xe0, 0xa4]).unwrap() + 2;
    vec![0, 3, role().len(), role().len() + 40, second - 1, second, within_a_character, bytes.len() - 20, bytes.len()]
}

fn cut_off(at: usize, end: End) -> Reply {
    stream().bytes(&unfinished()[..at]).ends(end)
}

#[test]
fn row_12_a_connection_that_ends_or_resets_at_any_byte_never_gives_a_complete_reply() {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 1\n");
    let cuts: Vec<(usize, End)> =
        places().into_iter().flat_map(|at| [(at, End::Cut), (at, End::Reset), (at, End::Whole)]).collect();
    let server = Server::replies(cuts.iter().map(|(at, end)| cut_off(*at, *end)));
    let session = start(munshi(&home, &server));
    for (n, (at, end)) in cuts.iter().enumerate() {
        let screen = ask(&session, &home, &format!("question{n}."), n + 1);
        let kept = replies(&home).pop().unwrap();
        let whole = text_within(*at);
        assert_ne!(kept.status, "complete", "cut at {at} by {end:?}");
        assert!(kept.note.starts_with("Incomplete"), "cut at {at} by {end:?}: {:?}", kept.note);
        assert!(screen.contains("Incomplete"), "cut at {at} by {end:?}:\n{}", &*screen);
        match end {
            // A reset throws away what the client has not read yet.
            End::Reset => assert!(text_within(at + 2).starts_with(&kept.content), "cut at {at}: {:?}", kept.content),
            // The very last event needs no blank line, where it is whole.
            _ => assert!(
                kept.content == whole || kept.content == text_within(at + 2),
                "cut at {at} by {end:?}: {:?}",
                kept.content
            ),
        }
        assert_eq!(kept.status == "failed", kept.content.is_empty());
    }
    assert_eq!(server.requests().len(), cuts.len());
    leave(&session, &home);
    assert_eq!(ledger(&home).len(), cuts.len());
}

#[test]
fn row_12_once_the_model_has_said_that_it_is_done_a_rude_end_is_no_fault() {
    let home = Home::new();
    let reply = |more: Vec<u8>| stream().bytes(role()).bytes(delta("all of it")).bytes(finish("stop")).bytes(more);
    let server =
        Server::replies([reply(usage(10, 3)).ends(End::Cut), reply([usage(10, 3), done()].concat()).ends(End::Cut)]);
    let session = start(munshi(&home, &server));
    for n in 0..2 {
        ask(&session, &home, &format!("question{n}."), n + 1);
        assert_eq!(replies(&home)[n].status, "complete");
    }
    leave(&session, &home);
}

#[test]
fn row_16_a_failure_after_the_first_token_is_never_replayed_and_its_tokens_are_counted_here() {
    let home = Home::new();
    home.write_config("fallback = [\"gpt-4o\"]\n");
    let broken = stream().bytes(role()).bytes(delta("half of an answer")).ends(End::Cut);
    let server = Server::replies([broken, sse_reply(&["and the rest"])]);
    let session = start(munshi(&home, &server));
    let screen = ask(&session, &home, "why?", 1);
    assert!(screen.contains("half of an answer") && screen.contains("send “continue”"), "{}", &*screen);
    assert!(screen.contains("Incomplete") && screen.contains("~"), "{}", &*screen);
    assert_eq!(server.requests().len(), 1, "nothing is asked twice by itself, nor of another model");
    let row = &ledger(&home)[0];
    assert_eq!((row.outcome.as_deref(), row.estimated), (Some("failed"), Some(true)));
    assert!(row.output > Some(0) && row.cost > Some(0), "{row:?}");
    // What came goes along when the user asks for the rest.
    ask(&session, &home, "continue", 2);
    let sent = server.requests()[1].messages();
    let said: Vec<&str> = sent.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(said[said.len() - 3..], ["why?", "half of an answer", "continue"]);
    assert!(session.wait_for(is_at_rest).contains("and the rest"));
    leave(&session, &home);
}
