//! The window, in every size.

use super::kit::{ask, begin, draft, open, reply, submit, write};
use super::support::launch::Home;
use super::support::server::Server;

const LONG: &str = "This sentence is long enough that it has to be wrapped on a narrow screen, and yet it stays whole.";

#[test]
fn the_chat_is_laid_out_anew_in_every_size() {
    let server = Server::replies([reply(LONG)]);
    let session = open(&Home::new(), &server);
    ask(&session, "Wrap?", "stays whole.");
    write(&session, "my draft");
    // The upper one has the draft's price in it.
    let rule = |columns: usize| {
        move |screen: &super::support::pty::Screen| {
            let is_rule = |row: &&str| row.starts_with("──") && row.ends_with("──") && row.chars().count() == columns;
            screen.text.lines().filter(is_rule).count() == 2
        }
    };
    session.resize(120, 40);
    let wide = session.wait_for(|screen| rule(120)(screen) && screen.contains(LONG));
    assert_eq!(draft(&wide), "my draft");
    session.resize(40, 12);
    let narrow = session.wait_for(|screen| rule(40)(screen) && screen.contains("stays whole."));
    assert!(!narrow.contains(LONG));
    assert_eq!(draft(&narrow), "my draft");
    session.resize(10, 3);
    session.wait_for(|screen| screen.text.trim() == "too small");
    session.resize(80, 24);
    let back = session.wait_for(|screen| rule(80)(screen) && screen.contains("stays whole."));
    assert_eq!(draft(&back), "my draft");
}

#[test]
fn what_is_typed_while_the_window_is_too_small_is_there_when_it_grows() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    session.resize(8, 2);
    session.wait_for(|screen| screen.contains("too sma"));
    session.type_text("blind");
    session.resize(80, 24);
    session.wait_for(|screen| draft(screen) == "blind");
}

#[test]
fn row_25_a_storm_of_sizes_leaves_a_whole_screen() {
    let server = Server::replies([reply(LONG)]);
    let session = open(&Home::new(), &server);
    ask(&session, "Storm?", "stays whole.");
    for n in 0..200_u16 {
        session.resize(1 + n * 37 % 300, 1 + n * 17 % 90);
    }
    session.resize(1000, 500);
    session.resize(1, 1);
    session.resize(100, 30);
    let screen = session.wait_for(|screen| screen.contains(LONG) && screen.contains(super::kit::AT_REST));
    assert_eq!(screen.count("Storm?"), 1, "{}", screen.text);
    assert!(session.exit().is_none());
}

#[test]
fn the_smallest_screens_can_be_chatted_in() {
    let server = Server::replies([reply("ok")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).size(30, 8));
    submit(&session, "Small?");
    session.wait_for(|screen| screen.contains("ok") && draft(screen).is_empty());
}
