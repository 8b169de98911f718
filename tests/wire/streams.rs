//! Streams as providers write them and as networks cut them: RELIABILITY rows 19, 20 and 21.

use std::sync::Arc;

use munshi::chat::{FailureKind, FinishReason, Usage};
use munshi::provider::Signal;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use super::server::{Server, Step, head, stream, until, whole};
use super::{Outcome, answered, attempt_of, provider, request, streamed};

/// Everything that is normal somewhere, in one stream.
const CRUEL: &str = "\u{feff}: OPENROUTER PROCESSING\r\n\r\n\
    data:{\"choices\":[{\"delta\":{\"role\":null,\"content\":null}}],\"id\":null}\r\n\r\n\
    data: {\"choices\":[],\"prompt_filter_results\":[1]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"सोच\"}}]}\r\r\
    event: ping\ndata: {}\n\n\
    data: {\"model\":\"served\",\"choices\":[{\"delta\":{\"content\":\"हिन्दी \"},\"logprobs\":null}]}\n\n\
    id: 4\nretry: 100\ndata: {\"choices\":[\ndata: {\"delta\":{\"content\":\"👩‍👩‍👧\"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"eos_token_of_mine\"}]}\n\n\
    data: {\"choices\":null,\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n\
    data: [DONE]\n\n";

fn assert_cruel(outcome: &Outcome, note: &str) {
    assert_eq!(outcome.finish(), &FinishReason::Other("eos_token_of_mine".into()), "{note}");
    assert_eq!((outcome.text().as_str(), outcome.reasoning().as_str()), ("हिन्दी 👩‍👩‍👧", "सोच"), "{note}");
    let usage = outcome.report.usage.unwrap();
    assert_eq!((usage.input, usage.output, usage.estimated), (9, 4, false), "{note}");
    assert_eq!(outcome.report.served_model.as_deref(), Some("served"), "{note}");
    assert!(matches!(outcome.signals[0], Signal::Opened { .. }), "{note}");
}

#[tokio::test]
async fn row_19_frames_split_at_every_byte_give_the_same_reply() {
    let bytes = CRUEL.as_bytes();
    let scripts: Vec<_> = (0..=bytes.len()).map(|at| stream([&bytes[..at], &bytes[at..]])).collect();
    let server = Server::start(scripts).await;
    let provider = provider(&server.base_url());
    for at in 0..=bytes.len() {
        assert_cruel(&attempt_of(&provider, request()).await, &format!("split at {at}"));
        assert_eq!(server.heard().len(), at + 1);
    }
}

#[tokio::test]
async fn row_19_a_reply_that_comes_byte_by_byte_is_the_same_reply() {
    assert_cruel(&answered(stream(CRUEL.as_bytes().chunks(1))).await, "one chunk a byte");
    let opening = Step::Send(head(200, &["content-type: text/event-stream"]));
    let dribbled = vec![opening, Step::Dribble(CRUEL.as_bytes().to_vec()), Step::Close];
    assert_cruel(&answered(dribbled).await, "one write a byte");
}

/// A stream of one piece of text for each, in a way of writing that each chooses.
fn written(pieces: &[(String, u8)]) -> String {
    let mut body = String::new();
    for (text, way) in pieces {
        let json = serde_json::json!({"choices": [{"delta": {"content": text}}]}).to_string();
        body.push_str(&match way % 6 {
            0 => format!("data: {json}\n\n"),
            1 => format!("data:{json}\r\n\r\n"),
            2 => format!(": ping\n\ndata: {json}\r\r"),
            3 => format!("event: message\nid: 1\ndata: {json}\n\n\n"),
            4 => format!("data: {}\ndata: {}\n\n", &json[..12], &json[12..]),
            _ => format!("retry: 5\r\ndata:   {json}  \n\n"),
        });
    }
    body + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n"
}

#[test]
fn row_19_any_stream_split_anywhere_gives_the_same_signals() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    };
    let pieces = prop::collection::vec((any::<String>(), any::<u8>()), 0..8);
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..12);
    let property = |(pieces, cuts): (Vec<(String, u8)>, Vec<prop::sample::Index>)| {
        let body = written(&pieces);
        let bytes = body.as_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let frames = at.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        let outcome = runtime.block_on(answered(stream(frames)));
        prop_assert_eq!(outcome.finish(), &FinishReason::Length);
        prop_assert_eq!(outcome.text(), pieces.iter().map(|(text, _)| text.as_str()).collect::<String>());
        Ok(())
    };
    TestRunner::new(config).run(&(pieces, cuts), property).unwrap();
}

#[tokio::test]
async fn row_19_the_end_needs_no_done_and_no_blank_line() {
    for body in [
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]",
        "data: {\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},\"finish_reason\":\"stop\"}]}\n\n",
    ] {
        let outcome = streamed(body).await;
        assert_eq!((outcome.finish(), outcome.text().as_str()), (&FinishReason::Stop, "a"), "{body}");
    }
    for body in ["", "\n\n", ": ping\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"] {
        assert_eq!(streamed(body).await.failure().kind, FailureKind::Cut, "{body}");
    }
}

#[tokio::test]
async fn a_server_that_says_no_more_after_the_finish_reason_is_not_waited_for_long() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let outcome = answered(until(body, Step::Stall(Arc::default()))).await;
    assert_eq!((outcome.finish(), outcome.text().as_str()), (&FinishReason::Stop, "a"));
}

#[tokio::test]
async fn row_19_malformed_data_is_told_and_the_text_so_far_stays() {
    let good = "data: {\"choices\":[{\"delta\":{\"content\":\"kept\"}}]}\n\n";
    for bad in ["data: {\"choices\":[{\n\n", "data: not json\n\n", "data: {\"a\":\"\u{1}\"}\n\n", "data: {}}\n\n"] {
        let outcome = streamed(&format!("{good}{bad}{good}data: [DONE]\n\n")).await;
        assert_eq!((outcome.failure().kind, outcome.text().as_str()), (FailureKind::InvalidData, "kept"), "{bad}");
        assert!(!outcome.failure().message.contains("choices"));
    }
}

#[tokio::test]
async fn reasoning_is_read_by_both_names_and_never_twice() {
    for delta in [
        r#"{"reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_content":null}"#,
    ] {
        let outcome = streamed(&format!("data: {{\"choices\":[{{\"delta\":{delta}}}]}}\n\ndata: [DONE]\n\n")).await;
        assert_eq!((outcome.reasoning().as_str(), outcome.text().as_str()), ("hm", ""), "{delta}");
    }
    let odd = "data: {\"choices\":[{\"delta\":{\"reasoning\":{\"steps\":[]},\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";
    let outcome = streamed(odd).await;
    assert_eq!((outcome.reasoning().as_str(), outcome.text().as_str()), ("", "a"));
}

#[tokio::test]
async fn tool_calls_come_in_pieces_with_an_index_or_without() {
    let body = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"c1\",\"function\":{\"name\":\"add\",\"arguments\":\"{\\\"a\"}}]}}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"\\\":1}\"}}]}}]}\n\n\
        data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"now\",\"arguments\":{}}}]},\"finish_reason\":\"tool_calls\"}]}\n\n";
    let outcome = streamed(body).await;
    assert_eq!(outcome.finish(), &FinishReason::ToolCalls);
    let call = |index, id: Option<&str>, name: Option<&str>, arguments: &str| Signal::ToolCall {
        index,
        id: id.map(str::to_owned),
        name: name.map(str::to_owned),
        arguments: arguments.to_owned(),
    };
    let expected = [
        call(0, Some("c1"), Some("add"), "{\"a"),
        call(0, None, None, "\":1}"),
        call(1, Some("c2"), Some("now"), "{}"),
    ];
    assert_eq!(outcome.signals[1..], expected);
}

#[tokio::test]
async fn row_21_usage_missing_or_absurd_is_unknown_and_the_reply_is_whole() {
    for usage in [
        "null",
        "{}",
        "{\"prompt_tokens\":-5,\"completion_tokens\":3}",
        "{\"prompt_tokens\":1000000000000000000,\"completion_tokens\":3}",
    ] {
        let body = format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}},\"finish_reason\":\"stop\"}}]}}\n\ndata: {{\"choices\":[],\"usage\":{usage}}}\n\ndata: [DONE]\n\n"
        );
        let outcome = streamed(&body).await;
        let known = outcome.report.usage.and_then(Usage::plausible);
        assert_eq!((outcome.finish(), known), (&FinishReason::Stop, None), "{usage}");
        // What was said and cannot be true is told apart from what was not said, which is counted here.
        assert_eq!(outcome.report.usage.is_some(), usage.contains("prompt_tokens"), "{usage}");
    }
}

#[tokio::test]
async fn row_20_a_line_of_a_million_characters_arrives_whole() {
    let text = "ab".repeat(400_000);
    let body = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\ndata: [DONE]\n\n");
    let outcome = answered(stream(body.as_bytes().chunks(16 * 1024))).await;
    assert_eq!((outcome.finish(), outcome.text().len()), (&FinishReason::Stop, text.len()));
}

#[tokio::test]
async fn row_20_a_reply_past_its_limits_is_cut_with_what_came() {
    let event = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(64 * 1024));
    let outcome = streamed(&event.repeat(40)).await;
    assert_eq!(outcome.failure().kind, FailureKind::TooLarge);
    assert_eq!(outcome.text().len(), 2 << 20, "text up to its limit is kept");
    let endless = format!("data: {{\"a\":\"{}", "x".repeat(1 << 20));
    assert_eq!(streamed(&endless).await.failure().kind, FailureKind::TooLarge);
    let comments = format!(": {}\n", "x".repeat(1000)).repeat(5000);
    assert_eq!(streamed(&comments).await.failure().kind, FailureKind::TooLarge);
}

#[tokio::test]
async fn row_20_a_flood_of_small_deltas_arrives_in_order() {
    let body: String = (0..10_000)
        .map(|n| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{n} \"}}}}]}}\n\n"))
        .chain(["data: [DONE]\n\n".to_owned()])
        .collect();
    let outcome = streamed(&body).await;
    let expected: String = (0..10_000).map(|n| format!("{n} ")).collect();
    assert_eq!((outcome.finish(), outcome.text()), (&FinishReason::Stop, expected));
}

#[tokio::test]
async fn row_20_a_packed_reply_is_read_and_a_packed_bomb_is_cut() {
    let packed = ["content-type: text/event-stream", "content-encoding: gzip"];
    let outcome = answered(whole(200, &packed, include_bytes!("packed.gz"))).await;
    assert_eq!((outcome.finish(), outcome.text().as_str()), (&FinishReason::Stop, "packed"));
    // 6 MB of comments in 18 kB.
    let outcome = answered(whole(200, &packed, include_bytes!("bomb.gz"))).await;
    assert_eq!(outcome.failure().kind, FailureKind::TooLarge);
}
