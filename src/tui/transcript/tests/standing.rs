//! What is sent, as the transcript says it: marks beside who speaks, and a line where the sent context begins.

use super::*;
use crate::chat::Mark;

/// Six messages of which the last two are sent.
fn cut() -> Chat {
    let mut chat = Chat::of(6);
    chat.plan.first_sent = 4;
    chat
}

#[test]
fn what_a_cut_leaves_out_is_marked_message_by_message() {
    let mut chat = cut();
    insta::assert_snapshot!(chat.fresh(Anchor::End, Size::new(40, 30)), @r"
    You · 10:42 · not sent
    question 0

    gpt-4o-mini · not sent
    answer 1
    1.2 s · 58 in · 312 out · ₹0.020

    You · 10:42 · not sent
    question 2

    gpt-4o-mini · not sent
    answer 3
    1.2 s · 58 in · 312 out · ₹0.020

    — the 4 messages above are not sent —

    You · 10:42
    question 4

    gpt-4o-mini
    answer 5
    1.2 s · 58 in · 312 out · ₹0.020
    ");
    chat.plan.first_sent = 0;
    let screen = chat.fresh(Anchor::End, USUAL);
    assert!(!screen.contains("sent"), "nothing is left out: {screen}");
}

#[test]
fn a_summary_stands_for_the_messages_above() {
    let mut chat = cut();
    chat.plan.summary = Some((id(90), 4));
    let screen = chat.fresh(Anchor::End, USUAL);
    assert!(screen.contains("\n— the summary stands for the 4 messages above · /summarise show —\n"), "{screen}");
    assert_eq!(screen.matches("· in the summary").count(), 4, "{screen}");
    chat.plan.summary = Some((id(90), 2));
    let screen = chat.fresh(Anchor::End, USUAL);
    let line = "— the summary stands for the first 2 messages, the 2 above are not sent · /summarise show —";
    assert!(screen.replace('\n', " ").contains(line), "{screen}");
    assert_eq!(screen.matches("· in the summary").count(), 2, "{screen}");
    assert_eq!(screen.matches("· not sent").count(), 2, "{screen}");
}

#[test]
fn a_summary_of_all_that_was_said_is_told_below_the_last_message() {
    let mut chat = Chat::of(2);
    chat.plan.first_sent = 2;
    chat.plan.summary = Some((id(90), 2));
    let screen = chat.fresh(Anchor::End, USUAL);
    assert!(
        screen.ends_with("₹0.020\n\n— the summary stands for the 2 messages above · /summarise show —"),
        "{screen}"
    );
}

#[test]
fn what_is_sent_from_above_the_line_says_why() {
    let mut chat = cut();
    chat.plan.kept.insert(0, Standing::Pinned);
    chat.plan.kept.insert(2, Standing::Retrieved);
    let screen = chat.fresh(Anchor::End, Size::new(80, 30));
    assert!(screen.contains("You · 10:42 · pinned\nquestion 0"), "{screen}");
    assert!(screen.contains("You · 10:42 · brought back for this question\nquestion 2"), "{screen}");
    assert!(screen.contains("\n— of the 4 messages above, 2 are sent —\n"), "{screen}");
    let narrow = chat.fresh(Anchor::End, Size::new(40, 30));
    assert!(narrow.contains("You · 10:42 · brought back\nquestion 2"), "{narrow}");
}

#[test]
fn what_the_user_decided_is_said_wherever_the_message_stands() {
    let mut chat = cut();
    chat.conversation.notes.marks.insert(id(0), Mark::LeftOut);
    chat.conversation.notes.marks.insert(id(4), Mark::Pinned);
    chat.conversation.notes.marks.insert(id(5), Mark::LeftOut);
    let screen = chat.fresh(Anchor::End, Size::new(80, 30));
    assert!(screen.contains("You · 10:42 · left out by you\nquestion 0"), "{screen}");
    assert!(screen.contains("You · 10:42 · pinned\nquestion 4"), "{screen}");
    assert!(screen.contains("gpt-4o-mini · left out by you\nanswer 5"), "{screen}");
}

#[test]
fn quotes_of_other_chats_are_announced_even_where_all_of_this_one_is_sent() {
    let mut chat = Chat::of(2);
    let excerpt = crate::chat::embedding::Excerpt {
        conversation: ConversationId(Uuid::nil()),
        title: "Taxes".into(),
        message: id(70),
        role: Role::User,
        content: "80C".into(),
        created_ms: 0,
    };
    chat.plan.elsewhere = vec![excerpt.clone()];
    assert!(chat.fresh(Anchor::End, USUAL).starts_with("— a message of another chat is quoted —\n\nYou"));
    chat.plan.elsewhere.push(excerpt);
    assert!(chat.fresh(Anchor::End, USUAL).starts_with("— 2 messages of other chats are quoted —\n\nYou"));
}

#[test]
fn a_question_that_failed_is_not_marked_twice() {
    let mut chat = Chat::new();
    chat.ask("anyone?");
    let reply = chat.reply();
    chat.change(reply, |m| m.status = Status::Failed);
    chat.ask("again?");
    chat.plan.first_sent = 2;
    let screen = chat.fresh(Anchor::End, USUAL);
    assert!(screen.contains("You · 10:42\nanyone?\nnot sent again until /retry"), "{screen}");
}

#[test]
fn a_long_name_gives_way_to_its_mark() {
    let mut chat = cut();
    let reply = id(1);
    chat.change(reply, |m| m.model = Some(ModelRef::new("openrouter", "meta-llama/llama-3.3-70b-instruct-turbo")));
    let screen = chat.fresh(Anchor::End, Size::new(40, 30));
    assert!(screen.contains("… · not sent\nanswer 1"), "{screen}");
}
