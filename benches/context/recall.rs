//! How often an answer that was given long ago is found again, and so sent: by the demo's vectors over the wire, by words
//! in the store, and by sending the last messages alone.

use std::collections::HashSet;
use std::sync::Arc;

use munshi::chat::{Conversation, ConversationId, ConversationMeta, Message, MessageId, ModelRef, Role};
use munshi::demo::{DemoServer, Pace};
use munshi::provider::openai::{Endpoint, EndpointTable, HttpOptions, OpenAiProvider};
use munshi::runtime::ids;
use munshi::session::RankedBy;
use munshi::session::event::Found;
use munshi::store::{Store as _, Write};
use uuid::Uuid;

use super::planted::{Question, conversation};
use super::world::{Asked, World, model, store};

/// Messages that plain truncation sends.
const LAST: usize = 20;
/// Messages that are found for a question.
const MOST: u32 = 8;

pub async fn print() {
    let (said, questions) = conversation();
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let mut messages = said.iter().enumerate().map(|(at, text)| message(at, text)).collect::<Vec<_>>();
    let mut writes = vec![Write::PutConversation(meta())];
    writes.extend(messages.iter().cloned().map(Write::AddMessage));
    store.write(&writes).unwrap();
    let server = DemoServer::start_at(Pace::Instant).unwrap();
    let table = EndpointTable::default();
    table.set("openai", Endpoint::keyless(server.base_url()));
    let provider = OpenAiProvider::new(table, HttpOptions { system_proxies: false, ..HttpOptions::default() });
    let mut world = World::new(store, Arc::new(provider), chat());
    loop {
        let missing = world.index(false).await;
        if missing.is_empty() {
            break;
        }
        world.embed(missing).await;
    }
    let mut by_meaning = HashSet::new();
    let mut by_words = HashSet::new();
    let mut by_place = HashSet::new();
    for (number, Question { text, answer }) in questions.iter().enumerate() {
        let asked = message(messages.len(), text);
        let question = asked.id;
        messages.push(asked.clone());
        world.runtime.store().write(vec![Write::AddMessage(asked)], None);
        world.embed(vec![(question, text.clone())]).await;
        for (by, hits) in [(RankedBy::Meaning(model()), &mut by_meaning), (RankedBy::Words, &mut by_words)] {
            let (searched_by, found) =
                world.search(Asked { question, text, by: by.clone(), everywhere: false, most: MOST }).await;
            assert_eq!(searched_by, by);
            if holds(&found, messages[*answer].id) {
                hits.insert(number);
            }
        }
        if *answer + LAST >= messages.len() {
            by_place.insert(number);
        }
    }
    let half = questions.len() / 2;
    let share = |hits: &HashSet<usize>| {
        let own = hits.iter().filter(|number| **number < half).count();
        format!("{own} of {half} | {} of {}", hits.len() - own, questions.len() - half)
    };
    println!("Answers planted in a conversation of {} messages, found again among {MOST}.\n", said.len());
    println!("| sent | asked in the answer's words | asked in others |\n|---|--:|--:|");
    println!("| the last {LAST} messages | {} |", share(&by_place));
    println!("| and those found by the demo's vectors | {} |", share(&by_meaning));
    println!("| and those found by words (BM25) | {} |", share(&by_words));
    println!(
        "\nThe demo's vectors know words and no meaning: a real model's find more of what is asked in other words."
    );
}

fn holds(found: &[Found], message: MessageId) -> bool {
    found.iter().any(|found| found.message == message)
}

fn chat() -> ConversationId {
    ConversationId(Uuid::from_u128(7))
}

fn meta() -> ConversationMeta {
    ConversationMeta {
        id: chat(),
        title: Conversation::title_from("A long conversation"),
        titled_by_user: false,
        model: ModelRef::new("openai", "demo-mini"),
        system: String::new(),
        temperature: None,
        max_tokens: None,
        history: munshi::chat::History::default(),
        pinned: false,
        created_ms: 0,
        updated_ms: 0,
    }
}

fn message(at: usize, text: &str) -> Message {
    let role = if at.is_multiple_of(2) { Role::User } else { Role::Assistant };
    Message::text(ids::message(), chat(), None, role, text.to_owned(), at as i64)
}
