//! The search among 100,000 messages, from the effect to what the session is told: by vectors, and by words.

use std::sync::Arc;
use std::time::Instant;

use munshi::chat::{ConversationId, MessageId};
use munshi::provider::scripted::ScriptedProvider;
use munshi::session::RankedBy;
use munshi::store::{Store as _, Write};
use uuid::Uuid;

use super::fill::fill;
use super::world::{Asked, World, model, store};
use super::{memory, millis, spread};

const CONVERSATIONS: u64 = 1_000;
const MESSAGES_EACH: u64 = 100;
const SEARCHES: u64 = 300;

pub async fn print() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    fill(&mut store, CONVERSATIONS, MESSAGES_EACH).unwrap();
    let messages: Vec<u64> = (0..CONVERSATIONS * MESSAGES_EACH).collect();
    for batch in messages.chunks(1_000) {
        let vectors = batch.iter().map(|number| (message(*number), vector(*number))).collect();
        store.write(&[Write::PutEmbeddings { with: model(), vectors }]).unwrap();
    }
    let mut world = World::new(store, Arc::new(ScriptedProvider::default()), chat());
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
            let text = "what is the difference between ELSS and PPF in section 80C";
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

/// The first of the conversations that the store was filled with.
fn chat() -> ConversationId {
    ConversationId(Uuid::from_u128(1 << 96))
}

/// The n-th of the messages.
fn message(number: u64) -> MessageId {
    MessageId(Uuid::from_u128(u128::from(number) << 32 | 2 << 96))
}

/// Numbers that look chosen, and are the same each time.
fn vector(seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..model().dims).map(|_| next()).collect()
}
