//! A yes that holds for longer: for this chat, or always; and no longer than the tool stays what it was.

use super::kit::{AT_REST, begin, demo, quit, reply, submit};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::tool_calls;
use super::support::server::Server;
use super::tools_kit::{WEATHER, answer, look, results, roomy, scripted, with_tools};

/// Asks for the weather of a city, for which nobody is asked any more.
#[track_caller]
fn unasked(session: &Session, city: &str) {
    submit(session, &format!("What is the weather in {city}?"));
    let told = format!("get_weather ({city}) says:");
    let screen = session.wait_for(|screen| {
        assert!(!screen.contains("asks to run"), "it asks again:\n{}", screen.text);
        screen.contains(&told) && screen.contains(AT_REST)
    });
    assert!(!screen.contains("denied"), "{}", screen.text);
}

#[test]
fn a_yes_for_this_chat_holds_for_the_next_call_and_in_no_other_chat() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, WEATHER);
    answer(&session, "get_weather", Key::Char('c'));
    session.wait_for_text("get_weather (Pune) says:");
    unasked(&session, "Mumbai");
    submit(&session, "What time is it in Tokyo?");
    session.wait_for_text("F5 looks: current_time asks to run");
    session.key(Key::Esc);
    session.wait_for_text(AT_REST);
    submit(&session, "/new");
    session.wait_until_gone("get_weather (Mumbai) says:");
    submit(&session, "/tools on");
    submit(&session, WEATHER);
    session.wait_for_text("F5 looks: get_weather asks to run");
}

#[test]
fn always_is_always_in_a_new_process_too() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, WEATHER);
    answer(&session, "get_weather", Key::Char('a'));
    session.wait_for_text("get_weather (Pune) says:");
    unasked(&session, "Mumbai");
    quit(&session);
    let kept = std::fs::read_to_string(home.data_dir().join("demo").join("allowed_tools")).unwrap();
    assert!(kept.contains("get_weather\t"), "{kept}");
    let again = begin(roomy(demo(&home)));
    submit(&again, "/tools on");
    again.wait_for_text("All tools are on in this chat.");
    unasked(&again, "Delhi");
    again.key(Key::F(6));
    again.wait_for_text("always allowed");
}

#[test]
fn a_command_that_was_always_allowed_asks_again_once_its_definition_is_another() {
    let home = Home::new();
    let server = Server::start(|request| {
        let has_result = request.json()["messages"].as_array().unwrap().last().unwrap()["role"] == "tool";
        if has_result { reply("Done so.") } else { tool_calls(&[("c1", "greet", "{\"name\": \"Asha\"}")], 2) }
    });
    let define = |word: &str| {
        let command = format!("command = [\"echo\", \"{word} {{name}}\"]");
        home.write_config(&format!(
            "[tools.greet]\ndescription = \"Greets\"\nparameters = {{ name = \"whom\" }}\n{command}\n"
        ));
    };
    define("Good day,");
    let session = scripted(&home, &server);
    submit(&session, "Greet her");
    let screen = look(&session, "greet");
    assert!(screen.contains("your config") && screen.contains("\"Good day, Asha\""), "{}", screen.text);
    assert!(!screen.contains("has changed"), "{}", screen.text);
    session.key(Key::Char('a'));
    session.wait_for_text("Done so.");
    assert!(results(&server, 1)[0].1.contains("Good day, Asha"));
    quit(&session);
    let again = scripted(&home, &server);
    submit(&again, "Greet her");
    again.wait_for_text("Done so.");
    quit(&again);
    define("Bad day,");
    let changed = scripted(&home, &server);
    submit(&changed, "Greet her");
    let screen = look(&changed, "greet");
    assert!(screen.contains("Its definition has changed since you allowed it."), "{}", screen.text);
    assert!(screen.contains("\"Bad day, Asha\""), "{}", screen.text);
    assert_eq!(server.requests().len(), 5, "it waits for the word");
    changed.key(Key::Enter);
    changed.wait_for_text("Done so.");
    assert!(results(&server, 5)[0].1.contains("did not allow"));
}
