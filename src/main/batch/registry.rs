//! Where runs that a provider has are kept: a folder for each, with its record, its input, and what is on its way.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use munshi::batch::offload::Handed;
use munshi::batch::offload::record::VERSION;
use munshi::chat::ConversationId;
use munshi::config::Paths;
use munshi::platform::files;

/// The folder of all runs.
pub struct Registry(PathBuf);

impl Registry {
    pub fn new(paths: &Paths) -> Self {
        Self(paths.data.join("batches"))
    }

    /// The folder of one run.
    pub fn folder(&self, id: &str) -> PathBuf {
        self.0.join(id)
    }

    /// The copy of a run's input.
    pub fn input(&self, id: &str) -> PathBuf {
        self.folder(id).join("input")
    }

    /// Keeps a record, whole or not at all.
    pub fn save(&self, handed: &Handed) -> Result<(), String> {
        let path = self.record(&handed.id);
        let text = serde_json::to_vec_pretty(handed).map_err(|error| error.to_string())?;
        files::write_private(&path, &text).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
    }

    fn record(&self, id: &str) -> PathBuf {
        self.folder(id).join("run.json")
    }

    /// All runs, the first handed over first.
    pub fn all(&self) -> Result<Vec<Handed>, String> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("{} cannot be read: {error}.", self.0.display())),
        };
        let mut all = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path().join("run.json");
            match fs::read(&path) {
                Ok(bytes) => all.push(read(&bytes, &path)?),
                // A folder whose run was never begun.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("{} cannot be read: {error}.", path.display())),
            }
        }
        all.sort_by(|a, b| (a.handed_ms, &a.id).cmp(&(b.handed_ms, &b.id)));
        Ok(all)
    }

    /// The run that is called so.
    pub fn find(&self, id: &str) -> Result<Handed, String> {
        let all = self.all()?;
        let names: Vec<&str> = all.iter().map(|handed| handed.id.as_str()).collect();
        let known = if names.is_empty() { "none was handed over".to_owned() } else { names.join(", ") };
        let missing =
            format!("no run of a batch is called {id:?}; known are: {known}. `munshi batch status` lists them.");
        all.into_iter().find(|handed| handed.is_called(id)).ok_or(missing)
    }

    /// The run of this journal that is with a provider still.
    pub fn with_provider(&self, run: ConversationId) -> Result<Option<Handed>, String> {
        Ok(self.all()?.into_iter().find(|handed| handed.header.run == run && !handed.is_over()))
    }

    /// The run that is with a provider still and has its journal here, whatever has become of that.
    pub fn with_journal(&self, journal: &Path) -> Result<Option<Handed>, String> {
        let Ok(journal) = std::path::absolute(journal).map(|path| path.display().to_string()) else { return Ok(None) };
        let mut all = self.all()?.into_iter();
        Ok(all.find(|handed| handed.journal == journal && !handed.is_over() && !handed.is_unsent()))
    }

    /// Begins the folder of a run, with a copy of its input.
    pub fn begin(&self, id: &str, input: &mut dyn io::Read) -> Result<(), String> {
        let copy = || {
            files::create_private_folder(&self.folder(id))?;
            let mut to = files::open_private_append(&self.input(id))?;
            to.set_len(0)?;
            io::copy(input, &mut to)?;
            to.sync_all()
        };
        let mut copy = copy;
        copy().map_err(|error| format!("{} cannot be written: {error}.", self.folder(id).display()))
    }

    /// Forgets a run of which nothing is at the provider.
    pub fn forget(&self, id: &str) -> Result<(), String> {
        // First what makes it known: a kill leaves a folder then that is no run.
        let (record, folder) = (self.record(id), self.folder(id));
        fs::remove_file(&record)
            .and_then(|()| fs::remove_dir_all(&folder))
            .map_err(|error| format!("{} cannot be removed: {error}.", folder.display()))
    }

    /// What is needed no more once all is fetched.
    pub fn tidy(&self, id: &str) {
        // It costs room, and nothing else, where it stays.
        let _ = fs::remove_file(self.input(id));
    }
}

fn read(bytes: &[u8], path: &Path) -> Result<Handed, String> {
    let shown = path.display();
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("{shown} is no record of a batch: {error}."))?;
    match value.get("munshi_offload").and_then(serde_json::Value::as_u64) {
        Some(version) if version > u64::from(VERSION) => {
            Err(format!("{shown} was made by a newer munshi; use that one."))
        }
        _ => serde_json::from_value(value).map_err(|error| format!("{shown} is no record of a batch: {error}.")),
    }
}
