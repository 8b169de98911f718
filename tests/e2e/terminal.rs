//! The terminal, given back as it was whatever happens; and what munshi does where there is none, or a poor one.

use super::kit::{AT_REST, ask, begin, open, reply, submit};
use super::support::keys::Key;
use super::support::launch::{Home, Launch, munshi_binary};
use super::support::pty::Signal;
use super::support::server::Server;

/// munshi between two looks at the terminal's modes; what is left on the screen tells whether they are the same.
fn between_looks(home: &Home, args: &str) -> Launch {
    home.shell(&format!(
        "before=$(stty -g); '{}' {args}; code=$?; [ \"$before\" = \"$(stty -g)\" ] && echo same modes, code $code",
        munshi_binary().display()
    ))
}

#[test]
fn the_terminal_is_as_it_was_after_a_quit() {
    let server = Server::replies([reply("ok")]);
    let session = begin(between_looks(&Home::new(), "").against(&server.base_url()));
    session.key(Key::Ctrl('d'));
    session.wait_for_text("same modes, code 0");
    session.wait_exit();
    let screen = session.screen();
    assert!(!screen.alternate && screen.cursor_shown && !screen.mouse && !screen.bracketed_paste);
}

#[test]
fn row_22_a_panic_of_the_loop_restores_the_terminal_and_keeps_what_was_said() {
    let home = Home::new();
    let server = Server::replies([reply("Kept answer.")]);
    let launch = between_looks(&home, "").against(&server.base_url()).env("MUNSHI_TEST_PANIC", "loop");
    let session = begin(launch);
    ask(&session, "Kept question", "Kept answer.");
    super::kit::write(&session, "kept draft");
    session.key(Key::F(12));
    session.wait_for_text("same modes, code 101");
    session.wait_exit();
    let screen = session.screen();
    assert!(screen.contains("the loop panics, as the test asked"), "{}", screen.text);
    assert!(!screen.alternate && screen.cursor_shown && !screen.mouse && !screen.bracketed_paste);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    later.wait_for(|screen| screen.contains("Kept answer.") && super::kit::draft(screen) == "kept draft");
}

#[test]
fn row_22_a_panic_of_a_task_restores_the_terminal_and_keeps_what_was_said() {
    let home = Home::new();
    let server = Server::replies([reply("Kept answer.")]);
    let launch = between_looks(&home, "").against(&server.base_url()).env("MUNSHI_TEST_PANIC", "task");
    let session = begin(launch);
    ask(&session, "Kept question", "Kept answer.");
    session.key(Key::F(12));
    session.wait_for_text("same modes, code 101");
    session.wait_exit();
    let screen = session.screen();
    assert!(screen.contains("a task panics, as the test asked"), "{}", screen.text);
    assert!(!screen.alternate && screen.cursor_shown && !screen.mouse && !screen.bracketed_paste);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    later.wait_for_text("Kept answer.");
}

#[test]
fn row_23_a_termination_ends_it_in_order() {
    let server = Server::replies([reply("ok")]);
    for signal in [Signal::TERM, Signal::HUP] {
        let session = open(&Home::new(), &server);
        session.signal(signal);
        assert!(session.wait_exit().success(), "{signal:?}");
        let screen = session.screen();
        assert!(!screen.alternate && screen.cursor_shown, "{signal:?}");
    }
}

#[test]
fn no_color_means_none() {
    let server = Server::replies([reply("# Title\n\n`code` and\n\n```rust\nfn main() { let x = 1; }\n```\n")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).env("NO_COLOR", "1"));
    ask(&session, "Colourful?", "fn main");
    submit(&session, "/model");
    session.wait_for_text("Without a key");
    session.with_terminal(|screen| {
        for (row, col) in (0..24).flat_map(|row| (0..80).map(move |col| (row, col))) {
            let cell = screen.cell(row, col).unwrap();
            assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
        }
    });
    let raw = String::from_utf8_lossy(&session.raw_output()).into_owned();
    assert!(!raw.contains("\u{1b}[38;") && !raw.contains("\u{1b}[48;"));
}

#[test]
fn row_39_nothing_that_a_model_writes_reaches_the_terminal_as_a_command() {
    let evil = "a\u{1b}]0;owned\u{7}b\u{1b}]52;c;ZXZpbA==\u{7}c\u{1b}[2Jd\u{9b}31me\u{202e}f\u{e0041}g";
    let server = Server::replies([reply(evil)]);
    let session = open(&Home::new(), &server);
    let screen = ask(&session, "Be evil", "␛]0;owned");
    assert!(screen.contains("<U+202E>") && screen.contains("<U+E0041>"), "{}", screen.text);
    assert!(screen.contains("Be evil") && screen.contains(AT_REST), "the screen is not cleared:\n{}", screen.text);
    assert!(session.clipboard().is_empty() && session.titles().iter().all(|title| !title.contains("owned")));
}

#[test]
fn row_24_a_suspended_chat_comes_back_with_fg() {
    let server = Server::replies([reply("Still here.")]);
    let looks = "stty -a | grep -o ' -*icanon'; echo in the shell; read line";
    let script = format!("set -m; '{}'; {looks}; fg; echo over with $?", munshi_binary().display());
    let session = begin(Home::new().shell(&script).against(&server.base_url()));
    ask(&session, "Before", "Still here.");
    session.key(Key::Ctrl('z'));
    let shell = session.wait_for_text("in the shell");
    assert!(!shell.alternate && shell.cursor_shown && !shell.mouse && !shell.bracketed_paste);
    assert!(shell.contains(" icanon"), "the shell has its terminal back meanwhile:\n{}", shell.text);
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains(AT_REST) && screen.contains("Still here.") && screen.alternate);
    super::kit::write(&session, "after");
    session.keys([Key::Ctrl('u'), Key::Ctrl('d')]);
    session.wait_for_text("over");
}

#[test]
fn ctrl_l_draws_everything_again() {
    let server = Server::replies([reply("Here.")]);
    let session = open(&Home::new(), &server);
    let before = ask(&session, "Where?", "Here.");
    let bytes = session.bytes_written();
    session.key(Key::Ctrl('l'));
    while session.bytes_written() < bytes + 100 {
        std::thread::yield_now();
    }
    assert_eq!(session.screen().row_of("Here."), before.row_of("Here."));
}

#[test]
fn row_30_without_a_terminal_it_says_so_and_ends_with_1() {
    let home = Home::new();
    let assert = assert_cmd::Command::from_std(home.munshi().command()).assert().code(1);
    let output = assert.get_output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the chat needs a terminal on standard input and output"), "{said}");
    assert!(output.stdout.is_empty() && !said.contains('\u{1b}'), "{said:?}");
    assert!(!home.data_dir().exists(), "nothing is made where nothing is opened");
}

#[test]
fn row_30_a_dumb_terminal_gets_no_colours() {
    let server = Server::replies([reply("# Title\n\nplain")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).env("TERM", "dumb"));
    ask(&session, "Colourful?", "plain");
    let raw = String::from_utf8_lossy(&session.raw_output()).into_owned();
    assert!(!raw.contains("\u{1b}[38;") && !raw.contains("\u{1b}[48;") && !raw.contains("\u{1b}[31m"));
}

#[cfg(target_os = "linux")] // where /proc tells which process is the shell's child
#[test]
fn row_24_a_chat_that_was_stopped_from_outside_is_drawn_again_when_it_goes_on() {
    let server = Server::replies([reply("Still here.")]);
    let looks = "stty sane; printf '\\033[?1049l\\033[2J'; echo in the shell; read line";
    let script = format!("set -m; '{}'; {looks}; fg; echo over", munshi_binary().display());
    let session = begin(Home::new().shell(&script).against(&server.base_url()));
    ask(&session, "Before", "Still here.");
    let stop = "for p in /proc/[0-9]*; do read -r pid comm state ppid rest < $p/stat && [ \"$ppid\" = \"$1\" ] && kill -STOP $pid; done 2>/dev/null";
    let status = std::process::Command::new("/bin/sh").args(["-c", stop, "sh", &session.pid().to_string()]).status();
    assert!(status.is_ok());
    session.wait_for_text("in the shell");
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains(AT_REST) && screen.contains("Still here.") && screen.alternate);
    super::kit::write(&session, "after");
}
