//! Runs batches of the release binary against a model on loopback and prints what a user of them would ask:
//! `cargo bench --bench batch`, or with a part of a figure's name, `cargo bench --bench batch -- limit`.
//! The figure of a million rows takes some minutes; `MUNSHI_BENCH_ROWS` makes them fewer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock, prints, and stops where it cannot go on"
)]

#[path = "driver/figure.rs"]
#[allow(dead_code, reason = "it serves more than one benchmark")]
mod figure;
#[path = "support/measure.rs"]
mod measure;
#[path = "batch/server.rs"]
mod server;
#[path = "../tests/support/mod.rs"]
mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use figure::{Asked, Figure};
use measure::Measure;
use server::{Manner, Model};
use support::launch::Home;

/// Rows that are asked with and without a limit.
const ROWS: u64 = 10_000;
const LIMITED_ROWS: u64 = 3_000;
const LATENCY: Duration = Duration::from_millis(200);
const AT_ONCE: u64 = 64;
const A_SECOND: u64 = 50;

const MEASURES: &[Measure] = &[
    Measure { name: "no limit", run: no_limit },
    Measure { name: "no limit under a budget", run: under_a_budget },
    Measure { name: "limit of 50", run: limited },
    Measure { name: "memory of a million", run: million },
];

fn main() {
    measure::print(MEASURES, "");
}

/// What a run came to.
struct Ran {
    took: Duration,
    answered: u64,
    refused: u64,
    /// Of munshi alone.
    cpu: Duration,
    /// The most memory it had, in MB.
    peak: f64,
}

fn run(home: &Home, rows: u64, manner: Manner) -> Ran {
    let model = Model::start(manner);
    let input = home.root().join("rows.txt");
    write_rows(&input, rows);
    let output = home.root().join("out.csv");
    let at_once = AT_ONCE.to_string();
    let args = ["batch", "run", "rows.txt", "--labels", "Billing,Technical,Returns,General", "--quiet"];
    let launch = home.munshi().against(&model.base_url()).args(args).args(["--concurrency", &at_once, "-o", "out.csv"]);
    let mut command = launch.command();
    command.current_dir(home.root()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let begun = Instant::now();
    let mut child = command.spawn().expect("it starts");
    let (mut peak, mut cpu) = (0.0_f64, Duration::ZERO);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if let Some((memory, used)) = standing(child.id()) {
            (peak, cpu) = (peak.max(memory), used);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let took = begun.elapsed();
    assert!(status.success(), "{status}");
    let lines = std::io::BufRead::lines(std::io::BufReader::new(std::fs::File::open(output).unwrap())).count();
    assert_eq!(lines as u64, rows + 1, "each row is in the output once");
    let (answered, refused) = model.counts();
    Ran { took, answered, refused, cpu, peak }
}

fn write_rows(path: &Path, rows: u64) {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for n in 0..rows {
        writeln!(out, "E-mail {n}: the invoice of this month shows an amount that I do not know, please look into it.")
            .unwrap();
    }
}

/// The peak of its memory in MB, and the processor time of all its threads.
fn standing(process: u32) -> Option<(f64, Duration)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = peak.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some((kib / 1024.0, Duration::from_millis(ticks * 10)))
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn cpu_note(ran: &Ran) -> String {
    let each = seconds(ran.cpu) * 1_000.0 / ran.answered.max(1) as f64;
    format!("{:.1} s of CPU, {each:.2} ms a row", seconds(ran.cpu))
}

fn ideal() -> f64 {
    seconds(LATENCY) * ROWS as f64 / AT_ONCE as f64
}

fn no_limit() -> Vec<Figure> {
    let ran = run(&Home::new(), ROWS, Manner { latency: LATENCY, a_second: None });
    let name = "10,000 rows, 200 ms each, 64 at once";
    let note = format!("ideal {:.2} s; {}", ideal(), cpu_note(&ran));
    vec![Figure::new(name, seconds(ran.took), "s", Asked::Under(ideal() * 1.1)).note(note)]
}

fn under_a_budget() -> Vec<Figure> {
    let home = Home::new();
    home.write_config("[budget]\nday = 100000\n");
    let ran = run(&home, ROWS, Manner { latency: LATENCY, a_second: None });
    let name = "the same, each reserved under a day's budget";
    vec![Figure::new(name, seconds(ran.took), "s", Asked::Under(ideal() * 1.1)).note(cpu_note(&ran))]
}

fn limited() -> Vec<Figure> {
    let ran = run(&Home::new(), LIMITED_ROWS, Manner { latency: LATENCY, a_second: Some(A_SECOND) });
    let rate = ran.answered as f64 / seconds(ran.took);
    let short = 100.0 - rate * 100.0 / A_SECOND as f64;
    let share = ran.refused as f64 * 100.0 / (ran.answered + ran.refused) as f64;
    let note = format!("{rate:.1} rows a second, start and end included");
    vec![
        Figure::new("3,000 rows, 50 a second at most: short of the limit", short, "%", Asked::Under(10.0)).note(note),
        Figure::new("the same: requests that were refused", share, "%", Asked::Under(2.0)).note(format!(
            "{} of {}",
            ran.refused,
            ran.answered + ran.refused
        )),
    ]
}

fn million() -> Vec<Figure> {
    let rows = std::env::var("MUNSHI_BENCH_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let ran = run(&Home::new(), rows, Manner { latency: Duration::ZERO, a_second: None });
    let rate = rows as f64 / seconds(ran.took);
    let note = format!("{rate:.0} rows a second beside the model on the same machine; {}", cpu_note(&ran));
    vec![Figure::new(&format!("{rows} rows: peak memory"), ran.peak, "MB", Asked::Under(100.0)).note(note)]
}
