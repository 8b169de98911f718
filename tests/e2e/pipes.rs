//! Everything that prints and ends: data on standard output, talk on standard error, documented exit codes.

use std::process::Output;

use super::support::launch::Home;

fn run(home: &Home, args: &[&str]) -> Output {
    let output = home.munshi().args(args).command().output().unwrap();
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "no escape codes in a pipe: {args:?}");
    output
}

#[track_caller]
fn prints(home: &Home, args: &[&str]) -> String {
    let output = run(home, args);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && talk.is_empty(), "{args:?}: {talk}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fails(home: &Home, args: &[&str], code: i32) -> String {
    let output = run(home, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn help_names_the_flags_the_commands_and_the_exit_codes() {
    let help = prints(&Home::new(), &["--help"]);
    for part in [
        "--demo",
        "--continue",
        "--resume",
        "config",
        "models",
        "chats",
        "completions",
        "Exit codes:",
        "OPENAI_API_KEY",
    ] {
        assert!(help.contains(part), "{part}:\n{help}");
    }
    assert!(prints(&Home::new(), &["--version"]).starts_with("munshi "));
}

#[test]
fn the_configuration_is_found_made_and_explained() {
    let home = Home::new();
    let file = home.config_dir().join("config.toml");
    assert_eq!(prints(&home, &["config", "path"]), format!("{}\n", file.display()));
    assert!(!file.exists());
    assert!(prints(&home, &["config", "init"]).contains("is written"));
    assert!(std::fs::read_to_string(&file).unwrap().contains("max_input_chars"));
    assert!(fails(&home, &["config", "init"], 1).contains("is there already"));
    let shown = prints(&home, &["config", "show"]);
    assert!(shown.lines().any(|line| line.starts_with("model ") && line.contains("gpt-4o-mini")), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&prints(&home, &["config", "show", "--json"])).unwrap();
    assert_eq!(json["values"]["limits.max_input_chars"]["value"], 100_000);
}

#[test]
fn a_key_is_hidden_wherever_the_configuration_is_shown() {
    let home = Home::new();
    let output =
        home.munshi().env("OPENAI_API_KEY", "sk-verysecretkey-123456789").args(["config", "show"]).command().output();
    let shown = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(shown.contains("sk-…6789") && !shown.contains("verysecret"), "{shown}");
}

#[test]
fn the_models_are_listed_with_prices_in_rupees() {
    let home = Home::new();
    let models = prints(&home, &["models"]);
    let mini = models.lines().find(|line| line.starts_with("gpt-4o-mini ")).unwrap();
    assert!(mini.contains("₹12.75") && mini.contains("₹51.00"), "{mini}");
    let json: serde_json::Value = serde_json::from_str(&prints(&home, &["models", "--json"])).unwrap();
    assert!(json.to_string().contains("gpt-4o-mini"));
}

#[test]
fn completions_and_the_manual_are_made_for_pipes() {
    let home = Home::new();
    assert!(prints(&home, &["completions", "bash"]).contains("complete -F _munshi"));
    for shell in ["zsh", "fish"] {
        assert!(prints(&home, &["completions", shell]).contains("munshi"));
    }
    assert!(prints(&home, &["man"]).contains(".TH munshi 1"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let script =
        format!("'{}' models | head -n 1; '{0}' man | head -n 1", super::support::launch::munshi_binary().display());
    let output = home.shell(&script).command().output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn an_empty_store_lists_nothing() {
    let home = Home::new();
    assert_eq!(prints(&home, &["chats", "list"]), "");
    assert_eq!(prints(&home, &["chats", "list", "--json"]).trim(), "[]");
    let missing = fails(&home, &["chats", "show", "01890000-0000-7000-8000-000000000000"], 1);
    assert!(missing.starts_with("munshi: "), "{missing}");
    assert!(fails(&home, &["chats", "show", "nonsense"], 1).contains("is no conversation's id"));
}

#[test]
fn what_is_wrong_with_the_command_line_or_the_file_ends_with_2() {
    let home = Home::new();
    assert!(fails(&home, &["--no-such-flag"], 2).contains("--no-such-flag"));
    assert!(fails(&home, &["--temperature", "9"], 2).contains("from 0 to 2"));
    home.write_config("\ntemprature = 0.5\n");
    let wrong = fails(&home, &["config", "show"], 2);
    assert!(wrong.contains("config.toml:2") && wrong.contains("temprature"), "{wrong}");
    assert!(wrong.contains("temperature"), "the nearest field is named: {wrong}");
}

#[test]
fn tools_are_listed_and_checked_without_a_screen() {
    let home = Home::new();
    let listed = prints(&home, &["tools", "list"]);
    let row = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(row("get_weather").contains("off  asks     built in  sample data: "), "{listed}");
    assert_eq!(row("read_file"), "", "there is no root to look into");
    assert!(prints(&home, &["tools", "check"]).ends_with("All is well.\n"));
    let config = "[tools]\non = [\"calculate\"]\ndeny = [\"get_weather\"]\nroots = [\"nowhere\"]\n[tools.t]\ndescription = \"d\"\ncommand = [\"no-such-program-anywhere\"]\n";
    std::fs::create_dir_all(home.config_dir()).unwrap();
    std::fs::write(home.config_dir().join("config.toml"), config).unwrap();
    let json: serde_json::Value = serde_json::from_str(&prints(&home, &["tools", "list", "--json"])).unwrap();
    let tool = |name: &str| json["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap().clone();
    assert_eq!((&tool("calculate")["on"], &tool("get_weather")["permission"]), (&true.into(), &"denied".into()));
    let checked = run(&home, &["tools", "check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(1), "{said}");
    assert!(
        said.contains("no-such-program-anywhere, is in no folder of PATH")
            && said.contains("nowhere cannot be looked into"),
        "{said}"
    );
}
