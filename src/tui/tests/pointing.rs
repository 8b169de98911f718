//! The mouse: the wheel, a click, a drag.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::*;

fn mouse(play: &mut Play, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    play.tell(Happened::Input(Input::Mouse(event)));
}

/// A drag from one cell to another, with a frame drawn before, as a user sees it.
fn drag(play: &mut Play, from: (u16, u16), to: (u16, u16)) {
    play.screen();
    mouse(play, MouseEventKind::Down(MouseButton::Left), from);
    mouse(play, MouseEventKind::Drag(MouseButton::Left), to);
    play.screen();
    mouse(play, MouseEventKind::Up(MouseButton::Left), to);
}

fn row_of(play: &mut Play, text: &str) -> u16 {
    let screen = play.screen();
    screen.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text:?} in\n{screen}")) as u16
}

#[test]
fn a_drag_selects_what_it_passes_and_copies_it() {
    let mut play = Play::new();
    play.turn("Which one?", "The **second** one is better.");
    let y = row_of(&mut play, "The second one");
    drag(&mut play, (1, y), (14, y));
    let copied = play.effects.iter().find_map(|effect| match effect {
        TuiEffect::Copy(text) => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(copied, Some("The second one"));
    assert!(play.state.selection.is_some(), "what was copied stays marked until the next key");
    play.type_text("x");
    assert!(play.state.selection.is_none());
}

#[test]
fn a_click_puts_the_cursor_where_it_points() {
    let mut play = Play::new();
    play.type_text("hello world");
    let y = row_of(&mut play, "hello world");
    mouse(&mut play, MouseEventKind::Down(MouseButton::Left), (7, y));
    mouse(&mut play, MouseEventKind::Up(MouseButton::Left), (7, y));
    play.type_text("big ");
    assert_eq!(play.draft(), "hello big world");
}

#[test]
fn the_wheel_scrolls_and_the_end_is_followed_again_at_the_end() {
    let mut play = Play::new();
    let long = (0..60).fold(String::new(), |all, line| all + &format!("- point {line}\n"));
    play.turn("List them.", &long);
    assert!(play.screen().contains("point 59"));
    for _ in 0..5 {
        mouse(&mut play, MouseEventKind::ScrollUp, (5, 5));
    }
    assert!(!play.screen().contains("point 59"));
    for _ in 0..6 {
        mouse(&mut play, MouseEventKind::ScrollDown, (5, 5));
    }
    assert!(play.screen().contains("point 59"));
    play.submit("And more?");
    assert!(play.screen().contains("And more?"), "{}", play.screen());
}
