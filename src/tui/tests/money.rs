//! What a user sees of money: before a message is sent, while its reply runs, and on the cost screen.

use crossterm::event::KeyCode;
use jiff::ToSpan as _;

use super::*;
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::runtime::Query;

/// The rule above the input box.
fn rule(play: &mut Play) -> String {
    let screen = play.screen();
    let rules: Vec<&str> = screen.lines().filter(|row| row.ends_with("──") && row.starts_with('─')).collect();
    rules[rules.len() - 2].to_owned()
}

/// The status bar.
pub(super) fn bar(play: &mut Play) -> String {
    let rows = usize::from(play.state.size.1);
    play.screen().lines().nth(rows - 1).unwrap_or_default().to_owned()
}

/// So many hundredths of a rupee.
fn paise(paise: i64) -> Spend {
    let atto_local = i128::from(paise) * 10_000_000_000_000_000;
    Spend { pico_usd: atto_local / 85_000_000, atto_local, unknown: 0 }
}

fn row(key: &str, label: &str, requests: u64, cost: i64) -> SpendRow {
    let (input, cached_input, output) = (requests * 1_200, requests * 320, requests * 415);
    SpendRow { key: key.into(), label: label.into(), requests, input, cached_input, output, spend: paise(cost) }
}

/// What a diligent user spent: something on most days, most of it in the middle.
pub(super) fn report(by: GroupBy, period: Period) -> Vec<SpendRow> {
    match by {
        GroupBy::Day => {
            let days = period.from.series(1.day()).take_while(|day| *day <= period.to).enumerate();
            let spent = days.filter(|(at, _)| at % 7 != 3 && at % 11 != 5);
            let cost = |at: usize| 40 + (at as i64 * 37 % 23) * 61;
            spent.map(|(at, day)| row(&day.to_string(), &day.to_string(), 1 + at as u64 % 9, cost(at))).collect()
        }
        GroupBy::Week => vec![row("2026-W21", "2026-W21", 40, 21_012), row("2026-W22", "2026-W22", 9, 1_299)],
        GroupBy::Month => vec![row("2026-04", "2026-04", 40, 21_012), row("2026-05", "2026-05", 9, 1_299)],
        GroupBy::Model => {
            let unknown = SpendRow { spend: Spend::unknown(), ..row("local/tiny", "local/tiny", 3, 0) };
            vec![row("gpt-4o", "gpt-4o", 12, 12_345_678), row("gpt-4o-mini", "gpt-4o-mini", 310, 412), unknown]
        }
        GroupBy::Conversation => vec![
            row("c1", "हिन्दी में एक बहुत लंबा शीर्षक जो कहीं भी पूरा नहीं आता और चलता ही जाता है", 7, 220),
            row("c2", "", 3, 120),
            row("c3", "What is the \u{202e}difference?", 3, 12),
        ],
        GroupBy::Purpose => vec![row("chat", "chat", 40, 2_000), row("title", "title", 12, 3)],
    }
}

impl Play {
    /// The store answers every report that was asked for since `before`.
    pub(super) fn answer_reports(&mut self, before: usize, rows: impl Fn(GroupBy, Period) -> Vec<SpendRow>) {
        let asked: Vec<(GroupBy, Period)> = self.effects[before..]
            .iter()
            .filter_map(|effect| match effect {
                TuiEffect::Query(Query::Report { by, period }) => Some((*by, *period)),
                _ => None,
            })
            .collect();
        for (by, period) in asked {
            self.store(StoreEvent::Answer(Answer::Report { by, period, rows: rows(by, period) }));
        }
    }

    /// Presses a key of the cost screen, which is told what it asks for.
    pub(super) fn press_and_tell(&mut self, key: KeyCode) -> usize {
        let before = self.effects.len();
        self.press(key);
        self.answer_reports(before, report);
        self.effects.len() - before
    }

    /// The ledger's sum of a scope, in hundredths of a rupee.
    pub(super) fn spent(&mut self, scope: Scope, cost: i64) {
        let conversation = self.state.current;
        self.store(StoreEvent::Answer(Answer::Spent { conversation, scope, spend: paise(cost) }));
    }
}

#[test]
fn what_a_draft_costs_stands_above_it_as_one_types_and_goes_with_it() {
    let mut play = Play::new();
    assert!(!rule(&mut play).contains('₹'), "{}", rule(&mut play));
    play.type_text("What?");
    let short = rule(&mut play);
    assert!(short.contains(" at least ₹0.00"), "{short}");
    play.type_text(&" And why, and how often, and since when?".repeat(20));
    let long = rule(&mut play);
    assert_ne!(short, long);
    play.press(ctrl('u'));
    assert!(!rule(&mut play).contains('₹'), "{}", rule(&mut play));
}

#[test]
fn a_command_and_blanks_have_no_price_and_an_escaped_slash_has_one() {
    for (draft, has_price) in
        [("/", false), ("/model gpt-4o", false), ("/nope", false), ("exit", false), ("  ", false), ("//model", true)]
    {
        let mut play = Play::new();
        play.type_text(draft);
        assert_eq!(rule(&mut play).contains('₹'), has_price, "“{draft}”: {}", rule(&mut play));
    }
    let mut play = Play::new();
    play.tell(Happened::Input(Input::Paste("exit\nis a word".into())));
    assert!(rule(&mut play).contains('₹'));
    play.press(ctrl('c'));
    play.tell(Happened::Input(Input::Paste("\n/system be\nbrief".into())));
    assert!(!rule(&mut play).contains('₹'), "{}", rule(&mut play));
}

#[test]
fn a_price_that_is_unknown_is_said_before_anything_is_sent() {
    let mut play = Play::new();
    play.submit("/model gpt-none");
    play.type_text("What?");
    assert!(rule(&mut play).ends_with(" price unknown ──"), "{}", rule(&mut play));
}

#[test]
fn an_attached_paste_counts_as_the_text_that_it_stands_for() {
    let mut play = Play::sized(120, 24);
    play.tell(Happened::Input(Input::Paste("x".repeat(100_000))));
    // 22,000 tokens at 15 cents a million.
    assert!(rule(&mut play).contains("₹0.28"), "{}", rule(&mut play));
}

#[test]
fn the_sums_rise_while_a_reply_streams_and_never_go_back_on_the_way_to_the_bill() {
    let mut play = Play::sized(120, 24);
    play.spent(Scope::Conversation(chat_id(1)), 100);
    play.spent(Scope::Day(Stamp::fixed(play.now).day), 400);
    assert!(bar(&mut play).contains("chat ₹1.00 · today ₹4.00"), "{}", bar(&mut play));
    play.ledger_is_slow = true;
    play.submit("/model gpt-4o");
    play.submit("Why?");
    play.opened();
    play.stream(&"word ".repeat(2_000));
    // 2,080 tokens or so at 10 dollars a million.
    let running = bar(&mut play);
    assert!(running.contains("~₹1.60 · chat ~₹2.60 · today ~₹5.60"), "{running}");
    play.stream(&"word ".repeat(2_000));
    assert!(bar(&mut play).contains("~₹3.20 · chat ~₹4.20 · today ~₹7.20"), "{}", bar(&mut play));
    play.finish();
    // The bill is 580 in and 312 out, and the ledger has not spoken yet.
    let billed = "₹0.39 · chat ₹1.39 · today ₹4.39";
    assert!(bar(&mut play).contains(billed), "{}", bar(&mut play));
    play.spent(Scope::Day(Stamp::fixed(play.now).day), 400);
    assert!(bar(&mut play).contains(billed), "an older sum changes nothing: {}", bar(&mut play));
    play.spent(Scope::Conversation(chat_id(1)), 139);
    play.spent(Scope::Day(Stamp::fixed(play.now).day), 639);
    let told = "₹0.39 · chat ₹1.39 · today ₹6.39";
    assert!(bar(&mut play).contains(told), "what another window spent is in it: {}", bar(&mut play));
}

#[test]
fn a_reply_that_was_stopped_counts_as_far_as_it_came_until_its_end_is_told() {
    let mut play = Play::sized(120, 24);
    play.submit("/model gpt-4o");
    play.submit("Why?");
    play.opened();
    play.stream(&"word ".repeat(2_000));
    play.press(KeyCode::Esc);
    assert!(bar(&mut play).contains("chat ~₹1.60"), "{}", bar(&mut play));
    let report = Report::bare(Ending::Cancelled);
    play.session(|attempt| session::Happened::Ended { attempt, report, jitter: Duration::ZERO });
    assert!(bar(&mut play).contains("chat ₹1.60 · today ₹1.60"), "{}", bar(&mut play));
}

#[test]
fn what_another_chat_spends_counts_for_the_day_and_not_for_the_one_in_front() {
    let mut play = Play::sized(120, 24);
    play.submit("/model gpt-4o");
    play.submit("Why?");
    play.opened();
    play.stream(&"word ".repeat(2_000));
    play.press(ctrl('n'));
    assert!(bar(&mut play).contains("chat ₹0.00 · today ~₹1.60"), "{}", bar(&mut play));
}

#[test]
fn the_cost_screen_asks_for_days_and_shows_them_as_bars_and_rows() {
    let mut play = Play::new();
    assert_eq!(play.press_and_tell(KeyCode::F(4)), 1);
    let screen = play.screen();
    assert!(screen.contains("munshi · costs · last 30 days"), "{screen}");
    assert!(screen.contains("Thu 28 May 2026") || screen.contains("Wed 27 May 2026"), "the newest first: {screen}");
    assert!(screen.contains('█') && screen.contains('·') && screen.contains("29 Apr"), "{screen}");
    assert_eq!(play.press_and_tell(KeyCode::Char('4')), 1);
    let screen = play.screen();
    assert!(screen.contains("gpt-4o-mini") && screen.contains("₹1,23,456.78"), "{screen}");
    assert!(screen.contains("unknown") && screen.contains("₹1,23,460.90+?"), "{screen}");
    assert_eq!(play.press_and_tell(KeyCode::Right), 1);
    let screen = play.screen();
    assert!(screen.contains("(untitled or deleted)") && screen.contains("<U+202E>"), "{screen}");
    assert_eq!(play.press_and_tell(KeyCode::Char('1')), 0, "the days are there already");
    assert_eq!(play.press_and_tell(KeyCode::Left), 1);
    assert_eq!(play.press_and_tell(KeyCode::Char('5')), 1, "what is not on the screen is not kept up to date");
    play.press(KeyCode::F(4));
    assert!(!play.screen().contains("munshi · costs"));
}

#[test]
fn without_colours_the_chosen_group_and_the_bars_still_stand_out() {
    for (columns, rows) in [(40, 24), (200, 50)] {
        let mut play = Play::sized(columns, rows);
        play.state.theme = Theme::default().for_depth(ColourDepth::None);
        play.submit("/budget day 0.01");
        play.turn("Why?", "So.");
        play.press_and_tell(KeyCode::F(4));
        let (buffer, _) = play.buffer();
        let bare =
            |cell: &&ratatui::buffer::Cell| [cell.fg, cell.bg].iter().all(|of| *of == ratatui::style::Color::Reset);
        assert_eq!(buffer.content().iter().filter(bare).count(), buffer.content().len());
        let reversed =
            buffer.content().iter().filter(|cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED));
        assert_eq!(reversed.map(ratatui::buffer::Cell::symbol).collect::<String>(), " 1 day ");
        let screen = play.screen();
        assert!(screen.contains("day ██") && screen.contains("233% · ₹0.023 of ₹0.010"), "{screen}");
    }
}

#[test]
fn another_period_is_asked_for_anew_and_what_comes_late_of_the_old_one_is_dropped() {
    let mut play = Play::new();
    let before = play.effects.len();
    play.submit("/cost");
    let asked = format!("{:?}", &play.effects[before..]);
    assert!(asked.contains("from: 2026-04-29, to: 2026-05-28"), "{asked}");
    let late = Period { from: jiff::civil::date(2026, 4, 29), to: jiff::civil::date(2026, 5, 28) };
    play.press_and_tell(KeyCode::Char('-'));
    assert!(play.screen().contains("last 7 days"), "{}", play.screen());
    let rows = vec![row("2026-05-28", "", 1, 99_900)];
    play.store(StoreEvent::Answer(Answer::Report { by: GroupBy::Day, period: late, rows }));
    assert!(!play.screen().contains("₹999.00"), "{}", play.screen());
    for days in [30, 90, 365, 7] {
        play.press_and_tell(KeyCode::Char('p'));
        assert!(play.screen().contains(&format!("last {days} days")), "{}", play.screen());
    }
}

#[test]
fn a_long_table_scrolls_and_stops_at_its_ends() {
    let mut play = Play::new();
    play.press_and_tell(KeyCode::F(4));
    let first = play.screen();
    play.press(KeyCode::End);
    let last = play.screen();
    assert!(last.contains("30 Apr 2026") || last.contains("29 Apr 2026"), "{last}");
    play.press(KeyCode::PageDown);
    assert_eq!(play.screen(), last);
    play.press(KeyCode::Up);
    assert_ne!(play.screen(), last);
    play.press(KeyCode::Home);
    assert_eq!(play.screen(), first);
}

#[test]
fn a_cost_screen_without_costs_says_so_and_one_that_cannot_be_read_says_why() {
    let mut play = Play::new();
    play.press(KeyCode::F(4));
    assert!(play.screen().contains("reading…"), "{}", play.screen());
    let before = play.effects.len() - 1;
    play.answer_reports(before, |_, _| Vec::new());
    assert!(play.screen().contains("Nothing spent yet in the last 30 days."), "{}", play.screen());
    let period = Period { from: Stamp::fixed(play.now).day, to: Stamp::fixed(play.now).day };
    let query = Query::Report { by: GroupBy::Day, period };
    play.store(StoreEvent::Answer(Answer::Failed { query, reason: "the database failed: no".into() }));
    assert!(play.screen().contains("the database failed: no"), "{}", play.screen());
}

#[test]
fn what_is_spent_while_the_cost_screen_stands_is_read_again() {
    let mut play = Play::new();
    play.submit("Why?");
    play.opened();
    play.stream("So.");
    play.press_and_tell(KeyCode::F(4));
    let before = play.effects.len();
    play.finish();
    let asked = format!("{:?}", &play.effects[before..]);
    assert_eq!(asked.matches("Report").count(), 1, "{asked}");
}

#[test]
fn prices_that_are_old_are_doubted() {
    let mut play = Play::new();
    play.press_and_tell(KeyCode::F(4));
    assert!(play.screen().contains("Prices of 2 Jul 2026; a dollar is ₹85."), "{}", play.screen());
    let catalogue = Arc::make_mut(&mut play.state.preferences.catalogue);
    catalogue.as_of = jiff::civil::date(2025, 11, 1);
    assert!(play.screen().contains("The prices are of 2025-11-01, more than 180 days ago"), "{}", play.screen());
    let provider = play.state.meta().model.provider.clone();
    let catalogue = Arc::make_mut(&mut play.state.preferences.catalogue);
    catalogue.refreshed.insert(provider, jiff::civil::date(2026, 5, 1));
    assert!(play.screen().contains("Prices of 1 May 2026;"), "those that the provider gave since: {}", play.screen());
}
