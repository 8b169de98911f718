use munshi::chat::context::{ContextNotes, History, Mark, Strategy, Summary};
use munshi::chat::embedding::{Embedded, EmbeddingModel};
use munshi::chat::{ConversationMeta, Message, MessageId, MetaPart, ModelRef, Role, Status};
use munshi::store::{Store, StoreError, Write};

use crate::support::*;

pub fn mark(conversation: u128, message: u128, mark: Option<Mark>) -> Write {
    Write::SetMark { conversation: conversation_id(conversation), message: message_id(message), mark }
}

pub fn summary(id: u128, text: &str) -> Summary {
    Summary {
        id: message_id(id),
        upto: message_id(id + 1),
        text: text.to_owned(),
        model: ModelRef::new("groq", "openai/gpt-oss-120b"),
        created_ms: NOW_MS,
        automatic: false,
    }
}

pub fn put_summary(conversation: u128, summary: &Summary) -> Write {
    Write::PutSummary { conversation: conversation_id(conversation), summary: summary.clone() }
}

pub fn small(provider: &str, dims: u32) -> EmbeddingModel {
    EmbeddingModel { model: ModelRef::new(provider, "text-embedding-3-small"), dims }
}

pub fn vectors(with: &EmbeddingModel, all: &[(u128, &[f32])]) -> Write {
    let vectors = all.iter().map(|(id, vector)| (message_id(*id), vector.to_vec())).collect();
    Write::PutEmbeddings { with: with.clone(), vectors }
}

fn notes(store: &mut dyn Store, conversation: u128) -> ContextNotes {
    store.load(conversation_id(conversation)).unwrap().notes
}

/// The vectors of `with`, each with the number of its message.
fn kept(store: &mut dyn Store, with: &EmbeddingModel, within: Option<u128>) -> Vec<(u128, Vec<f32>)> {
    let found = store.embeddings(with, within.map(conversation_id)).unwrap();
    found.into_iter().map(|Embedded { message, vector, .. }| (message.0.as_u128() >> 64, vector)).collect()
}

fn unembedded(store: &mut dyn Store, with: &EmbeddingModel, within: Option<u128>, limit: u64) -> Vec<u128> {
    let found = store.unembedded(with, within.map(conversation_id), limit).unwrap();
    found.into_iter().map(|excerpt| excerpt.message.0.as_u128() >> 64).collect()
}

on_both! {
    fn a_chats_choice_of_history_comes_back_and_is_changed_by_itself(store: &mut dyn Store) {
        let chosen = History {
            strategy: Strategy::Retrieve, max_messages: Some(u32::MAX), max_tokens: Some(u64::MAX), everywhere: true,
        };
        let first = ConversationMeta { history: chosen, ..meta(1, "one") };
        store.write(&[Write::PutConversation(first.clone())]).unwrap();
        assert_eq!(store.load(first.id).unwrap().meta, first);
        for strategy in Strategy::ALL {
            let history = History { strategy, max_messages: None, max_tokens: Some(9), everywhere: false };
            let other = ConversationMeta { title: "not taken over".into(), history, ..first.clone() };
            store.write(&[Write::ChangeConversation { meta: other, part: MetaPart::History }]).unwrap();
            assert_eq!(store.load(first.id).unwrap().meta, ConversationMeta { history, ..first.clone() });
        }
        // A turn in a window that does not know of the change leaves it.
        store.write(&[Write::TouchConversation(first.clone())]).unwrap();
        assert_eq!(store.load(first.id).unwrap().meta.history.strategy, Strategy::Retrieve);
        assert_eq!(store.load(first.id).unwrap().meta.history.max_tokens, Some(9));
        store.write(&[Write::PutConversation(first.clone())]).unwrap();
        assert_eq!(store.load(first.id).unwrap().meta.history, chosen);
    }

    fn a_mark_is_set_changed_and_taken_away(store: &mut dyn Store) {
        store.write(&[put(1, "one"), put(2, "two"), Write::AddMessage(said(1, 1, None, "hi"))]).unwrap();
        store.write(&[
            mark(1, 1, Some(Mark::Pinned)), mark(1, 2, Some(Mark::LeftOut)), mark(1, 2, Some(Mark::Pinned)),
            mark(1, 3, Some(Mark::LeftOut)), mark(2, 9, Some(Mark::LeftOut)), mark(9, 9, Some(Mark::Pinned)),
        ]).unwrap();
        store.write(&[mark(1, 1, None), mark(1, 77, None), mark(9, 9, None)]).unwrap();
        let expected = [(message_id(2), Mark::Pinned), (message_id(3), Mark::LeftOut)];
        assert_eq!(notes(store, 1).marks.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(notes(store, 2).marks.into_iter().collect::<Vec<_>>(), [(message_id(9), Mark::LeftOut)]);
        assert_eq!(titles(store, ""), ["one", "two"], "a mark changes no order");
        // What is put again keeps its marks.
        store.write(&[put(1, "renamed")]).unwrap();
        assert_eq!(notes(store, 1).marks.len(), 2);
    }

    fn summaries_keep_their_order_and_are_replaced_where_they_stand(store: &mut dyn Store) {
        store.write(&[put(1, "one"), put(2, "two")]).unwrap();
        let full = Summary { automatic: true, created_ms: i64::MIN, text: "नमस्ते \0".into(), ..summary(30, "") };
        store.write(&[
            put_summary(1, &full), put_summary(1, &summary(10, "second")), put_summary(2, &summary(20, "other")),
            put_summary(1, &summary(40, "third")), put_summary(9, &summary(50, "of nothing")),
        ]).unwrap();
        assert_eq!(notes(store, 1).summaries, [full.clone(), summary(10, "second"), summary(40, "third")]);
        let edited = Summary { upto: message_id(99), automatic: true, ..summary(10, "edited") };
        store.write(&[put_summary(1, &edited), Write::DropSummary(full.id), Write::DropSummary(message_id(77))]).unwrap();
        assert_eq!(notes(store, 1).summaries, [edited.clone(), summary(40, "third")]);
        // The last one undone and made again stands last, and is still one.
        store.write(&[Write::DropSummary(edited.id), put_summary(1, &edited), put_summary(2, &edited)]).unwrap();
        assert_eq!(notes(store, 1).summaries, [summary(40, "third"), edited]);
        assert_eq!(notes(store, 2).summaries, [summary(20, "other")]);
    }

    fn a_vector_is_kept_for_each_message_and_model(store: &mut dyn Store) {
        let (with, longer, elsewhere) = (small("openai", 2), small("openai", 3), small("azure", 2));
        store.write(&[put(1, "one"), put(2, "two")]).unwrap();
        for id in 1..4 {
            store.write(&[Write::AddMessage(said(1 + id / 3, id, None, "text"))]).unwrap();
        }
        let odd = [f32::MIN_POSITIVE, -0.0];
        store.write(&[
            vectors(&with, &[(3, &[3.0, 0.5]), (1, &odd), (99, &[9.0, 9.0])]),
            vectors(&longer, &[(1, &[1.0, 2.0, 3.0])]),
            vectors(&elsewhere, &[(1, &[7.0, 7.0])]),
        ]).unwrap();
        let first = (1, odd.to_vec());
        assert_eq!(kept(store, &with, None), [first.clone(), (3, vec![3.0, 0.5])]);
        assert!(kept(store, &with, None)[0].1[1].is_sign_negative());
        assert_eq!(kept(store, &with, Some(2)), [(3, vec![3.0, 0.5])]);
        assert_eq!(kept(store, &longer, None), [(1, vec![1.0, 2.0, 3.0])]);
        assert_eq!(kept(store, &elsewhere, Some(1)), [(1, vec![7.0, 7.0])]);
        assert_eq!(kept(store, &small("openai", 4), None), []);
        store.write(&[vectors(&with, &[(3, &[4.0, 4.0])])]).unwrap();
        assert_eq!(kept(store, &with, None), [first.clone(), (3, vec![4.0, 4.0])]);
        assert_eq!(kept(store, &elsewhere, None), [(1, vec![7.0, 7.0])], "another model's stays");
        store.write(&[Write::DeleteConversation(conversation_id(2))]).unwrap();
        assert_eq!(kept(store, &with, None), [first]);
        assert_eq!(kept(store, &with, Some(2)), []);
    }

    fn a_vector_of_another_length_is_refused_with_its_whole_batch(store: &mut dyn Store) {
        let with = small("openai", 2);
        store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "text"))]).unwrap();
        let error = store.write(&[put(2, "two"), vectors(&with, &[(1, &[1.0, 2.0, 3.0])])]).unwrap_err();
        assert!(error.is_hopeless(), "{error:?}");
        assert!(error.to_string().contains("a vector of 3 numbers came for text-embedding-3-small"), "{error}");
        assert_eq!((titles(store, ""), kept(store, &with, None)), (vec!["one".to_owned()], Vec::new()));
    }

    fn what_has_no_vector_yet_is_told_the_newest_first(store: &mut dyn Store) {
        let with = small("openai", 1);
        store.write(&[put(1, "one"), put(2, "two")]).unwrap();
        let role = |id, role| Write::AddMessage(Message { role, ..said(1, id, None, "text") });
        store.write(&[
            role(1, Role::User), role(2, Role::Assistant), role(3, Role::System), role(4, Role::Tool),
            Write::AddMessage(said(1, 5, None, " \n")), Write::AddMessage(said(2, 6, None, "of two")),
            Write::AddMessage(reply(2, 7, 6)), chunk(7, "still coming"),
            Write::AddMessage(Message { status: Status::Interrupted, ..said(2, 8, None, "half") }),
        ]).unwrap();
        assert_eq!(unembedded(store, &with, None, 9), [8, 6, 2, 1]);
        assert_eq!(unembedded(store, &with, None, 2), [8, 6]);
        assert_eq!(unembedded(store, &with, None, 0), []);
        assert_eq!(unembedded(store, &with, Some(1), 9), [2, 1]);
        store.write(&[vectors(&with, &[(6, &[1.0]), (2, &[1.0])]), finished(&reply(2, 7, 6), "came")]).unwrap();
        assert_eq!(unembedded(store, &with, None, 9), [8, 7, 1]);
        assert_eq!(unembedded(store, &small("azure", 1), None, 9), [8, 7, 6, 2, 1]);
        store.write(&[Write::DeleteConversation(conversation_id(2))]).unwrap();
        assert_eq!(unembedded(store, &with, None, 9), [1]);
        assert_eq!(unembedded(store, &with, Some(2), 9), []);
        let excerpt = &store.unembedded(&with, None, 1).unwrap()[0];
        let told = (excerpt.conversation, excerpt.title.as_str(), excerpt.role, excerpt.content.as_str(), excerpt.created_ms);
        assert_eq!(told, (conversation_id(1), "one", Role::User, "text", NOW_MS));
    }

    fn what_the_user_left_out_is_neither_embedded_nor_quoted(store: &mut dyn Store) {
        let with = small("openai", 1);
        let mark = |mark| Write::SetMark { conversation: conversation_id(1), message: message_id(1), mark };
        store.write(&[
            put(1, "one"), Write::AddMessage(said(1, 1, None, "secret")), Write::AddMessage(said(1, 2, Some(1), "plain")),
            mark(Some(Mark::LeftOut)),
        ]).unwrap();
        let quoted = |store: &mut dyn Store| store.excerpts(&[message_id(1), message_id(2)]).unwrap().len();
        assert_eq!((unembedded(store, &with, None, 9), quoted(store)), (vec![2], 1));
        store.write(&[mark(Some(Mark::Pinned))]).unwrap();
        assert_eq!((unembedded(store, &with, None, 9), quoted(store)), (vec![2, 1], 2));
    }

    fn an_answer_is_left_out_with_its_question_and_a_tools_result_with_its_call(store: &mut dyn Store) {
        let with = small("openai", 1);
        let tool = Message { role: Role::Tool, ..said(1, 3, Some(2), "the tool's") };
        let answers = [finished(&reply(1, 2, 1), "looks it up"), finished(&reply(1, 4, 3), "the answer")];
        let [call, answer] = [reply(1, 2, 1), reply(1, 4, 3)].map(Write::AddMessage);
        store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "secret")), call]).unwrap();
        store.write(&[Write::AddMessage(tool), answer, Write::AddMessage(said(1, 5, Some(4), "and?"))]).unwrap();
        store.write(&answers).unwrap();
        let quoted = |store: &mut dyn Store| -> Vec<MessageId> {
            let all: Vec<_> = (1..=5).map(message_id).collect();
            store.excerpts(&all).unwrap().into_iter().map(|excerpt| excerpt.message).collect()
        };
        let ids = |ids: &[u128]| ids.iter().copied().map(message_id).collect::<Vec<_>>();
        store.write(&[mark(1, 1, Some(Mark::LeftOut))]).unwrap();
        assert_eq!((unembedded(store, &with, None, 9), quoted(store)), (vec![5], ids(&[5])), "its whole turn");
        store.write(&[mark(1, 1, None), mark(1, 2, Some(Mark::LeftOut))]).unwrap();
        assert_eq!((unembedded(store, &with, None, 9), quoted(store)), (vec![5, 4, 1], ids(&[1, 4, 5])));
        store.write(&[mark(1, 2, None), mark(1, 5, Some(Mark::LeftOut))]).unwrap();
        assert_eq!((unembedded(store, &with, None, 9), quoted(store)), (vec![4, 2, 1], ids(&[1, 2, 3, 4])));
    }

    fn excerpts_come_in_the_order_asked_for_without_what_is_gone(store: &mut dyn Store) {
        store.write(&[put(1, "one"), put(2, "two")]).unwrap();
        store.write(&[
            Write::AddMessage(said(1, 1, None, "first")), Write::AddMessage(said(2, 2, None, "second")),
            Write::AddMessage(reply(1, 3, 1)), chunk(3, "so "), chunk(3, "far"),
        ]).unwrap();
        let ask = |store: &mut dyn Store, ids: &[u128]| -> Vec<(String, String)> {
            let ids: Vec<_> = ids.iter().copied().map(message_id).collect();
            store.excerpts(&ids).unwrap().into_iter().map(|excerpt| (excerpt.title, excerpt.content)).collect()
        };
        let said = |title: &str, text: &str| (title.to_owned(), text.to_owned());
        assert_eq!(ask(store, &[3, 2, 99, 1]), [said("one", "so far"), said("two", "second"), said("one", "first")]);
        store.write(&[Write::DeleteConversation(conversation_id(2))]).unwrap();
        assert_eq!(ask(store, &[2, 1]), [said("one", "first")]);
        assert_eq!(ask(store, &[]), []);
    }

    fn a_purge_takes_marks_summaries_and_vectors_with_it(store: &mut dyn Store) {
        let with = small("openai", 1);
        let write_all = |store: &mut dyn Store, number: u128| store.write(&[
            put(number, "title"), Write::AddMessage(said(number, number, None, "text")),
            mark(number, number, Some(Mark::Pinned)), put_summary(number, &summary(number * 10, "short")),
            vectors(&with, &[(number, &[1.0])]),
        ]).unwrap();
        write_all(store, 1);
        write_all(store, 2);
        store.write(&[Write::DeleteConversation(conversation_id(1)), Write::UndeleteConversation(conversation_id(1))]).unwrap();
        assert_eq!((notes(store, 1).marks.len(), notes(store, 1).summaries.len()), (1, 1), "an undone deletion keeps them");
        store.write(&[Write::DeleteConversation(conversation_id(1)), Write::PurgeDeleted { before_ms: i64::MAX }]).unwrap();
        assert!(matches!(store.load(conversation_id(1)), Err(StoreError::NoConversation(_))));
        store.write(&[put(1, "anew"), Write::AddMessage(said(1, 1, None, "text"))]).unwrap();
        assert_eq!(notes(store, 1), ContextNotes::default());
        assert_eq!(kept(store, &with, None), [(2, vec![1.0])]);
        assert_eq!(notes(store, 2).summaries, [summary(20, "short")]);
        // The id of what was purged is free.
        store.write(&[put_summary(1, &summary(10, "again"))]).unwrap();
        assert_eq!(notes(store, 1).summaries, [summary(10, "again")]);
    }
}
