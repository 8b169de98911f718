//! What the mouse asks of a frame.

use super::*;
use ratatui::layout::Position;

fn select(from: (u16, u16), to: (u16, u16)) -> Selection {
    Selection { from: Position::from(from), to: Position::from(to) }
}

fn drawn(chat: &Chat, size: Size) -> Drawn {
    chat.draw(Anchor::End, &mut Cache::new(), size).1
}

#[test]
fn rows_that_were_one_line_are_copied_as_one_line() {
    let mut chat = Chat::new();
    chat.ask("The quick brown fox jumps over the lazy dog.\nA second line.");
    let frame = drawn(&chat, Size::new(20, 12));
    assert_eq!(
        frame.selected_text(select((0, 0), (19, 11))),
        "You · 10:42\nThe quick brown fox jumps over the lazy dog.\nA second line."
    );
}

#[test]
fn a_part_of_rows_is_copied_in_either_direction() {
    let mut chat = Chat::new();
    chat.ask("alpha beta\ngamma delta");
    let frame = drawn(&chat, SMALL);
    assert_eq!(frame.selected_text(select((6, 1), (4, 2))), "beta\ngamma");
    assert_eq!(frame.selected_text(select((4, 2), (6, 1))), "beta\ngamma");
    assert_eq!(frame.selected_text(select((0, 1), (4, 1))), "alpha");
}

#[test]
fn clusters_are_copied_whole() {
    let mut chat = Chat::new();
    chat.ask("नमस्ते 👨‍👩‍👧 日本語");
    let frame = drawn(&chat, SMALL);
    let all = frame.selected_text(select((0, 1), (39, 1)));
    assert_eq!(all, "नमस्ते 👨‍👩‍👧 日本語");
    for from in 0..30 {
        for to in from..30 {
            let part = frame.selected_text(select((from, 1), (to, 1)));
            assert!(all.contains(&part), "{part}");
        }
    }
}

#[test]
fn the_selected_cells_are_reversed_and_no_others() {
    let mut chat = Chat::of(2);
    chat.selection = Some(select((3, 1), (5, 2)));
    let (buf, _) = chat.draw(Anchor::End, &mut Cache::new(), SMALL);
    let reversed = |x, y| buf[(x, y)].modifier.contains(Modifier::REVERSED);
    assert!(
        !reversed(2, 1) && reversed(3, 1) && reversed(39, 1) && reversed(0, 2) && reversed(5, 2) && !reversed(6, 2)
    );
    assert!(!reversed(0, 0) && !reversed(0, 3));
}

#[test]
fn a_row_knows_its_message_and_its_byte() {
    let mut chat = Chat::of(2);
    chat.ask("one\ntwo");
    let frame = drawn(&chat, USUAL);
    let at = |text: &str| (0..24).find(|y| frame.text_at(*y).as_deref() == Some(text)).unwrap();
    assert_eq!(frame.row_at(at("two")), Some((id(2), 4)));
    assert_eq!(frame.row_at(at("question 0")), Some((id(0), 0)));
    assert_eq!(frame.row_at(23), None);
}

#[test]
fn points_outside_the_frame_select_what_is_inside() {
    let chat = Chat::of(2);
    let frame = drawn(&chat, SMALL);
    let all = frame.selected_text(select((0, 0), (900, 900)));
    assert!(all.starts_with("You") && all.ends_with("₹0.020"), "{all}");
    assert_eq!(frame.selected_text(select((500, 700), (900, 900))), "");
}
