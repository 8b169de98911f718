//! `munshi batch status` and `munshi batch cancel`: how runs stand that a provider has.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::Result;
use jiff::Timestamp;
use munshi::batch::Exit;
use munshi::batch::offload::submit::{Trouble, trouble};
use munshi::batch::offload::tries::{End, Tries};
use munshi::batch::offload::{Handed, Part};
use munshi::batch::progress;
use munshi::chat::ledger::LedgerClosing;
use munshi::chat::offload::{NO_BATCH_API, RemoteBatch};
use munshi::chat::{Failure, FailureKind};
use munshi::config::Config;
use munshi::runtime::{Clock, Offload, Write};
use munshi::text::Sanitised;
use serde_json::{Value, json};

use super::registry::Registry;
use super::{Outside, USAGE, fetching, handing, offload, signals, world};

/// Asks how one run stands, or all, and prints it.
pub async fn status(id: Option<&str>, as_json: bool, config: &Config) -> Result<ExitCode> {
    let registry = Registry::new(&config.paths);
    let found = match id {
        Some(id) => registry.find(id).map(|handed| vec![handed]),
        None => registry.all(),
    };
    let mut all = match found {
        Ok(all) => all,
        Err(why) => return Ok(crate::fail(&format!("munshi: {}", Sanitised::new(&why)), USAGE)),
    };
    let offload = offload(config);
    let mut failed = false;
    for handed in all.iter_mut().filter(|handed| !handed.is_over()) {
        if let Err(end) = refresh(handed, &offload, config).await {
            failed = true;
            say(end);
        }
    }
    let zone = Clock::start().zone().clone();
    let text = if as_json {
        format!("{:#}\n", Value::from(all.iter().map(as_value).collect::<Vec<_>>()))
    } else if all.is_empty() {
        "No batch is with a provider. `munshi batch run FILE … --offload` hands one over.\n".to_owned()
    } else {
        all.iter().map(|handed| told(handed, &zone)).collect::<Vec<_>>().join("\n")
    };
    crate::print(&crate::data(text))?;
    Ok(ExitCode::from(if failed { Exit::ProviderFailed.code() } else { 0 }))
}

/// Has the provider stop a run, and gives the exit code.
pub async fn cancel(id: &str, config: &Config) -> Result<u8> {
    let registry = Registry::new(&config.paths);
    // Nobody else hands over, fetches or cancels it meanwhile.
    let held = registry.find(id).and_then(|handed| fetching::hold(&registry, &handed));
    let (mut handed, _held) = match held {
        Ok(held) => held,
        Err(why) => return Ok(fetching::refused(&why)),
    };
    if handed.is_over() {
        progress::say(&fetching::over(&handed));
        return Ok(Exit::Done.code());
    }
    let mut outside = world(config, Clock::start(), false)?;
    let stopped = stop(&mut handed, &outside, config).await;
    for part in handed.parts.iter().filter(|part| stopped.is_ok() && part.batch.is_none()) {
        outside.runtime.store().write(vec![Write::CloseAttempt(handing::unsent(part))], None);
    }
    if stopped.is_ok() {
        // What was never sent is not sent any more.
        handed.parts.retain(|part| part.batch.is_some());
        handed.is_whole = true;
    }
    let saved = registry.save(&handed).map_err(Trouble::Failed);
    outside.runtime.close();
    if let Err(end) = stopped.and(saved) {
        return Ok(say(end));
    }
    crate::print(&crate::data(told(&handed, Clock::start().zone())))?;
    if !handed.is_over() {
        progress::say(&format!(
            "What was answered until now is paid for: `munshi batch fetch {}` fetches it, once the provider has stopped.",
            handed.id
        ));
    }
    Ok(Exit::Done.code())
}

/// Stops each batch that is not over, those included whose making was never heard of.
async fn stop(handed: &mut Handed, outside: &Outside, config: &Config) -> std::result::Result<(), Trouble> {
    let provider = handed.task.model.provider.clone();
    let offload = &outside.offload;
    let mut signals = signals().map_err(|error| Trouble::Failed(error.to_string()))?;
    let mut tries = Tries { policy: config.settings.retry, signals: &mut signals, say: &progress::say };
    for at in 0..handed.parts.len() {
        let part = &handed.parts[at];
        if let (None, Some(file)) = (&part.batch, &part.file) {
            let known = tries.run(|| offload.recent(&provider)).await.map_err(|end| trouble(end, handed))?;
            let made = known.into_iter().find(|batch| batch.input_file == *file);
            handed.parts[at].batch = made.map(|batch| batch.id);
        }
        let Some(batch) = handed.parts[at].batch.clone().filter(|_| !handed.parts[at].is_fetched) else { continue };
        let stands = match tries.run(|| offload.retrieve(&provider, &batch)).await {
            Ok(stands) if stands.status.is_over() => Ok(stands),
            Ok(_) => tries.run(|| offload.cancel(&provider, &batch)).await,
            Err(end) => Err(end),
        };
        match stands {
            Ok(remote) => note(&mut handed.parts[at], &remote),
            // Whoever gives it up may: its cost is not known, and its rows can be asked again.
            Err(End::Failed(failure)) if is_gone(&failure) => {
                progress::say(&format!("{} It is given up; its rows count as not asked.", failure.message));
                outside.runtime.store().write(vec![Write::CloseAttempt(gone(&handed.parts[at]))], None);
                "gone".clone_into(&mut handed.parts[at].status);
                handed.parts[at].is_fetched = true;
            }
            Err(end) => return Err(trouble(end, handed)),
        }
    }
    Ok(())
}

/// Whether the provider knows of batches, and not of this one.
fn is_gone(failure: &Failure) -> bool {
    failure.kind == FailureKind::NotFound && failure.code.as_deref() != Some(NO_BATCH_API)
}

/// What a batch's row in the ledger is closed with that nobody can tell the end of.
fn gone(part: &Part) -> LedgerClosing {
    LedgerClosing { cost: None, request_id: part.batch.clone(), ..handing::unsent(part) }
}

/// Asks the provider how the batches of a run stand. It is not kept: another process may be at work on the run.
pub async fn refresh(
    handed: &mut Handed,
    offload: &Arc<dyn Offload>,
    config: &Config,
) -> std::result::Result<Vec<Option<RemoteBatch>>, Trouble> {
    let provider = handed.task.model.provider.clone();
    let mut signals = signals().map_err(|error| Trouble::Failed(error.to_string()))?;
    let mut out = Vec::new();
    for at in 0..handed.parts.len() {
        let Some(batch) = handed.parts[at].batch.clone().filter(|_| !handed.parts[at].is_fetched) else {
            out.push(None);
            continue;
        };
        let mut tries = Tries { policy: config.settings.retry, signals: &mut signals, say: &progress::say };
        let remote = tries.run(|| offload.retrieve(&provider, &batch)).await.map_err(|end| trouble(end, handed))?;
        note(&mut handed.parts[at], &remote);
        out.push(Some(remote));
    }
    Ok(out)
}

fn note(part: &mut Part, remote: &RemoteBatch) {
    remote.status.as_str().clone_into(&mut part.status);
    (part.answered, part.failed) = (remote.completed, remote.failed);
}

/// Says what stands in the way, and gives the exit code.
pub fn say(trouble: Trouble) -> u8 {
    let (why, exit) = match trouble {
        Trouble::OverBudget(why) => (why, Exit::OverBudget),
        Trouble::Provider(why) => (why, Exit::ProviderFailed),
        Trouble::Failed(why) => (why, Exit::Failed),
        Trouble::Stopped(stop) => ("Stopped.".to_owned(), Exit::Stopped(stop)),
    };
    progress::say(&why);
    exit.code()
}

/// A run in lines.
fn told(handed: &Handed, zone: &jiff::tz::TimeZone) -> String {
    let at = Timestamp::from_millisecond(handed.handed_ms).unwrap_or_default().to_zoned(zone.clone());
    let state = match (handed.is_whole, handed.is_over()) {
        (_, true) => ", fetched",
        (false, _) => ", not handed over whole: run the same command again",
        _ => "",
    };
    let (id, name, model) = (&handed.id, &handed.header.input.name, &handed.task.model);
    let day = at.strftime("%Y-%m-%d %H:%M");
    let mut out = format!("{id}  {name} → {}  {model}  {day}{state}\n", handed.output);
    for part in &handed.parts {
        let batch = part.batch.as_deref().unwrap_or("no batch yet");
        let status = part.status.replace('_', " ");
        let failed = if part.failed > 0 { format!(", {} failed", part.failed) } else { String::new() };
        // A string takes all that is written to it.
        let _ = writeln!(out, "  {batch}  {status}  {} of {} rows answered{failed}", part.answered, part.rows);
    }
    out
}

fn as_value(handed: &Handed) -> Value {
    let parts: Vec<Value> = handed
        .parts
        .iter()
        .map(|part| {
            json!({"batch": part.batch, "status": part.status, "rows": part.rows, "answered": part.answered,
                "failed": part.failed, "fetched": part.is_fetched})
        })
        .collect();
    json!({"id": handed.id, "input": handed.header.input.name, "output": handed.output,
        "model": handed.task.model.to_string(), "handed_over_ms": handed.handed_ms, "rows": handed.header.input.rows,
        "whole": handed.is_whole, "fetched": handed.is_over(), "batches": parts})
}
