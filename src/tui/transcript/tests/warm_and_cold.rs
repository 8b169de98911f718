//! The cache: dropping it changes no frame, it stays small, and a frame's work does not grow with the chat.

use super::*;
use proptest::prelude::*;

/// What may happen to a chat between two frames.
#[derive(Debug, Clone)]
enum Step {
    Ask(String),
    Answer(String),
    Begin,
    Grow(String),
    Think(String),
    End,
    Call(String),
    Result(String),
    Json(usize),
    Whole,
    Queue(String),
    Unqueue,
    Note(String),
    Fold(usize),
    Scroll(isize),
    Top,
    Resize(u16, u16),
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("word ".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("# Head\n".to_owned()),
        Just("- item\n  - deeper\n".to_owned()),
        Just("1. one\n2. two\n".to_owned()),
        Just("> quoted ".to_owned()),
        Just("```rust\nlet x = 1;\n".to_owned()),
        Just("```\n".to_owned()),
        Just("| a | b |\n|---|---|\n| 1 | 2 |\n".to_owned()),
        Just("नमस्ते க்ஷ 👨‍👩‍👧 日本語 ".to_owned()),
        Just("\u{1b}[31m\u{202e}".to_owned()),
        Just("---\n".to_owned()),
        Just("===\n".to_owned()),
        "[a-z*_`]{1,40}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => text().prop_map(Step::Ask),
        3 => text().prop_map(Step::Answer),
        2 => Just(Step::Begin),
        6 => text().prop_map(Step::Grow),
        1 => text().prop_map(Step::Think),
        1 => Just(Step::End),
        2 => text().prop_map(Step::Call),
        3 => text().prop_map(Step::Result),
        2 => (0_usize..90).prop_map(Step::Json),
        2 => Just(Step::Whole),
        1 => text().prop_map(Step::Queue),
        1 => Just(Step::Unqueue),
        1 => text().prop_map(Step::Note),
        1 => (0_usize..8).prop_map(Step::Fold),
        6 => (-40_isize..40).prop_map(Step::Scroll),
        1 => Just(Step::Top),
        2 => (1_u16..90, 1_u16..30).prop_map(|(width, height)| Step::Resize(width, height)),
    ]
}

fn apply(step: Step, chat: &mut Chat, anchor: &mut Anchor, size: &mut Size) {
    let leaf = chat.conversation.leaf().map(|leaf| leaf.id);
    let streaming = leaf.filter(|id| chat.conversation.get(*id).is_some_and(|m| m.status == Status::Streaming));
    match step {
        Step::Ask(text) => drop(chat.ask(&text)),
        Step::Answer(text) => drop(chat.answer(&text)),
        Step::Begin => drop(chat.reply()),
        Step::Grow(text) => streaming.into_iter().for_each(|id| chat.change(id, |m| m.content.push_str(&text))),
        Step::Think(text) => streaming.into_iter().for_each(|id| chat.change(id, |m| m.reasoning.push_str(&text))),
        Step::End => streaming.into_iter().for_each(|id| chat.change(id, |m| m.status = Status::Interrupted)),
        Step::Call(text) => {
            let _ = chat.call(&[("look", &format!("{{\"for\":{text:?}}}")), ("raw", &text)]);
        }
        Step::Result(text) => drop(chat.result(text.len() % 2, Status::Complete, &text)),
        Step::Json(values) => {
            let values: Vec<usize> = (0..values).collect();
            let _ = chat.answer(&format!("{values:?}"));
        }
        Step::Whole => streaming.into_iter().for_each(|id| chat.change(id, |m| m.status = Status::Complete)),
        Step::Queue(text) => chat.queued.push(text),
        Step::Unqueue => drop(chat.queued.pop()),
        Step::Note(text) => chat.notices.push(Notice { after: leaf, kind: NoticeKind::Info, text }),
        Step::Fold(at) => {
            let open = !chat.unfolded.remove(&id(at));
            open.then(|| chat.unfolded.insert(id(at)));
        }
        Step::Scroll(rows) => *anchor = chat.scrolled(*anchor, *size, rows),
        Step::Top => *anchor = scroll::top(&chat.view(), &mut Cache::new(), *size, *anchor),
        Step::Resize(width, height) => *size = Size::new(width, height),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cache_that_is_dropped_changes_no_frame(steps in proptest::collection::vec(step(), 1..30)) {
        let mut chat = Chat::new();
        let (mut anchor, mut size, mut cache) = (Anchor::End, SMALL, Cache::new());
        for step in steps {
            let scrolled = if let Step::Scroll(rows) = step {
                Some(scroll::scroll_by(&chat.view(), &mut cache, size, anchor, rows))
            } else {
                None
            };
            apply(step, &mut chat, &mut anchor, &mut size);
            prop_assert!(scrolled.is_none_or(|warm| warm == anchor), "a warm cache scrolls elsewhere");
            let (warm, warm_drawn) = chat.draw(anchor, &mut cache, size);
            let (cold, cold_drawn) = chat.draw(anchor, &mut Cache::new(), size);
            prop_assert_eq!(lines(&warm), lines(&cold));
            prop_assert_eq!(&warm, &cold);
            prop_assert_eq!(warm_drawn.wanted, cold_drawn.wanted);
            prop_assert_eq!(warm_drawn.at_end, cold_drawn.at_end);
        }
    }

    #[test]
    fn a_streamed_reply_and_the_same_reply_at_once_give_the_same_screen(
        pieces in proptest::collection::vec(text(), 1..20), width in 1_u16..100, height in 1_u16..40,
    ) {
        let size = Size::new(width, height);
        let mut streamed = Chat::new();
        let reply = streamed.reply();
        let mut cache = Cache::new();
        for piece in &pieces {
            streamed.change(reply, |m| m.content.push_str(piece));
            let _ = streamed.draw(Anchor::End, &mut cache, size);
        }
        let mut whole = Chat::new();
        let reply = whole.reply();
        whole.change(reply, |m| m.content = pieces.concat());
        prop_assert_eq!(streamed.screen(Anchor::End, &mut cache, size), whole.fresh(Anchor::End, size));
    }
}

/// The work of one frame at the end, of a page up, and of the frame after it, on a cold cache each.
fn work_of(chat: &Chat) -> [Work; 2] {
    let mut frame = Cache::new();
    let _ = chat.draw(Anchor::End, &mut frame, LARGE);
    let mut paging = Cache::new();
    let up = scroll::page(&chat.view(), &mut paging, LARGE, Anchor::End, -1);
    let _ = chat.draw(up, &mut paging, LARGE);
    [frame.work(), paging.work()]
}

#[test]
fn a_frame_of_a_very_long_chat_does_no_more_than_one_of_a_short_chat() {
    assert_eq!(work_of(&Chat::of(100)), work_of(&Chat::of(100_000)));
}

#[test]
fn a_frame_of_a_very_long_message_does_no_more_than_one_of_a_short_message() {
    let of = |lines: usize| {
        let mut chat = Chat::new();
        chat.answer(&numbered(lines, |at| format!("paragraph {at:07}\n\n")));
        work_of(&chat)
    };
    assert_eq!(of(100), of(60_000));
}

#[test]
fn a_second_frame_lays_out_no_text_again() {
    let mut chat = Chat::of(100);
    let reply = chat.reply();
    chat.change(reply, |m| m.content = "paragraph\n\n".repeat(100));
    let mut cache = Cache::new();
    let _ = chat.draw(Anchor::End, &mut cache, LARGE);
    let before = cache.work().laid_out;
    let _ = chat.draw(Anchor::End, &mut cache, LARGE);
    assert_eq!(cache.work().laid_out, before);
    chat.change(reply, |m| m.content.push_str(" more words"));
    let _ = chat.draw(Anchor::End, &mut cache, LARGE);
    assert!(cache.work().laid_out - before <= 2, "only the last block changed");
}

#[test]
fn the_cache_stays_small_however_far_one_scrolls() {
    let chat = Chat::of(20_000);
    let mut cache = Cache::new();
    let mut anchor = Anchor::End;
    let mut released = 0;
    for _ in 0..400 {
        anchor = scroll::page(&chat.view(), &mut cache, LARGE, anchor, -1);
        released += chat.draw(anchor, &mut cache, LARGE).1.released.len();
        let (rows, messages) = cache.kept();
        assert!(rows < 9_000 && messages < 200, "{rows} rows, {messages} messages");
    }
    assert!(released > 2_000, "{released}");
}

#[test]
fn a_text_that_was_replaced_and_did_not_grow_is_read_anew() {
    let mut chat = Chat::new();
    let reply = chat.reply();
    let mut cache = Cache::new();
    for content in ["the first try", "again, and longer than before", "short", "other"] {
        chat.change(reply, |m| m.content = content.into());
        assert!(chat.screen(Anchor::End, &mut cache, SMALL).contains(content));
    }
}
