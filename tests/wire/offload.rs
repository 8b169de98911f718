//! The Batch API, byte by byte: what goes up, what is read however it is written, and what a refusal is called. Every
//! call is one request.

use std::path::PathBuf;
use std::time::Duration;

use munshi::chat::offload::{NO_BATCH_API, RemoteBatch, RemoteStatus};
use munshi::chat::{Failure, FailureKind, OutputLimit, OutputLimitField, Request};
use munshi::provider::offload::{Asked, Offload};
use munshi::provider::openai::{Endpoint, EndpointTable, HttpOptions, OpenAiProvider};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::server::{Heard, Server, Step, head, whole};
use super::{options, provider, request};

const JSON: &[&str] = &["content-type: application/json", "x-request-id: req_b1"];

/// What one call gave, and what the server heard of it, which is one request.
async fn called<T>(script: Vec<Step>, call: impl FnOnce(&OpenAiProvider) -> Asked<T>) -> (Result<T, Failure>, Heard) {
    let server = Server::start(vec![script]).await;
    let result = call(&provider(&server.base_url())).await;
    let heard = server.heard();
    assert_eq!(heard.len(), 1, "a call is exactly one request");
    (result, heard[0].clone())
}

async fn told(body: &str) -> Result<RemoteBatch, Failure> {
    called(whole(200, JSON, body), |provider| provider.retrieve("openai", "b")).await.0
}

async fn refused(status: u16, headers: &[&str], body: &str) -> Failure {
    called(whole(status, headers, body), |provider| provider.retrieve("openai", "batch_1")).await.0.unwrap_err()
}

fn a_file(text: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[tokio::test]
async fn a_file_goes_up_as_a_form_with_its_purpose_its_length_and_the_key() {
    let text = "{\"custom_id\":\"1\",\"é\":\"नमस्ते\"}\n".repeat(100_000);
    let (_folder, path) = a_file(text.as_bytes());
    let script = whole(200, JSON, r#"{"id":"file-7","object":"file","bytes":9,"status":null}"#);
    let (id, heard) = called(script, |provider| provider.upload("openai", path, "munshi-rows.jsonl")).await;
    assert_eq!(id.unwrap(), "file-7");
    assert!(heard.head.starts_with("POST /v1/files HTTP/1.1\r\n"), "{}", heard.head);
    assert_eq!(heard.header("authorization"), Some("Bearer sk-test-key"));
    assert_eq!(heard.header("content-length"), Some(heard.body.len().to_string().as_str()), "its length is said");
    let kind = heard.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let sent = String::from_utf8(heard.body.clone()).unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"munshi-rows.jsonl\"\r\n\
         Content-Type: application/jsonl\r\n\r\n{text}\r\n--{boundary}--\r\n"
    );
    assert!(sent == expected, "{}", &sent[..400]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_by_its_name_or_as_one() {
    let server = Server::start(Vec::new()).await;
    let missing = provider(&server.base_url()).upload("openai", "/no/such/rows.jsonl".into(), "r").await.unwrap_err();
    assert_eq!(missing.kind, FailureKind::Internal);
    assert!(missing.message.contains("/no/such/rows.jsonl"), "{}", missing.message);
    assert!(server.heard().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_fails_while_it_goes_up_is_no_fault_of_the_server() {
    let server = Server::start(Vec::new()).await;
    let folder = tempfile::tempdir().unwrap();
    // A folder opens, has a length, and cannot be read.
    let failed = provider(&server.base_url()).upload("openai", folder.path().into(), "r").await.unwrap_err();
    assert_eq!(failed.kind, FailureKind::Internal, "{}", failed.message);
    assert!(failed.message.contains("could not be read to its end"), "{}", failed.message);
}

#[tokio::test]
async fn each_call_goes_to_its_own_path_with_the_key() {
    let batch = r#"{"id":"b"}"#;
    let metadata = vec![("run".to_owned(), "r1".to_owned())];
    let script = whole(200, JSON, batch);
    let (made, heard) = called(script, |provider| provider.create("openai", "file-1", metadata)).await;
    assert_eq!(made.unwrap().id, "b");
    assert!(heard.head.starts_with("POST /v1/batches HTTP/1.1\r\n"), "{}", heard.head);
    let expected = json!({"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h",
        "metadata": {"run": "r1"}});
    assert_eq!(heard.json(), expected);
    let (_, heard) = called(whole(200, JSON, batch), |provider| provider.create("openai", "file-1", Vec::new())).await;
    assert_eq!(heard.json().get("metadata"), None);

    let mut heads = Vec::new();
    heads.push(called(whole(200, JSON, batch), |it| it.retrieve("openai", "batch_1")).await.1);
    heads.push(called(whole(200, JSON, batch), |it| it.cancel("openai", "batch_1")).await.1);
    heads.push(called(whole(200, JSON, r#"{"data":[]}"#), |it| it.recent("openai")).await.1);
    heads.push(called(whole(200, JSON, "{}"), |it| it.delete_file("openai", "file-1")).await.1);
    heads.push(called(whole(200, JSON, batch), |it| it.retrieve("openai", "../files/x?y")).await.1);
    let lines: Vec<_> = heads.iter().map(|heard| heard.head.lines().next().unwrap()).collect();
    let expected = [
        "GET /v1/batches/batch_1 HTTP/1.1",
        "POST /v1/batches/batch_1/cancel HTTP/1.1",
        "GET /v1/batches?limit=100 HTTP/1.1",
        "DELETE /v1/files/file-1 HTTP/1.1",
        "GET /v1/batches/..%2Ffiles%2Fx%3Fy HTTP/1.1",
    ];
    assert_eq!(lines, expected);
    assert!(heads.iter().all(|heard| heard.header("authorization") == Some("Bearer sk-test-key")));
}

#[tokio::test]
async fn a_query_in_the_address_stays() {
    let server = Server::start(vec![whole(200, JSON, r#"{"data":[]}"#)]).await;
    provider(&format!("{}?api-version=2", server.base_url())).recent("openai").await.unwrap();
    let heard = server.heard();
    assert!(heard[0].head.starts_with("GET /v1/batches?api-version=2&limit=100 "), "{}", heard[0].head);
}

#[tokio::test]
async fn a_batch_is_read_whole() {
    let batch = told(
        r#"{"id":"batch_1","object":"batch","status":"completed","input_file_id":"file-1","output_file_id":"file-2",
            "error_file_id":"file-3","created_at":1711471533,"expires_at":1711557933,"errors":null,
            "request_counts":{"total":100,"completed":95,"failed":5},"metadata":{"a":"b"}}"#,
    );
    let expected = RemoteBatch {
        id: "batch_1".into(),
        status: RemoteStatus::Completed,
        input_file: "file-1".into(),
        output_file: Some("file-2".into()),
        error_file: Some("file-3".into()),
        total: 100,
        completed: 95,
        failed: 5,
        created_at: Some(1_711_471_533),
        expires_at: Some(1_711_557_933),
        errors: Vec::new(),
    };
    assert_eq!(batch.await.unwrap(), expected);
}

#[tokio::test]
async fn a_batch_is_read_with_whatever_fields_there_are() {
    let bare = RemoteBatch {
        id: "b".into(),
        status: RemoteStatus::Other(String::new()),
        input_file: String::new(),
        output_file: None,
        error_file: None,
        total: 0,
        completed: 0,
        failed: 0,
        created_at: None,
        expires_at: None,
        errors: Vec::new(),
    };
    let running = RemoteBatch { status: RemoteStatus::InProgress, ..bare.clone() };
    let told_why = |errors: &[&str]| RemoteBatch {
        status: RemoteStatus::Failed,
        errors: errors.iter().map(|&error| error.to_owned()).collect(),
        ..bare.clone()
    };
    for (body, expected) in [
        (r#"{"id":"b"}"#, bare.clone()),
        (
            r#"{"id":"b","status":null,"output_file_id":"","error_file_id":null,"request_counts":null,"errors":{},
                "created_at":"2024-06-01T00:00:00Z","expires_at":-1}"#,
            bare.clone(),
        ),
        (r#"{"id":"b","request_counts":{"total":null,"completed":"x"},"errors":{"data":null}}"#, bare.clone()),
        (r#"{"id":"b","status":"IN_PROGRESS","errors":[]}"#, running.clone()),
        (r#"{"job":{"id":"b","status":"in_progress"},"warning":null}"#, running),
        (
            r#"{"id":"b","status":"paused"}"#,
            RemoteBatch { status: RemoteStatus::Other("paused".into()), ..bare.clone() },
        ),
        (
            r#"{"id":"b","status":"failed","errors":{"object":"list","data":[
                {"code":"invalid_json_line","message":"Not parseable.","param":null,"line":3},
                {"code":"x"},{"message":"y","line":null},"z",7,null]}}"#,
            told_why(&["line 3: Not parseable. (invalid_json_line)", "x", "y", "z"]),
        ),
        (r#"{"id":"b","status":"failed","errors":"too many"}"#, told_why(&["too many"])),
    ] {
        assert_eq!(told(body).await.unwrap(), expected, "{body}");
    }
}

#[tokio::test]
async fn the_list_is_newest_first_and_keeps_only_what_has_an_id() {
    let rows = r#"{"object":"list","data":[{"id":"old","created_at":1},{"id":"odd"},null,{"status":"x"},
        {"id":"new","created_at":3},{"id":"same","created_at":3}],"has_more":true}"#;
    let (listed, _) = called(whole(200, JSON, rows), |provider| provider.recent("openai")).await;
    let ids: Vec<_> = listed.unwrap().into_iter().map(|batch| batch.id).collect();
    assert_eq!(ids, ["new", "same", "old", "odd"]);
}

#[tokio::test]
async fn a_success_that_is_no_batch_is_a_failure_that_says_so() {
    for body in ["<html>hello</html>", r#"{"object":"batch"}"#, "", "[]", r#"{"id":7}"#] {
        let failure = told(body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidData, "{body}");
        assert!(failure.message.contains("not with a batch: check the address"), "{}", failure.message);
    }
    let failure = told(r#"{"error":{"message":"slow down, sk-test-key","code":429}}"#).await.unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::RateLimited, "slow down, sk-…"));
    let (listed, _) = called(whole(200, JSON, "{}"), |provider| provider.recent("openai")).await;
    assert!(listed.unwrap_err().message.contains("not with a list of batches"));
    let (_folder, path) = a_file(b"{}");
    let (id, _) = called(whole(200, JSON, "{}"), |provider| provider.upload("openai", path, "r")).await;
    assert!(id.unwrap_err().message.contains("not with the id of the file"));
    let (id, _) = called(whole(200, JSON, " ".repeat(17 << 20)), |provider| provider.retrieve("openai", "b")).await;
    assert_eq!(id.unwrap_err().kind, FailureKind::TooLarge);
}

#[tokio::test]
async fn a_provider_without_the_api_is_told_from_one_that_does_not_know_the_batch() {
    for (status, body) in [
        (404, ""),
        (404, r#"{"detail":"Not Found"}"#),
        (404, "<html><title>404 page not found</title></html>"),
        (404, r#"{"error":{"message":"Invalid URL (GET /v1/batches/batch_1)","code":"unknown_url"}}"#),
        (404, r#"{"error":{"message":"no route for /v1/batches/batch_1"}}"#),
        (405, ""),
        (501, r#"{"error":{"message":"not implemented"}}"#),
    ] {
        let failure = refused(status, JSON, body).await;
        assert_eq!((failure.kind, failure.status), (FailureKind::NotFound, Some(status)), "{body}");
        assert_eq!(failure.code.as_deref(), Some(NO_BATCH_API), "{body}");
        let start = "`openai` has no Batch API at http://127.0.0.1:";
        assert!(failure.message.starts_with(start) && failure.message.contains("/v1/batches/batch_1 (it answered"));
        assert!(failure.message.ends_with("or leave out --offload."), "{}", failure.message);
        assert_eq!(failure.request_id.as_deref(), Some("req_b1"));
    }
    for message in ["No batch found with id 'batch_1'.", "Batch not found", "unknown: batch_1"] {
        let body = json!({"error": {"message": message, "code": "not_found"}}).to_string();
        let failure = refused(404, JSON, &body).await;
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::NotFound, message));
        assert_ne!(failure.code.as_deref(), Some(NO_BATCH_API));
    }
    let body = r#"{"error":{"message":"No batch here"}}"#;
    let (listed, _) = called(whole(404, JSON, body), |provider| provider.recent("openai")).await;
    assert_eq!(listed.unwrap_err().code.as_deref(), Some(NO_BATCH_API), "a list is about no batch of its own");
}

#[tokio::test]
async fn refusals_are_those_of_a_live_attempt() {
    let failure = refused(401, JSON, r#"{"error":{"message":"Incorrect API key: sk-test-key"}}"#).await;
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unauthorized, "Incorrect API key: sk-…"));
    let failure = refused(429, &["retry-after: 7"], r#"{"error":{"message":"slow"}}"#).await;
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::RateLimited, Some(Duration::from_secs(7))));
    let quota = r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#;
    assert_eq!(refused(429, JSON, quota).await.kind, FailureKind::QuotaExhausted);
    let failure = refused(400, JSON, r#"{"error":{"message":"No such File object: file-1"}}"#).await;
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::BadRequest, "No such File object: file-1"));
    assert_eq!(refused(503, &[], "").await.kind, FailureKind::Server);
}

#[tokio::test]
async fn an_upload_that_is_refused_is_one_request_and_keeps_what_was_said() {
    let (_folder, path) = a_file(&b"{}\n".repeat(1 << 20));
    let script = whole(413, JSON, r#"{"error":{"message":"too large"}}"#);
    let (id, _) = called(script, |provider| provider.upload("openai", path, "r")).await;
    let failure = id.unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::BadRequest, "too large"));
}

#[tokio::test]
async fn a_server_that_refuses_before_it_has_read_the_file_is_heard() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = [0; 16];
        stream.read_exact(&mut heard).await.unwrap();
        let body = r#"{"error":{"message":"no such key"}}"#;
        let Step::Send(answer) = &whole(401, JSON, body)[0] else { unreachable!() };
        stream.write_all(answer).await.unwrap();
        // Nothing more is read, and the connection stands until the client goes.
        stream
    });
    let (_folder, path) = a_file(&b"{}\n".repeat(8 << 20));
    let failure = provider(&base_url).upload("openai", path, "r").await.unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unauthorized, "no such key"));
    drop(serving.await.unwrap());
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_neither_key_nor_file_travels() {
    let thief = Server::start(Vec::new()).await;
    let location = format!("location: http://{}/steal", thief.address);
    let (folder, path) = a_file(b"{}");
    for status in [301, 302, 303, 307, 308] {
        let redirect = || whole(status, &[&location], "");
        let up = called(redirect(), |provider| provider.upload("openai", path.clone(), "r")).await.0.unwrap_err();
        let to = folder.path().join("down");
        let down = called(redirect(), |provider| provider.download("openai", "file-1", to)).await.0.unwrap_err();
        let asked = called(redirect(), |provider| provider.create("openai", "file-1", Vec::new())).await.0.unwrap_err();
        for failure in [up, down, asked] {
            assert_eq!((failure.kind, failure.status), (FailureKind::Redirect, Some(status)));
        }
    }
    assert!(thief.heard().is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing came down");
}

#[tokio::test]
async fn what_must_not_be_sent_is_refused_before_any_connection() {
    let table = EndpointTable::default();
    table.set("openai", Endpoint { key: Some("sk-a".into()), ..Endpoint::keyless("http://example.com/v1") });
    let key_env = Some("OPENAI_API_KEY".to_owned());
    table.set("nokey", Endpoint { key_env, ..Endpoint::keyless("https://example.com/v1") });
    let adapter = OpenAiProvider::new(table, options());
    let kind = async |provider: &str| adapter.recent(provider).await.unwrap_err().kind;
    assert_eq!(kind("openai").await, FailureKind::BadRequest);
    assert_eq!(kind("nokey").await, FailureKind::NoKey);
    assert_eq!(kind("nobody").await, FailureKind::NotFound);
}

#[tokio::test]
async fn a_file_comes_down_whole_and_for_this_user_alone() {
    let text = "{\"custom_id\":\"नमस्ते\"}\n".repeat(50_000);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("out.jsonl");
    std::fs::write(&to, "an older one").unwrap();
    let script = whole(200, &["content-type: application/octet-stream"], &text);
    let (bytes, heard) = called(script, |provider| provider.download("openai", "file-1", to.clone())).await;
    assert_eq!(bytes.unwrap(), text.len() as u64);
    assert!(heard.head.starts_with("GET /v1/files/file-1/content HTTP/1.1\r\n"), "{}", heard.head);
    assert!(std::fs::read_to_string(&to).unwrap() == text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");
}

#[tokio::test]
async fn a_download_that_is_cut_leaves_nothing_and_what_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("out.jsonl");
    std::fs::write(&to, "an older one").unwrap();
    for end in [Step::Close, Step::Reset] {
        let script = vec![Step::Send([&head(200, &["content-length: 100"])[..], b"{\"custom_id\""].concat()), end];
        let (bytes, _) = called(script, |provider| provider.download("openai", "file-1", to.clone())).await;
        let failure = bytes.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Cut);
        assert!(failure.message.contains("before the file file-1 was whole"), "{}", failure.message);
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "an older one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    let script = whole(404, JSON, r#"{"error":{"message":"No such File object: file-1"}}"#);
    let (bytes, _) = called(script, |provider| provider.download("openai", "file-1", to.clone())).await;
    assert_ne!(bytes.unwrap_err().code.as_deref(), Some(NO_BATCH_API));
    let nowhere = folder.path().join("no/such/folder/out");
    let (bytes, _) = called(whole(200, JSON, "x"), |provider| provider.download("openai", "file-1", nowhere)).await;
    let failure = bytes.unwrap_err();
    assert!(failure.message.contains("no/such/folder/out cannot be written"), "{}", failure.message);
}

#[tokio::test]
async fn a_connection_that_stands_still_is_given_up() {
    for script in [vec![], vec![Step::Send(head(200, &["content-length: 9"]))]] {
        let server = Server::start(vec![[script, vec![Step::Stall(std::sync::Arc::default())]].concat()]).await;
        let table = EndpointTable::default();
        table.set("openai", Endpoint::keyless(server.base_url()));
        let silence = Duration::from_millis(200);
        let adapter = OpenAiProvider::new(table, HttpOptions { transfer_silence: silence, ..options() });
        let failure = adapter.retrieve("openai", "b").await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
        assert!(failure.message.contains("for 0.2 s: check the network"), "{}", failure.message);
    }
}

#[test]
fn a_row_asks_for_what_an_attempt_would_and_not_for_a_stream() {
    let limit = OutputLimit { field: OutputLimitField::MaxCompletionTokens, tokens: 9 };
    let full = Request { temperature: Some(0.0), output_limit: Some(limit), include_usage: true, ..request() };
    let line = provider("https://example.com/v1").line("row-\"1\"\n", &full);
    assert!(!line.contains('\n'), "{line}");
    let expected = json!({
        "custom_id": "row-\"1\"\n", "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "नमस्ते"}], "temperature": 0.0,
            "max_completion_tokens": 9},
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), expected);
}
