//! Tools and shapes without a screen: `munshi ask` against the demo, and `munshi tools`, in pipes.

use std::process::Output;

use super::support::launch::Home;
use super::tools_kit::WEATHER;
use super::tools_shape::{POSTING, assert_is_the_posting, write_schema};

fn run(home: &Home, args: &[&str]) -> Output {
    let mut command = home.munshi().args(args).env("MUNSHI_DEMO_PACE", "0").command();
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "no escape codes in a pipe: {args:?}");
    output
}

/// Standard output and standard error of what ended with this code.
#[track_caller]
fn ended(home: &Home, code: i32, args: &[&str]) -> (String, String) {
    let output = run(home, args);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, talk) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}:\n{out}\n{talk}");
    (out, talk)
}

#[test]
fn a_yes_for_all_runs_only_what_the_configuration_allows() {
    let home = Home::new();
    let asked = ["ask", "--demo", "--tools", "get_weather", "--yes", WEATHER];
    let (out, talk) = ended(&home, 0, &asked);
    assert!(
        out.contains("could not be asked") && !out.contains("You did not allow") && !out.contains("humidity"),
        "{out}"
    );
    assert!(talk.contains("get_weather") && talk.contains('✗'), "{talk}");
    home.write_config("[tools]\nallow = [\"get_weather\"]\n");
    let (out, talk) = ended(&home, 0, &asked);
    assert!(out.contains("`get_weather` (Pune) says:") && out.contains("humidity"), "{out}");
    assert!(talk.contains("⚙ get_weather {\"city\":\"Pune\"}") && talk.contains('✓'), "{talk}");
    home.write_config("[tools]\nallow = [\"*\"]\ndeny = [\"get_weather\"]\n");
    let output = run(&home, &asked);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("humidity"), "a denial beats a permission");
}

#[test]
fn without_a_terminal_and_a_yes_nothing_that_asks_runs() {
    let home = Home::new();
    let (out, _) = ended(&home, 0, &["ask", "--demo", "--tools", "get_weather", WEATHER]);
    assert!(!out.contains("humidity"), "{out}");
    let (out, _) = ended(&home, 0, &["ask", "--demo", WEATHER]);
    assert!(out.contains("There is a tool for that"), "without --tools there are none: {out}");
    let (_, why) = ended(&home, 2, &["ask", "--demo", "--tools", "get_wether", WEATHER]);
    assert!(why.contains("Did you mean get_weather?"), "{why}");
}

#[test]
fn the_posting_becomes_its_five_fields_on_standard_output() {
    let home = Home::new();
    let schema = write_schema(&home);
    let (out, _) = ended(&home, 0, &["ask", "--demo", "--schema", schema, POSTING]);
    assert_is_the_posting(&out);
    let (out, talk) = ended(&home, 0, &["ask", "--demo", "--schema", schema, POSTING, "(answer wrongly)"]);
    assert_is_the_posting(&out);
    assert!(talk.contains("not as asked: ") && talk.contains("\"job_title\" is missing: asked once more"), "{talk}");
    let (_, talk) = ended(&home, 5, &["ask", "--demo", "--schema", schema, POSTING, "(never right)"]);
    assert!(talk.contains("job_title"), "{talk}");
}

#[test]
fn an_always_counts_for_no_yes_and_is_taken_back_from_the_shell() {
    let home = Home::new();
    let permission = || {
        let (out, _) = ended(&home, 0, &["tools", "list", "--json"]);
        let listed: serde_json::Value = serde_json::from_str(&out).unwrap();
        let tool = listed["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "get_weather").cloned();
        let tool = tool.unwrap();
        (tool["permission"].clone(), tool["definition"].as_str().unwrap().to_owned())
    };
    let (asks, definition) = permission();
    assert_eq!(asks, "asks");
    let lines = format!("get_weather\t{definition}\ncalculate\t{definition}\n");
    std::fs::create_dir_all(home.data_dir()).unwrap();
    std::fs::write(home.data_dir().join("allowed_tools"), lines).unwrap();
    assert_eq!(permission().0, "always");
    let (out, _) = ended(&home, 0, &["ask", "--demo", "--tools", "get_weather", "--yes", WEATHER]);
    assert!(!out.contains("humidity"), "{out}");
    let (out, _) = ended(&home, 0, &["tools", "forget", "get_weather"]);
    assert_eq!((out.as_str(), permission().0), ("get_weather is no longer always allowed.\n", "asks".into()));
    let kept = std::fs::read_to_string(home.data_dir().join("allowed_tools")).unwrap();
    assert_eq!(kept, format!("calculate\t{definition}\n"), "the others stay");
    let (_, why) = ended(&home, 1, &["tools", "forget", "get_weather"]);
    assert!(why.contains("was not allowed for good"), "{why}");
}

#[test]
fn tools_are_told_as_json_with_where_each_came_from() {
    let home = Home::new();
    home.write_config("[tools.greet]\ndescription = \"Greets\"\ncommand = [\"echo\", \"hello\"]\n");
    let (out, _) = ended(&home, 0, &["tools", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&out).unwrap();
    let tool = |name: &str| listed["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).cloned();
    let greet = tool("greet").unwrap();
    assert_eq!((&greet["origin"], &greet["permission"]), (&"your config".into(), &"asks".into()));
    assert_eq!(tool("get_weather").unwrap()["sample"], true);
    let (out, _) = ended(&home, 0, &["tools", "check"]);
    assert!(out.contains("greet") && out.ends_with("All is well.\n"), "{out}");
}
