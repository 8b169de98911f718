//! The argument list of a definition, with its places for parameters: read once, filled for each call. Each place lies
//! within one argument, and what is put into it stays within that one. Refuses what could make a value more than a value.

mod code;
mod within;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

/// The most bytes of all arguments together: a system's limit for a single one is 128 KiB.
pub const MOST_BYTES: usize = 96 * 1024;

/// An argument list with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    program: String,
    arguments: Vec<Vec<Part>>,
    /// The first argument that stands after a `--`.
    after_dashes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(String),
}

impl Template {
    /// Reads an argument list. `parameters` is the schema whose properties may be named.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence that does not name the tool.
    pub fn read(command: &[String], parameters: &Value) -> Result<Self, String> {
        let (program, rest) = command.split_first().ok_or("`command` is empty: its first element is the program.")?;
        if let Some(Part::Place(name)) = parts(program)?.iter().find(|part| matches!(part, Part::Place(_))) {
            return Err(format!("The program must not come from the model: write its name in place of `{{{name}}}`."));
        }
        let program: String = parts(program)?.into_iter().map(Part::into_text).collect();
        check_program(&program)?;
        if command.iter().any(|word| word.contains('\0')) {
            return Err("`command` holds a NUL byte, which no argument can.".to_owned());
        }
        let arguments = rest.iter().map(|word| parts(word)).collect::<Result<Vec<_>, _>>()?;
        let dashes = arguments.iter().position(|argument| *argument == [Part::Text("--".to_owned())]);
        let after_dashes = dashes.map_or(usize::MAX, |at| at + 1);
        let template = Self { program, arguments, after_dashes };
        template.check_names(parameters)?;
        template.check_code()?;
        Ok(template)
    }

    /// As the definition names it: a name that is looked for in PATH, or an absolute path.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Arguments without a place.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.arguments.iter().filter_map(|argument| match argument.as_slice() {
            [Part::Text(text)] => Some(text.as_str()),
            _ => None,
        })
    }

    fn check_names(&self, parameters: &Value) -> Result<(), String> {
        let known: BTreeSet<&str> =
            parameters["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        for part in self.arguments.iter().flatten() {
            if let Part::Place(name) = part
                && !known.contains(name.as_str())
            {
                let known = known.into_iter().collect::<Vec<_>>().join(", ");
                let has = if known.is_empty() { "there are none".to_owned() } else { format!("there are: {known}") };
                return Err(format!(
                    "`{{{name}}}` in `command` names no property of `parameters` ({has}). A brace itself is written \
                     `{{{{` or `}}}}`."
                ));
            }
        }
        Ok(())
    }

    /// A value inside of code would be code.
    fn check_code(&self) -> Result<(), String> {
        let Some((program, place)) = code::place_in_code(&self.program, &self.arguments) else { return Ok(()) };
        Err(format!(
            "`{{{place}}}` stands in code that {program} runs, so that whatever the model writes would be run: give it as \
             an argument of its own, such as [\"sh\", \"-c\", \"echo \\\"$1\\\"\", \"sh\", \"{{{place}}}\"]."
        ))
    }

    /// The arguments, without the program, with these values in their places.
    ///
    /// # Errors
    /// Which value cannot be an argument and what the definition's author can write, in a sentence.
    pub fn fill(&self, values: &Value) -> Result<Vec<String>, String> {
        let none = Map::new();
        let values = values.as_object().unwrap_or(&none);
        let mut filled = Vec::new();
        for (at, argument) in self.arguments.iter().enumerate() {
            if let [Part::Place(name)] = argument.as_slice()
                && text_of(values, name).is_none()
            {
                continue;
            }
            let text: String = argument.iter().map(|part| part.filled(values)).collect();
            if let Some(Part::Place(name)) = argument.first()
                && text.starts_with('-')
                && at < self.after_dashes
            {
                return Err(format!(
                    "The value of `{name}` begins with `-`, and the command would take it for an option. Whoever wrote \
                     the tool can put \"--\" before it in `command`, or write \"--flag={{{name}}}\"."
                ));
            }
            if let Some(name) = within::leads_out(argument, values) {
                return Err(format!(
                    "The value of `{name}` leads out of the folder that it is put behind: it must not begin with `/` or \
                     have `..` for a part."
                ));
            }
            if text.contains('\0') {
                return Err("A value holds a NUL byte, which no argument can.".to_owned());
            }
            filled.push(text);
        }
        let bytes: usize = filled.iter().map(|text| text.len() + 1).sum();
        if bytes > MOST_BYTES {
            let (bytes, most) = (bytes / 1024, MOST_BYTES / 1024);
            return Err(format!("The arguments have {bytes} KiB; a command takes {most} KiB."));
        }
        Ok(filled)
    }
}

impl Part {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Place(text) => text,
        }
    }

    fn filled(&self, values: &Map<String, Value>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Place(name) => text_of(values, name).unwrap_or_default(),
        }
    }
}

/// A parameter's value as text; `None` where there is none, or null.
fn text_of(values: &Map<String, Value>, name: &str) -> Option<String> {
    match values.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn check_program(program: &str) -> Result<(), String> {
    if program.is_empty() {
        return Err("The program, the first element of `command`, has no name.".to_owned());
    }
    if program.contains('/') && !Path::new(program).is_absolute() {
        return Err(format!(
            "The program {program:?} lies in no certain folder, since a tool runs in one of its own: write its whole \
             path, or a name that is looked for in PATH."
        ));
    }
    Ok(())
}

/// Splits a word at its places; `{{` and `}}` are braces.
fn parts(word: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut text, mut letters) = (Vec::new(), String::new(), word.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.next_if_eq(&letter).is_some() => text.push(letter),
            '{' => {
                let mut name = String::new();
                loop {
                    match letters.next() {
                        Some('}') => break,
                        Some(letter) if letter != '{' => name.push(letter),
                        _ => return Err(lone('{', word)),
                    }
                }
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Place(name));
            }
            '}' => return Err(lone('}', word)),
            letter => text.push(letter),
        }
    }
    if !text.is_empty() || parts.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

fn lone(brace: char, word: &str) -> String {
    format!("`{brace}` in {word:?} stands alone: a place is written `{{name}}`, a brace itself `{brace}{brace}`.")
}

#[cfg(test)]
#[path = "template/tests.rs"]
mod tests;
