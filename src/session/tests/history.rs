//! Which messages are sent when not all fit.

use proptest::prelude::*;

use super::world::*;
use crate::chat::*;
use crate::session::history::{self, Aim, Plan, Situation, Weights};
use crate::session::tokens;
use crate::session::wellformed::CallsAre;

/// A conversation of `(role, characters, status)`.
fn conversation(messages: &[(u8, usize, u8)]) -> Conversation {
    let mut conversation = Conversation::new(meta());
    for (at, (role, length, status)) in messages.iter().enumerate() {
        let role = [Role::User, Role::Assistant, Role::Tool, Role::User][usize::from(*role) % 4];
        let parent = conversation.leaf().map(|leaf| leaf.id);
        let mut message = Message::text(
            id(100 + at as u128),
            conversation.meta.id,
            parent,
            role,
            format!("{at}{}", " word".repeat(*length)),
            0,
        );
        if role == Role::Assistant {
            message.status = [Status::Complete, Status::Interrupted, Status::Failed][usize::from(*status) % 3];
            if message.status == Status::Failed {
                message.content.clear();
            }
        }
        conversation.push(message);
    }
    conversation
}

/// The plan of an answer to the last question.
fn choose(conversation: &Conversation, limit: u64) -> Plan {
    let question = conversation.path().rposition(|message| message.role == Role::User).unwrap_or_default();
    let aim = Aim::Answer { question, last: question };
    let situation =
        Situation { conversation, history: conversation.meta.history, aim, limit, found: &[], cut: None, overhead: 0 };
    let mut weights = Weights::default();
    weights.update(conversation, situation.settled());
    history::plan(&situation, &weights)
}

#[test]
fn the_oldest_are_left_out_by_whole_turns() {
    let conversation = conversation(&[(0, 100, 0), (1, 100, 0), (0, 100, 0), (1, 100, 0), (0, 1, 0)]);
    assert_eq!(choose(&conversation, 100_000).first_sent, 0);
    let all = choose(&conversation, 100_000).tokens;
    assert_eq!(choose(&conversation, all).first_sent, 0);
    assert_eq!(choose(&conversation, all - 1).first_sent, 2, "well below the limit only the question would be left");
    assert_eq!(choose(&conversation, 1).first_sent, 4, "the question is sent whatever it takes");
}

#[test]
fn the_answer_has_its_room_in_the_window() {
    let settings = Settings::default();
    let limit = |spec: &ModelSpec, settings: &Settings, most| history::limit(spec, settings, &History::default(), most);
    let with = |window, most| ModelSpec { context_window: window, max_output: most, ..ModelSpec::unknown(&a()) };
    assert_eq!(limit(&with(None, None), &settings, None), 32_000);
    assert_eq!(limit(&with(Some(1_000_000), None), &settings, None), 32_000, "never more than configured");
    assert_eq!(limit(&with(Some(16_000), Some(8_000)), &settings, Some(4_000)), 12_000);
    assert_eq!(limit(&with(Some(4_000), None), &settings, Some(100_000)), 2_000, "half at least");
    assert_eq!(limit(&with(Some(0), Some(u32::MAX)), &settings, Some(u32::MAX)), 0);
}

#[test]
fn what_is_said_of_the_context_is_what_is_sent() {
    let mut world = World::with(Settings { max_context_tokens: 300, ..Settings::default() });
    for round in 0..10 {
        world.ask(&format!("{round}{}", " word".repeat(50)));
        world.text("Fine.");
        world.finish(None);
    }
    world.ask("Last");
    let choice = world.session.plan();
    assert!(choice.first_sent > 0 && choice.tokens <= 300, "{choice:?}");
    let first = world.session.conversation().at(choice.first_sent).unwrap();
    assert_eq!(world.sent_texts()[0], first.content);
    let counted = tokens::of_request(&world.request());
    assert!(counted.abs_diff(choice.tokens) < 40, "{counted} against {choice:?}");
}

proptest! {
    #![proptest_config(same_cases())]

    #[test]
    fn what_is_chosen_fits_begins_with_a_question_and_has_the_last(
        messages in prop::collection::vec((0u8..4, 0usize..60, 0u8..3), 0..40),
        limit in 0u64..2_000,
    ) {
        let mut conversation = conversation(&messages);
        let parent = conversation.leaf().map(|leaf| leaf.id);
        conversation.push(Message::text(id(1), conversation.meta.id, parent, Role::User, "Last".into(), 0));
        let last = conversation.len() - 1;
        let choice = choose(&conversation, limit);
        prop_assert!(choice.first_sent <= last);
        let first = choice.sent(&conversation, last).next().and_then(|at| conversation.at(at)).unwrap();
        prop_assert_eq!(first.role, Role::User);
        prop_assert!(choice.tokens <= limit || choice.first_sent == last);

        let sent = crate::session::wellformed::messages(&conversation, "", &choice, last, CallsAre::Calls);
        prop_assert_eq!(sent[0].role, Role::User);
        prop_assert!(sent.last().unwrap().content.ends_with("Last"));
        // Order is kept: each message's number stands behind the one before it.
        let numbers: Vec<usize> = sent
            .iter()
            .flat_map(|message| message.content.split("\n\n"))
            .filter_map(|text| text.split(' ').next()?.parse().ok())
            .collect();
        prop_assert!(numbers.is_sorted(), "{:?}", numbers);
        // A larger limit never sends less.
        prop_assert!(choose(&conversation, limit + 500).first_sent <= choice.first_sent);
    }
}
