//! The cells of tools' calls, and answers in JSON, as a user sees them.

use super::*;

const FORECAST: &str = "Pune, sample data\n24 °C\n\nrain at noon";

/// One call of each state, each with its result.
fn every_state() -> Chat {
    let mut chat = Chat::new();
    chat.ask("What is the weather in Pune?");
    let city = r#"{"city":"Pune"}"#;
    chat.call(&[
        ("get_weather", city),
        ("convert_currency", "{\"amount\":1.50,\"to\":[\"INR\",\"USD\"]}"),
        ("run", "{}"),
        ("read", "{broken"),
        ("ask_me", city),
        ("slow", city),
    ]);
    chat.result(0, Status::Complete, FORECAST);
    let failed = chat.result(1, Status::Failed, "no such currency");
    chat.change(failed, |message| message.note = Some("It failed.".to_owned()));
    let denied = chat.result(2, Status::Failed, "");
    chat.change(denied, |message| message.note = Some("Denied by you.".to_owned()));
    chat.result(3, Status::Interrupted, "");
    let asks = chat.result(4, Status::Streaming, "");
    let runs = chat.result(5, Status::Streaming, "");
    chat.calls = vec![
        LiveCall { result: asks, state: CallState::Asks, is_sample: true },
        LiveCall { result: runs, state: CallState::Running { seconds: 3 }, is_sample: false },
    ];
    chat
}

#[test]
fn a_call_shows_its_tool_its_state_its_arguments_and_its_result() {
    let mut chat = every_state();
    for width in [40, 80, 120] {
        insta::assert_snapshot!(format!("folded_{width}"), chat.fresh(Anchor::End, Size::new(width, 40)));
    }
    chat.unfolded.extend([id(2), id(3)]);
    for width in [40, 80, 120] {
        insta::assert_snapshot!(format!("unfolded_{width}"), chat.fresh(Anchor::End, Size::new(width, 60)));
    }
}

#[test]
fn a_call_without_a_result_is_told_below_the_reply() {
    let mut chat = Chat::new();
    chat.ask("Both, please.");
    chat.call(&[("first", "{}"), ("second", "{}")]);
    assert!(chat.fresh(Anchor::End, USUAL).contains("asked for the tool first"));
    chat.result(0, Status::Complete, "done");
    let shown = chat.fresh(Anchor::End, USUAL);
    assert!(!shown.contains("tool first") && shown.contains("asked for the tool second"), "{shown}");
}

#[test]
fn calls_that_share_an_id_are_told_apart_by_their_order() {
    let mut chat = Chat::new();
    chat.ask("Twice.");
    let reply = chat.call(&[("first", r#"{"n":1}"#), ("second", r#"{"n":2}"#)]);
    chat.change(reply, |message| message.tool_calls.iter_mut().for_each(|call| call.id = "call_0".to_owned()));
    chat.result(0, Status::Complete, "one");
    chat.result(0, Status::Complete, "two");
    let shown = chat.fresh(Anchor::End, USUAL);
    let order: Vec<usize> =
        ["⚙ first", "▸ n: 1", "one", "⚙ second", "▸ n: 2", "two"].map(|word| shown.find(word).unwrap()).into();
    assert!(order.is_sorted(), "{shown}");
    assert!(!shown.contains("asked for"), "{shown}");
}

#[test]
fn nothing_hostile_in_a_call_reaches_the_screen() {
    let evil = "\u{1b}[2J\u{202e}\u{e0041}\u{200b}\r\u{9b}\u{7}";
    let mut chat = Chat::new();
    chat.ask("Go.");
    let arguments = serde_json::json!({ evil: evil, "city": evil }).to_string();
    let reply = chat.call(&[("x", &arguments), ("x", evil)]);
    chat.change(reply, |message| message.tool_calls.iter_mut().for_each(|call| call.name = format!("t{evil}")));
    for call in 0..2 {
        let result = chat.result(call, Status::Failed, &format!("{evil}\n{evil}"));
        chat.change(result, |message| {
            message.origin = Some(ToolOrigin::Mcp(evil.to_owned()));
            message.note = Some(evil.to_owned());
        });
    }
    for open in [false, true] {
        if open {
            chat.unfolded.extend([id(2), id(3)]);
        }
        for width in [1, 7, 20, 80] {
            let shown = chat.fresh(Anchor::End, Size::new(width, 60));
            let is_hidden =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200b}' | '\u{202e}' | '\u{e0041}');
            assert!(!shown.contains(is_hidden), "{shown:?}");
        }
    }
}

#[test]
fn a_folded_result_costs_a_row_however_long_it_is() {
    let mut chat = Chat::new();
    chat.ask("Read it.");
    chat.call(&[("read", "{}")]);
    chat.result(0, Status::Complete, &"a line of a file\n".repeat(4_000));
    let mut cache = Cache::new();
    let shown = chat.screen(Anchor::End, &mut cache, USUAL);
    assert!(shown.contains("▸ result · 4k lines · a line of a file a line"), "{shown}");
    assert_eq!(cache.work().messages, 2, "the question and the reply: the result is not looked into");
    let before = cache.work();
    let _ = chat.draw(Anchor::End, &mut cache, USUAL);
    assert_eq!(cache.work().laid_out, before.laid_out, "what is known is not laid out again");
    chat.unfolded.insert(id(2));
    assert!(chat.screen(Anchor::End, &mut cache, USUAL).ends_with("a line of a file"));
}

#[test]
fn an_answer_in_json_is_set_pretty_and_coloured_once_it_is_whole() {
    let mut chat = Chat::new();
    chat.ask("As JSON.");
    let reply = chat.reply();
    let mut cache = Cache::new();
    let raw = r#"{"job_title":"Developer","pay":1.80e6}"#;
    chat.change(reply, |message| message.content = raw.to_owned());
    assert!(chat.screen(Anchor::End, &mut cache, USUAL).contains(raw), "it is shown as it comes");
    chat.change(reply, |message| message.status = Status::Complete);
    let shown = chat.screen(Anchor::End, &mut cache, USUAL);
    assert!(shown.contains("  \"job_title\": \"Developer\",\n"), "{shown}");
    assert!(shown.contains("\"pay\": 1.80e6"), "{shown}");
    let (_, drawn) = chat.draw(Anchor::End, &mut cache, USUAL);
    assert_eq!(drawn.wanted.first().map(|job| job.language.as_str()), Some("json"));
    assert_eq!(chat.conversation.get(reply).unwrap().content, raw, "what is copied is what came");
}

#[test]
fn a_long_answer_in_json_is_folded() {
    let mut chat = Chat::new();
    chat.ask("Count.");
    let numbers: Vec<usize> = (1..=100).collect();
    let reply = chat.answer(&format!("{numbers:?}"));
    let size = Size::new(60, 130);
    let shown = chat.fresh(Anchor::End, size);
    assert!(shown.contains("▸ 62 more lines") && shown.contains("    39,") && !shown.contains("    40,"), "{shown}");
    let mut cache = Cache::new();
    let _ = chat.draw(Anchor::End, &mut cache, size);
    chat.unfolded.insert(reply);
    let shown = chat.screen(Anchor::End, &mut cache, size);
    assert!(shown.contains("▾ folds 62 lines") && shown.contains("    100\n"), "{shown}");
    chat.unfolded.clear();
    assert!(chat.screen(Anchor::End, &mut cache, size).contains("▸ 62 more lines"));
}

#[test]
fn what_only_begins_like_json_stays_as_it_is() {
    for text in ["{no object}", "[a link](https://example.org) and [x]", "[1, 2", "{} and {}"] {
        let mut chat = Chat::new();
        chat.ask("?");
        chat.answer(text);
        let shown = chat.fresh(Anchor::End, USUAL);
        assert!(!shown.contains('▸') && !shown.contains("json"), "{shown}");
    }
}
