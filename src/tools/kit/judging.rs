//! Whether one call can run: the tool is there, nothing denies it, the arguments are what its schema wants, and its
//! source can do it. Runs nothing.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::finding::{Finding, Found};
use super::policy::is_of;
use crate::chat::ToolCall;
use crate::chat::tool::{Permission, Prepared, ToolOrigin, Verdict};
use crate::chat::words::nearest;
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

    /// Whether the configuration's word was given for a tool as it is now. A server may change one after it first ran
    /// (`ToAnother`), or get a new one after it was allowed as a whole (`None`); the user is then asked.
    async fn word_for(&self, found: &Found) -> Grant {
        let (tool, origin) = (&found.tool, found.source.origin());
        if !matches!(origin, ToolOrigin::Mcp(_)) {
            return Grant::Given;
        }
        let Ok(pins) = self.pins().await else { return Grant::None };
        let by_server = self.policy.allowed_by_server(&tool.spec.name, &origin);
        let is_new = by_server.is_some_and(|server| pins.iter().any(|(name, _)| name == server));
        match look(&pins, &tool.spec.name, &tool.definition) {
            Grant::None if !is_new => Grant::Given,
            word => word,
        }
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
        let word = if permission == Permission::Allow { self.word_for(&found).await } else { Grant::None };
        // Whoever agreed to this definition for good has settled that it is another.
        let is_allowed = permission == Permission::Allow && (word == Grant::Given || grant == Grant::Given);
        let by_config = if is_allowed { Permission::Allow } else { Permission::Ask };
        let was_changed = grant != Grant::Given && [grant, word].contains(&Grant::ToAnother);
        let said = Said { by_config, grant, was_changed };
        let checking = tokio::task::spawn_blocking(move || judge(&found, &call, said));
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

/// What is said of a call's tool.
#[derive(Clone, Copy)]
struct Said {
    by_config: Permission,
    grant: Grant,
    was_changed: bool,
}

fn judge(found: &Found, call: &ToolCall, said: Said) -> Verdict {
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
        permission: if said.grant == Grant::Given { Permission::Allow } else { said.by_config },
        by_config: said.by_config,
        command: plan.command,
        confinement: plan.confinement,
        is_sample: found.tool.is_sample,
        was_changed: said.was_changed,
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
    match nearest(&shown, names.iter().copied()) {
        Some(near) => format!("There is no tool {shown:?}; did you mean {near:?}?"),
        None if names.is_empty() => format!("There is no tool {shown:?}; there are none at all."),
        None => format!("There is no tool {shown:?}; there are {}.", names.join(", ")),
    }
}
