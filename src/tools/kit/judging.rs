//! Whether one call can run: the tool is there, nothing denies it, the arguments are what its schema wants, and its
//! source can do it. Runs nothing.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::finding::{Finding, Found};
use super::policy::is_of;
use crate::chat::ToolCall;
use crate::chat::tool::{Permission, Prepared, ToolOrigin, Verdict};
use crate::chat::words::distance;
use crate::tools::arguments;
use crate::tools::grants::{Grant, look};

/// A check may take so long: schemas can be entangled and folders far away.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

impl Inner {
    /// The tools among which one of this name is: all but those of other servers, which need not be started for it.
    pub(super) async fn find_for(&self, name: &str) -> Finding {
        self.find(|source| match source.origin() {
            ToolOrigin::Mcp(server) => is_of(&server, name),
            ToolOrigin::BuiltIn | ToolOrigin::Command => true,
        })
        .await
    }

    pub(super) async fn check(&self, call: ToolCall) -> Verdict {
        let mut finding = self.find_for(&call.name).await;
        let Some(at) = finding.tools.iter().position(|found| found.tool.spec.name == call.name) else {
            return Verdict::Invalid(unknown(&call.name, &finding));
        };
        let found = finding.tools.swap_remove(at);
        let origin = found.source.origin();
        let permission = self.policy.permission(&call.name, &origin);
        if permission == Permission::Deny {
            return Verdict::Denied(format!("The user's configuration denies the tool {}; it never runs.", call.name));
        }
        let grant = look(&self.kept().await, &call.name, &found.tool.definition);
        // A server may change what stands behind a name that the configuration allows: then the user is asked.
        let is_new = matches!(origin, ToolOrigin::Mcp(_)) && grant == Grant::ToAnother;
        let may_run = grant == Grant::Given || (permission == Permission::Allow && !is_new);
        let permission = if may_run { Permission::Allow } else { Permission::Ask };
        let checking = tokio::task::spawn_blocking(move || judge(&found, &call, permission, grant));
        match tokio::time::timeout(CHECK_LIMIT, checking).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(_)) => Verdict::Invalid("The call could not be checked, and so does not run.".to_owned()),
            Err(_) => Verdict::Invalid(format!(
                "The call could not be checked within {} s, and so does not run.",
                CHECK_LIMIT.as_secs()
            )),
        }
    }
}

fn judge(found: &Found, call: &ToolCall, permission: Permission, grant: Grant) -> Verdict {
    let arguments = match arguments::read(&call.arguments, &found.schema) {
        Ok(arguments) => arguments,
        Err(why) => return Verdict::Invalid(why),
    };
    let plan = match found.source.plan(&call.name, &arguments) {
        Ok(plan) => plan,
        Err(why) => return Verdict::Denied(why),
    };
    Verdict::Ready(Arc::new(Prepared {
        tool: call.name.clone(),
        origin: found.source.origin(),
        definition: found.tool.definition.clone(),
        arguments: Arc::new(arguments),
        permission,
        command: plan.command,
        confinement: plan.confinement,
        is_sample: found.tool.is_sample,
        was_changed: grant == Grant::ToAnother,
        limit: plan.limit,
    }))
}

/// What is said of a tool that is not there: why its server has none, else which name is nearest.
fn unknown(name: &str, finding: &Finding) -> String {
    let shown: String = name.chars().take(80).collect();
    if let Some((server, why)) =
        finding.servers.iter().find_map(|server| Some((&server.name, server.trouble.as_ref()?)))
    {
        return format!("The tool {shown:?} is not there: MCP server {server}: {why}");
    }
    let names: Vec<&str> = finding.tools.iter().map(|found| found.tool.spec.name.as_str()).collect();
    let nearest = names.iter().map(|known| (distance(&shown, known), *known)).min();
    match nearest {
        Some((edits, near)) if edits <= (near.len() / 3).max(2) => {
            format!("There is no tool {shown:?}; did you mean {near:?}?")
        }
        _ if names.is_empty() => format!("There is no tool {shown:?}; there are none at all."),
        _ => format!("There is no tool {shown:?}; there are {}.", names.join(", ")),
    }
}
