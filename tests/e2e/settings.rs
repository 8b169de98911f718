//! Settings of a chat, as the next request carries them; and of the program, as the next start finds them.

use serde_json::json;

use super::kit::{ask, begin, open, quit, reply, rows, submit, write};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::server::Server;

#[test]
fn model_alone_lists_the_models_and_a_name_switches() {
    let server = Server::replies([reply("Mini."), reply("Full.")]);
    let session = begin(Home::new().munshi().against(&server.base_url()).size(120, 40));
    submit(&session, "/model");
    session.wait_for_text("Without a key:");
    session.key(Key::CtrlHome);
    let screen = session.wait_for_text("Prices per million tokens");
    assert!(screen.contains("window"), "{}", screen.text);
    assert!(!screen.contains("|--"), "the list is a table, not its source:\n{}", screen.text);
    session.key(Key::CtrlEnd);
    ask(&session, "Who?", "Mini.");
    submit(&session, "/model gpt-4o");
    session.wait_for_text("This chat now uses gpt-4o.");
    let screen = ask(&session, "And now?", "Full.");
    assert_eq!(screen.row(screen.row_of("Full.").unwrap() - 1).trim(), "gpt-4o");
    let models: Vec<_> = server.requests().iter().map(|request| request.json()["model"].clone()).collect();
    assert_eq!(models, ["gpt-4o-mini", "gpt-4o"]);
    submit(&session, "/model gpt-none");
    session.wait_for_text("its price is unknown");
}

#[test]
fn system_prompt_temperature_and_output_limit_go_out_with_the_next_request() {
    let server = Server::replies([reply("First."), reply("Second."), reply("Third.")]);
    let session = open(&Home::new(), &server);
    ask(&session, "Defaults", "First.");
    submit(&session, "/system Answer like a pirate.");
    submit(&session, "/temperature 0.25");
    submit(&session, "/max-tokens 1,234");
    ask(&session, "Mine", "Second.");
    submit(&session, "/system none");
    submit(&session, "/temperature none");
    submit(&session, "/max-tokens none");
    ask(&session, "Bare", "Third.");
    let bodies: Vec<_> = server.requests().iter().map(super::support::server::Request::json).collect();
    let temperature = |at: usize| bodies[at]["temperature"].as_f64();
    assert!((temperature(0).unwrap() - 0.7).abs() < 1e-6, "{:?}", temperature(0));
    assert_eq!(bodies[0]["max_completion_tokens"], 4_096, "OpenAI's name for it");
    assert_eq!(temperature(1), Some(0.25));
    assert_eq!(bodies[1]["max_completion_tokens"], 1_234);
    assert_eq!(bodies[1]["messages"][0], json!({"role": "system", "content": "Answer like a pirate."}));
    assert!(bodies[2].get("temperature").is_none() && bodies[2].get("max_completion_tokens").is_none());
    assert!(bodies[2].get("max_tokens").is_none());
    assert_eq!(bodies[2]["messages"][0]["role"], "user");
}

#[test]
fn settings_alone_are_shown() {
    let server = Server::replies([reply("ok")]);
    let session = open(&Home::new(), &server);
    submit(&session, "/temperature");
    session.wait_for_text("The temperature of this chat: 0.7.");
    submit(&session, "/max-tokens");
    session.wait_for_text("The longest reply of this chat: 4096 tokens.");
    submit(&session, "/title");
    session.wait_for_text("This conversation has no title yet");
    submit(&session, "/theme");
    session.wait_for_text("Themes: terminal, dark, light. Now: terminal.");
    submit(&session, "/system");
    session.wait_for_text("The system prompt of this chat:");
}

#[test]
fn a_chats_own_settings_are_there_again_when_it_is_continued() {
    let home = Home::new();
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    submit(&session, "/temperature 1.5");
    submit(&session, "/model gpt-4o");
    ask(&session, "Keep it", "ok");
    submit(&session, "/system Be brief.");
    quit(&session);
    let later = home.munshi().against(&server.base_url()).arg("-c").start();
    later.wait_for_text("Keep it");
    ask(&later, "Still?", "ok");
    let body = server.requests()[1].json();
    assert_eq!((body["temperature"].as_f64(), body["model"].as_str()), (Some(1.5), Some("gpt-4o")));
    assert_eq!(body["messages"][0]["content"], "Be brief.");
}

#[test]
fn flags_override_the_environment_and_the_environment_the_file() {
    let home = Home::new();
    home.write_config("model = \"gpt-4o\"\ntemperature = 0.1\nmax_tokens = 100\n");
    let server = Server::replies([reply("ok")]);
    let launch = home.munshi().against(&server.base_url()).env("OPENAI_TEMPERATURE", "0.5");
    let session = begin(launch.env("OPENAI_MAX_TOKENS", "200").args(["--max-tokens", "300"]));
    ask(&session, "Which?", "ok");
    let body = server.requests()[0].json();
    assert_eq!(body["model"], "gpt-4o");
    assert_eq!((body["temperature"].as_f64(), body["max_completion_tokens"].as_u64()), (Some(0.5), Some(300)));
}

#[test]
fn a_title_names_the_conversation_for_good() {
    let home = Home::new();
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    ask(&session, "What is it called at first?", "ok");
    submit(&session, "/title My taxes");
    session.wait_for_text("Renamed to “My taxes”.");
    ask(&session, "Does it keep its name?", "ok");
    quit(&session);
    assert_eq!(rows(&home, "SELECT title FROM conversations", |row| row.get::<_, String>(0)), ["My taxes"]);
}

#[test]
fn a_theme_changes_the_colours_at_once_and_is_kept() {
    let home = Home::new();
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    let ground = |session: &super::support::pty::Session| {
        session.with_terminal(|screen| screen.cell(0, 0).map(vt100::Cell::bgcolor))
    };
    assert_eq!(ground(&session), Some(vt100::Color::Default), "the terminal's own colours");
    submit(&session, "/theme dark");
    session.wait_for_text("The theme dark is kept in the configuration.");
    let dark = ground(&session);
    assert_ne!(dark, Some(vt100::Color::Default));
    write(&session, "/theme light");
    session.key(Key::Enter);
    session.wait_for_text("The theme light is kept");
    assert!(ground(&session) != dark && ground(&session) != Some(vt100::Color::Default));
    quit(&session);
    assert!(std::fs::read_to_string(home.config_dir().join("config.toml")).unwrap().contains("theme = \"light\""));
    let later = open(&home, &server);
    assert!(ground(&later) != dark && ground(&later) != Some(vt100::Color::Default));
}

#[test]
fn keys_are_the_users_to_remap() {
    let home = Home::new();
    home.write_config("[keys]\nsend = [\"ctrl+s\"]\nnew_line = [\"enter\"]\n");
    let server = Server::replies([reply("ok")]);
    let session = open(&home, &server);
    write(&session, "one");
    session.key(Key::Enter);
    session.wait_for(|screen| super::kit::box_rows(screen).len() == 2);
    write(&session, "two");
    session.key(Key::Ctrl('s'));
    session.wait_for(super::kit::is_empty);
    assert_eq!(super::kit::said(&server, 0), super::kit::turns(&["one\ntwo"]));
}
