//! All that a program has started, whatever it did to get away: found, signalled, waited for.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Sees to it that whoever loses its parent among this process's descendants becomes its child, and no stranger's.
pub fn adopt() {
    // Where the system refuses, the process group is all there is to go by.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// Sends a signal to a process group and to every descendant of this process.
pub fn signal(group: Pid, signal: Signal) {
    // Whoever has ended cannot be signalled, which is as good.
    let _ = kill_process_group(group, signal);
    for pid in descendants() {
        let _ = kill_process(pid, signal);
    }
}

/// Kills what an adopter that is gone has left: every process of its session, and every one that was started with
/// `mark` in its environment.
pub fn kill_strays(session: Option<Pid>, mark: &[u8]) {
    #[cfg(target_os = "linux")]
    for (pid, stat) in all() {
        let is_marked = || {
            let environment = std::fs::read(format!("/proc/{}/environ", pid.as_raw_pid())).unwrap_or_default();
            !mark.is_empty() && environment.windows(mark.len()).any(|bytes| bytes == mark)
        };
        if session == Some(pid) || session.is_some_and(|session| stat.session == session.as_raw_pid()) || is_marked() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    #[cfg(not(target_os = "linux"))]
    if let Some(session) = session {
        let _ = mark;
        let _ = kill_process_group(session, Signal::KILL);
    }
}

/// What `/proc` says of a process that matters here.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
struct Stat {
    parent: i32,
    session: i32,
}

/// Every process that this one may see.
#[cfg(target_os = "linux")]
fn all() -> Vec<(Pid, Stat)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers
        .filter_map(|number| {
            let text = std::fs::read(format!("/proc/{number}/stat")).ok()?;
            Some((Pid::from_raw(number)?, parse(&String::from_utf8_lossy(&text))?))
        })
        .collect()
}

/// Reads `pid (name) state parent group session …`; the name is the program's own and may hold anything.
#[cfg(target_os = "linux")]
fn parse(stat: &str) -> Option<Stat> {
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    Some(Stat { parent, session })
}

#[cfg(target_os = "linux")]
fn descendants() -> Vec<Pid> {
    let all = all();
    let mut found = vec![rustix::process::getpid()];
    let mut at = 0;
    while let Some(parent) = found.get(at).map(|pid| pid.as_raw_pid()) {
        let children = all.iter().filter(|(pid, stat)| stat.parent == parent && !found.contains(pid));
        let children: Vec<Pid> = children.map(|(pid, _)| *pid).collect();
        found.extend(children);
        at += 1;
    }
    found.split_off(1)
}

#[cfg(not(target_os = "linux"))]
fn descendants() -> Vec<Pid> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_programs_name_cannot_lie_about_its_parent() {
        let stat = parse("12 (x) S 1 1 1 (y)) R 34 56 78 0 -1").unwrap();
        assert_eq!((stat.parent, stat.session), (34, 78));
        assert!(parse("12 (x").is_none() && parse("12 (x) R").is_none());
    }
}
