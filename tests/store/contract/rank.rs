use std::collections::HashMap;

use munshi::chat::{Message, Role, Status};
use munshi::store::memory::MemoryStore;
use munshi::store::sqlite::SqliteStore;
use munshi::store::{Store, Write};

use crate::support::*;

fn fill(store: &mut dyn Store, texts: &[&str]) {
    store.write(&[put(1, "one")]).unwrap();
    for (id, text) in texts.iter().enumerate() {
        store.write(&[Write::AddMessage(said(1, id as u128, None, text))]).unwrap();
    }
}

/// The numbers of the ranked messages, best first.
fn ranked(store: &mut dyn Store, query: &str, within: Option<u128>) -> Vec<u128> {
    let found = store.rank(query, within.map(conversation_id), 1_000).unwrap();
    assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score), "{found:?}");
    assert!(found.iter().all(|one| one.score > 0.0), "{found:?}");
    found.into_iter().map(|one| one.message.0.as_u128() >> 64).collect()
}

on_both! {
    fn any_word_is_enough_and_rare_words_and_short_messages_count_for_more(store: &mut dyn Store) {
        fill(store, &[
            "the rent of the house in Pune",
            "the weather",
            "the deposit for the house is due with the first rent and must be paid by cheque before the keys are given",
            "the deposit",
            "कल बारिश होगी",
            "the train to Nagpur",
            "what is the time",
        ]);
        assert_eq!(ranked(store, "Deposit?", None), [3, 2]);
        assert_eq!(ranked(store, "what of the DEPOSIT (the keys, a cheque)?", None)[..1], [2]);
        assert_eq!(ranked(store, "बारिश nowhere", None), [4]);
        assert_eq!(ranked(store, "house Pune", None), [0, 2]);
        // Even what stands almost everywhere finds something, the shortest first.
        assert_eq!(ranked(store, "the", None).len(), 6);
        assert_eq!(store.rank("the rent", None, 2).unwrap().len(), 2);
        assert_eq!(store.rank("the rent", None, 0).unwrap(), []);
    }

    fn no_question_is_a_syntax_error(store: &mut dyn Store) {
        fill(store, &["it's C++ and 100% sure", "NEAR the end"]);
        assert_eq!(ranked(store, "\"it's\" AND (C++ OR", None), [0]);
        assert_eq!(ranked(store, "NOT near:*^{}", None), [1]);
        assert_eq!(ranked(store, "c", None), [0]);
        for nothing in ["", "  ", "++", "🙂", "\0", "\"\"\"", "-"] {
            assert_eq!(ranked(store, nothing, None), [0; 0], "{nothing:?}");
        }
        let long = format!("{} near", "unheard-of words everywhere ".repeat(2_000));
        assert_eq!(ranked(store, &long, None), [1]);
    }

    fn only_finished_questions_and_answers_are_ranked(store: &mut dyn Store) {
        let text = "the needle lies here";
        fill(store, &[text]);
        let role = |id, role| Write::AddMessage(Message { role, ..said(1, id, None, text) });
        store.write(&[
            role(1, Role::Assistant), role(2, Role::System), role(3, Role::Tool),
            Write::AddMessage(reply(1, 4, 0)), chunk(4, text),
            Write::AddMessage(Message { status: Status::Interrupted, ..said(1, 5, None, "a needle and no more") }),
        ]).unwrap();
        let mut found = ranked(store, "needle", None);
        found.sort_unstable();
        assert_eq!(found, [0, 1, 5]);
        store.write(&[finished(&reply(1, 4, 0), text)]).unwrap();
        assert_eq!(ranked(store, "needle", None).len(), 4);
    }

    fn a_ranking_stays_within_one_conversation_and_out_of_deleted_ones(store: &mut dyn Store) {
        store.write(&[put(1, "one"), put(2, "two"), put(3, "three")]).unwrap();
        for (id, conversation) in [1, 2, 1, 3, 2].into_iter().enumerate() {
            let text = format!("needle{} straw", " needle".repeat(id));
            store.write(&[Write::AddMessage(said(conversation, id as u128, None, &text))]).unwrap();
        }
        assert_eq!(ranked(store, "needle", Some(1)), [2, 0]);
        assert_eq!(ranked(store, "needle", Some(2)), [4, 1]);
        assert_eq!(ranked(store, "needle", Some(9)), [0; 0]);
        let found = store.rank("needle", None, 1).unwrap();
        assert_eq!((found[0].conversation, found[0].message), (conversation_id(2), message_id(4)));
        store.write(&[Write::DeleteConversation(conversation_id(2))]).unwrap();
        assert_eq!(ranked(store, "needle", None), [3, 2, 0]);
        assert_eq!(ranked(store, "needle", Some(2)), [0; 0]);
        store.write(&[Write::PurgeDeleted { before_ms: i64::MAX }]).unwrap();
        assert_eq!(ranked(store, "needle", None), [3, 2, 0]);
    }
}

/// Both stores with the same many messages of a few words.
fn both(messages: u128) -> (tempfile::TempDir, SqliteStore, MemoryStore) {
    const WORDS: [&str; 12] = ["the", "of", "a", "tax", "रुपये", "house", "PPF", "it's", "C++", "भाषा", "100%", "naïve"];
    let folder = tempfile::tempdir().unwrap();
    let (mut disk, mut memory) = (open(folder.path()), MemoryStore::new());
    let mut dice = Dice(5);
    let mut writes = vec![put(1, "one"), put(2, "two")];
    for id in 0..messages {
        // The first words far oftener than the last.
        let mut word = || WORDS[(dice.roll(12) * dice.roll(12) / 12) as usize];
        let text: Vec<&str> = (0..=id % 9).map(|_| word()).collect();
        writes.push(Write::AddMessage(said(1 + id % 2, id, None, &text.join(" "))));
    }
    disk.write(&writes).unwrap();
    memory.write(&writes).unwrap();
    (folder, disk, memory)
}

#[test]
fn both_stores_give_the_same_scores() {
    for messages in [200, 1_300] {
        let (_folder, mut disk, mut memory) = both(messages);
        for query in ["भाषा of the house", "C++", "naive it's tax", "ppf 100 a रुपये the", "the"] {
            for within in [None, Some(conversation_id(2))] {
                let one = disk.rank(query, within, 2_000).unwrap();
                let other = memory.rank(query, within, 2_000).unwrap();
                assert!(one.len() > 5, "{query}");
                assert_eq!(one.len(), other.len(), "{query} of {messages}");
                let scores: HashMap<_, _> = other.iter().map(|ranked| (ranked.message, ranked.score)).collect();
                for ranked in one {
                    let score = scores[&ranked.message];
                    assert!((ranked.score - score).abs() < 1e-9, "{query}: {} on disk, {score}", ranked.score);
                }
            }
        }
    }
}

#[test]
fn in_a_large_store_common_words_are_looked_for_only_where_there_are_no_others() {
    let (_folder, mut disk, mut memory) = both(1_300);
    for store in [&mut disk as &mut dyn Store, &mut memory] {
        let rare = ranked(store, "भाषा", None);
        assert!((50..200).contains(&rare.len()), "{}", rare.len());
        assert_eq!(ranked(store, "the भाषा", None), rare);
        assert!(store.rank("the", None, 2_000).unwrap().len() > 500);
    }
}
