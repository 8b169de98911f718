//! What a choice costs among 100,000 messages: when such a chat is opened, when a message is added, and for each
//! letter that is typed.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use munshi::chat::context::Strategy;
use munshi::chat::{
    Catalogue, Conversation, ConversationId, ConversationMeta, History, Message, MessageId, ModelRef, Role, Settings,
    Stamp,
};
use munshi::session::{Change, Event, Happened, Session};
use uuid::Uuid;

use super::{millis, spread};

const MESSAGES: usize = 100_000;
const TIMES: u128 = 200;

pub fn print() {
    println!("\nA choice among {MESSAGES} messages of 300 characters: the median, and the 99th percentile.\n");
    println!("| strategy | opening the chat | a letter typed | a turn | the list of the context |");
    println!("|---|--:|--:|--:|--:|");
    for strategy in Strategy::ALL {
        let messages = messages();
        let (opening, mut session) = time(|| open(strategy, messages));
        let typed = (0..TIMES).map(|at| time(|| black_box(session.preview(at as u64 * 30))).0).collect();
        let turn = (0..TIMES).map(|at| time(|| turn(&mut session, at)).0).collect();
        let list = (0..5).map(|_| time(|| black_box(session.parts(100))).0).collect();
        println!(
            "| {} | {} | {} | {} | {} |",
            strategy.as_str(),
            millis(opening),
            micros(typed),
            micros(turn),
            spread(list)
        );
    }
    println!(
        "\nThe messages are weighed when the chat is opened, each once; a change of strategy weighs nothing again."
    );
}

fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}

fn micros(mut all: Vec<Duration>) -> String {
    all.sort_unstable();
    let micros = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e6);
    format!("{} / {} µs", micros(all[all.len() / 2]), micros(all[all.len() * 99 / 100]))
}

fn id(number: u128) -> MessageId {
    MessageId(Uuid::from_u128(number + 1))
}

const CONVERSATION: ConversationId = ConversationId(Uuid::from_u128(1));

fn open(strategy: Strategy, messages: Vec<Message>) -> Session {
    let meta = ConversationMeta {
        title: "long".to_owned(),
        titled_by_user: true,
        system: "Be brief.".to_owned(),
        max_tokens: Some(4_096),
        history: History { strategy, ..History::default() },
        ..ConversationMeta::new(CONVERSATION, ModelRef::new("openai", "gpt-4o-mini"), 0)
    };
    let conversation = Conversation::restore(meta, messages);
    Session::new(conversation, true, Arc::new(Settings::default()), Arc::new(Catalogue::empty()))
}

fn messages() -> Vec<Message> {
    let messages = (0..MESSAGES as u128).map(|number| {
        let role = if number % 2 == 0 { Role::User } else { Role::Assistant };
        let text = format!("{number} {}", "what is said of it, and more of that ".repeat(8));
        let parent = number.checked_sub(1).map(id);
        Message::text(id(number), CONVERSATION, parent, role, text, 0)
    });
    messages.collect()
}

/// A question that is asked and stopped at once, and a change of a setting: both plan anew.
fn turn(session: &mut Session, at: u128) {
    let stamp = Stamp::fixed(Duration::from_secs(1));
    let (message, reply) = (id(1_000_000 + 2 * at), id(1_000_001 + 2 * at));
    for happened in [
        Happened::Submitted { message, reply, text: "And then?".to_owned() },
        Happened::Stopped,
        Happened::Changed(Change::Temperature(None)),
    ] {
        black_box(session.handle(Event { at: stamp, happened }));
    }
}
