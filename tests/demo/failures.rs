//! Each failure on request: the status, the body, and what is different the next time.

use std::io::Read;
use std::time::Duration;

use serde_json::json;

use super::client::{Demo, request};

#[test]
fn a_bad_key_is_refused_until_another_comes() {
    let demo = Demo::start();
    let body = request(&[("user", "fail key")]);
    for _ in 0..2 {
        let got = demo.post_as("sk-bad", &body);
        assert_eq!(got.status, 401);
        assert_eq!(got.error()["code"], "invalid_api_key");
    }
    let good = demo.post_as("sk-good", &body);
    assert!(good.text().contains("new key was accepted"), "{}", good.body);
    assert_eq!(demo.post_as("sk-good", &body).status, 401, "asked again, it fails again");
}

#[test]
fn the_key_that_was_refused_is_not_said_back() {
    let got = Demo::start().post_as("sk-very-secret", &request(&[("user", "fail key")]));
    assert!(!got.body.contains("secret") && !got.head.contains("secret"));
}

#[test]
fn a_rate_limit_asks_for_three_seconds_and_then_answers() {
    let demo = Demo::start();
    let first = demo.ask("fail rate");
    assert_eq!((first.status, first.header("retry-after")), (429, Some("3")));
    assert_eq!(first.error()["code"], "rate_limit_exceeded");
    assert_eq!(demo.ask("fail rate").status, 200);
    assert_eq!(demo.ask("fail rate").status, 429);
}

#[test]
fn a_server_error_comes_twice_and_then_the_answer() {
    let demo = Demo::start();
    let seen: Vec<u16> = (0..4).map(|_| demo.ask("fail server").status).collect();
    assert_eq!(seen, [503, 503, 200, 503]);
}

#[test]
fn attempts_of_one_conversation_are_not_those_of_another() {
    let demo = Demo::start();
    let other = [("user", "hello"), ("assistant", "Namaste!"), ("user", "fail server")];
    let seen = [demo.ask("fail server").status, demo.say(&other).status, demo.ask("fail server").status];
    assert_eq!(seen, [503, 503, 503]);
    assert_eq!(demo.ask("fail server").status, 200);
}

#[test]
fn what_never_gets_better_stays_as_it_is() {
    let demo = Demo::start();
    for (asked, status, code) in [
        ("fail down", 503, json!(null)),
        ("fail quota", 429, json!("insufficient_quota")),
        ("fail context", 400, json!("context_length_exceeded")),
        ("fail model", 404, json!("model_not_found")),
        ("fail forbidden", 403, json!("model_not_allowed")),
    ] {
        for _ in 0..3 {
            let got = demo.ask(asked);
            assert_eq!((got.status, &got.error()["code"]), (status, &code), "{asked}");
            assert!(got.header("retry-after").is_none(), "{asked}");
        }
    }
}

#[test]
fn the_model_that_is_down_never_answers() {
    let mut body = request(&[("user", "hello")]);
    body["model"] = "demo-down".into();
    assert_eq!(Demo::start().post(&body).status, 503);
}

#[test]
fn a_stall_gives_text_and_then_keeps_the_connection() {
    let demo = Demo::start();
    let mut open = demo.open("demo", &request(&[("user", "fail stall")]));
    let text = open.read_until("\" which\"");
    assert!(!text.contains("[DONE]") && !text.contains("finish_reason\":\"stop"));
    // Another reply, whole, while this one says nothing.
    assert_eq!(demo.ask("hello").finish_reason().as_deref(), Some("stop"));
}

#[test]
fn silence_is_not_even_a_status() {
    let demo = Demo::start();
    let body = request(&[("user", "fail silence")]).to_string();
    let mut stream = std::net::TcpStream::connect(demo.address).unwrap();
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    assert_eq!(demo.ask("hello").status, 200); // the server is alive, and this one has been waiting for longer
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(stream.read(&mut [0; 1]).is_err(), "nothing may come, and the connection may not end");
}

#[test]
fn a_cut_ends_the_connection_in_the_middle() {
    let got = Demo::start().ask("fail cut");
    assert!(!got.whole);
    assert!(got.text().ends_with("because"), "{}", got.text());
    assert_eq!(got.finish_reason(), None);
}

#[test]
fn a_stream_can_end_with_an_error_or_a_line_that_is_no_json() {
    let demo = Demo::start();
    let error = demo.ask("fail error");
    let last: serde_json::Value = serde_json::from_str(error.events().last().unwrap()).unwrap();
    assert_eq!(last["error"]["type"], "server_error");
    assert!(!error.text().is_empty() && error.finish_reason().is_none());
    let broken = demo.ask("fail json");
    let events = broken.events();
    assert!(serde_json::from_str::<serde_json::Value>(events[events.len() - 2]).is_err());
    assert!(!broken.text().is_empty() && broken.finish_reason().is_none());
}

#[test]
fn length_and_filter_are_told_as_the_reason() {
    let demo = Demo::start();
    assert_eq!(demo.ask("fail length").finish_reason().as_deref(), Some("length"));
    assert_eq!(demo.ask("fail filter").finish_reason().as_deref(), Some("content_filter"));
}

#[test]
fn fail_alone_lists_the_failures() {
    for asked in ["fail", "fail something else"] {
        assert!(Demo::start().ask(asked).text().contains("- `fail stall`:"), "{asked}");
    }
}
