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

#[test]
fn the_manual_page_tells_of_each_flag_and_command() {
    let mut page = Vec::new();
    cli::man(&mut page).unwrap();
    // In roff a hyphen is escaped.
    let page = String::from_utf8(page).unwrap().replace("\\-", "-");
    let command = Cli::command();
    for argument in command.get_arguments() {
        let long = argument.get_long().unwrap();
        assert!(page.contains(&format!("--{long}")), "--{long} is not in the manual");
    }
    for below in command.get_subcommands() {
        assert!(page.contains(below.get_name()), "{} is not in the manual", below.get_name());
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
