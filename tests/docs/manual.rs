//! The manual page and the completions name every flag and every command.

use clap::{Command, CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;
use munshi::cli::{self, Cli};

/// Every flag's long name, of the program and of all commands below it.
fn flags(command: &Command, found: &mut Vec<String>) {
    let own = command.get_arguments().filter_map(|argument| argument.get_long());
    found.extend(own.map(str::to_owned));
    for below in command.get_subcommands() {
        flags(below, found);
    }
}

/// Every command by its whole name.
fn commands(command: &Command, above: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands() {
        let name = format!("{above} {}", below.get_name());
        commands(below, &name, found);
        found.push(name);
    }
}

#[test]
fn the_manual_page_tells_of_each_flag_and_command() {
    let mut page = Vec::new();
    cli::man(&mut page).unwrap();
    // In roff a hyphen is escaped.
    let page = String::from_utf8(page).unwrap().replace("\\-", "-");
    let command = Cli::command();
    let mut wanted = Vec::new();
    flags(&command, &mut wanted);
    for flag in wanted {
        assert!(page.contains(&format!("--{flag}")), "--{flag} is not in the manual");
    }
    let mut names = Vec::new();
    commands(&command, "munshi", &mut names);
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(page.contains(&format!(".SH {}\n", name.to_uppercase())), "{name} has no section in the manual");
    }
    assert!(page.contains("Exit codes"));
}

#[test]
fn each_shell_completes_each_flag() {
    let mut wanted = Vec::new();
    flags(&Cli::command(), &mut wanted);
    for shell in Shell::value_variants() {
        let mut script = Vec::new();
        cli::completions(*shell, &mut script).unwrap();
        let script = String::from_utf8(script).unwrap();
        for flag in &wanted {
            assert!(script.contains(flag.as_str()), "{shell}: --{flag}");
        }
    }
}
