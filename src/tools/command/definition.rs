//! A definition that was read and found right: its argument list, its hash, where its program is, what it needs to see.

use std::path::{Component, Path, PathBuf};

use super::template::Template;
use super::{Surroundings, Variables};
use crate::chat::tool::ToolSpec;
use crate::chat::tooling::CommandDefinition;
use crate::platform::files;
use crate::platform::sandbox::{Needs, is_private};
use crate::tools::ENVIRONMENT;
use crate::tools::definition;
use crate::tools::source::SourceTool;

pub struct Defined {
    pub definition: CommandDefinition,
    pub template: Template,
    pub hash: String,
}

impl Defined {
    /// # Errors
    /// What is wrong with it and how to mend it, in a sentence that names the tool.
    pub fn read(definition: CommandDefinition, private: &[PathBuf]) -> Result<Self, String> {
        let wrong = |why: String| format!("tools.{}: {why}", definition.name);
        if !ToolSpec::is_name(&definition.name) {
            return Err(wrong("a tool's name has letters, digits, `_` and `-`, 64 at most.".to_owned()));
        }
        let template = Template::read(&definition.command, &definition.parameters).map_err(wrong)?;
        if let Some(name) = definition.env.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err(wrong(format!("{name:?} in `env` is no name of a variable.")));
        }
        for path in definition.reads.iter().chain(&definition.writes) {
            if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
                let path = path.display();
                return Err(wrong(format!(
                    "{path} in `reads` or `writes` is no whole path: it begins with `/` and has no `..`."
                )));
            }
            if is_private(path, private) {
                let path = path.display();
                return Err(wrong(format!(
                    "{path} in `reads` or `writes` is, holds or lies in a folder of munshi's own, which no command sees: \
                     name what the command needs, and no more."
                )));
            }
        }
        let hash = hash(&definition);
        Ok(Self { definition, template, hash })
    }

    pub fn described(&self) -> SourceTool {
        let CommandDefinition { name, description, parameters, .. } = &self.definition;
        SourceTool {
            spec: ToolSpec { name: name.clone(), description: description.clone(), parameters: parameters.clone() },
            definition: self.hash.clone(),
            is_sample: false,
        }
    }

    /// Where its program is.
    ///
    /// # Errors
    /// That it is not there, and where it was looked for.
    pub fn program(&self, environment: &Variables) -> Result<PathBuf, String> {
        let (name, program) = (&self.definition.name, self.template.program());
        let path = Path::new(program);
        if path.is_absolute() {
            let there = files::may_run(path).then(|| path.to_path_buf());
            return there.ok_or_else(|| format!("The program of {name}, {program}, is not there or cannot be run."));
        }
        let found = files::program(program, &search(environment));
        found.ok_or_else(|| {
            format!("The program of {name}, {program}, is in no folder of PATH: install it, or write its whole path.")
        })
    }

    /// What of `reads` and `writes` is not there, and so not seen.
    pub fn missing(&self) -> Vec<String> {
        let paths = self.definition.reads.iter().chain(&self.definition.writes);
        paths.filter(|path| !path.exists()).map(|path| format!("{} is not there.", path.display())).collect()
    }

    /// All of the environment that the command has.
    pub fn environment(&self, environment: &Variables, folder: &Path) -> Vec<(String, String)> {
        let named = ENVIRONMENT.into_iter().chain(self.definition.env.iter().map(String::as_str));
        let mut given: Vec<(String, String)> = Vec::new();
        for name in named.filter(|name| *name != "TMPDIR") {
            if let Some(value) = environment(name).filter(|value| !value.contains('\0'))
                && !given.iter().any(|(there, _)| there == name)
            {
                given.push((name.to_owned(), value));
            }
        }
        given.push(("TMPDIR".to_owned(), folder.to_string_lossy().into_owned()));
        given
    }

    /// What a sandbox has to let it see.
    pub fn needs(&self, program: &str, surroundings: &Surroundings) -> Needs {
        let literals = self.template.literals().filter(|text| text.starts_with('/')).map(PathBuf::from);
        let scripts = literals.filter(|path| path.is_file());
        Needs {
            files: std::iter::once(PathBuf::from(program)).chain(scripts).collect(),
            search: search(&surroundings.environment),
            reads: self.definition.reads.clone(),
            writes: self.definition.writes.clone(),
            network: self.definition.network,
            home: (surroundings.environment)("HOME").map(PathBuf::from).filter(|home| is_home(home)),
            private: surroundings.private.clone(),
        }
    }
}

/// Users without a home have `/` for one, which holds the whole system.
fn is_home(path: &Path) -> bool {
    path.is_absolute() && path.parent().is_some()
}

/// The folders of PATH; one that is not absolute would be another for every program.
fn search(environment: &Variables) -> Vec<PathBuf> {
    let path = environment("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect()
}

/// Of everything that it is: whoever agrees to a tool agrees to this.
fn hash(defined: &CommandDefinition) -> String {
    let CommandDefinition { name, description, parameters, command, timeout, env, reads, writes, network } = defined;
    let paths = |paths: &[PathBuf]| -> Vec<Vec<u8>> {
        paths.iter().map(|path| path.as_os_str().as_encoded_bytes().to_vec()).collect()
    };
    let spec = ToolSpec { name: name.clone(), description: description.clone(), parameters: parameters.clone() };
    // As JSON no two lists run into one another.
    let does = serde_json::json!([command, timeout.as_millis() as u64, env, paths(reads), paths(writes), network]);
    definition::of(&spec, &does)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn definition() -> CommandDefinition {
        CommandDefinition {
            name: "look".to_owned(),
            description: "Looks".to_owned(),
            parameters: json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            command: vec!["cat".to_owned(), "--".to_owned(), "{a}".to_owned()],
            timeout: Duration::from_secs(30),
            env: vec!["TZ".to_owned()],
            reads: vec![PathBuf::from("/srv/a")],
            writes: Vec::new(),
            network: false,
        }
    }

    #[test]
    fn every_part_of_a_definition_is_in_its_hash() {
        let changes: [fn(&mut CommandDefinition); 10] = [
            |it| it.name.push('x'),
            |it| it.description.push('x'),
            |it| it.parameters["properties"]["b"] = json!({}),
            |it| it.command.push("x".to_owned()),
            |it| it.timeout += Duration::from_millis(1),
            |it| it.env.push("X".to_owned()),
            |it| it.reads.push(PathBuf::from("/srv/b")),
            |it| it.writes.push(PathBuf::from("/srv/b")),
            |it| it.writes.append(&mut it.reads),
            |it| it.network = true,
        ];
        let hashes = changes.map(|change| {
            let mut changed = definition();
            change(&mut changed);
            hash(&changed)
        });
        let all: std::collections::BTreeSet<_> = hashes.iter().cloned().chain([hash(&definition())]).collect();
        assert_eq!(all.len(), changes.len() + 1);
        assert_eq!(hash(&definition()), hash(&definition()));
    }

    #[test]
    fn what_is_munshis_own_cannot_be_asked_for() {
        let private = [PathBuf::from("/home/asha/.local/share/munshi")];
        for wrong in
            ["/home/asha", "/", "/home/asha/.local/share/munshi/munshi.db", "/home/asha/./.local/share/munshi/"]
        {
            for is_read in [true, false] {
                let mut asks = definition();
                if is_read { &mut asks.reads } else { &mut asks.writes }.push(PathBuf::from(wrong));
                let why = Defined::read(asks, &private).err().unwrap();
                assert!(why.contains("tools.look") && why.contains("munshi's own"), "{why}");
            }
        }
        for wrong in ["notes", "~/notes", "/home/asha/x/../.local/share/munshi"] {
            let mut asks = definition();
            asks.reads = vec![PathBuf::from(wrong)];
            assert!(Defined::read(asks, &private).err().unwrap().contains("no whole path"));
        }
        let mut asks = definition();
        asks.env = vec!["A=B".to_owned()];
        assert!(Defined::read(asks, &private).err().unwrap().contains("no name of a variable"));
        assert!(Defined::read(definition(), &private).is_ok());
    }

    #[test]
    fn the_environment_is_what_is_named_and_nothing_else() {
        let variables: Variables = Arc::new(|name| match name {
            "PATH" | "HOME" | "OPENAI_API_KEY" | "TMPDIR" | "TZ" => Some(format!("of {name}")),
            _ => None,
        });
        let mut asks = definition();
        asks.env = ["TZ", "TMPDIR", "PATH", "NOT_SET"].map(str::to_owned).to_vec();
        let given = Defined::read(asks, &[]).ok().unwrap().environment(&variables, Path::new("/tmp/x"));
        let names: Vec<_> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(names, ["PATH=of PATH", "HOME=of HOME", "TZ=of TZ", "TMPDIR=/tmp/x"]);
    }
}
