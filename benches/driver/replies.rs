//! What replies cost: processor, bytes to the terminal, memory; and what is left to do when they are there.

use std::time::{Duration, Instant};

use super::figure::{Asked, Figure, Samples, converse, cpu_seconds, peak_megabytes, ready};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;
use super::support::replies::{flat_out, markdown_tokens, rate};
use super::support::server::{Reply, Server};

/// The last word of every reply; nothing else on the screen holds it.
const END: &str = "FINIS";

pub fn flood() -> Vec<Figure> {
    let reply = flat_out(&markdown_tokens(10_000, END));
    one_reply("10,000 tokens flat out", reply, Asked::Under(0.2), Asked::Under(40.0))
}

pub fn paced() -> Vec<Figure> {
    let reply = rate(&markdown_tokens(3_000, END), 200.0);
    one_reply("3,000 tokens at 200/s", reply, Asked::Under(0.4), Asked::Told)
}

fn one_reply(name: &str, reply: Reply, cpu: Asked, written: Asked) -> Vec<Figure> {
    let server = Server::replies([reply]);
    let session = ready(&Home::new(), &server.base_url());
    let (cpu_before, bytes_before) = (cpu_seconds(&session), session.bytes_written());
    let took = converse(&session, "go", END);
    let used = cpu_seconds(&session) - cpu_before;
    let bytes = session.bytes_written() - bytes_before;
    vec![
        Figure::new(&format!("{name}: CPU"), used, "s", cpu)
            .note(format!("{:.2} s from Enter to the end", took.as_secs_f64())),
        Figure::new(&format!("{name}: to the terminal"), bytes as f64 / 1_000.0, "kB", written),
        Figure::new(&format!("{name}: peak memory"), peak_megabytes(&session), "MB", Asked::Told),
    ]
}

pub fn twenty() -> Vec<Figure> {
    // Each reply has an end of its own, since the one before may still be on the screen.
    let end = |n: usize| format!("{END}{n:02}");
    let server = Server::replies((0..20).map(|n| flat_out(&markdown_tokens(2_000, &end(n)))));
    let session = ready(&Home::new(), &server.base_url());
    for n in 0..20 {
        converse(&session, &format!("ask{n:02}"), &end(n));
    }
    let memory = peak_megabytes(&session);
    let mut figures = idle(&session);
    figures.insert(0, Figure::new("peak memory after 20 replies of 2,000 tokens", memory, "MB", Asked::Under(30.0)));
    figures.extend(page_up(&session));
    figures
}

fn idle(session: &Session) -> Vec<Figure> {
    session.wait_settled(Duration::from_secs(2));
    let (cpu, bytes) = (cpu_seconds(session), session.bytes_written());
    std::thread::sleep(Duration::from_secs(5));
    let used = (cpu_seconds(session) - cpu) * 1_000.0;
    vec![
        Figure::new("5 s at rest: CPU", used, "ms", Asked::Nothing),
        Figure::new("5 s at rest: bytes", (session.bytes_written() - bytes) as f64, "", Asked::Nothing),
    ]
}

/// So many presses that one in a hundred is several, and not the worst one that the machine happened to disturb.
const PRESSES: usize = 500;

fn page_up(session: &Session) -> Vec<Figure> {
    let mut times = Vec::new();
    let mut at_the_top = false;
    while times.len() < PRESSES {
        let before = session.screen().text;
        let pressed = Instant::now();
        session.key(Key::PageUp);
        if session.wait_within(Duration::from_millis(200), |screen| screen.text != before).is_ok() {
            times.push(pressed.elapsed());
            at_the_top = false;
        } else {
            assert!(!at_the_top, "PageUp moves nothing at the end either");
            at_the_top = true;
            session.key(Key::CtrlEnd);
        }
        session.wait_settled(Duration::from_millis(15));
    }
    let samples = Samples::new(&times);
    vec![
        Figure::new("PageUp, median", samples.median(), "ms", Asked::Told).note(samples.spread()),
        Figure::new("PageUp, p99", samples.percentile(99), "ms", Asked::Under(3.0)),
    ]
}
