//! The commands that print and end.

use color_eyre::eyre::{Result, eyre};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use munshi::chat::{Conversation, ConversationId, Currency};
use munshi::cli::{ChatsCommand, ConfigCommand};
use munshi::config::{Config, report};
use munshi::runtime::Clock;
use munshi::store::Store as _;
use munshi::store::sqlite::{OpenOptions, SqliteStore};
use munshi::text::Sanitised;
use munshi::tui::export::{Format, render};

use crate::setup::SYSTEM;

/// How many conversations are read at a time.
const PAGE: u64 = 500;

pub fn config(command: &ConfigCommand, config: &Config) -> Result<String> {
    match command {
        ConfigCommand::Path => Ok(report::path(config)),
        ConfigCommand::Init => report::init(&config.file, &SYSTEM).map_err(|why| eyre!(why)),
        ConfigCommand::Show { json: true } => Ok(report::show_json(config)),
        ConfigCommand::Show { json: false } => Ok(report::show(config)),
    }
}

pub fn models(json: bool, config: &Config) -> String {
    if json {
        return crate::data(report::models_json(config));
    }
    // Providers name their models, and so what is printed.
    Sanitised::new(&report::models(config, Clock::start().now().day)).as_str().to_owned()
}

pub fn chats(command: &ChatsCommand, config: &Config) -> Result<String> {
    let clock = Clock::start();
    let options = OpenOptions { now_ms: clock.now().unix_ms, ..OpenOptions::default() };
    let mut store = SqliteStore::open(&config.paths.database(), options)?.store;
    match command {
        ChatsCommand::List { json } => list(&mut store, *json, clock.zone()),
        ChatsCommand::Show { id } => {
            let text = export(&mut store, id, Format::Markdown, &config.settings.currency, clock.zone())?;
            Ok(Sanitised::new(&text).as_str().to_owned())
        }
        ChatsCommand::Export { id, json, .. } => {
            let format = if *json { Format::Json } else { Format::Markdown };
            export(&mut store, id, format, &config.settings.currency, clock.zone()).map(crate::data)
        }
    }
}

fn list(store: &mut SqliteStore, json: bool, zone: &TimeZone) -> Result<String> {
    let mut all = Vec::new();
    loop {
        let page = store.list("", all.len() as u64, PAGE)?;
        let is_last = (page.len() as u64) < PAGE;
        all.extend(page);
        if is_last {
            break;
        }
    }
    if json {
        let rows: Vec<_> = all
            .iter()
            .map(|row| {
                serde_json::json!({
                    "id": row.id, "title": row.title, "model": row.model, "pinned": row.pinned,
                    "updated_ms": row.updated_ms, "messages": row.messages,
                })
            })
            .collect();
        return Ok(crate::data(format!("{}\n", serde_json::to_string_pretty(&rows)?)));
    }
    let lines = all.iter().map(|row| {
        let moment = Timestamp::from_millisecond(row.updated_ms)
            .map(|moment| moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
            .unwrap_or_default();
        let title = Sanitised::line(&row.title);
        format!("{}  {moment}  {:>4}  {}\n", row.id, row.messages, title.as_str())
    });
    Ok(lines.collect())
}

fn export(store: &mut SqliteStore, id: &str, format: Format, currency: &Currency, zone: &TimeZone) -> Result<String> {
    let id: ConversationId =
        id.parse().map_err(|_| eyre!("{id:?} is no conversation's id; `munshi chats list` names them"))?;
    let saved = store.load(id)?;
    Ok(render(&Conversation::restore(saved.meta, saved.messages), format, currency, zone))
}
