//! Row 37: caps hold whatever several processes do at once, and whatever becomes of them.

use std::io::{BufRead, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Stdio};

use munshi::chat::{Local, PicoUsd, Rate, Spend};
use munshi::store::{Cap, Reservation, Scope, Store, Write};

use crate::child;
use crate::support::*;

/// The most of each round, in pico-dollars.
const CAP: i64 = 100;
/// The most that one attempt reserves.
const DEAREST: i64 = 60;

fn local(pico: i64) -> Local {
    Local::of(PicoUsd(pico), Rate::default())
}

fn cap(scope: Scope, most: i64) -> Cap {
    Cap { scope, most: local(most) }
}

/// What counts against a cap this moment, as the refusal of what can never be granted tells it.
fn used(store: &mut dyn Store, scope: Scope) -> Local {
    let answer = store.reserve(&opening(0, u128::from(u64::MAX), Some(i64::MAX)), &[cap(scope, 0)]).unwrap();
    let Reservation::Refused { used, .. } = answer else { panic!("{answer:?}") };
    used
}

/// A process of the race, and what it says.
struct Racer {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Racer {
    fn start(folder: &std::path::Path, number: u64) -> Self {
        let mut child =
            child::command("budget::one_of_the_racers", folder, number).stdin(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    fn tell(&mut self, round: u64) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{round}").unwrap();
    }

    /// How many attempts it was granted in the round that it was told of.
    fn granted(&mut self) -> u64 {
        let said = self.said.by_ref().map(Result::unwrap);
        let mut granted = said.filter_map(|line| line.strip_prefix("granted ").map(str::to_owned));
        granted.next().expect("a racer ended early").parse().unwrap()
    }
}

#[test]
fn row_37_two_processes_that_race_at_a_cap_never_pass_it_and_do_spend() {
    let rounds = std::env::var("MUNSHI_RACE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1_000);
    // Where there is memory to be had for it: nothing here is about the disk.
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let mut store = open(folder.path());
    let mut racers = [Racer::start(folder.path(), 0), Racer::start(folder.path(), 1)];
    let (mut granted, mut contested) = ([0; 2], 0);
    for round in 0..rounds {
        for racer in &mut racers {
            racer.tell(round);
        }
        let now = racers.each_mut().map(Racer::granted);
        granted = [granted[0] + now[0], granted[1] + now[1]];
        contested += u64::from(now.iter().all(|granted| *granted > 0));
        // Both stopped at a refusal, so that less was left than the dearest attempt asks for.
        let used = used(&mut store, Scope::Conversation(conversation_id(u128::from(round))));
        assert!(used <= local(CAP) && used > local(CAP - DEAREST), "round {round}: {used:?}");
    }
    for racer in racers {
        let Racer { mut child, .. } = racer;
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
    assert!(contested > 0 && granted.iter().all(|granted| *granted > 0), "{contested} contested, granted {granted:?}");
    let spend = store.spend(Scope::Everything).unwrap();
    assert!(spend.pico_usd > i128::from(rounds) * 20 && spend.unknown > 0, "{spend:?}");
    println!("{rounds} rounds, {contested} contested, granted {granted:?}, recorded {spend:?}");
}

/// In each round: reserves, and is billed, until it is refused.
#[test]
fn one_of_the_racers() {
    let Some((folder, number)) = child::told() else { return };
    let mut store = open(&folder);
    let mut dice = Dice(number + 1);
    for line in std::io::stdin().lines() {
        let round: u128 = line.unwrap().parse().unwrap();
        let scope = Scope::Conversation(conversation_id(round));
        let mut granted = 0_u128;
        loop {
            let reserved = 1 + dice.roll(DEAREST as u64) as i64;
            let attempt = (round * 2 + u128::from(number)) * 1_000 + granted;
            let caps = [cap(scope, CAP), cap(Scope::Day(DAY), i64::MAX)];
            if store.reserve(&opening(round, attempt, Some(reserved)), &caps).unwrap() != Reservation::Granted {
                break;
            }
            assert!(used(&mut store, scope) <= local(CAP));
            // A third of the bills never come, the others are at most what was reserved.
            let bill = [None, Some(reserved), Some(reserved - dice.roll(reserved as u64) as i64)];
            store.write(&[Write::CloseAttempt(closing(attempt, bill[dice.roll(3) as usize]))]).unwrap();
            granted += 1;
        }
        println!("\ngranted {granted}");
    }
}

#[test]
fn row_37_a_cap_holds_after_a_kill_in_the_middle_of_an_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let mut alive = open(folder.path());
    let mut child =
        child::command("budget::the_process_that_is_killed_in_an_attempt", folder.path(), 0).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap() == "reserved"));
    child.kill().unwrap();
    child.wait().unwrap();
    let day = cap(Scope::Day(DAY), CAP);
    let refused = Reservation::Refused { cap: day, used: local(70) };
    // For one that was open all the time, and for one that settles what the dead left.
    assert_eq!(alive.reserve(&opening(1, 2, Some(31)), &[day]).unwrap(), refused);
    let mut next = open(folder.path());
    assert_eq!(next.spend(Scope::Everything).unwrap(), Spend::unknown());
    assert_eq!(next.reserve(&opening(1, 2, Some(31)), &[day]).unwrap(), refused);
    assert_eq!(alive.reserve(&opening(1, 2, Some(31)), &[day]).unwrap(), refused);
    assert_eq!(next.reserve(&opening(1, 2, Some(30)), &[day]).unwrap(), Reservation::Granted);
}

#[test]
fn the_process_that_is_killed_in_an_attempt() {
    let Some((folder, _)) = child::told() else { return };
    let mut store = open(&folder);
    let answer = store.reserve(&opening(1, 1, Some(70)), &[cap(Scope::Day(DAY), CAP)]).unwrap();
    assert_eq!(answer, Reservation::Granted);
    println!("\nreserved");
    loop {
        std::thread::park();
    }
}
