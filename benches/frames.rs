//! What a frame costs, by the length of the transcript: `cargo bench --bench frames`. Draws the whole screen at
//! 120×40 from the state, as the loop does: at rest, after a page up, and with a reply that grows by a word.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and stops where it cannot go on"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use munshi::chat::{
    Catalogue, Conversation, ConversationId, ConversationMeta, Message, MessageId, ModelRef, Role, Settings, Stamp,
};
use munshi::tui::keymap::Keymap;
use munshi::tui::preferences::Preferences;
use munshi::tui::state::AppState;
use munshi::tui::theme::{ColourDepth, Theme};
use munshi::tui::transcript::{Anchor, scroll};
use munshi::tui::view::{Scene, draw, regions};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use uuid::Uuid;

const AREA: Rect = Rect { x: 0, y: 0, width: 120, height: 40 };
const FRAMES: u32 = 300;
const PAGES: u32 = 100;

/// How the lines are spread.
#[derive(Clone, Copy)]
enum Shape {
    /// Turns of ten lines.
    Turns,
    /// One reply that holds them all.
    OneReply,
    /// One reply that is one block of code.
    Code,
}

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    println!("A frame of 120×40, in microseconds: the median, and the 99th percentile.\n");
    println!(
        "| transcript | lines | first frame | frame at rest | page up | a word more | at rest, against 100 lines |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (name, shape) in [("turns", Shape::Turns), ("one reply", Shape::OneReply), ("one block of code", Shape::Code)] {
        let mut base = None;
        for lines in [100, 10_000, 1_000_000] {
            let figures = measure(shape, lines);
            let rest = figures.rest.0.as_secs_f64();
            let base = *base.get_or_insert(rest);
            println!(
                "| {name} | {lines} | {} | {} | {} | {} | {:.2} |",
                micros((figures.first, figures.first)),
                micros(figures.rest),
                micros(figures.page_up),
                micros(figures.word),
                rest / base
            );
        }
    }
    println!("\nAsked: at rest under 1000, and within 1.3 of 100 lines; a page up under 3000.");
}

struct Figures {
    first: Duration,
    rest: (Duration, Duration),
    page_up: (Duration, Duration),
    word: (Duration, Duration),
}

fn measure(shape: Shape, lines: usize) -> Figures {
    let mut state = state(shape, lines);
    let mut buffer = Buffer::empty(AREA);
    let mut frame = |state: &mut AppState| {
        let mut cache = std::mem::take(&mut state.cache);
        buffer.reset();
        black_box(draw(state, &mut cache, AREA, &mut buffer));
        state.cache = cache;
    };
    let first = time(|| frame(&mut state));
    let rest = many(FRAMES, || time(|| frame(&mut state)));
    let page_up = many(PAGES, || {
        time(|| {
            let size = regions(&state).transcript.as_size();
            let mut cache = std::mem::take(&mut state.cache);
            let scene = Scene::of(&state);
            let anchor = scroll::page(&scene.transcript(&state), &mut cache, size, state.chat().anchor, -1);
            state.cache = cache;
            state.chat_mut().anchor = anchor;
            frame(&mut state);
        })
    });
    state.chat_mut().anchor = Anchor::End;
    frame(&mut state);
    let word = grow(&mut state, &mut frame);
    Figures { first, rest, page_up, word }
}

/// A reply that grows by a word before each frame: the same chat with one more message that is replaced.
fn grow(state: &mut AppState, frame: &mut impl FnMut(&mut AppState)) -> (Duration, Duration) {
    use munshi::chat::AttemptId;
    use munshi::session::Happened;
    let (question, reply) = (id(900_000_001), id(900_000_002));
    let at = state.now;
    state.tell_session(Happened::Submitted { message: question, reply, text: "And then?".to_owned() }, at);
    state.tell_session(Happened::Committed { message: question }, at);
    let attempt = AttemptId { reply, ordinal: 0 };
    state.tell_session(Happened::Booked { attempt }, at);
    many(FRAMES, || {
        time(|| {
            state.tell_session(Happened::TextArrived { attempt, text: "another word ".to_owned() }, at);
            frame(state);
        })
    })
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The median and the 99th percentile.
fn many(times: u32, mut once: impl FnMut() -> Duration) -> (Duration, Duration) {
    let mut all: Vec<Duration> = (0..times).map(|_| once()).collect();
    all.sort_unstable();
    (all[all.len() / 2], all[all.len() * 99 / 100])
}

fn micros((median, high): (Duration, Duration)) -> String {
    if median == high {
        return median.as_micros().to_string();
    }
    format!("{} / {}", median.as_micros(), high.as_micros())
}

fn id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number + 1))
}

fn state(shape: Shape, lines: usize) -> AppState {
    let conversation = ConversationId(Uuid::from_u128(1));
    let now = Stamp::fixed(Duration::from_secs(1));
    let preferences = Preferences {
        model: ModelRef::new("openai", "gpt-4o-mini"),
        system: String::new(),
        temperature: Some(0.7),
        max_tokens: Some(4096),
        settings: Arc::new(Settings::default()),
        catalogue: Arc::new(Catalogue::empty()),
        max_input_chars: 100_000,
        paste_attachment_chars: 20_000,
        mouse: true,
        colours: ColourDepth::Sixteen,
        zone: TimeZone::UTC,
        demo: false,
        places: Vec::new(),
        ready: BTreeMap::new(),
    };
    let size = (AREA.width, AREA.height);
    let mut state =
        AppState::new(preferences, Theme::named("terminal").unwrap(), Keymap::builtin(), conversation, size, now);
    let long = ConversationId(Uuid::from_u128(2));
    let meta = ConversationMeta { id: long, title: "long".to_owned(), ..state.meta().clone() };
    state.insert_chat(Conversation::restore(meta, messages(long, shape, lines)), true);
    state.show(long);
    state.fit_composer();
    state
}

fn messages(conversation: ConversationId, shape: Shape, lines: usize) -> Vec<Message> {
    let mut out: Vec<Message> = Vec::new();
    let mut push = |role: Role, content: String| {
        let parent = out.last().map(|message| message.id);
        let number = out.len() as u128;
        let mut message = Message::text(id(number), conversation, parent, role, content, 1_780_000_000_000);
        message.model = (role == Role::Assistant).then(|| ModelRef::new("openai", "gpt-4o-mini"));
        out.push(message);
    };
    match shape {
        Shape::Turns => {
            for turn in 0..lines.div_ceil(10) {
                push(Role::User, format!("Question {turn}: what does the *rule* say?"));
                push(Role::Assistant, prose(turn, 9));
            }
        }
        Shape::OneReply => {
            push(Role::User, "Tell me everything.".to_owned());
            push(Role::Assistant, (0..lines.div_ceil(10)).map(|turn| prose(turn, 10) + "\n").collect());
        }
        Shape::Code => {
            push(Role::User, "Show me the code.".to_owned());
            let code = (0..lines).map(|line| format!("    let value_{line} = total + {line}; // a line of code\n"));
            push(Role::Assistant, format!("```rust\n{}```\n", code.collect::<String>()));
        }
    }
    out
}

/// So many lines of markdown.
fn prose(seed: usize, lines: usize) -> String {
    let line = |at: usize| match at {
        0 => format!("## Part {seed}\n"),
        1 | 5 => "\n".to_owned(),
        2..=4 => format!("- a point with **weight** and `code`, number {at} of part {seed}\n"),
        _ => format!("A plain line of text, {at} of part {seed}, of about the length that such lines have.\n"),
    };
    (0..lines).map(line).collect()
}
