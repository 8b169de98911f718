//! Calls of a good server: what it is told, what comes back, how a call ends early.

use std::time::Duration;

use munshi::chat::tool::{Confinement, ToolEnd, ToolOrigin};
use munshi::tools::source::Source as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::kit::{World, call, names, prepared, until};

#[tokio::test]
async fn a_server_is_started_when_it_is_wanted_and_its_tools_carry_its_name() {
    let world = World::new("good");
    assert_eq!(world.source().origin(), ToolOrigin::Mcp("test".to_owned()));
    assert_eq!(world.lines(), [""; 0], "nothing runs before it is wanted");
    let tools = world.tools().await.unwrap();
    assert!(names(&tools).contains(&"test__echo"));
    assert_eq!(tools[0].spec.description, "Does echo.");
    world.tools().await.unwrap();
    assert_eq!((world.count("started"), world.count("listed")), (1, 1));
}

#[tokio::test]
async fn a_call_reaches_the_server_by_its_own_name_and_brings_the_answer_back() {
    let world = World::new("good");
    let outcome = world.call("test__echo", json!({"text": "नमस्ते"})).await;
    assert_eq!((outcome.end, outcome.content.as_str()), (ToolEnd::Done, "echo: नमस्ते"));
    assert_eq!(world.count("called echo"), 1);
}

#[tokio::test]
async fn a_plan_says_that_it_is_a_server_and_how_long_it_may_take() {
    let world = World::with("good", |server, _| server.timeout = Duration::from_secs(7));
    assert!(world.source().plan("test__echo", &json!({})).is_err(), "nothing is known of it yet");
    world.tools().await.unwrap();
    let plan = world.source().plan("test__echo", &json!({})).unwrap();
    assert_eq!((plan.confinement, plan.limit, plan.command), (Confinement::Server, Duration::from_secs(7), None));
    assert!(world.source().plan("test__no", &json!({})).unwrap_err().contains("test__no"));
}

#[tokio::test]
async fn a_server_sees_of_the_environment_what_it_was_given_and_no_secret() {
    let world = World::new("good");
    let seen: Value = serde_json::from_str(&world.call("test__environment", json!({})).await.content).unwrap();
    let allowed = ["PATH", "HOME", "LANG", crate::kit::KIND, crate::kit::FOLDER];
    let seen: Vec<&str> = seen.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(seen.contains(&"PATH") && seen.iter().all(|name| allowed.contains(name)), "{seen:?}");
}

#[tokio::test]
async fn pictures_and_blobs_are_named_and_not_shown() {
    let told = World::new("good").call("test__picture", json!({})).await.content;
    assert_eq!(told, "look:\n[image (image/png), 12 KiB: not shown]\n[resource file:///x, 3 B: not shown]");
}

#[tokio::test]
async fn structured_answers_errors_and_refusals_are_told() {
    let world = World::new("good");
    assert_eq!(world.call("test__structured", json!({})).await.content, r#"{"sum":3}"#);
    let failed = world.call("test__fail", json!({})).await;
    assert_eq!((failed.end, failed.content.as_str()), (ToolEnd::Failed, "no such file"));
    let refused = world.call("test__refuse", json!({})).await;
    assert!(refused.end == ToolEnd::Failed && refused.content.contains("not like this"), "{refused:?}");
}

#[tokio::test]
async fn a_stopped_call_returns_at_once_and_the_server_is_told() {
    let world = World::new("good");
    let cancel = CancellationToken::new();
    let (outcome, ()) = tokio::join!(call(world.source(), "test__wait", json!({}), cancel.clone()), async {
        until("the server waits", || world.count("waiting") == 1).await;
        cancel.cancel();
    });
    assert_eq!(outcome.end, ToolEnd::Stopped);
    until("the server hears of it", || world.count("cancelled") == 1).await;
    assert_eq!(world.call("test__echo", json!({"text": "on"})).await.content, "echo: on");
    assert_eq!(world.count("started"), 1, "the same server goes on");
}

#[tokio::test]
async fn a_call_that_takes_too_long_times_out_and_the_server_is_told() {
    let world = World::with("good", |server, _| server.timeout = Duration::from_millis(50));
    let outcome = world.call("test__wait", json!({})).await;
    assert_eq!(outcome.end, ToolEnd::TimedOut);
    assert!(outcome.content.contains("did not answer within 0.05 s"), "{}", outcome.content);
    until("the server hears of it", || world.count("cancelled") == 1).await;
}

#[tokio::test]
async fn calls_at_the_same_time_do_not_wait_for_each_other() {
    let world = World::new("good");
    let cancel = CancellationToken::new();
    let (waited, ()) = tokio::join!(call(world.source(), "test__wait", json!({}), cancel.clone()), async {
        until("the first waits", || world.count("waiting") == 1).await;
        assert_eq!(world.call("test__echo", json!({"text": "meanwhile"})).await.content, "echo: meanwhile");
        cancel.cancel();
    });
    assert_eq!(waited.end, ToolEnd::Stopped);
}

#[tokio::test]
async fn a_changed_list_is_listed_anew_and_a_changed_tool_does_not_run_as_it_was_allowed() {
    let world = World::new("good");
    let before = world.tools().await.unwrap();
    let echo = before.iter().find(|tool| tool.spec.name == "test__echo").unwrap().clone();
    assert_eq!(world.call("test__change", json!({})).await.content, "changed");
    until("the change is heard of", || world.count("listed") == 1).await;
    let outcome = world.source().run(&prepared(&echo, json!({})), CancellationToken::new()).await;
    assert!(outcome.end == ToolEnd::Failed && outcome.content.contains("has changed its tool"), "{outcome:?}");
    assert_eq!(world.count("called echo"), 0);
    let after = world.tools().await.unwrap();
    assert!(names(&after).contains(&"test__fresh") && !names(&before).contains(&"test__fresh"));
    assert_ne!(after.iter().find(|tool| tool.spec.name == "test__echo").unwrap().definition, echo.definition);
    assert_eq!(world.count("listed"), 2);
}

#[tokio::test]
async fn a_server_that_asks_for_samples_or_roots_is_refused_and_goes_on() {
    let world = World::new("good");
    assert_eq!(world.call("test__ask", json!({})).await.content, "sampled false, rooted false");
}
