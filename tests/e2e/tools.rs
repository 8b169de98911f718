//! A model asks for a tool, and the user decides: what asks is shown in full, and nothing runs before the word.

use super::kit::{AT_REST, BUSY, draft, quit, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::replies::tool_calls;
use super::support::server::Server;
use super::tools_kit::{ASKS, WEATHER, answer, go_on_to, look, results, scripted, wait_for_calls, with_tools};

#[test]
fn a_call_is_shown_in_full_runs_once_and_is_answered_from() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, WEATHER);
    let screen = session.wait_for_text("F5 looks: get_weather asks to run");
    assert!(screen.contains("a tool asks to run · Esc stops"), "{}", screen.text);
    assert!(screen.contains("⚙ get_weather · built in · sample data · asks"), "{}", screen.text);
    let screen = look(&session, "get_weather");
    for part in ["get_weather asks to run", "built in · sample data", "1 argument", "city, text", "\"Pune\""] {
        assert!(screen.contains(part), "{part}:\n{}", screen.text);
    }
    wait_for_calls(&home, &["streaming"]);
    session.key(Key::Char('o'));
    let screen = session.wait_for(|screen| screen.contains("get_weather (Pune) says:") && screen.contains(AT_REST));
    let cell = screen.row_of("⚙ get_weather · built in · ").unwrap();
    assert!(screen.row(cell).contains(" s"), "{}", screen.text);
    assert_eq!(screen.row(cell + 1).trim(), "▸ city: \"Pune\"");
    assert!(screen.row(cell + 2).contains("▸ result · "), "{}", screen.text);
    assert!(!screen.contains("▾ result"), "the result is folded:\n{}", screen.text);
    session.key(Key::Alt('t'));
    let screen = session.wait_for(|screen| screen.contains("▾ arguments") && screen.contains("▾ result"));
    assert!(screen.count("\"city\": \"Pune\"") == 2 && screen.contains("\"unit\": \"celsius\""), "{}", screen.text);
    session.key(Key::Alt('t'));
    session.wait_for_text("▸ city: \"Pune\"");
    wait_for_calls(&home, &["complete, ran"]);
    submit(&session, WEATHER);
    session.wait_for_text("F5 looks: get_weather asks to run");
    session.key(Key::Esc);
    session.wait_for_text(AT_REST);
    quit(&session);
}

#[test]
fn no_key_answers_what_asks_before_it_was_looked_at() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, WEATHER);
    let screen = session.wait_for_text("F5 looks: get_weather asks to run");
    assert!(screen.contains(BUSY), "{}", screen.text);
    write(&session, "echo ocanw");
    assert_eq!(draft(&session.screen()), "echo ocanw");
    session.key(Key::Enter);
    let screen = session.wait_for_text("You · queued");
    assert!(screen.contains("F5 looks: get_weather asks to run"), "it asks on:\n{}", screen.text);
    wait_for_calls(&home, &["streaming"]);
    session.key(Key::Alt('a'));
    session.wait_for_text(ASKS);
    session.key(Key::Esc);
    session.wait_until_gone(ASKS);
    assert!(session.screen().contains("F5 looks: get_weather asks to run"), "Esc puts it off");
    wait_for_calls(&home, &["streaming"]);
    answer(&session, "get_weather", Key::Char('o'));
    let screen = session.wait_for(|screen| screen.contains("You said:") && screen.contains(AT_REST));
    assert!(screen.row_of("get_weather (Pune) says:") < screen.row_of("You said:"), "{}", screen.text);
}

#[test]
fn enter_in_the_approval_is_no_and_the_model_is_told() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, WEATHER);
    answer(&session, "get_weather", Key::Enter);
    let screen = session.wait_for(|screen| screen.contains("You did not allow") && screen.contains(AT_REST));
    assert!(screen.contains("⚙ get_weather · built in · denied"), "{}", screen.text);
    wait_for_calls(&home, &["failed"]);
}

#[test]
fn a_no_with_a_word_reaches_the_model_and_nothing_runs() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, WEATHER);
    look(&session, "get_weather");
    session.key(Key::Char('w'));
    session.wait_for_text("No, because:");
    session.type_text("ask me about Nashik, not o c a");
    session.wait_for_text("Nashik, not o c a");
    session.key(Key::Enter);
    let screen = session.wait_for(|screen| screen.contains("I was told:") && screen.contains(AT_REST));
    assert!(screen.contains("They say: ask me about Nashik, not o c a"), "{}", screen.text);
    wait_for_calls(&home, &["failed"]);
}

#[test]
fn calls_made_at_once_may_be_answered_in_any_order_and_their_results_stand_in_theirs() {
    let calls = [("c1", "one", "{\"w\": \"first\"}"), ("c2", "two", "{}"), ("c3", "three", "{\"w\":\"third\"}")];
    let server = Server::replies([tool_calls(&calls, 3), super::kit::reply("All three.")]);
    let home = Home::new();
    let said = |name: &str| {
        format!(
            "[tools.{name}]\ndescription = \"d\"\nparameters = {{ w = {{ type = \"string\", optional = true }} }}\ncommand = [\"echo\", \"{name} says {{w}}\"]\n"
        )
    };
    let waits = "[tools.one]\ndescription = \"d\"\nparameters = { w = \"w\" }\ncommand = [\"sh\", \"-c\", \"while [ ! -e open/gate ]; do sleep 0.05; done; echo one says $1\", \"sh\", \"{w}\"]\n";
    let gate = home.home_dir().join("open");
    std::fs::create_dir(&gate).unwrap();
    let waits = waits.replace("open/gate", &gate.join("gate").to_string_lossy());
    let config = format!("{waits}reads = [\"{}\"]\n{}{}", gate.display(), said("two"), said("three"));
    home.write_config(&config);
    let session = scripted(&home, &server);
    submit(&session, "Go");
    session.wait_for_text("F5 looks: one and 2 more ask to run");
    let screen = look(&session, "one");
    assert!(screen.contains("one asks to run · 1 of 3"), "{}", screen.text);
    session.key(Key::Char('o'));
    go_on_to(&session, "two asks to run · 1 of 2");
    session.key(Key::Char('n'));
    go_on_to(&session, "three asks to run");
    session.key(Key::Char('o'));
    // The last is over while the first still runs.
    session.wait_for(|screen| screen.contains("three says third") && screen.contains("⚙ one · your config · running"));
    assert_eq!(server.requests().len(), 1, "the model is asked once all three are over");
    std::fs::write(gate.join("gate"), "").unwrap();
    session.wait_for_text("All three.");
    let told = results(&server, 1);
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["one", "two", "three"]);
    assert!(told[0].1.contains("one says first") && told[2].1.contains("three says third"), "{told:?}");
    assert!(told[1].1.contains("the user did not allow this call"), "{told:?}");
    let asked = server.requests()[1].json();
    let assistant =
        asked["messages"].as_array().unwrap().iter().find(|message| message["role"] == "assistant").unwrap();
    assert_eq!(assistant["tool_calls"][2]["function"]["arguments"], "{\"w\":\"third\"}");
}

#[test]
fn three_calls_of_the_demo_are_allowed_one_by_one() {
    let home = Home::new();
    let session = with_tools(&home);
    submit(&session, "weather in Pune and Mumbai and the price of INFY");
    session.wait_for(|screen| screen.contains("and 2 more ask to run") && screen.contains("3 tool calls ask to run"));
    session.key(Key::F(5));
    session.wait_for(|screen| screen.contains(ASKS) && screen.row(0).contains("1 of 3"));
    // A key that is held answers one call.
    session.type_text("oooo");
    go_on_to(&session, "get_weather asks to run · 1 of 2");
    session.key(Key::Char('o'));
    go_on_to(&session, "get_stock_price asks to run");
    session.key(Key::Char('o'));
    let screen = session.wait_for(|screen| screen.contains("get_stock_price (INFY") && screen.contains(AT_REST));
    assert!(screen.contains("get_weather (Mumbai) says:"), "{}", screen.text);
    wait_for_calls(&home, &["complete, ran"; 3]);
}
