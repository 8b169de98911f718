use uuid::Uuid;

use super::*;

fn meta() -> ConversationMeta {
    ConversationMeta::new(ConversationId(Uuid::from_u128(1)), ModelRef::new("openai", "a"), 0)
}

fn id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number))
}

/// A question without a parent or with one; replies have even numbers.
fn message(number: u128, parent: Option<u128>, content: &str, status: Status) -> Message {
    let role = if number.is_multiple_of(2) { Role::Assistant } else { Role::User };
    let text = Message::text(id(number), meta().id, parent.map(id), role, content.into(), 0);
    Message { status, ..text }
}

fn shown(conversation: &Conversation) -> Vec<&str> {
    conversation.path().map(|message| message.content.as_str()).collect()
}

/// Question 1 with the replies 2 and 4, of which 4 was made later.
fn regenerated(second: &str, status: Status) -> Vec<Message> {
    vec![
        message(1, None, "Question", Status::Complete),
        message(2, Some(1), "First", Status::Complete),
        message(4, Some(1), second, status),
    ]
}

#[test]
fn a_fresh_reply_stands_beside_the_old_one_and_is_shown() {
    let mut conversation = Conversation::new(meta());
    for message in regenerated("Second", Status::Complete) {
        conversation.push(message);
    }
    assert_eq!(shown(&conversation), ["Question", "Second"]);
    assert_eq!(conversation.siblings(id(2)), [id(2), id(4)]);
    conversation.activate(id(2));
    assert_eq!(shown(&conversation), ["Question", "First"]);
    assert_eq!(conversation.get(id(4)).unwrap().content, "Second", "nothing is lost");
}

#[test]
fn a_saved_conversation_opens_where_it_was_left() {
    let mut messages = regenerated("Second", Status::Complete);
    messages.push(message(5, Some(2), "Follow-up to the first", Status::Complete));
    let conversation = Conversation::restore(meta(), messages);
    assert_eq!(shown(&conversation), ["Question", "First", "Follow-up to the first"]);
}

#[test]
fn a_reply_of_which_nothing_came_gives_way_to_one_that_did() {
    for status in [Status::Failed, Status::Interrupted] {
        let conversation = Conversation::restore(meta(), regenerated("", status));
        assert_eq!(shown(&conversation), ["Question", "First"], "{status:?}");
    }
    let conversation = Conversation::restore(meta(), regenerated("Half a", Status::Interrupted));
    assert_eq!(shown(&conversation), ["Question", "Half a"], "what came is shown");
    let conversation = Conversation::restore(meta(), regenerated("", Status::Complete));
    assert_eq!(shown(&conversation), ["Question", ""], "an empty answer is an answer");
    let alone = vec![message(1, None, "Question", Status::Complete), message(2, Some(1), "", Status::Failed)];
    assert_eq!(shown(&Conversation::restore(meta(), alone)), ["Question", ""], "where there is no other, it stays");
}

#[test]
fn a_question_is_failed_while_its_shown_reply_is() {
    let mut conversation = Conversation::new(meta());
    conversation.push(message(1, None, "Question", Status::Complete));
    assert!(!conversation.is_failed_question(0), "unanswered is not failed");
    conversation.push(message(2, Some(1), "", Status::Failed));
    assert!(conversation.is_failed_question(0));
    assert!(!conversation.is_failed_question(1), "a reply is no question");
    conversation.push(message(4, Some(1), "Answer", Status::Complete));
    assert!(!conversation.is_failed_question(0));
    assert!(!conversation.is_failed_question(99));
}

#[test]
fn damaged_trees_are_shown_as_far_as_they_go() {
    let orphan = vec![message(1, Some(77), "Orphan", Status::Complete)];
    assert_eq!(shown(&Conversation::restore(meta(), orphan)), ["Orphan"]);
    let cycle = vec![message(1, Some(2), "Hen", Status::Complete), message(2, Some(1), "Egg", Status::Complete)];
    assert_eq!(Conversation::restore(meta(), cycle).len(), 2, "a cycle ends");
    let own_parent = vec![message(1, Some(1), "Self", Status::Complete)];
    assert_eq!(Conversation::restore(meta(), own_parent).len(), 1);
    let mut empty = Conversation::restore(meta(), Vec::new());
    empty.activate(id(5));
    assert!(empty.is_empty() && empty.leaf().is_none() && empty.siblings(id(5)).is_empty());
}

#[test]
fn a_title_is_the_first_line_with_words() {
    let cases = [
        ("What is ELSS?", "What is ELSS?"),
        ("\n\n  ## Tax *questions*\nmore", "Tax *questions*"),
        ("---\n> quoted", "quoted"),
        ("आयकर क्या है?", "आयकर क्या है?"),
        ("", ""),
        ("\n \n", ""),
    ];
    for (text, title) in cases {
        assert_eq!(Conversation::title_from(text), title, "{text:?}");
    }
}

#[test]
fn a_long_title_is_cut_between_words() {
    let title = Conversation::title_from(&"word, ".repeat(50));
    assert!(title.ends_with("word…"), "{title}");
    assert!(title.chars().count() <= 61);
    assert_eq!(Conversation::title_from(&"x".repeat(100)).chars().count(), 61, "one word is cut anywhere");
}
