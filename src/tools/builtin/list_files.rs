//! `list_files`: what is in a folder under the user's roots. Owns the order and the limit; refuses to follow links.

use std::sync::Arc;

use cap_std::fs::{Dir, DirEntry};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::files::{Roots, Trouble};
use super::{BuiltIn, World, elsewhere, text};
use crate::chat::tool::ToolOutcome;

/// Entries that are told.
const MOST_TOLD: usize = 1_000;
/// Entries that are looked at: a folder with more is told in part.
const MOST_READ: usize = 100_000;

struct ListFiles {
    roots: Roots,
}

pub(super) fn make(world: &World) -> Option<Arc<dyn BuiltIn>> {
    Some(Arc::new(ListFiles { roots: Roots::new(&world.roots, &world.private)? }))
}

fn row(entry: &DirEntry) -> String {
    // A name may hold anything, a line break, too.
    let name = entry.file_name().to_string_lossy().escape_debug().to_string();
    match entry.metadata() {
        Ok(about) if about.is_dir() => format!("{name}/"),
        Ok(about) if about.is_file() => format!("{name}  {} bytes", about.len()),
        Ok(about) if about.is_symlink() => format!("{name}  (a link)"),
        Ok(_) => format!("{name}  (no plain file)"),
        Err(_) => format!("{name}  (cannot be looked at)"),
    }
}

fn list(folder: &Dir, cancel: &CancellationToken) -> std::io::Result<(Vec<String>, usize)> {
    let mut rows = Vec::new();
    for entry in folder.entries()?.take(MOST_READ) {
        if cancel.is_cancelled() {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        rows.push(entry.map_or_else(|error| format!("(an entry cannot be read: {error})"), |entry| row(&entry)));
    }
    rows.sort_unstable();
    let count = rows.len();
    rows.truncate(MOST_TOLD);
    Ok((rows, count))
}

fn outcome(roots: &Roots, written: Option<&str>, cancel: &CancellationToken) -> Result<ToolOutcome, Trouble> {
    let (None, true) = (written, roots.paths().len() > 1) else {
        let place = roots.go(written.unwrap_or("."))?;
        let path = place.path.display().to_string();
        let folder = place.folder()?;
        let (rows, count) =
            list(&folder, cancel).map_err(|error| Trouble::Failed(format!("{path} cannot be listed: {error}.")))?;
        let more = match count {
            0 => "It is empty.".to_owned(),
            MOST_READ => format!("… and more: {MOST_TOLD} of at least {MOST_READ} entries are shown."),
            count if count > MOST_TOLD => format!("… and {} more.", count - MOST_TOLD),
            _ => String::new(),
        };
        return Ok(ToolOutcome::done(format!("{path}\n{}\n{more}", rows.join("\n")).trim_end()));
    };
    let roots: Vec<String> = roots.paths().iter().map(|root| format!("{}/", root.display())).collect();
    Ok(ToolOutcome::done(&roots.join("\n")))
}

impl BuiltIn for ListFiles {
    fn description(&self) -> String {
        format!("Lists what is in a folder, with sizes. {}", self.roots.words())
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "path": {
                    "type": "string", "minLength": 1, "maxLength": 4096,
                    "description": "The folder; without it the folders that can be seen",
                },
            },
            "additionalProperties": false,
        })
    }

    fn refuse(&self, arguments: &Value) -> Option<String> {
        match self.roots.go(text(arguments, "path").unwrap_or(".")) {
            Err(Trouble::Refused(says)) => Some(says),
            Err(Trouble::Failed(_)) | Ok(_) => None,
        }
    }

    fn run(&self, arguments: Arc<Value>, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let roots = self.roots.clone();
        elsewhere(move || {
            outcome(&roots, text(&arguments, "path"), &cancel)
                .unwrap_or_else(|trouble| ToolOutcome::failed(&trouble.says()))
        })
    }
}
