//! Connections that fail: RELIABILITY rows 10, 12, 16 and 18, and what a cancellation does.

use std::sync::Arc;

use munshi::chat::{FailureKind, FinishReason};
use munshi::provider::{Ending, Provider, Signal, mailbox};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::server::{Server, Step, head, stream, until};
use super::{answered, attempt_of, provider, request};

const REPLY: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"हिन्\"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{\"content\":\"दी 👩‍👩‍👧\"}}]}\n\n\
    data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
const TEXT: &str = "हिन्दी 👩‍👩‍👧";

#[tokio::test]
async fn row_12_a_connection_that_closes_at_any_byte_is_never_a_finished_reply_before_its_reason() {
    let reason = REPLY.find("}]}\n\ndata: [DONE]").unwrap() + "}]}".len();
    let scripts = (0..=REPLY.len()).map(|at| until(&REPLY.as_bytes()[..at], Step::Close)).collect();
    let server = Server::start(scripts).await;
    let provider = provider(&server.base_url());
    for at in 0..=REPLY.len() {
        let outcome = attempt_of(&provider, request()).await;
        assert!(TEXT.starts_with(&outcome.text()), "cut at {at}: {:?}", outcome.text());
        if at < reason {
            assert_eq!(outcome.failure().kind, FailureKind::Cut, "cut at {at}");
        } else {
            assert_eq!((outcome.finish(), outcome.text().as_str()), (&FinishReason::Stop, TEXT), "cut at {at}");
        }
        assert_eq!(server.heard().len(), at + 1, "exactly one request an attempt");
    }
}

#[tokio::test]
async fn row_12_a_reset_keeps_the_text_and_is_told() {
    let part = &REPLY[..REPLY.find("data: {\"choices\":[{\"delta\":{},").unwrap()];
    let gate = Arc::new(Notify::new());
    let opening = [&head(200, &["content-type: text/event-stream"]), part.as_bytes()].concat();
    let server = Server::start(vec![vec![Step::Send(opening), Step::Stall(Arc::clone(&gate)), Step::Reset]]).await;
    let arrived = Arc::new(Notify::new());
    let (sink, reader) = mailbox(Arc::clone(&arrived));
    let running = provider(&server.base_url()).attempt(Arc::new(request()), sink, CancellationToken::new());
    let reading = async {
        let mut text = String::new();
        while text != TEXT {
            arrived.notified().await;
            text.extend(
                reader.drain().into_iter().filter_map(|it| if let Signal::Text(text) = it { Some(text) } else { None }),
            );
        }
        gate.notify_one();
    };
    let (report, ()) = tokio::join!(running, reading);
    let Ending::Failed(failure) = report.ending else { panic!("{:?}", report.ending) };
    assert_eq!(failure.kind, FailureKind::Cut);
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn a_chunked_body_that_ends_in_its_midst_is_cut() {
    let mut script = stream([&REPLY.as_bytes()[..80]]);
    let Step::Send(bytes) = &mut script[0] else { unreachable!() };
    bytes.truncate(bytes.len() - b"0\r\n\r\n".len());
    script.push(Step::Close);
    assert_eq!(answered(script).await.failure().kind, FailureKind::Cut);
}

#[tokio::test]
async fn row_10_a_server_that_accepts_and_says_nothing_is_left_when_the_user_cancels() {
    let server = Server::start(vec![vec![Step::Stall(Arc::default())]]).await;
    let (sink, reader) = mailbox(Arc::default());
    let cancel = CancellationToken::new();
    let running = provider(&server.base_url()).attempt(Arc::new(request()), sink, cancel.clone());
    let (report, ()) = tokio::join!(running, async {
        server.accepted().await;
        cancel.cancel();
    });
    assert_eq!(report.ending, Ending::Cancelled);
    assert!(reader.is_empty());
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn row_10_a_cancellation_mid_stream_closes_the_connection_and_keeps_what_came() {
    let mut script = stream([&REPLY.as_bytes()[..60]]);
    let Step::Send(bytes) = &mut script[0] else { unreachable!() };
    bytes.truncate(bytes.len() - b"0\r\n\r\n".len());
    // After the first event the server only listens: it hears the client hang up.
    let server = Server::start(vec![script]).await;
    let arrived = Arc::new(Notify::new());
    let (sink, _reader) = mailbox(Arc::clone(&arrived));
    let cancel = CancellationToken::new();
    let running = provider(&server.base_url()).attempt(Arc::new(request()), sink, cancel.clone());
    let (report, ()) = tokio::join!(running, async {
        arrived.notified().await;
        cancel.cancel();
    });
    assert_eq!(report.ending, Ending::Cancelled);
    server.hung_up().await;
}

#[tokio::test]
async fn an_attempt_that_is_cancelled_before_it_began_sends_nothing() {
    let server = Server::start(vec![]).await;
    let (sink, _reader) = mailbox(Arc::default());
    let cancel = CancellationToken::new();
    cancel.cancel();
    let report = provider(&server.base_url()).attempt(Arc::new(request()), sink, cancel).await;
    assert_eq!(report.ending, Ending::Cancelled);
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn row_16_a_failure_after_the_first_token_keeps_the_text_and_asks_no_second_time() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\ndata: {\"error\":{\"message\":\"gone\",\"code\":502}}\n\n";
    let outcome = answered(stream([body.as_bytes()])).await;
    assert_eq!(outcome.text(), "half");
    assert_eq!((outcome.failure().kind, outcome.failure().message.as_str()), (FailureKind::StreamError, "gone"));
}

#[tokio::test]
async fn a_finished_connection_serves_the_next_attempt() {
    let server = Server::start(vec![stream([REPLY.as_bytes()]), stream([REPLY.as_bytes()])]).await;
    let provider = provider(&server.base_url());
    for _ in 0..2 {
        assert_eq!(attempt_of(&provider, request()).await.text(), TEXT);
    }
    assert_eq!(server.connections(), 1, "the second attempt used the first one's connection");
}

#[tokio::test]
async fn row_18_a_name_that_does_not_exist_is_told_as_such() {
    let outcome = attempt_of(&provider("https://nonexistent.invalid/v1"), request()).await;
    assert_eq!(outcome.failure().kind, FailureKind::Dns, "{:?}", outcome.failure());
    assert!(outcome.failure().message.contains("nonexistent.invalid was not found"));
}

#[tokio::test]
async fn row_18_a_refused_port_is_told_as_such() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = attempt_of(&provider(&format!("http://{closed}/v1")), request()).await;
    assert_eq!(outcome.failure().kind, FailureKind::Connect);
    assert!(outcome.failure().message.contains("refused the connection"), "{}", outcome.failure().message);
}

#[tokio::test]
async fn row_18_a_connection_reset_before_the_answer_is_no_connection() {
    let failure = answered(vec![Step::Reset]).await.failure().clone();
    assert_eq!(failure.kind, FailureKind::Connect);
    let failure = answered(vec![Step::Close]).await.failure().clone();
    assert_eq!(failure.kind, FailureKind::Connect);
}

#[tokio::test]
async fn row_18_a_key_is_not_sent_to_a_host_whose_certificate_nobody_vouches_for() {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/unknown.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).unwrap();
    let crypto = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut heard = Vec::new();
        let ended = std::io::Read::read_to_end(&mut rustls::StreamOwned::new(session, stream), &mut heard);
        (heard, ended.is_err())
    });
    let outcome = attempt_of(&provider(&format!("https://localhost:{port}/v1")), request()).await;
    assert_eq!(outcome.failure().kind, FailureKind::Tls, "{:?}", outcome.failure());
    assert!(outcome.failure().message.contains("No key was sent"), "{}", outcome.failure().message);
    assert_eq!(heard.join().unwrap(), (Vec::new(), true));
}
