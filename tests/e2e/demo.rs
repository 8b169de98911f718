//! The demo: no key, no network, a database of its own.

use super::kit::{AT_REST, ask, begin, demo, draft, is_empty, quit, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;

#[test]
fn the_demo_answers_without_key_and_network_from_a_database_of_its_own() {
    let home = Home::new();
    let session = begin(demo(&home));
    let screen = session.wait_for_text("demo-mini");
    assert!(screen.contains("demo │"), "{}", screen.text);
    let screen = ask(&session, "hello", "Anything else I say back to you.");
    assert!(screen.contains("play") || screen.contains("₹"), "{}", screen.text);
    ask(&session, "table", "₹");
    quit(&session);
    assert!(home.data_dir().join("demo").join("munshi.db").exists());
    assert!(!home.data_dir().join("munshi.db").exists());
    let again = demo(&home).arg("-c").start();
    again.wait_for(|screen| screen.contains("table") && screen.contains(AT_REST));
}

#[test]
fn the_demos_replies_take_their_time_and_can_be_typed_over_and_stopped() {
    let session = begin(demo(&Home::new()).env("MUNSHI_DEMO_PACE", "40"));
    submit(&session, "long 5000");
    session.wait_for(|screen| screen.contains("tok/s · Esc stops"));
    write(&session, "meanwhile");
    assert!(session.screen().contains("Esc stops"));
    session.key(Key::Esc);
    let screen = session.wait_for_text("incomplete");
    assert_eq!(draft(&screen), "meanwhile");
}

#[test]
fn each_failure_can_be_seen_and_mended() {
    let session = begin(demo(&Home::new()).size(120, 40));
    submit(&session, "fail key");
    session.wait_for_text("refused the key");
    write(&session, "/key");
    session.key(Key::Enter);
    session.wait_for_text("The key for openai");
    session.paste("sk-another-key-0123456789");
    session.key(Key::Enter);
    session.wait_for(|screen| screen.contains("is in use") && is_empty(screen));
    submit(&session, "/retry");
    session.wait_for(|screen| screen.contains(AT_REST) && !screen.contains("not sent again until /retry"));
    for (question, shown) in [
        ("fail quota", "has no credit left"),
        ("fail context", "longer than"),
        ("fail 404", "does not know"),
        ("fail 403", "may not use"),
        ("fail cut", "the connection ended before the reply did"),
        ("fail error", "reported an error while it answered"),
        ("fail json", "sent invalid data"),
        ("fail length", "cut at the output limit"),
        ("fail filter", "content filter"),
    ] {
        submit(&session, question);
        session.wait_for(|screen| screen.contains(shown) && screen.contains(AT_REST));
        submit(&session, "/new");
        session.wait_until_gone(shown);
    }
}

#[test]
fn the_demo_does_not_touch_the_real_key() {
    let home = Home::new();
    let session = begin(demo(&home).env("OPENAI_API_KEY", "sk-real-0123456789"));
    ask(&session, "echo hi", "You said:");
    quit(&session);
}
