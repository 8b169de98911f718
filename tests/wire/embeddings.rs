//! Vectors: what is asked, what is read leniently, and what is refused all the same.

use std::sync::Arc;
use std::time::Duration;

use munshi::chat::embedding::{EmbeddingModel, EmbeddingReport, EmbeddingRequest};
use munshi::chat::{Failure, FailureKind, ModelRef};
use munshi::provider::Provider;
use munshi::provider::openai::{Endpoint, EndpointTable, HttpOptions, OpenAiProvider};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::server::{Heard, Server, Step, head, whole};
use super::{options, provider};

const JSON: &[&str] = &["content-type: application/json", "x-request-id: req_e1"];

fn request(texts: &[&str], dims: u32) -> Arc<EmbeddingRequest> {
    let with = EmbeddingModel { model: ModelRef::new("openai", "text-embedding-3-small"), dims };
    Arc::new(EmbeddingRequest { with, texts: texts.iter().map(|text| (*text).to_owned()).collect() })
}

/// One request for the vectors of two texts, of two numbers each, and what the server heard.
async fn asked(scripts: Vec<Vec<Step>>) -> (EmbeddingReport, Vec<Heard>) {
    let server = Server::start(scripts).await;
    let provider = provider(&server.base_url());
    let report = provider.embed(request(&["एक", "two"], 2), CancellationToken::new()).await;
    (report, server.heard())
}

async fn answered(body: &str) -> EmbeddingReport {
    let (report, heard) = asked(vec![whole(200, JSON, body)]).await;
    assert_eq!(heard.len(), 1, "vectors are one request");
    report
}

async fn failed(status: u16, body: &str) -> Failure {
    let (report, heard) = asked(vec![whole(status, JSON, body)]).await;
    assert_eq!(heard.len(), 1, "a refusal is not asked again");
    report.vectors.unwrap_err().unwrap()
}

#[tokio::test]
async fn texts_go_out_as_one_request_with_the_key_and_the_length_that_is_wanted() {
    let body = r#"{"data":[{"index":0,"embedding":[0.6,0.8]},{"index":1,"embedding":[1,0]}],
        "usage":{"prompt_tokens":7,"total_tokens":7}}"#;
    let (report, heard) = asked(vec![whole(200, JSON, body)]).await;
    assert_eq!(report.vectors, Ok(vec![vec![0.6, 0.8], vec![1.0, 0.0]]));
    assert_eq!((report.tokens, report.request_id.as_deref()), (Some(7), Some("req_e1")));
    assert!(heard[0].head.starts_with("POST /v1/embeddings HTTP/1.1\r\n"), "{}", heard[0].head);
    assert_eq!(heard[0].header("authorization"), Some("Bearer sk-test-key"));
    assert_eq!(heard[0].header("content-type"), Some("application/json"));
    let sent = json!({
        "model": "text-embedding-3-small", "input": ["एक", "two"], "dimensions": 2, "encoding_format": "float",
    });
    assert_eq!(heard[0].json(), sent);
}

#[tokio::test]
async fn no_texts_are_no_request() {
    let server = Server::start(Vec::new()).await;
    let report = provider(&server.base_url()).embed(request(&[], 2), CancellationToken::new()).await;
    assert_eq!((report.vectors, report.tokens), (Ok(Vec::new()), None));
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn vectors_are_read_in_any_order_and_without_indices_or_usage() {
    let in_order = Ok(vec![vec![0.0, 1.0], vec![1.0, 0.0]]);
    for (body, tokens) in [
        (r#"{"data":[{"index":1,"embedding":[1,0]},{"index":0,"embedding":[0,1]}],"usage":null}"#, None),
        (r#"{"data":[{"embedding":[0,1]},{"embedding":[1,0]}],"usage":{"total_tokens":5}}"#, Some(5)),
        // Left out where it is 0, as some gateways do.
        (r#"{"data":[{"embedding":[0,1.0]},{"embedding":[1,0],"index":1}],"usage":{"prompt_tokens":0}}"#, Some(0)),
        (r#"{"data":[{"index":0,"embedding":"AAAAAAAAgD8="},{"index":1,"embedding":"AACAPwAAAAA="}]}"#, None),
        // Said, and not to be believed: nobody counts in its place.
        (r#"{"data":[{"embedding":[0,1]},{"embedding":[1,0]}],"usage":{"prompt_tokens":-3}}"#, Some(u64::MAX)),
    ] {
        let report = answered(body).await;
        assert_eq!((&report.vectors, report.tokens), (&in_order, tokens), "{body}");
    }
}

#[tokio::test]
async fn vectors_that_are_too_few_too_short_or_no_numbers_are_invalid_data() {
    for (body, says) in [
        (r#"{"data":[{"index":0,"embedding":[0,1]}]}"#, "1 vectors for 2 texts"),
        (r#"{"data":[{"index":0,"embedding":[0,1]},{"index":0,"embedding":[1,0]}]}"#, "no text of their own"),
        (r#"{"data":[{"index":0,"embedding":[0,1]},{"index":9,"embedding":[1,0]}]}"#, "no text of their own"),
        (r#"{"data":[{"index":0,"embedding":[0,1]},{"index":1,"embedding":[1]}]}"#, "vectors of 1 numbers where 2"),
        (r#"{"data":[{"index":0,"embedding":[0,1]},{"index":1}]}"#, "vectors of 0 numbers where 2"),
        (r#"{"data":[{"index":0,"embedding":[0,null]},{"index":1,"embedding":[1,0]}]}"#, "numbers that are none"),
        (r#"{"data":[{"index":0,"embedding":[0,3e200]},{"index":1,"embedding":[1,0]}]}"#, "numbers that are none"),
        (r#"{"data":[{"index":0,"embedding":"AADAfwAAgD8="},{"index":1,"embedding":[1,0]}]}"#, "numbers that are none"),
        ("<html>Welcome</html>", "not with vectors"),
        ("{}", "not with vectors"),
    ] {
        let failure = answered(body).await.vectors.unwrap_err().unwrap();
        assert_eq!(failure.kind, FailureKind::InvalidData, "{body}");
        assert!(failure.message.contains(says) && failure.message.contains("127.0.0.1"), "{body}: {}", failure.message);
    }
}

#[tokio::test]
async fn an_error_inside_a_success_is_told_in_the_servers_words() {
    let body = r#"{"error":{"message":"No endpoint has this model","code":404}}"#;
    let failure = answered(body).await.vectors.unwrap_err().unwrap();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::NotFound, "No endpoint has this model"));
}

#[tokio::test]
async fn where_there_is_no_such_endpoint_or_model_it_is_not_found() {
    for (status, body) in [
        (404, r#"{"detail":"Not Found"}"#),
        (404, r#"{"error":{"message":"The model does not exist","code":"model_not_found"}}"#),
        (405, ""),
        (501, r#"{"error":{"message":"This server does not support embeddings","type":"not_supported_error"}}"#),
        (400, r#"{"object":"error","message":"Invalid model: text-embedding-3-small","type":"invalid_model"}"#),
        (400, r#"{"error":{"message":"text-embedding-3-small is not a valid model ID","code":400}}"#),
        (400, r#"{"error":{"message":"The model does not support Embeddings API"}}"#),
    ] {
        let failure = failed(status, body).await;
        assert_eq!((failure.kind, failure.status), (FailureKind::NotFound, Some(status)), "{body}");
        assert_eq!(failure.request_id.as_deref(), Some("req_e1"));
    }
}

#[tokio::test]
async fn other_refusals_keep_their_kind_and_never_show_the_key() {
    for (status, body, kind) in [
        (400, r#"{"error":{"message":"input[0] is too long"}}"#, FailureKind::BadRequest),
        (401, r#"{"error":{"message":"Incorrect API key: sk-test-key"}}"#, FailureKind::Unauthorized),
        (429, r#"{"error":{"message":"slow down"}}"#, FailureKind::RateLimited),
        (429, r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#, FailureKind::QuotaExhausted),
        (503, "", FailureKind::Server),
    ] {
        let failure = failed(status, body).await;
        assert_eq!(failure.kind, kind, "{body}");
        assert!(!failure.message.contains("sk-test-key"), "{}", failure.message);
    }
    let (report, heard) = asked(vec![whole(307, &["location: https://elsewhere.example/v1/embeddings"], "")]).await;
    let failure = report.vectors.unwrap_err().unwrap();
    assert_eq!((failure.kind, heard.len()), (FailureKind::Redirect, 1), "{}", failure.message);
}

#[tokio::test]
async fn a_server_that_refuses_a_length_is_asked_once_without_and_remembered() {
    let refusal = r#"{"error":{"message":"This model does not support specifying dimensions.","param":null}}"#;
    let longer = r#"{"data":[{"index":0,"embedding":[3,4,12]},{"index":1,"embedding":[0,0,1]}]}"#;
    let server =
        Server::start(vec![whole(400, JSON, refusal), whole(200, JSON, longer), whole(200, JSON, longer)]).await;
    let provider = provider(&server.base_url());
    for _ in 0..2 {
        let report = provider.embed(request(&["एक", "two"], 2), CancellationToken::new()).await;
        // The front of the vector, of length 1 again; what has nothing in front stays as it is.
        assert_eq!(report.vectors, Ok(vec![vec![0.6, 0.8], vec![0.0, 0.0]]));
    }
    let dimensions: Vec<_> = server.heard().iter().map(|heard| heard.json().get("dimensions").cloned()).collect();
    assert_eq!(dimensions, [Some(json!(2)), None, None]);
}

#[tokio::test]
async fn a_refusal_that_stays_is_told_after_the_second_request() {
    let refusal = r#"{"error":{"message":"dimensions must not be set","param":"dimensions"}}"#;
    let (report, heard) = asked(vec![whole(400, JSON, refusal), whole(400, JSON, refusal)]).await;
    let failure = report.vectors.unwrap_err().unwrap();
    assert_eq!((failure.kind, heard.len()), (FailureKind::BadRequest, 2), "{}", failure.message);
}

#[tokio::test]
async fn a_cancelled_request_lets_go_of_its_connection() {
    let server = Server::start(vec![vec![Step::Stall(Arc::default())]]).await;
    let cancel = CancellationToken::new();
    let asking = tokio::spawn(provider(&server.base_url()).embed(request(&["a"], 2), cancel.clone()));
    server.accepted().await;
    cancel.cancel();
    assert_eq!(asking.await.unwrap().vectors, Err(None));
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_let_go() {
    for script in [vec![], vec![Step::Send(head(200, &["content-length: 9"]))]] {
        let stall = Step::Stall(Arc::default());
        let server = Server::start(vec![[script, vec![stall]].concat()]).await;
        let options = HttpOptions { embedding_time: Duration::from_millis(200), ..options() };
        let table = EndpointTable::default();
        table.set("openai", Endpoint::keyless(server.base_url()));
        let provider = OpenAiProvider::new(table, options);
        let report = provider.embed(request(&["a"], 2), CancellationToken::new()).await;
        let failure = report.vectors.unwrap_err().unwrap();
        assert_eq!(failure.kind, FailureKind::Timeout);
        assert_eq!(failure.message, "openai gave no vectors within 0.2 s.");
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let body = format!("{{\"data\":[{}", " ".repeat(5 << 20));
    let failure = answered(&body).await.vectors.unwrap_err().unwrap();
    assert_eq!(failure.kind, FailureKind::TooLarge, "{}", failure.message);
}

#[tokio::test]
async fn a_key_never_leaves_in_the_clear() {
    let table = EndpointTable::default();
    table.set("openai", Endpoint { key: Some("sk-test-key".into()), ..Endpoint::keyless("http://example.com/v1") });
    let provider = OpenAiProvider::new(table, options());
    let report = provider.embed(request(&["a"], 2), CancellationToken::new()).await;
    let failure = report.vectors.unwrap_err().unwrap();
    assert_eq!(failure.kind, FailureKind::BadRequest);
    assert!(failure.message.contains("https"), "{}", failure.message);
}
