//! Streams that are no good: broken, huge, or absurd.

use super::support::launch::Home;
use super::support::replies::{closed, delta, done, event, finish, role, sse_reply, stream};
use super::support::server::{End, Reply, Server};
use super::world::{ask, is_at_rest, leave, ledger, munshi, replies, start, wait_for_ends};

/// Streams that break no rule that matters: their text is whole.
fn odd() -> Vec<(&'static str, Reply)> {
    let split = delta("नमस्ते दुनिया");
    let cut = split.windows(2).position(|pair| pair == [0xe0, 0xa4]).unwrap() + 1;
    let crlf = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace('\n', "\r\n");
    vec![
        (
            "a character split between two packets",
            closed(stream().bytes(role()).bytes(&split[..cut]).bytes(&split[cut..]), 3),
        ),
        ("CRLF", stream().bytes(crlf(delta("नमस्ते दुनिया"))).bytes(crlf(finish("stop"))).bytes(crlf(done()))),
        ("a byte-order mark", closed(stream().bytes("\u{feff}").bytes(delta("नमस्ते दुनिया")), 3)),
        (
            "null and unknown fields",
            closed(
                stream()
                    .bytes(event(r#"{"id":null,"choices":null,"usage":null,"weather":{"a":[1]}}"#))
                    .bytes(event(r#"{"choices":[{"delta":{"role":null,"content":null,"mood":"good"}}]}"#))
                    .bytes(delta("नमस्ते दुनिया")),
                3,
            ),
        ),
        ("no [DONE]", stream().bytes(delta("नमस्ते दुनिया")).bytes(finish("stop"))),
        ("no finish reason", stream().bytes(delta("नमस्ते दुनिया")).bytes(done())),
        (
            "comments, no space, no last blank line",
            stream()
                .bytes(": hello\n\n")
                .bytes(String::from_utf8(delta("नमस्ते दुनिया")).unwrap().replace("data: ", "data:"))
                .bytes(String::from_utf8(finish("stop")).unwrap().trim_end()),
        ),
    ]
}

#[test]
fn row_19_oddities_that_providers_have_lose_nothing() {
    let home = Home::new();
    let odd = odd();
    let server = Server::replies(odd.iter().map(|(_, reply)| reply.clone()));
    let session = start(munshi(&home, &server));
    for (n, (what, _)) in odd.iter().enumerate() {
        let screen = ask(&session, &home, &format!("question{n}."), n + 1);
        let kept = replies(&home).pop().unwrap();
        assert_eq!((kept.content.as_str(), kept.status.as_str()), ("नमस्ते दुनिया", "complete"), "{what}: {}", kept.note);
        assert!(!screen.contains("ncomplete"), "{what}:\n{}", &*screen);
    }
    assert_eq!(server.requests().len(), odd.len());
    leave(&session, &home);
}

#[test]
fn row_19_broken_data_keeps_the_valid_text_and_is_never_complete() {
    let home = Home::new();
    let broken = |bytes: &[u8]| stream().bytes(role()).bytes(delta("kept")).bytes(bytes).ends(End::Whole);
    let faults = [
        broken(b"data: {\"choices\":[{\"delta\":\n\n"),
        broken(b"data: <html>502</html>\n\n"),
        broken(&event(r#"{"error":{"message":"the model crashed","type":"server_error"}}"#)),
        broken(b"event: error\ndata: {\"message\":\"the model crashed\"}\n\n"),
        broken(b"data: \xff\xfe\xfd\n\n"),
    ];
    let count = faults.len();
    let server = Server::replies(faults);
    let session = start(munshi(&home, &server));
    for n in 0..count {
        let screen = ask(&session, &home, &format!("question{n}."), n + 1);
        let kept = replies(&home).pop().unwrap();
        assert_eq!((kept.content.as_str(), kept.status.as_str()), ("kept", "interrupted"), "fault {n}: {}", kept.note);
        assert!(screen.contains("Incomplete: openai"), "fault {n}:\n{}", &*screen);
        assert_eq!(server.requests().len(), n + 1);
    }
    leave(&session, &home);
}

#[test]
fn row_19_a_page_in_place_of_a_stream_is_said_to_be_one() {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 1\n");
    let page = Reply::new(200, "text/html").bytes("<html><body>Please sign in</body></html>");
    let server = Server::replies([page]);
    let session = start(munshi(&home, &server));
    let screen = ask(&session, &home, "hello?", 1);
    assert!(screen.contains("is no chat stream"), "{}", &*screen);
    leave(&session, &home);
}

/// The most memory the process ever held, in kB.
#[cfg(target_os = "linux")]
fn peak_memory(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn row_20_one_line_of_a_megabyte_leaves_typing_possible_and_memory_small() {
    let home = Home::new();
    let piece = "abcdefghij".repeat(1_000);
    let tokens: Vec<&str> = std::iter::repeat_n(piece.as_str(), 100).chain(["THE-END"]).collect();
    let server = Server::replies([sse_reply(&tokens)]);
    let session = start(munshi(&home, &server));
    session.send_line("one long line please");
    // A burst right behind an Enter would be a paste.
    server.wait_for_requests(1);
    session.type_text("typed meanwhile");
    session.wait_for_text("typed meanwhile");
    session.wait_for_text("THE-END");
    wait_for_ends(&home, 1);
    session.wait_for_text("F1 help");
    let peak = peak_memory(session.pid());
    assert!(peak < 200 * 1024, "{peak} kB");
    assert_eq!(replies(&home)[0].content.len(), 1_000_007);
    session.key(super::support::keys::Key::Ctrl('u'));
    session.wait_for(is_at_rest);
    leave(&session, &home);
}

#[test]
fn row_21_usage_that_cannot_be_true_is_unknown_and_none_is_counted_here() {
    let home = Home::new();
    let with = |usage: &str| {
        let reply = stream().bytes(role()).bytes(delta("four words of text")).bytes(finish("stop"));
        reply.bytes(event(&format!(r#"{{"choices":[],"usage":{usage}}}"#))).bytes(done())
    };
    let absurd = [
        with(r#"{"prompt_tokens":-5,"completion_tokens":3}"#),
        with(r#"{"prompt_tokens":1000000000000000000,"completion_tokens":1000000000000000000}"#),
        with(r#"{"prompt_tokens":1e300,"completion_tokens":"lots"}"#),
    ];
    let missing = stream().bytes(role()).bytes(delta("four words of text")).bytes(finish("stop")).bytes(done());
    let count = absurd.len();
    let server = Server::replies(absurd.into_iter().chain([missing]));
    let session = start(munshi(&home, &server));
    for n in 0..count {
        let screen = ask(&session, &home, &format!("question{n}."), n + 1);
        assert!(screen.contains("tokens unknown · cost unknown"), "usage {n}:\n{}", &*screen);
        let row = ledger(&home).pop().unwrap();
        assert_eq!((row.outcome.as_deref(), row.cost, row.input), (Some("complete"), None, None));
    }
    let screen = ask(&session, &home, "and without?", count + 1);
    assert!(screen.contains(" in · ~"), "{}", &*screen);
    let row = ledger(&home).pop().unwrap();
    assert!(row.estimated == Some(true) && row.cost > Some(0), "{row:?}");
    leave(&session, &home);
}
