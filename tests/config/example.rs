//! config.example.toml is the documentation of every field, and true.

use munshi::config::schema::FIELDS;
use munshi::config::{Config, EXAMPLE};

use super::Home;

/// The example with its defaults switched on, and where `all`, its examples too.
fn uncommented(all: bool) -> String {
    let mut out = String::new();
    for line in EXAMPLE.lines() {
        let setting = line.strip_prefix('#').filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        let example = line.strip_prefix("#:").filter(|_| all);
        out.push_str(setting.or(example).unwrap_or(line));
        out.push('\n');
    }
    out
}

fn values(config: &Config) -> Vec<String> {
    config.layers().iter().map(|(path, entry)| format!("{path:?} = {}", entry.value)).collect()
}

#[test]
fn as_it_is_shipped_it_changes_nothing() {
    let (shipped, none) = (Home::with_config(EXAMPLE).load(), Home::new().load());
    assert_eq!(values(&shipped), values(&none));
    assert_eq!(shipped.settings, none.settings);
}

#[test]
fn its_defaults_are_the_defaults() {
    let (written, none) = (Home::with_config(&uncommented(false)).load(), Home::new().load());
    assert_eq!(values(&written), values(&none));
    assert_eq!(written.settings, none.settings);
    assert_eq!(written.catalogue, none.catalogue);
    assert_eq!((written.limits, &written.ui), (none.limits, &none.ui));
    let from_file = written.layers().iter().filter(|(_, entry)| entry.origin != munshi::config::Origin::Default);
    assert!(from_file.count() >= 20, "the defaults are shown as settings");
}

#[test]
fn it_explains_every_field_that_the_code_knows_and_its_examples_are_taken() {
    // system and system_file exclude each other: one at a time.
    let text = uncommented(true);
    let one = text.replace("\nsystem_file = ", "\n# system_file = ");
    let other = text.replace("\nsystem = ", "\n# system = ");
    let home = Home::with_config(&one);
    home.write("config/system.md", "Be brief.");
    let first = home.load();
    home.write("config/config.toml", &other);
    let second = home.load();
    assert_eq!(second.system, "Be brief.");
    for field in FIELDS {
        let shown = [&first, &second].iter().any(|config| {
            config
                .layers()
                .iter()
                .any(|(path, entry)| field.is(path) && entry.origin.to_string().contains("config.toml"))
        });
        assert!(shown, "config.example.toml does not show {}", field.path);
    }
}
