//! A home, private folders and scripts of a test's own, and commands that are run among them.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use munshi::chat::tool::{Permission, Prepared, ToolOutcome};
use munshi::chat::tooling::CommandDefinition;
use munshi::platform::sandbox::{Kind, Sandbox};
use munshi::tools::command::{CommandSource, Surroundings};
use munshi::tools::source::Source as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Long enough for a slow machine, and never waited for by a test that passes.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// What no command may see.
pub const SECRET: &str = "sk-secret-of-munshi";

/// The sandboxes that this machine has; none is one of them.
pub fn kinds() -> Vec<Kind> {
    let has = |kind: &Kind| match kind.probe() {
        Ok(()) => true,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "not tested: {kind:?}: {why}");
            false
        }
    };
    [Kind::Bubblewrap, Kind::Landlock, Kind::None].into_iter().filter(has).collect()
}

/// Those of them that hold anything.
pub fn sandboxes() -> Vec<Kind> {
    kinds().into_iter().filter(|kind| *kind != Kind::None).collect()
}

pub struct World {
    pub root: tempfile::TempDir,
    /// In the environment of everything that a command starts.
    pub mark: String,
}

impl World {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("mark-{}-{}-end", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let root = tempfile::tempdir().unwrap();
        for folder in ["home/.ssh", "data", "open"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        for file in ["home/.ssh/id", "home/notes", "data/munshi.db", "open/file"] {
            std::fs::write(root.path().join(file), SECRET).unwrap();
        }
        Self { root, mark }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// A shell script that can be run, and its path.
    pub fn script(&self, body: &str) -> String {
        let path = self.path("script.sh");
        std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.to_string_lossy().into_owned()
    }

    pub fn source(&self, kind: Kind, definition: CommandDefinition) -> CommandSource {
        let (home, mark) = (self.path("home").to_string_lossy().into_owned(), self.mark.clone());
        let bin = self.path("bin").to_string_lossy().into_owned();
        let environment = move |name: &str| match name {
            // A folder of this world's own comes first, where a test puts one.
            "PATH" => Some(format!("{bin}:{}", std::env::var("PATH").unwrap())),
            "HOME" => Some(home.clone()),
            "LANG" => Some("C.UTF-8".to_owned()),
            "MARK" => Some(mark.clone()),
            "OPENAI_API_KEY" => Some(SECRET.to_owned()),
            _ => None,
        };
        let surroundings = Surroundings {
            helper: PathBuf::from(env!("CARGO_BIN_EXE_munshi")),
            sandbox: Sandbox::exactly(kind),
            environment: Arc::new(environment),
            private: vec![self.path("data")],
        };
        CommandSource::new(vec![definition], surroundings).unwrap()
    }

    /// Runs a script once.
    pub async fn run(&self, kind: Kind, body: &str) -> ToolOutcome {
        let script = self.script(body);
        call(&self.source(kind, definition(&[&script])), json!({})).await
    }

    /// Processes that this world's commands have started and that live.
    pub fn alive(&self) -> Vec<u32> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        numbers
            .filter(|number| {
                let of = |file: &str| std::fs::read(format!("/proc/{number}/{file}")).unwrap_or_default();
                // Of a process that has ended and was not asked for its exit code nothing but a line is left.
                !of("cmdline").is_empty() && has(&of("environ"), self.mark.as_bytes())
            })
            .collect()
    }

    /// Waits until something of this world's runs.
    pub async fn wait_until_it_runs(&self) {
        wait_for("a command runs", || !self.alive().is_empty()).await;
    }

    #[track_caller]
    pub fn assert_nothing_is_left(&self, of: &str) {
        let alive = self.alive();
        let names: Vec<_> = alive.iter().map(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline"))).collect();
        assert!(alive.is_empty(), "{of}: {names:?} still run");
    }
}

pub fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

pub async fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A command with one parameter, `a`.
pub fn definition(command: &[&str]) -> CommandDefinition {
    CommandDefinition {
        name: "tool".to_owned(),
        description: "A tool".to_owned(),
        parameters: json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}}),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        timeout: PATIENCE,
        env: vec!["MARK".to_owned()],
        reads: Vec::new(),
        writes: Vec::new(),
        network: false,
    }
}

/// With so short a limit that it is reached.
pub fn short(command: &[&str]) -> CommandDefinition {
    CommandDefinition { timeout: Duration::from_millis(400), ..definition(command) }
}

/// Runs a call as the kit does: as its definition is now.
pub async fn call(source: &CommandSource, arguments: Value) -> ToolOutcome {
    call_until(source, arguments, CancellationToken::new()).await
}

pub async fn call_until(source: &CommandSource, arguments: Value, cancel: CancellationToken) -> ToolOutcome {
    let call = prepared(source, arguments).await;
    source.run(&call, cancel).await
}

/// A call as a check leaves it; one that cannot be planned has no argument list.
pub async fn prepared(source: &CommandSource, arguments: Value) -> Prepared {
    let definition = source.tools().await.unwrap()[0].definition.clone();
    let command = source.plan("tool", &arguments).ok().and_then(|plan| plan.command);
    Prepared {
        tool: "tool".to_owned(),
        origin: source.origin(),
        definition,
        arguments: Arc::new(arguments),
        by_config: Permission::Ask,
        permission: Permission::Ask,
        command,
        confinement: source.sandbox().confinement,
        is_sample: false,
        was_changed: false,
        limit: PATIENCE,
    }
}

/// The temporary folders of tools whose environment held this mark: there should be none.
pub fn folders_with(file: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
    entries.filter(|path| path.join(file).exists()).collect()
}
