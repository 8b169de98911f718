//! Lists of models that providers gave, kept in the data folder: one file for each provider. Owns their format and how
//! they lie between the built-in table and the user's rows; refuses one that another address gave.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Config, System, catalogue};
use crate::chat::listing::{ListedModel, Listing};
use crate::chat::model::Prices;
use crate::chat::{Catalogue, ModelRef};

/// The one that this munshi writes and reads.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    /// Whose list it is: another server of the same name has other models.
    base_url: String,
    as_of: Date,
    models: Vec<ListedModel>,
}

/// What a list has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    pub provider: String,
    pub as_of: Date,
    /// Models on the list, and those with a price.
    pub listed: usize,
    pub priced: usize,
    pub new: Vec<(ModelRef, Option<Prices>)>,
    pub changed: Vec<PriceChange>,
}

/// A model that costs something else now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    pub model: ModelRef,
    pub before: Option<Prices>,
    pub after: Option<Prices>,
}

/// Keeps a provider's list, as `base_url` gave it, and says what it has brought.
///
/// # Errors
/// Where it was not kept; what was there is then as it was.
pub fn keep(config: &Config, listing: &Listing, base_url: &str, system: &System) -> Result<Refreshed, String> {
    let before = without_users_rows(config)?;
    let mut after = before.clone();
    after.lay(listing);
    let file =
        File { format: FORMAT, base_url: base_url.to_owned(), as_of: listing.as_of, models: listing.models.clone() };
    let path = config.paths.listings().join(format!("{}.json", listing.provider));
    let fails = |why: String| format!("{} could not be written, and is as it was: {why}", path.display());
    let bytes = serde_json::to_vec(&file).map_err(|error| fails(error.to_string()))?;
    (system.write_private)(&path, &bytes).map_err(|error| fails(error.to_string()))?;
    Ok(Refreshed {
        provider: listing.provider.clone(),
        as_of: listing.as_of,
        listed: listing.models.len(),
        priced: listing.models.iter().filter(|model| model.prices.is_some()).count(),
        new: new(&before, &after),
        changed: changed(&before, &after),
    })
}

fn without_users_rows(config: &Config) -> Result<Catalogue, String> {
    let mut table = catalogue::built_in()?;
    table.providers.clone_from(&config.catalogue.providers);
    lay(&mut table, &config.paths.listings(), &mut Vec::new());
    Ok(table)
}

fn new(before: &Catalogue, after: &Catalogue) -> Vec<(ModelRef, Option<Prices>)> {
    let unknown = after.models.iter().filter(|(model, _)| !before.models.contains_key(model));
    unknown.map(|(model, spec)| (model.clone(), spec.prices)).collect()
}

fn changed(before: &Catalogue, after: &Catalogue) -> Vec<PriceChange> {
    let known = after.models.iter().chain(&after.embeddings);
    known
        .filter_map(|(model, spec)| {
            let old = before.models.get(model).or_else(|| before.embeddings.get(model))?;
            let change = PriceChange { model: model.clone(), before: old.prices, after: spec.prices };
            (change.before != change.after).then_some(change)
        })
        .collect()
}

/// Lays all lists in `folder` over the catalogue. One that cannot be read is a notice, and the table stands as it was.
pub(super) fn lay(catalogue: &mut Catalogue, folder: &Path, notices: &mut Vec<String>) {
    for path in files(folder) {
        let Some(provider) = path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned) else { continue };
        let Some(spec) = catalogue.providers.get(&provider) else { continue };
        match read(&path) {
            Ok(file) if file.base_url == spec.base_url => {
                catalogue.lay(&Listing { provider, as_of: file.as_of, models: file.models });
            }
            // Another server goes by that name now.
            Ok(_) => {}
            Err(why) => notices.push(format!(
                "{} is not used, since it cannot be read ({why}); `munshi models --refresh {provider}` writes it anew",
                path.display()
            )),
        }
    }
}

/// In order of their names, so that what holds does not depend on the folder's own order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Result<File, String> {
    let bytes = fs::read(path).map_err(|error: io::Error| error.to_string())?;
    let file: File = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if file.format == FORMAT { Ok(file) } else { Err(format!("its format is {}, not {FORMAT}", file.format)) }
}
