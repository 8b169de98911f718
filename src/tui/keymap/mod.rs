//! Which key does what: the built-in table of `assets/keymap.toml` with the user's own keys over it. Help, the
//! README and lookup all come from it. Knows no screen and does nothing.

mod action;
mod chord;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crossterm::event::KeyEvent;
use serde::Deserialize;

use crate::chat::words::distance;

pub use action::{Action, Context};
pub use chord::{KeyChord, typed};

/// The table as it is written.
const TABLE: &str = include_str!("../../../assets/keymap.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    keys: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    action: String,
    context: Context,
    keys: Vec<String>,
    does: String,
}

/// One action with its keys, as help shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub action: Action,
    pub context: Context,
    /// Empty where the user took all keys away.
    pub chords: Vec<KeyChord>,
    /// One sentence.
    pub does: String,
}

impl Binding {
    /// The keys for people, such as `Alt+Enter, Ctrl+J`.
    pub fn keys(&self) -> String {
        self.chords.iter().map(KeyChord::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// All keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

impl Keymap {
    /// The built-in keys.
    #[must_use]
    pub fn builtin() -> Self {
        // A test reads the table, so a released munshi never sees it fail.
        Self::read(TABLE).unwrap_or_else(|problems| {
            tracing::error!(?problems, "the built-in key table cannot be read");
            Self { bindings: Vec::new() }
        })
    }

    /// The built-in keys, with `overrides` in place of the keys of the actions they name; an action with an
    /// empty list has no key. All that is wrong comes back at once, in sentences.
    pub fn with_overrides(overrides: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<String>> {
        let mut keymap = Self::builtin();
        let mut problems = Vec::new();
        for (name, keys) in overrides {
            let Some(binding) = keymap.bindings.iter_mut().find(|binding| binding.action.name() == name) else {
                problems.push(unknown_action(name));
                continue;
            };
            binding.chords.clear();
            for key in keys {
                match key.parse::<KeyChord>() {
                    Ok(chord) => binding.chords.push(chord),
                    Err(problem) => problems.push(format!("For the action “{name}”: {problem}")),
                }
            }
        }
        problems.extend(keymap.problems());
        if problems.is_empty() { Ok(keymap) } else { Err(problems) }
    }

    fn read(table: &str) -> Result<Self, Vec<String>> {
        let file: File = toml::from_str(table).map_err(|error| vec![error.to_string()])?;
        let mut bindings = Vec::with_capacity(file.keys.len());
        let mut problems = Vec::new();
        for line in file.keys {
            let Some(action) = Action::named(&line.action) else {
                problems.push(unknown_action(&line.action));
                continue;
            };
            let mut chords = Vec::with_capacity(line.keys.len());
            for key in &line.keys {
                match key.parse() {
                    Ok(chord) => chords.push(chord),
                    Err(problem) => problems.push(problem),
                }
            }
            bindings.push(Binding { action, context: line.context, chords, does: line.does });
        }
        let keymap = Self { bindings };
        problems.extend(keymap.problems());
        if problems.is_empty() { Ok(keymap) } else { Err(problems) }
    }

    /// What `event` asks for in `context`, whichever way the terminal reports it. Ask this first; where it is
    /// `None`, [`typed`] gives the character to insert.
    pub fn action(&self, context: Context, event: &KeyEvent) -> Option<Action> {
        let chord = KeyChord::of(event);
        self.bound(context, chord).or_else(|| chord.fallbacks().find_map(|other| self.bound(context, other)))
    }

    fn bound(&self, context: Context, chord: KeyChord) -> Option<Action> {
        context.chain().iter().find_map(|context| {
            let binding =
                self.bindings.iter().find(|binding| binding.context == *context && binding.chords.contains(&chord))?;
            Some(binding.action)
        })
    }

    /// Every action with its keys, in the order of the table.
    pub fn table(&self) -> &[Binding] {
        &self.bindings
    }

    /// The first key of `action` for people, such as `Ctrl+Y`; `None` where it has none.
    pub fn key_of(&self, action: Action) -> Option<String> {
        let binding = self.bindings.iter().find(|binding| binding.action == action)?;
        binding.chords.first().map(KeyChord::to_string)
    }

    /// The table as the README has it.
    pub fn markdown(&self) -> String {
        let mut out = String::from("| where | key | does | name in the config |\n|---|---|---|---|\n");
        for context in Context::ALL {
            let mut place = context.title();
            for binding in self.bindings.iter().filter(|binding| binding.context == context) {
                let (keys, name) = (binding.keys(), binding.action.name());
                let _ = writeln!(out, "| {place} | {keys} | {} | `{name}` |", binding.does);
                // Said once, at the first of its keys.
                place = "";
            }
        }
        out
    }

    /// Keys that would do two things, and keys that would keep somebody from typing.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (at, binding) in self.bindings.iter().enumerate() {
            for chord in &binding.chords {
                if chord.is_text() {
                    problems.push(format!(
                        "“{chord}” alone cannot be the key of “{}”, since it could not be typed any more: add ctrl or alt.",
                        binding.action.name()
                    ));
                }
                let rivals = self.bindings[at + 1..].iter().filter(|other| {
                    let meet = Context::ALL.iter().any(|context| {
                        let chain = context.chain();
                        chain.contains(&binding.context) && chain.contains(&other.context)
                    });
                    meet && other.chords.contains(chord)
                });
                problems.extend(rivals.map(|other| {
                    format!(
                        "“{chord}” is the key of both “{}” and “{}”: give one of them another.",
                        binding.action.name(),
                        other.action.name()
                    )
                }));
            }
        }
        problems
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self::builtin()
    }
}

fn unknown_action(name: &str) -> String {
    let nearest = Action::ALL.iter().map(|action| (distance(name, action.name()), action.name())).min();
    match nearest {
        Some((distance, nearest)) if distance <= nearest.len() / 2 => {
            format!("“{name}” is no action that a key can have; did you mean “{nearest}”?")
        }
        _ => format!("“{name}” is no action that a key can have; help (F1) lists them all."),
    }
}

#[cfg(test)]
mod tests;
