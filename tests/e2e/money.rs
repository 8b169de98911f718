//! Money as the user meets it: the price before a message is sent, a budget that refuses and its override, the costs.

use super::kit::{ask, begin, dear, is_empty, reply, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::server::Server;

fn roomy(home: &Home, server: &Server) -> Session {
    begin(home.munshi().against(&server.base_url()).size(120, 40))
}

#[test]
fn a_budget_refuses_a_message_before_it_leaves_names_the_cap_and_a_key_sends_it_once() {
    let home = Home::new();
    let server = Server::replies([reply("Paid for."), reply("Once more.")]);
    let session = roomy(&home, &server);
    submit(&session, "/budget message 0.01");
    session.wait_for_text("A message may cost ₹0.010 at most.");
    submit(&session, "May I?");
    let screen = session.wait_for_text("over budget · Alt+O sends it once");
    assert!(screen.contains("the message's budget is ₹0.010"), "{}", screen.text);
    assert!(server.requests().is_empty(), "nothing left the house");
    session.key(Key::Alt('o'));
    session.wait_for_text("Paid for.");
    session.wait_until_gone("over budget");
    assert_eq!(server.requests().len(), 1);
    submit(&session, "Again?");
    session.wait_for_text("over budget");
    submit(&session, "/budget once");
    session.wait_for_text("Once more.");
    let config = std::fs::read_to_string(home.config_dir().join("config.toml")).unwrap();
    assert!(config.contains("[budget]") && config.contains("message = 0.01"), "{config}");
}

#[test]
fn the_price_of_a_draft_is_a_span_that_stands_above_it_until_it_is_sent() {
    let server = Server::replies([reply("So.")]);
    let session = roomy(&Home::new(), &server);
    write(&session, "Why?");
    let screen = session.wait_for_text(" at least ₹");
    // 4,096 tokens at 60 cents a million, at 85 rupees.
    assert!(screen.contains(", at most ₹0.21 ──"), "{}", screen.text);
    session.key(Key::Enter);
    session.wait_until_gone("at least");
}

#[test]
fn the_cost_screen_has_a_row_for_what_was_spent_by_day_model_and_conversation() {
    let server = Server::replies([dear("One."), dear("Two.")]);
    let session = roomy(&Home::new(), &server);
    ask(&session, "First question", "One.");
    ask(&session, "Second question", "Two.");
    session.wait_for_text("chat ₹76.50");
    session.key(Key::F(4));
    let screen = session.wait_for(|screen| screen.contains("munshi · costs") && screen.contains("total"));
    assert!(screen.contains("█") && screen.contains("most ₹76.50 on"), "{}", screen.text);
    session.type_text("4");
    session.wait_for(|screen| screen.text.lines().any(|row| row.contains("gpt-4o-mini") && row.contains("₹76.50")));
    session.type_text("5");
    session.wait_for(|screen| screen.text.lines().any(|row| row.contains("First question") && row.contains("2M")));
    session.type_text("6");
    session.wait_for(|screen| {
        screen.text.lines().any(|row| row.trim_start().starts_with("chat ") && row.contains("₹76.50"))
    });
    session.key(Key::Esc);
    session.wait_for(is_empty);
}
