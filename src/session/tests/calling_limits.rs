//! Where the loop of tools ends: calls that are not valid, too many of them, the budget, the model's window.

use super::wellformed::assert_valid;
use super::world::*;
use crate::chat::*;
use crate::session::Happened;

#[test]
fn row_31_a_call_that_is_not_valid_never_runs_and_the_third_ends_the_turn() {
    let mut world = World::with_tools();
    world.ask("x");
    for (name, arguments) in [("ask", "{"), ("nothing", "{}")] {
        world.calls(&[(name, arguments)]);
        let told = world.request().messages.last().unwrap().content.clone();
        assert!(told.starts_with("Not run: "), "{told}");
        assert_valid(&world.request().messages);
    }
    let before = world.started.len();
    world.calls(&[("ask", "[1]"), ("free", r#"{"too":"late"}"#)]);
    assert_eq!(world.started.len(), before, "the model is not asked again");
    assert_eq!(world.tools.ran, []);
    assert!(world.note().starts_with("Stopped: 3 calls of tools were not valid"), "{}", world.note());
    world.assert_at_rest();
}

#[test]
fn row_36_a_model_that_asks_for_tools_for_ever_is_stopped() {
    let same = |_: usize| r#"{"n":1}"#.to_owned();
    let alternating = |at: usize| format!(r#"{{"n":{}}}"#, at % 2);
    let ever_new = |at: usize| format!(r#"{{"n":{at}}}"#);
    let ways: [(&dyn Fn(usize) -> String, usize); 3] = [(&same, 4), (&alternating, 8), (&ever_new, 25)];
    for (arguments, most) in ways {
        let mut world = World::with_tools();
        world.ask("x");
        for at in 0..40 {
            if !world.session.is_busy() {
                break;
            }
            world.calls(&[("free", &arguments(at))]);
            if !world.tools.running.is_empty() {
                world.tool_ends("more");
            }
        }
        assert_eq!(world.tools.ran.len(), most);
        let said = world.note();
        assert!(said.starts_with(&format!("Stopped after {most} calls of tools")), "{said}");
        world.assert_at_rest();
        world.exchange("and now?", "fine");
        assert_valid(&world.request().messages);
    }
}

#[test]
fn a_hundred_calls_in_one_reply_run_only_up_to_the_limit_and_a_thousand_end_it() {
    let mut world = World::with_tools();
    world.ask("x");
    let arguments: Vec<String> = (0..100).map(|n| format!(r#"{{"n":{n}}}"#)).collect();
    let calls: Vec<(&str, &str)> = arguments.iter().map(|arguments| ("free", arguments.as_str())).collect();
    world.calls(&calls);
    assert_eq!(world.tools.ran.len(), 25);
    while !world.tools.running.is_empty() {
        world.tool_ends("done");
    }
    assert_eq!(world.results().len(), 100);
    assert!(world.note().starts_with("Stopped after 25 calls"), "{}", world.note());
    world.assert_at_rest();
    let mut flooded = World::with_tools();
    flooded.ask("x");
    let attempt = flooded.attempt();
    for index in 0..1_000 {
        let (id, name) = (Some(format!("c{index}")), Some("free".to_owned()));
        flooded.happen(Happened::ToolCallArrived { attempt, index, id, name, arguments: "{}".to_owned() });
    }
    assert!(flooded.note().contains("more than 128 calls of tools"), "{}", flooded.note());
    flooded.let_go();
    assert_eq!(flooded.tools.ran, []);
    flooded.assert_at_rest();
}

#[test]
fn row_37_each_round_of_a_loop_is_reserved_within_the_budget() {
    let mut world = World::with_tools();
    world.set_budget();
    world.ask("x");
    world.calls(&[("free", "{}")]);
    world.refuses = true;
    world.tool_ends("1");
    assert_eq!(world.started.len(), 1, "the second round is not sent");
    assert!(world.note().starts_with("Not sent: the day's budget"), "{}", world.note());
    assert!(world.session.is_over_budget());
    world.retry_over_budget();
    assert_eq!(world.started.len(), 2, "it is sent once all the same");
    world.calls(&[("free", "{\"n\":2}")]);
    world.tool_ends("2");
    assert_eq!(world.started.len(), 2, "and what follows from it is held to the budget again");
    world.assert_at_rest();
}

#[test]
fn row_33_a_result_is_cut_to_what_the_models_window_takes_and_the_chat_goes_on() {
    let mut catalogue = catalogue();
    catalogue.models.insert(a(), ModelSpec { context_window: Some(8_000), ..catalogue.spec(&a()) });
    let mut world = World::over(Conversation::new(meta()), Settings::default(), catalogue);
    world.offer();
    world.ask("x");
    world.calls(&[("free", r#"{"n":1}"#), ("free", r#"{"n":2}"#)]);
    let text = "क्षि and more\n".repeat(4_000);
    world.tool_ends(&text);
    world.tool_ends(&text);
    assert_eq!(world.started.len(), 2, "the next round fits: {}", world.note());
    for (status, content) in world.results() {
        assert_eq!(status, Status::Complete);
        assert!(content.len() > 1_000 && content.len() < 20_000 && text.starts_with(&content), "{}", content.len());
    }
    let noted = world.session.conversation().at(2).unwrap().note.clone().unwrap();
    assert!(noted.contains("the model is told the first"), "{noted}");
    world.text("fine");
    world.finish(None);
    world.exchange("and now?", "good");
    assert!(world.sent_texts().len() > 4, "what was said before is still sent");
    world.assert_at_rest();
}
