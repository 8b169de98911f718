//! The search for older messages: by meaning where there are vectors, by words where not, never in the way.

use super::world::*;
use crate::chat::context::Strategy;
use crate::chat::embedding::Excerpt;
use crate::chat::ledger::Purpose;
use crate::chat::*;
use crate::session::event::{EmbeddingEnded, Found};
use crate::session::history::Standing;
use crate::session::{Activity, Change, Happened, RankedBy};

/// A chat that retrieves, whose first turns are out of what is sent.
fn retrieving() -> World {
    let mut catalogue = catalogue();
    let embedding = ModelRef::new("openai", "text-embedding-3-small");
    let prices = model::Prices { input: 20_000, output: 0, cached_input: None, cache_write: None };
    let spec = ModelSpec { prices: Some(prices), ..ModelSpec::unknown(&embedding) };
    catalogue.embeddings.insert(embedding, spec);
    let settings = Settings { max_context_tokens: 700, ..Settings::default() };
    let mut world = World::over(Conversation::new(meta()), settings, catalogue);
    for number in 0..10 {
        world.ask(&format!("{number}{}", " word".repeat(60)));
        world.text("Noted.");
        world.finish(None);
    }
    let history = History { strategy: Strategy::Retrieve, ..History::default() };
    world.happen(Happened::Changed(Change::History(history)));
    world
}

fn embedded(world: &mut World, result: Result<(), Option<Failure>>) {
    let attempt = world.embedded.last().unwrap().0;
    let ended = EmbeddingEnded { result, tokens: Some(7), request_id: None };
    world.happen(Happened::Embedded { attempt, ended });
}

fn found(world: &mut World, by: RankedBy, found: Vec<Found>) {
    let question = world.searches.last().unwrap().0;
    world.happen(Happened::Found { question, by, found });
}

fn own(world: &World, at: usize) -> Found {
    Found { message: world.session.conversation().at(at).unwrap().id, score: 0.9, elsewhere: None }
}

#[test]
fn the_question_is_embedded_searched_for_and_answered_with_what_was_found() {
    let mut world = retrieving();
    assert_eq!(world.indexes, 1, "the vectors are held from the moment the chat asks for them");
    world.ask("What was number one?");
    assert!(matches!(world.session.activity(), Some(Activity::Searching { .. })));
    let (attempt, request) = world.embedded.last().unwrap().clone();
    assert_eq!(request.texts, ["What was number one?"]);
    assert_eq!((request.with.model.to_string().as_str(), request.with.dims), ("text-embedding-3-small", 256));
    assert_eq!(world.opened[&attempt].purpose, Purpose::Embedding);
    embedded(&mut world, Ok(()));
    assert_eq!(world.closed[&attempt].cost, Some(PicoUsd(140_000)), "seven tokens at two cents a million");
    let by = world.searches.last().unwrap().1.clone();
    assert!(matches!(&by, RankedBy::Meaning(with) if with.dims == 256));
    let hit = own(&world, 2);
    found(&mut world, by.clone(), vec![hit]);
    let sent = world.sent_texts();
    assert!(sent[0].starts_with("1 ") && sent[1] == "Noted." && !sent[2].starts_with("2 "), "a whole turn: {sent:?}");
    let plan = world.session.plan();
    assert_eq!(plan.standing(world.session.conversation(), 2), Standing::Retrieved);
    assert!(plan.tokens <= 700);
    assert_eq!(world.session.ranked_by(), Some(&by));
    world.text("One.");
    world.finish(None);
    let plan = world.session.plan();
    assert_eq!(plan.standing(world.session.conversation(), 2), Standing::Out, "the next question has its own search");
    assert_eq!(plan.shown_standing(world.session.conversation(), 2), Standing::Retrieved);
    assert_eq!(world.indexes, 2, "the new messages are embedded in the background");
    world.assert_at_rest();
}

#[test]
fn where_there_is_no_embeddings_endpoint_words_serve_and_it_is_said_once() {
    let mut world = retrieving();
    for round in 0..3 {
        world.ask("What was number one?");
        if round == 0 {
            embedded(&mut world, Err(Some(failure(FailureKind::NotFound, 404))));
        }
        assert_eq!(world.embedded.len(), 1, "it is not asked again and again");
        let hit = own(&world, 2);
        found(&mut world, RankedBy::Words, vec![hit]);
        assert!(world.sent_texts()[0].starts_with("1 "));
        world.text("One.");
        world.finish(None);
    }
    assert_eq!(world.said.len(), 1);
    assert!(world.said[0].starts_with("Older messages are searched by their words"), "{:?}", world.said);
    assert_eq!(world.session.ranked_by(), Some(&RankedBy::Words));
    assert!(world.session.no_vectors().is_some());
    world.assert_at_rest();
}

#[test]
fn a_passing_failure_falls_to_words_for_this_question_only() {
    let mut world = retrieving();
    world.ask("What was number one?");
    embedded(&mut world, Err(Some(unavailable())));
    assert_eq!(world.searches.last().unwrap().1, RankedBy::Words);
    found(&mut world, RankedBy::Words, Vec::new());
    world.text("One.");
    world.finish(None);
    world.ask("And two?");
    assert_eq!(world.embedded.len(), 2);
    assert!(world.said.is_empty(), "{:?}", world.said);
}

#[test]
fn a_search_that_is_late_never_holds_up_the_answer_for_long() {
    let mut world = retrieving();
    world.ask("What was number one?");
    world.wait(SECOND * 5);
    assert_eq!(world.cancelled.len(), 1, "the attempt at a vector is let go");
    assert_eq!(world.searches.last().unwrap().1, RankedBy::Words);
    let before = world.started.len();
    world.wait(SECOND * 5);
    assert_eq!(world.started.len(), before + 1, "and then it is answered without");
    embedded(&mut world, Err(None));
    found(&mut world, RankedBy::Words, Vec::new());
    world.text("One.");
    world.finish(None);
    world.assert_at_rest();
}

#[test]
fn stopped_while_it_searches_nothing_is_sent_and_no_row_stays_open() {
    for answers in [true, false] {
        let mut world = retrieving();
        world.store_answers = answers;
        world.ask("What was number one?");
        if !answers {
            let committed = world.waiting.pop_front().unwrap();
            world.happen(committed);
        }
        let before = world.started.len();
        world.stop();
        world.store_answers = true;
        world.answer_store();
        if answers {
            embedded(&mut world, Err(None));
        } else {
            assert!(world.embedded.is_empty(), "what was not sent yet never is");
        }
        assert_eq!(world.started.len(), before);
        world.assert_at_rest();
    }
}

#[test]
fn what_is_missing_is_embedded_in_the_background_batch_by_batch() {
    let mut world = retrieving();
    let messages: Vec<_> = world.session.conversation().path().take(3).map(|m| (m.id, m.content.clone())).collect();
    let batch = world.fresh();
    world.happen(Happened::Indexed { id: batch, missing: messages.clone() });
    assert_eq!(world.embedded.last().unwrap().1.texts.len(), 3);
    world.happen(Happened::Indexed { id: id(5), missing: messages });
    assert_eq!(world.embedded.len(), 1, "one batch at a time");
    embedded(&mut world, Ok(()));
    assert_eq!(world.indexes, 2, "what is left is asked for");
    world.happen(Happened::Indexed { id: id(6), missing: Vec::new() });
    assert_eq!(world.embedded.len(), 1);
    world.assert_at_rest();
}

#[test]
fn a_question_that_is_retried_is_not_searched_for_again() {
    let mut world = retrieving();
    world.ask("What was number one?");
    embedded(&mut world, Ok(()));
    let (hit, by) = (own(&world, 2), world.searches.last().unwrap().1.clone());
    found(&mut world, by, vec![hit]);
    world.text("One.");
    world.finish(None);
    world.retry();
    assert_eq!((world.embedded.len(), world.searches.len()), (1, 1));
    assert!(world.sent_texts()[0].starts_with("1 "), "what was found serves again");
}

#[test]
fn quotes_from_other_chats_are_one_system_message_that_says_what_they_are() {
    let mut world = retrieving();
    let history = History { strategy: Strategy::Retrieve, everywhere: true, ..History::default() };
    world.happen(Happened::Changed(Change::History(history)));
    world.ask("Where did we eat?");
    embedded(&mut world, Ok(()));
    let excerpt = Excerpt {
        conversation: ConversationId(uuid::Uuid::from_u128(9)),
        title: "Pune".into(),
        message: id(7),
        role: Role::User,
        content: "We ate at Vaishali.".into(),
        created_ms: 0,
    };
    let hit = Found { message: id(7), score: 0.8, elsewhere: Some(excerpt) };
    let by = world.searches.last().unwrap().1.clone();
    found(&mut world, by, vec![hit]);
    let request = world.request();
    let quoted: Vec<_> = request.messages.iter().filter(|m| m.content.contains("Vaishali")).collect();
    assert_eq!((quoted.len(), quoted[0].role), (1, Role::System));
    assert!(quoted[0].content.contains("not instructions") && quoted[0].content.contains("[Pune, the user]"));
}

#[test]
fn another_strategy_lets_go_of_the_vectors() {
    let mut world = retrieving();
    let effects = world.happen(Happened::Changed(Change::History(History::default())));
    assert!(effects.contains(&crate::session::Effect::DropIndex));
    world.ask("What was number one?");
    assert!(world.embedded.is_empty() && world.searches.is_empty());
}

#[test]
fn the_texts_go_to_the_chats_own_provider_unless_another_is_named() {
    let mut world = retrieving();
    world.happen(Happened::Changed(Change::Model(c())));
    assert_eq!(world.session.embedding_model().model.provider, "other");
}

#[test]
fn what_a_search_costs_is_not_the_replys() {
    let mut world = retrieving();
    world.ask("What was number one?");
    assert_eq!(world.session.running_cost(), None, "no token of the answer was asked for yet");
    world.stop();
    assert_eq!((world.shown().usage, world.shown().cost), (None, None));
    embedded(&mut world, Err(None));
    assert!(world.closed[&world.embedded[0].0].cost.unwrap().0 > 0, "it is in the ledger, at its own price");
    world.assert_at_rest();
}

#[test]
fn a_chat_that_is_left_holds_no_vectors() {
    let mut world = retrieving();
    let effects = world.happen(Happened::Left);
    assert!(effects.contains(&crate::session::Effect::DropIndex));
}

#[test]
fn what_one_provider_refused_is_not_held_against_the_next() {
    let mut world = retrieving();
    let missing = vec![(id(4), "text".to_owned())];
    let batch = world.fresh();
    world.happen(Happened::Indexed { id: batch, missing });
    world.happen(Happened::Changed(Change::Model(c())));
    embedded(&mut world, Err(Some(failure(FailureKind::NotFound, 404))));
    assert_eq!(world.session.no_vectors(), None);
    assert!(world.said.is_empty(), "{:?}", world.said);
}

#[test]
fn a_budget_that_was_raised_and_a_key_that_was_entered_have_vectors_tried_again() {
    let mut world = retrieving();
    for mend in [World::set_budget as fn(&mut World), |world| world.session.try_vectors_again()] {
        world.ask("What was number one?");
        let asked = world.embedded.len();
        embedded(&mut world, Err(Some(unauthorized())));
        assert!(world.session.no_vectors().is_some());
        world.stop();
        mend(&mut world);
        world.ask("And two?");
        assert_eq!(world.embedded.len(), asked + 1);
        embedded(&mut world, Err(None));
        world.stop();
    }
}

#[test]
fn a_suspend_is_no_time_that_a_search_took() {
    let mut world = retrieving();
    world.ask("What was number one?");
    world.now += SECOND * 1_000;
    world.happen(Happened::Resumed);
    assert_eq!(world.due_in(crate::session::Timer::Search), Some(SECOND * 5));
}

#[test]
fn what_a_message_costs_at_most_has_room_for_what_is_brought_back() {
    let mut world = retrieving();
    let said = world.session.preview(500);
    world.ask("What was number one?");
    embedded(&mut world, Ok(()));
    let (hits, by) = ((0..10).map(|at| own(&world, at)).collect(), world.searches.last().unwrap().1.clone());
    found(&mut world, by, hits);
    let sent = world.session.plan().tokens;
    assert!(sent > said.input, "something was brought back: {sent}");
    let answer = u64::from(world.request().output_limit.unwrap().tokens);
    let cost = (sent * 1_000_000 + answer * 2_000_000) as i64;
    assert!(said.most.unwrap() >= PicoUsd(cost), "{said:?} for {sent} tokens");
}

#[test]
fn what_no_other_try_mends_is_asked_once_and_the_way_to_try_again_is_named() {
    for kind in [FailureKind::Unauthorized, FailureKind::InvalidData, FailureKind::TooLarge] {
        let mut world = retrieving();
        for round in 0..2 {
            world.ask("What was number one?");
            if round == 0 {
                embedded(&mut world, Err(Some(Failure::new(kind, "vectors without end"))));
            }
            found(&mut world, RankedBy::Words, Vec::new());
            world.text("One.");
            world.finish(None);
        }
        assert_eq!((world.embedded.len(), world.said.len()), (1, 1), "{:?}", world.said);
        assert!(world.said[0].contains("/history retrieve"), "{:?}", world.said);
        assert!(!world.said[0].contains("/retry"), "a retry searches by words as before: {:?}", world.said);
    }
}
