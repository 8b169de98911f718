//! What the terminal and its shell do to a program: stop it, go on with it, make it another size.

use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::{Session, Signal};
use super::support::replies::{closed, delta, role, stream};
use super::support::server::{Gate, Reply, Server};
use super::world::{
    Chance, assert_left_well, assert_sound, database, is_at_rest, leave, munshi, replies, start, wait_for_ends,
};

const PROMPT: &str = "READY>";

/// A reply in two halves, with a gate between them.
fn halves(gate: &Gate) -> Reply {
    let begun = stream().bytes(role()).bytes(delta("the first half"));
    closed(begun.gate(gate).bytes(delta(" and the second")), 2)
}

/// Waits for the shell's prompt on the normal screen.
#[track_caller]
fn wait_for_shell(session: &Session) {
    session.wait_for(|screen| !screen.alternate && screen.row(usize::from(screen.cursor.0)).starts_with(PROMPT));
}

#[test]
fn row_24_a_hundred_suspends_give_a_usable_shell_each_time_and_the_stream_goes_on() {
    let times = std::env::var("MUNSHI_SUSPENDS").ok().and_then(|count| count.parse().ok()).unwrap_or(100);
    let home = Home::new();
    let gate = Gate::new();
    let server = Server::replies([halves(&gate)]);
    let munshi_itself = super::support::launch::munshi_binary();
    let session = home
        .program("/bin/sh")
        .arg("-i")
        .against(&server.base_url())
        .env("PS1", format!("{PROMPT} "))
        .size(100, 30)
        .start();
    wait_for_shell(&session);
    let cooked = session.modes();
    session.type_text(&format!("'{}'\n", munshi_itself.display()));
    session.wait_for_text("Write a message");
    let raw = session.modes();
    assert_ne!(raw, cooked);
    session.send_line("go on");
    session.wait_for_text("the first half");
    for round in 0..times {
        session.key(Key::Ctrl('z'));
        wait_for_shell(&session);
        let screen = session.screen();
        assert!(screen.cursor_shown && !screen.mouse && !screen.bracketed_paste, "round {round}");
        session.type_text(&format!("echo usable-$(({round} + 1000))\n"));
        session.wait_for_text(&format!("\nusable-{}", round + 1000));
        if round == times / 2 {
            gate.open();
        }
        session.type_text("fg\n");
        session.wait_for(|screen| screen.alternate && screen.contains("the first half"));
    }
    session.wait_for_text("the first half and the second");
    wait_for_ends(&home, 1);
    session.send_line("still typing");
    session.wait_for(|screen| screen.count("the first half and the second") == 2);
    wait_for_ends(&home, 2);
    session.wait_for_text("Write a message");
    session.key(Key::Ctrl('d'));
    wait_for_shell(&session);
    assert_eq!(session.modes(), cooked);
    session.type_text("exit\n");
    session.wait_exit();
    assert_sound(&database(&home));
    assert!(replies(&home).iter().all(|kept| kept.status == "complete"));
    let written = session.raw_output();
    assert!(!String::from_utf8_lossy(&written).contains("panicked"));
}

#[test]
fn row_24_stopped_and_continued_from_outside_it_goes_on() {
    let home = Home::new();
    let gate = Gate::new();
    let server = Server::replies([halves(&gate)]);
    let session = start(munshi(&home, &server));
    session.send_line("go on");
    session.wait_for_text("the first half");
    for _ in 0..100 {
        session.signal(Signal::STOP);
        session.signal(Signal::CONT);
    }
    gate.open();
    session.wait_for_text("the first half and the second");
    wait_for_ends(&home, 1);
    session.wait_for(is_at_rest);
    leave(&session, &home);
}

#[test]
fn row_25_a_storm_of_sizes_in_the_middle_of_a_reply_ends_in_a_whole_screen() {
    let home = Home::new();
    let gate = Gate::new();
    let server = Server::replies([halves(&gate)]);
    let session = start(munshi(&home, &server));
    session.send_line("any size");
    session.wait_for_text("the first half");
    let mut chance = Chance(25);
    let extremes = [(1, 1), (1, 500), (1000, 1), (2, 2), (19, 5), (20, 4), (20, 5), (1000, 500)];
    for round in 0..240 {
        let (cols, rows) = match extremes.get(round % 30) {
            Some(size) => *size,
            None => (u16::try_from(1 + chance.below(180)).unwrap(), u16::try_from(1 + chance.below(60)).unwrap()),
        };
        session.resize(cols, rows);
        if round == 120 {
            session.type_text("typed in the storm");
            gate.open();
        }
    }
    session.resize(100, 30);
    let screen = session.wait_for(|screen| {
        screen.contains("the first half and the second")
            && screen.contains("typed in the storm")
            && screen.contains("F1 help")
    });
    // The upper one has the draft's price in it.
    let rules: Vec<&str> = screen.lines().filter(|row| row.contains("────────")).collect();
    let are_whole = rules.iter().all(|row| row.starts_with("──") && row.ends_with("──") && row.chars().count() == 100);
    assert!(are_whole && rules.len() == 2, "the rules are whole:\n{}", &*screen);
    session.resize(19, 5);
    session.wait_for_text("too small");
    session.resize(100, 30);
    session.wait_for_text("typed in the storm");
    session.key(Key::Ctrl('u'));
    session.wait_for_text("Write a message");
    leave(&session, &home);
}

#[test]
fn row_25_a_window_of_one_cell_says_so_little_and_grows_again() {
    let home = Home::new();
    let server = Server::replies([halves(&Gate::new())]);
    let session = munshi(&home, &server).size(1, 1).start();
    session.wait_for(|screen| screen.alternate && screen.contains('t'));
    session.resize(60, 20);
    session.wait_for_text("Write a message");
    session.resize(1, 1);
    session.signal(Signal::TERM);
    session.wait_exit();
    assert_left_well(&session, &home);
}
