//! A month of spending for the picture of the cost screen, put into the demo's own database before it starts. The
//! amounts are the same each time; the days are the last thirty.

use jiff::{ToSpan as _, Zoned};
use munshi::chat::ledger::{LedgerClosing, LedgerOpening, Outcome, Purpose};
use munshi::chat::{AttemptId, ConversationId, ConversationMeta, MessageId, ModelRef, PicoUsd, Rate, Usage};
use munshi::store::sqlite::{OpenOptions, SqliteStore};
use munshi::store::{Store as _, Write};
use uuid::Uuid;

use crate::support::launch::Home;

/// Titles, and how much of the month's work each had.
const CHATS: [(&str, u64); 4] = [
    ("Tax saving: ELSS or PPF", 9),
    ("GST on a service invoice", 6),
    ("Letters to the housing society", 4),
    ("Compound interest in Rust", 3),
];

/// Fills the ledger, and sets budgets to measure it by.
pub fn month(home: &Home) {
    home.write_config("[budget]\nday = 60\nmonth = 1000\n");
    let today = Zoned::now().date();
    let options = OpenOptions { now_ms: 1, ..OpenOptions::default() };
    let mut store = SqliteStore::open(&home.data_dir().join("demo").join("munshi.db"), options).unwrap().store;
    let mut writes: Vec<Write> = CHATS.iter().enumerate().map(|(at, (title, _))| conversation(at, title)).collect();
    let mut number = 0;
    for back in 0..30_u64 {
        let day = today.checked_sub(i64::try_from(back).unwrap().days()).unwrap();
        // Weekends are quiet, and so are some other days.
        let work = [7, 3, 9, 0, 5, 11, 2, 6, 0, 8, 4, 10, 3][(back * 5 % 13) as usize];
        for at in 0..work {
            number += 1;
            let chat = pick(number);
            let (model, price) = if number % 5 == 0 { ("demo-large", 40) } else { ("demo-mini", 9) };
            let purpose = match number % 11 {
                3 => Purpose::Summary,
                7 => Purpose::Embedding,
                _ => Purpose::Chat,
            };
            let attempt = AttemptId { reply: MessageId(Uuid::from_u128(0xA000 + u128::from(number))), ordinal: 0 };
            let tokens = 900 + 311 * (number % 7) + 57 * at;
            writes.push(Write::OpenAttempt(LedgerOpening {
                attempt,
                conversation: id(chat),
                purpose,
                model: ModelRef::new("openai", model),
                day,
                at_ms: 1,
                rate: Rate::default(),
                reserved: None,
                prices: None,
                outlives: false,
            }));
            writes.push(Write::CloseAttempt(LedgerClosing {
                attempt,
                outcome: Outcome::Complete,
                usage: Some(Usage { input: tokens, cached_input: tokens / 3, output: tokens / 2, ..Usage::default() }),
                cost: Some(PicoUsd(i64::try_from(tokens * price * 1_500_000).unwrap())),
                prices: None,
                took_ms: 900,
                status: Some(200),
                request_id: None,
            }));
        }
    }
    store.write(&writes).unwrap();
}

fn id(chat: usize) -> ConversationId {
    ConversationId(Uuid::from_u128(0xC000 + chat as u128))
}

fn pick(number: u64) -> usize {
    let mut left = number % CHATS.iter().map(|(_, share)| share).sum::<u64>();
    CHATS.iter().position(|(_, share)| left.checked_sub(*share).map(|rest| left = rest).is_none()).unwrap_or(0)
}

fn conversation(at: usize, title: &str) -> Write {
    Write::PutConversation(ConversationMeta {
        title: title.to_owned(),
        titled_by_user: true,
        ..ConversationMeta::new(id(at), ModelRef::new("openai", "demo-mini"), 1)
    })
}
