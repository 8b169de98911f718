//! The shape of what goes over the wire, as a client of the original expects it.

use std::io::Read;

use munshi::demo::Pace;
use serde_json::{Value, json};

use super::client::{Demo, request};

#[test]
fn it_listens_on_loopback_alone() {
    let demo = Demo::start();
    assert!(demo.address.ip().is_loopback());
    assert_eq!(demo.base_url(), format!("http://127.0.0.1:{}/v1", demo.address.port()));
}

#[test]
fn a_stream_is_role_then_deltas_then_finish_then_usage_then_done() {
    let got = Demo::start().ask("hello");
    assert_eq!(got.status, 200);
    assert!(got.header("content-type").unwrap().starts_with("text/event-stream"));
    let chunks = got.chunks();
    let first = &chunks[0]["choices"][0];
    assert_eq!((first["delta"]["role"].as_str(), first["delta"]["content"].as_str()), (Some("assistant"), Some("")));
    for chunk in &chunks[1..chunks.len() - 2] {
        assert!(!chunk["choices"][0]["delta"]["content"].as_str().unwrap().is_empty());
        assert!(chunk["choices"][0]["finish_reason"].is_null() && chunk["usage"].is_null());
    }
    let [finish, usage] = &chunks[chunks.len() - 2..] else { unreachable!() };
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert_eq!(*got.events().last().unwrap(), "[DONE]");
    assert!(got.whole);
}

#[test]
fn every_chunk_has_the_same_id_model_and_time() {
    let chunks = Demo::start().ask("code").chunks();
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!((&chunk["id"], &chunk["created"]), (&chunks[0]["id"], &chunks[0]["created"]));
        assert_eq!(chunk["model"], "demo-mini");
    }
    assert!(chunks[0]["created"].as_u64().unwrap() > 1_700_000_000);
}

#[test]
fn usage_is_left_out_where_it_was_not_asked_for() {
    let mut body = request(&[("user", "hello")]);
    body["stream_options"] = Value::Null;
    let got = Demo::start().post(&body);
    assert!(got.usage().is_null());
    assert!(got.chunks().iter().all(|chunk| chunk.get("usage").is_none()));
}

#[test]
fn usage_counts_what_was_streamed_and_what_was_sent() {
    let demo = Demo::start();
    let got = demo.ask("table");
    let deltas = got
        .chunks()
        .into_iter()
        .filter(|chunk| chunk["choices"][0]["delta"]["content"].as_str().is_some_and(|text| !text.is_empty()));
    let usage = got.usage();
    assert_eq!(usage["completion_tokens"].as_u64(), Some(deltas.count() as u64));
    let more =
        demo.say(&[("system", "Be brief and kind."), ("user", "hello"), ("assistant", "Namaste!"), ("user", "table")]);
    assert!(more.usage()["prompt_tokens"].as_u64() > usage["prompt_tokens"].as_u64());
    let sum = usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"].as_u64(), Some(sum));
}

#[test]
fn without_a_stream_the_same_reply_comes_whole() {
    let demo = Demo::start();
    let mut body = request(&[("user", "markdown")]);
    let streamed = demo.post(&body);
    body["stream"] = json!(false);
    let whole = demo.post(&body).json();
    assert_eq!(whole["object"], "chat.completion");
    assert_eq!(whole["choices"][0]["message"]["content"].as_str(), Some(streamed.text().as_str()));
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
    assert_eq!(whole["usage"], streamed.usage());
}

#[test]
fn models_are_listed_with_their_context() {
    let demo = Demo::start();
    let list = demo.get("/v1/models").json();
    let ids: Vec<&str> = list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["demo-mini", "demo-large", "demo-thinker", "demo-down"]);
    assert!(list["data"].as_array().unwrap().iter().all(|model| model["context_length"].as_u64().unwrap() >= 32_000));
    assert_eq!(demo.get("/v1/models/demo-large").json()["id"], "demo-large");
    assert_eq!(demo.get("/v1/models/none").status, 404);
}

#[test]
fn every_reply_has_an_id_of_its_own_and_says_what_is_left() {
    let demo = Demo::start();
    let (one, two) = (demo.ask("hello"), demo.ask("hello"));
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    let left = |got: &super::client::Got, what: &str| -> u64 {
        got.header(&format!("x-ratelimit-remaining-{what}")).unwrap().parse().unwrap()
    };
    for what in ["requests", "tokens"] {
        assert!(left(&one, what) > left(&two, what), "{what}");
        assert!(one.header(&format!("x-ratelimit-limit-{what}")).is_some());
        assert!(one.header(&format!("x-ratelimit-reset-{what}")).unwrap().ends_with('s'));
    }
    assert!(demo.ask("fail key").header("x-request-id").is_some());
}

#[test]
fn the_limit_of_tokens_is_kept_by_either_name() {
    let demo = Demo::start();
    for name in ["max_tokens", "max_completion_tokens"] {
        let mut body = request(&[("user", "long")]);
        body[name] = json!(7);
        let got = demo.post(&body);
        assert_eq!(got.finish_reason().as_deref(), Some("length"), "{name}");
        assert_eq!(got.usage()["completion_tokens"], 7, "{name}");
    }
}

#[test]
fn content_may_be_a_list_of_parts_or_null() {
    let demo = Demo::start();
    let parts = json!([{"type": "text", "text": "echo one"}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "two"}]);
    let messages = json!([{"role": "assistant", "content": null}, {"role": "user", "content": parts}]);
    let text = demo.post(&json!({"model": "demo-mini", "messages": messages, "stream": true})).text();
    assert!(text.contains("> one\n> two"), "{text}");
}

#[test]
fn a_broken_request_is_told_what_is_wrong_with_it() {
    let demo = Demo::start();
    let user = json!([{"role": "user", "content": "hello"}]);
    for (body, status, says) in [
        (json!("hello"), 400, "model"),
        (json!({"messages": user}), 400, "model"),
        (json!({"model": "demo-mini"}), 400, "messages"),
        (json!({"model": "demo-mini", "messages": []}), 400, "messages"),
        (json!({"model": "demo-mini", "messages": user, "max_tokens": 0}), 400, "max_tokens"),
        (json!({"model": "demo-mini", "messages": user, "max_tokens": -5}), 400, "max_tokens"),
        (json!({"model": "gpt-unknown", "messages": user}), 404, "gpt-unknown"),
    ] {
        let got = demo.post(&body);
        assert_eq!(got.status, status, "{body}");
        assert!(got.error()["message"].as_str().unwrap().contains(says), "{body}: {}", got.body);
    }
    let raw = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{\"a\":";
    assert_eq!(demo.send(raw).finish().status, 400);
}

#[test]
fn other_addresses_and_methods_are_refused_in_json() {
    let demo = Demo::start();
    assert_eq!(demo.get("/v1/completions").error()["code"], "unknown_url");
    assert_eq!(demo.get("/v1/chat/completions").status, 405);
}

#[test]
fn a_conversation_over_the_models_context_is_refused() {
    let text = "one two three four five ".repeat(8_000);
    let got = Demo::start().ask(&text);
    assert_eq!(got.status, 400);
    assert_eq!(got.error()["code"], "context_length_exceeded");
}

#[test]
fn at_a_pace_the_first_words_come_before_the_last_are_written() {
    let demo = Demo::start_at(Pace::TokensPerSecond(1));
    let mut open = demo.open("demo", &request(&[("user", "long 5000")]));
    assert!(open.read_until("The").contains("data: "));
}

#[test]
fn dropping_the_server_ends_the_replies_it_was_writing() {
    let mut demo = Demo::start();
    let mut stalled = demo.open("demo", &request(&[("user", "fail stall")]));
    stalled.read_until("\" which\"");
    demo.stop();
    assert!(!stalled.finish().whole, "the stream must not look complete");
    if let Ok(mut stream) = std::net::TcpStream::connect(demo.address) {
        // A connection that was already waiting in the queue is closed without a word.
        assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
    }
}
