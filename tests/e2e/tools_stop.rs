//! A tool that hangs: Esc ends it and the chat goes on; the end of munshi, whatever it is, ends it too.

use super::kit::{AT_REST, ask, is_empty, reply, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::{Session, Signal};
use super::support::replies::tool_calls;
use super::support::server::Server;
use super::tools_kit::{WEATHER, alive, answer, mark, results, scripted, until, wait_for_calls, with_tools};

/// A home with a command, and with more in its configuration, that hears no signal, leaves a child of its own behind, and is found by its mark.
fn hanging(mark: &str, also: &str) -> Home {
    let home = Home::new();
    let script = format!("trap '' TERM HUP INT; setsid sleep {mark} & while :; do sleep {mark}; done");
    let command = format!("command = [\"sh\", \"-c\", \"{script}\"]\ntimeout = \"5m\"");
    home.write_config(&format!("{also}[tools.hang]\ndescription = \"Hangs\"\n{command}\n"));
    home
}

/// Lets the command run, and waits until it does.
#[track_caller]
fn begun(session: &Session, mark: &str) {
    submit(session, "Hang");
    answer(session, "hang", Key::Char('o'));
    session.wait_for_text("⚙ hang · your config · running");
    both_run(mark);
}

#[track_caller]
fn both_run(mark: &str) {
    until("both of its processes run", || {
        alive(mark).iter().filter(|line| line.split_whitespace().nth(1) == Some("sleep")).count() >= 2
    });
}

fn server() -> Server {
    Server::replies([tool_calls(&[("c1", "hang", "{}")], 1), reply("Gone on.")])
}

#[test]
fn row_32_esc_ends_a_tool_that_hears_no_signal_with_all_that_it_started_and_the_chat_goes_on() {
    let (mark, server) = (mark(), server());
    let session = scripted(&hanging(&mark, ""), &server);
    begun(&session, &mark);
    let screen = session.screen();
    assert!(screen.contains("running a tool") && screen.contains("Esc stops"), "{}", screen.text);
    write(&session, "typed meanwhile");
    session.key(Key::Esc);
    let screen = session.wait_for_text("⚙ hang · your config · stopped");
    assert!(screen.contains("typed meanwhile") && !screen.contains("Esc stops"), "{}", screen.text);
    until("nothing of it is left", || alive(&mark).is_empty());
    session.key(Key::Ctrl('u'));
    session.wait_for(|screen| is_empty(screen) && screen.contains(AT_REST));
    assert_eq!(server.requests().len(), 1, "nobody asks again by himself");
    ask(&session, "And now?", "Gone on.");
    let told = results(&server, 1);
    assert!(
        told.len() == 1 && told[0].0 == "hang" && told[0].1.contains("Stopped before it gave a result."),
        "{told:?}"
    );
    let roles: Vec<String> = server.requests()[1].messages().into_iter().map(|(role, _)| role).collect();
    let begin = roles.iter().position(|role| role == "user").unwrap();
    assert_eq!(roles[begin..][..3], ["user", "assistant", "tool"]);
    assert_eq!(roles.last().unwrap(), "user");
}

#[test]
fn row_23_no_tool_outlives_munshi_however_that_ends() {
    for how in ["TERM", "window", "KILL"] {
        let (mark, server) = (mark(), server());
        let home = hanging(&mark, "");
        let mut session = scripted(&home, &server);
        begun(&session, &mark);
        match how {
            "TERM" => session.signal(Signal::TERM),
            "KILL" => drop(session.kill9()),
            _ => session.close_window(),
        }
        session.wait_exit();
        until(&format!("nothing is left after {how}"), || alive(&mark).is_empty());
        let again = super::kit::begin(home.munshi().arg("-c").against(&server.base_url()).size(100, 40));
        again.wait_for_text("⚙ hang");
        ask(&again, "And now?", "Gone on.");
        let told = results(&server, 1);
        assert!(told.len() == 1 && told[0].0 == "hang" && !told[0].1.is_empty(), "{how}: {told:?}");
    }
}

#[test]
fn row_23_no_tool_outlives_a_question_from_the_shell_however_that_ends() {
    for (how, code) in [("Ctrl+C", 130), ("TERM", 143), ("HUP", 129), ("KILL", 1)] {
        let (mark, server) = (mark(), server());
        let home = hanging(&mark, "[tools]\nallow = [\"hang\"]\n");
        let ask = home.munshi().args(["ask", "--tools", "hang", "--yes", "Hang"]);
        let session = ask.against(&server.base_url()).start();
        both_run(&mark);
        match how {
            "Ctrl+C" => session.key(Key::Ctrl('c')),
            "TERM" => session.signal(Signal::TERM),
            "HUP" => session.signal(Signal::HUP),
            _ => drop(session.kill9()),
        }
        let status = session.wait_exit();
        assert!(how == "KILL" || status.exit_code() == code, "{how}: {status:?}\n{}", session.screen().text);
        until(&format!("nothing is left after {how}"), || alive(&mark).is_empty());
    }
}

#[test]
fn esc_while_a_tool_asks_answers_no_and_the_next_question_is_a_whole_one() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, WEATHER);
    session.wait_for_text("F5 looks: get_weather asks to run");
    session.key(Key::Esc);
    session.wait_for(|screen| screen.contains(AT_REST) && screen.contains("⚙ get_weather · built in · stopped"));
    wait_for_calls(&home, &["interrupted"]);
    ask(&session, "echo still there", "You said:");
    session.key(Key::F(5));
    session.wait_for_text("No tool asks to run.");
}
