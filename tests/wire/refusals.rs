//! What a server says instead of a reply: RELIABILITY rows 13, 14 and 15, as the adapter reports them.

use std::time::Duration;

use munshi::chat::{Failure, FailureKind, RateLimit};

use super::server::{stream, whole};
use super::{answered, streamed};

async fn refused(status: u16, headers: &[&str], body: &str) -> Failure {
    let outcome = answered(whole(status, headers, body)).await;
    assert!(outcome.signals.is_empty(), "a refusal opens nothing: {:?}", outcome.signals);
    outcome.failure().clone()
}

#[tokio::test]
async fn row_13_every_form_of_retry_after_arrives_as_a_duration() {
    let date = "Date: Sun, 22 Nov 2026 10:00:00 GMT";
    let cases: [(&[&str], Option<Duration>); 8] = [
        (&["Retry-After: 0.1"], Some(Duration::from_millis(100))),
        (&["Retry-After: 30"], Some(Duration::from_secs(30))),
        (&["Retry-After: 3600"], Some(Duration::from_hours(1))),
        (&[date, "Retry-After: Sun, 22 Nov 2026 10:01:30 GMT"], Some(Duration::from_secs(90))),
        (&["Retry-After: -1"], None),
        (&["Retry-After: inf"], None),
        (&[], None),
        (&["retry-after-ms: 250", "Retry-After: 30"], Some(Duration::from_millis(250))),
    ];
    for (headers, wait) in cases {
        let failure = refused(429, headers, r#"{"error":{"message":"slow down","type":"tokens"}}"#).await;
        assert_eq!(failure.kind, FailureKind::RateLimited);
        assert_eq!(failure.retry_after, wait, "{headers:?}");
        assert_eq!(failure.message, "slow down");
    }
}

#[tokio::test]
async fn row_14_statuses_that_pass_by_themselves_are_told_from_those_that_do_not() {
    for (status, kind) in [
        (408, FailureKind::Transient),
        (409, FailureKind::Transient),
        (500, FailureKind::Server),
        (502, FailureKind::Server),
        (503, FailureKind::Server),
        (504, FailureKind::Server),
    ] {
        let failure = refused(status, &["x-request-id: req_7"], "{\"error\":{\"message\":\"busy\"}}").await;
        assert_eq!((failure.kind, failure.status), (kind, Some(status)));
        assert_eq!(failure.request_id.as_deref(), Some("req_7"));
    }
}

#[tokio::test]
async fn row_14_a_page_of_html_becomes_one_line() {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center>\
        <hr><center>nginx</center></body>\r\n</html>";
    let failure = refused(502, &["content-type: text/html"], page).await;
    assert_eq!(failure.message, "502 Bad Gateway");
}

#[tokio::test]
async fn row_15_the_cause_comes_through_with_its_code_and_field() {
    let temperature = r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.7","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#;
    let failure = refused(400, &[], temperature).await;
    assert_eq!(failure.kind, FailureKind::BadRequest);
    assert_eq!(failure.param.as_deref(), Some("temperature"));
    assert_eq!(failure.code.as_deref(), Some("unsupported_value"));
    let quota = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
    for (status, body, kind) in [
        (
            401,
            r#"{"error":{"message":"Incorrect API key provided: sk-test-key","code":"invalid_api_key"}}"#,
            FailureKind::Unauthorized,
        ),
        (403, r#"{"error":"not for your country"}"#, FailureKind::Forbidden),
        (404, r#"{"error":{"message":"no such model","code":"model_not_found"}}"#, FailureKind::NotFound),
        (413, "too large", FailureKind::BadRequest),
        (422, r#"{"detail":[{"loc":["body","max_tokens"],"msg":"extra"}]}"#, FailureKind::BadRequest),
        (429, quota, FailureKind::QuotaExhausted),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, FailureKind::QuotaExhausted),
    ] {
        let failure = refused(status, &[], body).await;
        assert_eq!((failure.kind, failure.status), (kind, Some(status)), "{body}");
        assert!(!failure.message.contains("sk-test-key"), "the key is cut out of what the server says");
    }
}

#[tokio::test]
async fn a_huge_error_body_is_not_read_to_its_end() {
    let failure = refused(400, &[], &"x ".repeat(500_000)).await;
    assert!(failure.message.chars().count() <= 301);
}

#[tokio::test]
async fn an_error_with_status_200_is_a_failure_of_its_own_kind() {
    let json = &["content-type: application/json"];
    let failure = refused(200, json, r#"{"error":{"message":"slow","code":429}}"#).await;
    assert_eq!((failure.kind, failure.status), (FailureKind::RateLimited, Some(429)));
    let failure = refused(200, json, r#"{"error":{"message":"broken"}}"#).await;
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::StreamError, "broken"));
    let failure = refused(200, json, r#"{"choices":[]}"#).await;
    assert_eq!(failure.kind, FailureKind::NotAStream);
    let failure = refused(200, &["content-type: text/html; charset=utf-8"], "<h1>Welcome</h1>").await;
    assert_eq!(failure.kind, FailureKind::NotAStream);
}

#[tokio::test]
async fn an_error_that_comes_first_in_a_stream_keeps_its_meaning() {
    let outcome = streamed("data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n").await;
    assert_eq!((outcome.failure().kind, outcome.failure().status), (FailureKind::Server, Some(503)));
    let outcome = streamed("event: error\ndata: {\"message\":\"no key\",\"type\":\"authentication_error\"}\n\n").await;
    assert_eq!((outcome.failure().kind, outcome.failure().message.as_str()), (FailureKind::Unauthorized, "no key"));
}

#[tokio::test]
async fn rate_limits_and_request_id_arrive_with_the_opening() {
    let mut script = stream([&b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"[..]]);
    let super::Step::Send(bytes) = &mut script[0] else { unreachable!() };
    let text = String::from_utf8(bytes.clone()).unwrap();
    let extra = "x-request-id: req_9\r\nx-ratelimit-limit-requests: 60\r\nx-ratelimit-remaining-requests: 5\r\nx-ratelimit-reset-requests: 1m30s\r\n\r\n";
    *bytes = text.replacen("\r\n\r\n", &format!("\r\n{extra}"), 1).into_bytes();
    let outcome = answered(script).await;
    let requests = RateLimit { limit: Some(60), remaining: Some(5), reset: Some(Duration::from_secs(90)) };
    assert_eq!(outcome.report.limits.requests, requests);
    assert_eq!(outcome.report.request_id.as_deref(), Some("req_9"));
    let super::Signal::Opened { limits, request_id } = &outcome.signals[0] else { panic!("{:?}", outcome.signals) };
    assert_eq!((limits.requests, request_id.as_deref()), (requests, Some("req_9")));
}
