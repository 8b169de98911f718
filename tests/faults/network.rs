//! Hosts that are not there, are no friends, or are somewhere else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::support::launch::Home;
use super::support::replies::sse_reply;
use super::support::server::{Reply, Server};
use super::world::{ask, leave, ledger, munshi, replies, start};

/// Asks once with the base URL, and returns the screen's text.
fn asked(base_url: &str) -> String {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 1\n");
    let session = start(home.munshi().against(base_url).size(200, 40));
    let screen = ask(&session, &home, "who is there?", 1);
    assert_eq!(replies(&home)[0].status, "failed");
    leave(&session, &home);
    assert_eq!(ledger(&home)[0].cost, Some(0));
    screen.text
}

#[test]
fn row_18_a_port_that_nobody_listens_at() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let screen = asked(&format!("http://127.0.0.1:{port}/v1"));
    assert!(screen.contains("No connection to openai"), "{screen}");
    assert!(screen.contains("Check that it is running and reachable, then /retry."), "{screen}");
}

#[test]
fn row_18_a_host_that_does_not_exist() {
    let screen = asked("https://munshi-test.invalid/v1");
    assert!(screen.contains("The host of openai was not found"), "{screen}");
}

#[test]
fn row_18_tls_to_a_server_that_speaks_none_sends_no_key() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
        let mut came = Vec::new();
        // A reset is an end, too.
        let _ = stream.read_to_end(&mut came);
        came
    });
    let screen = asked(&format!("https://{address}/v1"));
    assert!(screen.contains("TLS handshake failed, so nothing was sent"), "{screen}");
    let came = server.join().unwrap();
    assert!(!came.windows(7).any(|bytes| bytes == b"sk-test"), "the key was sent in the open");
}

#[test]
fn row_18_a_redirect_to_another_host_is_not_followed() {
    let thief = Server::replies([sse_reply(&["thanks for the key"])]);
    let to = format!("{}/chat/completions", thief.base_url());
    for status in [301, 302, 307, 308] {
        let server = Server::replies([Reply::new(status, "text/plain").header("location", &to)]);
        let home = Home::new();
        let session = start(munshi(&home, &server));
        let screen = ask(&session, &home, "where?", 1);
        assert!(screen.contains("openai's address points elsewhere"), "{status}:\n{}", &*screen);
        assert_eq!((server.requests().len(), thief.requests().len()), (1, 0));
        leave(&session, &home);
    }
}
