use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation as _;

use super::layout::Layout;
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
    assert_eq!(composer.attachment_text(1).map(str::len), Some(25_000));
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
    assert!(composer.text().len() < 250_000);
    assert_eq!(composer.expanded_chars(), 30 * 19_500);
}

fn anything() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "Z",
        " ",
        "word ",
        "क्षि",
        "्",
        "ि",
        "🇮",
        "🇳",
        "👨‍👩‍👧",
        "\u{200D}",
        "\u{301}",
        "漢",
        "\t",
        "\u{1b}[31m",
        "\u{202E}",
        "\n",
        "\u{FE0F}",
        "\u{E0041}",
        "\u{85}",
        "\u{feff}",
        "நி",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[derive(Debug, Clone)]
enum Op {
    Edit(Edit),
    Paste(String),
    Click(u16, u16),
    Width(u16),
}

fn op() -> impl Strategy<Value = Op> {
    let edits = vec![
        Edit::NewLine,
        Edit::Backspace,
        Edit::Delete,
        Edit::DeleteWordBack,
        Edit::DeleteWordForward,
        Edit::DeleteToLineStart,
        Edit::DeleteToLineEnd,
        Edit::Left,
        Edit::Right,
        Edit::WordLeft,
        Edit::WordRight,
        Edit::Up,
        Edit::Down,
        Edit::LineStart,
        Edit::LineEnd,
        Edit::DraftStart,
        Edit::DraftEnd,
        Edit::Undo,
        Edit::Redo,
    ];
    let chars = vec!['a', ' ', 'क', '\u{94D}', '🇮', '👨', '\u{200D}', '\u{301}', '漢', '\u{1b}'];
    prop_oneof![
        4 => prop::sample::select(edits).prop_map(Op::Edit),
        4 => prop::sample::select(chars).prop_map(|c| Op::Edit(Edit::InsertChar(c))),
        2 => anything().prop_map(Op::Paste),
        1 => (0_u16..20, 0_u16..10).prop_map(|(x, y)| Op::Click(x, y)),
        1 => (1_u16..20).prop_map(Op::Width),
    ]
}

fn run(composer: &mut Composer, op: &Op) {
    match op {
        Op::Edit(edit) => {
            composer.apply(*edit);
        }
        Op::Paste(text) => composer.insert(text),
        Op::Click(x, y) => {
            let width = composer.layout.width();
            composer.click(Rect::new(0, 0, width, 10), *x, *y);
        }
        Op::Width(width) => composer.resize(*width, 4),
    }
}

/// The byte of the whole text at which the cursor stands.
fn offset(composer: &Composer) -> usize {
    let lines = composer.model.lines();
    lines[..composer.cursor.line].iter().map(|line| line.len() + 1).sum::<usize>() + composer.cursor.byte
}

/// Whether `byte` is a cluster's edge in `text`.
fn is_edge(text: &str, byte: usize) -> bool {
    byte == text.len() || text.grapheme_indices(true).any(|(at, _)| at == byte)
}

proptest! {
    #[test]
    fn the_cursor_is_always_between_clusters_and_the_layout_always_that_of_the_text(
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let mut composer = composer("", 7);
        for op in &ops {
            run(&mut composer, op);
            let line = composer.model.line(composer.cursor.line);
            prop_assert!(is_edge(line, composer.cursor.byte), "{op:?} in {line:?} at {}", composer.cursor.byte);
            let fresh = Layout::of(&composer.model, &composer.attachments, composer.layout.width());
            prop_assert_eq!(&composer.layout, &fresh, "after {:?}", op);
        }
    }

    #[test]
    fn the_text_is_what_a_plain_string_would_be(ops in prop::collection::vec(op(), 1..60)) {
        let mut composer = composer("", 9);
        for op in &ops {
            let (before, at) = (composer.text(), offset(&composer));
            run(&mut composer, op);
            let (after, now) = (composer.text(), offset(&composer));
            match op {
                Op::Edit(Edit::InsertChar(c)) => {
                    prop_assert_eq!(after, format!("{}{c}{}", &before[..at], &before[at..]));
                }
                Op::Paste(text) => prop_assert_eq!(after, format!("{}{text}{}", &before[..at], &before[at..])),
                Op::Edit(Edit::Backspace) => {
                    let from = before[..at].rfind('\n').map_or(0, |newline| newline + 1);
                    let cut = if from == at { at.saturating_sub(1) } else {
                        from + before[from..at].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
                    };
                    prop_assert_eq!(after, format!("{}{}", &before[..cut], &before[at..]));
                }
                Op::Edit(Edit::DeleteWordBack | Edit::DeleteToLineStart) => {
                    prop_assert!(after.ends_with(&before[at..]) && before.starts_with(&after[..after.len() - (before.len() - at)]));
                }
                Op::Edit(Edit::Delete | Edit::DeleteToLineEnd | Edit::DeleteWordForward) => {
                    prop_assert!(after.starts_with(&before[..at]) && before.ends_with(&after[at..]));
                }
                Op::Edit(Edit::Undo | Edit::Redo | Edit::NewLine) => prop_assert!(now <= after.len()),
                _ => prop_assert_eq!(after, before, "moving changes nothing"),
            }
        }
    }

    #[test]
    fn undo_goes_back_to_the_beginning_and_redo_to_the_end(ops in prop::collection::vec(op(), 1..60)) {
        let mut composer = composer("शुरू", 11);
        let kept = |op: &&Op| !matches!(op, Op::Edit(Edit::Undo | Edit::Redo));
        ops.iter().filter(kept).for_each(|op| run(&mut composer, op));
        let end = composer.text();
        while composer.apply(Edit::Undo) {}
        prop_assert_eq!(composer.text(), "शुरू");
        while composer.apply(Edit::Redo) {}
        prop_assert_eq!(composer.text(), end);
    }

    #[test]
    fn row_27_at_every_width_the_cursor_is_drawn_on_its_own_cluster(text in anything(), more in anything(), width in 1_u16..24) {
        let mut composer = composer(&format!("{text}{more}"), width);
        composer.apply(Edit::DraftStart);
        let mut before = None;
        loop {
            let rows = composer.rows(width);
            let (screen, cursor) = screen(&composer, width, rows);
            prop_assert!(cursor.is_some(), "no cursor in {screen:?}");
            // From the end of a full row to the next line the row that the cursor had for itself goes away.
            let place = cursor.map(|cell| (composer.cursor.line, cell.y, cell.x));
            prop_assert!(place > before, "the cursor moves on: {place:?} after {before:?} in {screen:?}");
            before = place;
            if !composer.apply(Edit::Right) {
                break;
            }
        }
    }

    #[test]
    fn row_39_no_cell_ever_holds_what_acts_unseen(ops in prop::collection::vec(op(), 1..40), height in 1_u16..6) {
        let mut composer = composer("", 13);
        for op in &ops {
            run(&mut composer, op);
        }
        let area = Rect::new(0, 0, composer.layout.width(), height);
        let mut buf = Buffer::empty(area);
        composer.draw(area, &mut buf, &style());
        for cell in buf.content() {
            let bad = |c: char| c.is_control() || matches!(c, '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
                | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}');
            prop_assert!(!cell.symbol().contains(bad), "{:?}", cell.symbol());
        }
    }
}
