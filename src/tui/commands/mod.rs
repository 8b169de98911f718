//! Slash commands: one file each, and one row each in the table that parsing, help, completion and the README
//! are made from.

mod budget;
mod context;
mod copy;
mod cost;
mod details;
mod export;
mod help;
mod history;
mod json;
mod key;
mod max_tokens;
mod model;
mod mouse;
mod new;
mod quit;
mod retry;
pub(in crate::tui) mod schema;
mod status;
mod summarise;
mod system;
mod temperature;
mod theme;
mod title;
mod tools;

use std::fmt::Write as _;

use crate::chat::Stamp;
use crate::chat::words::nearest;

use super::effect::TuiEffect;
use super::event::Fresh;
use super::state::AppState;

/// One call of a command.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What stands behind the name, trimmed.
    pub args: &'a str,
    pub at: Stamp,
    pub fresh: Fresh,
}

/// A row of the table.
pub struct Command {
    /// Without the slash.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// How its arguments are written in help; empty for none.
    pub args: &'static str,
    /// One sentence.
    pub summary: &'static str,
    pub run: fn(&mut AppState, Call<'_>) -> Vec<TuiEffect>,
}

/// All commands, in the order in which help shows them.
pub const TABLE: &[Command] = &[
    help::COMMAND,
    new::COMMAND,
    retry::COMMAND,
    model::COMMAND,
    system::COMMAND,
    temperature::COMMAND,
    max_tokens::COMMAND,
    history::COMMAND,
    context::COMMAND,
    summarise::COMMAND,
    json::COMMAND,
    schema::COMMAND,
    tools::COMMAND,
    title::COMMAND,
    details::COMMAND,
    copy::COMMAND,
    export::COMMAND,
    cost::COMMAND,
    budget::COMMAND,
    status::COMMAND,
    key::COMMAND,
    theme::COMMAND,
    mouse::COMMAND,
    quit::COMMAND,
];

/// The table as the README has it.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("| command | does |\n|---|---|\n");
    for command in TABLE {
        // A bar would end the cell.
        let call = format!("/{} {}", command.name, command.args.replace('|', "\\|"));
        let aliases = command.aliases.iter().fold(String::new(), |all, alias| all + ", `/" + alias + "`");
        let _ = writeln!(out, "| `{}`{aliases} | {} |", call.trim_end(), command.summary);
    }
    out
}

/// What an input means.
pub enum Parsed<'a> {
    /// A message; a doubled slash at its start has become one.
    Message(&'a str),
    Command(&'static Command, &'a str),
    /// A slash and a name that no command has.
    Unknown {
        name: &'a str,
        nearest: Option<&'static str>,
    },
}

/// Reads an input. Only a single line that begins with a slash and a name can be a command, so that a
/// pasted path or a comment is a message. The bare words `quit`, `exit` and `clear` do what they say.
#[must_use]
pub fn parse(text: &str) -> Parsed<'_> {
    let line = text.trim();
    if let Some(escaped) = line.strip_prefix("//") {
        return Parsed::Message(&line[line.len() - escaped.len() - 1..]);
    }
    if matches!(line, "quit" | "exit" | "clear")
        && let Some(command) = find(line)
    {
        return Parsed::Command(command, "");
    }
    let Some(rest) = line.strip_prefix('/') else { return Parsed::Message(text) };
    if rest.is_empty() {
        return Parsed::Unknown { name: "", nearest: None };
    }
    let (name, args) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if !is_name(name) {
        return Parsed::Message(text);
    }
    match find(name) {
        // A system prompt may have many lines; what else has is a text that happens to begin so.
        Some(command) if line.contains('\n') && command.name != "system" => Parsed::Message(text),
        Some(command) => Parsed::Command(command, args.trim()),
        None if line.contains('\n') => Parsed::Message(text),
        None => Parsed::Unknown { name, nearest: nearest(name, names().map(|(known, _)| known)) },
    }
}

/// Whether a draft may hold a key: then it enters neither the history nor the store.
#[must_use]
pub fn may_hold_a_key(draft: &str) -> bool {
    draft.trim_start().starts_with("/key")
}

/// `/etc/hosts` is no command.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || c == '?')
}

/// The command of a name or alias.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    TABLE.iter().find(|command| command.name == name || command.aliases.contains(&name))
}

/// Every name and alias with its command.
fn names() -> impl Iterator<Item = (&'static str, &'static Command)> {
    TABLE.iter().flat_map(|command| {
        std::iter::once(command.name).chain(command.aliases.iter().copied()).map(move |name| (name, command))
    })
}

/// The commands that what is typed may become: `typed` is the draft, with its slash. An alias is offered where its
/// command's own name does not fit.
#[must_use]
pub fn completions(typed: &str) -> Vec<(&'static str, &'static Command)> {
    let Some(prefix) = typed.strip_prefix('/') else { return Vec::new() };
    if prefix.contains(|c: char| !c.is_ascii_alphabetic() && c != '-') {
        return Vec::new();
    }
    let fits = |(name, command): &(&'static str, &'static Command)| {
        name.starts_with(prefix) && (*name == command.name || !command.name.starts_with(prefix))
    };
    names().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> String {
        match parse(text) {
            Parsed::Message(text) => format!("message {text}"),
            Parsed::Command(command, args) => format!("command {} {args}", command.name),
            Parsed::Unknown { name, nearest } => format!("unknown {name} {}", nearest.unwrap_or("-")),
        }
    }

    #[test]
    fn an_input_is_a_command_only_where_it_looks_like_one() {
        assert_eq!(meaning("/model gpt-4o "), "command model gpt-4o");
        assert_eq!(meaning("/exit"), "command quit ");
        assert_eq!(meaning("exit"), "command quit ");
        assert_eq!(meaning("clear"), "command new ");
        assert_eq!(meaning("please exit"), "message please exit");
        assert_eq!(meaning("//model"), "message /model");
        assert_eq!(meaning("/etc/hosts is what?"), "message /etc/hosts is what?");
        assert_eq!(meaning("/modle"), "unknown modle model");
        assert_eq!(meaning("/xyzzy"), "unknown xyzzy -");
        assert_eq!(meaning("/"), "unknown  -");
        assert_eq!(meaning("/quit\nand more"), "message /quit\nand more");
        assert_eq!(meaning("/system be\nbrief"), "command system be\nbrief");
        assert_eq!(meaning("/nope"), "unknown nope -");
    }

    #[test]
    fn an_alias_is_offered_only_where_the_name_does_not_fit() {
        let offered = |typed| completions(typed).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert!(offered("/").contains(&"quit") && !offered("/").contains(&"exit"));
        assert_eq!(offered("/ex"), ["export", "exit"]);
        assert_eq!(offered("/clear"), ["clear"]);
    }

    #[test]
    fn no_two_commands_share_a_name() {
        let mut all: Vec<&str> = names().map(|(name, _)| name).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
