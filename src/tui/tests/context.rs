//! What the next request contains, as a user sees and changes it: the list, the gauge, `/history` and `/summarise`.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::style::Modifier;

use super::*;
use crate::chat::{ContextNotes, Mark};
use crate::tui::state::Editing;

/// Three turns of which the last one fits, and a draft.
pub(super) fn crowded(play: &mut Play) {
    let settings = Settings { max_context_tokens: 60, ..Settings::default() };
    play.state.chat_mut().session.set_settings(Arc::new(settings));
    for (question, answer) in [
        ("What is the difference between ELSS and PPF?", "ELSS is a fund."),
        ("And **NPS**?\n\nIn short.", "NPS is for a pension."),
        ("Which one locks in longest?", "NPS, until you are 60."),
    ] {
        play.turn(question, answer);
    }
    play.type_text("And which is safest?");
}

fn row(screen: &str, text: &str) -> String {
    let found = screen.lines().find(|line| line.contains(text));
    found.unwrap_or_else(|| panic!("no {text:?} in\n{screen}")).trim().to_owned()
}

fn counted(play: &Play) -> (u64, Vec<String>) {
    let asked = play.effects.iter().rev().find_map(|effect| match effect {
        TuiEffect::CountExactly { ticket, texts, .. } => Some((*ticket, texts.clone())),
        _ => None,
    });
    asked.expect("an exact count was asked for")
}

fn click(play: &mut Play, column: u16, row: u16) {
    let kind = MouseEventKind::Down(MouseButton::Left);
    play.tell(Happened::Input(Input::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })));
}

#[test]
fn a_key_a_command_and_a_click_on_the_gauge_open_the_list() {
    let mut play = Play::new();
    play.turn("Question", "Answer.");
    let is_open = |play: &mut Play| play.screen().starts_with(" munshi · context");
    play.press(KeyCode::F(3));
    assert!(is_open(&mut play));
    play.press(KeyCode::F(3));
    assert!(!is_open(&mut play), "the same key closes it");
    play.submit("/context");
    assert!(is_open(&mut play));
    play.press(KeyCode::Esc);
    assert!(!is_open(&mut play));
    let bar = play.screen().lines().nth(23).unwrap().to_owned();
    let gauge = bar.split("ctx").next().unwrap().chars().count() as u16;
    click(&mut play, gauge - 2, 23);
    assert!(!is_open(&mut play), "beside it nothing opens");
    click(&mut play, gauge + 1, 23);
    assert!(is_open(&mut play), "{bar}");
}

#[test]
fn every_part_of_the_next_request_is_listed_from_top_to_bottom_with_its_tokens_and_price() {
    let mut play = Play::new();
    play.turn("What is PPF?", "A scheme.");
    play.type_text("And **ELSS**?");
    play.press(KeyCode::F(3));
    let screen = play.screen();
    let order: Vec<&str> = screen
        .lines()
        .filter(|line| line.contains('₹'))
        .skip(1)
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(order, ["System", "You", "Reply", "Draft"], "{screen}");
    assert!(row(&screen, "You ").starts_with("You     What is PPF?"), "{screen}");
    assert!(row(&screen, "Draft ").contains("And **ELSS**?"), "as it is written:\n{screen}");
    assert!(row(&screen, "at least").contains(" of 32k tokens · at least ₹0.0"), "{screen}");
    assert!(row(&screen, "at least").contains("2 of 2 messages"), "{screen}");
    assert!(screen.contains("truncate: The last messages, up to 32k tokens, are sent"), "{screen}");
}

#[test]
fn what_is_not_sent_stands_dimmed_at_its_place_and_a_key_hides_it() {
    let mut play = Play::new();
    crowded(&mut play);
    play.press(KeyCode::F(3));
    let screen = play.screen();
    let out = row(&screen, "What is the difference");
    assert!(out.ends_with("not sent"), "in words:\n{screen}");
    assert!(row(&screen, "at least").contains("4 of 6 messages"), "{screen}");
    let y = screen.lines().position(|line| line.contains("What is the difference")).unwrap() as u16;
    assert!(play.buffer().0[(12, y)].modifier.contains(Modifier::DIM), "and in colour");
    play.type_text("a");
    let hidden = play.screen();
    assert!(!hidden.contains("not sent\n") && hidden.contains("a shows the rest"), "{hidden}");
    assert!(hidden.contains("Which one locks in longest?"), "{hidden}");
    play.type_text("a");
    assert!(play.screen().contains("What is the difference"));
}

#[test]
fn enter_shows_the_whole_text_of_a_part_and_esc_goes_back() {
    let mut play = Play::new();
    let long = (0..100).fold(String::new(), |all, line| all + &format!("line {line}\n"));
    play.turn("List **them**.", &long);
    play.press(KeyCode::F(3));
    play.press(KeyCode::End);
    assert!(row(&play.screen(), "Reply").contains("line 0 line 1"), "one line in the list");
    play.press(KeyCode::Enter);
    let screen = play.screen();
    assert!(screen.contains("\n line 0\n line 1\n") && !screen.contains("You"), "{screen}");
    assert!(screen.starts_with(" Reply · ~206 tokens\n"), "{screen}");
    play.press(KeyCode::End);
    assert!(play.screen().contains("\n line 99\n"));
    play.press(KeyCode::Home);
    play.press(KeyCode::PageDown);
    assert!(play.screen().contains("\n line 30\n"));
    play.press(KeyCode::Esc);
    assert!(play.screen().contains("munshi · context"), "back in the list");
    play.press(KeyCode::Home);
    play.press(KeyCode::Down);
    play.press(KeyCode::Enter);
    assert!(play.screen().contains("\n List **them**.\n"), "as it is sent, not as markdown");
}

#[test]
fn tokens_are_exact_once_they_are_counted_and_a_late_count_of_something_else_is_ignored() {
    let mut play = Play::new();
    play.turn("What is PPF?", "A scheme.");
    play.type_text("And ELSS?");
    play.press(KeyCode::F(3));
    let (ticket, texts) = counted(&play);
    assert_eq!(texts, ["Be brief.", "What is PPF?", "A scheme.", "And ELSS?"]);
    assert!(row(&play.screen(), "Draft").contains('~'));
    play.tell(Happened::Counted { ticket: ticket - 1, tokens: vec![1, 1, 1, 1] });
    play.tell(Happened::Counted { ticket, tokens: vec![1] });
    assert!(row(&play.screen(), "Draft").contains('~'), "stale, or of other parts");
    play.tell(Happened::Counted { ticket, tokens: vec![3, 5, 7, 1_000] });
    let screen = play.screen();
    assert!(!screen.contains('~'), "{screen}");
    // What each message costs besides its text, and each request besides its messages, is counted in.
    assert!(row(&screen, "Draft").contains(" 1004 "), "{screen}");
    assert!(row(&screen, "at least").contains("1034 of 32k tokens"), "{screen}");
}

#[test]
fn only_what_changed_is_counted_again() {
    let mut play = Play::new();
    play.turn("First?", "One.");
    play.submit("Second?");
    play.opened();
    play.stream("Two");
    play.press(KeyCode::F(3));
    let (ticket, texts) = counted(&play);
    assert_eq!(texts, ["Be brief.", "First?", "One.", "Second?"], "not the reply that streams");
    play.tell(Happened::Counted { ticket, tokens: vec![1; 4] });
    let before = play.effects.len();
    play.stream(" and more");
    assert_eq!(play.effects.len(), before, "a delta asks for nothing");
    play.finish();
    let (_, texts) = counted(&play);
    assert_eq!(texts, ["Be brief.", "Two and more"]);
}

#[test]
fn what_was_pinned_before_a_restart_is_pinned_after_it() {
    let mut play = Play::new();
    let mut before = saved(5, "Remember this".to_owned());
    let pinned = before.messages[0].id;
    before.notes = ContextNotes { marks: BTreeMap::from([(pinned, Mark::Pinned)]), summaries: Vec::new() };
    play.state.awaited = Some(before.meta.id);
    play.store(StoreEvent::Answer(Answer::Loaded(Box::new(before))));
    assert!(play.screen().contains(" · pinned\n"), "{}", play.screen());
    play.press(KeyCode::F(3));
    assert!(row(&play.screen(), "You").contains("pinned · Remember this"), "{}", play.screen());
}

#[test]
fn a_key_that_has_no_use_for_the_selected_part_says_why() {
    let mut play = Play::new();
    play.turn("Question", "Answer.");
    play.press(KeyCode::F(3));
    play.type_text("p");
    assert!(play.screen().contains("Only this chat's messages can be pinned or left out."), "{}", play.screen());
    play.type_text("e");
    assert!(play.screen().contains("There is no summary to edit; /summarise asks for one."), "{}", play.screen());
    play.press(KeyCode::Down);
    assert!(play.screen().contains("Enter reads"), "the next key takes it away:\n{}", play.screen());
}

#[test]
fn a_question_mark_tells_the_keys() {
    let mut play = Play::new();
    play.press(KeyCode::F(3));
    play.type_text("?");
    assert!(play.screen().contains("Pins the message, so that it is always sent"), "{}", play.screen());
    play.press(KeyCode::Esc);
    assert!(play.screen().contains("munshi · context"), "{}", play.screen());
}

#[test]
fn the_list_reads_at_40_and_at_200_columns() {
    for columns in [40, 200] {
        let mut play = Play::sized(columns, 24);
        crowded(&mut play);
        play.press(KeyCode::F(3));
        let screen = play.screen();
        let question = row(&screen, "You     Which one");
        assert!(question.contains('~') && question.contains("₹0.0"), "{screen}");
        assert!(row(&screen, "You     What is").ends_with("not sent"), "{screen}");
        assert!(row(&screen, " of 60 tokens").contains("at least ₹"), "{screen}");
        for line in screen.lines() {
            assert!(crate::text::width(line) <= usize::from(columns), "{line}");
        }
    }
}

#[test]
fn the_gauge_counts_the_draft_and_warns_from_four_fifths_on() {
    let mut play = Play::sized(120, 24);
    let gauge = |play: &mut Play| {
        let screen = play.screen();
        let bar = screen.lines().nth(23).unwrap().to_owned();
        bar.split(" │ ").find(|part| part.contains("ctx")).unwrap().to_owned()
    };
    assert_eq!(gauge(&mut play), "ctx ~10 of 32k");
    play.type_text("/context");
    assert_eq!(gauge(&mut play), "ctx ~10 of 32k", "a command is not sent");
    play.press(ctrl('u'));
    play.type_text("12345 12345");
    assert_eq!(gauge(&mut play), "ctx ~18 of 32k");
    play.press(ctrl('u'));
    play.tell(Happened::Input(Input::Paste("tax ".repeat(36_000))));
    play.pass(Duration::from_secs(5));
    assert!(gauge(&mut play).ends_with(" of 32k!"), "{}", gauge(&mut play));
    play.press(KeyCode::Backspace);
    play.submit("/history retrieve");
    play.pass(Duration::from_secs(5));
    assert_eq!(gauge(&mut play), "ctx ~10 of 32k · retrieve");
}

#[test]
fn history_is_told_set_and_refused_in_words() {
    let mut play = Play::sized(200, 40);
    play.submit("/history");
    let screen = play.screen();
    assert!(
        screen.contains(
            "truncate. The last messages, up to 32k tokens, are sent; older ones are left out. /context lists it. \
             /history full, truncate, summarise or retrieve changes it."
        ),
        "{screen}"
    );
    play.submit("/history truncate 20 messages");
    assert!(
        play.screen().contains("From now on: truncate. The last 20 messages, your next one included, up to"),
        "{}",
        play.screen()
    );
    play.submit("/history retrieve everywhere");
    assert!(play.screen().contains("8 older ones of all chats that fit the question best."), "{}", play.screen());
    play.submit("/history full 3 messages");
    assert!(play.screen().contains("full sends everything, so it takes no number"), "{}", play.screen());
    assert_eq!(play.state.meta().history.strategy, crate::chat::context::Strategy::Retrieve, "as it was");
}

#[test]
fn a_summary_that_cannot_be_is_refused_in_words() {
    let mut play = Play::sized(120, 40);
    play.submit("/summarise");
    assert!(play.screen().contains("There is nothing to summarise yet."), "{}", play.screen());
    play.turn("Question", "Answer.");
    play.submit("/summarize undo");
    assert!(play.screen().contains("There is no summary to undo."), "{}", play.screen());
    play.submit("/summarise edit");
    assert!(play.screen().contains("There is no summary to edit; /summarise asks for one."), "{}", play.screen());
    play.submit("/summarise edit Mine.");
    assert!(play.screen().contains("There is no summary to edit; /summarise asks for one."), "{}", play.screen());
    play.submit("/summarise show me");
    assert!(play.screen().contains("takes show, edit or undo, or nothing; not “show me”."), "{}", play.screen());
    play.submit("/summarise show");
    assert!(play.screen().contains("No summary stands in for this chat's messages."), "{}", play.screen());
    play.submit("/summarise it");
    assert!(play.screen().contains("/summarise takes show, edit or undo, or nothing; not “it”."), "{}", play.screen());
}

#[test]
fn a_summary_that_comes_back_from_the_editor_leaves_the_draft_alone() {
    let mut play = Play::new();
    play.turn("Question", "Answer.");
    play.type_text("my draft");
    let editing = Editing::Summary(play.state.current, crate::chat::MessageId(uuid::Uuid::from_u128(9)));
    play.state.editing = Some(editing);
    play.tell(Happened::Edited(Ok("another summary\n".into())));
    assert_eq!(play.draft(), "my draft");
    assert_eq!(play.state.editing, None);
    play.state.editing = Some(editing);
    play.tell(Happened::Edited(Ok("\n".into())));
    assert!(play.screen().contains("An empty summary is not taken"), "{}", play.screen());
    assert_eq!(play.draft(), "my draft");
}

#[test]
fn status_tells_the_strategy_the_summary_and_the_search() {
    let mut play = Play::sized(120, 40);
    play.submit("/history retrieve");
    play.submit("/status");
    let screen = play.screen();
    assert!(row(&screen, "strategy ").contains("retrieve: The last messages"), "{screen}");
    assert!(row(&screen, "summary ").ends_with("none"), "{screen}");
    assert!(row(&screen, "search ").contains("none yet; the next question makes one"), "{screen}");
}

#[test]
fn a_summary_is_read_in_the_list_and_what_it_covers_or_was_brought_back_is_told_in_words() {
    use crate::session::history::Standing;
    use crate::session::parts::{Part, PartKind};
    use crate::tui::screens::context::{Contents, ContextScreen};
    use crate::tui::state::Overlay;

    let mut play = Play::new();
    let mut before = saved(5, "Old words".to_owned());
    let (question, reply) = (before.messages[0].id, before.messages[1].id);
    let summary = crate::chat::Summary {
        id: MessageId(Uuid::from_u128(90)),
        upto: question,
        text: "They spoke\nof tax.".into(),
        model: ModelRef::new("openai", "gpt-4o-mini"),
        created_ms: 0,
        automatic: false,
    };
    before.notes.summaries.push(summary.clone());
    play.state.awaited = Some(before.meta.id);
    play.store(StoreEvent::Answer(Answer::Loaded(Box::new(before))));
    let model = play.state.meta().model.clone();
    let part = |kind, standing| Part { kind, standing, tokens: 20, cost: None };
    let contents = Contents {
        chat: play.state.current,
        parts: vec![
            part(PartKind::Summary(summary.id), Standing::Sent),
            part(PartKind::Message(question), Standing::Summarised),
            part(PartKind::Message(reply), Standing::Retrieved),
        ],
        tokens: 43,
        is_busy: false,
        plan: (2, 43, 32_000, Some((summary.id, 2))),
        kept: BTreeMap::new(),
        quotes: Vec::new(),
        marks: BTreeMap::new(),
        summary: Some(summary.text),
        spec: ModelSpec::unknown(&model),
        model,
        strategy: "summarise: as it is".into(),
        search: Some("by words (BM25)".into()),
        weight: 0,
        draft: String::new(),
    };
    play.state.overlay = Some(Overlay::Context(Box::new(ContextScreen::new(contents))));
    let screen = play.screen();
    assert!(row(&screen, "Summary ").starts_with("Summary They spoke of tax."), "{screen}");
    assert!(row(&screen, "You ").ends_with("in summary"), "{screen}");
    assert!(row(&screen, "Reply ").starts_with("Reply   brought back · Old words"), "{screen}");
    assert!(row(&screen, "Reply ").ends_with("unknown"), "a price that is not known is said so:\n{screen}");
    assert!(row(&screen, "of 32k tokens").contains("price unknown · 1 of 2 messages"), "{screen}");
    assert!(screen.contains("summarise: as it is Search: by words (BM25)."), "{screen}");
    assert!(screen.contains("e edits the summary"), "{screen}");
}
