//! Answers in a shape: what is asked, how the answer is judged, and that it is mended once.

use std::sync::Arc;

use serde_json::json;

use super::wellformed::assert_valid;
use super::world::*;
use crate::chat::*;
use crate::session::{Change, Happened};

fn schema(strict: bool) -> AnswerFormat {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": !strict});
    AnswerFormat::Schema(AnswerSchema { name: "place".to_owned(), schema: Arc::new(schema) })
}

fn world(format: AnswerFormat, structured_output: bool) -> World {
    let mut catalogue = catalogue();
    catalogue.models.insert(a(), ModelSpec { structured_output, ..catalogue.spec(&a()) });
    let mut world = World::over(Conversation::new(meta()), Settings::default(), catalogue);
    world.happen(Happened::Changed(Change::Format(format)));
    world
}

fn has_the_word(request: &Request) -> bool {
    request.messages.iter().any(|message| message.content.contains("JSON"))
}

#[test]
fn json_mode_has_the_word_json_in_its_messages() {
    let mut world = world(AnswerFormat::JsonObject, true);
    world.exchange("hello", "{}");
    assert_eq!(world.request().format, Some(ResponseFormat::JsonObject));
    assert!(has_the_word(&world.request()));
    assert_eq!(world.session.plan().tokens, world.session.preview(0).input, "the plan weighs it, too");
    world.happen(Happened::Changed(Change::Format(AnswerFormat::Text)));
    world.exchange("and now", "words");
    assert_eq!((world.request().format.clone(), has_the_word(&world.request())), (None, false));
    world.assert_at_rest();
}

#[test]
fn a_schema_goes_to_a_model_that_holds_to_it_and_else_into_the_prompt() {
    let mut strict = world(schema(true), true);
    strict.ask("where?");
    assert!(matches!(&strict.request().format, Some(ResponseFormat::Strict(schema)) if schema.name == "place"));
    for mut world in [world(schema(true), false), world(schema(false), true)] {
        world.ask("where?");
        assert_eq!(world.request().format, Some(ResponseFormat::JsonObject));
        assert!(world.request().messages[0].content.contains(r#""city""#), "{:?}", world.request().messages[0]);
    }
}

#[test]
fn what_the_model_refuses_is_asked_for_in_a_weaker_way_each_time_visibly() {
    let mut world = world(schema(true), true);
    world.ask("where?");
    world.fail(refusal("response_format"));
    assert_eq!(world.request().format, Some(ResponseFormat::JsonObject));
    assert!(world.request().messages[0].content.contains(r#""city""#));
    world.fail(refusal("response_format"));
    assert_eq!(world.request().format, None);
    assert!(world.request().messages[0].content.contains(r#""city""#));
    assert_eq!(world.said.len(), 2);
    world.text(r#"{"city":"Pune"}"#);
    world.finish(None);
    world.assert_at_rest();
}

#[test]
fn an_answer_that_does_not_fit_is_kept_and_asked_for_once_more() {
    let mut world = world(schema(true), false);
    world.tools.judgements = vec![vec!["at /city: expected a string".to_owned()], Vec::new()];
    world.ask("where?");
    world.text(r#"{"city":1}"#);
    world.finish(Some(usage(10, 5)));
    let conversation = world.session.conversation();
    assert_eq!(conversation.at(1).unwrap().content, r#"{"city":1}"#);
    assert!(conversation.at(1).unwrap().note.as_ref().unwrap().contains("at /city: expected a string"));
    assert!(conversation.at(2).unwrap().content.contains("at /city: expected a string"));
    assert_eq!(conversation.at(2).unwrap().note.as_deref(), Some(crate::session::shape::ASKED_BY_MUNSHI));
    assert_valid(&world.request().messages);
    assert_eq!(world.sent_texts().len(), 3);
    world.text(r#"{"city":"Pune"}"#);
    world.finish(Some(usage(30, 5)));
    assert!(world.session.misfit().is_empty());
    world.assert_at_rest();
}

#[test]
fn a_shape_that_is_asked_for_while_an_answer_streams_holds_from_the_next_request_on() {
    let mut world = world(AnswerFormat::Text, false);
    world.tools.judgements = vec![vec!["wrong".to_owned()]];
    world.ask("hello");
    world.text("plain words");
    world.happen(Happened::Changed(Change::Format(AnswerFormat::JsonObject)));
    world.finish(None);
    assert_eq!((world.started.len(), world.tools.judged), (1, 0));
    world.assert_at_rest();
}

#[test]
fn a_schema_of_no_object_is_asked_for_in_words_alone_since_json_mode_gives_objects() {
    let list = AnswerSchema { name: "list".to_owned(), schema: Arc::new(json!({"type": "array"})) };
    let mut world = world(AnswerFormat::Schema(list), false);
    world.ask("list them");
    assert_eq!(world.request().format, None);
    assert!(world.request().messages[0].content.contains(r#""array""#));
}

#[test]
fn an_empty_answer_fits_no_shape() {
    let mut world = world(AnswerFormat::JsonObject, false);
    world.tools.judgements = vec![vec!["empty".to_owned()], Vec::new()];
    world.ask("hello");
    world.finish(None);
    assert_eq!((world.tools.judged, world.started.len()), (1, 2));
    world.text("{}");
    world.finish(None);
    world.assert_at_rest();
}

#[test]
fn a_second_misfit_ends_the_turn_and_is_told() {
    let mut world = world(schema(true), false);
    world.tools.judgements = vec![vec!["wrong".to_owned()]];
    world.ask("where?");
    for _ in 0..2 {
        world.text("{}");
        world.finish(None);
    }
    assert_eq!((world.started.len(), world.session.misfit()), (2, &["wrong".to_owned()][..]));
    assert_eq!(world.shown().status, Status::Complete);
    assert!(world.note().contains("wrong"));
    world.assert_at_rest();
}

#[test]
fn an_answer_that_is_stopped_while_it_is_judged_is_whole() {
    let mut world = world(schema(true), false);
    world.store_answers = false;
    world.ask("where?");
    world.store_answers = true;
    world.answer_store();
    world.text("{}");
    world.store_answers = false;
    world.finish(Some(usage(10, 5)));
    world.stop();
    assert_eq!((world.shown().status, world.shown().usage), (Status::Complete, Some(usage(10, 5))));
    world.answer_store();
    world.assert_at_rest();
}
