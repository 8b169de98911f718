//! Servers that mean harm, or know no better: nothing of theirs gets further than it should.

use munshi::chat::tool::{MOST_RESULT_BYTES, ToolEnd, ToolSpec};
use serde_json::json;

use crate::kit::{World, names};

#[tokio::test]
async fn names_with_escapes_and_bidi_become_plain_ones_that_can_still_be_called() {
    let world = World::new("names");
    let tools = world.tools().await.unwrap();
    let names = names(&tools);
    assert!(names.iter().all(|name| ToolSpec::is_name(name)), "{names:?}");
    assert_eq!((names[1], names[3], names.len()), ("test___evil", "test__a_b", 4));
    let dotted = names[2];
    assert!(dotted.starts_with("test__a_b_"), "{dotted}");
    assert_eq!(world.call(dotted, json!({"text": "x"})).await.content, "a.b: x");
    assert_eq!(world.call("test___evil", json!({"text": "x"})).await.content, "\u{202e}evil: x");
}

#[tokio::test]
async fn of_ten_thousand_tools_the_first_128_are_offered() {
    let tools = World::new("many").tools().await.unwrap();
    assert_eq!((tools.len(), tools[127].spec.name.as_str()), (128, "test__tool127"));
}

#[tokio::test]
async fn a_list_without_end_has_one() {
    let world = World::new("endless");
    let tools = world.tools().await.unwrap();
    assert_eq!(tools.len(), 64);
    assert_eq!(world.count("listed"), 64);
}

#[tokio::test]
async fn a_description_of_a_megabyte_is_cut_and_one_of_ten_is_too_much() {
    let tools = World::new("described").tools().await.unwrap();
    assert_eq!(tools[0].spec.description.len(), 4096);
    let says = World::new("verbose").tools().await.unwrap_err();
    assert!(says.contains("its list of tools is longer than 4 MiB"), "{says}");
}

#[tokio::test]
async fn schemas_that_are_none_leave_the_others_alone() {
    let tools = World::new("schemas").tools().await.unwrap();
    // Whether a schema of an object means something is for the one judge of schemas to say, at the call.
    assert_eq!(names(&tools), ["test__wrong", "test__good"]);
}

#[tokio::test]
async fn a_long_result_is_cut_and_the_next_call_goes_on() {
    let world = World::new("good");
    let outcome = world.call("test__big", json!({"bytes": 1_000_000})).await;
    assert_eq!(
        (outcome.end, outcome.content.len(), outcome.cut_from),
        (ToolEnd::Done, MOST_RESULT_BYTES, Some(1_000_000))
    );
    let outcome = world.call("test__big", json!({"bytes": 100 << 20})).await;
    assert_eq!(outcome.end, ToolEnd::Failed);
    assert!(outcome.content.contains("answered with more than 4 MiB"), "{}", outcome.content);
    assert_eq!(world.call("test__echo", json!({"text": "on"})).await.content, "echo: on");
    assert_eq!(world.count("started"), 1, "the same server goes on");
}

#[tokio::test]
async fn a_line_without_end_is_the_end_of_the_server() {
    let world = World::new("endless_line");
    let outcome = world.call("test__raw", json!({})).await;
    assert!(outcome.end == ToolEnd::Failed && outcome.content.contains("more than 4 MiB"), "{outcome:?}");
    crate::kit::until("it is cut off", || world.count("cut off") == 1).await;
}

#[tokio::test]
async fn garbage_between_the_answers_is_passed_over() {
    let outcome = World::new("garbage").call("test__raw", json!({})).await;
    assert_eq!((outcome.end, outcome.content.as_str()), (ToolEnd::Done, "done"));
}

#[tokio::test]
async fn a_flood_of_notifications_holds_nothing_up() {
    let outcome = World::new("chatty").call("test__raw", json!({})).await;
    assert_eq!((outcome.end, outcome.content.as_str()), (ToolEnd::Done, "done"));
}

#[tokio::test]
async fn a_server_that_asks_without_end_is_given_up() {
    let outcome = World::new("curious").call("test__raw", json!({})).await;
    assert_eq!(outcome.end, ToolEnd::Failed);
    assert!(outcome.content.contains("during the call"), "{}", outcome.content);
}

#[tokio::test]
async fn a_server_that_shouts_on_its_standard_error_is_read_and_not_waited_for() {
    let world = World::new("loud");
    assert_eq!(world.call("test__raw", json!({})).await.content, "done");
}
