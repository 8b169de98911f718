//! What munshi writes into the configuration for the user: comments stay, and the file is old or new.

use munshi::config::{Change, local_server_changes, save};

use super::{Home, SYSTEM};

const BEFORE: &str = "\
# My settings, of which I am proud.
model = \"gpt-4o\"  # the good one

[ui]
# Dark rooms only.
theme = \"dark\"   # till summer
mouse = false
";

#[test]
fn a_changed_value_keeps_its_comment_and_everything_else() {
    let home = Home::with_config(BEFORE);
    save(&home.path("config/config.toml"), &[Change::new(&["ui", "theme"], "light")], &SYSTEM).unwrap();
    assert_eq!(home.read("config/config.toml"), BEFORE.replace("\"dark\"", "\"light\""));
    assert_eq!(home.load().ui.theme, "light");
}

#[test]
fn a_local_server_becomes_a_provider_and_its_model_the_default() {
    let home = Home::with_config(BEFORE);
    let changes = local_server_changes("local", "http://127.0.0.1:8080/v1/", "qwen/qwen-3");
    save(&home.path("config/config.toml"), &changes, &SYSTEM).unwrap();
    let text = home.read("config/config.toml");
    assert!(text.contains("model = \"local/qwen/qwen-3\"  # the good one"), "{text}");
    assert!(text.contains("[providers.local]\nbase_url = \"http://127.0.0.1:8080/v1\""), "{text}");
    assert!(!text.contains("[providers]"), "{text}");
    let config = home.load();
    assert_eq!((config.model.provider.as_str(), config.model.id.as_str()), ("local", "qwen/qwen-3"));
    assert_eq!(config.endpoints.access("local").unwrap().base_url, "http://127.0.0.1:8080/v1");
}

#[test]
fn a_file_that_is_not_there_is_made_and_settings_come_before_tables() {
    let home = Home::new();
    let file = home.path("config/config.toml");
    save(&file, &[Change::new(&["ui", "mouse"], false)], &SYSTEM).unwrap();
    save(&file, &local_server_changes("local", "http://localhost:1/v1", "m"), &SYSTEM).unwrap();
    let config = home.load();
    assert_eq!((config.ui.mouse, config.model.id.as_str()), (false, "m"));
    save(&file, &[Change::new(&["ui", "theme"], "dark")], &SYSTEM).unwrap();
    assert_eq!(home.load().ui.theme, "dark");
}

#[test]
fn inline_and_dotted_tables_are_changed_where_they_are() {
    let home = Home::with_config("ui = { theme = \"dark\", mouse = false } # both\n");
    save(&home.path("config/config.toml"), &[Change::new(&["ui", "theme"], "light")], &SYSTEM).unwrap();
    assert_eq!(home.read("config/config.toml"), "ui = { theme = \"light\", mouse = false } # both\n");
    let home = Home::with_config("ui.theme = \"dark\" # x\n");
    save(&home.path("config/config.toml"), &[Change::new(&["ui", "theme"], "light")], &SYSTEM).unwrap();
    assert_eq!(home.read("config/config.toml"), "ui.theme = \"light\" # x\n");
}

#[test]
fn a_file_munshi_cannot_read_is_left_as_it_is() {
    for broken in [&b"model = \n"[..], b"ui = 3\n", b"system = \"caf\xe9\"\n"] {
        let home = Home::new();
        home.write("config/config.toml", broken);
        let file = home.path("config/config.toml");
        let says = save(&file, &[Change::new(&["ui", "theme"], "light")], &SYSTEM).unwrap_err().to_string();
        assert!(says.contains("config.toml is not changed, since "), "{says}");
        assert_eq!(std::fs::read(&file).unwrap(), broken);
    }
}

#[test]
fn row_09_a_write_that_fails_leaves_the_old_configuration() {
    let home = Home::with_config(BEFORE);
    let full = munshi::config::System {
        write_private: |_, _| Err(std::io::Error::other("no space left on device")),
        ..SYSTEM
    };
    let file = home.path("config/config.toml");
    let says = save(&file, &[Change::new(&["ui", "theme"], "light")], &full).unwrap_err().to_string();
    assert!(says.ends_with("could not be written, and is as it was: no space left on device"), "{says}");
    assert_eq!(home.read("config/config.toml"), BEFORE);
}

#[cfg(unix)]
#[test]
fn row_09_a_folder_that_takes_no_file_leaves_the_old_configuration_and_no_litter() {
    let home = Home::with_config(BEFORE);
    let folder = home.path("config");
    // Without a place for the temporary file nothing can be written beside the old one.
    Home::chmod(&folder, 0o500);
    let result = save(&folder.join("config.toml"), &[Change::new(&["ui", "theme"], "light")], &SYSTEM);
    Home::chmod(&folder, 0o700);
    // Root may write anywhere: then it is the new one, whole.
    let expected = if result.is_ok() { BEFORE.replace("\"dark\"", "\"light\"") } else { BEFORE.to_owned() };
    assert_eq!(home.read("config/config.toml"), expected);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_configuration_that_is_a_link_into_one_s_dotfiles_stays_a_link() {
    let home = Home::new();
    let real = home.write("dotfiles/munshi.toml", BEFORE);
    let link = home.path("config/config.toml");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    save(&link, &[Change::new(&["ui", "theme"], "light")], &SYSTEM).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(home.read("dotfiles/munshi.toml").contains("\"light\""));
}

const BUDGETS: &str = "\
model = \"gpt-4o\"

[budget]
# What a day may cost.
day = 250   # rupees, till the raise
# A month of them.
month = 5000

[ui]
mouse = false
";

fn change(home: &Home, path: &str, written: Option<&str>) -> String {
    save(&home.path("config/config.toml"), &[Change::of(path, written).unwrap()], &SYSTEM).unwrap();
    home.read("config/config.toml")
}

#[test]
fn a_budget_is_changed_as_it_is_written_and_taken_out_with_all_comments_kept() {
    let home = Home::with_config(BUDGETS);
    assert_eq!(change(&home, "budget.day", Some("99.90")), BUDGETS.replace("day = 250 ", "day = 99.9 "));
    assert_eq!(home.load().settings.budgets.day, Some(munshi::chat::Local::from_micro(99_900_000)));
    let without = BUDGETS.replace("day = 250   # rupees, till the raise", "# rupees, till the raise");
    assert_eq!(change(&home, "budget.day", None), without);
    assert_eq!(change(&home, "budget.day", None), without, "what is not there cannot be taken out twice");
    assert_eq!(change(&home, "budget.month", None), without.replace("month = 5000\n", ""));
    assert!(!home.load().settings.budgets.is_set());
    assert!(change(&home, "budget.day", Some("none")).contains("day = \"none\"\n"));
    assert_eq!(home.load().settings.budgets.day, None);
}

#[test]
fn a_setting_is_taken_out_however_its_table_is_written() {
    for (before, after) in [
        ("budget = { day = 5, month = 50 } # both\n", "budget = { month = 50 } # both\n"),
        ("budget.day = 5 # a day\nbudget.month = 50\n", "# a day\nbudget.month = 50\n"),
        ("[budget]\nday = 5", "[budget]\n"),
        ("\"budget\".\"day\" = 5\r\nmodel = \"x\"\r\n", "model = \"x\"\r\n"),
        ("model = \"x\"\n", "model = \"x\"\n"),
    ] {
        let home = Home::with_config(before);
        assert_eq!(change(&home, "budget.day", None), after);
        home.load();
    }
}

#[test]
fn a_strategy_is_written_and_what_a_setting_does_not_take_is_refused_before_the_file_is_touched() {
    let home = Home::with_config(BEFORE);
    assert_eq!(change(&home, "history.strategy", Some("full")), format!("{BEFORE}\n[history]\nstrategy = \"full\"\n"));
    assert_eq!(home.load().settings.history.strategy, munshi::chat::context::Strategy::Full);
    let refused = |path: &str, written: &str| Change::of(path, Some(written)).unwrap_err();
    assert_eq!(
        refused("budget.day", "₹5"),
        "budget.day: expected an amount of money above 0, such as 50 or 0.25, or \"none\", found \"₹5\"."
    );
    assert!(refused("history.strategy", "all").contains("\"truncate\""));
    assert_eq!(refused("budget.week", "5"), "There is no setting budget.week.");
}
