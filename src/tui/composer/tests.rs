//! What a user notices of the box, case by case; `properties` has what holds for every text.

mod properties;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Composer, ComposerStyle, Edit};

fn style() -> ComposerStyle {
    ComposerStyle { cursor: Some(Style::new().add_modifier(Modifier::REVERSED)), ..ComposerStyle::default() }
}

fn composer(text: &str, width: u16) -> Composer {
    let mut composer = Composer::new();
    composer.resize(width, 100);
    composer.set_text(text);
    composer
}

/// The rows of the box as text, and the cell of the drawn cursor.
fn screen(composer: &Composer, width: u16, height: u16) -> (Vec<String>, Option<Position>) {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    composer.draw(area, &mut buf, &style());
    let rows = (0..height).map(|y| {
        let mut row = String::new();
        let mut covered = 0;
        for x in 0..width {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            covered = ratatui::buffer::CellWidth::cell_width(symbol).saturating_sub(1);
            row.push_str(symbol);
        }
        row.trim_end().to_owned()
    });
    let mut cells = (0..height).flat_map(|y| (0..width).map(move |x| Position { x, y }));
    let cursor = cells.find(|cell| buf[*cell].modifier.contains(Modifier::REVERSED));
    (rows.collect(), cursor)
}

fn type_in(composer: &mut Composer, text: &str) {
    text.chars().for_each(|c| {
        composer.apply(Edit::InsertChar(c));
    });
}

#[test]
fn typing_shows_the_text_and_the_cursor_after_it() {
    let mut composer = composer("", 20);
    type_in(&mut composer, "नमस्ते ji");
    let (rows, cursor) = screen(&composer, 20, 1);
    assert_eq!(rows, ["नमस्ते ji"]);
    let width: u16 = "नमस्ते ji".graphemes(true).map(super::glyph::cells).sum();
    assert_eq!(cursor, Some(Position { x: width, y: 0 }));
}

#[test]
fn the_terminals_own_cursor_is_placed_only_where_every_terminal_agrees() {
    let area = Rect::new(3, 2, 20, 1);
    let mut buf = Buffer::empty(Rect::new(0, 0, 40, 5));
    let mut composer = composer("漢字 ok", 20);
    assert_eq!(composer.draw(area, &mut buf, &style()), Some(Position { x: 10, y: 2 }));
    composer.set_text("🇮🇳 ok");
    assert_eq!(composer.draw(area, &mut buf, &style()), None);
    composer.apply(Edit::LineStart);
    assert_eq!(composer.draw(area, &mut buf, &style()), Some(Position { x: 3, y: 2 }));
    let unfocused = ComposerStyle::default();
    assert_eq!(composer.draw(area, &mut buf, &unfocused), None);
}

#[test]
fn backspace_takes_a_whole_cluster_and_undo_gives_it_back() {
    for cluster in ["क्षि", "👨‍👩‍👧‍👦", "🇮🇳", "e\u{301}", "1️⃣", "நி"] {
        let mut composer = composer(&format!("a{cluster}"), 20);
        composer.apply(Edit::Backspace);
        assert_eq!(composer.text(), "a", "{cluster}");
        composer.apply(Edit::Undo);
        assert_eq!(composer.text(), format!("a{cluster}"));
        composer.apply(Edit::Left);
        composer.apply(Edit::Delete);
        assert_eq!(composer.text(), "a", "{cluster} forward");
    }
}

#[test]
fn letters_that_grow_together_leave_the_cursor_behind_the_cluster() {
    let mut composer = composer("🇮x🇳", 20);
    composer.apply(Edit::Left);
    composer.apply(Edit::Backspace);
    assert_eq!(composer.text(), "🇮🇳");
    composer.apply(Edit::Backspace);
    assert_eq!(composer.text(), "", "the flag was one cluster, and the cursor behind it");
}

#[test]
fn shell_keys_do_what_a_shell_does() {
    let mut composer = composer("git commit --amend", 40);
    composer.apply(Edit::DeleteWordBack);
    assert_eq!(composer.text(), "git commit ");
    composer.apply(Edit::WordLeft);
    composer.apply(Edit::DeleteToLineEnd);
    assert_eq!(composer.text(), "git ");
    composer.apply(Edit::DeleteToLineStart);
    assert_eq!(composer.text(), "");
    assert!(!composer.apply(Edit::DeleteToLineStart), "nothing is left to delete");
    for _ in 0..3 {
        composer.apply(Edit::Undo);
    }
    assert_eq!(composer.text(), "git commit --amend");
    assert!(!composer.apply(Edit::Undo), "undo does not reach behind the text that was set");
}

#[test]
fn words_are_passed_across_lines() {
    let mut composer = composer("one\n\n  two", 40);
    composer.apply(Edit::WordLeft);
    composer.apply(Edit::WordLeft);
    type_in(&mut composer, "x");
    assert_eq!(composer.text(), "xone\n\n  two");
    composer.apply(Edit::WordRight);
    composer.apply(Edit::WordRight);
    type_in(&mut composer, "y");
    assert_eq!(composer.text(), "xone\n\n  twoy");
}

#[test]
fn undo_takes_back_a_word_at_a_time() {
    let mut composer = composer("", 40);
    type_in(&mut composer, "which one ");
    composer.apply(Edit::Undo);
    assert_eq!(composer.text(), "which ");
    composer.apply(Edit::Undo);
    assert_eq!(composer.text(), "");
    composer.apply(Edit::Redo);
    composer.apply(Edit::Redo);
    assert_eq!(composer.text(), "which one ");
}

#[test]
fn up_and_down_go_by_rows_and_hold_their_column() {
    let mut composer = composer("aaaa bbbb cccc\nx\ndddddd", 5);
    assert!(composer.at_last_row() && !composer.at_first_row());
    composer.apply(Edit::LineStart);
    (0..3).for_each(|_| {
        composer.apply(Edit::Right);
    });
    composer.apply(Edit::Up);
    composer.apply(Edit::Up);
    type_in(&mut composer, "|");
    assert_eq!(composer.text(), "aaaa bbbb ccc|c\nx\ndddddd", "the short line between did not lose the column");
    composer.apply(Edit::Up);
    composer.apply(Edit::Up);
    assert!(composer.at_first_row());
    assert!(!composer.apply(Edit::Up), "above the first row is the history");
}

#[test]
fn a_full_row_gives_its_cursor_a_row_of_its_own() {
    let mut composer = composer("abcde", 5);
    assert_eq!(composer.rows(5), 2);
    assert_eq!(screen(&composer, 5, 2), (vec!["abcde".into(), String::new()], Some(Position { x: 0, y: 1 })));
    composer.apply(Edit::Left);
    assert_eq!(composer.rows(5), 1);
    assert_eq!(screen(&composer, 5, 1).1, Some(Position { x: 4, y: 0 }));
}

#[test]
fn a_tall_draft_scrolls_with_its_cursor() {
    let mut composer = composer("1\n2\n3\n4\n5\n6", 10);
    composer.resize(10, 3);
    assert_eq!(composer.rows(10), 6);
    assert_eq!(screen(&composer, 10, 3).0, ["4", "5", "6"]);
    composer.apply(Edit::Up);
    assert_eq!(screen(&composer, 10, 3).0, ["4", "5", "6"], "the text stays while the cursor can move in it");
    (0..3).for_each(|_| {
        composer.apply(Edit::Up);
    });
    assert_eq!(screen(&composer, 10, 3).0, ["2", "3", "4"]);
    assert!(composer.click(Rect::new(0, 10, 10, 3), 0, 12));
    type_in(&mut composer, "x");
    assert_eq!(composer.text(), "1\n2\n3\nx4\n5\n6");
}

#[test]
fn every_kind_of_line_ending_is_a_newline() {
    let mut composer = composer("", 20);
    composer.insert("a\r\nb\rc\nd");
    assert_eq!(composer.text(), "a\nb\nc\nd");
}

#[test]
fn row_39_what_is_drawn_is_safe_and_what_is_sent_is_raw() {
    let raw = "\u{1b}]52;c;aGk=\u{7} \u{202E}evil\u{202C} \u{9b}31m tab\there a\u{200B}b";
    let composer = composer(raw, 100);
    assert_eq!(composer.text(), raw);
    let (rows, _) = screen(&composer, 100, 1);
    assert_eq!(rows, ["␛]52;c;aGk=␇ <U+202E>evil<U+202C> <U+009B>31m tab    here a<U+200B>b"]);
}

#[test]
fn row_26_a_paste_of_ten_megabytes_is_one_token_that_can_be_opened_and_removed() {
    let paste = "धन्यवाद। a line of a long report\r\n".repeat(200_000);
    let mut composer = composer("Summarise: ", 60);
    composer.insert(&paste);
    let token = "[pasted text 1: 6,600,000 characters, 200,000 lines]";
    assert_eq!(composer.text(), format!("Summarise: {token}"));
    let expected = format!("Summarise: {}", paste.replace("\r\n", "\n"));
    assert_eq!(composer.expanded_text(), expected);
    assert_eq!(composer.expanded_chars(), expected.chars().count());
    assert_eq!(composer.attachment_at_cursor().map(|attachment| attachment.number), Some(1));

    composer.apply(Edit::Left);
    type_in(&mut composer, "> ");
    composer.apply(Edit::DraftEnd);
    composer.apply(Edit::Backspace);
    assert_eq!(composer.text(), "Summarise: > ");
    assert!(composer.attachments().is_empty());
    composer.apply(Edit::Undo);
    assert_eq!(composer.expanded_text().len(), expected.len() + 2);
}

#[test]
fn an_attachment_comes_back_from_the_editor_and_undo_knows_the_old_one() {
    let mut composer = composer("", 60);
    composer.insert(&"x".repeat(30_000));
    assert!(composer.set_attachment(1, &"y".repeat(25_000)));
    assert_eq!(composer.text(), "[pasted text 1: 25,000 characters, 1 line]");
    assert_eq!(composer.expanded_text().len(), 25_000);
    assert!(composer.set_attachment(1, "short"));
    assert_eq!(composer.text(), "short");
    composer.apply(Edit::Undo);
    composer.apply(Edit::Undo);
    assert_eq!(composer.expanded_text(), "x".repeat(30_000));
    let draft = composer.take();
    assert!(composer.is_empty());
    composer.set_draft(draft);
    assert_eq!(composer.expanded_text().len(), 30_000);
    assert!(!composer.set_attachment(7, "no such"));
}

#[test]
fn the_cursor_never_stands_inside_a_token() {
    let mut composer = composer("", 10);
    composer.insert(&"x".repeat(30_000));
    type_in(&mut composer, " end");
    let text = composer.text();
    composer.apply(Edit::DraftStart);
    let mut seen = 0;
    while composer.apply(Edit::Down) {
        seen += 1;
        let at = composer.cursor.byte;
        assert!(at == 0 || at >= text.len() - 4, "stopped at {at}");
        assert!(seen < 10, "down always moves on");
    }
    for y in 0..composer.rows(10) {
        composer.click(Rect::new(0, 0, 10, 20), 4, y);
        let at = composer.cursor.byte;
        assert!(at == 0 || at >= text.len() - 4, "a click stopped at {at}");
    }
}

#[test]
fn a_backslash_before_enter_is_a_new_line() {
    let mut composer = composer("first\\", 20);
    assert!(composer.continue_line());
    assert_eq!(composer.text(), "first\n");
    assert!(!composer.continue_line());
    composer.apply(Edit::Undo);
    assert_eq!(composer.text(), "first\\");
}

#[test]
fn many_medium_pastes_cannot_slow_the_box() {
    let mut composer = composer("", 80);
    for _ in 0..30 {
        composer.insert(&"word ".repeat(3_900));
    }
    assert!(composer.text().len() < 101_000);
    assert_eq!(composer.expanded_chars(), 30 * 19_500);
}
