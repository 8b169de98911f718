//! What stands around and between messages.

use super::*;

#[test]
fn a_question_and_its_answer_are_attributed_timed_and_priced() {
    let mut chat = Chat::new();
    chat.ask("What is the difference between ELSS and PPF?");
    chat.answer("ELSS is **equity**, with\n\n- a lock-in of 3 years\n- market risk");
    insta::assert_snapshot!(chat.fresh(Anchor::End, SMALL), @r"
    You · 10:42
    What is the difference between ELSS and
    PPF?

    gpt-4o-mini
    ELSS is equity, with

    • a lock-in of 3 years
    • market risk
    1.2 s · 58 in · 312 out · ₹0.020
    ");
}

#[test]
fn a_question_is_shown_as_it_was_typed_and_an_answer_as_it_was_meant() {
    let mut chat = Chat::new();
    chat.ask("# not a heading\n\n\n  *stars* stay");
    chat.answer("*stars* go");
    let screen = chat.fresh(Anchor::End, USUAL);
    assert!(screen.contains("# not a heading\n\n\n  *stars* stay\n"), "{screen}");
    assert!(screen.contains("\nstars go\n"), "{screen}");
}

#[test]
fn what_is_estimated_or_unknown_is_said() {
    let mut chat = Chat::new();
    let first = chat.answer("a");
    chat.change(first, |reply| {
        reply.usage = Some(Usage { input: 10, output: 20, estimated: true, ..Usage::default() });
        reply.cost = None;
    });
    let second = chat.answer("b");
    chat.change(second, |reply| (reply.usage, reply.cost, reply.took_ms) = (None, None, None));
    let screen = chat.fresh(Anchor::End, USUAL);
    assert!(screen.contains("1.2 s · ~10 in · ~20 out · cost unknown"), "{screen}");
    assert!(screen.ends_with("\ntokens unknown · cost unknown"), "{screen}");
}

#[test]
fn how_a_reply_ended_is_said_below_it() {
    type Change = fn(&mut Message);
    let ends: [(Change, &str); 5] = [
        (|m| m.finish = Some(FinishReason::Length), "cut at the output limit: send “continue” for the rest"),
        (|m| m.finish = Some(FinishReason::ContentFilter), "ended by the provider's content filter"),
        (|m| m.status = Status::Interrupted, "incomplete"),
        (
            |m| (m.status, m.note) = (Status::Interrupted, Some("the connection was cut".into())),
            "incomplete: the connection was cut",
        ),
        (|m| m.note = Some("answered by B (A: 503)".into()), "answered by B (A: 503)"),
    ];
    for (change, said) in ends {
        let mut chat = Chat::new();
        chat.ask("q");
        let reply = chat.answer("text");
        chat.change(reply, change);
        let screen = chat.fresh(Anchor::End, USUAL);
        assert!(screen.contains(&format!("\ntext\n{said}\n1.2 s · 58 in")), "{said}: {screen}");
    }
}

#[test]
fn a_failed_question_is_marked_and_the_failure_said() {
    let mut chat = Chat::new();
    chat.ask("anyone there?");
    let reply = chat.reply();
    chat.change(reply, |m| (m.status, m.note) = (Status::Failed, Some("the key was refused (401)".into())));
    insta::assert_snapshot!(chat.fresh(Anchor::End, SMALL), @r"
    You · 10:42
    anyone there?
    not sent again until /retry

    gpt-4o-mini
    the key was refused (401)
    ");
}

#[test]
fn reasoning_is_one_row_until_it_is_opened() {
    let mut chat = Chat::new();
    let reply = chat.answer("So: 4.");
    chat.change(reply, |m| m.reasoning = "two and two\nmake four".into());
    insta::assert_snapshot!(chat.fresh(Anchor::End, SMALL), @r"
    gpt-4o-mini
    ▸ reasoning · 5 words
    So: 4.
    1.2 s · 58 in · 312 out · ₹0.020
    ");
    chat.unfolded.insert(reply);
    insta::assert_snapshot!(chat.fresh(Anchor::End, SMALL), @r"
    gpt-4o-mini
    ▾ reasoning · 5 words
    two and two
    make four
    So: 4.
    1.2 s · 58 in · 312 out · ₹0.020
    ");
}

#[test]
fn a_streaming_reply_says_its_state_and_queued_messages_wait_below() {
    let mut chat = Chat::new();
    chat.ask("first");
    let reply = chat.reply();
    chat.live = Some(LiveStatus { message: reply, state: "retry 2 of 5 in 3 s".into() });
    chat.queued.push("second".into());
    insta::assert_snapshot!(chat.fresh(Anchor::End, SMALL), @r"
    You · 10:42
    first

    gpt-4o-mini
    retry 2 of 5 in 3 s

    You · queued
    second
    ");
}

#[test]
fn notices_stand_below_their_message_or_before_the_first() {
    let mut chat = Chat::of(2);
    let note = |after, text: &str| Notice { after, kind: NoticeKind::Info, text: text.into() };
    chat.notices =
        vec![note(None, "**before** all"), note(Some(id(0)), "two\n\nlines"), note(Some(id(77)), "elsewhere")];
    insta::assert_snapshot!(chat.fresh(Anchor::End, SMALL), @r"

    before all

    You · 10:42
    question 0

    two

    lines

    gpt-4o-mini
    answer 1
    1.2 s · 58 in · 312 out · ₹0.020
    ");
}

#[test]
fn a_message_of_another_day_carries_its_date() {
    let mut chat = Chat::new();
    for days in [0_i64, 1, 400] {
        let asked = chat.ask("q");
        chat.change(asked, |m| m.created_ms = NOON_MS - days * 86_400_000);
    }
    let screen = chat.fresh(Anchor::End, USUAL);
    for header in ["You · 10:42", "You · 27 May 10:42", "You · 23 Apr 2025 10:42"] {
        assert!(screen.contains(header), "{header} in {screen}");
    }
}

#[test]
fn an_empty_chat_is_an_empty_screen() {
    let chat = Chat::new();
    let (buf, drawn) = chat.draw(Anchor::End, &mut Cache::new(), SMALL);
    assert_eq!(lines(&buf), "");
    assert!(drawn.at_end);
    assert_eq!(scroll::top(&chat.view(), &mut Cache::new(), SMALL, Anchor::End), Anchor::End);
}
