//! What comes from around the program: bytes that are no text, outputs that are no terminal.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, Output, Stdio};

use super::support::launch::Home;
use super::support::replies::sse_reply;
use super::support::server::Server;
use super::world::{ask, leave, munshi, start};

fn broken(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// Neither a panic nor an escape code, and every byte is text.
#[track_caller]
fn assert_plain(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8(all).expect("what is printed is UTF-8");
    assert!(!text.contains("panicked"), "{text}");
    let foreign: Vec<char> = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\t')).collect();
    assert!(foreign.is_empty(), "{foreign:?} in {text:?}");
    text
}

#[test]
fn row_28_arguments_that_are_not_utf_8_become_replacement_characters() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["fine"])]);
    let session = start(munshi(&home, &server).arg("--system").arg(broken(b"be\xffnice")).arg("-m").arg("gpt-4o-mini"));
    ask(&session, &home, "well?", 1);
    assert_eq!(server.requests()[0].messages()[0], ("system".into(), "be\u{fffd}nice".into()));
    leave(&session, &home);
    for args in [
        vec![broken(b"\xfe\xff")],
        vec!["chats".into(), "show".into(), broken(b"\xff")],
        vec!["-r".into(), broken(b"\xc3")],
    ] {
        let output = run(home.munshi().args(&args).command().env("COLUMNS", "80"));
        assert!(!output.status.success());
        assert_plain(&output);
    }
}

#[test]
fn row_28_an_environment_and_files_that_are_not_utf_8_cause_no_panic() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["fine"])]);
    let hostile = |launch: super::support::launch::Launch| {
        launch
            .env("OPENAI_MODEL", broken(b"mod\xffel"))
            .env("SOMETHING", broken(b"\x80\x81"))
            .env(broken(b"NAME\xff"), "x")
            .env("LANG", broken(b"\xff"))
            .env("EDITOR", broken(b"\xff"))
    };
    std::fs::create_dir_all(home.config_dir()).unwrap();
    std::fs::write(home.home_dir().join(".env"), b"OTHER=\xff\xfe\nOPENAI_TEMPERATURE=0.5\n").unwrap();
    std::fs::write(home.config_dir().join("prompt.md"), b"be \xff kind").unwrap();
    home.write_config("system_file = \"prompt.md\"\n");
    let session = start(hostile(munshi(&home, &server)));
    ask(&session, &home, "well?", 1);
    assert!(String::from_utf8_lossy(&session.raw_output()).contains("mod\u{fffd}el"));
    let request = server.requests().remove(0);
    assert_eq!(request.messages()[0].1, "be \u{fffd} kind");
    assert_eq!(request.json()["model"], "mod\u{fffd}el");
    leave(&session, &home);
    assert_plain(&run(&mut hostile(home.munshi()).args(["config", "show"]).command()));
    // A configuration that is no text names the file, and the exit code says whose fault it is.
    std::fs::write(home.config_dir().join("config.toml"), b"model = \"\xff\"\n").unwrap();
    let output = run(&mut home.munshi().args(["config", "show"]).command());
    assert_eq!(output.status.code(), Some(2));
    assert!(assert_plain(&output).contains("config.toml"));
}

#[test]
fn row_28_a_data_folder_whose_name_is_no_utf_8_is_one_with_replacement_characters() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["kept ", "there"])]);
    let folder = home.root().join(broken(b"da\xffta"));
    let session = start(munshi(&home, &server).env("MUNSHI_DATA_DIR", &folder));
    session.send_line("where?");
    session.wait_for_text("kept there");
    session.wait_for_text("F1 help");
    session.key(super::support::keys::Key::Ctrl('d'));
    assert!(session.wait_exit().success());
    assert!(home.root().join("da\u{fffd}ta").join("munshi.db").exists());
}

#[test]
fn row_30_without_a_terminal_the_chat_says_what_it_needs_in_plain_text() {
    let home = Home::new();
    let output = run(&mut home.munshi().command());
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "standard output is data");
    assert!(assert_plain(&output).contains("the chat needs a terminal"));
}

#[test]
fn row_30_no_command_writes_an_escape_code_into_a_pipe() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["\u{1b}[31mred\u{1b}[0m \u{9b}31m \u{7}"])]);
    let session = start(munshi(&home, &server));
    ask(&session, &home, "colours?", 1);
    leave(&session, &home);
    let list = assert_plain(&run(&mut home.munshi().args(["chats", "list"]).command()));
    let id = list.split_whitespace().next().unwrap().to_owned();
    for term in ["xterm-256color", "dumb"] {
        for args in [
            vec!["--help"],
            vec!["--version"],
            vec!["no-such-command"],
            vec!["models"],
            vec!["models", "--json"],
            vec!["config", "path"],
            vec!["config", "show"],
            vec!["config", "show", "--json"],
            vec!["chats", "list", "--json"],
            vec!["chats", "show", &id],
            vec!["completions", "bash"],
            vec!["man"],
        ] {
            let output = run(&mut home.munshi().args(&args).env("TERM", term).command());
            assert_plain(&output);
            assert_eq!(output.status.success(), args != ["no-such-command"], "{args:?}");
        }
    }
}

#[test]
fn row_30_a_standard_output_that_is_closed_or_goes_away_is_no_panic() {
    let home = Home::new();
    let munshi = super::support::launch::munshi_binary();
    for script in [
        "models >&-",
        "man >&- 2>&-",
        "models | head -c 10",
        "completions bash | true",
        "--help >&-",
        "models > /dev/full",
    ] {
        let script = format!("'{}' {script}; echo \"status $?\" >&2", munshi.display());
        let output = run(&mut home.shell(&script).command());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked") && said.contains("status "), "{script}: {said}");
        assert!(!said.contains("status 101") && !said.contains("status 134"), "{script}: {said}");
    }
}

#[test]
fn row_30_on_a_dumb_terminal_there_are_no_colours_and_the_chat_works() {
    let home = Home::new();
    let server = Server::replies([sse_reply(&["**bold** and `code`"])]);
    let session = start(munshi(&home, &server).env("TERM", "dumb"));
    ask(&session, &home, "colours?", 1);
    let written = String::from_utf8_lossy(&session.raw_output()).into_owned();
    for sequence in written.split("\x1b[").skip(1) {
        let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
        let colours = sequence[..end].split(';').any(|code| matches!(code.parse(), Ok(30..=38 | 40..=48 | 90..=107)));
        assert!(!sequence[end..].starts_with('m') || !colours, "{:?}", &sequence[..=end]);
    }
    leave(&session, &home);
}
