//! The first screen where no key is known, and each of its ways on.

use super::kit::{ask, is_empty, quit, reply, submit, write};
use super::support::keys::Key;
use super::support::launch::{Home, Launch};
use super::support::pty::Session;
use super::support::server::{Reply, Server};

fn first_screen(launch: Launch) -> Session {
    let session = launch.start();
    session.wait_for_text("Paste a key");
    session
}

/// Goes to where an address is typed, whatever listens on this machine's usual ports.
fn to_the_address(session: &Session) {
    session.type_text("2");
    let screen = session.wait_for(|screen| screen.contains("No server answered") || screen.contains("Which model?"));
    if screen.contains("Which model?") {
        session.key(Key::Esc);
    }
    session.wait_for_text("The address of an OpenAI-compatible server");
}

#[test]
fn without_a_key_the_ways_on_are_shown() {
    let session = first_screen(Home::new().munshi());
    let screen = session.screen();
    assert!(screen.contains("No key for openai is known yet"), "{}", screen.text);
    for way in ["1 Paste a key", "2 Use a local server", "3 Try the demo"] {
        assert!(screen.contains(way), "{}", screen.text);
    }
    session.key(Key::Esc);
    session.wait_for(is_empty);
    write(&session, "Hello?");
    session.key(Key::Enter);
    session.wait_for_text("The key for openai");
    session.key(Key::Esc);
    session.wait_for(|screen| super::kit::draft(screen) == "Hello?");
}

#[test]
fn a_pasted_key_is_kept_and_sent() {
    let home = Home::new();
    let session = first_screen(home.munshi());
    session.type_text("1");
    session.wait_for_text("The key for openai");
    session.paste("sk-pasted-0123456789abcdef\n");
    session.wait_for_text("••••••••");
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("sk-…cdef is in use for openai") && is_empty(screen));
    quit(&session);
    let server = Server::replies([reply("With a key.")]);
    let later = super::kit::begin(home.munshi().env("OPENAI_BASE_URL", server.base_url()));
    ask(&later, "Hello", "With a key.");
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer sk-pasted-0123456789abcdef"));
}

#[test]
fn a_key_pasted_at_once_need_not_be_asked_for() {
    let session = first_screen(Home::new().munshi());
    session.paste("sk-pasted-0123456789abcdef");
    session.wait_for(|screen| screen.contains("The key for openai") && screen.contains("••••••••"));
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("is in use for openai") && is_empty(screen));
}

#[test]
fn a_local_server_is_found_by_its_address_and_kept() {
    let home = Home::new();
    let server = Server::start(|request| {
        if request.head.starts_with("GET /v1/models ") {
            return Reply::json(200, r#"{"object":"list","data":[{"id":"small-model"},{"id":"tiny-model"}]}"#);
        }
        reply("From next door.")
    });
    let session = first_screen(home.munshi());
    to_the_address(&session);
    session.type_text(&server.base_url());
    session.wait_for_text(&server.base_url());
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("small-model") && screen.contains("tiny-model"));
    session.keys([Key::Down, Key::Enter]);
    session.wait_for(|screen| screen.contains("This chat now uses local/tiny-model.") && is_empty(screen));
    ask(&session, "Hello", "From next door.");
    let chats = |server: &Server| {
        server.requests().into_iter().filter(|request| request.head.starts_with("POST")).collect::<Vec<_>>()
    };
    let first = &chats(&server)[0];
    assert_eq!((first.json()["model"].as_str(), first.header("authorization")), (Some("tiny-model"), None));
    // It may want a key later: it is known by its name at once, and the key goes there.
    session.type_text("/key local");
    session.key(Key::Enter);
    session.wait_for_text("The key for local");
    session.paste("sk-next-door-0123456789");
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("is in use for local") && is_empty(screen));
    ask(&session, "With a key?", "From next door.");
    assert_eq!(chats(&server)[1].header("authorization"), Some("Bearer sk-next-door-0123456789"));
    quit(&session);
    let later = super::kit::begin(home.munshi());
    ask(&later, "Still there?", "From next door.");
    assert_eq!(chats(&server)[2].json()["model"], "tiny-model");
}

#[test]
fn an_address_where_nothing_answers_says_so_and_can_be_mended() {
    let session = first_screen(Home::new().munshi());
    to_the_address(&session);
    session.type_text("not an address");
    session.wait_for_text("not an address");
    session.key(Key::Enter);
    session.wait_for_text("expected an address such as");
    session.key(Key::Ctrl('u'));
    session.wait_for_text("> http://127.0.0.1:11434/v1");
    session.key(Key::Esc);
    session.wait_for_text("Paste a key");
}

#[test]
fn the_demo_is_one_key_away() {
    let home = Home::new();
    let session = first_screen(home.munshi().env("MUNSHI_DEMO_PACE", "0"));
    session.type_text("3");
    session.wait_for(|screen| is_empty(screen) && screen.contains("demo-mini"));
    submit(&session, "echo namaste");
    session.wait_for_text("You said:");
    quit(&session);
    assert!(home.data_dir().join("demo").join("munshi.db").exists());
}
