//! A clock that goes backwards.

use munshi::chat::{Conversation, ConversationId, ConversationMeta, Message, MessageId, ModelRef, Role};
use munshi::store::sqlite::{OpenOptions, SqliteStore};
use munshi::store::{Store as _, Write};
use uuid::Uuid;

use super::support::launch::Home;
use super::support::replies::sse_reply;
use super::support::server::Server;
use super::world::{ask, database, leave, munshi, start};

const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;
const NOW_MS: i64 = 1_800_000_000_000;

fn meta(id: u128, title: &str, at: i64) -> ConversationMeta {
    ConversationMeta {
        title: title.to_owned(),
        ..ConversationMeta::new(ConversationId(Uuid::from_u128(id)), ModelRef::new("openai", "gpt-4o-mini"), at)
    }
}

#[test]
fn row_29_messages_stand_in_the_order_they_were_written_in_whatever_the_clock_said() {
    let home = Home::new();
    let mut store =
        SqliteStore::open(&database(&home), OpenOptions { now_ms: NOW_MS, ..OpenOptions::default() }).unwrap().store;
    let early = meta(1, "written first", NOW_MS);
    let late = meta(2, "written last", NOW_MS - YEAR_MS);
    store.write(&[Write::PutConversation(early.clone()), Write::PutConversation(late.clone())]).unwrap();
    let mut parent = None;
    for n in 0..6_u8 {
        let id = MessageId(Uuid::from_u128(100 - u128::from(n)));
        let role = if n % 2 == 0 { Role::User } else { Role::Assistant };
        let at = NOW_MS - i64::from(n) * YEAR_MS;
        let message = Message::text(id, late.id, parent, role, format!("message number {n}"), at);
        store.write(&[Write::AddMessage(message)]).unwrap();
        parent = Some(id);
    }
    assert!(Conversation::restore(late.clone(), store.load(late.id).unwrap().messages).len() == 6);
    drop(store);

    let server = Server::replies([sse_reply(&["message number 7"])]);
    let session = start(munshi(&home, &server).arg("-c"));
    session.wait_for_text("message number 5");
    let screen = ask(&session, &home, "message number 6", 4);
    let rows: Vec<usize> = (0..8).map(|n| screen.row_of(&format!("message number {n}")).unwrap()).collect();
    assert!(rows.is_sorted(), "{rows:?}\n{}", &*screen);
    let sent = server.requests()[0].messages();
    let order: Vec<String> = sent.into_iter().map(|(_, text)| text).collect();
    assert_eq!(order, (0..7).map(|n| format!("message number {n}")).collect::<Vec<_>>());
    leave(&session, &home);
}
