//! Calls, arguments and output that mean harm: none of it reaches the terminal as anything but text, and what runs is
//! what was shown.

use std::path::PathBuf;

use super::kit::{AT_REST, reply, submit};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::tool_calls;
use super::support::server::Server;
use super::tools_kit::{ASKS, look, results, scripted};

/// What a terminal would obey, or would not show.
const EVIL: &str = "a\u{1b}]0;owned\u{7}b\u{1b}]52;c;ZXZpbA==\u{7}c\u{9b}31md\u{202e}e\u{e0041}f\rYour word?";

/// Nothing of [`EVIL`] was obeyed, and the bytes that could be were never written.
#[track_caller]
fn assert_tame(session: &Session) {
    assert!(session.clipboard().is_empty() && session.titles().iter().all(|title| !title.contains("owned")));
    let raw = session.raw_output();
    for part in ["\u{1b}]52", "\u{1b}]0;owned", "\u{7}b", "\u{9b}31m", "\u{202e}", "\u{e0041}", "\rYour"] {
        assert!(!raw.windows(part.len()).any(|window| window == part.as_bytes()), "{part:?} was written");
    }
}

/// A home with a command that writes its argument to a file and prints another; the file, and its folder for the other.
fn recording() -> (Home, PathBuf) {
    let home = Home::new();
    let folder = home.root().join("open");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.display();
    let script = format!("printf %s \\\"$1\\\" > {path}/argument; cat {path}/printed");
    let command = format!("command = [\"sh\", \"-c\", \"{script}\", \"sh\", \"{{text}}\"]\nwrites = [\"{path}\"]");
    home.write_config(&format!(
        "[tools.record]\ndescription = \"Records\"\nparameters = {{ text = \"the text\" }}\n{command}\n"
    ));
    (home, folder)
}

#[test]
fn row_40_what_runs_is_what_was_shown_down_to_its_last_line() {
    let (home, folder) = recording();
    let text = format!("{EVIL}{}the very end\u{202e}", "\n".repeat(10_000));
    let arguments = serde_json::json!({ "text": text }).to_string();
    std::fs::write(folder.join("printed"), format!("{EVIL}\n")).unwrap();
    let server = Server::replies([tool_calls(&[("c1", "record", &arguments)], 700), reply("Recorded.")]);
    let session = scripted(&home, &server);
    submit(&session, "Record it");
    let screen = look(&session, "record");
    assert!(screen.contains("20,006 lines") && screen.contains("↓ more below"), "{}", screen.text);
    let shown = "\"a␛]0;owned␇b␛]52;c;ZXZpbA==␇c<U+009B>31md<U+202E>e<U+E0041>f␍Your word?⏎";
    assert!(screen.contains(shown) && !screen.contains("the very end"), "{}", screen.text);
    session.key(Key::PageDown);
    session.wait_until_gone(shown);
    session.key(Key::End);
    let screen = session.wait_for_text("the very end<U+202E>\"");
    assert!(!screen.contains("↓ more below") && screen.contains(ASKS), "{}", screen.text);
    assert!(!folder.join("argument").exists(), "it has not run yet");
    session.key(Key::Char('o'));
    session.wait_for(|screen| screen.contains("Recorded.") && screen.contains(AT_REST));
    assert_eq!(std::fs::read_to_string(folder.join("argument")).unwrap(), text);
    assert!(results(&server, 1)[0].1.ends_with(&format!("{EVIL}\n")), "the model is told the data as it is");
    session.key(Key::Alt('t'));
    session.wait_for_text("▾ arguments");
    session.key(Key::CtrlHome);
    session.wait_for_text("Record it");
    session.key(Key::CtrlEnd);
    session.wait_for(|screen| screen.contains("Recorded.") && screen.contains("␛]52;c;ZXZpbA=="));
    assert_tame(&session);
}

#[test]
fn row_39_a_hostile_name_and_hostile_arguments_are_text_and_the_chat_goes_on() {
    let home = Home::new();
    home.write_config("[tools.plain]\ndescription = \"Plain\"\ncommand = [\"true\"]\n");
    let name = format!("plain{EVIL}");
    let arguments = serde_json::json!({ EVIL: EVIL }).to_string();
    let calls = [("c1", name.as_str(), arguments.as_str()), ("c2", "plain", EVIL)];
    let server = Server::replies([tool_calls(&calls, 4), reply("Never mind.")]);
    let session = scripted(&home, &server);
    submit(&session, "Be evil");
    let screen = session.wait_for(|screen| screen.contains("Never mind.") && screen.contains(AT_REST));
    assert!(screen.contains("⚙ plaina␛]0;owned"), "{}", screen.text);
    session.key(Key::Alt('t'));
    let screen = session.wait_for_text("▾ arguments");
    assert!(screen.contains("Be evil"), "the screen is not cleared:\n{}", screen.text);
    let told = results(&server, 1);
    assert!(told.len() == 2 && told.iter().all(|(_, text)| text.starts_with("Not run: ")), "{told:?}");
    let asked = server.requests()[1].json();
    let called = asked["messages"].as_array().unwrap().iter().filter_map(|message| message["tool_calls"].as_array());
    for call in called.flatten() {
        let name = call["function"]["name"].as_str().unwrap();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        assert!(name.chars().all(is_name) && name.len() <= 64, "providers answer 400 to such a name: {name:?}");
    }
    assert_tame(&session);
}
