use super::source::tool;
use super::*;
use crate::chat::tool::ToolOrigin;

fn names(gathered: &Gathered) -> Vec<&str> {
    gathered.tools.iter().map(|tool| tool.spec.name.as_str()).collect()
}

fn mcp(name: &str) -> ToolOrigin {
    ToolOrigin::Mcp(name.to_owned())
}

#[tokio::test]
async fn what_is_on_is_as_the_configuration_and_then_the_chat_say() {
    let home = tempfile::tempdir().unwrap();
    let sources = || {
        vec![
            Fake::new(mcp("files"), &["files__read", "files__write"]),
            Fake::new(ToolOrigin::BuiltIn, &["calculate", "current_time"]),
            Fake::new(ToolOrigin::Command, &["report", "deploy"]),
        ]
    };
    let tooling = Tooling {
        on: words(&["calculate"]),
        deny: words(&["deploy"]),
        servers: vec![server("files", true)],
        ..Tooling::default()
    };
    let kit = super::kit(home.path(), sources(), &tooling);
    let mut choices = ToolChoices::default();
    assert_eq!(names(&kit.gather(choices.clone()).await), ["calculate", "report", "files__read", "files__write"]);
    choices.switch("files", false);
    choices.switch("files__read", true);
    choices.switch("current_time", true);
    choices.switch("deploy", true);
    let chosen = kit.gather(choices.clone()).await;
    assert_eq!(
        names(&chosen),
        ["calculate", "current_time", "report", "files__read"],
        "what is denied is never offered"
    );
    choices.switch("*", false);
    assert_eq!(names(&kit.gather(choices).await), [""; 0]);
    let list = kit.list().await;
    assert_eq!(list.tools.len(), 6, "the list has them all");
    let deploy = list.tools.iter().find(|listed| listed.tool.spec.name == "deploy").unwrap();
    assert_eq!(deploy.tool.permission, Permission::Deny);
}

#[tokio::test]
async fn a_server_that_nobody_wants_is_not_asked() {
    let home = tempfile::tempdir().unwrap();
    let mut fake = Fake::new(mcp("files"), &["files__read"]);
    fake.panics_when_asked = true;
    let tooling = Tooling { servers: vec![server("files", false)], ..Tooling::default() };
    let kit = super::kit(home.path(), vec![fake, Fake::new(ToolOrigin::Command, &["report"])], &tooling);
    assert_eq!(kit.gather(ToolChoices::default()).await.notes, [""; 0]);
    let call = ToolCall { id: "1".to_owned(), name: "report".to_owned(), arguments: String::new() };
    assert!(matches!(kit.check(call).await, Verdict::Ready(_)));
}

#[tokio::test]
async fn the_list_starts_no_server_that_is_off_and_tells_of_it_and_a_check_starts_all() {
    let home = tempfile::tempdir().unwrap();
    let tooling =
        Tooling { servers: vec![server("a", true), server("b", false), server("c", false)], ..Tooling::default() };
    let sources = ["a", "b", "c"].map(|name| {
        let mut fake = Fake::new(mcp(name), &[&format!("{name}__t")]);
        fake.is_running = name == "c";
        fake
    });
    let kit = super::kit(home.path(), sources.into(), &tooling);
    let list = kit.list().await;
    let names: Vec<_> = list.tools.iter().map(|listed| listed.tool.spec.name.as_str()).collect();
    assert_eq!(names, ["a__t", "c__t"]);
    let troubles: Vec<_> =
        list.servers.iter().map(|server| (server.name.as_str(), server.trouble.as_deref())).collect();
    let off = Some("off: its tools are not known until it is switched on");
    assert_eq!(troubles, [("a", None), ("b", off), ("c", None)]);
    assert_eq!(kit.list_all().await.tools.len(), 3);
}

#[tokio::test]
async fn no_more_tools_are_offered_than_a_request_takes_and_those_that_the_chat_names_are_among_them() {
    let home = tempfile::tempdir().unwrap();
    let all: Vec<String> = (0..130).map(|n| format!("t{n}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let kit = super::kit(home.path(), vec![Fake::new(ToolOrigin::Command, &all)], &Tooling::default());
    let gathered = kit.gather(ToolChoices::default()).await;
    assert_eq!((names(&gathered).len(), gathered.notes.len()), (128, 1));
    assert!(gathered.notes[0].starts_with("2 of the tools that are on are left out"), "{:?}", gathered.notes);
    assert!(gathered.notes[0].contains("/tools off NAME"), "{:?}", gathered.notes);
    let mut choices = ToolChoices::default();
    choices.switch("t129", true);
    assert!(names(&kit.gather(choices.clone()).await).contains(&"t129"));
    choices.switch("t1", false);
    choices.switch("t2", false);
    assert_eq!(kit.gather(choices).await.notes, [""; 0]);
}

#[tokio::test]
async fn a_server_that_fails_is_left_out_with_a_note_and_the_others_stay() {
    let home = tempfile::tempdir().unwrap();
    let sources = vec![
        Fake::new(mcp("dead"), &[]).failing("it ended with exit code 1."),
        Fake::new(ToolOrigin::Command, &["report"]),
    ];
    let kit = super::kit(home.path(), sources, &Tooling::default());
    let gathered = kit.gather(ToolChoices::default()).await;
    assert_eq!(names(&gathered), ["report"]);
    assert_eq!(gathered.notes, ["The tools of MCP server dead are not there: it ended with exit code 1."]);
    let list = kit.list().await;
    assert_eq!(list.servers[0].trouble.as_deref(), Some("it ended with exit code 1."));
    let call = ToolCall { id: "1".to_owned(), name: "dead__x".to_owned(), arguments: String::new() };
    let Verdict::Invalid(says) = kit.check(call).await else { panic!("it never runs") };
    assert!(says.contains("MCP server dead: it ended"), "{says}");
}

#[tokio::test]
async fn names_that_clash_or_hide_and_schemas_that_lead_out_are_left_out_with_a_note() {
    let home = tempfile::tempdir().unwrap();
    let mut far = tool("evil__far", "1");
    far.spec.parameters = serde_json::json!({ "$ref": "https://example.org/x" });
    far.definition = "far".to_owned();
    let evil = Fake::new(
        mcp("evil"),
        &["calculate", "evil__ok", "evil__ok", "evil__\u{202e}x", "evil__a b", "files__read", "evil__", ""],
    );
    let sources = vec![
        evil.with(far),
        Fake::new(ToolOrigin::Command, &["calculate"]),
        Fake::new(ToolOrigin::BuiltIn, &["calculate"]),
    ];
    let kit = super::kit(home.path(), sources, &Tooling { on: words(&["*"]), ..Tooling::default() });
    let gathered = kit.gather(ToolChoices::default()).await;
    assert_eq!(names(&gathered), ["calculate", "evil__ok"]);
    assert_eq!(gathered.tools[0].origin, ToolOrigin::BuiltIn, "the built-in one wins");
    assert_eq!(gathered.notes.len(), 9, "{:#?}", gathered.notes);
    assert!(gathered.notes.iter().any(|note| note.contains("leads out of the schema")), "{:#?}", gathered.notes);
    assert!(gathered.notes.iter().all(|note| !note.contains('\u{202e}')), "{:#?}", gathered.notes);
}
