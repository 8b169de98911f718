//! Keys: entered hidden, kept for their owner alone, and nowhere else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::kit::{ask, begin, enter, is_empty, quit, reply, said, submit, turns, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::error;
use super::support::server::{Reply, Server};

const SECRET: &str = "sk-proj-7Gq2secretsecretsecretXYZ9";

/// Every file below a folder that holds the secret.
fn holders(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holders(&path));
        } else if std::fs::read(&path).unwrap().windows(8).any(|bytes| bytes == b"7Gq2secr") {
            found.push(path);
        }
    }
    found
}

fn never_shown(session: &Session) -> bool {
    !session.raw_output().windows(8).any(|bytes| bytes == b"7Gq2secr")
}

/// Refuses every key but the secret.
fn guarded() -> Server {
    Server::start(|request| match request.header("authorization") {
        Some(header) if header == format!("Bearer {SECRET}") => reply("Welcome."),
        _ => error(401, "invalid_api_key", "Incorrect API key provided"),
    })
}

#[test]
fn after_a_401_the_key_is_replaced_without_leaving_and_stands_in_no_file_but_its_own() {
    let home = Home::new();
    let server = guarded();
    let session = begin(home.munshi().against(&server.base_url()).args(["--log-level", "trace"]));
    submit(&session, "Let me in");
    let screen = session.wait_for_text("refused the key");
    assert!(screen.contains("Replace it with"), "{}", screen.text);
    assert_eq!(server.requests().len(), 1, "a key that is refused is not tried again");
    write(&session, "/key");
    session.key(Key::Enter);
    session.wait_for_text("The key for openai");
    session.type_text(SECRET);
    session.wait_for_text("••••••••");
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("sk-…XYZ9 is in use for openai") && is_empty(screen));
    submit(&session, "/retry");
    session.wait_for_text("Welcome.");
    assert_eq!(said(&server, 1), turns(&["Let me in"]));
    assert!(never_shown(&session));
    quit(&session);
    let file = home.config_dir().join("keys.toml");
    assert_eq!(holders(home.root()), std::slice::from_ref(&file));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    for folder in [home.config_dir(), home.data_dir(), home.state_dir()] {
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
    }
    let database = home.data_dir().join("munshi.db");
    assert_eq!(std::fs::metadata(database).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_typed_behind_the_command_goes_nowhere() {
    let home = Home::new();
    let server = guarded();
    let session = begin(home.munshi().against(&server.base_url()));
    write(&session, &format!("/key {SECRET}"));
    enter(&session);
    session.wait_for_text("not the key");
    session.key(Key::Up);
    write(&session, "x");
    session.keys([Key::Backspace, Key::Ctrl('c'), Key::Ctrl('c'), Key::Ctrl('c')]);
    session.wait_exit();
    assert_eq!(holders(home.root()), Vec::<PathBuf>::new());
}

#[test]
fn a_draft_that_begins_with_the_key_command_is_never_saved() {
    let home = Home::new();
    let server = guarded();
    let session = begin(home.munshi().against(&server.base_url()));
    write(&session, &format!("/key {SECRET}"));
    session.signal(super::support::pty::Signal::TERM);
    session.wait_exit();
    assert_eq!(holders(home.root()), Vec::<PathBuf>::new());
}

#[test]
fn a_key_with_a_space_in_it_is_refused_where_it_was_entered() {
    let server = guarded();
    let session = begin(Home::new().munshi().against(&server.base_url()));
    write(&session, "/key openai");
    session.key(Key::Enter);
    session.wait_for_text("The key for openai");
    session.paste("two words");
    session.wait_for_text("•••••••••");
    session.key(Key::Enter);
    session.wait_for_text("copy it again");
    session.key(Key::Esc);
    session.wait_for(is_empty);
}

#[test]
fn a_key_file_that_others_can_read_is_not_used_and_the_mend_is_said() {
    let home = Home::new();
    home.write_config("[providers.house]\nbase_url = \"http://127.0.0.1:9/v1\"\napi_key_env = \"HOUSE_KEY\"\n");
    let file = home.config_dir().join("keys.toml");
    std::fs::write(&file, format!("house = \"{SECRET}\"\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let shown = home.munshi().args(["config", "show"]).command().output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("chmod 600") && !shown.contains("7Gq2"), "{shown}");
}

#[test]
fn the_log_has_the_cost_and_no_word_of_the_message() {
    let home = Home::new();
    let server = Server::replies([super::kit::dear("A very private answer.")]);
    let session = super::kit::open(&home, &server);
    ask(&session, "A very private question", "A very private answer.");
    quit(&session);
    let mut log = String::new();
    for entry in std::fs::read_dir(home.state_dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            log += &std::fs::read_to_string(path).unwrap();
        }
    }
    assert!(log.contains("gpt-4o-mini") && log.contains("tokens_out=500000") && log.contains("took_ms="), "{log}");
    assert!(!log.contains("private") && !log.contains("sk-test"), "{log}");
}

#[test]
fn a_redirect_never_carries_the_key_to_another_host() {
    let elsewhere = Server::replies([reply("Thief.")]);
    let away = Reply::json(307, "{}").header("location", &format!("{}/chat/completions", elsewhere.base_url()));
    let server = Server::replies([away]);
    let session = super::kit::open(&Home::new(), &server);
    submit(&session, "Hello");
    session.wait_for_text("points elsewhere");
    assert!(elsewhere.requests().is_empty());
}
