//! `munshi config …` and `munshi models`.

use jiff::civil::{Date, date};
use munshi::config::report;

use super::{Home, SYSTEM};

const TODAY: Date = date(2026, 11, 25);
const KEY: &str = "sk-test-0123456789abcdefghij";

#[test]
fn show_names_each_value_with_its_origin_and_hides_keys() {
    let home = Home::with_config("\ntemperature = 0.25\n").env("OPENAI_API_KEY", KEY);
    let shown = home.short(&report::show(&home.load()));
    let line = |start: &str| {
        let line = shown.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {shown}"));
        line.split_whitespace().collect::<Vec<&str>>().join(" ")
    };
    assert_eq!(line("temperature"), "temperature 0.25 config/config.toml:2");
    assert_eq!(line("model"), "model \"gpt-4o-mini\" default");
    assert_eq!(line("timeouts.turn"), "timeouts.turn \"15m\" default");
    assert_eq!(line("key of openai"), "key of openai sk-…ghij environment OPENAI_API_KEY");
    assert!(line("system").starts_with("system You are munshi"), "{shown}");
    assert!(!shown.contains(KEY) && shown.lines().all(|line| line.chars().count() < 160), "{shown}");
}

#[test]
fn show_as_json_is_json_with_whole_values() {
    let home = Home::new();
    let json: serde_json::Value = serde_json::from_str(&report::show_json(&home.load())).unwrap();
    assert_eq!(json["values"]["temperature"], serde_json::json!({ "value": 0.7, "origin": "default" }));
    assert_eq!(json["keys"]["openai"]["key"], "missing");
    assert!(json["values"]["system"]["value"].as_str().unwrap().contains("rupees"));
}

#[test]
fn models_are_priced_in_the_user_s_currency() {
    let home = Home::with_config("[models.mystery]\ncontext_window = 8000\n");
    let listed = report::models(&home.load(), TODAY);
    let row = |name: &str| {
        let row = listed
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name))
            .unwrap_or_else(|| panic!("{name}"));
        row.split_whitespace().collect::<Vec<&str>>().join(" ")
    };
    assert_eq!(row("gpt-4o-mini"), "gpt-4o-mini ₹12.75 ₹6.38 ₹51.00 128k 16k");
    assert_eq!(row("mystery"), "mystery unknown unknown unknown 8k unknown");
    assert!(
        listed.contains("INR for a million tokens at ₹85.00 to the dollar; list prices of 2026-07-02."),
        "{listed}"
    );
    assert!(listed.lines().nth(1).unwrap().starts_with("gpt-"), "the default provider's models come first");

    let home = Home::with_config("[currency]\ncode = \"USD\"\nsymbol = \"$\"\nrate = 1\ngrouping = \"thousands\"\n");
    assert!(report::models(&home.load(), TODAY).contains("$0.15"));
    let json: serde_json::Value = serde_json::from_str(&report::models_json(&home.load())).unwrap();
    let mini = json["models"].as_array().unwrap().iter().find(|row| row["model"] == "gpt-4o-mini").unwrap();
    assert_eq!((&mini["micro_usd_per_million"]["input"], &mini["shown_input"]), (&150_000.into(), &"$0.15".into()));
}

#[test]
fn old_prices_are_said_to_be_old_with_how_to_have_newer_ones() {
    let config = Home::new().load();
    assert!(!report::models(&config, TODAY).contains("--refresh"));
    let listed = report::models(&config, date(2027, 1, 1));
    let last = listed.lines().last().unwrap();
    assert!(last.starts_with("The prices are of 2026-07-02, more than 180 days ago") && last.contains("--refresh"));
}

#[test]
fn init_writes_the_example_once_and_never_over_another() {
    let home = Home::new();
    let file = home.path("config/config.toml");
    let says = report::init(&file, &SYSTEM).unwrap();
    assert!(says.ends_with("is written: every field with its default, each explained\n"), "{says}");
    assert_eq!(home.read("config/config.toml"), munshi::config::EXAMPLE);
    home.write("config/config.toml", "model = \"mine\"");
    assert!(report::init(&file, &SYSTEM).unwrap_err().contains("is there already and was not changed"));
    assert_eq!(home.read("config/config.toml"), "model = \"mine\"");
    assert_eq!(report::path(&home.load()), format!("{}\n", file.display()));
}
