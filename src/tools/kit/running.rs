//! Runs a checked call: exactly as it was shown, no longer than it may, and whatever it does, with an outcome.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::finding::{Finding, Found};
use crate::chat::tool::{MOST_RESULT_BYTES, Permission, Prepared, ToolEnd, ToolOrigin, ToolOutcome};
use crate::tools::grants::{Grant, Kept, look};
use crate::tools::source::SourceTool;

/// What is told to stop has so long to end what it started; then it is no longer waited for.
const GRACE: Duration = Duration::from_secs(2);

impl Inner {
    pub(super) async fn run(&self, prepared: Arc<Prepared>, cancel: CancellationToken) -> ToolOutcome {
        let ready = tokio::select! {
            biased;
            () = cancel.cancelled() => return stopped(ToolEnd::Stopped, &prepared, None),
            ready = self.start(&prepared, &cancel) => ready,
        };
        match ready {
            Ok((work, inner)) => bounded(work, &prepared, &cancel, &inner).await,
            Err(why) => ToolOutcome::failed(&why),
        }
    }

    /// The work of a call, if its tool is still the one that was asked about; with what stops it, also when the work is
    /// dropped.
    async fn start(
        &self,
        prepared: &Prepared,
        cancel: &CancellationToken,
    ) -> Result<(BoxFuture<'static, ToolOutcome>, CancellationToken), String> {
        let name = &prepared.tool;
        let finding = self.find_for(name).await;
        let Some(found) = finding.tools.iter().find(|found| found.tool.spec.name == *name) else {
            let why = finding.notes.join(" ");
            return Err(format!("The tool {name} is no longer there, and did not run. {why}").trim_end().to_owned());
        };
        let origin = found.source.origin();
        if found.tool.definition != prepared.definition || origin != prepared.origin {
            return Err(format!("The tool {name} was changed since the call was checked, and did not run."));
        }
        let permission = self.policy.permission(name, &origin);
        if permission == Permission::Deny {
            return Err(format!("The configuration denies the tool {name}; it did not run."));
        }
        if permission == Permission::Allow && matches!(origin, ToolOrigin::Mcp(_)) {
            self.pin(found, &finding).await?;
        }
        let inner = cancel.child_token();
        let work = found.source.run(prepared, inner.clone());
        Ok((work, inner))
    }

    /// Keeps the definition under which a tool that the configuration allows is first run, so that another one is asked
    /// about; where it is its server that is allowed, those of all tools that the server has.
    async fn pin(&self, found: &Found, finding: &Finding) -> Result<(), String> {
        let pins = self.pins().await?;
        let origin = found.source.origin();
        let by_server = self.policy.allowed_by_server(&found.tool.spec.name, &origin);
        // What came to a server after its tools were pinned is asked about each time, until it is named.
        if by_server.is_some_and(|server| pins.iter().any(|(name, _)| name == server)) {
            return Ok(());
        }
        let is_one = |one: &&Found| match by_server {
            Some(_) => one.source.origin() == origin,
            None => one.tool.spec.name == found.tool.spec.name,
        };
        let line = |tool: &SourceTool| (tool.spec.name.clone(), tool.definition.clone());
        let is_new = |one: &&Found| look(&pins, &one.tool.spec.name, &one.tool.definition) == Grant::None;
        let mut new: Kept = finding.tools.iter().filter(is_one).filter(is_new).map(|one| line(&one.tool)).collect();
        new.extend(by_server.map(|server| (server.to_owned(), found.tool.definition.clone())));
        if new.is_empty() {
            return Ok(());
        }
        let grants = self.grants.clone();
        let pinned = tokio::task::spawn_blocking(move || grants.pin(&new)).await;
        pinned.unwrap_or_else(|_| Err("Which definition was let run could not be kept.".to_owned()))
    }
}

/// Waits for the work as long as it may take and nobody stops it.
async fn bounded(
    work: BoxFuture<'static, ToolOutcome>,
    prepared: &Prepared,
    cancel: &CancellationToken,
    inner: &CancellationToken,
) -> ToolOutcome {
    // Whoever no longer waits for this wants nothing to go on.
    let _ends = inner.clone().drop_guard();
    let mut work = Box::pin(AssertUnwindSafe(work).catch_unwind());
    let end = tokio::select! {
        biased;
        outcome = &mut work => return whole(outcome),
        () = cancel.cancelled() => ToolEnd::Stopped,
        () = tokio::time::sleep(prepared.limit) => ToolEnd::TimedOut,
    };
    inner.cancel();
    let last = tokio::time::timeout(GRACE, work).await.ok().map(whole);
    stopped(end, prepared, last)
}

/// What a model is told, of a tool that broke off, too.
fn whole(outcome: Result<ToolOutcome, Box<dyn std::any::Any + Send>>) -> ToolOutcome {
    let Ok(outcome) = outcome else {
        return ToolOutcome::failed("The tool broke off with a fault of its own; nothing is known of what it did.");
    };
    if outcome.content.len() <= MOST_RESULT_BYTES {
        return outcome;
    }
    let cut = ToolOutcome::new(outcome.end, &outcome.content);
    ToolOutcome { cut_from: outcome.cut_from.max(cut.cut_from), ..cut }
}

/// The outcome of a call that was ended from outside, with what there was of its result.
fn stopped(end: ToolEnd, prepared: &Prepared, last: Option<ToolOutcome>) -> ToolOutcome {
    let says = match end {
        ToolEnd::TimedOut => format!("It took longer than {} s and was stopped.", prepared.limit.as_secs_f32()),
        _ => "It was stopped before it ended.".to_owned(),
    };
    let (so_far, cut_from) = last.map_or((String::new(), None), |last| (last.content, last.cut_from));
    let told = ToolOutcome::new(end, format!("{says}\n{so_far}").trim_end());
    ToolOutcome { cut_from: cut_from.max(told.cut_from), ..told }
}
