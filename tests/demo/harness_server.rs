//! The scripted server does what it is scripted to: a test that leans on it may believe it.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::support::replies::{delta, flat_out, markdown_tokens, pieces, rate, sse_reply, stream};
use super::support::server::{End, Gate, Reply, Server};

fn ask(server: &Server, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nAuthorization: Bearer k\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    stream
}

fn read(mut stream: TcpStream) -> std::io::Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text).map(|_| text)
}

#[test]
fn a_reply_comes_as_events_and_the_request_is_kept() {
    let server = Server::replies([sse_reply(&["Nam", "aste"])]);
    let body = r#"{"messages": [{"role": "user", "content": "hello"}]}"#;
    let text = read(ask(&server, body)).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(text.find("Nam").unwrap() < text.find("aste").unwrap());
    assert!(text.contains("data: [DONE]") && text.ends_with("0\r\n\r\n"));
    let seen = server.wait_for_requests(1);
    assert_eq!(seen[0].messages(), [("user".to_owned(), "hello".to_owned())]);
    assert_eq!(seen[0].header("authorization"), Some("Bearer k"));
}

#[test]
fn replies_come_in_order_and_the_last_one_stays() {
    let server = Server::replies([Reply::json(503, "{}"), sse_reply(&["ok"])]);
    let statuses: Vec<String> = (0..3).map(|_| read(ask(&server, "{}")).unwrap()[9..12].to_owned()).collect();
    assert_eq!(statuses, ["503", "200", "200"]);
}

#[test]
fn a_gate_holds_the_reply_until_it_is_opened() {
    let gate = Gate::new();
    let server = Server::replies([stream().bytes(delta("before")).gate(&gate).bytes(delta("after"))]);
    let mut client = ask(&server, "{}");
    let mut text = String::new();
    while !text.contains("before") {
        let mut buffer = [0; 1024];
        let count = client.read(&mut buffer).unwrap();
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    assert!(!text.contains("after"));
    gate.open();
    assert!(read(client).unwrap().contains("after"));
}

#[test]
fn a_cut_has_no_last_chunk_and_a_reset_is_an_error() {
    let server =
        Server::replies([stream().bytes(delta("x")).ends(End::Cut), stream().bytes(delta("x")).ends(End::Reset)]);
    assert!(!read(ask(&server, "{}")).unwrap().ends_with("0\r\n\r\n"));
    assert!(read(ask(&server, "{}")).is_err());
}

#[test]
fn a_client_that_leaves_is_noticed() {
    let server = Server::replies([stream().bytes(delta("x")).ends(End::Silence)]);
    drop(ask(&server, "{}"));
    server.wait_for_leavers(1);
}

#[test]
fn the_realistic_text_has_as_many_tokens_as_asked_and_its_end_outside_of_code() {
    for count in [10, 333, 1_000, 2_000] {
        let tokens = markdown_tokens(count, "FINIS");
        assert_eq!(tokens.len(), count);
        let text = tokens.concat();
        let fences = text.lines().filter(|line| line.starts_with("```")).count();
        assert_eq!(fences % 2, 0, "{count}: the end stands inside of a code block");
        assert!(text.ends_with("\n\nFINIS"));
    }
    let text = "नमस्ते, a\n\n  - long";
    assert_eq!(pieces(text).concat(), text);
}

#[test]
fn a_flood_and_a_pace_carry_the_same_text() {
    let tokens = markdown_tokens(300, "FINIS");
    let server = Server::replies([flat_out(&tokens), rate(&tokens, 5_000.0)]);
    let bodies: Vec<String> =
        (0..2).map(|_| read(ask(&server, "{}")).unwrap().split_once("\r\n\r\n").unwrap().1.to_owned()).collect();
    assert_eq!(bodies[0], bodies[1]);
}
