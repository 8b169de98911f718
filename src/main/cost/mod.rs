//! `munshi cost`: what was spent, from the ledger. Owns what is asked of the store; `human` and `data` say it.

mod data;
mod human;

use std::path::Path;

use color_eyre::eyre::{Result, eyre};
use jiff::civil::Date;
use munshi::chat::Currency;
use munshi::chat::catalogue::staleness_note;
use munshi::chat::spending::{GroupBy, Period, SpendRow, filled_days};
use munshi::cli::{CostArgs, CostBy};
use munshi::config::Config;
use munshi::platform::terminal;
use munshi::runtime::Clock;
use munshi::store::Store as _;
use munshi::store::sqlite::{OpenOptions, SqliteStore};
use munshi::text::Sanitised;

use crate::budgets::{self, BudgetUse};
use crate::setup;

/// All that a report says.
struct Spending {
    by: GroupBy,
    period: Period,
    rows: Vec<SpendRow>,
    /// Each day of the period, those without spending too.
    days: Vec<SpendRow>,
    budgets: Vec<BudgetUse>,
    currency: Currency,
    prices_of: Date,
    /// What is to be said of prices that are old.
    stale: Option<String>,
}

/// What is printed.
pub fn report(args: &CostArgs, config: &Config) -> Result<String> {
    let clock = Clock::start();
    let database = if args.demo { config.paths.data.join("demo").join("munshi.db") } else { config.paths.database() };
    let spending = gather(args, config, &clock, &database)?;
    if args.csv {
        return Ok(crate::data(data::csv(&spending)?));
    }
    if args.json {
        return data::json(&spending).map(crate::data);
    }
    let paper = human::Paper {
        columns: terminal::size().map_or(human::USUAL_COLUMNS, |(columns, _)| usize::from(columns)),
        coloured: terminal::is_terminal() && setup::colours() != munshi::tui::theme::ColourDepth::None,
        blocks: terminal::is_utf8(setup::told),
    };
    Ok(human::report(&spending, paper))
}

fn gather(args: &CostArgs, config: &Config, clock: &Clock, database: &Path) -> Result<Spending> {
    let today = clock.now().day;
    let by = grouping(args.by);
    let period = match (args.since, args.days) {
        (Some(from), _) => Period { from, to: args.until.unwrap_or(today) },
        (None, Some(days)) => Period::last_days(today, days),
        (None, None) => Period::usual(by, today),
    };
    if period.from > period.to {
        return Err(eyre!("--since {} is after today, {}; an earlier day is wanted", period.from, period.to));
    }
    let mut store = open(database, clock)?;
    let (mut rows, mut days) = (Vec::new(), Vec::new());
    if let Some(store) = &mut store {
        rows = store.report(by, period)?;
        days = if by == GroupBy::Day { rows.clone() } else { store.report(GroupBy::Day, period)? };
    }
    let budgets = budgets::used(&config.settings.budgets, store.as_mut().map(|store| store as _), today)?;
    let prices_of = config.catalogue.priced_on(&config.model.provider);
    Ok(Spending {
        by,
        period,
        days: filled_days(&days, period),
        rows,
        budgets,
        currency: config.settings.currency.clone(),
        prices_of,
        stale: staleness_note(prices_of, today),
    })
}

const fn grouping(by: CostBy) -> GroupBy {
    match by {
        CostBy::Day => GroupBy::Day,
        CostBy::Week => GroupBy::Week,
        CostBy::Month => GroupBy::Month,
        CostBy::Model => GroupBy::Model,
        CostBy::Conversation => GroupBy::Conversation,
        CostBy::Purpose => GroupBy::Purpose,
    }
}

/// The store; `None` where there is no database yet, which a question about money does not make.
fn open(database: &Path, clock: &Clock) -> Result<Option<SqliteStore>> {
    if !database.exists() {
        return Ok(None);
    }
    let opened = SqliteStore::open(database, OpenOptions { now_ms: clock.now().unix_ms, ..OpenOptions::default() })?;
    for notice in &opened.notices {
        crate::talk(&format!("munshi: {}", Sanitised::line(&notice.to_string())));
    }
    Ok(Some(opened.store))
}
