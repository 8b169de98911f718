//! The context, as a user sees and steers it: summaries, the list of what is sent, marks that stay.

use super::kit::{ask, begin, enter, halves, quit, reply, rows, said, script, submit, turns, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::server::{Gate, Server};

#[test]
fn a_summary_is_asked_for_read_sent_and_undone() {
    let replies = ["First.", "Second.", "- the user asked twice", "Third.", "Fourth."];
    let server = Server::replies(replies.map(reply));
    let home = Home::new();
    let session = begin(home.munshi().against(&server.base_url()).size(100, 40));
    ask(&session, "One?", "First.");
    ask(&session, "Two?", "Second.");
    submit(&session, "/summarise");
    session.wait_for_text("in place of the 4 messages above");
    let asked = server.wait_for_requests(3)[2].messages();
    assert!(asked[0].1.starts_with("You summarise a conversation"), "{asked:?}");
    assert!(asked[1].1.contains("User: One?") && asked[1].1.contains("Assistant: Second."), "{asked:?}");
    submit(&session, "/summarise show");
    session.wait_for_text("the user asked twice");
    ask(&session, "Three?", "Third.");
    assert_eq!(said(&server, 3), turns(&["Three?"]), "the summary stands for what was said before");
    let systems: Vec<_> = server.requests()[3].messages().into_iter().filter(|(role, _)| role == "system").collect();
    assert_eq!(systems.len(), 2);
    assert!(systems[1].1.ends_with("- the user asked twice"), "{systems:?}");
    submit(&session, "/summarise undo");
    session.wait_for_text("they are sent as before");
    ask(&session, "Four?", "Fourth.");
    assert_eq!(said(&server, 4), turns(&["One?", "First.", "Two?", "Second.", "Three?", "Third.", "Four?"]));
    // At the end all that is on the screen is on disk.
    quit(&session);
    let purposes = rows(&home, "SELECT purpose, outcome, cost FROM requests ORDER BY key", |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<i64>>(2)?.is_some()))
    });
    let chat = ("chat".to_owned(), "complete".to_owned(), true);
    let summary = ("summary".to_owned(), "complete".to_owned(), true);
    assert_eq!(purposes, [chat.clone(), chat.clone(), summary, chat.clone(), chat]);
}

#[test]
fn a_summary_is_changed_in_the_users_editor_or_on_the_line_and_sent_so() {
    let home = Home::new();
    let editor = script(&home, "printf '%s, in August' \"$(cat \"$1\")\" > \"$1.new\" && mv \"$1.new\" \"$1\"");
    let server = Server::replies(["First.", "- the user plans a trip", "Second.", "Third."].map(reply));
    let session = begin(home.munshi().against(&server.base_url()).env("VISUAL", &editor).size(100, 40));
    ask(&session, "One?", "First.");
    submit(&session, "/summarise");
    session.wait_for_text("in place of the 2 messages above");
    let summary = |at: usize| {
        let sent = server.requests()[at].messages();
        sent.iter().rfind(|(role, _)| role == "system").map(|(_, text)| text.clone()).unwrap_or_default()
    };
    submit(&session, "/summarise edit");
    session.wait_for_text("The summary is changed");
    ask(&session, "Two?", "Second.");
    assert!(summary(2).ends_with("- the user plans a trip, in August"), "{}", summary(2));
    submit(&session, "/summarise edit A trip to Kochi.");
    session.wait_for_text("The summary is changed");
    ask(&session, "Three?", "Third.");
    assert!(summary(3).ends_with("A trip to Kochi.") && !summary(3).contains("August"), "{}", summary(3));
    quit(&session);
    let session = begin(home.munshi().arg("-c").against(&server.base_url()).size(100, 40));
    session.wait_for_text("Third.");
    submit(&session, "/summarise show");
    session.wait_for_text("A trip to Kochi.");
    quit(&session);
}

#[test]
fn esc_stops_a_summary_that_is_being_made_and_its_row_is_closed() {
    let gate = Gate::new();
    let server = Server::replies([reply("First."), halves("- half of", &gate, " it"), reply("Second.")]);
    let home = Home::new();
    let session = begin(home.munshi().against(&server.base_url()).size(100, 40));
    ask(&session, "One?", "First.");
    submit(&session, "/summarise");
    server.wait_for_requests(2);
    session.wait_for_text("summarising… · Esc stops");
    session.key(Key::Esc);
    session.wait_for_text("The summary was stopped.");
    gate.open();
    ask(&session, "Two?", "Second.");
    assert_eq!(said(&server, 2), turns(&["One?", "First.", "Two?"]), "what was cut off is no summary");
    quit(&session);
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?));
    let rows = rows(&home, "SELECT purpose, outcome FROM requests ORDER BY key", read);
    assert_eq!(rows[1], ("summary".to_owned(), Some("interrupted".to_owned())));
}

#[test]
fn a_summary_and_marks_are_there_again_after_a_restart() {
    let replies = ["First.", "Second.", "- so far so good", "Third.", "Fourth."];
    let server = Server::replies(replies.map(reply));
    let home = Home::new();
    let session = begin(home.munshi().against(&server.base_url()).size(100, 40));
    ask(&session, "One?", "First.");
    ask(&session, "Two?", "Second.");
    submit(&session, "/summarize");
    session.wait_for_text("in place of the 4 messages above");
    session.key(Key::F(3));
    session.wait_for(|screen| screen.contains("One?") && screen.contains("in the summary"));
    // The first question is pinned: it is sent beside the summary.
    session.key(Key::Home);
    for _ in 0..2 {
        session.key(Key::Down);
    }
    session.type_text("p");
    session.wait_for(|screen| screen.contains("pinned"));
    session.key(Key::Esc);
    session.wait_until_gone("munshi · context");
    quit(&session);
    let session = begin(home.munshi().arg("-c").against(&server.base_url()).size(100, 40));
    session.wait_for_text("in the summary");
    ask(&session, "Three?", "Third.");
    assert_eq!(said(&server, 3), turns(&["One?\n\nThree?"]), "neighbouring messages of the user are joined");
    assert!(server.requests()[3].body.contains("- so far so good"));
    quit(&session);
}

#[test]
fn the_list_shows_exactly_what_the_next_request_contains() {
    let server = Server::replies(["First.", "Second.", "Third."].map(reply));
    let home = Home::new();
    home.write_config("system = \"Be brief.\"\n");
    let session = begin(home.munshi().against(&server.base_url()).size(100, 40));
    ask(&session, "One?", "First.");
    ask(&session, "Two?", "Second.");
    write(&session, "And three?");
    session.key(Key::F(3));
    let screen = session.wait_for(|screen| screen.contains("munshi · context") && screen.contains("Draft"));
    for part in
        ["System  Be brief.", "You     One?", "Reply   First.", "You     Two?", "Reply   Second.", "Draft   And three?"]
    {
        assert!(screen.contains(part), "{part:?} is not in\n{}", screen.text);
    }
    // What was estimated is counted by the model's own tokenizer a moment later.
    let row = |screen: &str| screen.lines().find(|line| line.contains("Reply   First.")).unwrap_or_default().to_owned();
    let screen = session.wait_for(|screen| screen.contains("Reply") && !row(&screen.text).contains('~'));
    assert!(row(&screen.text).contains(" 6 "), "two tokens, and four for the frame:\n{}", screen.text);
    // The first turn is left out, its answer along with it.
    session.key(Key::Home);
    session.key(Key::Down);
    session.type_text("x");
    session.wait_for(|screen| screen.count("left out") >= 2);
    session.key(Key::Esc);
    session.wait_until_gone("munshi · context");
    enter(&session);
    session.wait_for_text("Third.");
    let sent = server.requests()[2].messages();
    let texts: Vec<&str> = sent.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["Be brief.", "Two?", "Second.", "And three?"]);
    quit(&session);
}

#[test]
fn a_request_that_cannot_fit_is_refused_before_it_is_sent_and_stays_in_the_box() {
    let server = Server::replies(["First."].map(reply));
    let home = Home::new();
    home.write_config("[models.\"gpt-4o-mini\"]\ncontext_window = 2000\n");
    let session = begin(home.munshi().against(&server.base_url()).size(100, 40));
    submit(&session, "/history full");
    ask(&session, "One?", "First.");
    let long = format!("Start {}end.", "of a long text ".repeat(600));
    session.paste(&long);
    session.wait_for_text("end.");
    session.key(Key::Enter);
    let screen = session.wait_for_text("Not sent");
    assert!(screen.contains("the whole conversation is about"), "{}", screen.text);
    session.wait_for(|screen| screen.contains("end."));
    assert_eq!(server.requests().len(), 1, "nothing was sent");
}
