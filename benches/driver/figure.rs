//! A figure: what was measured, what was asked, and how both are printed; and where figures come from: `/proc` and
//! sorted samples. Refuses to know what is measured.

use std::time::{Duration, Instant};

use super::support::launch::{Home, Launch};
use super::support::pty::Session;

/// What is asked of a measured number.
#[derive(Clone, Copy)]
pub enum Asked {
    Under(f64),
    Nothing,
    /// Measured for what it tells.
    Told,
}

/// One row of the table.
pub struct Figure {
    pub name: String,
    pub measured: f64,
    pub unit: &'static str,
    pub asked: Asked,
    pub note: String,
}

impl Figure {
    pub fn new(name: &str, measured: f64, unit: &'static str, asked: Asked) -> Self {
        Self { name: name.into(), measured, unit, asked, note: String::new() }
    }
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
    pub fn is_missed(&self) -> bool {
        match self.asked {
            Asked::Under(most) => self.measured >= most,
            Asked::Nothing => self.measured > 0.0,
            Asked::Told => false,
        }
    }
}

pub fn print_head() {
    println!("  | {:<50} | {:>12} | {:>12} | note", "figure", "measured", "asked");
    println!("  |{}|{}|{}|-----", "-".repeat(52), "-".repeat(14), "-".repeat(14));
}

pub fn print_row(figure: &Figure) {
    let measured = number(figure.measured, figure.unit);
    let asked = match figure.asked {
        Asked::Under(most) => format!("< {}", number(most, figure.unit)),
        Asked::Nothing => "0".into(),
        Asked::Told => String::new(),
    };
    let mark = if figure.is_missed() { "✗" } else { " " };
    println!("{mark} | {:<50} | {measured:>12} | {asked:>12} | {}", figure.name, figure.note);
}

fn number(value: f64, unit: &str) -> String {
    match unit {
        "" => format!("{value:.0}"),
        "ms" | "s" => format!("{value:.2} {unit}"),
        _ => format!("{value:.1} {unit}"),
    }
}

/// Milliseconds, smallest first.
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn new(times: &[Duration]) -> Self {
        let mut sorted: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect();
        sorted.sort_by(f64::total_cmp);
        Self(sorted)
    }
    /// The nearest-rank percentile; 0 where there are no samples.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(0.0)
    }
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }
    /// How many there are, and the worst.
    pub fn spread(&self) -> String {
        format!("{} samples, worst {:.2} ms", self.0.len(), self.0.last().copied().unwrap_or(0.0))
    }
}

/// User and system time of a process with all of its threads, in seconds; the kernel counts in hundredths.
pub fn cpu_seconds(session: &Session) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", session.pid())).expect("the program still runs");
    // The name in brackets may hold anything; fields are counted from behind it.
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a stat line").1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// The most memory that was ever resident, in millions of bytes.
pub fn peak_megabytes(session: &Session) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", session.pid())).expect("the program still runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak is told");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1_024.0 / 1_000_000.0
}

/// munshi against a server, at the size of all measurements.
pub fn munshi(home: &Home, base_url: &str) -> Launch {
    home.munshi().against(base_url).size(120, 40)
}

/// Starts it and waits until it can be typed into.
pub fn ready(home: &Home, base_url: &str) -> Session {
    let session = munshi(home, base_url).start();
    session.wait_for(|screen| screen.alternate && !screen.trim().is_empty());
    session.wait_settled(Duration::from_millis(200));
    session
}

/// Sends a message and waits for the end of the reply; the time from Enter until its last word was seen.
pub fn converse(session: &Session, text: &str, end: &str) -> Duration {
    session.type_text(text);
    session.wait_for(|screen| screen.contains(text));
    let sent = Instant::now();
    session.send(b"\r");
    session.wait_for_text(end);
    let took = sent.elapsed();
    session.wait_settled(Duration::from_millis(300));
    took
}
