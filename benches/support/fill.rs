//! A store as a diligent user's of some years: what the benchmarks open. Goes
//! through the port alone.

use munshi::chat::{
    Conversation, ConversationId, ConversationMeta, FinishReason, Message, MessageId, ModelRef, PicoUsd, Role, Status,
    Usage,
};
use munshi::store::{Store, StoreError, Write};
use uuid::Uuid;

/// Messages in one transaction.
const BATCH: usize = 2_000;
const FIRST_MS: i64 = 1_700_000_000_000;

const WORDS: [&str; 24] = [
    "tax",
    "rupees",
    "hindi",
    "what",
    "the",
    "difference",
    "between",
    "ELSS",
    "and",
    "PPF",
    "is",
    "हिन्दी",
    "पैसे",
    "company",
    "registered",
    "in",
    "Pune",
    "please",
    "explain",
    "with",
    "example",
    "section",
    "80C",
    "of",
];

/// Fills `store` with `conversations`, of `messages` messages each: questions and answers by turns.
///
/// # Errors
/// Where the store cannot be written.
pub fn fill(store: &mut dyn Store, conversations: u64, messages: u64) -> Result<(), StoreError> {
    let mut writes = Vec::new();
    for number in 0..conversations {
        let id = ConversationId(Uuid::from_u128(u128::from(number) << 32 | 1 << 96));
        let question = words(number, 8);
        writes.push(Write::PutConversation(meta(id, &question, number)));
        let mut parent = None;
        for turn in 0..messages {
            let message = message(id, parent, number * messages + turn, turn % 2 == 1);
            parent = Some(message.id);
            writes.push(Write::AddMessage(message));
        }
        if writes.len() >= BATCH {
            store.write(&writes)?;
            writes.clear();
        }
    }
    store.write(&writes)
}

fn meta(id: ConversationId, question: &str, number: u64) -> ConversationMeta {
    let at_ms = FIRST_MS + number.cast_signed() * 60_000;
    ConversationMeta {
        title: Conversation::title_from(question),
        system: "You are a helpful, clear and concise assistant.".to_owned(),
        temperature: Some(0.7),
        max_tokens: Some(4096),
        pinned: number.is_multiple_of(500),
        ..ConversationMeta::new(id, ModelRef::new("openai", "gpt-4o-mini"), at_ms)
    }
}

fn message(conversation: ConversationId, parent: Option<MessageId>, number: u64, answers: bool) -> Message {
    let id = MessageId(Uuid::from_u128(u128::from(number) << 32 | 2 << 96));
    let at_ms = FIRST_MS + number.cast_signed() * 3_000;
    if !answers {
        return Message::text(id, conversation, parent, Role::User, words(number, 16), at_ms);
    }
    Message {
        status: Status::Complete,
        model: Some(ModelRef::new("openai", "gpt-4o-mini")),
        finish: Some(FinishReason::Stop),
        usage: Some(Usage { input: 400, output: 120, ..Usage::default() }),
        cost: Some(PicoUsd(132_000_000)),
        took_ms: Some(1_800),
        ..Message::text(id, conversation, parent, Role::Assistant, words(number, 80), at_ms)
    }
}

/// Words that look chosen, and are the same each time.
fn words(seed: u64, count: usize) -> String {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut out = String::new();
    for at in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if at > 0 {
            out.push(if at % 20 == 0 { '\n' } else { ' ' });
        }
        out.push_str(WORDS[(state >> 33) as usize % WORDS.len()]);
    }
    out
}
