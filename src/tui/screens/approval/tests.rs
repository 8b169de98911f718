//! The approval as a user meets it: what is shown, what the keys do, and which call a word is for.

use std::time::Duration;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};
use uuid::Uuid;

use super::visible::tests::read_back;
use super::*;
use crate::chat::tool::{Confinement, Permission, ToolOrigin};
use crate::tui::theme::Theme;

fn id(of: u128) -> MessageId {
    MessageId(Uuid::from_u128(of))
}

fn call(tool: &str, arguments: Value) -> Prepared {
    Prepared {
        tool: tool.to_owned(),
        origin: ToolOrigin::BuiltIn,
        definition: String::new(),
        arguments: Arc::new(arguments),
        permission: Permission::Ask,
        by_config: Permission::Ask,
        command: None,
        confinement: Confinement::Within,
        is_sample: true,
        was_changed: false,
        limit: Duration::from_secs(30),
    }
}

fn pending(calls: Vec<Prepared>) -> Vec<Pending> {
    let numbered = calls.into_iter().zip(1..);
    numbered
        .map(|(call, at)| Pending {
            result: id(at),
            prepared: Arc::new(call),
            description: "What it is for.".to_owned(),
        })
        .collect()
}

fn weather() -> Prepared {
    call("get_weather", json!({"city": "Pune", "days": 3}))
}

fn hostile() -> Prepared {
    let note = format!("line one\n{}\tp\u{430}ypal\u{202e}\u{1b}]52;c;x\u{7}", "\n".repeat(12_000));
    Prepared {
        origin: ToolOrigin::Mcp("fil\u{1b}es".to_owned()),
        command: Some(vec!["rm".into(), "-rf".into(), "two words".into(), String::new(), "a\nb".into()]),
        confinement: Confinement::Unsandboxed,
        is_sample: false,
        was_changed: true,
        ..call("write_note", json!({"note": note, "built in · sample data": [1, "x\r\ny"]}))
    }
}

fn screen(calls: Vec<Prepared>) -> ApprovalScreen {
    ApprovalScreen::new(pending(calls)).unwrap()
}

fn lines(screen: &ApprovalScreen, (columns, rows): (u16, u16)) -> Vec<String> {
    let area = Rect::new(0, 0, columns, rows);
    let mut buf = Buffer::empty(area);
    screen.draw(area, &mut buf, &Theme::default());
    let mut out = Vec::new();
    for y in 0..rows {
        let (mut line, mut covered) = (String::new(), 0);
        for x in 0..columns {
            let symbol = buf[(x, y)].symbol();
            if covered == 0 {
                line.push_str(symbol);
            }
            covered = if covered == 0 { crate::text::width(symbol).saturating_sub(1) } else { covered - 1 };
        }
        out.push(line);
    }
    out
}

fn text(screen: &ApprovalScreen, size: (u16, u16)) -> String {
    lines(screen, size).iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
}

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (120, 40)];
const USUAL: (u16, u16) = (80, 24);

fn press(screen: &mut ApprovalScreen, key: &ScreenKey) -> Option<Intent> {
    let drawn = screen.asks();
    screen.handle(key, USUAL, drawn)
}

#[test]
fn what_would_run_is_shown_at_every_size() {
    for (columns, rows) in SIZES {
        let harmless = screen(vec![weather(), hostile()]);
        insta::assert_snapshot!(format!("harmless_{columns}x{rows}"), text(&harmless, (columns, rows)));
        insta::assert_snapshot!(format!("hostile_{columns}x{rows}"), text(&screen(vec![hostile()]), (columns, rows)));
    }
}

#[test]
fn each_key_says_what_it_says_and_enter_says_no() {
    let said = |key| press(&mut screen(vec![weather()]), &key);
    let answer = |approval| Some(Intent::Answer { result: id(1), approval });
    assert_eq!(said(ScreenKey::Char('o')), answer(Approval::Once));
    assert_eq!(said(ScreenKey::Char('c')), answer(Approval::ForChat));
    assert_eq!(said(ScreenKey::Char('a')), answer(Approval::Always));
    assert_eq!(said(ScreenKey::Char('n')), answer(Approval::No(None)));
    assert_eq!(said(ScreenKey::Enter), answer(Approval::No(None)));
    assert_eq!(said(ScreenKey::Esc), Some(Intent::Close));
    for key in ['y', 'O', ' ', 'x', '1'] {
        assert_eq!(said(ScreenKey::Char(key)), None, "{key}");
    }
    assert_eq!(said(ScreenKey::Paste("o".into())), None);
}

#[test]
fn a_no_takes_a_word_to_the_model() {
    let mut screen = screen(vec![weather()]);
    assert_eq!(press(&mut screen, &ScreenKey::Char('w')), None);
    for c in "one a day".chars() {
        assert_eq!(press(&mut screen, &ScreenKey::Char(c)), None, "letters are typed, and decide nothing");
    }
    assert!(text(&screen, USUAL).contains("No, because: one a day"), "{}", text(&screen, USUAL));
    let no = Approval::No(Some("one a day".to_owned()));
    assert_eq!(press(&mut screen, &ScreenKey::Enter), Some(Intent::Answer { result: id(1), approval: no }));
    assert_eq!(press(&mut screen, &ScreenKey::Esc), None, "the first Esc goes back to the keys");
    assert_eq!(press(&mut screen, &ScreenKey::Esc), Some(Intent::Close));
}

#[test]
fn a_key_is_never_for_a_call_that_was_not_on_the_screen() {
    let calls = pending(vec![weather(), hostile()]);
    let mut screen = ApprovalScreen::new(calls.clone()).unwrap();
    // Answered: the next one is there, but no frame has shown it yet.
    let first = screen.asks();
    screen = ApprovalScreen::new(calls[1..].to_vec()).unwrap();
    for key in [ScreenKey::Char('o'), ScreenKey::Char('a'), ScreenKey::Enter, ScreenKey::Char('w')] {
        assert_eq!(screen.handle(&key, USUAL, first), None, "{key:?}");
        assert_eq!(screen.handle(&key, USUAL, None), None, "{key:?}");
    }
    screen.handle(&ScreenKey::Last, USUAL, Some(id(2)));
    assert_eq!(
        screen.handle(&ScreenKey::Char('o'), USUAL, Some(id(2))),
        Some(Intent::Answer { result: id(2), approval: Approval::Once })
    );
}

#[test]
fn a_call_that_is_over_says_so_and_waits_for_a_key_before_the_next_is_shown() {
    let calls = pending(vec![weather(), hostile()]);
    let mut screen = ApprovalScreen::new(calls.clone()).unwrap();
    assert!(text(&screen, USUAL).contains("1 of 2"));
    screen.refresh(calls[1..].to_vec());
    let shown = text(&screen, USUAL);
    assert!(shown.contains("This call is over") && shown.contains("Another call waits"), "{shown}");
    for key in ['o', 'c', 'a', 'n', 'w'] {
        assert_eq!(screen.handle(&ScreenKey::Char(key), USUAL, Some(id(1))), None, "{key}");
    }
    assert_eq!(press(&mut screen, &ScreenKey::Enter), None);
    assert_eq!(screen.asks(), Some(id(2)), "Enter shows the next");
    screen.refresh(Vec::new());
    assert_eq!(press(&mut screen, &ScreenKey::Enter), Some(Intent::Close));
}

#[test]
fn padding_is_counted_on_top_and_what_it_hides_is_reached() {
    let mut screen = screen(vec![hostile()]);
    assert!(text(&screen, USUAL).contains("12,013 lines"), "{}", text(&screen, USUAL));
    press(&mut screen, &ScreenKey::Last);
    let shown = text(&screen, USUAL);
    assert!(shown.contains("␉p<U+0430>ypal<U+202E>␛]52;c;x␇\""), "{shown}");
    assert!(shown.contains("12,013 lines"), "the size stays in sight");
}

/// All rows of what would be run, as far as scrolling by pages reaches them.
fn scrolled_through(screen: &mut ApprovalScreen, size: (u16, u16)) -> Vec<String> {
    let (width, rows) = screen.body_size(size);
    let mut all: Vec<String> = Vec::new();
    let mut top = At::default();
    loop {
        let (seen, more) = screen.body.seen(top, width, rows);
        let line = |row: &crate::text::Row| row.spans.iter().map(|span| span.text.as_str()).collect::<String>();
        // One row at a time, so that none is passed over.
        all.extend(seen.first().map(line));
        if !more {
            all.extend(seen.iter().skip(1).map(line));
            return all;
        }
        let next = screen.body.scrolled(top, &ScreenKey::Down, width, rows);
        assert_ne!(next, top, "there is more below, and it cannot be reached");
        top = next;
    }
}

fn argument() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![any::<char>(), Just('\n'), Just('\r'), Just(' '), Just('"'), Just('\u{202e}'), Just('▎')],
        0..200,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_character_of_an_argument_is_reached_by_scrolling(
        argument in argument(), columns in 20_u16..100, rows in 6_u16..40,
    ) {
        let mut screen = screen(vec![call("note", json!({ "text": argument.clone() }))]);
        let all = scrolled_through(&mut screen, (columns, rows));
        let value: Vec<&str> = all.iter().filter_map(|row| row.strip_prefix("▎ ")).collect();
        let shown = value.concat();
        let inner = shown.strip_prefix('"').and_then(|shown| shown.strip_suffix('"')).unwrap();
        prop_assert_eq!(read_back(inner), argument);
    }

    #[test]
    fn no_control_and_no_hidden_character_is_drawn(
        argument in argument(), name in argument(), columns in 1_u16..100, rows in 1_u16..40,
    ) {
        let screen = screen(vec![call(&name, json!({ name.clone(): argument }))]);
        for line in lines(&screen, (columns, rows)) {
            prop_assert!(!line.contains(|c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')), "{line:?}");
        }
    }
}

#[test]
fn a_key_that_is_held_answers_one_call_and_not_the_next() {
    let mut next = ApprovalScreen::after_an_answer(pending(vec![hostile()])).unwrap();
    let drawn = next.asks();
    for key in ['o', 'c', 'a', 'n', 'w'] {
        assert_eq!(next.handle(&ScreenKey::Char(key), USUAL, drawn), None, "{key}");
    }
    assert!(text(&next, USUAL).contains("This is the next call"));
    assert_eq!(next.handle(&ScreenKey::Enter, USUAL, drawn), None, "it only looks");
    for key in ['o', 'c', 'a'] {
        assert_eq!(next.handle(&ScreenKey::Char(key), USUAL, drawn), None, "{key}: its end was not seen");
    }
    assert!(text(&next, USUAL).contains("scroll to its end before a yes"));
    next.handle(&ScreenKey::Last, USUAL, drawn);
    assert!(text(&next, USUAL).contains("o once"));
    next.handle(&ScreenKey::First, USUAL, drawn);
    let answer = next.handle(&ScreenKey::Char('o'), USUAL, drawn);
    assert!(matches!(answer, Some(Intent::Answer { approval: Approval::Once, .. })), "{answer:?}");
}
