//! A scripted HTTP server on loopback, for what no well-behaved server does: it stalls, cuts, resets, waits at a gate
//! and splits bytes anywhere. Owns sockets and their threads; refuses to know munshi or to be a good server.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(30);

/// A door that a reply waits at until the test opens it. Clones are the same door.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }
    /// Opens it for good.
    pub fn open(&self) {
        *hold(&self.0.0) = true;
        self.0.1.notify_all();
    }
    fn wait(&self, over: &AtomicBool) {
        let mut open = hold(&self.0.0);
        while !*open && !over.load(Ordering::SeqCst) {
            // A short wait, since the server's end does not ring this bell.
            open = self.0.1.wait_timeout(open, Duration::from_millis(50)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// One step of a reply's body.
#[derive(Clone)]
pub enum Part {
    /// Bytes, flushed at once as one chunk.
    Bytes(Vec<u8>),
    /// Many small chunks, handed over as fast as the socket takes them.
    Flood(Arc<Vec<Vec<u8>>>),
    /// Waits so long.
    Wait(Duration),
    /// Waits until so long after the head was sent: keeps a pace without drift.
    Until(Duration),
    Gate(Gate),
}

/// How a reply's connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The body's last chunk, and a polite close.
    Whole,
    /// A close without the last chunk.
    Cut,
    /// A reset: the client's next read fails.
    Reset,
    /// Nothing more, until the client or the server goes.
    Silence,
}

/// What the server does with one request.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub parts: Vec<Part>,
    pub end: End,
    /// Before the status line; with [`End::Silence`] and no status a black hole.
    pub head_waits: Option<Gate>,
    /// Content-Length in place of chunks, for a body that is one piece.
    pub chunked: bool,
}

impl Reply {
    pub fn new(status: u16, content_type: &str) -> Self {
        let headers = vec![("content-type".into(), content_type.into())];
        Self { status, headers, parts: Vec::new(), end: End::Whole, head_waits: None, chunked: true }
    }
    /// A JSON body of known length.
    pub fn json(status: u16, body: &str) -> Self {
        let reply = Self { chunked: false, ..Self::new(status, "application/json") };
        reply.bytes(body)
    }
    /// The request was heard, and the connection is reset before a single byte.
    pub fn lost() -> Self {
        Self::new(0, "").ends(End::Reset)
    }
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }
    #[must_use]
    pub fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        self.part(Part::Bytes(bytes.as_ref().to_vec()))
    }
    #[must_use]
    pub fn gate(self, gate: &Gate) -> Self {
        self.part(Part::Gate(gate.clone()))
    }
    #[must_use]
    pub fn ends(mut self, end: End) -> Self {
        self.end = end;
        self
    }
    /// Accepts the request and answers nothing until the gate opens.
    #[must_use]
    pub fn head_waits(mut self, gate: &Gate) -> Self {
        self.head_waits = Some(gate.clone());
        self
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST /v1/chat/completions HTTP/1.1` and the header lines, without the last line ends.
    pub head: String,
    pub body: String,
    pub at: Instant,
}

impl Request {
    /// A header's value, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
    /// The body as JSON; `Null` where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
    /// Each message's role and text, in order.
    pub fn messages(&self) -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.json()["messages"]
            .as_array()
            .map(|all| all.iter().map(|message| (text(&message["role"]), text(&message["content"]))).collect())
            .unwrap_or_default()
    }
}

type Script = Box<dyn FnMut(&Request) -> Reply + Send>;

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    /// Clients that left before their reply was whole.
    left: usize,
}

struct Inner {
    script: Mutex<Script>,
    seen: Mutex<Seen>,
    changed: Condvar,
    over: AtomicBool,
}

/// The running server; it stops when dropped.
pub struct Server {
    address: SocketAddr,
    inner: Arc<Inner>,
}

impl Server {
    /// Asks `script` for the reply to each request.
    pub fn start(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback can be bound");
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            script: Mutex::new(Box::new(script)),
            seen: Mutex::default(),
            changed: Condvar::new(),
            over: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if theirs.over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let theirs = Arc::clone(&theirs);
                    std::thread::spawn(move || theirs.serve(&stream));
                }
            }
        });
        Self { address, inner }
    }

    /// Gives these replies in order, and the last one again after that.
    pub fn replies(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut left: VecDeque<Reply> = replies.into_iter().collect();
        Self::start(move |_| {
            let next = left.pop_front().expect("at least one reply is scripted");
            if left.is_empty() {
                left.push_back(next.clone());
            }
            next
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
    /// `http://127.0.0.1:PORT/v1`
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
    pub fn requests(&self) -> Vec<Request> {
        hold(&self.inner.seen).requests.clone()
    }
    /// Waits until `count` requests have come, and returns all of them.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) -> Vec<Request> {
        self.wait_seen(|seen| seen.requests.len() >= count, &format!("{count} requests")).requests.clone()
    }
    /// Waits until `count` clients have left before their reply was whole.
    #[track_caller]
    pub fn wait_for_leavers(&self, count: usize) {
        drop(self.wait_seen(|seen| seen.left >= count, &format!("{count} clients leaving")));
    }

    #[track_caller]
    fn wait_seen(&self, ready: impl Fn(&Seen) -> bool, what: &str) -> MutexGuard<'_, Seen> {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = hold(&self.inner.seen);
        while !ready(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for {what}; {} requests came, {} left", seen.requests.len(), seen.left);
            seen = self.inner.changed.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        seen
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.inner.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes the thread that accepts
    }
}

impl Inner {
    fn serve(&self, stream: &TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut reader = BufReader::new(stream);
        let Some(request) = read_request(&mut reader) else { return };
        let reply = {
            let mut script = hold(&self.script);
            hold(&self.seen).requests.push(request.clone());
            self.changed.notify_all();
            script(&request)
        };
        let whole = self.answer(stream, &reply).is_ok();
        let stayed = whole
            && match reply.end {
                End::Whole => {
                    let _ = stream.shutdown(Shutdown::Write);
                    true
                }
                End::Cut => true,
                End::Reset => {
                    let socket = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
                    socket.is_ok()
                }
                End::Silence => self.until_the_client_goes(stream),
            };
        if !stayed {
            hold(&self.seen).left += 1;
            self.changed.notify_all();
        }
    }

    fn answer(&self, mut stream: &TcpStream, reply: &Reply) -> std::io::Result<()> {
        if let Some(gate) = &reply.head_waits {
            gate.wait(&self.over);
        }
        if reply.status == 0 {
            return Ok(());
        }
        let mut head = format!("HTTP/1.1 {} {}\r\nconnection: close\r\n", reply.status, reason(reply.status));
        for (name, value) in &reply.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if reply.chunked {
            head.push_str("transfer-encoding: chunked\r\n\r\n");
        } else {
            let length: usize =
                reply.parts.iter().map(|part| if let Part::Bytes(b) = part { b.len() } else { 0 }).sum();
            let _ = write!(head, "content-length: {length}\r\n\r\n");
        }
        stream.write_all(head.as_bytes())?;
        let begun = Instant::now();
        for part in &reply.parts {
            if self.over.load(Ordering::SeqCst) {
                return Ok(());
            }
            match part {
                Part::Bytes(bytes) if reply.chunked => stream.write_all(&chunk(bytes))?,
                Part::Bytes(bytes) => stream.write_all(bytes)?,
                Part::Flood(pieces) => {
                    let mut out = std::io::BufWriter::with_capacity(16 * 1024, stream);
                    pieces.iter().try_for_each(|piece| out.write_all(&chunk(piece)))?;
                    out.flush()?;
                }
                Part::Wait(time) => std::thread::sleep(*time),
                Part::Until(time) => std::thread::sleep(time.saturating_sub(begun.elapsed())),
                Part::Gate(gate) => gate.wait(&self.over),
            }
        }
        if reply.chunked && reply.end == End::Whole { stream.write_all(b"0\r\n\r\n") } else { Ok(()) }
    }

    /// False where the client left first.
    fn until_the_client_goes(&self, mut stream: &TcpStream) -> bool {
        let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
        while !self.over.load(Ordering::SeqCst) {
            match stream.read(&mut [0; 64]) {
                Ok(0) => return false,
                Err(error) if !is_timeout(&error) => return false,
                _ => {}
            }
        }
        true
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    // An empty chunk would end the body.
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
    framed.extend_from_slice(bytes);
    framed.extend_from_slice(b"\r\n");
    framed
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Scripted",
    }
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim_end().is_empty() {
            break;
        }
        head.push_str(line.trim_end());
        head.push('\n');
    }
    let mut request = Request { head, body: String::new(), at: Instant::now() };
    let length: usize = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}
