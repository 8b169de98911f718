//! What `munshi ask` costs before a model can begin to answer.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::figure::{Asked, Figure, Samples};
use super::support::launch::Home;
use super::support::replies::sse_reply;
use super::support::server::{Gate, Server};

/// Questions that are measured, after one that makes the database and warms the caches.
const QUESTIONS: usize = 20;

/// Processor time from the start of the program until its request is at the server.
pub fn sent() -> Vec<Figure> {
    let home = Home::new();
    let (mut cpu, mut wall) = (Vec::new(), Vec::new());
    for n in 0..=QUESTIONS {
        // The answer waits, so that the program still runs when it is looked at.
        let gate = Gate::new();
        let server = Server::replies([sse_reply(&["hello"]).head_waits(&gate)]);
        let launch = home.munshi().against(&server.base_url()).args(["ask", "hello"]);
        let mut command = launch.command();
        let begun = Instant::now();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let at = server.wait_for_requests(1)[0].at;
        let used = processor_time(&child);
        gate.open();
        assert!(child.wait().expect("it ends").success());
        if n > 0 {
            cpu.push(used);
            wall.push(at - begun);
        }
    }
    let (cpu, wall) = (Samples::new(&cpu), Samples::new(&wall));
    vec![
        Figure::new("munshi ask until its request is sent: CPU", cpu.median(), "ms", Asked::Under(15.0))
            .note(format!("{}, asked 15 ms", cpu.spread())),
        Figure::new("munshi ask until its request is sent", wall.median(), "ms", Asked::Told).note(wall.spread()),
    ]
}

/// What all threads of a process that still run have used, to the nanosecond; `stat` counts in hundredths of a second.
fn processor_time(child: &Child) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).expect("the program still runs");
    let used = threads.filter_map(|thread| {
        let told = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        told.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(used.sum())
}
