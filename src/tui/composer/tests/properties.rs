//! What holds for every text, every sequence of edits and every width.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation as _;

use super::super::layout::Layout;
use super::super::{Composer, Edit, PASTE_ATTACHMENT_CHARS};
use super::{composer, screen, style};
use crate::session::tokens;

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

/// An edit, or what puts a whole text into the box, or beside it.
#[derive(Debug, Clone)]
enum Change {
    Op(Op),
    /// A paste that is long enough to be attached.
    Attach(String),
    /// What comes back from the editor, of the draft.
    Replace(String),
    /// What comes back from the editor, of the first attachment.
    Rewrite(String),
    /// Another chat's draft, or one of the history.
    Set(String),
    /// What was put away comes back.
    TakeAndBack,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        12 => op().prop_map(Change::Op),
        2 => anything().prop_map(|text| Change::Attach(text.repeat(9))),
        1 => anything().prop_map(Change::Replace),
        1 => anything().prop_map(|text| Change::Rewrite(text.repeat(5))),
        1 => anything().prop_map(Change::Set),
        1 => Just(Change::TakeAndBack),
    ]
}

fn make(composer: &mut Composer, change: &Change) {
    match change {
        Change::Op(op) => run(composer, op),
        Change::Attach(text) => {
            composer.set_paste_attachment_chars(9);
            composer.insert(text);
            composer.set_paste_attachment_chars(PASTE_ATTACHMENT_CHARS);
        }
        Change::Replace(text) => composer.replace_text(text),
        Change::Rewrite(text) => {
            if let Some(first) = composer.attachments().first() {
                composer.set_attachment(first.number, text);
            }
        }
        Change::Set(text) => composer.set_text(text),
        Change::TakeAndBack => {
            let draft = composer.take();
            composer.set_draft(draft);
        }
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
    fn the_weight_is_always_that_of_the_text_that_would_be_sent(changes in prop::collection::vec(change(), 1..60)) {
        let mut composer = composer("शुरू", 11);
        for change in &changes {
            make(&mut composer, change);
            let sent = composer.expanded_text();
            prop_assert_eq!(composer.weight(), tokens::hundredths(&sent), "after {:?}: {:?}", change, sent);
        }
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
