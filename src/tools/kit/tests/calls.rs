use std::sync::Mutex;

use proptest::prelude::*;
use serde_json::json;

use super::source::{Does, tool};
use super::*;
use crate::chat::tool::{MOST_RESULT_BYTES, ToolEnd, ToolOrigin};

fn call(name: &str, arguments: &str) -> ToolCall {
    ToolCall { id: "1".to_owned(), name: name.to_owned(), arguments: arguments.to_owned() }
}

async fn ready(kit: &Kit, name: &str, arguments: &str) -> Arc<Prepared> {
    match kit.check(call(name, arguments)).await {
        Verdict::Ready(prepared) => prepared,
        other => panic!("{other:?}"),
    }
}

async fn run(does: Does) -> ToolOutcome {
    let home = tempfile::tempdir().unwrap();
    let kit = super::kit(home.path(), vec![Fake::new(ToolOrigin::Command, &["t"]).doing(does)], &Tooling::default());
    let prepared = ready(&kit, "t", "").await;
    kit.run(prepared, CancellationToken::new()).await
}

#[tokio::test]
async fn row_31_a_call_of_no_tool_names_the_nearest() {
    let home = tempfile::tempdir().unwrap();
    let kit = super::kit(
        home.path(),
        vec![Fake::new(ToolOrigin::BuiltIn, &["get_weather", "calculate"])],
        &Tooling::default(),
    );
    for (name, says) in [
        ("get_wether", "There is no tool \"get_wether\"; did you mean \"get_weather\"?"),
        ("rm", "There is no tool \"rm\"; there are get_weather, calculate."),
    ] {
        assert_eq!(kit.check(call(name, "{}")).await, Verdict::Invalid(says.to_owned()));
    }
    let Verdict::Invalid(says) = kit.check(call(&"x".repeat(1_000_000), "{}")).await else { panic!("it never runs") };
    assert!(says.len() < 300);
}

#[tokio::test]
async fn a_denial_beats_a_permission_and_an_always() {
    let home = tempfile::tempdir().unwrap();
    let tooling = Tooling { allow: words(&["a", "b"]), deny: words(&["b"]), ..Tooling::default() };
    let kit = super::kit(home.path(), vec![Fake::new(ToolOrigin::Command, &["a", "b", "c"])], &tooling);
    for name in ["b", "c"] {
        kit.allow(name.to_owned(), tool(name, "1").definition).await.unwrap();
    }
    assert_eq!(ready(&kit, "a", "").await.permission, Permission::Allow);
    assert_eq!(ready(&kit, "c", "").await.permission, Permission::Allow, "always");
    let Verdict::Denied(says) = kit.check(call("b", "")).await else { panic!("it is denied") };
    assert!(says.contains("denies the tool b"), "{says}");
    let denied = Prepared {
        tool: "b".to_owned(),
        definition: tool("b", "1").definition,
        ..(*ready(&kit, "a", "").await).clone()
    };
    assert_eq!(
        kit.run(Arc::new(denied), CancellationToken::new()).await.end,
        ToolEnd::Failed,
        "not even if it is run unasked"
    );
}

#[tokio::test]
async fn an_always_holds_for_that_definition_alone_and_for_every_instance() {
    let home = tempfile::tempdir().unwrap();
    let kit = super::kit(home.path(), vec![Fake::new(ToolOrigin::Command, &["t"])], &Tooling::default());
    let first = ready(&kit, "t", "").await;
    assert_eq!((first.permission, first.was_changed), (Permission::Ask, false));
    kit.allow("t".to_owned(), first.definition.clone()).await.unwrap();
    let other = super::kit(home.path(), vec![Fake::new(ToolOrigin::Command, &["t"])], &Tooling::default());
    assert_eq!(ready(&other, "t", "").await.permission, Permission::Allow);
    assert!(other.list().await.tools[0].is_always_allowed);
    let changed = Fake::new(ToolOrigin::Command, &[]).with(tool("t", "2"));
    let changed = super::kit(home.path(), vec![changed], &Tooling::default());
    let second = ready(&changed, "t", "").await;
    assert_eq!((second.permission, second.was_changed), (Permission::Ask, true));
    // The first call was agreed to; the tool is another by now.
    let outcome = changed.run(first, CancellationToken::new()).await;
    assert!(outcome.end == ToolEnd::Failed && outcome.content.contains("was changed"), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_changes_a_tool_which_the_configuration_allows_is_asked_about() {
    let home = tempfile::tempdir().unwrap();
    let origin = ToolOrigin::Mcp("s".to_owned());
    let tooling = Tooling { allow: words(&["s__t"]), servers: vec![server("s", true)], ..Tooling::default() };
    let kit = super::kit(home.path(), vec![Fake::new(origin.clone(), &["s__t"])], &tooling);
    let first = ready(&kit, "s__t", "").await;
    assert_eq!(first.permission, Permission::Allow);
    assert_eq!(kit.run(first, CancellationToken::new()).await.end, ToolEnd::Done);
    let changed = super::kit(home.path(), vec![Fake::new(origin, &[]).with(tool("s__t", "2"))], &tooling);
    let second = ready(&changed, "s__t", "").await;
    assert_eq!((second.permission, second.was_changed), (Permission::Ask, true));
    assert_eq!(changed.run(Arc::clone(&second), CancellationToken::new()).await.end, ToolEnd::Done, "once");
    assert_eq!(ready(&changed, "s__t", "").await.permission, Permission::Ask, "and no more");
    changed.allow("s__t".to_owned(), second.definition.clone()).await.unwrap();
    let third = ready(&changed, "s__t", "").await;
    assert_eq!((third.permission, third.by_config), (Permission::Allow, Permission::Allow));
    assert!(!third.was_changed);
}

#[tokio::test]
async fn what_is_taken_out_of_the_configuration_asks_again_and_an_always_is_no_word_of_the_configurations() {
    let home = tempfile::tempdir().unwrap();
    let origin = ToolOrigin::Mcp("s".to_owned());
    let kit = |allow: &[&str]| {
        let tooling = Tooling { allow: words(allow), servers: vec![server("s", true)], ..Tooling::default() };
        super::kit(home.path(), vec![Fake::new(origin.clone(), &["s__t"])], &tooling)
    };
    let allowed = kit(&["s__t"]);
    let prepared = ready(&allowed, "s__t", "").await;
    assert_eq!((prepared.permission, prepared.by_config), (Permission::Allow, Permission::Allow));
    assert_eq!(allowed.run(prepared, CancellationToken::new()).await.end, ToolEnd::Done);
    assert!(!allowed.list().await.tools[0].is_always_allowed, "the user said no always");
    let asks = kit(&[]);
    let prepared = ready(&asks, "s__t", "").await;
    assert_eq!((prepared.permission, prepared.was_changed), (Permission::Ask, false));
    asks.allow("s__t".to_owned(), prepared.definition.clone()).await.unwrap();
    let prepared = ready(&asks, "s__t", "").await;
    assert_eq!((prepared.permission, prepared.by_config), (Permission::Allow, Permission::Ask));
    asks.forget("s__t".to_owned()).await.unwrap();
    assert_eq!(ready(&asks, "s__t", "").await.permission, Permission::Ask);
    assert!(asks.forget("s__t".to_owned()).await.unwrap_err().contains("not allowed for good"));
}

#[tokio::test]
async fn a_servers_name_allows_the_tools_that_it_has_and_those_that_come_to_it_are_asked_about() {
    let home = tempfile::tempdir().unwrap();
    let kit = |allow: &[&str], names: &[&str]| {
        let tooling = Tooling { allow: words(allow), servers: vec![server("s", true)], ..Tooling::default() };
        super::kit(home.path(), vec![Fake::new(ToolOrigin::Mcp("s".to_owned()), names)], &tooling)
    };
    let first = kit(&["s"], &["s__a", "s__b"]);
    let prepared = ready(&first, "s__a", "").await;
    assert_eq!(first.run(prepared, CancellationToken::new()).await.end, ToolEnd::Done);
    let later = kit(&["s"], &["s__a", "s__b", "s__new"]);
    for (name, permission) in [("s__a", Permission::Allow), ("s__b", Permission::Allow), ("s__new", Permission::Ask)] {
        assert_eq!(ready(&later, name, "").await.permission, permission, "{name}");
    }
    let once = ready(&later, "s__new", "").await;
    assert!(!once.was_changed, "it is new, and nobody allowed it when it was another");
    assert_eq!(later.run(once, CancellationToken::new()).await.end, ToolEnd::Done);
    assert_eq!(ready(&later, "s__new", "").await.permission, Permission::Ask, "once is not for good");
    let named = kit(&["s", "s__new"], &["s__a", "s__b", "s__new"]);
    assert_eq!(ready(&named, "s__new", "").await.permission, Permission::Allow, "it is named itself");
}

#[tokio::test]
async fn row_34_what_its_source_refuses_is_denied_with_the_reason() {
    let home = tempfile::tempdir().unwrap();
    let fake = Fake { refuses: Some("\"../x\" is outside.".to_owned()), ..Fake::new(ToolOrigin::BuiltIn, &["t"]) };
    let kit = super::kit(home.path(), vec![fake], &Tooling::default());
    assert_eq!(kit.check(call("t", "")).await, Verdict::Denied("\"../x\" is outside.".to_owned()));
}

#[tokio::test]
async fn a_tool_that_panics_fails_and_nothing_else_does() {
    let outcome = run(Does::Panic).await;
    assert!(outcome.end == ToolEnd::Failed && outcome.content.contains("fault of its own"), "{outcome:?}");
}

#[tokio::test]
async fn row_32_a_tool_that_takes_too_long_is_stopped_and_what_it_had_is_told() {
    let outcome = run(Does::Wait).await;
    assert_eq!(
        (outcome.end, outcome.content.as_str()),
        (ToolEnd::TimedOut, "It took longer than 0.05 s and was stopped.\nhalf of it")
    );
    assert_eq!(run(Does::Hang).await.end, ToolEnd::TimedOut, "one that does not listen is left");
}

#[tokio::test]
async fn a_tool_that_is_stopped_says_so() {
    let home = tempfile::tempdir().unwrap();
    let kit =
        super::kit(home.path(), vec![Fake::new(ToolOrigin::Command, &["t"]).doing(Does::Wait)], &Tooling::default());
    let prepared = ready(&kit, "t", "").await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let outcome = kit.run(prepared, cancel).await;
    assert_eq!((outcome.end, outcome.content.as_str()), (ToolEnd::Stopped, "It was stopped before it ended."));
}

#[tokio::test]
async fn row_33_a_flood_is_cut_between_characters_with_its_size() {
    let outcome = run(Does::Flood).await;
    assert_eq!((outcome.end, outcome.cut_from), (ToolEnd::Done, Some(1 << 30)));
    assert!(outcome.content.len() <= MOST_RESULT_BYTES && outcome.content.chars().all(|c| c == 'é'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn row_40_what_was_shown_is_what_runs_and_nothing_else_ever_does(
        raw in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..48).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            ".{0,20}".prop_map(|text| json!({ "text": text }).to_string()),
            "\\{\"(text|te\\\\u0078t|x)\": ?(\"[\\PC\r\n]{0,9}\"|1|null)(, \"text\": \"b\")?\\}",
        ],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let home = tempfile::tempdir().unwrap();
        let fake = Fake::new(ToolOrigin::Command, &["t"]);
        let ran: Arc<Mutex<Vec<Arc<serde_json::Value>>>> = Arc::clone(&fake.ran);
        let kit = super::kit(home.path(), vec![fake], &Tooling::default());
        let shown = runtime.block_on(async {
            match kit.check(call("t", &raw)).await {
                Verdict::Ready(prepared) => {
                    kit.run(Arc::clone(&prepared), CancellationToken::new()).await;
                    Some(Arc::clone(&prepared.arguments))
                }
                _ => None,
            }
        });
        let ran = ran.lock().unwrap().clone();
        prop_assert_eq!(ran.first(), shown.as_ref());
        if let Some(shown) = shown {
            prop_assert!(shown.as_object().is_some_and(|fields| fields.iter().all(|(name, text)| name == "text" && text.is_string())));
        }
    }
}
