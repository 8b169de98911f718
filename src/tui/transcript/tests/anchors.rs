//! Scrolling: what stays on the screen, and what is followed.

use super::*;

fn prose(words: usize) -> String {
    (0..words).map(|at| format!("word{at}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn at_the_end_new_text_is_followed() {
    let mut chat = Chat::of(40);
    let reply = chat.reply();
    let mut cache = Cache::new();
    for line in 0..50 {
        chat.change(reply, |m| m.content += format!("line {line}\n\n").as_str());
        let (buf, drawn) = chat.draw(Anchor::End, &mut cache, SMALL);
        assert!(lines(&buf).contains(&format!("line {line}\n…")), "{}", lines(&buf));
        assert!(drawn.at_end);
    }
}

#[test]
fn away_from_the_end_new_text_moves_nothing_and_is_announced() {
    let mut chat = Chat::of(40);
    let anchor = chat.scrolled(Anchor::End, SMALL, -10);
    let before = chat.fresh(anchor, SMALL);
    assert!(before.ends_with("↓ more below"), "{before}");
    chat.ask("a new one");
    chat.answer(&prose(500));
    let after = chat.fresh(anchor, SMALL);
    assert!(after.ends_with("↓ 2 new"), "{after}");
    let body = |screen: &str| screen.lines().take(11).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&before), body(&after));
}

#[test]
fn scrolling_back_down_to_the_last_row_follows_again() {
    let chat = Chat::of(40);
    let up = chat.scrolled(Anchor::End, SMALL, -7);
    assert_ne!(up, Anchor::End);
    assert_ne!(chat.scrolled(up, SMALL, 6), Anchor::End);
    assert_eq!(chat.scrolled(up, SMALL, 7), Anchor::End);
    assert_eq!(chat.scrolled(up, SMALL, isize::MAX), Anchor::End);
}

#[test]
fn scrolling_moves_by_exactly_so_many_rows() {
    let mut chat = Chat::of(12);
    chat.answer(&format!("{}\n\n```rust\nfn a() {{}}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", prose(90)));
    let all = chat.fresh(Anchor::End, Size::new(40, 200));
    let all: Vec<&str> = all.lines().collect();
    let last_top = all.len() - 12;
    let mut anchor = Anchor::End;
    for up in 1..=last_top {
        anchor = chat.scrolled(anchor, SMALL, -1);
        let screen = chat.fresh(anchor, SMALL);
        let expected = &all[last_top - up..last_top - up + 11];
        assert_eq!(screen.lines().take(11).collect::<Vec<_>>(), expected, "{up} rows up");
        assert_eq!(chat.scrolled(Anchor::End, SMALL, -up.cast_signed()), anchor);
    }
    assert_eq!(chat.scrolled(anchor, SMALL, -5), anchor, "there is nothing above the first row");
    assert_eq!(scroll::top(&chat.view(), &mut Cache::new(), SMALL, Anchor::End), anchor);
}

#[test]
fn a_page_keeps_one_row_in_sight() {
    let chat = Chat::of(40);
    let first = scroll::top(&chat.view(), &mut Cache::new(), SMALL, Anchor::End);
    let second = scroll::page(&chat.view(), &mut Cache::new(), SMALL, first, 1);
    let seen = chat.fresh(first, Size::new(40, 12));
    let next = chat.fresh(second, SMALL);
    let whole = chat.fresh(first, Size::new(40, 23));
    assert_eq!(whole.lines().nth(11), next.lines().next());
    assert_eq!(whole.lines().next(), seen.lines().next());
}

#[test]
fn a_change_of_width_keeps_the_anchors_text_on_the_screen() {
    let mut chat = Chat::of(6);
    chat.ask(&prose(400));
    chat.answer(&prose(2_000));
    let anchor = chat.scrolled(Anchor::End, SMALL, -150);
    let word = chat.fresh(anchor, SMALL).split_whitespace().next().unwrap().to_owned();
    for (width, height) in [(80, 24), (20, 5), (120, 40), (33, 7), (9, 3), (200, 60), (40, 12)] {
        let screen = chat.fresh(anchor, Size::new(width, height));
        assert!(screen.contains(&word), "{word} at {width}: {screen}");
    }
    assert!(chat.fresh(anchor, SMALL).starts_with(&word), "and back again");
}

#[test]
fn an_anchor_whose_message_left_the_path_shows_what_stands_in_its_place() {
    let mut chat = Chat::of(30);
    let anchor = scroll::reveal(&chat.view(), Anchor::End, id(21));
    assert!(chat.fresh(anchor, SMALL).contains("answer 21"));
    let parent = chat.conversation.get(id(21)).unwrap().parent;
    let other =
        Message { id: id(900), content: "another version".into(), ..chat.conversation.get(id(21)).unwrap().clone() };
    assert_eq!(other.parent, parent);
    chat.conversation.push(other);
    assert!(chat.fresh(anchor, SMALL).contains("another version"));
    assert_eq!(scroll::reveal(&chat.view(), Anchor::End, id(21)), Anchor::End, "it is not on the path");
}

#[test]
fn folding_the_reasoning_that_is_read_does_not_lose_the_place() {
    let mut chat = Chat::of(20);
    let reply = chat.answer(&prose(300));
    chat.change(reply, |m| m.reasoning = prose(300));
    chat.unfolded.insert(reply);
    let anchor = chat.scrolled(scroll::reveal(&chat.view(), Anchor::End, reply), SMALL, 20);
    chat.unfolded.clear();
    assert!(chat.fresh(anchor, SMALL).starts_with("word0 word1"), "{}", chat.fresh(anchor, SMALL));
}

#[test]
fn long_queues_and_notices_can_be_scrolled_through() {
    let mut chat = Chat::of(4);
    chat.queued = (0..30).map(|at| format!("waiting {at}")).collect();
    chat.notices.push(Notice { after: None, kind: NoticeKind::Error, text: "one\ntwo".into() });
    let mut anchor = Anchor::End;
    let mut seen = String::new();
    for _ in 0..40 {
        seen.push_str(&chat.fresh(anchor, SMALL));
        anchor = chat.scrolled(anchor, SMALL, -9);
    }
    for wanted in ["waiting 29", "waiting 15", "waiting 0", "one\ntwo", "question 0"] {
        assert!(seen.contains(wanted), "{wanted}");
    }
}

#[test]
fn one_message_of_very_many_rows_scrolls_past_what_a_u16_can_count() {
    let mut chat = Chat::new();
    chat.ask(&"line\n".repeat(200_000));
    chat.answer("done");
    let first = scroll::top(&chat.view(), &mut Cache::new(), SMALL, Anchor::End);
    let mut cache = Cache::new();
    let down = scroll::scroll_by(&chat.view(), &mut cache, SMALL, first, 90_000);
    let (_, drawn) = chat.draw(down, &mut cache, SMALL);
    assert_eq!(drawn.row_at(0), Some((id(0), (90_000 - 1) * 5)));
}
