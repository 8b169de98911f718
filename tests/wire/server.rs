//! A TCP server for faults: each request gets the next script, played byte for byte. Owns what it heard and
//! what it says; knows nothing of what is tested.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// One step of an answer.
#[derive(Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// Each byte in a write of its own.
    Dribble(Vec<u8>),
    /// Waits until the test releases it.
    Stall(Arc<Notify>),
    /// Ends the connection in order.
    Close,
    /// Ends the connection with a reset.
    Reset,
}

/// What a request said.
#[derive(Debug, Clone)]
pub struct Heard {
    pub head: String,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

pub struct Server {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    accepted: Arc<Notify>,
    hung_up: Arc<Notify>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// A server that answers the n-th request with the n-th script, and any further one with status 599.
    pub async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            heard: Arc::default(),
            accepted: Arc::default(),
            hung_up: Arc::default(),
            connections: Arc::default(),
        };
        let connections = Arc::clone(&server.connections);
        let shared = (Arc::clone(&server.heard), Arc::clone(&server.accepted), Arc::clone(&server.hung_up));
        let scripts = Arc::new(scripts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&scripts), shared.clone()));
            }
        });
        server
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Every request so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Waits until one more request has been heard whole.
    pub async fn accepted(&self) {
        self.accepted.notified().await;
    }

    /// Waits until a client has closed its connection.
    pub async fn hung_up(&self) {
        self.hung_up.notified().await;
    }
}

type Shared = (Arc<Mutex<Vec<Heard>>>, Arc<Notify>, Arc<Notify>);

async fn serve(mut stream: TcpStream, scripts: Arc<Vec<Vec<Step>>>, (heard, accepted, hung_up): Shared) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let number = {
            let mut heard = heard.lock().unwrap();
            heard.push(request);
            heard.len() - 1
        };
        accepted.notify_one();
        let unexpected = vec![Step::Send(b"HTTP/1.1 599 Unexpected\r\ncontent-length: 0\r\n\r\n".to_vec())];
        for step in scripts.get(number).unwrap_or(&unexpected) {
            if !play(&mut stream, step).await {
                return;
            }
        }
    }
    hung_up.notify_one();
}

/// Plays one step; whether the connection still stands.
async fn play(stream: &mut TcpStream, step: &Step) -> bool {
    match step {
        Step::Send(bytes) => stream.write_all(bytes).await.is_ok(),
        Step::Dribble(bytes) => {
            for byte in bytes {
                if stream.write_all(std::slice::from_ref(byte)).await.is_err() {
                    return false;
                }
                tokio::task::yield_now().await;
            }
            true
        }
        Step::Stall(gate) => {
            gate.notified().await;
            true
        }
        Step::Close => {
            let _ = stream.shutdown().await;
            false
        }
        Step::Reset => {
            stream.set_zero_linger().unwrap();
            false
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Heard> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head_text = String::from_utf8(buffer.drain(..end).collect()).unwrap();
    let mut heard = Heard { head: head_text, body: Vec::new() };
    let length: usize = heard.header("content-length").map_or(0, |length| length.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    heard.body = buffer.drain(..length).collect();
    Some(heard)
}

/// A response head; `headers` are whole lines.
pub fn head(status: u16, headers: &[&str]) -> Vec<u8> {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!("HTTP/1.1 {status} Status\r\n{lines}\r\n").into_bytes()
}

/// A whole response with a length.
pub fn whole(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<Step> {
    let length = format!("content-length: {}", body.as_ref().len());
    let lines: Vec<&str> = headers.iter().copied().chain([length.as_str()]).collect();
    vec![Step::Send([&head(status, &lines), body.as_ref()].concat())]
}

/// A stream in these frames, each a chunk of its own: the client sees the very same pieces.
pub fn stream<'a>(frames: impl IntoIterator<Item = &'a [u8]>) -> Vec<Step> {
    let mut bytes = head(200, &["content-type: text/event-stream; charset=utf-8", "transfer-encoding: chunked"]);
    for frame in frames.into_iter().filter(|frame| !frame.is_empty()) {
        bytes.extend_from_slice(format!("{:x}\r\n", frame.len()).as_bytes());
        bytes.extend_from_slice(frame);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    vec![Step::Send(bytes)]
}

/// A stream that ends with its connection, and the step that ends it.
pub fn until(body: impl AsRef<[u8]>, end: Step) -> Vec<Step> {
    vec![Step::Send([&head(200, &["content-type: text/event-stream"]), body.as_ref()].concat()), end]
}
