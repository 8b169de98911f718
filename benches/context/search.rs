//! The search among 100,000 messages, from the effect to what the session is told: by vectors, and by words.

use std::sync::Arc;
use std::time::Instant;

use munshi::chat::{ConversationId, Message, MessageId, Role};
use munshi::provider::scripted::ScriptedProvider;
use munshi::session::RankedBy;
use munshi::store::{Store as _, Write};
use uuid::Uuid;

use super::world::{Asked, World, meta, model, store};
use super::{memory, millis, spread};

const CONVERSATIONS: u64 = 1_000;
const MESSAGES_EACH: u64 = 100;
const WORDS_EACH: usize = 60;
const SEARCHES: u64 = 300;

pub async fn print() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    for number in 0..CONVERSATIONS {
        let messages = number * MESSAGES_EACH..(number + 1) * MESSAGES_EACH;
        let mut writes = vec![Write::PutConversation(meta(chat(number)))];
        writes.extend(messages.clone().map(|at| Write::AddMessage(said(number, at))));
        let vectors = messages.map(|at| (message(at), vector(at))).collect();
        writes.push(Write::PutEmbeddings { with: model(), vectors });
        store.write(&writes).unwrap();
    }
    let mut world = World::new(store, Arc::new(ScriptedProvider::default()), chat(0));
    let before = memory();
    let start = Instant::now();
    assert_eq!(world.index(true).await.len(), 0, "all have vectors");
    let took = start.elapsed();
    println!("The search over all chats of 100,000 messages, from the question to what is found, with what it says.\n");
    println!(
        "Vectors of 256 numbers read into memory in {}; memory {before} before, {} after.\n",
        millis(took),
        memory()
    );
    println!("| by | median / 99th percentile |\n|---|--:|");
    for (name, by) in [("vectors", RankedBy::Meaning(model())), ("words (BM25)", RankedBy::Words)] {
        let mut all = Vec::new();
        for number in 0..SEARCHES {
            let question = message(number * 331 % (CONVERSATIONS * MESSAGES_EACH));
            let text = &words(number + 1_000_000, 10);
            let start = Instant::now();
            let asked = Asked { question, text, by: by.clone(), everywhere: true, most: 8 };
            let (searched_by, found) = world.search(asked).await;
            all.push(start.elapsed());
            assert_eq!((searched_by, found.len()), (by.clone(), 8));
        }
        println!("| {name} | {} |", spread(all));
    }
    println!("\nAsked: under 50 ms.\n");
}

fn chat(number: u64) -> ConversationId {
    ConversationId(Uuid::from_u128(u128::from(number) << 32 | 1 << 96))
}

/// The id of the n-th message of all.
fn message(at: u64) -> MessageId {
    MessageId(Uuid::from_u128(u128::from(at) << 32 | 2 << 96))
}

fn said(number: u64, at: u64) -> Message {
    let role = if at.is_multiple_of(2) { Role::User } else { Role::Assistant };
    Message::text(message(at), chat(number), None, role, words(at, WORDS_EACH), at.cast_signed())
}

/// Words as often as a language has them: the n-th an n-th as often as the first (Zipf).
fn words(seed: u64, count: usize) -> String {
    let mut dice = dice(seed);
    let mut word = || format!("w{}", 20_000_f64.powf(f64::from(dice())) as u64);
    (0..count).map(|_| word()).collect::<Vec<_>>().join(" ")
}

fn vector(seed: u64) -> Vec<f32> {
    let mut dice = dice(seed);
    (0..model().dims).map(|_| dice() * 2.0 - 1.0).collect()
}

/// Numbers from 0 to 1 that look chosen, and are the same each time.
fn dice(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 16_777_216.0
    }
}
