//! Puts the tools together: each source is one line here, with what it needs of this program.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use munshi::config::Config;
use munshi::platform::files;
use munshi::platform::sandbox::{self, Sandbox};
use munshi::runtime::Clock;
use munshi::store::Store as _;
use munshi::store::sqlite::{OpenOptions, SqliteStore};
use munshi::tools::builtin::{BuiltIns, FoundMessage, SearchChats, World};
use munshi::tools::command::{CommandSource, Surroundings};
use munshi::tools::grants::Grants;
use munshi::tools::kit::Kit;
use munshi::tools::source::Source;

use crate::setup;

/// The tools, together and by their kind.
pub struct Toolbox {
    pub kit: Kit,
    pub commands: Arc<CommandSource>,
}

/// All tools that the configuration knows of; `database` is the one that `search_chats` looks into. Starts nothing.
///
/// # Errors
/// Which command's definition cannot be right, and how to mend it, in a sentence.
pub fn toolbox(config: &Config, clock: &Clock, database: &Path) -> Result<Toolbox, String> {
    let commands = Arc::new(commands(config)?);
    let mut sources: Vec<Arc<dyn Source>> =
        vec![Arc::new(built_in(config, clock, database)), Arc::clone(&commands) as _];
    sources.extend(servers(config)?);
    Ok(Toolbox {
        kit: Kit::new(sources, &config.tooling, grants(database.parent().unwrap_or(&config.paths.data))),
        commands,
    })
}

fn commands(config: &Config) -> Result<CommandSource, String> {
    let surroundings = Surroundings {
        helper: helper()?,
        sandbox: Sandbox::best(),
        environment: Arc::new(setup::told),
        private: private_folders(config),
    };
    CommandSource::new(config.tooling.commands.clone(), surroundings)
}

fn helper() -> Result<PathBuf, String> {
    sandbox::this_program().map_err(|error| format!("munshi does not find itself: {error}."))
}

#[cfg(feature = "mcp")]
fn servers(config: &Config) -> Result<Vec<Arc<dyn Source>>, String> {
    use munshi::tools::mcp::{McpSource, Options};
    let options = Options::of_user(helper()?);
    let servers = config.tooling.servers.iter().cloned();
    Ok(servers.map(|definition| Arc::new(McpSource::new(definition, options.clone())) as _).collect())
}

/// Built without them: what is configured is not there, and the config says so by not listing it.
#[cfg(not(feature = "mcp"))]
#[expect(clippy::unnecessary_wraps, reason = "with them, it can fail")]
fn servers(_: &Config) -> Result<Vec<Arc<dyn Source>>, String> {
    Ok(Vec::new())
}

/// munshi's own folders, which no tool reads.
pub fn private_folders(config: &Config) -> Vec<PathBuf> {
    let config_folder = config.file.parent().map(Path::to_path_buf).filter(|folder| !folder.as_os_str().is_empty());
    let paths = &config.paths;
    let own = [paths.config.clone(), paths.data.clone(), paths.state.clone()];
    // A configuration that a flag names may lie among the user's own files: those stay readable.
    own.into_iter().chain(config_folder.filter(|folder| folder.ends_with("munshi"))).collect()
}

fn built_in(config: &Config, clock: &Clock, database: &Path) -> BuiltIns {
    let now = clock.clone();
    BuiltIns::new(&World {
        currency: config.settings.currency.clone(),
        clock: Arc::new(move || Timestamp::from_millisecond(now.now().unix_ms).unwrap_or_default()),
        zone: clock.zone().clone(),
        roots: config.tooling.roots.clone(),
        private: private_folders(config).into_iter().chain(config.key_files.iter().cloned()).collect(),
        search: Some(search(database.to_path_buf(), clock.clone())),
    })
}

/// Looks into the saved conversations, without a hold on the database in between.
fn search(database: PathBuf, clock: Clock) -> SearchChats {
    Arc::new(move |query, limit| {
        let (database, now_ms) = (database.clone(), clock.now().unix_ms);
        Box::pin(async move {
            let looking = tokio::task::spawn_blocking(move || found(&database, now_ms, &query, limit));
            looking.await.unwrap_or_else(|_| Err("The saved conversations could not be searched.".to_owned()))
        })
    })
}

fn found(database: &Path, now_ms: i64, query: &str, limit: u32) -> Result<Vec<FoundMessage>, String> {
    let says = |error| format!("The saved conversations could not be searched: {error}.");
    if !database.exists() {
        return Ok(Vec::new());
    }
    let options = OpenOptions { now_ms, read_only: true, ..OpenOptions::default() };
    let mut store = SqliteStore::open(database, options).map_err(says)?.store;
    let hits = store.search(query, u64::from(limit)).map_err(says)?;
    let found = hits.into_iter().map(|hit| FoundMessage {
        conversation: hit.conversation.to_string(),
        title: hit.title,
        excerpt: hit.excerpt,
    });
    Ok(found.collect())
}

fn grants(data: &Path) -> Grants {
    let replace = files::write_private;
    Grants { folder: data.to_path_buf(), read: |path| std::fs::read(path), append, replace }
}

/// Adds to a private file, and waits until it is on the disk.
fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        files::create_private_folder(folder)?;
    }
    let mut file = files::open_private_append(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
