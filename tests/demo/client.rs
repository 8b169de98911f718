//! A small HTTP client, so that what is asserted is the bytes and not a library's reading of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use munshi::demo::{DemoServer, Pace};
use serde_json::{Value, json};

/// The server with a runtime of its own.
pub struct Demo {
    runtime: tokio::runtime::Runtime,
    server: Option<DemoServer>,
    pub address: SocketAddr,
}

impl Demo {
    pub fn start() -> Self {
        Self::start_at(Pace::Instant)
    }

    pub fn start_at(pace: Pace) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let server = runtime.block_on(async { DemoServer::start_at(pace) }).unwrap();
        Self { address: server.address(), runtime, server: Some(server) }
    }

    pub fn base_url(&self) -> String {
        self.server.as_ref().unwrap().base_url()
    }

    /// Drops the server and keeps its runtime.
    pub fn stop(&mut self) {
        let server = self.server.take();
        self.runtime.block_on(async { drop(server) });
    }

    /// Asks in one message, streamed, with usage.
    pub fn ask(&self, text: &str) -> Got {
        self.say(&[("user", text)])
    }

    /// Asks with a history, streamed, with usage.
    pub fn say(&self, messages: &[(&str, &str)]) -> Got {
        self.post(&request(messages))
    }

    pub fn post(&self, body: &Value) -> Got {
        self.post_as("demo", body)
    }

    pub fn post_as(&self, key: &str, body: &Value) -> Got {
        self.open(key, body).finish()
    }

    /// Sends the request, and leaves the reply to be read bit by bit.
    pub fn open(&self, key: &str, body: &Value) -> Open {
        let body = body.to_string();
        self.send(&format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }

    pub fn get(&self, path: &str) -> Got {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address)).finish()
    }

    /// Any bytes as a request.
    pub fn send(&self, request: &str) -> Open {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        Open { reader: BufReader::new(stream), head: None }
    }
}

/// A streamed request of these messages to the first model.
pub fn request(messages: &[(&str, &str)]) -> Value {
    let messages: Vec<Value> = messages.iter().map(|(role, text)| json!({"role": role, "content": text})).collect();
    json!({"model": "demo-mini", "messages": messages, "stream": true, "stream_options": {"include_usage": true}})
}

/// A reply that is still coming.
pub struct Open {
    reader: BufReader<TcpStream>,
    head: Option<String>,
}

impl Open {
    /// Status line and headers, once they are here.
    pub fn head(&mut self) -> &str {
        if self.head.is_none() {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(self.reader.read_line(&mut head).unwrap() > 0, "the connection ended in the head: {head:?}");
            }
            self.head = Some(head);
        }
        self.head.as_deref().unwrap()
    }

    /// The next chunk of the body; `None` at its proper end, an error where the connection ends before.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, String> {
        self.head();
        let mut line = String::new();
        if self.reader.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
            return Err("the connection ended before the body did".into());
        }
        let size = usize::from_str_radix(line.trim(), 16).map_err(|_| format!("no chunk size: {line:?}"))?;
        let mut bytes = vec![0; size + 2];
        self.reader.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        bytes.truncate(size);
        Ok((size > 0).then_some(bytes))
    }

    /// Reads on until `text` has come.
    pub fn read_until(&mut self, text: &str) -> String {
        let mut body = String::new();
        while !body.contains(text) {
            let chunk = self.chunk().unwrap().unwrap_or_else(|| panic!("{text:?} never came in {body}"));
            body.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        body
    }

    /// The rest of it.
    pub fn finish(mut self) -> Got {
        let head = self.head().to_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut body = Vec::new();
        let mut whole = true;
        let got = Got { status, head, body: String::new(), whole: true };
        if let Some(length) = got.header("content-length") {
            body = vec![0; length.parse().unwrap()];
            self.reader.read_exact(&mut body).unwrap();
        } else {
            loop {
                match self.chunk() {
                    Ok(Some(chunk)) => body.extend(chunk),
                    Ok(None) => break,
                    Err(_) => {
                        whole = false;
                        break;
                    }
                }
            }
        }
        Got { body: String::from_utf8(body).unwrap(), whole, ..got }
    }
}

/// A reply as it came.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub head: String,
    pub body: String,
    /// The body came to its proper end.
    pub whole: bool,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// What stands after `data: ` in each event.
    pub fn events(&self) -> Vec<&str> {
        self.body.split("\n\n").filter(|event| !event.is_empty()).map(|event| &event["data: ".len()..]).collect()
    }

    /// The events that are JSON.
    pub fn chunks(&self) -> Vec<Value> {
        self.events().iter().filter_map(|event| serde_json::from_str(event).ok()).collect()
    }

    fn joined(&self, field: &str) -> String {
        self.chunks()
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"][field].as_str().map(str::to_owned))
            .collect()
    }

    pub fn text(&self) -> String {
        self.joined("content")
    }

    pub fn reasoning(&self) -> String {
        self.joined("reasoning_content")
    }

    pub fn finish_reason(&self) -> Option<String> {
        self.chunks().iter().find_map(|chunk| chunk["choices"][0]["finish_reason"].as_str().map(str::to_owned))
    }

    pub fn usage(&self) -> Value {
        self.chunks().into_iter().map(|chunk| chunk["usage"].clone()).rfind(Value::is_object).unwrap_or_default()
    }

    pub fn error(&self) -> Value {
        self.json()["error"].clone()
    }
}
