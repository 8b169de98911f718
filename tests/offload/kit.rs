//! A desk of a shop that hands its mail to a provider's Batch API, in one word each. Owns the home, the server and the
//! rule by which both ways are answered; refuses assertions about what is printed.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::support::batch_api::{BatchApi, completion, refusal};
use super::support::launch::{Home, Launch};

pub const INPUT: &str = "mail.txt";
pub const OUTPUT: &str = "out.csv";

/// A home with a file of mails in it, and a server.
pub struct Desk {
    pub home: Home,
    pub api: BatchApi,
}

/// A row of the ledger; sums in pico-dollars.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Booked {
    pub closed: bool,
    pub outcome: Option<String>,
    pub cost: Option<i64>,
    pub reserved: Option<i64>,
}

/// Answers a request's last message: words in it decide how, so that both ways agree.
pub fn rule(body: &Value) -> (u16, Value) {
    let text = body["messages"]
        .as_array()
        .and_then(|all| all.last())
        .map_or("", |last| last["content"].as_str().unwrap_or_default());
    let label = if text.contains("bill") { "Billing" } else { "Technical" };
    let fits = json!({ "label": label }).to_string();
    match text {
        _ if text.contains("misfit") && body.get("stream").is_none() => (200, completion("no label at all", 101, 7)),
        _ if text.contains("refused") => (400, refusal("content_policy", "This cannot be asked.")),
        _ if text.contains("endless") => {
            let mut cut = completion("{\"label\": \"Bil", 100, 52);
            cut["choices"][0]["finish_reason"] = "length".into();
            (200, cut)
        }
        _ if text.contains("broken") && body.get("stream").is_none() => (500, refusal("server_error", "It broke.")),
        _ => (200, completion(&fits, 100 + text.len(), 5)),
    }
}

/// So many mails, one a line.
pub fn mails(count: usize) -> String {
    let mail = |n| format!("Mail {n}: my {} is wrong\n", if n % 3 == 0 { "bill" } else { "phone" });
    (1..=count).map(mail).collect::<Vec<_>>().concat()
}

impl Desk {
    /// With these rows, one a line.
    pub fn new(rows: &str) -> Self {
        Self::by(rows, rule)
    }

    pub fn by(rows: &str, rule: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let desk = Self { home: Home::new(), api: BatchApi::start(rule) };
        desk.home.write_config("[retry]\nlongest_backoff = \"1s\"\n");
        desk.write(INPUT, rows);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.home_dir().join(name)
    }
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// `munshi batch …`, with batches of ten rows.
    pub fn batch(&self, args: &[&str]) -> Launch {
        self.batch_of(10, args)
    }
    pub fn batch_of(&self, rows: usize, args: &[&str]) -> Launch {
        let launch = self.home.munshi().against(&self.api.base_url()).env("MUNSHI_TEST_BATCH_ROWS", rows.to_string());
        launch.arg("batch").args(args)
    }

    /// The command that asks all rows live.
    pub fn live(&self) -> Launch {
        self.live_with(&[])
    }
    pub fn live_with(&self, more: &[&str]) -> Launch {
        self.batch(&["run", INPUT, "--labels", "Billing,Technical", "-m", "gpt-4o-mini", "-o", OUTPUT]).args(more)
    }
    /// The same, handed over.
    pub fn offload(&self) -> Launch {
        self.live_with(&["--offload"])
    }

    /// Hands all over; the run's id.
    #[track_caller]
    pub fn hand_over(&self) -> String {
        well(&run(&self.offload()));
        self.id()
    }
    #[track_caller]
    pub fn fetch(&self, id: &str) -> Output {
        run(&self.batch(&["fetch", id]))
    }

    /// What is kept of all runs.
    pub fn records(&self) -> Vec<(PathBuf, Value)> {
        let Ok(folders) = std::fs::read_dir(self.home.data_dir().join("batches")) else { return Vec::new() };
        let paths = folders.map(|folder| folder.unwrap().path().join("run.json")).filter(|path| path.exists());
        paths.map(|path| (path.clone(), serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())).collect()
    }
    /// The id of the only run.
    #[track_caller]
    pub fn id(&self) -> String {
        let records = self.records();
        assert_eq!(records.len(), 1, "one run is known");
        records[0].1["id"].as_str().unwrap().to_owned()
    }
    /// The ids of all batches that were made; each is done from now on.
    #[track_caller]
    pub fn finish_all(&self, count: usize) -> Vec<String> {
        let made = self.api.wait_for_batches(count);
        assert_eq!(made.len(), count, "no batch was made twice");
        for id in &made {
            self.api.finish(id);
        }
        made
    }

    /// Each row's name in the batches that were made, as the server has them, oldest batch first.
    pub fn handed_rows(&self) -> Vec<Vec<String>> {
        let made = self.api.wait_for_batches(0);
        let names = |id: &String| {
            let file = self.api.batch(id)["input_file_id"].as_str().unwrap().to_owned();
            let text = self.api.file(&file).unwrap();
            let name =
                |line: &str| serde_json::from_str::<Value>(line).unwrap()["custom_id"].as_str().unwrap().to_owned();
            text.lines().map(name).collect()
        };
        made.iter().map(names).collect()
    }
    /// Requests that changed something at the provider or were asked live.
    pub fn sent(&self) -> usize {
        self.api.requests().iter().filter(|request| request.head.starts_with("POST ")).count()
    }
    pub fn asked_live(&self) -> usize {
        self.api.count("POST /v1/chat/completions")
    }

    /// What is booked for batches, oldest first.
    pub fn ledger(&self) -> Vec<Booked> {
        let path = self.home.data_dir().join("munshi.db");
        let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let sql = "SELECT closed, outcome, cost, reserved FROM requests WHERE purpose = 'batch' ORDER BY rowid";
        let mut statement = conn.prepare(sql).unwrap();
        let booked = |row: &rusqlite::Row<'_>| {
            Ok(Booked { closed: row.get(0)?, outcome: row.get(1)?, cost: row.get(2)?, reserved: row.get(3)? })
        };
        let rows = statement.query_map([], booked);
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The output's rows, without its head.
    pub fn output(&self) -> Vec<Vec<String>> {
        cells(&self.read(OUTPUT)).split_off(1)
    }
}

/// A CSV without quoted line ends.
pub fn cells(text: &str) -> Vec<Vec<String>> {
    let cell = |cell: &str| cell.trim_matches('"').to_owned();
    text.lines().map(|line| line.split(',').map(cell).collect()).collect()
}

/// A sum as it is printed, in units of 10^-18.
#[track_caller]
pub fn atto(sum: &str) -> i128 {
    let (whole, part) = sum.split_once('.').unwrap_or((sum, ""));
    format!("{whole}{part:0<18}").parse().unwrap()
}

/// Runs it to its end, with nothing on its standard input.
#[track_caller]
pub fn run(launch: &Launch) -> Output {
    spawned(launch).wait_with_output().unwrap()
}

/// Runs it to its end, with this on its standard input.
#[track_caller]
pub fn fed(launch: &Launch, input: &str) -> Output {
    let mut command = launch.command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub fn spawned(launch: &Launch) -> Child {
    let mut command = launch.command();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Kills it without a word, and waits until it is gone.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

pub fn talk(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
pub fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it said, once it has ended so.
#[track_caller]
pub fn ended_with(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}{}", printed(output), talk(output));
    talk(output)
}
#[track_caller]
pub fn well(output: &Output) -> String {
    ended_with(output, 0)
}
