//! Conversations as files and on standard output.

use serde_json::Value;

use super::kit::{ask, dear, open, quit, submit};
use super::support::launch::Home;
use super::support::server::Server;

#[test]
fn export_writes_markdown_and_json_and_never_over_a_file() {
    let home = Home::new();
    let server = Server::replies([dear("It is **safe**.\n\n- really")]);
    let session = open(&home, &server);
    ask(&session, "What is PPF?", "really");
    submit(&session, "/export");
    session.wait_for_text("what-is-ppf.md");
    submit(&session, "/export json");
    session.wait_for_text("what-is-ppf.json");
    submit(&session, "/export");
    session.wait_for_text("what-is-ppf-2.md");
    submit(&session, "/export markdown notes.txt");
    session.wait_for_text("notes.txt");
    let file = |name: &str| std::fs::read_to_string(home.home_dir().join(name)).unwrap();
    let text = file("what-is-ppf.md");
    assert!(text.starts_with("# What is PPF?\n\n> **System:** "), "{text}");
    assert!(text.contains("## You · ") && text.contains("\n\nWhat is PPF?\n\n## gpt-4o-mini · "), "{text}");
    assert!(text.contains("It is **safe**.\n\n- really\n\n*1000000 tokens in, 500000 out · ₹38.25*"), "{text}");
    assert_eq!(file("what-is-ppf-2.md"), text);
    assert_eq!(file("notes.txt"), text);
    let json: Value = serde_json::from_str(&file("what-is-ppf.json")).unwrap();
    assert_eq!(json["conversation"]["title"], "What is PPF?");
    assert_eq!(json["messages"][0]["content"], "What is PPF?");
    assert_eq!(json["messages"][1]["content"], "It is **safe**.\n\n- really");
    assert_eq!(json["messages"][1]["usage"]["output"], 500_000);
}

#[test]
fn an_export_that_cannot_be_written_says_why() {
    let server = Server::replies([dear("Safe.")]);
    let session = open(&Home::new(), &server);
    ask(&session, "What is PPF?", "Safe.");
    submit(&session, "/export no/such/folder/file.md");
    session.wait_for_text("could not be written");
}

#[test]
fn saved_chats_are_listed_shown_and_exported_on_a_pipe() {
    let home = Home::new();
    let server = Server::replies([dear("Red \u{1b}[31mor\u{202e} not.")]);
    let session = open(&home, &server);
    ask(&session, "Which colour?", "not.");
    quit(&session);
    let out = |args: &[&str]| {
        let assert = assert_cmd::Command::from_std(home.munshi().args(args).command()).assert().success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    };
    let list = out(&["chats", "list"]);
    let id = list.split_whitespace().next().unwrap().to_owned();
    assert!(list.trim_end().ends_with("2  Which colour?"), "{list}");
    let rows: Value = serde_json::from_str(&out(&["chats", "list", "--json"])).unwrap();
    assert_eq!((&rows[0]["id"], &rows[0]["messages"]), (&Value::from(id.as_str()), &Value::from(2)));
    let shown = out(&["chats", "show", &id]);
    assert!(shown.contains("Which colour?") && !shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
    assert!(out(&["chats", "export", &id]).contains("\u{1b}[31m"), "an export is the raw text");
    let json: Value = serde_json::from_str(&out(&["chats", "export", &id, "--json"])).unwrap();
    assert_eq!(json["messages"][1]["content"], "Red \u{1b}[31mor\u{202e} not.");
}
