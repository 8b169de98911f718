//! A provider's Batch API on loopback, in memory: files go up, batches are made, and a batch moves only when the test says
//! so. Owns the limits that the original enforces and the lines it writes; refuses clocks. It answers live requests by the
//! same rule as rows, so that a test can compare the two.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::batch_rows::{self, Rest};
use super::server::{End, Gate, Part, Reply, Request, Server};

/// How long a batch is waited for.
const DEADLINE: Duration = Duration::from_secs(30);

/// What a request's body is answered with: status and body.
pub type Rule = dyn Fn(&Value) -> (u16, Value) + Send + Sync;

/// The running server; it stops when dropped.
pub struct BatchApi {
    server: Server,
    desk: Arc<Desk>,
}

struct Desk {
    rule: Box<Rule>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Arc<str>>,
    batches: Vec<Batch>,
    /// Answers in place of the next that such a request would get.
    once: Vec<(String, Reply)>,
    loses_next_create: bool,
    cuts_next_download: bool,
    finishes_at_once: bool,
    /// After so many more requests, answers wait at the gate.
    falls_silent: Option<(usize, Gate)>,
    is_silent: bool,
    named: usize,
}

struct Batch {
    id: String,
    status: &'static str,
    input: String,
    text: Arc<str>,
    metadata: Value,
    created_at: usize,
    errors: Vec<Value>,
    counts: [usize; 3],
    output: Option<String>,
    refused: Option<String>,
}

/// The body of a whole reply, with usage.
pub fn completion(text: &str, prompt: usize, output: usize) -> Value {
    json!({
        "id": "chatcmpl-scripted", "object": "chat.completion", "created": 1_700_000_000, "model": "scripted-2024",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text, "refusal": null},
            "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output},
    })
}

/// The body of a refusal.
pub fn refusal(code: &str, message: &str) -> Value {
    json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}})
}

impl BatchApi {
    /// A server that answers each row, and each live request, by `rule`.
    pub fn start(rule: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let desk = Arc::new(Desk { rule: Box::new(rule), state: Mutex::default(), changed: Condvar::new() });
        let theirs = Arc::clone(&desk);
        Self { server: Server::start(move |request| theirs.held(theirs.reply(request))), desk }
    }

    /// `http://127.0.0.1:PORT/v1`
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }
    /// How many requests had this method and path, such as `POST /v1/batches`; `*` at the end stands for any rest.
    pub fn count(&self, what: &str) -> usize {
        self.requests().iter().filter(|request| is_like(what, &route(request))).count()
    }
    /// The next request like `what` gets this reply, and has no other effect.
    pub fn once(&self, what: &str, reply: Reply) {
        self.desk.hold().once.push((what.to_owned(), reply));
    }
    /// The next batch is made, and the connection dropped before the client hears of it.
    pub fn lose_next_create(&self) {
        self.desk.hold().loses_next_create = true;
    }
    /// The next download ends in its midst.
    pub fn cut_next_download(&self) {
        self.desk.hold().cuts_next_download = true;
    }
    /// From now on a batch is done the first time it is asked for.
    pub fn finish_at_once(&self) {
        self.desk.hold().finishes_at_once = true;
    }
    /// The next `count` requests are answered; what comes then has its effect, and is not answered before the gate opens.
    pub fn falls_silent_after(&self, count: usize, gate: &Gate) {
        let mut state = self.desk.hold();
        (state.falls_silent, state.is_silent) = (Some((count, gate.clone())), false);
    }
    /// Waits until a request has had its effect and no answer.
    #[track_caller]
    pub fn wait_until_silent(&self) {
        let state = self.desk.hold();
        let waited = self.desk.changed.wait_timeout_while(state, DEADLINE, |state| !state.is_silent);
        assert!(!waited.unwrap_or_else(PoisonError::into_inner).1.timed_out(), "waited for one request too many");
    }
    pub fn speaks_again(&self) {
        self.desk.hold().falls_silent = None;
    }
    pub fn wait_for_requests(&self, count: usize) {
        self.server.wait_for_requests(count);
    }
    /// Waits until `count` batches were made; their ids, oldest first.
    #[track_caller]
    pub fn wait_for_batches(&self, count: usize) -> Vec<String> {
        let state = self.desk.hold();
        let waited = self.desk.changed.wait_timeout_while(state, DEADLINE, |state| state.batches.len() < count);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "waited for {count} batches; {} were made", state.batches.len());
        state.batches.iter().map(|batch| batch.id.clone()).collect()
    }
    /// A file that is still there.
    pub fn file(&self, id: &str) -> Option<String> {
        self.desk.hold().files.get(id).map(|text| text.as_ref().to_owned())
    }
    /// The ids of all files that are still there, oldest first.
    pub fn files(&self) -> Vec<String> {
        self.desk.hold().files.keys().cloned().collect()
    }
    /// The batch as the API shows it.
    pub fn batch(&self, id: &str) -> Value {
        self.desk.hold().batch(id).shown()
    }
    /// The rows are being worked on, and so many are done.
    pub fn progress(&self, id: &str, completed: usize) {
        let mut state = self.desk.hold();
        let batch = state.batch(id);
        batch.status = "in_progress";
        batch.counts = [batch.text.lines().count(), completed, 0];
    }
    /// Any status, and nothing else.
    pub fn set_status(&self, id: &str, status: &'static str) {
        self.desk.hold().batch(id).status = status;
    }
    /// Every row is answered.
    pub fn finish(&self, id: &str) {
        self.desk.end(id, "completed", usize::MAX, Rest::None);
    }
    /// The window closes when `answered` rows have been.
    pub fn expire(&self, id: &str, answered: usize) {
        self.desk.end(id, "expired", answered, Rest::Expired);
    }
    /// A cancellation takes effect when `answered` rows have been.
    pub fn cancel(&self, id: &str, answered: usize) {
        self.desk.end(id, "cancelled", answered, Rest::Cancelled);
    }
    /// The file is refused for what stands in this line.
    pub fn fail_validation(&self, id: &str, code: &str, message: &str, line: Option<usize>) {
        let mut state = self.desk.hold();
        let batch = state.batch(id);
        batch.status = "failed";
        batch.errors = vec![json!({"code": code, "message": message, "param": null, "line": line})];
    }
}

impl Desk {
    fn hold(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self, reply: Reply) -> Reply {
        let mut state = self.hold();
        let Some((left, gate)) = &mut state.falls_silent else { return reply };
        if *left == 0 {
            let reply = reply.head_waits(gate);
            state.is_silent = true;
            self.changed.notify_all();
            return reply;
        }
        *left -= 1;
        reply
    }

    fn reply(&self, request: &Request) -> Reply {
        let route = route(request);
        let mut state = self.hold();
        if let Some(at) = state.once.iter().position(|(what, _)| is_like(what, &route)) {
            return state.once.remove(at).1;
        }
        let pieces: Vec<&str> = route.split([' ', '/']).filter(|piece| !piece.is_empty()).collect();
        match pieces.as_slice() {
            ["POST", "v1", "chat", "completions"] => {
                drop(state);
                batch_rows::live(&request.json(), &self.rule)
            }
            ["POST", "v1", "files"] => state.upload(request),
            ["GET", "v1", "files", id, "content"] => state.download(id),
            ["DELETE", "v1", "files", id] => match state.files.remove(*id) {
                Some(_) => shown(&json!({"id": id, "object": "file", "deleted": true})),
                None => no_file(id),
            },
            ["POST", "v1", "batches"] => {
                let reply = state.create(&request.json());
                self.changed.notify_all();
                reply
            }
            ["GET", "v1", "batches"] => {
                let rows: Vec<Value> = state.batches.iter().rev().take(100).map(Batch::shown).collect();
                shown(&json!({"object": "list", "data": rows, "has_more": false}))
            }
            ["GET", "v1", "batches", id] => state.retrieve(id, &self.rule),
            ["POST", "v1", "batches", id, "cancel"] => state.on_batch(id, |batch| {
                if matches!(batch.status, "validating" | "in_progress") {
                    batch.status = "cancelling";
                }
            }),
            _ => refused(404, "unknown_url", &format!("Invalid URL ({route})")),
        }
    }

    fn end(&self, id: &str, status: &'static str, answered: usize, rest: Rest) {
        self.hold().end(id, status, answered, rest, &self.rule);
    }
}

impl State {
    #[track_caller]
    fn batch(&mut self, id: &str) -> &mut Batch {
        self.batches.iter_mut().find(|batch| batch.id == id).expect("no such batch was made")
    }

    /// A fresh id; they sort by age.
    fn name(&mut self, what: &str) -> String {
        self.named += 1;
        format!("{what}{:06}", self.named)
    }

    fn keep(&mut self, text: String) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let id = self.name("file-");
        self.files.insert(id.clone(), text.into());
        Some(id)
    }

    fn upload(&mut self, request: &Request) -> Reply {
        let (Some(purpose), Some(file)) = (field(request, "purpose"), field(request, "file")) else {
            return refused(400, "missing_field", "A form with the fields purpose and file is wanted.");
        };
        if purpose.content != "batch" || !file.head.contains("filename=\"") {
            return refused(400, "invalid_purpose", "A file for a batch is wanted, with a name.");
        }
        let id = self.name("file-");
        self.files.insert(id.clone(), file.content.into());
        let bytes = file.content.len();
        shown(&json!({"id": id, "object": "file", "bytes": bytes, "purpose": "batch", "status": "processed"}))
    }

    fn download(&mut self, id: &str) -> Reply {
        let Some(text) = self.files.get(id) else { return no_file(id) };
        let reply = Reply::new(200, "application/octet-stream");
        if std::mem::take(&mut self.cuts_next_download) {
            return reply.bytes(&text.as_bytes()[..text.len() / 2]).ends(End::Cut);
        }
        let pieces = text.as_bytes().chunks(16 << 10).map(<[u8]>::to_vec).collect();
        reply.part(Part::Flood(Arc::new(pieces)))
    }

    fn create(&mut self, asked: &Value) -> Reply {
        let word = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
        let input = word("input_file_id");
        if word("endpoint") != "/v1/chat/completions" || word("completion_window") != "24h" {
            return refused(400, "invalid_value", "endpoint or completion_window is not supported");
        }
        let Some(text) = self.files.get(&input).cloned() else {
            return refused(400, "invalid_value", &format!("No such File object: {input}"));
        };
        let (errors, id) = (batch_rows::errors(&text), self.name("batch_"));
        let batch = Batch {
            id,
            status: "validating",
            input,
            text,
            metadata: asked["metadata"].clone(),
            created_at: 1_700_000_000 + self.named,
            errors,
            counts: [0; 3],
            output: None,
            refused: None,
        };
        // What is wrong with it is told only when it is asked for, as by the original.
        let reply = shown(&batch.shown());
        self.batches.push(batch);
        if std::mem::take(&mut self.loses_next_create) { Reply::lost() } else { reply }
    }

    fn retrieve(&mut self, id: &str, rule: &Rule) -> Reply {
        let found = self.batches.iter_mut().find(|batch| batch.id == id);
        let Some(batch) = found else { return no_batch(id) };
        if batch.status == "validating" && !batch.errors.is_empty() {
            batch.status = "failed";
        } else if batch.status == "validating" && self.finishes_at_once {
            self.end(id, "completed", usize::MAX, Rest::None, rule);
        }
        self.on_batch(id, |_| ())
    }

    fn on_batch(&mut self, id: &str, change: impl FnOnce(&mut Batch)) -> Reply {
        let Some(batch) = self.batches.iter_mut().find(|batch| batch.id == id) else { return no_batch(id) };
        change(batch);
        shown(&batch.shown())
    }

    fn end(&mut self, id: &str, status: &'static str, answered: usize, rest: Rest, rule: &Rule) {
        let text = Arc::clone(&self.batch(id).text);
        let answers = batch_rows::answers(&text, answered, rest, rule);
        let (output, refused) = (self.keep(answers.output), self.keep(answers.refused));
        let batch = self.batch(id);
        (batch.status, batch.output, batch.refused, batch.counts) = (status, output, refused, answers.counts);
    }
}

impl Batch {
    fn shown(&self) -> Value {
        let errors = json!({"object": "list", "data": self.errors});
        let [total, completed, failed] = self.counts;
        json!({
            "id": self.id, "object": "batch", "endpoint": "/v1/chat/completions", "completion_window": "24h",
            "status": self.status, "input_file_id": self.input, "output_file_id": self.output,
            "error_file_id": self.refused, "created_at": self.created_at, "expires_at": self.created_at + 86_400,
            "errors": if self.status == "failed" { errors } else { Value::Null }, "metadata": self.metadata,
            "request_counts": {"total": total, "completed": completed, "failed": failed},
        })
    }
}

/// `POST /v1/files`, without the query.
fn route(request: &Request) -> String {
    let line = request.head.lines().next().unwrap_or_default();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    format!("{method} {}", target.split('?').next().unwrap_or_default())
}

fn is_like(what: &str, route: &str) -> bool {
    what.strip_suffix('*').map_or(what == route, |start| route.starts_with(start))
}

fn shown(body: &Value) -> Reply {
    Reply::json(200, &body.to_string()).header("x-request-id", "req-batch")
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &refusal(code, message).to_string())
}

fn no_file(id: &str) -> Reply {
    refused(404, "not_found", &format!("No such File object: {id}"))
}

fn no_batch(id: &str) -> Reply {
    refused(404, "not_found", &format!("No batch found with id '{id}'."))
}

struct Field<'a> {
    head: &'a str,
    content: &'a str,
}

/// A field of a multipart form.
fn field<'a>(request: &'a Request, name: &str) -> Option<Field<'a>> {
    let boundary = request.header("content-type")?.split_once("boundary=")?.1.trim_matches('"').to_owned();
    let wanted = format!("name=\"{name}\"");
    request.body.split(&format!("--{boundary}")).find_map(|part| {
        let (head, content) = part.split_once("\r\n\r\n")?;
        head.contains(&wanted).then(|| Field { head, content: content.strip_suffix("\r\n").unwrap_or(content) })
    })
}
