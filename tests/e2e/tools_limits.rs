//! A model that does not know when to stop, one that asks badly, and a tool that says too much.

use super::kit::{AT_REST, ask, reply, submit};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::tool_calls;
use super::support::server::Server;
use super::tools_kit::{answer, calls_of_demo, results, scripted, wait_for_calls, with_tools};

/// How many calls ran until munshi stopped the model.
#[track_caller]
fn ran_until_stopped(order: &str, allowed: &[&str]) -> usize {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, order);
    for tool in allowed {
        answer(&session, tool, Key::Char('c'));
    }
    let screen = session.wait_for(|screen| screen.contains("Stopped after") && screen.contains(AT_REST));
    assert!(screen.contains("calls of tools"), "{}", screen.text);
    ask(&session, "echo go on", "You said:");
    let ran = calls_of_demo(&home).iter().filter(|call| *call == "complete, ran").count();
    assert!(screen.contains(&format!("Stopped after {ran} calls of tools")), "{ran}:\n{}", screen.text);
    ran
}

#[test]
fn row_36_the_same_call_for_ever_is_stopped_early() {
    assert_eq!(ran_until_stopped("keep calling current_time {}", &["current_time"]), 4);
}

#[test]
fn row_36_calls_that_take_turns_for_ever_are_stopped() {
    let order = "keep calling current_time {} and calculate {\"expression\": \"1+1\"}";
    assert_eq!(ran_until_stopped(order, &["current_time", "calculate"]), 8);
}

#[test]
fn row_36_calls_that_are_ever_new_are_stopped_at_25() {
    assert_eq!(ran_until_stopped("keep calling calculate", &["calculate"]), 25);
}

#[test]
fn row_31_calls_that_are_not_valid_never_run_and_the_third_ends_the_turn() {
    let broken = tool_calls(&[("c1", "get_weather", "{\"city\": \"Pu")], 2);
    let mistyped = tool_calls(&[("c2", "get_weather", "{\"city\": 3, \"unit\": \"kelvin\"}")], 5);
    let unknown = tool_calls(&[("c3", "get_wether", "{}")], 1);
    let server = Server::replies([broken, mistyped, unknown, reply("Never mind.")]);
    let home = Home::new();
    home.write_config("[tools]\non = [\"get_weather\"]\nallow = [\"get_weather\"]\n");
    let session = scripted(&home, &server);
    submit(&session, "Weather?");
    session.wait_for(|screen| screen.contains("Stopped: 3 calls of tools were not valid") && screen.contains(AT_REST));
    assert_eq!(server.requests().len(), 3, "a third strike is not answered");
    let told = results(&server, 2);
    assert!(told[0].1.starts_with("Not run: ") || told[0].1.contains("\nNot run: "), "{told:?}");
    assert!(told[1].1.contains("city") && told[1].1.contains("unit"), "the schema's words are told: {told:?}");
    ask(&session, "Well?", "Never mind.");
    let told = results(&server, 3);
    assert!(told.len() == 3 && told[2].1.contains("there is no tool \"get_wether\""), "{told:?}");
    let ran = "SELECT count(*) FROM messages WHERE role = 'tool' AND (status = 'complete' OR took_ms IS NOT NULL)";
    assert_eq!(super::kit::rows(&home, ran, |row| row.get::<_, i64>(0)), [0]);
}

#[test]
fn row_31_the_demo_calls_badly_and_nothing_runs() {
    let home = Home::new();
    let session = with_tools(&home);
    for _ in 0..3 {
        submit(&session, "call get_weather badly");
        session.wait_for(|screen| screen.contains("did not work") && screen.contains(AT_REST));
        submit(&session, "/new");
        session.wait_until_gone("did not work");
        submit(&session, "/tools on");
    }
    submit(&session, "keep calling get_weather badly");
    session.wait_for_text("Stopped: 3 calls of tools were not valid");
    wait_for_calls(&home, &["failed"; 6]);
}

#[test]
fn row_33_of_a_flood_the_model_is_told_the_first_64_kib_and_the_chat_goes_on() {
    let home = Home::new();
    let script = "yes 'a line of the flood' | head -c 200000000";
    let command = format!("command = [\"sh\", \"-c\", \"{script}\"]\ntimeout = \"5m\"");
    home.write_config(&format!("[tools.flood]\ndescription = \"Floods\"\n{command}\n"));
    let server = Server::replies([tool_calls(&[("c1", "flood", "{}")], 1), reply("So much."), reply("Gone on.")]);
    let session = scripted(&home, &server);
    submit(&session, "Flood");
    answer(&session, "flood", Key::Char('o'));
    let screen = session.wait_for_text("So much.");
    assert!(screen.contains("the first 64 KiB of 191 MiB"), "{}", screen.text);
    let told = results(&server, 1)[0].1.len();
    assert!((60_000..70_000).contains(&told), "{told}");
    ask(&session, "And now?", "Gone on.");
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string(format!("/proc/{}/status", session.pid())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = peak.trim().trim_end_matches(" kB").trim().parse().unwrap();
        assert!(kib < 200 * 1024, "it took {kib} KiB at the most");
    }
}
