//! The screen in three sizes, as text: what a user sees in each state that there is.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::*;
use crate::chat::FailureKind;
use crate::tui::host::FoundServer;
use crate::tui::screens::welcome::Welcome;
use crate::tui::state::Overlay;

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (120, 40)];

const REPLY: &str = "**PPF** is a government scheme; **ELSS** is a mutual fund.\n\n\
| | PPF | ELSS |\n|---|---|---|\n| Lock-in | 15 years | 3 years |\n| Returns | 7.1% | market |\n\n\
```rust\nfn corpus(yearly: f64, rate: f64) -> f64 {\n    yearly * rate // roughly\n}\n```\n\n\
1. Decide how long.\n   - Under five years: neither.\n2. Then how safe.\n\n> Ask a professional.\n";

/// The same play at each size.
fn at_every_size(name: &str, play: impl Fn(&mut Play)) {
    for (columns, rows) in SIZES {
        let mut scene = Play::sized(columns, rows);
        play(&mut scene);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), scene.screen());
    }
}

#[test]
fn an_empty_chat() {
    at_every_size("empty", |_| {});
}

#[test]
fn a_conversation_with_markdown_code_and_a_table() {
    at_every_size("conversation", |play| play.turn("What is the difference between ELSS and PPF?", REPLY));
}

#[test]
fn hindi_and_emoji() {
    at_every_size("hindi", |play| {
        play.turn("नमस्ते, क्या हाल है? 👨‍👩‍👧", "मैं **ठीक** हूँ।\n\n| नाम | राशि |\n|---|--:|\n| किराया | ₹12,000 |\n");
    });
}

#[test]
fn a_reply_that_streams_while_one_types() {
    at_every_size("streaming", |play| {
        play.submit("Tell me about tea.");
        play.opened();
        play.stream("Tea came to Assam");
        play.pass(Duration::from_secs(2));
        play.stream(" in 1823, or rather");
        play.type_text("And coffee?");
    });
}

#[test]
fn waiting_for_the_first_token() {
    at_every_size("waiting", |play| {
        play.submit("Anyone there?");
        play.opened();
        play.pass(Duration::from_secs(12));
    });
}

#[test]
fn the_countdown_of_a_retry() {
    at_every_size("retry", |play| {
        play.submit("Anyone there?");
        let failure = Failure {
            status: Some(503),
            retry_after: Some(Duration::from_secs(7)),
            ..Failure::new(FailureKind::Server, "overloaded")
        };
        play.fail(failure);
        play.pass(Duration::from_secs(3));
    });
}

#[test]
fn a_stream_that_stalls() {
    at_every_size("stalled", |play| {
        play.submit("Tell me about tea.");
        play.opened();
        play.stream("Tea came to");
        play.pass(Duration::from_secs(9));
    });
}

#[test]
fn messages_that_wait() {
    at_every_size("queued", |play| {
        play.submit("First.");
        play.opened();
        play.stream("One moment");
        play.submit("Second, while the first is answered.");
        play.submit("Third.");
    });
}

#[test]
fn a_reply_that_was_stopped() {
    at_every_size("stopped", |play| {
        play.submit("Tell me everything.");
        play.opened();
        play.stream("In the beginning");
        play.press(KeyCode::Esc);
    });
}

#[test]
fn a_question_that_failed() {
    at_every_size("failed", |play| {
        play.submit("May I?");
        let failure = Failure { status: Some(401), ..Failure::new(FailureKind::Unauthorized, "Incorrect API key") };
        play.fail(failure);
    });
}

#[test]
fn not_saved() {
    at_every_size("not_saved", |play| {
        play.turn("Is it kept?", "In memory, for now.");
        play.store(StoreEvent::NotSaved(Some("the disk is full".into())));
    });
}

#[test]
fn help() {
    at_every_size("help", |play| {
        play.press(KeyCode::F(1));
    });
}

#[test]
fn the_panel_of_conversations() {
    at_every_size("panel", |play| {
        play.turn("What is the difference between ELSS and PPF?", "One is a fund.");
        play.press(KeyCode::F(2));
        play.listed(vec![
            summary(902, "Pinned: income tax"),
            summary(900, "What is the difference between ELSS and PPF?"),
            summary(925, "हिन्दी में एक बहुत लंबा शीर्षक जो कहीं भी पूरा नहीं आता"),
        ]);
        play.press(KeyCode::Down);
    });
}

#[test]
fn what_the_next_request_contains() {
    at_every_size("context", |play| {
        super::context::crowded(play);
        play.press(KeyCode::F(3));
    });
}

#[test]
fn where_the_sent_context_begins() {
    at_every_size("cut", |play| {
        super::context::crowded(play);
    });
}

#[test]
fn the_first_screen() {
    at_every_size("welcome", |play| {
        play.state.overlay = Some(Overlay::Welcome(Welcome::new("openai".into())));
    });
}

#[test]
fn a_key_as_it_is_entered() {
    at_every_size("key", |play| {
        play.submit("/key");
        play.type_text("sk-secret-0123");
    });
}

#[test]
fn a_local_servers_models() {
    at_every_size("models", |play| {
        play.state.overlay = Some(Overlay::Welcome(Welcome::new("openai".into())));
        play.press(KeyCode::Char('2'));
        let models = ["llama3.2:3b", "qwen3:8b"].map(str::to_owned).to_vec();
        let found = FoundServer { base_url: "http://127.0.0.1:11434/v1".into(), models };
        play.tell(Happened::Probed(Ok(vec![found])));
        play.press(KeyCode::Down);
    });
}

#[test]
fn commands_that_fit_what_is_typed() {
    at_every_size("completions", |play| play.type_text("/t"));
}

#[test]
fn what_a_command_answers() {
    at_every_size("notices", |play| {
        play.turn("How dear?", "Not dear.");
        play.submit("/model");
        play.submit("/temperature hot");
    });
}

#[test]
fn a_long_draft_grows_to_a_third_of_the_screen() {
    at_every_size("long_draft", |play| {
        play.type_text(&"This draft is long and goes on and on. ".repeat(30));
    });
}

#[test]
fn a_screen_that_is_too_small() {
    let mut play = Play::sized(19, 4);
    play.turn("Small?", "Very.");
    insta::assert_snapshot!("too_small_19x4", play.screen());
    play.resize(1, 1);
    insta::assert_snapshot!("too_small_1x1", play.screen());
    play.resize(20, 5);
    insta::assert_snapshot!("smallest_20x5", play.screen());
}

#[test]
fn the_costs_by_day() {
    at_every_size("costs", |play| {
        play.submit("/budget day 50");
        play.submit("/budget month 2000");
        play.turn("How dear?", "Not dear.");
        play.press_and_tell(KeyCode::F(4));
    });
}

#[test]
fn the_costs_by_conversation_over_a_year() {
    at_every_size("costs_by_conversation", |play| {
        play.submit("/budget message 2");
        play.press_and_tell(KeyCode::F(4));
        play.press_and_tell(KeyCode::Char('5'));
        play.press_and_tell(KeyCode::Char('-'));
        for _ in 0..4 {
            play.press_and_tell(KeyCode::Char('+'));
        }
    });
}

#[test]
fn the_budgets() {
    at_every_size("budgets", |play| {
        play.submit("/budget day 0.05");
        play.turn("How dear?", "Not dear.");
        play.turn("And now?", "A little more.");
        play.submit("/budget");
    });
}
