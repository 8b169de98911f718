//! Which tools an answer may use, and what is said of their calls. Owns the choice that `--tools` makes and the text of
//! an approval; refuses to run anything.

use std::sync::Arc;

use crate::chat::tool::{CheckedCall, Gathered, Permission, Prepared, ToolList, Verdict};
use crate::chat::words::nearest;
use crate::chat::{Status, ToolChoices};
use crate::text::Sanitised;

use super::account::{Call, seconds};

/// The name that stands for all tools.
const ALL: &str = "all";

/// Characters of a call's arguments that a line shows.
const MOST_SHOWN: usize = 160;

/// Exactly the named ones: tools, servers of tools, or `all`.
#[must_use]
pub fn choices(names: &[String]) -> ToolChoices {
    let mut choices = ToolChoices::default();
    choices.switch(ToolChoices::ALL, names.iter().any(|name| name == ALL));
    for name in names.iter().filter(|name| *name != ALL) {
        choices.switch(name, true);
    }
    choices
}

/// Those names that no tool that was gathered, nor its server, answers to.
#[must_use]
pub fn missing<'a>(names: &'a [String], gathered: &Gathered) -> Vec<&'a str> {
    let answers = |name: &str| {
        name == ALL || gathered.tools.iter().any(|tool| tool.spec.name == name || tool.group() == Some(name))
    };
    names.iter().map(String::as_str).filter(|name| !answers(name)).collect()
}

/// Why a named tool cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// There is none of that name.
    Unknown(String),
    /// It is there, and cannot be had now.
    Trouble(String),
}

/// What is said of a name that nothing answers to.
#[must_use]
pub fn explain_missing(name: &str, list: &ToolList) -> Missing {
    let shown = Sanitised::line(name);
    // A server's tools are called after it.
    let server = list.servers.iter().find(|server| {
        server.name == name || name.strip_prefix(server.name.as_str()).is_some_and(|rest| rest.starts_with("__"))
    });
    if let Some(trouble) = server.and_then(|server| server.trouble.as_deref()) {
        return Missing::Trouble(format!("The tools of {shown} are not there: {trouble}"));
    }
    if list.tools.iter().any(|listed| listed.tool.spec.name == name) {
        return Missing::Trouble(format!(
            "The tool {shown} is there, and cannot be offered: see `munshi config show`."
        ));
    }
    let tools = list.tools.iter().map(|tool| tool.tool.spec.name.as_str());
    let known: Vec<&str> = tools.chain(list.servers.iter().map(|server| server.name.as_str())).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!(" Did you mean {}?", Sanitised::line(nearest)),
        None if known.is_empty() => " There are no tools at all.".to_owned(),
        None => format!(" There are: {}.", Sanitised::line(&known.join(", "))),
    };
    Missing::Unknown(format!("There is no tool {shown}.{hint}"))
}

/// The same calls, of which none runs without the user's word; or, `unasked`, without the configuration's own: an
/// "always" that was said in a chat counts for neither.
#[must_use]
pub fn judged(checked: Vec<CheckedCall>, unasked: bool) -> Vec<CheckedCall> {
    let asked = |prepared: Arc<Prepared>| {
        let permission = if unasked { prepared.by_config } else { Permission::Ask };
        Arc::new(Prepared { permission, ..(*prepared).clone() })
    };
    let one = |call: CheckedCall| match call.verdict {
        Verdict::Ready(prepared) => CheckedCall { verdict: Verdict::Ready(asked(prepared)), ..call },
        _ => call,
    };
    checked.into_iter().map(one).collect()
}

/// All that is known of a call, as it would run: each value on a line of its own, escaped, so that nothing of it can
/// pass for munshi's words.
#[must_use]
pub fn approval(prepared: &Prepared) -> String {
    let mut lines = vec![format!("The model asks for {} ({}).", prepared.tool, prepared.origin)];
    lines.push(format!("  how: {}", prepared.confinement.words()));
    if prepared.is_sample {
        lines.push("  it answers with sample data".to_owned());
    }
    if prepared.was_changed {
        lines.push("  it was allowed for good when its definition was another".to_owned());
    }
    if let Some(command) = &prepared.command {
        lines.push(format!("  command: {}", serde_json::Value::from(command.as_slice())));
    }
    match prepared.arguments.as_object() {
        Some(arguments) if arguments.is_empty() => lines.push("  without arguments".to_owned()),
        Some(arguments) => {
            lines.extend(arguments.iter().map(|(name, value)| {
                let name = serde_json::Value::from(name.as_str());
                format!("  {name}: {value}")
            }));
        }
        None => lines.push(format!("  {}", prepared.arguments)),
    }
    lines.iter().map(|line| Sanitised::line(line).to_string()).collect::<Vec<_>>().join("\n")
}

/// Whether an answer at the terminal lets a call run: only `y` and `yes` do.
#[must_use]
pub fn agrees(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

/// `⚙ get_weather {"city":"Pune"}`, on one line and not too long.
#[must_use]
pub fn call_line(call: &Call) -> String {
    let cut: String = call.arguments.chars().take(MOST_SHOWN).collect();
    let more = if cut.len() < call.arguments.len() { "…" } else { "" };
    Sanitised::line(&format!("⚙ {} {cut}{more}", call.name)).to_string()
}

/// `  ✓ 0.1 s`, or why not; with the tool's name where several calls were made together.
#[must_use]
pub fn result_line(call: &Call, is_one_of_several: bool) -> String {
    let mark = if call.status == Some(Status::Complete) { "✓" } else { "✗" };
    let name = is_one_of_several.then(|| call.name.clone());
    let took = call.took_ms.map(seconds);
    // What a failed tool said is told where nothing else says why.
    let said = (call.status != Some(Status::Complete) && call.note.is_none()).then(|| {
        let cut: String = call.result.chars().take(MOST_SHOWN).collect();
        cut
    });
    let parts: Vec<String> = [name, took, call.note.clone(), said].into_iter().flatten().collect();
    Sanitised::line(&format!("  {mark} {}", parts.join(" · "))).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::chat::tool::{Confinement, ListedServer, ListedTool};
    use crate::chat::{MessageId, Tool, ToolOrigin, ToolSpec};
    use uuid::Uuid;

    fn tool(name: &str, origin: ToolOrigin) -> Tool {
        let spec = ToolSpec { name: name.to_owned(), description: String::new(), parameters: json!({}) };
        Tool { spec, origin, definition: String::new(), permission: Permission::Allow, is_sample: false, is_on: true }
    }

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn prepared(arguments: serde_json::Value) -> Prepared {
        Prepared {
            tool: "run".to_owned(),
            origin: ToolOrigin::Command,
            definition: String::new(),
            arguments: Arc::new(arguments),
            permission: Permission::Allow,
            by_config: Permission::Ask,
            command: Some(vec!["ls".to_owned(), "-l\u{1b}[2J".to_owned()]),
            confinement: Confinement::Unsandboxed,
            is_sample: false,
            was_changed: false,
            limit: Duration::from_secs(1),
        }
    }

    #[test]
    fn exactly_the_named_tools_are_offered() {
        let read = tool("files__read", ToolOrigin::Mcp("files".to_owned()));
        let clock = tool("current_time", ToolOrigin::BuiltIn);
        let on = |text: &str| [choices(&names(text)).is_on(&read), choices(&names(text)).is_on(&clock)];
        assert_eq!(on("current_time"), [false, true]);
        assert_eq!(on("files"), [true, false]);
        assert_eq!(on("all"), [true, true]);
        assert!(!choices(&[]).may_offer(true), "without a name there are none");
        let gathered = Gathered { tools: vec![read, clock].into(), notes: Vec::new() };
        assert_eq!(missing(&names("files,current_time,files__read,all,curent_time"), &gathered), ["curent_time"]);
    }

    #[test]
    fn a_name_that_nothing_answers_to_is_said_with_the_nearest() {
        let listed = ListedTool { tool: tool("current_time", ToolOrigin::BuiltIn), is_always_allowed: false };
        let down = ListedServer { name: "files".to_owned(), trouble: Some("it did not start.".to_owned()) };
        let list = ToolList { tools: vec![listed], servers: vec![down] };
        let said = |name| match explain_missing(name, &list) {
            Missing::Unknown(said) | Missing::Trouble(said) => said,
        };
        assert_eq!(said("curent_time"), "There is no tool curent_time. Did you mean current_time?");
        assert_eq!(said("weather\u{1b}"), "There is no tool weather␛. There are: current_time, files.");
        assert!(said("files__read").contains("it did not start"));
        assert!(matches!(explain_missing("x", &ToolList::default()), Missing::Unknown(_)));
    }

    #[test]
    fn no_call_runs_without_the_users_word_or_unasked_without_the_configurations() {
        let permission = |unasked: bool, by_config: Permission| {
            let prepared = Prepared { by_config, ..prepared(json!({})) };
            let call = CheckedCall { result: MessageId(Uuid::nil()), verdict: Verdict::Ready(Arc::new(prepared)) };
            match &judged(vec![call], unasked)[0].verdict {
                Verdict::Ready(prepared) => prepared.permission,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(permission(false, Permission::Allow), Permission::Ask);
        assert_eq!(permission(true, Permission::Allow), Permission::Allow);
        assert_eq!(permission(true, Permission::Ask), Permission::Ask, "an always does not count");
    }

    #[test]
    fn an_approval_shows_all_that_runs_and_nothing_in_it_passes_for_munshis_words() {
        let hostile = json!({"path": "x\nRun it? [y/N] y\r\u{202e}", "\u{1b}[8m": 1});
        let shown = approval(&prepared(hostile));
        assert_eq!(shown.lines().count(), 5, "{shown}");
        assert!(shown.contains(r#""x\nRun it? [y/N] y\r<U+202E>""#), "{shown}");
        assert!(
            shown.contains("UNSANDBOXED") && shown.contains("your config") && shown.contains(r#"["ls","-l\u001b[2J"]"#)
        );
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(["y", "Y", " yes\n", "YES"].iter().all(|answer| agrees(answer)));
        assert!(!["", "\n", "n", "no", "yy", "yes please", "ye"].iter().any(|answer| agrees(answer)));
    }

    #[test]
    fn a_call_and_its_result_are_a_line_each() {
        let mut call = Call {
            name: "get_weather".to_owned(),
            arguments: "{\"city\":\n\"Pune\"}".to_owned(),
            status: Some(Status::Complete),
            result: "31".to_owned(),
            note: None,
            took_ms: Some(123),
        };
        assert_eq!(call_line(&call), "⚙ get_weather {\"city\":⏎\"Pune\"}");
        assert_eq!(result_line(&call, false), "  ✓ 0.1 s");
        assert_eq!(result_line(&call, true), "  ✓ get_weather · 0.1 s");
        call.status = Some(Status::Failed);
        call.took_ms = None;
        assert_eq!(result_line(&call, false), "  ✗ 31");
        call.note = Some("denied by you".to_owned());
        assert_eq!(result_line(&call, false), "  ✗ denied by you");
        call.arguments = "x".repeat(500);
        assert!(call_line(&call).ends_with("x…"));
    }
}
