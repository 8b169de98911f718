//! What each strategy really sends over a conversation of sixty messages, by the server's own log.

use serde_json::json;

use super::kit::{AT_REST, begin, quit, submit};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::{delta, done, finish, role, stream};
use super::support::server::{Reply, Request, Server};

const TURNS: usize = 30;

/// One message of a request: role and text.
type Sent = Vec<(String, String)>;

/// A server that answers chats, summarises, and embeds by the words of a text.
fn server() -> Server {
    let mut answers = 0;
    Server::start(move |request| {
        if request.head.contains("/embeddings") {
            return embeddings(request);
        }
        let text = if is_summary(request) {
            "Summary: the user counts.".to_owned()
        } else {
            answers += 1;
            format!("Answer {answers}.{}", " and so on".repeat(12))
        };
        stream().bytes(role()).bytes(delta(&text)).bytes(finish("stop")).bytes(done())
    })
}

fn is_summary(request: &Request) -> bool {
    request.messages().first().is_some_and(|(_, text)| text.starts_with("You summarise a conversation"))
}

/// Each word is a direction of its own, as far as 256 directions go.
fn embeddings(request: &Request) -> Reply {
    let body = request.json();
    let texts = body["input"].as_array().cloned().unwrap_or_default();
    let data: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let mut vector = vec![0.0_f64; 256];
            for word in text.as_str().unwrap_or_default().to_lowercase().split(|c: char| !c.is_alphanumeric()) {
                let hash =
                    word.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)));
                vector[hash % 256] += 1.0;
            }
            let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-9);
            json!({"index": index, "embedding": vector.iter().map(|x| x / length).collect::<Vec<_>>()})
        })
        .collect();
    Reply::json(
        200,
        &json!({"data": data, "usage": {"prompt_tokens": texts.len(), "total_tokens": texts.len()}}).to_string(),
    )
}

/// The questions of the conversation; the third holds what is asked for at the end.
fn question(turn: usize) -> String {
    match turn {
        3 => "Question 3: remember that my locker has the number 4471, behind the blue door.".to_owned(),
        TURNS => format!("Question {TURNS}: which number has my locker behind the blue door?"),
        _ => format!("Question {turn}:{}", " tell me more of it".repeat(5)),
    }
}

/// Has the whole conversation with a strategy; the requests of the chat as they came, and the screen at the end.
fn converse(strategy: &str, limit: u64) -> (Vec<Sent>, Session, Server) {
    let server = server();
    let home = Home::new();
    home.write_config(&format!("system = \"Be brief.\"\n[limits]\nmax_context_tokens = {limit}\n"));
    let session = begin(home.munshi().against(&server.base_url()).size(100, 40));
    if strategy != "truncate" {
        submit(&session, &format!("/history {strategy}"));
    }
    for turn in 1..=TURNS {
        submit(&session, &question(turn));
        session.wait_for(|screen| screen.contains(&format!("Answer {turn}.")) && screen.contains(AT_REST));
        session.wait_for(|screen| !screen.contains("summarising"));
    }
    let requests = server.requests();
    let chat = requests.iter().filter(|request| request.head.contains("/chat/") && !is_summary(request));
    let sent: Vec<Sent> = chat.map(Request::messages).collect();
    assert_eq!(sent.len(), TURNS);
    (sent, session, server)
}

/// About how many tokens a request has, by the rule of thumb that four characters are one.
fn size(sent: &Sent) -> usize {
    sent.iter().map(|(_, text)| text.len() / 4 + 4).sum()
}

/// By that rule, a request of 600 tokens of such sentences.
const MOST: usize = 760;

/// What holds for every request: the prompt first, then user and assistant in turn, in order, the question last.
fn assert_sound(sent: &[Sent]) {
    for (at, request) in sent.iter().enumerate() {
        assert_eq!(request[0], ("system".to_owned(), "Be brief.".to_owned()));
        let said: Vec<_> = request.iter().filter(|(role, _)| role != "system").collect();
        assert!(said.iter().step_by(2).all(|(role, text)| role == "user" && text.starts_with("Question")), "{said:?}");
        assert!(said.iter().skip(1).step_by(2).all(|(role, _)| role == "assistant"), "{said:?}");
        let number = |text: &str| text.split([' ', ':', '.']).nth(1).and_then(|number| number.parse::<usize>().ok());
        let numbers: Vec<_> = said.iter().map(|(_, text)| number(text)).collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        assert_eq!(said.last().unwrap().1, question(at + 1));
    }
}

#[test]
fn truncate_sends_what_fits_and_the_same_beginning_until_it_must_cut() {
    let (sent, session, _server) = converse("truncate", 600);
    assert_sound(&sent);
    assert!(sent.iter().all(|request| size(request) <= MOST), "{:?}", sent.iter().map(size).collect::<Vec<_>>());
    let is_cut = |pair: &[Sent]| !pair[1].starts_with(&pair[0]);
    let cuts: Vec<usize> = (0..TURNS - 1).filter(|at| is_cut(&sent[*at..*at + 2])).collect();
    assert!((3..=8).contains(&cuts.len()), "few requests begin otherwise than the one before: {cuts:?}");
    for cut in &cuts {
        let (before, after) = (size(&sent[*cut]), size(&sent[cut + 1]));
        assert!((60..=82).contains(&(after * 100 / before)), "it is cut to three quarters: {before}, then {after}");
    }
    assert!(!sent[TURNS - 1].iter().any(|(_, text)| text.contains("4471")), "what is out is out");
    let screen = session.screen();
    assert!(screen.contains("of 600"), "{}", screen.text);
    quit(&session);
}

#[test]
fn full_sends_every_message_every_time() {
    let (sent, session, _server) = converse("full", 600);
    assert_sound(&sent);
    for (at, request) in sent.iter().enumerate() {
        assert_eq!(request.len(), 2 + 2 * at, "the prompt, and all that was said");
    }
    quit(&session);
}

#[test]
fn summarise_replaces_the_oldest_by_one_system_message_and_loses_nothing_between() {
    let (sent, session, server) = converse("summarise", 600);
    assert_sound(&sent);
    assert!(sent.iter().all(|request| size(request) <= MOST));
    let summaries: Vec<usize> = sent
        .iter()
        .map(|request| request.iter().filter(|(_, text)| text.contains("Summary: the user")).count())
        .collect();
    assert_eq!(summaries[0], 0);
    assert_eq!(summaries[TURNS - 1], 1, "{summaries:?}");
    assert!(summaries.is_sorted(), "once there is one it stays: {summaries:?}");
    let asked: Vec<Sent> =
        server.requests().iter().filter(|request| is_summary(request)).map(Request::messages).collect();
    assert!((2..15).contains(&asked.len()), "{}", asked.len());
    for pair in asked.windows(2) {
        assert!(pair[1][1].1.contains("Summary so far:"), "each goes on from the one before");
    }
    // Every question was told to the one who summarises, or is still sent.
    let told: String = asked.iter().map(|request| request[1].1.as_str()).collect();
    for turn in 1..TURNS {
        let question = question(turn);
        let is_sent = sent[TURNS - 1].iter().any(|(_, text)| *text == question);
        assert!(is_sent || told.contains(&question), "{question} is lost");
    }
    quit(&session);
}

#[test]
fn retrieve_brings_back_the_turn_that_the_question_is_about() {
    let (sent, session, server) = converse("retrieve", 600);
    assert_sound(&sent);
    assert!(sent.iter().all(|request| size(request) <= MOST), "{:?}", sent.iter().map(size).collect::<Vec<_>>());
    let last = &sent[TURNS - 1];
    let place = last.iter().position(|(_, text)| text.contains("4471")).expect("what was asked for is there");
    assert!(last[place + 1].1.starts_with("Answer 3."), "with its answer: {last:?}");
    let embedded: Vec<_> =
        server.requests().iter().filter(|request| request.head.contains("/embeddings")).map(Request::json).collect();
    assert!(embedded.iter().all(|body| body["model"] == "text-embedding-3-small" && body["dimensions"] == 256));
    let texts: Vec<String> = embedded
        .iter()
        .flat_map(|body| body["input"].as_array().cloned().unwrap_or_default())
        .map(|text| text.to_string())
        .collect();
    let mut distinct = texts.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), texts.len(), "each message is embedded once");
    session.key(Key::CtrlHome);
    let screen = session.wait_for_text("Question 3:");
    let who = screen.row(screen.row_of("Question 3:").unwrap() - 1);
    assert!(who.contains("brought back for this question"), "the transcript tells which:\n{}", screen.text);
    session.key(Key::CtrlEnd);
    submit(&session, "/status");
    session.wait_for_text("by meaning (text-embedding-3-small, 256 numbers)");
    quit(&session);
}

#[test]
fn where_there_is_no_embeddings_endpoint_words_bring_it_back() {
    let mut answers = 0;
    let server = Server::start(move |request| {
        if request.head.contains("/embeddings") {
            return Reply::json(404, r#"{"error":{"message":"no such path","type":"invalid_request_error"}}"#);
        }
        answers += 1;
        let text = format!("Answer {answers}.{}", " and so on".repeat(12));
        stream().bytes(role()).bytes(delta(&text)).bytes(finish("stop")).bytes(done())
    });
    let home = Home::new();
    home.write_config("[limits]\nmax_context_tokens = 600\n");
    let session = begin(home.munshi().against(&server.base_url()).size(100, 40));
    submit(&session, "/history retrieve");
    for turn in (1..=12).chain([TURNS]) {
        submit(&session, &question(turn));
        session.wait_for(|screen| screen.contains(&format!("Answer {}.", turn.min(13))) && screen.contains(AT_REST));
    }
    let requests = server.requests();
    let chat: Vec<_> = requests.iter().filter(|request| request.head.contains("/chat/")).collect();
    assert!(chat.last().unwrap().body.contains("4471"), "{}", chat.last().unwrap().body);
    let asked = requests.iter().filter(|request| request.head.contains("/embeddings")).count();
    assert_eq!(asked, 1, "an endpoint that is not there is asked once");
    submit(&session, "/status");
    session.wait_for_text("by words (BM25)");
    quit(&session);
}
