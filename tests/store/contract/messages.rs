use munshi::chat::{Conversation, FinishReason, Message, ModelRef, PicoUsd, Role, Status, ToolCall, Usage};
use munshi::store::{Store, Write};

use crate::support::*;

/// A message with everything that one can have, at the edges of what it can have.
fn full(id: u128) -> Message {
    Message {
        id: message_id(id),
        conversation: conversation_id(1),
        parent: Some(message_id(1)),
        role: Role::Assistant,
        content: "नमस्ते 👨‍👩‍👧\0\r\n\u{202E}".to_owned(),
        reasoning: "hm".to_owned(),
        tool_calls: vec![ToolCall { id: "c1".into(), name: "run".into(), arguments: "{not json".into() }],
        origin: Some(munshi::chat::ToolOrigin::Mcp("files".to_owned())),
        tool_call_id: Some(String::new()),
        status: Status::Complete,
        model: Some(ModelRef::new("groq", "openai/gpt-oss-120b")),
        finish: Some(FinishReason::Other("weird".into())),
        usage: Some(Usage {
            input: u64::MAX,
            cached_input: 1,
            cache_write: 2,
            output: 3,
            reasoning: u64::MAX / 2,
            estimated: true,
        }),
        cost: Some(PicoUsd(i64::MAX)),
        created_ms: i64::MIN,
        took_ms: Some(u64::MAX),
        note: Some("answered by B (A: 503)".into()),
    }
}

on_both! {
    fn messages_come_back_whole_and_in_order(store: &mut dyn Store) {
        let mut expected = vec![said(1, 1, None, ""), full(2), said(1, 3, Some(2), "x")];
        for (id, role) in [(4, Role::System), (5, Role::Tool)] {
            expected.push(Message { role, ..said(1, id, Some(3), "role") });
        }
        for (id, finish) in [(6, FinishReason::Stop), (7, FinishReason::Length), (8, FinishReason::ContentFilter), (9, FinishReason::ToolCalls)] {
            expected.push(Message { finish: Some(finish), cost: Some(PicoUsd(-1)), ..full(id) });
        }
        for (id, status) in [(10, Status::Interrupted), (11, Status::Failed)] {
            expected.push(Message { status, usage: None, tool_calls: Vec::new(), ..full(id) });
        }
        let mut writes = vec![put(1, "one")];
        writes.extend(expected.iter().cloned().map(Write::AddMessage));
        store.write(&writes).unwrap();
        assert_eq!(store.load(conversation_id(1)).unwrap().messages, expected);
        assert_eq!(store.list("", 0, 1).unwrap()[0].messages, expected.len() as u64);
    }

    fn a_streaming_reply_grows_by_chunks_and_ends_once(store: &mut dyn Store) {
        let begun = reply(1, 2, 1);
        store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "hi")), Write::AddMessage(begun.clone())]).unwrap();
        for (text, reasoning) in [("", "let me "), ("हि", "think"), ("न्दी", ""), ("", "")] {
            let chunk = Write::AppendChunk { message: begun.id, text: text.into(), reasoning: reasoning.into() };
            store.write(&[chunk]).unwrap();
        }
        let shown = store.load(conversation_id(1)).unwrap().messages.pop().unwrap();
        assert_eq!(shown, Message { content: "हिन्दी".into(), reasoning: "let me think".into(), ..begun.clone() });
        assert_eq!(store.search("हिंदी", 9).unwrap(), [], "only finished messages are found");

        let ended = Message {
            status: Status::Interrupted, content: "हिन्दी!".into(), finish: Some(FinishReason::Length),
            usage: Some(Usage { input: 5, output: 2, ..Usage::default() }), cost: Some(PicoUsd(9)), took_ms: Some(800),
            note: Some("stopped".into()), ..begun.clone()
        };
        store.write(&[Write::FinishMessage(ended.clone())]).unwrap();
        assert_eq!(store.load(conversation_id(1)).unwrap().messages[1], ended);
        assert_eq!(store.search("हिंदी", 9).unwrap().len(), 1);

        // Append-only: what comes late changes nothing.
        store.write(&[chunk(2, "late"), finished(&begun, "rewritten"), Write::AddMessage(begun)]).unwrap();
        assert_eq!(store.load(conversation_id(1)).unwrap().messages[1], ended);
        assert_eq!(store.list("", 0, 1).unwrap()[0].messages, 2);
        assert_eq!(store.search("rewritten", 9).unwrap(), []);
    }

    fn a_reply_that_was_never_begun_is_kept_when_it_ends(store: &mut dyn Store) {
        let failed = Message { status: Status::Failed, note: Some("no connection".into()), ..reply(1, 2, 1) };
        store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "hi")), Write::FinishMessage(failed.clone())]).unwrap();
        assert_eq!(store.load(conversation_id(1)).unwrap().messages[1], failed);
        assert_eq!(store.list("", 0, 1).unwrap()[0].messages, 2);
    }

    fn row_08_twenty_failed_regenerations_leave_the_old_reply_standing(store: &mut dyn Store) {
        let good = Message { status: Status::Complete, content: "good".into(), ..reply(1, 2, 1) };
        store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "hi")), Write::AddMessage(good.clone())]).unwrap();
        for id in 3..23 {
            let failed = Message { status: Status::Failed, ..reply(1, id, 1) };
            store.write(&[Write::AddMessage(reply(1, id, 1)), Write::FinishMessage(failed)]).unwrap();
        }
        let saved = store.load(conversation_id(1)).unwrap();
        assert_eq!(saved.messages.len(), 22);
        let shown = Conversation::restore(saved.meta, saved.messages);
        assert_eq!(shown.leaf(), Some(&good));
    }

    fn many_replies_may_stream_at_once(store: &mut dyn Store) {
        let mut writes = vec![put(1, "one"), put(2, "two"), Write::AddMessage(said(1, 1, None, "a")), Write::AddMessage(said(2, 2, None, "b"))];
        writes.extend([reply(1, 11, 1), reply(1, 12, 1), reply(2, 21, 2)].map(Write::AddMessage));
        store.write(&writes).unwrap();
        for _ in 0..3 {
            store.write(&[chunk(21, "z"), chunk(11, "x"), chunk(12, "y"), chunk(11, "x")]).unwrap();
        }
        assert_eq!(texts(store, 1), ["a", "xxxxxx", "yyy"]);
        store.write(&[finished(&reply(1, 11, 1), "xxxxxx")]).unwrap();
        assert_eq!(texts(store, 1), ["a", "xxxxxx", "yyy"]);
        assert_eq!(texts(store, 2), ["b", "zzz"]);
    }
}
