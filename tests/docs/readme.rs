//! The README says what is so.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use munshi::cli::Cli;
use munshi::config::schema::{self, Place};
use munshi::tui::commands;
use munshi::tui::keymap::Keymap;

use super::{read, root};

fn readme() -> String {
    read("README.md")
}

/// What stands between a comment that begins with `<!-- name:` and `<!-- name: end -->`.
fn marked<'a>(text: &'a str, name: &str) -> &'a str {
    let begins = text.find(&format!("<!-- {name}:")).unwrap_or_else(|| panic!("the mark of {name}"));
    let text = &text[begins..];
    let body = text.split_once("-->").unwrap().1;
    body.split_once(&format!("<!-- {name}: end -->")).unwrap_or_else(|| panic!("the end of {name}")).0.trim()
}

/// A section: its heading's text, up to the next heading of the same level.
fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let (_, body) = text.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("the section {title}"));
    body.split("\n## ").next().unwrap_or_default()
}

/// What stands in backticks on lines that are not in a code block, with the escapes of a table's cell undone.
fn code_spans(text: &str) -> Vec<String> {
    let mut is_block = false;
    let mut spans = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if !is_block {
            spans.extend(line.split('`').skip(1).step_by(2).map(|span| span.replace("\\|", "|")));
        }
    }
    spans
}

/// The first cells of the rows of all tables, without the heads.
fn first_cells(text: &str) -> Vec<String> {
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.split(" | ").next().unwrap_or_default().trim_start_matches("| ").to_owned()).collect()
}

/// With this variable set, the tables are written into the README instead of being compared.
const WRITE: &str = "MUNSHI_WRITE_README";

#[test]
fn its_tables_of_keys_and_commands_are_the_programs() {
    let mut text = readme();
    for (name, table) in [("keys", Keymap::builtin().markdown()), ("commands", commands::markdown())] {
        if std::env::var_os(WRITE).is_some() {
            text = text.replacen(marked(&text, name), table.trim(), 1);
            std::fs::write(root().join("README.md"), &text).unwrap();
        }
        assert_eq!(marked(&text, name), table.trim(), "{WRITE}=1 cargo test --test docs writes the table anew");
    }
}

#[test]
fn every_slash_command_it_names_is_one() {
    let named: Vec<String> = code_spans(&readme())
        .into_iter()
        .filter_map(|span| {
            let name = span.strip_prefix('/')?.split(' ').next()?.to_owned();
            // `//text` and `/text` are its example of a text with a slash.
            (!name.starts_with('/') && name != "text").then_some(name)
        })
        .collect();
    assert!(named.len() > commands::TABLE.len());
    for name in named {
        assert!(commands::find(&name).is_some(), "/{name} is no command");
    }
}

#[test]
fn every_call_of_the_shell_it_names_is_understood() {
    let text = readme();
    // What is told to be missing is no promise.
    let promised = text.split("\n## What is not there yet").next().unwrap();
    let calls: BTreeSet<String> =
        code_spans(promised).into_iter().filter(|span| span == "munshi" || span.starts_with("munshi ")).collect();
    assert!(calls.len() > 10, "{calls:?}");
    for call in calls {
        let words = call.split(' ').map(|word| if word == "SHELL" { "bash" } else { word });
        let read = Cli::command().try_get_matches_from(words);
        assert!(read.is_ok(), "`{call}`: {}", read.unwrap_err());
    }
}

#[test]
fn no_command_and_no_table_of_settings_is_left_out() {
    let text = readme();
    let calls = first_cells(section(&text, "From the shell")).join(" ");
    for command in Cli::command().get_subcommands() {
        assert!(calls.contains(&format!("`munshi {}", command.get_name())), "munshi {}", command.get_name());
    }
    let configuration = section(&text, "Configuration");
    let tables: BTreeSet<&str> =
        schema::FIELDS.iter().filter_map(|field| Some(field.path.split_once('.')?.0)).collect();
    for table in tables {
        let told = configuration.contains(&format!("`{table}.")) || configuration.contains(&format!("`[{table}"));
        assert!(told, "[{table}]");
    }
}

#[test]
fn every_setting_it_names_is_one_and_has_that_default() {
    let text = readme();
    let configuration = section(&text, "Configuration");
    let (settings, _) = configuration.split_once("Environment variables").unwrap();
    let mut told = 0;
    for row in settings.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for name in code_spans(cells[1]).iter().chain(&code_spans(cells[3])) {
            let is_path = name.contains('.') || cells[1].contains(name.as_str());
            if is_path {
                assert!(field(name).is_some(), "{name} is no setting");
            }
        }
        let default = cells[2].trim_matches('`');
        let field = field(cells[1].trim_matches('`')).unwrap();
        if !default.is_empty() {
            let is = field.default.value().map(|value| value.to_string());
            assert_eq!(is.as_deref(), Some(default), "{}", field.path);
        }
        told += 1;
    }
    assert!(told > 10);
}

fn field(name: &str) -> Option<&'static schema::Field> {
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    match schema::place(&path) {
        Place::Setting(field) => Some(field),
        _ => None,
    }
}

#[test]
fn every_variable_of_munshis_own_that_it_names_is_read_and_none_is_left_out() {
    let text = readme();
    let named: BTreeSet<String> = code_spans(section(&text, "Configuration"))
        .into_iter()
        .filter(|span| span.starts_with("MUNSHI_") || span.starts_with("OPENAI_"))
        .collect();
    let mut help = Cli::command();
    let help = help.render_help().to_string();
    let known: BTreeSet<String> = help
        .split(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .filter(|word| word.starts_with("MUNSHI_") || word.starts_with("OPENAI_"))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, known);
}

#[test]
fn its_two_commands_are_near_the_top_and_ci_runs_the_second() {
    let text = readme();
    let top: String = text.lines().take(30).collect::<Vec<_>>().join("\n");
    assert!(top.contains("\ncargo run --release -- --demo\n"));
    assert!(top.contains("\ncargo test\n"));
    assert!(read(".ci/run").lines().any(|line| line == "run cargo test"));
}

#[test]
fn every_file_it_shows_or_links_to_is_there() {
    let text = readme();
    let targets: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(targets.iter().filter(|target| target.ends_with(".svg")).count() >= 3);
    let slug = |line: &str| Some(line.strip_prefix("## ")?.to_lowercase().replace(' ', "-"));
    let sections: Vec<String> = text.lines().filter_map(slug).collect();
    for target in targets.iter().filter(|target| !target.contains("://")) {
        if let Some(section) = target.strip_prefix('#') {
            assert!(sections.iter().any(|known| known == section), "there is no section {section}");
            continue;
        }
        assert!(root().join(target).is_file(), "{target} is not there");
    }
    let drawn = read("assets/screenshots/render");
    for entry in std::fs::read_dir(root().join("assets/screenshots")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "svg") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(drawn.contains(&format!("draw {name} ")), "nothing draws {name}.svg");
        }
    }
}

#[test]
fn every_folder_of_its_map_is_there() {
    let text = readme();
    let folders: Vec<String> = first_cells(section(&text, "The map of the house"))
        .into_iter()
        .map(|cell| cell.trim_matches('`').to_owned())
        .filter(|cell| cell.ends_with('/'))
        .collect();
    assert!(folders.len() > 8, "{folders:?}");
    for folder in folders {
        assert!(root().join(&folder).is_dir(), "{folder}");
    }
}

#[test]
fn every_crate_that_it_gives_a_reason_for_is_used() {
    let text = readme();
    let manifest = read("Cargo.toml");
    let (_, reasons) = text.split_once("### Why each main dependency").unwrap();
    let table = reasons.split("\n## ").next().unwrap();
    for name in first_cells(table).iter().flat_map(|cell| code_spans(cell)) {
        let plain = manifest.contains(&format!("\n{name} = "));
        assert!(plain || manifest.contains(&format!("package = \"{name}\"")), "{name} is no dependency");
    }
}

/// The TOML blocks of a section, each as it stands.
fn toml_blocks(text: &str) -> Vec<String> {
    text.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_tool_in_five_lines_is_one_and_the_servers_are_understood() {
    let text = readme();
    let blocks = toml_blocks(section(&text, "Tools"));
    let [tool, servers] = &blocks[..] else { panic!("a tool and two servers: {blocks:?}") };
    assert_eq!(tool.trim().lines().count(), 5, "{tool}");
    let home = tempfile::tempdir().unwrap();
    let munshi = |config: &str, args: &[&str]| {
        std::fs::write(home.path().join("config.toml"), config).unwrap();
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_munshi"));
        for folder in ["MUNSHI_CONFIG_DIR", "MUNSHI_DATA_DIR", "MUNSHI_STATE_DIR"] {
            command.env(folder, home.path());
        }
        let ran = command.env("HOME", home.path()).current_dir(home.path()).args(args).assert().success();
        String::from_utf8(ran.get_output().stdout.clone()).unwrap()
    };
    let list: serde_json::Value = serde_json::from_str(&munshi(tool, &["tools", "list", "--json"])).unwrap();
    let named = list["tools"].as_array().unwrap().iter().find(|listed| listed["name"] == "word_count").unwrap();
    assert_eq!(named["parameters"]["required"], serde_json::json!(["file"]));
    assert!(munshi(servers, &["config", "show"]).contains("tickets.example.org"));
}
