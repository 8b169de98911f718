//! What each strategy sends, and the laws that hold for all of them.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::wellformed::assert_valid;
use super::world::*;
use crate::chat::context::Strategy as Kind;
use crate::chat::embedding::Excerpt;
use crate::chat::*;
use crate::session::event::Found;
use crate::session::history::{self, Aim, Plan, Situation, Standing, Weights};
use crate::session::wellformed::CallsAre;
use crate::session::{Change, Happened, wellformed};

/// A numbered message of a path: who speaks, how many words it has, and whether it came to anything.
type Said = (u8, usize, u8);

fn push(conversation: &mut Conversation, (role, words, status): Said) {
    let number = conversation.len();
    let own = id(100 + number as u128);
    let parent = conversation.leaf().map(|leaf| leaf.id);
    let role = [Role::User, Role::Assistant, Role::Assistant, Role::User, Role::Tool][usize::from(role) % 5];
    let text = format!("{number}{}", " word".repeat(words));
    let mut message = Message::text(own, conversation.meta.id, parent, role, text, 0);
    if role == Role::Assistant {
        message.status = [Status::Complete, Status::Interrupted, Status::Failed][usize::from(status) % 3];
        if message.status == Status::Failed {
            message.content.clear();
        }
        if status > 6 {
            let arguments = "{}".to_owned();
            message.tool_calls = vec![ToolCall { id: "x".into(), name: "look".into(), arguments }];
        }
    } else if role == Role::Tool {
        message.tool_call_id = Some("x".into());
    }
    conversation.push(message);
}

/// A conversation that ends in the question that is answered.
fn conversation(said: &[Said]) -> Conversation {
    let mut conversation = Conversation::new(meta());
    for one in said {
        push(&mut conversation, *one);
    }
    push(&mut conversation, (0, 2, 0));
    conversation
}

fn planned(conversation: &Conversation, aim: Aim, limit: u64, found: &[Found], cut: Option<MessageId>) -> Plan {
    let situation = Situation { conversation, history: conversation.meta.history, aim, limit, found, cut, overhead: 0 };
    let mut weights = Weights::default();
    weights.update(conversation, situation.settled());
    history::plan(&situation, &weights)
}

fn replayed(conversation: &Conversation, limit: u64) -> Option<MessageId> {
    let aim = Aim::Next { draft: 0 };
    let situation =
        Situation { conversation, history: conversation.meta.history, aim, limit, found: &[], cut: None, overhead: 0 };
    let mut weights = Weights::default();
    weights.update(conversation, situation.settled());
    history::replayed_cut(&situation, &weights)
}

/// The numbers of the messages that a request holds, in its order.
fn numbers(messages: &[RequestMessage]) -> Vec<usize> {
    let texts = messages.iter().filter(|message| message.role != Role::System);
    let parts = texts.flat_map(|message| message.content.split("\n\n"));
    parts.filter_map(|text| text.split(' ').next()?.parse().ok()).collect()
}

fn found(conversation: &Conversation, at: usize) -> Found {
    let message = conversation.at(at).map_or(id(1), |message| message.id);
    Found { message, score: 1.0, elsewhere: None }
}

fn elsewhere(words: usize) -> Found {
    let excerpt = Excerpt {
        conversation: ConversationId(uuid::Uuid::from_u128(9)),
        title: "Another".into(),
        message: id(7),
        role: Role::User,
        content: " word".repeat(words),
        created_ms: 0,
    };
    Found { message: id(7), score: 0.5, elsewhere: Some(excerpt) }
}

proptest! {
    #![proptest_config(same_cases())]

    #[test]
    fn whatever_the_strategy_a_request_fits_keeps_the_order_and_is_valid(
        said in prop::collection::vec((0u8..5, 0usize..60, 0u8..9), 0..40),
        kind in prop::sample::select(Kind::ALL.to_vec()),
        limit in 0u64..3_000,
        max_messages in prop::option::of(1u32..30),
        marks in prop::collection::btree_map(0usize..40, any::<bool>(), 0..6),
        summary in prop::option::of(0usize..40),
        brought in prop::collection::vec(0usize..45, 0..6),
        cut in prop::option::of(0usize..40),
    ) {
        let mut conversation = conversation(&said);
        let last = conversation.len() - 1;
        conversation.meta.history = History { strategy: kind, max_messages, ..History::default() };
        for (at, pinned) in &marks {
            if let Some(message) = conversation.at(*at).map(|message| message.id) {
                let mark = if *pinned { Mark::Pinned } else { Mark::LeftOut };
                conversation.notes.marks.insert(message, mark);
            }
        }
        // A summary ends where a turn does.
        let ends = |at: &usize| conversation.at(at + 1).is_some_and(|message| message.role == Role::User);
        if let Some(upto) = summary.filter(ends).and_then(|at| conversation.at(at)).map(|message| message.id) {
            let text = "It was agreed.".to_owned();
            let summary = Summary { id: id(5), upto, text, model: a(), created_ms: 0, automatic: true };
            conversation.notes.summaries.push(summary);
        }
        let mut brought: Vec<Found> = brought.iter().map(|at| found(&conversation, *at)).collect();
        brought.push(elsewhere(limit as usize % 50));
        let cut = cut.and_then(|at| conversation.at(at)).map(|message| message.id);
        let plan = planned(&conversation, Aim::Answer { question: last, last }, limit, &brought, cut);

        // It fits, or it is only what must be sent.
        let least = planned(&conversation, Aim::Answer { question: last, last }, 0, &[], None);
        prop_assert!(plan.tokens <= limit || kind == Kind::Full || plan.tokens == least.tokens, "{:?}", plan);
        let counted: u64 = plan.sent(&conversation, last).count() as u64;
        if let Some(most) = max_messages.filter(|_| kind == Kind::Truncate) {
            let kept = plan.kept.keys().filter(|at| **at < plan.first_sent).count() as u64;
            prop_assert!(counted - kept <= u64::from(most).max(1));
        }
        // What is said of its weight is what it weighs.
        let messages = wellformed::messages(&conversation, &conversation.meta.system, &plan, last, CallsAre::Calls);
        assert_valid(&messages);
        let numbers = numbers(&messages);
        prop_assert!(numbers.is_sorted(), "{:?}", numbers);
        prop_assert_eq!(numbers.last(), Some(&last), "the message that is answered is there");
        prop_assert!(plan.standing(&conversation, last).is_sent());
        // Nobody who was left out is in, and who is pinned is in, where there is room.
        for (at, pinned) in &marks {
            let is_question = *at == last;
            prop_assert!(*pinned || is_question || *at > last || !numbers.contains(at), "{} of {:?}", at, numbers);
        }
        let standings: BTreeSet<usize> =
            (0..=last).filter(|at| plan.standing(&conversation, *at).is_sent()).collect();
        prop_assert!(numbers.iter().all(|number| standings.contains(number)));
        prop_assert_eq!(plan.summary.is_some(), messages.iter().any(|message| message.content.contains("agreed")));
    }

    #[test]
    fn the_sums_are_the_same_however_they_were_come_by(
        said in prop::collection::vec((0u8..5, 0usize..20, 0u8..9), 1..30),
        limit in 50u64..600,
        back in 0usize..20,
    ) {
        // Message by message, with a step to another branch on the way, and all at once.
        let mut conversation = Conversation::new(meta());
        let mut weights = Weights::default();
        let mut plan_with = |conversation: &Conversation| {
            let aim = Aim::Next { draft: 10 };
            let situation =
                Situation { conversation, history: History::default(), aim, limit, found: &[], cut: None, overhead: 0 };
            weights.update(conversation, situation.settled());
            history::plan(&situation, &weights)
        };
        for one in &said {
            push(&mut conversation, *one);
            let fresh = planned(&conversation, Aim::Next { draft: 10 }, limit, &[], None);
            prop_assert_eq!(plan_with(&conversation), fresh);
        }
        if let Some(parent) = conversation.at(back).map(|message| message.id) {
            let branch = Message::text(id(999), conversation.meta.id, Some(parent), Role::User, "Else".into(), 0);
            conversation.push(branch);
            let fresh = planned(&conversation, Aim::Next { draft: 10 }, limit, &[], None);
            prop_assert_eq!(plan_with(&conversation), fresh);
        }
    }
}

/// Sixty messages of about equal weight.
fn sixty() -> Vec<Said> {
    (0..60).map(|at| (u8::from(at % 2 == 1), 20, 0)).collect()
}

#[test]
fn a_cut_goes_to_three_quarters_and_stays_for_many_turns() {
    let limit = 600;
    let mut conversation = Conversation::new(meta());
    let mut cut = None;
    let mut starts = Vec::new();
    let mut sizes = Vec::new();
    for one in sixty() {
        push(&mut conversation, one);
        if one.0 == 0 {
            let question = conversation.len() - 1;
            let plan = planned(&conversation, Aim::Answer { question, last: question }, limit, &[], cut);
            cut = conversation.at(plan.first_sent).map(|message| message.id);
            starts.push(plan.first_sent);
            sizes.push(plan.tokens);
        }
    }
    let cuts = starts.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(starts.iter().any(|start| *start > 0) && (3..12).contains(&cuts), "{starts:?}");
    for (at, pair) in starts.windows(2).enumerate() {
        if pair[0] != pair[1] {
            assert!((350..=450).contains(&sizes[at + 1]), "a cut leaves three quarters: {sizes:?}");
        }
    }
    assert!(sizes.iter().all(|size| *size <= limit));
}

#[test]
fn a_chat_that_is_opened_again_is_sent_as_it_was() {
    for limit in [300, 437, 600, 1_000, 100_000] {
        let mut live = Conversation::new(meta());
        let mut cut = None;
        for one in sixty() {
            push(&mut live, one);
            let last = live.len() - 1;
            let aim = if one.0 == 0 { Aim::Answer { question: last, last } } else { Aim::Next { draft: 0 } };
            let plan = planned(&live, aim, limit, &[], cut);
            cut = live.at(plan.first_sent).map(|message| message.id);
            let at = cut.and_then(|cut| live.position(cut)).unwrap_or_default();
            let again = planned(&live, Aim::Next { draft: 0 }, limit, &[], replayed(&live, limit));
            if one.0 == 1 {
                assert_eq!(again.first_sent, at, "at a limit of {limit}, after {last}");
            }
        }
    }
}

#[test]
fn by_count_the_last_messages_are_sent_and_the_question_is_one_of_them() {
    let mut conversation = conversation(&sixty());
    conversation.meta.history.max_messages = Some(20);
    let last = conversation.len() - 1;
    let plan = planned(&conversation, Aim::Answer { question: last, last }, 100_000, &[], None);
    let sent = plan.sent(&conversation, last).count();
    assert_eq!(sent, 15, "three quarters of twenty");
    let first = conversation.at(last - 18).unwrap().id;
    let plan = planned(&conversation, Aim::Answer { question: last, last }, 100_000, &[], Some(first));
    assert_eq!(plan.sent(&conversation, last).count(), 19, "while they are no more than twenty, all stay");
}

#[test]
fn full_sends_all_and_what_cannot_fit_is_refused_with_the_ways_on_and_stays_in_the_box() {
    let mut catalogue = catalogue();
    catalogue.models.insert(a(), ModelSpec { context_window: Some(1_000), ..catalogue.spec(&a()) });
    let mut world = World::over(Conversation::new(meta()), Settings::default(), catalogue);
    let history = History { strategy: Kind::Full, ..History::default() };
    world.happen(Happened::Changed(Change::History(history)));
    for round in 0..3 {
        world.ask(&format!("{round}{}", " word".repeat(80)));
        world.text("Yes.");
        world.finish(None);
    }
    assert_eq!(world.sent_texts().len(), 5, "all of it was sent");
    let before = world.started.len();
    world.ask(&" word".repeat(700));
    assert_eq!(world.started.len(), before, "nothing was sent");
    assert_eq!(world.returned, [" word".repeat(700)], "the text is in the box again");
    let said = world.said.last().unwrap();
    for way in ["the whole conversation", "/history truncate", "/summarise", "/model", "/new"] {
        assert!(said.contains(way), "{said}");
    }
    world.assert_at_rest();
    world.happen(Happened::Changed(Change::History(History::default())));
    world.ask(&" word".repeat(700));
    assert_eq!(world.started.len(), before + 1, "where the oldest may be left out, it is sent");
    world.text("Yes.");
    world.finish(None);
    world.ask(&" word".repeat(5_000));
    assert!(world.said.last().unwrap().contains("what must be sent"), "{:?}", world.said.last());
}

#[test]
fn a_model_whose_window_is_too_small_is_passed_over_for_the_next() {
    let mut catalogue = catalogue();
    catalogue.models.insert(a(), ModelSpec { context_window: Some(400), ..catalogue.spec(&a()) });
    let settings = Settings { fallback: vec![b()], ..Settings::default() };
    let mut world = World::over(Conversation::new(meta()), settings, catalogue);
    world.ask(&" word".repeat(1_000));
    world.text("Read.");
    world.finish(None);
    assert_eq!(world.models_asked(), [b()]);
    assert!(world.note().contains("answered by b (a: too small a window)"), "{}", world.note());
}

#[test]
fn a_pinned_answer_brings_its_question_and_a_question_left_out_takes_its_answer_along() {
    let mut conversation = conversation(&sixty());
    let at = |place: usize| id(100 + place as u128);
    conversation.notes.marks.insert(at(3), Mark::Pinned);
    conversation.notes.marks.insert(at(56), Mark::LeftOut);
    let last = conversation.len() - 1;
    let plan = planned(&conversation, Aim::Answer { question: last, last }, 600, &[], None);
    let standing = |place| plan.standing(&conversation, place);
    assert_eq!((standing(2), standing(3), standing(4)), (Standing::Pinned, Standing::Pinned, Standing::Out));
    assert_eq!((standing(56), standing(57), standing(58)), (Standing::LeftOut, Standing::LeftOut, Standing::Sent));
    let sent = numbers(&wellformed::messages(&conversation, "", &plan, last, CallsAre::Calls));
    assert_eq!(sent[..2], [2, 3]);
    assert!(!sent.contains(&56) && !sent.contains(&57));
}

#[test]
fn marks_are_saved_and_change_what_is_sent_next() {
    let mut world = World::new();
    world.exchange("One", "1");
    world.exchange("Two", "2");
    let one = world.session.conversation().at(0).unwrap().id;
    world.happen(Happened::Marked { message: one, mark: Some(Mark::LeftOut) });
    assert_eq!(world.notes.marks.get(&one), Some(&Mark::LeftOut));
    world.ask("Three");
    assert_eq!(world.sent_texts(), ["Two", "2", "Three"]);
    world.text("3");
    world.finish(None);
    world.happen(Happened::Marked { message: one, mark: None });
    assert!(world.notes.marks.is_empty());
    world.ask("Four");
    assert_eq!(world.sent_texts().first().map(String::as_str), Some("One"));
}
