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
