//! Which tools there are: asks the sources, all at once and not for ever, and leaves out what cannot be offered, each
//! with a sentence.

use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;

use super::Inner;
use crate::chat::tool::{ListedServer, ToolOrigin, ToolSpec};
use crate::tools::schema::Schema;
use crate::tools::source::{Source, SourceTool};

/// A source may take so long to say what it has: servers that are fetched first start slowly.
const SOURCE_LIMIT: Duration = Duration::from_secs(30);
/// Tools of one source, at most.
const MOST_TOOLS: usize = 500;
/// Compiled schemas that are kept.
const MOST_SCHEMAS: usize = 2_000;

/// A tool that can be offered.
pub(super) struct Found {
    pub(super) tool: SourceTool,
    pub(super) source: Arc<dyn Source>,
    pub(super) schema: Arc<Schema>,
}

/// What was found in some sources.
#[derive(Default)]
pub(super) struct Finding {
    pub(super) tools: Vec<Found>,
    pub(super) servers: Vec<ListedServer>,
    /// What is not there, in sentences.
    pub(super) notes: Vec<String>,
}

type Compiled = Result<Arc<Schema>, String>;

/// Schemas by the definition that they are part of.
#[derive(Default)]
pub(super) struct Schemas(Mutex<HashMap<String, Compiled>>);

impl Schemas {
    fn known(&self, definition: &str) -> Option<Compiled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(definition).cloned()
    }

    fn keep(&self, definition: &str, compiled: &Compiled) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_SCHEMAS {
            known.clear();
        }
        known.insert(definition.to_owned(), compiled.clone());
    }

    async fn of(&self, tool: &SourceTool) -> Compiled {
        if let Some(known) = self.known(&tool.definition) {
            return known;
        }
        let parameters = tool.spec.parameters.clone();
        let compiling = tokio::task::spawn_blocking(move || Schema::compile(&parameters));
        let compiled =
            compiling.await.unwrap_or_else(|_| Err("the schema cannot be compiled".to_owned())).map(Arc::new);
        self.keep(&tool.definition, &compiled);
        compiled
    }
}

impl Inner {
    /// The tools of those sources that `wanted` takes.
    pub(super) async fn find(&self, wanted: impl Fn(&dyn Source) -> bool) -> Finding {
        let sources: Vec<&Arc<dyn Source>> = self.sources.iter().filter(|source| wanted(source.as_ref())).collect();
        let answers = join_all(sources.iter().map(|source| ask(source.as_ref()))).await;
        let (mut finding, mut names) = (Finding::default(), BTreeSet::new());
        for (source, answer) in sources.into_iter().zip(answers) {
            let origin = source.origin();
            let trouble = answer.as_ref().err().cloned();
            if let Some(why) = &trouble {
                finding.notes.push(format!("The tools of {origin} are not there: {why}"));
            }
            if let ToolOrigin::Mcp(name) = &origin {
                finding.servers.push(ListedServer { name: name.clone(), trouble });
            }
            let mut tools = answer.unwrap_or_default();
            if tools.len() > MOST_TOOLS {
                finding.notes.push(format!("{origin} has {} tools; the first {MOST_TOOLS} count.", tools.len()));
                tools.truncate(MOST_TOOLS);
            }
            for tool in tools {
                match self.take(tool, source, &mut names).await {
                    Ok(found) => finding.tools.push(found),
                    Err(note) => finding.notes.push(note),
                }
            }
        }
        finding
    }

    async fn take(
        &self,
        tool: SourceTool,
        source: &Arc<dyn Source>,
        names: &mut BTreeSet<String>,
    ) -> Result<Found, String> {
        let (name, origin) = (&tool.spec.name, source.origin());
        let shown: String = name.chars().take(80).collect();
        let left_out = |why: &str| format!("The tool {shown:?} of {origin} is left out: {why}.");
        if !ToolSpec::is_name(name) {
            return Err(left_out("a name has letters, digits, _ and - alone, 64 at most"));
        }
        if matches!(&origin, ToolOrigin::Mcp(server) if !super::policy::is_of(server, name)) {
            return Err(left_out("its name does not begin with its server's"));
        }
        if names.contains(name) {
            return Err(left_out("another of that name comes first"));
        }
        let schema =
            self.schemas.of(&tool).await.map_err(|why| left_out(&format!("its schema cannot be used: {why}")))?;
        names.insert(name.clone());
        Ok(Found { tool, source: Arc::clone(source), schema })
    }
}

/// A source's tools; a source that takes too long or breaks off has none.
async fn ask(source: &dyn Source) -> Result<Vec<SourceTool>, String> {
    let asking = AssertUnwindSafe(source.tools()).catch_unwind();
    match tokio::time::timeout(SOURCE_LIMIT, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err("it broke off with a fault of its own.".to_owned()),
        Err(_) => Err(format!("no answer within {} s.", SOURCE_LIMIT.as_secs())),
    }
}
