//! Models that are gone, refuse a field, or do not say what they cost.

use super::kit::{ask, begin, dear, open, reply, said, submit, turns};
use super::support::launch::Home;
use super::support::replies::{delta, done, error, finish, role, stream};
use super::support::server::{Reply, Server};

#[test]
fn row_17_a_model_that_is_gone_gives_way_to_the_next_which_is_named_and_priced() {
    let home = Home::new();
    home.write_config("fallback = [\"gpt-4o\"]\n");
    let server = Server::start(|request| {
        if request.json()["model"] == "gpt-4o" {
            return dear("I stand in.");
        }
        error(404, "model_not_found", "The model does not exist")
    });
    let session = begin(home.munshi().against(&server.base_url()).size(120, 24));
    let screen = ask(&session, "Who is there?", "I stand in.");
    let answer = screen.row_of("I stand in.").unwrap();
    assert_eq!(screen.row(answer - 1).trim(), "gpt-4o");
    assert!(screen.contains("answered by gpt-4o (gpt-4o-mini: "), "{}", screen.text);
    assert!(screen.contains("1M in · 500k out · ₹637.50"), "{}", screen.text);
    session.wait_for_text("chat ₹637.50");
    assert_eq!(said(&server, 1), turns(&["Who is there?"]));
}

#[test]
fn a_field_that_a_model_refuses_is_left_out_once_and_for_all_of_this_run() {
    let refused = r#"{"error":{"message":"Unsupported value: 'temperature'","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#;
    let server = Server::start(|request| {
        if request.json().get("temperature").is_some() {
            return Reply::json(400, refused);
        }
        reply("Lukewarm.")
    });
    let session = begin(Home::new().munshi().against(&server.base_url()).size(120, 24));
    let screen = ask(&session, "How warm?", "Lukewarm.");
    assert!(screen.contains("refuses a temperature"), "it is said:\n{}", screen.text);
    assert_eq!(server.requests().len(), 2);
    submit(&session, "/new");
    session.wait_until_gone("Lukewarm.");
    ask(&session, "And now?", "Lukewarm.");
    assert_eq!(server.requests().len(), 3, "another chat does not ask again");
}

#[test]
fn row_21_tokens_that_the_server_does_not_count_are_counted_here_and_marked() {
    let silent = stream().bytes(role()).bytes(delta("Nobody counted this.")).bytes(finish("stop")).bytes(done());
    let server = Server::replies([silent]);
    let session = open(&Home::new(), &server);
    let screen = ask(&session, "How many?", "Nobody counted this.");
    let below = screen.row_of("Nobody counted this.").unwrap() + 1;
    let figures = screen.row(below).trim().to_owned();
    assert!(figures.contains(" · ~") && figures.contains(" in · ~") && figures.contains('₹'), "{figures}");
}

#[test]
fn what_answers_with_no_stream_is_said_to_be_none() {
    let server = Server::replies([Reply::json(200, r#"{"hello": "I am a web page"}"#)]);
    let session = open(&Home::new(), &server);
    submit(&session, "Hello?");
    session.wait_for_text("is no chat stream");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_asked_for_wait_that_is_too_long_ends_the_turn_with_when_to_come_back() {
    let server = Server::replies([Reply::json(429, "{}").header("retry-after", "3600")]);
    let session = open(&Home::new(), &server);
    submit(&session, "Now?");
    session.wait_for_text("asks to wait 1 h");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn where_nothing_listens_the_cause_is_said_in_words() {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 1\n");
    let session = begin(home.munshi().against("http://127.0.0.1:9/v1"));
    submit(&session, "Anyone?");
    let screen = session.wait_for_text("No connection to openai");
    assert!(screen.contains("/retry"), "{}", screen.text);
}
