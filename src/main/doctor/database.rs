//! The database, its disk, and what the ledger says of the budgets. Reads only: a damaged file is salvaged by the chat,
//! and not by a look at it.

use std::path::Path;

use color_eyre::eyre::Result;
use jiff::civil::Date;
use munshi::chat::budget::WARNS_AT_PERCENT;
use munshi::chat::{Currency, Settings};
use munshi::platform::files;
use munshi::store::StoreError;
use munshi::store::sqlite::{OpenOptions, SqliteStore};

use super::Finding;
use crate::budgets::{self, BudgetUse};

/// Below so many bytes a disk is nearly full, and below so many it is.
const LITTLE_SPACE: u64 = 200 << 20;
const NO_SPACE: u64 = 5 << 20;

pub(super) fn database(path: &Path) -> Vec<Finding> {
    const CHECK: &str = "database";
    let name = path.display();
    let size = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return vec![Finding::fine(CHECK, format!("there is none yet; the first chat makes {name}"))];
        }
        Err(error) => {
            let says = format!("{name} cannot be read: {error}");
            return vec![Finding::failure(CHECK, says, "see that the file and its folder are yours")];
        }
    };
    let (found, known) = match SqliteStore::schema(path) {
        Ok(schemas) => schemas,
        Err(error) => return vec![broken(&error)],
    };
    if found > known {
        let says = format!("{name} was made by a newer munshi: its schema is {found}, and this one knows {known}");
        let mend = "use that newer munshi, or set another data folder with MUNSHI_DATA_DIR";
        return vec![Finding::failure(CHECK, says, mend)];
    }
    if let Err(error) = SqliteStore::verify(path) {
        return vec![broken(&error)];
    }
    let mut findings = vec![Finding::fine(CHECK, format!("{name} is sound: schema {found}, {}", bytes(size)))];
    if found < known {
        let says = format!("its schema is {found}, and the next chat brings it to {known}, after a copy");
        findings.push(Finding::fine(CHECK, says));
    }
    if files::others_may_read(path).unwrap_or(false) {
        findings.push(Finding::warning(CHECK, "others can read it", format!("chmod 600 '{name}'")));
    }
    findings
}

fn broken(error: &StoreError) -> Finding {
    let mend = match error {
        StoreError::Damaged { .. } => {
            "start `munshi` with no other one running: it sets the file aside untouched, and makes a new one of all that can be read"
        }
        StoreError::Passing(_) => "close other programs that use it, and run this again",
        _ => "see that the file and its folder are yours to read and write",
    };
    match error {
        StoreError::Passing(_) => Finding::warning("database", error.to_string(), mend),
        _ => Finding::failure("database", error.to_string(), mend),
    }
}

pub(super) fn disk(path: &Path) -> Finding {
    const CHECK: &str = "disk";
    let Some(free) = files::free_space(path) else {
        return Finding::fine(CHECK, "the system does not say how much is free");
    };
    let says = format!("{} are free for the database", bytes(free));
    let mend = "make room on that disk, or set another data folder with MUNSHI_DATA_DIR";
    match free {
        ..NO_SPACE => Finding::failure(CHECK, says, mend),
        NO_SPACE..LITTLE_SPACE => Finding::warning(CHECK, says, mend),
        _ => Finding::fine(CHECK, says),
    }
}

pub(super) fn budgets(settings: &Settings, path: &Path, is_readable: bool, today: Date) -> Vec<Finding> {
    const CHECK: &str = "budgets";
    if !settings.budgets.is_set() {
        return vec![Finding::fine(CHECK, "none is set; [budget] in the configuration sets one")];
    }
    if !is_readable {
        let says = "what is used of them is not known, since the database cannot be read";
        return vec![Finding::warning(CHECK, says, "mend the database first")];
    }
    match read(settings, path, today) {
        Ok(used) => used.iter().map(|budget| of(budget, &settings.currency)).collect(),
        Err(error) => vec![Finding::warning(CHECK, format!("{error:#}"), "start `munshi` once, and run this again")],
    }
}

fn read(settings: &Settings, path: &Path, today: Date) -> Result<Vec<BudgetUse>> {
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    let mut store = if path.exists() { Some(SqliteStore::open(path, options)?.store) } else { None };
    budgets::used(&settings.budgets, store.as_mut().map(|store| store as _), today)
}

fn of(budget: &BudgetUse, currency: &Currency) -> Finding {
    const CHECK: &str = "budgets";
    let says = format!("{}: {}", budget.kind.as_str(), budget.says(currency));
    let mend = |what: &str| format!("{what}, or raise budget.{} in the configuration", budget.kind.as_str());
    match budget.percent() {
        Some(100..) => Finding::warning(CHECK, says + ": it is used up", mend("wait for the next one")),
        Some(percent) if percent >= u64::from(WARNS_AT_PERCENT) => {
            Finding::warning(CHECK, says, mend("spend with care"))
        }
        _ => Finding::fine(CHECK, says),
    }
}

/// A size, short: `812 kB`, `3.4 MB`.
fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..1_000_000 => return format!("{} kB", count.div_ceil(1_000)),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{}.{} {name}", count / unit, count % unit * 10 / unit)
}
