use munshi::store::{Store, Write};

use crate::support::*;

fn fill(store: &mut dyn Store, texts: &[&str]) {
    store.write(&[put(1, "the title")]).unwrap();
    for (id, text) in texts.iter().enumerate() {
        store.write(&[Write::AddMessage(said(1, id as u128, None, text))]).unwrap();
    }
}

/// The numbers of the found messages, in order of number.
fn found(store: &mut dyn Store, query: &str) -> Vec<u128> {
    let hits = store.search(query, 100).unwrap();
    let mut numbers: Vec<u128> = hits.iter().map(|hit| hit.message.0.as_u128() >> 64).collect();
    numbers.sort_unstable();
    numbers
}

on_both! {
    fn hindi_is_found_by_word_in_either_spelling(store: &mut dyn Store) {
        fill(store, &["यह है", "हिन्दी में लिखो", "हिंदी भाषा", "हि", "क्\u{200D}षमा"]);
        assert_eq!(found(store, "हि"), [3]);
        assert_eq!(found(store, "है"), [0]);
        assert_eq!(found(store, "हिन्दी"), [1, 2]);
        assert_eq!(found(store, "हिंदी"), [1, 2]);
        assert_eq!(found(store, "हिंदी भाषा"), [2]);
        assert_eq!(found(store, "क्षमा"), [4]);
    }

    fn signs_are_taken_as_they_are_and_never_as_syntax(store: &mut dyn Store) {
        fill(store, &["I like C++ more", "plan C", "it's fine", "it is fine", "well done 🙂", "100% sure", "a NEAR b"]);
        assert_eq!(found(store, "C++"), [0]);
        assert_eq!(found(store, "c"), [0, 1]);
        assert_eq!(found(store, "it's"), [2]);
        assert_eq!(found(store, "it’s"), [2]);
        assert_eq!(found(store, "it"), [2, 3]);
        assert_eq!(found(store, "🙂"), [4]);
        assert_eq!(found(store, "done 🙂"), [4]);
        assert_eq!(found(store, "100%"), [5]);
        assert_eq!(found(store, "near"), [6]);
        for nothing in ["", "  ", "\"", "NOT", "fine AND", "*", "a*", "text:a", "(", "^a", "{a b}", "\0", "-"] {
            assert_eq!(found(store, nothing), [0; 0], "{nothing:?}");
        }
    }

    fn every_word_must_be_there_in_any_case_accent_and_order(store: &mut dyn Store) {
        fill(store, &["The Café is OPEN", "open the door", "STRASSE", "日本 語", "தமிழ் மொழி"]);
        assert_eq!(found(store, "open THE"), [0, 1]);
        assert_eq!(found(store, "cafe open"), [0]);
        assert_eq!(found(store, "caf"), [0; 0]);
        assert_eq!(found(store, "straße"), [2]);
        assert_eq!(found(store, "日本"), [3]);
        assert_eq!(found(store, "மொழி"), [4]);
    }

    fn a_hit_names_its_place_and_shows_the_words_around_it(store: &mut dyn Store) {
        let long = format!("{} the needle\nlies here {}", "hay ".repeat(500), "straw ".repeat(500));
        fill(store, &["nothing", &long]);
        let hits = store.search("needle", 10).unwrap();
        assert_eq!(hits.len(), 1);
        assert_eq!((hits[0].conversation, hits[0].message), (conversation_id(1), message_id(1)));
        assert_eq!(hits[0].title, "the title");
        assert!(hits[0].excerpt.contains("hay the needle lies here straw"), "{}", hits[0].excerpt);
        assert!(hits[0].excerpt.chars().count() < 170);
    }

    fn the_best_come_first_and_no_more_than_asked_for(store: &mut dyn Store) {
        fill(store, &["one rupee and many other words that say little", "rupee rupee rupee", "rupee"]);
        let hits = store.search("rupee", 2).unwrap();
        assert_eq!(hits.len(), 2);
        assert_eq!(hits[0].message, message_id(1));
        assert_eq!(store.search("rupee", 0).unwrap(), []);
    }
}
