//! The question at the terminal that munshi was started from, whatever its standard input is.

use std::io::Write as _;

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;

/// Set where this very program runs again, in the terminal of one of the tests below.
const ASKS: &str = "MUNSHI_ASK_TEST_ASKS";

#[test]
fn the_program_that_asks() {
    if std::env::var_os(ASKS).is_none() {
        return;
    }
    let answer = munshi::platform::terminal::ask("Run it? [y/N] ");
    writeln!(std::io::stdout(), "answered {answer:?}").unwrap();
}

/// A shell that asks with nothing on standard input, once the pipe `go` was written to.
fn asked() -> (Home, Session) {
    let home = Home::new();
    let own = std::env::current_exe().unwrap();
    let ask = format!("{ASKS}=1 '{}' --exact question::the_program_that_asks </dev/null", own.display());
    let session = home.shell(&format!("mkfifo go; echo made; cat go; {ask}")).size(120, 24).start();
    session.wait_for_text("made");
    (home, session)
}

fn go(home: &Home) {
    let mut pipe = std::fs::File::options().write(true).open(home.home_dir().join("go")).unwrap();
    pipe.write_all(b"gone\n").unwrap();
}

#[test]
fn a_call_is_asked_about_at_the_terminal_though_standard_input_is_another() {
    let (home, session) = asked();
    go(&home);
    session.wait_for_text("Run it? [y/N]");
    session.type_text("yes");
    session.key(Key::Enter);
    session.wait_for_text("answered Ok(\"yes\\n\")");
}

#[test]
fn what_was_typed_before_the_question_is_no_answer_to_it() {
    let (home, session) = asked();
    session.type_text("yes\n");
    session.wait_for_text("yes");
    go(&home);
    session.wait_for_text("Run it? [y/N]");
    session.key(Key::Enter);
    session.wait_for_text("answered Ok(\"\\n\")");
}

#[test]
fn a_terminal_that_ends_has_not_agreed() {
    let (home, session) = asked();
    go(&home);
    session.wait_for_text("Run it? [y/N]");
    session.key(Key::Ctrl('d'));
    session.wait_for_text("answered Ok(\"\")");
}
