//! Both stores under the same random writes.

use munshi::chat::context::{Mark, Summary};
use munshi::chat::embedding::EmbeddingModel;
use munshi::store::memory::MemoryStore;
use munshi::store::{Store, Write};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::context::{mark, put_summary, small, summary, vectors};
use crate::support::*;

const CONVERSATIONS: u128 = 3;
const MESSAGES: u128 = 8;

fn models() -> [EmbeddingModel; 3] {
    [small("openai", 2), small("openai", 3), small("azure", 2)]
}

fn any_message() -> impl Strategy<Value = Write> {
    (0..CONVERSATIONS, 0..MESSAGES, any::<bool>(), prop::sample::select(vec!["", "a needle", "straw"])).prop_map(
        |(conversation, id, streams, text)| {
            let message = if streams { reply(conversation, id, 0) } else { said(conversation, id, None, text) };
            Write::AddMessage(message)
        },
    )
}

fn any_summary() -> impl Strategy<Value = Write> {
    (0..=CONVERSATIONS, 0..6_u128, "[a-c]{0,3}", any::<bool>()).prop_map(|(conversation, id, text, automatic)| {
        put_summary(conversation, &Summary { automatic, ..summary(id, &text) })
    })
}

fn any_vectors() -> impl Strategy<Value = Write> {
    let numbers = prop::collection::vec((0..=MESSAGES, prop::array::uniform3(-1.0_f32..1.0)), 0..4);
    (prop::sample::select(models().to_vec()), numbers).prop_map(|(with, numbers)| {
        let dims = with.dims as usize;
        let all: Vec<(u128, &[f32])> = numbers.iter().map(|(id, vector)| (*id, &vector[..dims])).collect();
        vectors(&with, &all)
    })
}

fn any_write() -> impl Strategy<Value = Write> {
    let id = 0..CONVERSATIONS;
    let marks = prop::option::of(prop::sample::select(vec![Mark::Pinned, Mark::LeftOut]));
    prop_oneof![
        3 => id.clone().prop_map(|number| put(number, &format!("title {number}"))),
        6 => any_message(),
        2 => (id.clone(), 0..MESSAGES).prop_map(|(number, id)| finished(&reply(number, id, 0), "a needle, finished")),
        4 => (0..=CONVERSATIONS, 0..MESSAGES, marks).prop_map(|(number, id, to)| mark(number, id, to)),
        4 => any_summary(),
        1 => (0..6_u128).prop_map(|id| Write::DropSummary(message_id(id))),
        4 => any_vectors(),
        1 => id.clone().prop_map(|number| Write::DeleteConversation(conversation_id(number))),
        1 => id.prop_map(|number| Write::UndeleteConversation(conversation_id(number))),
        1 => Just(Write::PurgeDeleted { before_ms: i64::MAX }),
    ]
}

/// All that a reader can see of conversations, marks, summaries and vectors.
fn seen(store: &mut dyn Store) -> Vec<String> {
    let mut seen = Vec::new();
    for number in 0..CONVERSATIONS {
        seen.push(format!("{:?}", store.load(conversation_id(number)).map_err(|error| error.to_string())));
    }
    for within in [None, Some(conversation_id(0)), Some(conversation_id(1))] {
        for with in models() {
            seen.push(format!("{:?}", store.embeddings(&with, within).unwrap()));
            seen.push(format!("{:?}", store.unembedded(&with, within, 5).unwrap()));
        }
        let mut ranked = store.rank("needle", within, 99).unwrap();
        ranked.sort_by_key(|ranked| ranked.message);
        seen.push(format!("{:?}", ranked.iter().map(|one| (one.message, one.conversation)).collect::<Vec<_>>()));
    }
    let ids: Vec<_> = (0..MESSAGES).rev().map(message_id).collect();
    seen.push(format!("{:?}", store.excerpts(&ids).unwrap()));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96, failure_persistence: None, rng_seed: RngSeed::Fixed(22), ..ProptestConfig::default()
    })]

    #[test]
    fn both_stores_show_the_same_after_any_writes(
        batches in prop::collection::vec(prop::collection::vec(any_write(), 1..12), 1..10)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = open(folder.path());
        let mut memory = MemoryStore::new();
        // So that most writes have somewhere to go.
        let begun: Vec<Write> = (0..CONVERSATIONS).map(|number| put(number, "begun")).collect();
        for batch in std::iter::once(&begun).chain(&batches) {
            let (one, other) = (disk.write(batch), memory.write(batch));
            prop_assert_eq!(one.map_err(|error| error.to_string()), other.map_err(|error| error.to_string()));
            prop_assert_eq!(seen(&mut disk), seen(&mut memory));
        }
        // What was written is what the next start reads, once nothing streams any more.
        let mut ended = vec![put(0, "begun")];
        ended.extend((0..MESSAGES).map(|id| finished(&reply(0, id, 0), "ended")));
        disk.write(&ended).unwrap();
        memory.write(&ended).unwrap();
        drop(disk);
        prop_assert_eq!(seen(&mut open(folder.path())), seen(&mut memory));
    }
}
