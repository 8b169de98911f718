//! The user's own commands as tools: what a call would run, and the running of it. Owns definitions, the filling of their
//! places and the words for how a command ended; refuses shells, programs that the model names, and to run anything
//! less confined than its plan says. What holds a command is the platform's.

mod definition;
mod output;
mod template;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::source::{Plan, Source, SourceTool};
use crate::chat::tool::{Confinement, Prepared, ToolOrigin, ToolOutcome};
use crate::chat::tooling::CommandDefinition;
use crate::platform::files;
use crate::platform::sandbox::{self, Job, Kind, Sandbox};
use definition::Defined;

/// How long a command has to end by itself, once it is told to.
const GRACE: Duration = Duration::from_millis(250);

/// Reads a variable of munshi's environment.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What commands run in.
pub struct Surroundings {
    /// This program, to be run again as the helper: [`sandbox::this_program`].
    pub helper: PathBuf,
    pub sandbox: Sandbox,
    pub environment: Variables,
    /// munshi's own folders, for configuration, data and state: no command sees them.
    pub private: Vec<PathBuf>,
}

/// The user's commands.
pub struct CommandSource {
    inner: Arc<Inner>,
}

struct Inner {
    tools: Vec<Defined>,
    surroundings: Surroundings,
}

/// What can be said of a definition without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    pub name: String,
    /// The program's path, or why it is not there, in a sentence.
    pub program: Result<PathBuf, String>,
    /// What its `reads` and `writes` name and the system lacks, in sentences.
    pub notes: Vec<String>,
}

/// The sandbox that commands run in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxReport {
    pub confinement: Confinement,
    /// Why it is no better one, in sentences.
    pub misses: Vec<String>,
    /// What it does not hold, in sentences.
    pub gaps: Vec<String>,
}

impl CommandSource {
    /// Of definitions with names that differ.
    ///
    /// # Errors
    /// The first definition that cannot be right, and how to mend it, in a sentence that names it.
    pub fn new(definitions: Vec<CommandDefinition>, surroundings: Surroundings) -> Result<Self, String> {
        let read = |definition| Defined::read(definition, &surroundings.private);
        let tools = definitions.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { inner: Arc::new(Inner { tools, surroundings }) })
    }

    /// Looks at each definition: whether its program is there. Runs nothing.
    #[must_use]
    pub fn examine(&self) -> Vec<Examined> {
        let of = |tool: &Defined| Examined {
            name: tool.definition.name.clone(),
            program: tool.program(&self.inner.surroundings.environment),
            notes: tool.missing(),
        };
        self.inner.tools.iter().map(of).collect()
    }

    /// Which sandbox there is. Tries it, where nothing was run yet, for some milliseconds.
    #[must_use]
    pub fn sandbox(&self) -> SandboxReport {
        let sandbox = &self.inner.surroundings.sandbox;
        let misses = sandbox.misses().to_vec();
        SandboxReport { confinement: confinement(sandbox.kind()), misses, gaps: sandbox.kind().gaps() }
    }
}

impl Inner {
    fn tool(&self, name: &str) -> Result<&Defined, String> {
        let found = self.tools.iter().find(|tool| tool.definition.name == name);
        found.ok_or_else(|| format!("There is no command {name:?} in the configuration."))
    }

    /// The argument list of a call: what a plan shows and a run starts.
    fn command(&self, tool: &Defined, arguments: &Value) -> Result<Vec<String>, String> {
        let program = tool.program(&self.surroundings.environment)?;
        let program = program.into_os_string().into_string();
        let program = program.map_err(|path| format!("The program's path {} is not UTF-8.", path.display()))?;
        let mut command = vec![program];
        command.extend(tool.template.fill(arguments)?);
        Ok(command)
    }

    /// The argument list that was shown, where this call still means it.
    fn agreed<'a>(&self, tool: &Defined, call: &'a Prepared) -> Result<&'a [String], String> {
        let name = &call.tool;
        if tool.hash != call.definition {
            return Err(format!(
                "The definition of {name} is another than the one that was agreed to; it was not run."
            ));
        }
        let now = self.command(tool, &call.arguments)?;
        match &call.command {
            Some(shown) if *shown == now => Ok(shown),
            // Somebody has put another program in its way since.
            _ => Err(format!(
                "The command of {name} would be {now:?} now, which is not what was shown; it was not run. Call it again \
                 to be asked about this one."
            )),
        }
    }

    async fn run(&self, call: &Prepared, cancel: CancellationToken) -> Result<ToolOutcome, String> {
        let name = &call.tool;
        let tool = self.tool(name)?;
        let (program, words) = self.agreed(tool, call)?.split_first().ok_or("There is nothing to run.")?;
        let folder = files::create_temporary_folder("munshi-tool-");
        let folder = folder.map_err(|error| format!("No temporary folder could be made for {name}: {error}."))?;
        let job = Job {
            kind: self.surroundings.sandbox.kind(),
            program: PathBuf::from(program),
            arguments: words.to_vec(),
            environment: tool.environment(&self.surroundings.environment, &folder),
            view: tool.needs(program, &self.surroundings).view(),
            folder,
            owns_folder: true,
            grace: GRACE,
        };
        let limit = tool.definition.timeout;
        let ran = sandbox::run(&self.surroundings.helper, job, limit, cancel).await;
        Ok(output::outcome(&ran, limit))
    }
}

impl Source for CommandSource {
    fn origin(&self) -> ToolOrigin {
        ToolOrigin::Command
    }

    fn tools(&self) -> BoxFuture<'static, Result<Vec<SourceTool>, String>> {
        let tools = self.inner.tools.iter().map(Defined::described).collect();
        Box::pin(std::future::ready(Ok(tools)))
    }

    fn plan(&self, tool: &str, arguments: &Value) -> Result<Plan, String> {
        let tool = self.inner.tool(tool)?;
        Ok(Plan {
            command: Some(self.inner.command(tool, arguments)?),
            confinement: confinement(self.inner.surroundings.sandbox.kind()),
            limit: tool.definition.timeout,
        })
    }

    fn run(&self, call: &Prepared, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let (inner, call) = (Arc::clone(&self.inner), call.clone());
        Box::pin(async move {
            let ran = inner.run(&call, cancel).await;
            ran.unwrap_or_else(|why| ToolOutcome::failed(&why))
        })
    }
}

const fn confinement(kind: Kind) -> Confinement {
    match kind {
        Kind::Bubblewrap => Confinement::Bubblewrap,
        Kind::Landlock => Confinement::Landlock,
        Kind::None => Confinement::Unsandboxed,
    }
}
