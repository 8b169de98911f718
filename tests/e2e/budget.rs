//! Budgets and what is known of costs, as a user meets them.

use super::kit::{ask, begin, dear, enter, quit, reply, rows, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::server::Server;

#[test]
fn row_37_at_the_cap_nothing_is_sent_until_a_deliberate_key_sends_it_once() {
    let server = Server::replies([dear("First."), dear("Second."), reply("Third."), reply("Never.")]);
    let home = Home::new();
    home.write_config("[budget]\nday = 50\n");
    let session = begin(home.munshi().against(&server.base_url()).size(110, 34));
    ask(&session, "One?", "First.");
    session.wait_for_text("chat ₹38.25");
    let screen = ask(&session, "Two?", "Second.");
    assert!(!screen.contains("Not sent"), "{}", screen.text);
    session.wait_for_text("day 153% of ₹50");
    submit(&session, "Three?");
    let screen = session.wait_for_text("Not sent: the day's budget is ₹50.00; ₹76.50 of it is used");
    assert!(screen.contains("over budget · Alt+O sends it once"), "{}", screen.text);
    assert_eq!(server.requests().len(), 2, "nothing left the machine");
    let booked = rows(&home, "SELECT count(*) FROM requests", |row| row.get::<_, i64>(0));
    assert_eq!(booked, [2], "and nothing was booked");
    session.key(Key::Alt('o'));
    session.wait_for_text("Third.");
    session.wait_until_gone("over budget");
    assert_eq!(server.requests().len(), 3);
    submit(&session, "Four?");
    session.wait_for_text("over budget · Alt+O sends it once");
    assert_eq!(server.requests().len(), 3, "once means once");
    quit(&session);
    let session = begin(home.munshi().arg("-c").against(&server.base_url()).size(110, 34));
    session.wait_for_text("day 153% of ₹50");
    submit(&session, "Five?");
    session.wait_for_text("Not sent: the day's budget");
    submit(&session, "/budget day none");
    ask(&session, "Six?", "Never.");
    quit(&session);
    let config = std::fs::read_to_string(home.config_dir().join("config.toml")).unwrap();
    assert!(!config.contains("day = 50"), "{config}");
}

#[test]
fn a_message_that_could_cost_too_much_is_sent_once_its_answer_is_shorter() {
    let server = Server::replies([reply("Short.")]);
    let home = Home::new();
    home.write_config("[budget]\nmessage = 0.05\n");
    let session = begin(home.munshi().against(&server.base_url()).size(110, 34));
    write(&session, "A question");
    session.wait_for(|screen| screen.contains("at least ₹0.0") && screen.contains("at most ₹0.21"));
    enter(&session);
    session.wait_for_text("Not sent: the message's budget is ₹0.050, and this could cost up to ₹0.21");
    assert!(server.requests().is_empty());
    submit(&session, "/max-tokens 500");
    submit(&session, "/retry");
    session.wait_for_text("Short.");
    assert_eq!(server.requests()[0].json()["max_completion_tokens"], 500);
    quit(&session);
}

#[test]
fn a_budget_asks_first_where_the_price_is_unknown() {
    let server = Server::replies([reply("Free.")]);
    let home = Home::new();
    home.write_config("model = \"gpt-mystery\"\n[budget]\nmonth = 500\n");
    let session = begin(home.munshi().against(&server.base_url()).size(110, 34));
    submit(&session, "Hello?");
    session.wait_for_text("the price of gpt-mystery");
    assert!(server.requests().is_empty());
    submit(&session, "/budget once");
    session.wait_for_text("Free.");
    assert_eq!(server.requests().len(), 1);
    quit(&session);
}

#[test]
fn the_cost_screen_sums_by_what_one_chooses_and_so_does_the_shell() {
    let server = Server::replies([dear("First."), dear("Second.")]);
    let home = Home::new();
    let session = begin(home.munshi().against(&server.base_url()).size(110, 34));
    ask(&session, "What is PPF?", "First.");
    submit(&session, "/model gpt-4o");
    ask(&session, "And ELSS?", "Second.");
    session.key(Key::F(4));
    session.wait_for(|screen| screen.contains("munshi · costs") && screen.contains("₹675.75"));
    session.type_text("4");
    let screen = session.wait_for(|screen| screen.contains("gpt-4o-mini") && screen.contains("₹38.25"));
    assert!(screen.contains("₹637.50"), "{}", screen.text);
    session.type_text("5");
    session.wait_for_text("What is PPF?");
    session.type_text("6");
    session.wait_for(|screen| screen.contains("chat") && screen.contains("₹675.75"));
    session.key(Key::Esc);
    session.wait_until_gone("munshi · costs");
    quit(&session);
    let output = home.munshi().args(["cost", "--by", "model", "--csv"]).command().output().unwrap();
    let csv = String::from_utf8(output.stdout).unwrap();
    assert!(csv.contains("637.5") && csv.contains("38.25"), "{csv}");
}
