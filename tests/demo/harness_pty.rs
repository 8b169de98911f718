//! The pseudo-terminal is one: tried with shells, since a harness that lies makes every test of munshi worthless.

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Signal;

#[test]
fn what_a_program_prints_is_on_the_screen_and_its_status_is_told() {
    let session = Home::new().shell("printf 'one\\r\\n  \\033[1mtwo\\033[0m'; exit 7").start();
    assert_eq!(session.wait_exit().exit_code(), 7);
    let screen = session.screen();
    assert_eq!((screen.row(0), screen.row(1)), ("one", "  two"));
    assert_eq!(screen.cursor, (1, 5));
    assert!(session.raw_output().windows(4).any(|bytes| bytes == b"\x1b[1m"));
    assert_eq!(session.bytes_written(), session.raw_output().len());
}

#[test]
fn what_is_typed_reaches_the_program() {
    let session = Home::new().shell("read line; echo \"got <$line>\"").start();
    session.send_line("namaste duniya");
    session.wait_for_text("got <namaste duniya>");
    assert!(session.wait_exit().success());
}

#[test]
fn keys_are_the_bytes_that_a_terminal_sends() {
    let session = Home::new().shell("stty raw -echo; printf ready; od -An -tx1 -N 19; stty sane").start();
    session.wait_for_text("ready");
    session.keys([Key::Ctrl('c'), Key::Esc, Key::Alt('z'), Key::PageUp, Key::F(2), Key::Enter, Key::CtrlEnd, Key::Tab]);
    session.wait_for_text("03 1b 1b 7a 1b 5b 35 7e 1b 4f 51 0d 1b 5b 31 3b");
}

#[test]
fn a_paste_comes_in_brackets() {
    assert_eq!(Key::Paste("a\nb".into()).bytes(), b"\x1b[200~a\nb\x1b[201~");
}

#[test]
fn the_window_has_the_size_it_was_given_and_the_one_it_gets() {
    let script = "trap 'echo now $(stty size)' WINCH; stty size; while :; do sleep 0.05; done";
    let session = Home::new().shell(script).size(100, 30).start();
    session.wait_for_text("30 100");
    session.resize(40, 12);
    session.wait_for_text("now 12 40");
}

#[test]
fn the_environment_is_clean_and_the_folders_are_of_its_own() {
    let home = Home::new();
    let session = home.shell("env | sort; pwd").env("OPENAI_MODEL", "demo-mini").size(200, 60).start();
    session.wait_exit();
    let screen = session.screen();
    assert!(
        !screen.contains("OPENAI_API_KEY") && !screen.contains("CARGO") && screen.contains("OPENAI_MODEL=demo-mini")
    );
    assert!(screen.contains(&format!("MUNSHI_DATA_DIR={}", home.data_dir().display())));
    assert!(screen.contains(&format!("PWD={}", home.home_dir().display())));
    assert!(!home.data_dir().exists(), "munshi's folders are munshi's to make");
}

#[test]
fn what_one_program_leaves_at_home_the_next_one_finds() {
    let home = Home::new();
    home.shell("echo kept > note").start().wait_exit();
    let session = home.shell("cat note").start();
    session.wait_for_text("kept");
}

#[test]
fn a_signal_and_a_kill_end_it_and_are_told_apart() {
    let home = Home::new();
    let polite = home.shell("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done").start();
    polite.wait_for_text("up");
    polite.signal(Signal::TERM);
    assert_eq!(polite.wait_exit().exit_code(), 3);
    polite.wait_for_text("bye");
    let stubborn = home.shell("trap '' TERM HUP; echo up; while :; do sleep 0.05; done").start();
    stubborn.wait_for_text("up");
    assert!(stubborn.kill9().signal().is_some_and(|name| name.contains("Kill")));
}

#[test]
fn a_closed_window_hangs_up() {
    let home = Home::new();
    let script = "trap 'echo hup > hung; exit' HUP; trap 'echo redrawn' WINCH; echo up; while :; do sleep 0.05; done";
    let mut session = home.shell(script).start();
    session.wait_for_text("up");
    session.close_window();
    session.wait_exit();
    assert_eq!(std::fs::read_to_string(home.home_dir().join("hung")).unwrap(), "hup\n");
}

#[test]
fn the_modes_of_the_terminal_can_be_compared_even_after_the_end() {
    let home = Home::new();
    let tidy = home.shell("read start; stty raw -echo; stty sane; stty echo; exit").start();
    let before = tidy.modes();
    tidy.key(Key::Enter);
    tidy.wait_exit();
    let untidy = home.shell("stty raw -echo").start();
    untidy.wait_exit();
    assert_ne!(untidy.modes(), before);
}

#[test]
fn alternate_screen_cursor_title_and_clipboard_are_seen() {
    let script = "printf '\\033[?1049h\\033[?25l\\033]2;title\\007\\033]52;c;bmFtYXN0ZQ==\\007in'; read x; printf '\\033[?1049l\\033[?25hout'";
    let session = Home::new().shell(script).start();
    let inside = session.wait_for_text("in");
    assert!(inside.alternate && !inside.cursor_shown);
    assert_eq!(session.clipboard(), ["namaste"]);
    assert_eq!(session.titles(), ["title"]);
    session.key(Key::Enter);
    let outside = session.wait_for_text("out");
    assert!(!outside.alternate && outside.cursor_shown);
}

#[test]
fn a_query_for_the_cursor_is_answered() {
    let script = "stty raw -echo; printf 'abc\\033[6n'; od -An -tx1 -N 6; stty sane";
    Home::new().shell(script).start().wait_for_text("1b 5b 31 3b 34 52");
}

#[test]
fn a_huge_paste_does_not_block_the_test() {
    let session = Home::new().shell("stty raw -echo; printf ready; head -c 1000000 | wc -c; stty sane").start();
    session.wait_for_text("ready");
    session.send(&vec![b'x'; 1_000_000]);
    session.wait_for_text("1000000");
}

#[test]
#[should_panic(expected = "here I am")]
fn a_condition_that_never_comes_fails_with_the_screen() {
    let session = Home::new().shell("echo here I am").start();
    session.wait_for_text("something else");
}
