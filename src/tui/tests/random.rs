//! Hostile orders of events: whatever happens in whatever order, at whatever size, nothing panics, and what is drawn
//! depends on the state alone.

use crossterm::event::{KeyCode, MouseButton, MouseEvent, MouseEventKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config as ProptestConfig, RngSeed};

use super::*;
use crate::chat::budget::Refusal;
use crate::chat::catalogue::ProviderSpec;
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{Cap, FailureKind, Local};
use crate::runtime::Query;
use crate::tui::host::{ChosenServer, FoundServer, Settled};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Key(KeyCode, KeyModifiers),
    Type(String),
    Paste(String),
    Mouse(MouseEventKind, u16, u16),
    Resize(u16, u16),
    Pass(u64),
    Text(String),
    Reasoning(String),
    Finish,
    Fail(FailureKind, Option<u64>),
    NotSaved(bool),
    Listed(Vec<(u128, String)>),
    Loaded(u128, String),
    Draft(String),
    History(Vec<String>),
    Probed(bool),
    Settled(u8),
    Edited(bool, String),
    /// An exact count, of a ticket of long ago or of now, of so many parts.
    Counted(bool, Vec<u64>),
    EditingSummary,
    SummaryDue,
    Resumed,
    /// The ledger's sum of a scope, in millionths of a rupee.
    Spent(u8, u64),
    Reported(u8, u8, String),
    Refused,
}

/// Text of every kind that has ever broken a screen.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "word ",
        "नमस्ते ",
        "क्षि",
        "👨‍👩‍👧",
        "日本語",
        "שלום",
        "\u{202e}",
        "\u{1b}[31m",
        "\u{7}",
        "\t",
        "\n",
        "\n\n",
        "```rust\n",
        "```",
        "| a | b |\n|---|---|\n",
        "# ",
        "- ",
        "> ",
        "**",
        "`",
        "\u{200d}",
        "\u{fe0f}",
        "e\u{301}",
        "/",
        "\\",
        "\r",
        "a-very-long-word-without-any-blank-in-it-that-must-be-cut-somewhere",
        "1. ",
        "[x](https://e.in)",
        "\u{0}",
    ]);
    vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

fn command() -> impl Strategy<Value = String> {
    let name = prop::sample::select(crate::tui::commands::TABLE.iter().map(|command| command.name).collect::<Vec<_>>());
    let args = prop::sample::select(vec![
        "",
        " none",
        " 0.5",
        " gpt-4o",
        " json",
        " dark",
        " off",
        " openai",
        " é \u{202e}",
        " day 1",
        " once",
        " retrieve 3 messages",
        " full",
        " undo",
    ]);
    (name, args).prop_map(|(name, args)| format!("/{name}{args}"))
}

fn key() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        4 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Backspace, KeyCode::Delete,
            KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::PageUp,
            KeyCode::PageDown, KeyCode::F(1), KeyCode::F(2), KeyCode::F(3), KeyCode::F(4), KeyCode::Insert,
            KeyCode::Null,
        ]),
        2 => any::<char>().prop_map(KeyCode::Char),
        3 => prop::sample::select("abcdefghjklnoprtuvwxyz?123456+-".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
        KeyModifiers::ALT | KeyModifiers::SHIFT,
    ]);
    (code, modifiers).prop_map(|(code, modifiers)| Step::Key(code, modifiers))
}

fn step() -> impl Strategy<Value = Step> {
    let mouse = prop::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
    ]);
    let failure = prop::sample::select(vec![
        FailureKind::Unauthorized,
        FailureKind::Server,
        FailureKind::RateLimited,
        FailureKind::Cut,
        FailureKind::BadRequest,
        FailureKind::TooLarge,
    ]);
    prop_oneof![
        10 => key(),
        6 => text().prop_map(Step::Type),
        4 => command().prop_map(Step::Type),
        2 => text().prop_map(Step::Paste),
        1 => Just(Step::Paste("x".repeat(20_001))),
        4 => (mouse, 0..200_u16, 0..80_u16).prop_map(|(kind, x, y)| Step::Mouse(kind, x, y)),
        3 => (1..200_u16, 1..60_u16).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        3 => (0..20_000_u64).prop_map(Step::Pass),
        8 => text().prop_map(Step::Text),
        2 => text().prop_map(Step::Reasoning),
        3 => Just(Step::Finish),
        2 => (failure, prop::option::of(0..90_u64)).prop_map(|(kind, wait)| Step::Fail(kind, wait)),
        1 => any::<bool>().prop_map(Step::NotSaved),
        2 => vec((1..30_u128, text()), 0..5).prop_map(Step::Listed),
        2 => (1..30_u128, text()).prop_map(|(id, text)| Step::Loaded(id, text)),
        1 => text().prop_map(Step::Draft),
        1 => vec(text(), 0..4).prop_map(Step::History),
        1 => any::<bool>().prop_map(Step::Probed),
        1 => (0..6_u8).prop_map(Step::Settled),
        1 => (any::<bool>(), text()).prop_map(|(went_well, text)| Step::Edited(went_well, text)),
        2 => (any::<bool>(), vec(any::<u64>(), 0..6)).prop_map(|(is_now, tokens)| Step::Counted(is_now, tokens)),
        1 => Just(Step::EditingSummary),
        1 => Just(Step::SummaryDue),
        1 => Just(Step::Resumed),
        2 => (0..4_u8, prop_oneof![0..9_000_000_u64, any::<u64>()]).prop_map(|(scope, micro)| Step::Spent(scope, micro)),
        3 => (0..6_u8, any::<u8>(), text()).prop_map(|(by, rows, text)| Step::Reported(by, rows, text)),
        1 => Just(Step::Refused),
    ]
}

fn settled(of: u8) -> Settled {
    let model = ModelRef::new("local", "tiny");
    match of {
        0 => Settled::KeySaved { provider: "openai".into(), result: Ok("The key is in use.".into()) },
        1 => Settled::KeySaved { provider: "openai".into(), result: Err("It has a space in it.".into()) },
        2 => {
            let base_url = "http://127.0.0.1:11434/v1".to_owned();
            let provider = ProviderSpec { name: "local".into(), base_url, api_key_env: None };
            Settled::ServerChosen(Ok(ChosenServer { model, provider }))
        }
        3 => Settled::ServerChosen(Err("Nothing answers.".into())),
        4 => Settled::Saved(Ok("Kept.".into())),
        _ => Settled::Saved(Err("Not kept.".into())),
    }
}

impl Play {
    fn step(&mut self, step: Step) {
        let attempt = self.attempt;
        let tell_attempt = |play: &mut Self, happened: &dyn Fn(AttemptId) -> session::Happened| {
            if let Some((chat, attempt)) = attempt {
                play.tell(Happened::Session(chat, happened(attempt)));
            }
        };
        match step {
            Step::Key(code, modifiers) => {
                self.press(KeyEvent::new(code, modifiers));
            }
            Step::Type(text) => self.type_text(&text),
            Step::Paste(text) => {
                self.tell(Happened::Input(Input::Paste(text)));
            }
            Step::Mouse(kind, column, row) => {
                let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
                self.tell(Happened::Input(Input::Mouse(mouse)));
            }
            Step::Resize(columns, rows) => self.resize(columns, rows),
            Step::Pass(ms) => {
                self.pass(Duration::from_millis(ms));
            }
            Step::Text(text) => {
                tell_attempt(self, &|attempt| session::Happened::TextArrived { attempt, text: text.clone() });
            }
            Step::Reasoning(text) => {
                tell_attempt(self, &|attempt| session::Happened::ReasoningArrived { attempt, text: text.clone() });
            }
            Step::Finish => {
                if attempt.is_some() {
                    self.finish();
                }
            }
            Step::Fail(kind, wait) => {
                if attempt.is_some() {
                    let retry_after = wait.map(Duration::from_secs);
                    self.fail(Failure { retry_after, ..Failure::new(kind, "so it goes \u{202e}") });
                }
            }
            Step::Refused => {
                let cap = Cap { scope: Scope::Everything, most: Local(1) };
                self.refuses = Some(Refusal::OverBudget { cap, used: Local(i128::MAX) });
            }
            step => self.world_step(step),
        }
    }

    fn spent_at_random(&self, scope: u8, micro: u64) -> Happened {
        let (conversation, day) = (self.state.current, Stamp::fixed(self.now).day);
        let scope = match scope {
            0 => Scope::Conversation(conversation),
            1 => Scope::Day(day),
            2 => Scope::Month(day),
            _ => Scope::Day(jiff::civil::Date::MIN),
        };
        let spend = Spend { pico_usd: i128::from(micro), atto_local: Local::from_micro(micro).0, unknown: micro % 3 };
        Happened::Store(StoreEvent::Answer(Answer::Spent { conversation, scope, spend }))
    }

    fn world_step(&mut self, step: Step) {
        let happened = match step {
            Step::NotSaved(is_so) => Happened::Store(StoreEvent::NotSaved(is_so.then(|| "the disk is full".into()))),
            Step::Listed(rows) => {
                let found = rows.iter().map(|(of, title)| summary(*of, title)).collect();
                return self.listed(found);
            }
            Step::Loaded(of, text) => {
                self.state.awaited = Some(chat_id(of));
                Happened::Store(StoreEvent::Answer(Answer::Loaded(Box::new(saved(of, text)))))
            }
            Step::Draft(text) => Happened::Store(StoreEvent::Answer(Answer::Draft { conversation: None, text })),
            Step::History(texts) => Happened::Store(StoreEvent::Answer(Answer::InputHistory(texts))),
            Step::Probed(true) => {
                let models = vec!["tiny".into(), "small\u{1b}[31m".into()];
                Happened::Probed(Ok(vec![FoundServer { base_url: "http://127.0.0.1:1/v1".into(), models }]))
            }
            Step::Probed(false) => Happened::Probed(Err("Nothing answers there.".into())),
            Step::Settled(of) => Happened::Settled(settled(of)),
            Step::Edited(true, text) => Happened::Edited(Ok(text)),
            Step::Edited(false, text) => Happened::Edited(Err(text)),
            Step::Counted(is_now, mut tokens) => {
                let asked = self.effects.iter().rev().find_map(|effect| match effect {
                    TuiEffect::CountExactly { ticket, texts, .. } => Some((*ticket, texts.len())),
                    _ => None,
                });
                let (ticket, parts) = asked.filter(|_| is_now).unwrap_or((1, tokens.len()));
                tokens.resize(parts, u64::MAX);
                Happened::Counted { ticket, tokens }
            }
            Step::EditingSummary => {
                let sent = self.state.session().summary().map(|summary| summary.id);
                let id = sent.unwrap_or_else(|| crate::chat::MessageId(uuid::Uuid::from_u128(9)));
                self.state.editing = Some(crate::tui::state::Editing::Summary(self.state.current, id));
                Happened::Edited(Ok("a summary \u{202e}".into()))
            }
            Step::SummaryDue => Happened::ForUser(self.state.current, ForUser::SummaryDue),
            Step::Resumed => Happened::Resumed,
            Step::Spent(scope, micro) => self.spent_at_random(scope, micro),
            Step::Reported(by, rows, text) => reported(GroupBy::ALL[usize::from(by)], rows, &text),
            _ => Happened::Store(StoreEvent::Answer(Answer::Failed { query: Query::Latest, reason: "no".into() })),
        };
        self.tell(happened);
    }
}

/// Rows of any key, for whichever of the periods they may be.
fn reported(by: GroupBy, rows: u8, text: &str) -> Happened {
    let to = Stamp::fixed(Duration::ZERO).day;
    let days = [7, 30, 90, 365][usize::from(rows % 4)] - 1;
    let period = Period { from: to.checked_sub(jiff::Span::new().days(days)).unwrap(), to };
    let row = |at: u8| SpendRow {
        key: if at.is_multiple_of(2) { to.to_string() } else { text.to_owned() },
        label: text.to_owned(),
        requests: u64::MAX >> at.min(60),
        input: u64::MAX / 3,
        cached_input: u64::from(at),
        output: u64::MAX,
        spend: Spend { pico_usd: i128::MAX, atto_local: i128::MAX >> at.min(100), unknown: u64::from(at % 3) },
    };
    Happened::Store(StoreEvent::Answer(Answer::Report { by, period, rows: (0..rows).map(row).collect() }))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn row_25_no_order_of_events_and_no_size_panics(steps in vec(step(), 1..60)) {
        let mut play = Play::new();
        for step in steps {
            play.step(step);
            let (buffer, cursor) = play.buffer();
            if let Some((x, y)) = cursor {
                prop_assert!(x < buffer.area.width && y < buffer.area.height, "the cursor is off the screen");
            }
            prop_assert!(play.state.chats.contains_key(&play.state.current));
            for cell in buffer.content() {
                prop_assert!(!cell.symbol().contains(char::is_control), "{:?} reaches the screen", cell.symbol());
            }
        }
    }
}

#[test]
fn row_25_every_small_size_is_drawn_in_every_state() {
    let states: [&dyn Fn(&mut Play); 8] = [
        &|_| {},
        &|play| play.turn("क्या? 👨‍👩‍👧", "# नमस्ते\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\nlet x = 1;\n```\n"),
        &|play| {
            play.press(KeyCode::F(1));
        },
        &|play| {
            play.press(KeyCode::F(2));
            play.listed(vec![summary(900, "नमस्ते"), summary(901, "日本語")]);
        },
        &|play| {
            super::context::crowded(play);
            play.press(KeyCode::F(3));
        },
        &|play| {
            play.submit("/key");
            play.type_text("secret");
        },
        &|play| {
            play.type_text("/");
            play.store(StoreEvent::NotSaved(Some("the disk is full".into())));
        },
        &|play| {
            for kind in ["day", "month", "conversation", "message"] {
                play.submit(&format!("/budget {kind} 1"));
            }
            play.press_and_tell(KeyCode::F(4));
            play.press_and_tell(KeyCode::Char('5'));
        },
    ];
    for state in states {
        let mut play = Play::new();
        state(&mut play);
        for (columns, rows) in (1..45).flat_map(|columns| (1..14).map(move |rows| (columns, rows))) {
            play.resize(columns, rows);
            play.buffer();
        }
        play.resize(1000, 500);
        play.buffer();
    }
}
