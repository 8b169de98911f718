//! A model on loopback that answers each row at once or after a while, and refuses what passes its limit. Owns sockets and
//! counts; keeps no request, so that a million of them weigh nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// What it does with a request.
#[derive(Clone, Copy)]
pub struct Manner {
    pub latency: Duration,
    /// The most requests in each second of its clock.
    pub a_second: Option<u64>,
}

struct Desk {
    manner: Manner,
    began: Instant,
    answered: AtomicU64,
    refused: AtomicU64,
    /// The second that is counted in the upper half, its requests in the lower.
    second: AtomicU64,
}

/// The running server.
pub struct Model {
    address: std::net::SocketAddr,
    desk: Arc<Desk>,
    _workers: Runtime,
}

impl Model {
    pub fn start(manner: Manner) -> Self {
        let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = workers.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Desk {
            manner,
            began: Instant::now(),
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            second: AtomicU64::new(0),
        });
        let theirs = Arc::clone(&desk);
        workers.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = Arc::clone(&theirs);
                tokio::spawn(async move {
                    // A client that goes away ends its connection alone.
                    let _ = serve(stream, &desk).await;
                });
            }
        });
        Self { address, desk, _workers: workers }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Requests that were answered, and those that were refused.
    pub fn counts(&self) -> (u64, u64) {
        (self.desk.answered.load(Ordering::Relaxed), self.desk.refused.load(Ordering::Relaxed))
    }
}

impl Desk {
    /// Whether the present second has room for one more.
    fn has_room(&self) -> bool {
        let Some(most) = self.manner.a_second else { return true };
        let now = self.began.elapsed().as_secs() + 1;
        let counted = self.second.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |counted| {
            let (second, requests) = (counted >> 32, counted & u64::from(u32::MAX));
            match (second == now, requests < most) {
                (true, false) => None,
                (true, true) => Some(counted + 1),
                (false, _) => Some(now << 32 | 1),
            }
        });
        counted.is_ok()
    }
}

async fn serve(mut stream: TcpStream, desk: &Desk) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let body = answer();
    let mut waiting = Vec::with_capacity(4096);
    loop {
        let head = loop {
            if let Some(at) = waiting.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut waiting).await? == 0 {
                return Ok(());
            }
        };
        let length = length(&waiting[..head]);
        while waiting.len() < head + length {
            if stream.read_buf(&mut waiting).await? == 0 {
                return Ok(());
            }
        }
        waiting.drain(..head + length);
        if desk.has_room() {
            if !desk.manner.latency.is_zero() {
                tokio::time::sleep(desk.manner.latency).await;
            }
            desk.answered.fetch_add(1, Ordering::Relaxed);
            stream.write_all(&body).await?;
        } else {
            desk.refused.fetch_add(1, Ordering::Relaxed);
            stream.write_all(REFUSAL).await?;
        }
    }
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:").map(str::to_owned));
    line.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}

const REFUSAL: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\ncontent-length: 92\r\n\r\n\
    {\"error\":{\"message\":\"Too many requests.\",\"type\":\"requests\",\"code\":\"rate_limit_exceeded\"}}    ";

/// A streamed answer with one of the labels.
fn answer() -> Vec<u8> {
    let events = [
        r#"{"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        r#"{"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"{\"label\":"}}]}"#,
        r#"{"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"\"Billing\"}"}}]}"#,
        r#"{"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":140,"completion_tokens":8,"total_tokens":148}}"#,
        "[DONE]",
    ];
    let body: String = events.iter().flat_map(|event| ["data: ", event, "\n\n"]).collect();
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}
