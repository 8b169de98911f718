//! From a key to its echo: from the write into the terminal until the character is on the screen.

use std::time::{Duration, Instant};

use super::figure::{Asked, Figure, Samples, converse, ready};
use super::support::launch::Home;
use super::support::pty::{DEADLINE, Session};
use super::support::replies::{markdown_tokens, rate, sse_reply};
use super::support::server::Server;

/// A character that stands in no reply, so that it is counted wherever it appears.
pub const MARK: &str = "ʘ";

const KEYS: usize = 250;

/// The draft is emptied after so many, long before it wraps.
const IN_A_ROW: usize = 40;

pub fn at_rest() -> Vec<Figure> {
    let server = Server::replies([sse_reply(&["Namaste, FINIS"])]);
    let session = ready(&Home::new(), &server.base_url());
    converse(&session, "go", "FINIS");
    let samples = Samples::new(&echoes(&session, 10..30));
    figures("at rest", &samples, 5.0)
}

pub fn while_streaming() -> Vec<Figure> {
    let server = Server::replies([rate(&markdown_tokens(20_000, "FINIS"), 200.0)]);
    let session = ready(&Home::new(), &server.base_url());
    session.type_text("go");
    session.wait_for(|screen| screen.contains("go"));
    session.send(b"\r");
    session.wait_for_text("quarter"); // the first line of the reply
    let samples = Samples::new(&echoes(&session, 20..60));
    assert!(!session.screen().contains("FINIS"), "the reply must last longer than the measurement");
    figures("while 200 tokens/s stream", &samples, 10.0)
}

fn figures(when: &str, samples: &Samples, asked: f64) -> Vec<Figure> {
    vec![
        Figure::new(&format!("key to echo {when}, median"), samples.median(), "ms", Asked::Told).note(samples.spread()),
        Figure::new(&format!("key to echo {when}, p99"), samples.percentile(99), "ms", Asked::Under(asked)),
    ]
}

/// Types [`KEYS`] keys, so many milliseconds apart, unevenly so that they meet every phase of a frame.
fn echoes(session: &Session, apart: std::ops::Range<u64>) -> Vec<Duration> {
    let mut times = Vec::with_capacity(KEYS);
    let mut noise: u64 = 0x9e37_79b9;
    for n in 0..KEYS {
        let there = n % IN_A_ROW;
        if n > 0 && there == 0 {
            session.send(b"\x15");
            session.wait_until_gone(MARK);
        }
        let pressed = Instant::now();
        session.type_text(MARK);
        let echoed = session.wait_within(DEADLINE, |screen| screen.count(MARK) > there);
        times.push(pressed.elapsed());
        echoed.unwrap_or_else(|screen| panic!("key {n} is not echoed:\n{}", screen.text));
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let wait = apart.start + (noise >> 33) % (apart.end - apart.start);
        std::thread::sleep(Duration::from_millis(wait));
    }
    times
}
