//! Bytes that want to act: in what a model says, in its name, in errors, titles and file names. All that reaches the
//! terminal is what munshi meant.

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::{closed, delta, error, event, finish, reasoning, role, sse_reply, stream};
use super::support::server::{Reply, Server};
use super::world::{ask, is_at_rest, leave, messages, munshi, start, wait_for_ends};

/// Sequences that would colour, copy, link, query, ring, turn and hide.
const HOSTILE: &str = concat!(
    "A\x1b[2;31;5mB\x1b]52;c;aGFja2Vk\x07C\x1b]8;;http://evil.example\x1b\\D\u{9b}31mE\u{90}q\u{9c}F\x1bP1$r0m\x1b\\G",
    "\x07H\u{202e}I\u{2066}J\u{200b}K\u{e0041}L\x08M\x0bN\x7fO\x1b[6nP\x1bcQ\x1b[?1049lR\u{9d}0;owned\u{9c}S\x00T\u{feff}U"
);

/// What of it must be seen instead.
const SHOWN: [&str; 5] = ["␛", "␇", "<U+202E>", "<U+2066>", "<U+E0041>"];

/// Private modes that munshi switches.
const MODES: [&str; 8] = ["25", "1000", "1002", "1004", "1006", "1049", "2004", "2026"];

/// Reads every byte as a terminal would, and stops at the first sequence that is none of munshi's own.
#[track_caller]
fn assert_only_what_munshi_means(raw: &[u8]) {
    let text = std::str::from_utf8(raw).expect("what munshi writes is UTF-8");
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| is_active(c)) {
        let found = &rest[at..];
        let around: String = rest[..at].chars().rev().take(20).collect::<String>().chars().rev().collect();
        let length = own_sequence(found);
        assert!(length > 0, "after {around:?} comes {:?}", found.chars().take(30).collect::<String>());
        rest = &found[length..];
    }
}

/// What a terminal does something at, or what hides or turns text.
fn is_active(c: char) -> bool {
    let turns = matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    c.is_control() || turns || ('\u{e0000}'..='\u{e007f}').contains(&c)
}

/// The length of munshi's own sequence at the beginning; 0 where it is none.
fn own_sequence(text: &str) -> usize {
    if text.starts_with(['\r', '\n']) {
        return 1;
    }
    let Some(csi) = text.strip_prefix("\x1b[") else { return 0 };
    let Some(end) = csi.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c)) else { return 0 };
    let (params, last) = (&csi[..end], csi.as_bytes()[end]);
    let numbers = params.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'));
    let known = match last {
        b'm' | b'H' | b'J' | b'K' | b'A' | b'B' | b'C' | b'D' | b'G' => numbers,
        b'h' | b'l' => params.strip_prefix('?').is_some_and(|mode| MODES.contains(&mode)),
        b'q' => params.ends_with(' '),
        b'u' => matches!(params, ">1" | "<1"),
        _ => false,
    };
    if known { 2 + end + 1 } else { 0 }
}

/// That nothing acted: neither by any sequence, nor by the exact ones of the attack.
#[track_caller]
fn assert_unharmed(session: &Session) {
    let mut raw = session.raw_output();
    if session.exit().is_none() {
        // The frame that is being written has no end yet.
        let end = b"\x1b[?2026l";
        let whole = raw.windows(end.len()).rposition(|bytes| bytes == end).map_or(0, |at| at + end.len());
        raw.truncate(whole);
    }
    assert_only_what_munshi_means(&raw);
    let text = String::from_utf8_lossy(&raw).into_owned();
    for attack in ["\x1b[2;31;5m", "\x1b]", "\x1bP", "\x1bc", "\x1b[6n"] {
        assert!(!text.contains(attack), "{attack:?} went through");
    }
    assert!(session.clipboard().is_empty() && session.titles().is_empty());
}

#[track_caller]
fn assert_shown(screen: &str) {
    for shown in SHOWN {
        assert!(screen.contains(shown), "{shown} is not on the screen:\n{screen}");
    }
}

#[test]
fn row_39_what_a_model_says_is_only_text() {
    let home = Home::new();
    let fenced = format!(
        "```{HOSTILE}\ncode {HOSTILE}\n```\n\n| {HOSTILE} | b |\n|---|---|\n| c | {HOSTILE} |\n\n[{HOSTILE}](http://{HOSTILE})\n"
    );
    let whole = sse_reply(&[HOSTILE, "\n\n", fenced.as_str()]);
    // Cut everywhere, so that no piece alone looks dangerous.
    let pieces: Vec<String> = HOSTILE.chars().map(String::from).collect();
    let server = Server::replies([whole, sse_reply(&pieces)]);
    let session = start(munshi(&home, &server));
    assert_shown(&ask(&session, &home, "first?", 1));
    assert_shown(&ask(&session, &home, "second?", 2));
    session.key(Key::CtrlHome);
    session.wait_for_text("first?");
    assert_unharmed(&session);
    let kept = messages(&home);
    assert_eq!(kept[3].content, HOSTILE, "what is kept is the text itself");
    leave(&session, &home);
    assert_unharmed(&session);
}

#[test]
fn row_39_names_reasons_and_reasoning_are_only_text() {
    let home = Home::new();
    let chunk = serde_json::json!({"id": HOSTILE, "model": HOSTILE, "choices": [{"index": 0, "delta": {"role": HOSTILE, "content": "hi"}}]});
    let odd = stream().bytes(event(&chunk.to_string())).bytes(reasoning(HOSTILE)).bytes(finish(HOSTILE));
    let called = serde_json::json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": HOSTILE, "function": {"name": HOSTILE, "arguments": HOSTILE}}]}}]});
    let tool = stream().bytes(role()).bytes(event(&called.to_string())).bytes(finish("tool_calls"));
    let server = Server::replies([odd, tool, sse_reply(&["done"])]);
    let session = start(munshi(&home, &server));
    session.type_text("/model ");
    session.wait_for_text("/model");
    session.paste(HOSTILE);
    session.wait_for(|screen| screen.contains("<U+202E>"));
    session.key(Key::Enter);
    session.wait_for_text("its price is unknown");
    for n in 0..3 {
        session.send_line(&format!("question{n}."));
        wait_for_ends(&home, n + 1);
        let screen = session.wait_for(|screen| screen.contains("Write a message"));
        assert!(screen.contains('␛'), "{}", &*screen);
    }
    session.send_line("/status");
    session.wait_for_text("next request");
    assert_unharmed(&session);
    leave(&session, &home);
    assert_unharmed(&session);
}

#[test]
fn row_39_a_name_from_the_environment_that_is_no_name_is_refused_without_obeying_it() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["never"])]);
    let session = munshi(&home, &server).env("OPENAI_MODEL", HOSTILE.replace('\0', "")).start();
    assert_eq!(session.wait_exit().exit_code(), 2);
    session.wait_for_text("environment OPENAI_MODEL: expected a name");
    assert_unharmed(&session);
}

#[test]
fn row_39_what_a_server_says_of_its_faults_is_only_text() {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 1\n");
    let bare = Reply::json(500, HOSTILE).header("x-request-id", "req-\u{9b}31m");
    let in_stream = stream().bytes(delta("begun")).bytes(event(
        &serde_json::json!({"error": {"message": HOSTILE, "type": HOSTILE, "code": HOSTILE}}).to_string(),
    ));
    let faults = [
        error(400, "bad", HOSTILE),
        error(401, HOSTILE, HOSTILE),
        error(429, "insufficient_quota", HOSTILE),
        bare,
        in_stream,
    ];
    let count = faults.len();
    let server = Server::replies(faults);
    let session = start(munshi(&home, &server));
    for n in 0..count {
        let screen = ask(&session, &home, &format!("question{n}."), n + 1);
        assert!(screen.contains('␛'), "fault {n}:\n{}", &*screen);
    }
    assert_unharmed(&session);
    leave(&session, &home);
    assert_unharmed(&session);
}

#[test]
fn row_39_titles_and_file_names_are_only_text() {
    let home = Home::new();
    let server = Server::replies([closed(stream().bytes(delta("fine")), 1)]);
    let session = start(munshi(&home, &server));
    session.paste(HOSTILE);
    session.wait_for(|screen| screen.contains("<U+202E>"));
    session.key(Key::Enter);
    session.wait_for_text("fine");
    session.wait_for(is_at_rest);
    assert_eq!(server.requests()[0].messages().pop().unwrap().1.replace('\n', ""), HOSTILE.replace('\n', ""));
    // A title of the model's or the user's, in the panel and in the status bar.
    session.type_text("/title ");
    session.wait_for_text("/title");
    session.paste(HOSTILE);
    session.wait_for(|screen| screen.contains("<U+202E>"));
    session.key(Key::Enter);
    session.wait_for_text("Renamed to");
    session.key(Key::F(2));
    session.wait_for(|screen| screen.lines().any(|row| row.contains('•') && row.contains('␛')));
    session.key(Key::Esc);
    session.wait_until_gone("Conversations");
    // A name that the user was talked into.
    session.type_text("/export ");
    session.wait_for_text("/export");
    session.paste(&format!("{}.md", HOSTILE.replace(['/', '\0'], "")));
    session.wait_for(|screen| screen.contains(".md"));
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("Written to") || screen.contains("could not be written"));
    assert_unharmed(&session);
    leave(&session, &home);
    assert_unharmed(&session);
    let again = start(munshi(&home, &server).arg("-c"));
    again.wait_for_text("fine");
    again.key(Key::F(2));
    again.wait_for(|screen| screen.lines().any(|row| row.contains('␛') && row.contains('│')));
    again.key(Key::Esc);
    again.wait_until_gone("Conversations");
    leave(&again, &home);
    assert_unharmed(&again);
}

#[test]
fn row_39_a_copy_that_the_user_asks_for_is_the_only_way_to_the_clipboard() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&[HOSTILE])]);
    let session = start(munshi(&home, &server));
    ask(&session, &home, "well?", 1);
    assert!(session.clipboard().is_empty());
    session.key(Key::Ctrl('y'));
    session.wait_for(|screen| screen.contains("Sent to the terminal's clipboard.") || screen.contains("Copied."));
    assert_eq!(session.clipboard(), [HOSTILE], "the raw text, once, and nothing else");
    leave(&session, &home);
}
