use munshi::chat::{ConversationMeta, MetaPart, ModelRef, Status};
use munshi::store::{Store, StoreError, Summary, Write};

use crate::support::*;

on_both! {
    fn a_conversation_comes_back_as_it_was_put(store: &mut dyn Store) {
        let first = meta(1, "नमस्ते \0 '\"; DROP TABLE");
        store.write(&[Write::PutConversation(first.clone())]).unwrap();
        assert_eq!(store.load(first.id).unwrap().meta, first);
        let second = ConversationMeta {
            title: "Renamed".into(), titled_by_user: true, model: ModelRef::new("groq", "a/b"), system: String::new(),
            temperature: None, max_tokens: None, pinned: true, updated_ms: NOW_MS + 5, ..first
        };
        store.write(&[Write::PutConversation(second.clone())]).unwrap();
        let saved = store.load(second.id).unwrap();
        assert_eq!((saved.meta, saved.messages, saved.draft), (second.clone(), Vec::new(), String::new()));
        let summary = Summary {
            id: second.id, title: "Renamed".into(), model: "groq/a/b".into(), pinned: true,
            updated_ms: NOW_MS + 5, messages: 0,
        };
        assert_eq!(store.list("", 0, 10).unwrap(), [summary]);
    }

    fn a_turn_in_one_window_keeps_what_another_window_changed(store: &mut dyn Store) {
        let untitled = meta(1, "");
        store.write(&[Write::TouchConversation(untitled.clone()), put(2, "two")]).unwrap();
        assert_eq!(store.load(untitled.id).unwrap().meta, untitled, "it is created");
        let titled = ConversationMeta { title: "From the question".into(), updated_ms: NOW_MS + 5, ..untitled };
        store.write(&[Write::TouchConversation(titled.clone())]).unwrap();
        assert_eq!(store.load(titled.id).unwrap().meta, titled, "it had no title");
        assert_eq!(titles(store, ""), ["From the question", "two"]);
        let patch = Write::PatchConversation { id: titled.id, title: Some("Mine".into()), pinned: Some(true) };
        let stale = ConversationMeta { system: "Rhyme.".into(), updated_ms: NOW_MS + 3, ..titled.clone() };
        store.write(&[patch, Write::TouchConversation(stale)]).unwrap();
        let expected = ConversationMeta { title: "Mine".into(), titled_by_user: true, pinned: true, ..titled };
        assert_eq!(store.load(expected.id).unwrap().meta, expected);
        assert_eq!(titles(store, "mine"), ["Mine"]);
    }

    fn a_change_takes_over_its_own_part_alone(store: &mut dyn Store) {
        let kept = meta(1, "one");
        store.write(&[Write::PutConversation(kept.clone()), put(2, "two")]).unwrap();
        let other = ConversationMeta {
            title: "Renamed".into(), titled_by_user: true, model: ModelRef::new("groq", "a/b"), system: String::new(),
            temperature: None, max_tokens: None, pinned: true, updated_ms: NOW_MS + 5, ..kept.clone()
        };
        let mut expected = ConversationMeta { updated_ms: NOW_MS + 5, ..kept };
        let change = |part| [Write::ChangeConversation { meta: other.clone(), part }];
        store.write(&change(MetaPart::Title)).unwrap();
        (expected.title, expected.titled_by_user) = (other.title.clone(), true);
        assert_eq!(store.load(expected.id).unwrap().meta, expected);
        assert_eq!((titles(store, ""), titles(store, "renamed")), (vec!["Renamed".into(), "two".into()], vec!["Renamed".into()]));
        store.write(&change(MetaPart::Model)).unwrap();
        expected.model = other.model.clone();
        assert_eq!(store.load(expected.id).unwrap().meta, expected);
        store.write(&change(MetaPart::System)).unwrap();
        expected.system = String::new();
        assert_eq!(store.load(expected.id).unwrap().meta, expected);
        store.write(&change(MetaPart::Temperature)).unwrap();
        expected.temperature = None;
        assert_eq!(store.load(expected.id).unwrap().meta, expected);
        store.write(&change(MetaPart::MaxTokens)).unwrap();
        expected.max_tokens = None;
        assert_eq!(store.load(expected.id).unwrap().meta, expected);
        store.write(&change(MetaPart::Pinned)).unwrap();
        assert_eq!(store.load(other.id).unwrap().meta, other);
        let unknown = ConversationMeta { id: conversation_id(9), ..other };
        store.write(&[Write::ChangeConversation { meta: unknown, part: MetaPart::Title }]).unwrap();
        assert_eq!(store.list("", 0, 9).unwrap().len(), 2, "nothing is created");
    }

    fn a_patch_renames_and_pins_and_leaves_the_rest(store: &mut dyn Store) {
        store.write(&[put(1, "one"), put(2, "two")]).unwrap();
        let patch = |title: Option<&str>, pinned| Write::PatchConversation {
            id: conversation_id(1), title: title.map(str::to_owned), pinned,
        };
        store.write(&[patch(Some("STRASSE"), None)]).unwrap();
        let expected = ConversationMeta { titled_by_user: true, ..meta(1, "STRASSE") };
        assert_eq!(store.load(conversation_id(1)).unwrap().meta, expected);
        assert_eq!(titles(store, "straße"), ["STRASSE"]);
        assert_eq!(titles(store, ""), ["two", "STRASSE"]);
        store.write(&[patch(None, Some(true))]).unwrap();
        assert_eq!(titles(store, ""), ["STRASSE", "two"]);
        store.write(&[patch(None, Some(false)), patch(None, None)]).unwrap();
        assert_eq!(store.load(conversation_id(1)).unwrap().meta, expected);
    }

    fn the_list_is_pinned_first_then_last_changed_first_and_pages(store: &mut dyn Store) {
        for number in 0..10 {
            store.write(&[put(number, &format!("chat {number}"))]).unwrap();
        }
        let pinned = ConversationMeta { pinned: true, ..meta(3, "chat 3") };
        store.write(&[Write::PutConversation(pinned)]).unwrap();
        store.write(&[Write::AddMessage(said(5, 1, None, "again"))]).unwrap();
        let all = titles(store, "");
        assert_eq!(all, ["chat 3", "chat 5", "chat 9", "chat 8", "chat 7", "chat 6", "chat 4", "chat 2", "chat 1", "chat 0"]);
        let page = |store: &mut dyn Store, filter: &str, offset, limit| -> Vec<String> {
            store.list(filter, offset, limit).unwrap().into_iter().map(|summary| summary.title).collect()
        };
        assert_eq!(page(store, "", 1, 3), all[1..4]);
        assert_eq!(page(store, "CHAT", 8, 5), all[8..]);
        assert_eq!(page(store, "", 10, 5), [""; 0]);
        assert_eq!(page(store, "", 0, 0), [""; 0]);
        assert_eq!(page(store, "", u64::MAX, u64::MAX), [""; 0]);
        assert_eq!(store.latest().unwrap(), Some(conversation_id(5)));
        assert_eq!(store.list("5", 0, 9).unwrap()[0].messages, 1);
    }

    fn row_29_a_clock_set_back_a_year_changes_no_order(store: &mut dyn Store) {
        const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;
        store.write(&[put(1, "before"), Write::AddMessage(said(1, 1, None, "first"))]).unwrap();
        let earlier = ConversationMeta { created_ms: NOW_MS - YEAR_MS, updated_ms: NOW_MS - YEAR_MS, ..meta(2, "after") };
        store.write(&[Write::PutConversation(earlier)]).unwrap();
        for number in 2..6 {
            let mut message = said(1, number, Some(number - 1), &format!("message {number}"));
            message.created_ms = NOW_MS - YEAR_MS - i64::try_from(number).unwrap();
            store.write(&[Write::AddMessage(message)]).unwrap();
        }
        assert_eq!(texts(store, 1), ["first", "message 2", "message 3", "message 4", "message 5"]);
        assert_eq!(store.latest().unwrap(), Some(conversation_id(1)));
        let back = ConversationMeta { updated_ms: NOW_MS - YEAR_MS + 1, ..meta(2, "after") };
        store.write(&[Write::PutConversation(back)]).unwrap();
        assert_eq!(titles(store, ""), ["after", "before"]);
        assert_eq!(store.latest().unwrap(), Some(conversation_id(2)));
    }

    fn the_filter_finds_parts_of_titles_without_regard_to_case(store: &mut dyn Store) {
        for (number, title) in ["Tax saving: ELSS or PPF", "Straße nach Köln", "हिन्दी में पत्र", "Ünïcode 100%_"].iter().enumerate() {
            store.write(&[put(number as u128, title)]).unwrap();
        }
        assert_eq!(titles(store, "ppf TAX"), ["Tax saving: ELSS or PPF"]);
        assert_eq!(titles(store, "tax köln"), [""; 0]);
        assert_eq!(titles(store, "STRASSE koln"), ["Straße nach Köln"]);
        assert_eq!(titles(store, "हिंदी"), ["हिन्दी में पत्र"]);
        assert_eq!(titles(store, "%_"), ["Ünïcode 100%_"]);
        assert_eq!(titles(store, " \t").len(), 4);
    }

    fn a_deleted_conversation_is_gone_until_it_is_undone(store: &mut dyn Store) {
        store.write(&[put(1, "one"), put(2, "two"), Write::AddMessage(said(2, 1, None, "hello"))]).unwrap();
        store.write(&[Write::DeleteConversation(conversation_id(2))]).unwrap();
        assert_eq!(titles(store, ""), ["one"]);
        assert_eq!(titles(store, "two"), [""; 0]);
        assert!(matches!(store.load(conversation_id(2)), Err(StoreError::NoConversation(id)) if id == conversation_id(2)));
        assert_eq!(store.latest().unwrap(), Some(conversation_id(1)));
        assert_eq!(store.search("hello", 9).unwrap(), []);
        store.write(&[Write::UndeleteConversation(conversation_id(2))]).unwrap();
        assert_eq!(titles(store, ""), ["two", "one"]);
        assert_eq!(texts(store, 2), ["hello"]);
        assert_eq!(store.search("hello", 9).unwrap().len(), 1);
        // Neither is there: nothing to do, and nothing to fail for.
        store.write(&[Write::DeleteConversation(conversation_id(9)), Write::UndeleteConversation(conversation_id(9))]).unwrap();
    }

    fn what_a_user_writes_brings_a_deleted_conversation_back(store: &mut dyn Store) {
        store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "a")), Write::AddMessage(reply(1, 2, 1))]).unwrap();
        store.write(&[Write::DeleteConversation(conversation_id(1))]).unwrap();
        store.write(&[put(1, "one"), finished(&reply(1, 2, 1), "b")]).unwrap();
        assert_eq!(titles(store, ""), [""; 0]);
        store.write(&[Write::AddMessage(said(1, 3, Some(2), "c"))]).unwrap();
        assert_eq!(texts(store, 1), ["a", "b", "c"]);
    }

    fn a_purge_takes_the_deleted_and_keeps_the_ledger(store: &mut dyn Store) {
        for number in [1, 2, 3] {
            let id = number * 10;
            store.write(&[put(number, "title"), Write::AddMessage(said(number, id, None, "purged words"))]).unwrap();
            store.write(&[
                Write::OpenAttempt(opening(number, id, None)), Write::CloseAttempt(closing(id, Some(7))),
                Write::PutDraft { conversation: Some(conversation_id(number)), text: "draft".into() },
            ]).unwrap();
        }
        store.write(&[Write::AddMessage(reply(2, 99, 20)), chunk(99, "still coming")]).unwrap();
        store.write(&[Write::DeleteConversation(conversation_id(1)), Write::DeleteConversation(conversation_id(2))]).unwrap();
        store.write(&[Write::PurgeDeleted { before_ms: NOW_MS }]).unwrap();
        store.write(&[Write::UndeleteConversation(conversation_id(1))]).unwrap();
        assert_eq!(texts(store, 1), ["purged words"], "deleted at that time, not before it");
        store.write(&[Write::DeleteConversation(conversation_id(1)), Write::PurgeDeleted { before_ms: i64::MAX }]).unwrap();
        let undone = [Write::UndeleteConversation(conversation_id(1)), Write::UndeleteConversation(conversation_id(2))];
        store.write(&undone).unwrap();
        assert!(store.load(conversation_id(1)).is_err());
        assert_eq!(store.draft(Some(conversation_id(1))).unwrap(), "");
        // A reply was streaming into it, which a purge waits for.
        assert_eq!(texts(store, 2), ["purged words", "still coming"]);
        assert_eq!(store.search("purged", 9).unwrap().len(), 2);
        assert_eq!(store.spend(munshi::store::Scope::Everything).unwrap().pico_usd, 21);
        assert_eq!(store.spend(munshi::store::Scope::Conversation(conversation_id(1))).unwrap().pico_usd, 7);
        // And it can be made anew.
        store.write(&[put(1, "again"), Write::AddMessage(said(1, 10, None, "new"))]).unwrap();
        assert_eq!(texts(store, 1), ["new"]);
    }

    fn drafts_are_kept_for_each_conversation_and_for_the_new_one(store: &mut dyn Store) {
        store.write(&[put(1, "one")]).unwrap();
        let draft = |number: Option<u128>, text: &str| Write::PutDraft {
            conversation: number.map(conversation_id), text: text.to_owned(),
        };
        assert_eq!(store.draft(None).unwrap(), "");
        store.write(&[draft(None, "new\n\0"), draft(Some(1), "first"), draft(Some(1), "of one")]).unwrap();
        assert_eq!(store.draft(None).unwrap(), "new\n\0");
        assert_eq!(store.draft(Some(conversation_id(1))).unwrap(), "of one");
        assert_eq!(store.load(conversation_id(1)).unwrap().draft, "of one");
        store.write(&[draft(None, ""), draft(Some(2), "")]).unwrap();
        assert_eq!(store.draft(None).unwrap(), "");
        assert_eq!(store.draft(Some(conversation_id(1))).unwrap(), "of one");
    }

    fn input_history_has_the_newest_last_and_no_neighbouring_repeats(store: &mut dyn Store) {
        for text in ["a", "a", "b", "", "b", "a", "ज्ञ"] {
            store.write(&[Write::AddInputHistory { text: text.into(), at_ms: NOW_MS }]).unwrap();
        }
        assert_eq!(store.input_history(100).unwrap(), ["a", "b", "a", "ज्ञ"]);
        assert_eq!(store.input_history(2).unwrap(), ["a", "ज्ञ"]);
        assert_eq!(store.input_history(0).unwrap(), [""; 0]);
        assert_eq!(store.input_history(u64::MAX).unwrap().len(), 4);
    }

    fn a_batch_is_applied_whole_or_not_at_all(store: &mut dyn Store) {
        store.write(&[put(1, "one")]).unwrap();
        let error = store.write(&[
            put(2, "two"),
            Write::AddMessage(said(1, 1, None, "text")),
            Write::PutDraft { conversation: None, text: "draft".into() },
            Write::OpenAttempt(opening(1, 1, Some(5))),
            Write::AddMessage(said(9, 2, None, "to nowhere")),
        ]).unwrap_err();
        assert!(matches!(error, StoreError::NoConversation(id) if id == conversation_id(9)), "{error}");
        assert_eq!(titles(store, ""), ["one"]);
        assert_eq!(texts(store, 1), [""; 0]);
        assert_eq!(store.draft(None).unwrap(), "");
        assert_eq!(store.search("text", 9).unwrap(), []);
        assert!(store.write(&[put(2, "two"), chunk(77, "of nothing")]).is_err());
        assert_eq!(titles(store, ""), ["one"]);
        store.write(&[]).unwrap();
    }

    fn what_is_not_there_is_said(store: &mut dyn Store) {
        assert_eq!(store.latest().unwrap(), None);
        assert_eq!(store.list("", 0, 10).unwrap(), []);
        let error = store.load(conversation_id(1)).unwrap_err();
        assert_eq!(error.to_string(), format!("no conversation {} is saved", conversation_id(1)));
        store.write(&[put(1, "one"), Write::AddMessage(reply(1, 2, 1))]).unwrap();
        // Its parent is gone: it is kept all the same.
        assert_eq!(store.load(conversation_id(1)).unwrap().messages[0].status, Status::Streaming);
    }
}
