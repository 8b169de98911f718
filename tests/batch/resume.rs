//! `kill -9` at any moment, and the same command again: every row once, right and in order, and hardly a request twice.

use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::kit::{
    HEAD, classify, ended, got, is_there, journal, lines, number, put, run, sorted, sorted_lines, spawned, talk, until,
};
use super::support::launch::Home;
use super::support::server::Server;

const ROWS: usize = 300;
const KILLS: usize = 100;
const CONCURRENCY: usize = 4;

/// A server that counts the requests that came.
fn counting() -> (Server, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&count);
    let server = Server::start(move |request| {
        theirs.fetch_add(1, Ordering::SeqCst);
        sorted(request)
    });
    (server, count)
}

fn size(home: &Home, name: &str) -> u64 {
    std::fs::metadata(home.home_dir().join(name)).map_or(0, |meta| meta.len())
}

/// The rows that the journal holds in whole lines, in order of their places.
fn kept(home: &Home) -> Vec<u64> {
    if !is_there(home, "out.csv.journal") {
        return Vec::new();
    }
    let text = got(home, "out.csv.journal");
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let place = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["n"].as_u64().unwrap();
    let mut kept: Vec<u64> = whole.lines().skip(1).map(place).collect();
    kept.sort_unstable();
    kept
}

/// What the next start has to say, where any rows are kept.
fn resuming(kept: &[u64], rows: usize) -> Option<String> {
    let next = (1..=rows as u64).find(|n| !kept.contains(n))?;
    (!kept.is_empty() && kept.len() < rows)
        .then(|| format!("munshi: Resuming at row {next} of {rows}; {} are done.", kept.len()))
}

/// Lets it run until a condition that is another for each kill, or its end.
fn until_a_moment(kill: usize, child: &mut Child, home: &Home, count: &AtomicUsize) {
    let (before, journal) = (count.load(Ordering::SeqCst), size(home, "out.csv.journal"));
    let more = 1 + kill % 5;
    until(|| match kill % 8 {
        0 => is_there(home, "out.csv.journal"),
        1 => home.data_dir().join("munshi.db").exists(),
        2 => is_there(home, "out.csv.part"),
        3 | 4 => size(home, "out.csv.journal") > journal + 100 * more as u64,
        _ => count.load(Ordering::SeqCst) >= before + more,
    } || child.try_wait().unwrap().is_some());
}

#[test]
fn a_hundred_kills_lose_no_row_and_ask_hardly_one_twice() {
    let (home, (server, count)) = (Home::new(), counting());
    put(&home, "emails.txt", lines(ROWS));
    let launch = classify(&home, &server, &["--concurrency", &CONCURRENCY.to_string()]);
    let (mut alive, mut told) = (0, 0);
    for kill in 0..KILLS {
        let before = kept(&home);
        let mut child = spawned(&launch, Stdio::null());
        until_a_moment(kill, &mut child, &home, &count);
        alive += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let said = talk(&output);
        if let Some(line) = said.lines().find(|line| line.contains("Resuming")) {
            assert_eq!(Some(line), resuming(&before, ROWS).as_deref(), "kill {kill}");
            told += 1;
        }
        let after = kept(&home);
        assert!(before.iter().all(|n| after.contains(n)), "kill {kill}: what was kept is gone");
        assert!(after.windows(2).all(|pair| pair[0] < pair[1]), "kill {kill}: a row is kept twice");
    }
    assert!(alive > KILLS * 3 / 4, "only {alive} kills met a run that was alive");
    assert!(told > KILLS / 4, "{told}");
    let before = kept(&home);
    let output = run(&launch);
    let said = ended(&output, 0);
    if let Some(line) = resuming(&before, ROWS) {
        assert!(said.contains(&line), "{line} is not in: {said}");
    }
    assert!(said.contains("300 of 300 rows answered"), "{said}");
    assert_eq!(got(&home, "out.csv"), sorted_lines(ROWS));
    assert!(!is_there(&home, "out.csv.part"));
    assert_eq!(kept(&home), (1..=ROWS as u64).collect::<Vec<_>>());
    let asked = server.requests().len();
    assert!(asked <= ROWS + KILLS * CONCURRENCY, "{asked} requests for {ROWS} rows");
    let booked = number(&home, "SELECT count(*) FROM requests WHERE purpose = 'batch'");
    assert!(booked as usize >= asked, "{asked} were sent, {booked} are booked");
    assert_eq!(number(&home, "SELECT count(DISTINCT conversation) FROM requests"), 1, "one run, one account");
    assert_eq!(number(&home, "SELECT count(*) FROM conversations"), 0, "no chat is made of a row");
}

#[test]
fn kills_while_the_output_is_written_leave_no_half_of_it_under_its_name() {
    let (home, (server, _)) = (Home::new(), counting());
    put(&home, "emails.txt", lines(150).replace('\n', &format!("{}\n", " and so on".repeat(300))));
    let launch = classify(&home, &server, &["--quiet"]);
    ended(&run(&launch), 0);
    let whole = got(&home, "out.csv");
    assert_eq!(whole.lines().count(), 151);
    let mut partial = 0;
    for kill in 0..20 {
        std::fs::remove_file(home.home_dir().join("out.csv")).unwrap();
        let mut child = spawned(&launch, Stdio::null());
        let some = kill as u64 * 20_000;
        until(|| size(&home, "out.csv.part") >= some.max(1) || child.try_wait().unwrap().is_some());
        child.kill().unwrap();
        child.wait().unwrap();
        if is_there(&home, "out.csv") {
            assert!(got(&home, "out.csv") == whole, "kill {kill}: the output has its name and is not whole");
            continue;
        }
        partial += 1;
        ended(&run(&launch), 0);
        assert!(got(&home, "out.csv") == whole, "kill {kill}");
    }
    assert!(partial > 0, "no kill came while it was written");
    assert_eq!(server.requests().len(), 150, "nothing was asked again");
}

#[test]
fn a_journal_that_a_power_cut_tore_is_gone_on_with() {
    let (home, (server, _)) = (Home::new(), counting());
    put(&home, "emails.txt", lines(6));
    let launch = classify(&home, &server, &["--concurrency", "1"]);
    ended(&run(&launch), 0);
    let whole = std::fs::read(home.home_dir().join("out.csv.journal")).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for cut in [whole.len() - 1, whole.len() - 40, last + 1, last] {
        let before = server.requests().len();
        put(&home, "out.csv.journal", &whole[..cut]);
        std::fs::remove_file(home.home_dir().join("out.csv")).unwrap();
        let said = ended(&run(&launch), 0);
        assert!(said.contains("Resuming at row 6 of 6; 5 are done."), "{said}");
        assert_eq!(server.requests().len(), before + 1);
        assert_eq!(got(&home, "out.csv"), sorted_lines(6));
    }
    // A line in the middle that is no row any more is said, and its row asked again.
    let mut damaged = whole.clone();
    let middle = whole.len() / 2;
    damaged[middle - 8..middle].fill(b'#');
    put(&home, "out.csv.journal", &damaged);
    let said = ended(&run(&launch), 0);
    assert!(said.contains("1 line of out.csv.journal cannot be read; its row is asked again."), "{said}");
    assert_eq!(got(&home, "out.csv"), sorted_lines(6));
}

#[test]
fn a_run_that_is_done_asks_nothing_and_writes_its_output_again_where_that_is_gone() {
    let (home, (server, _)) = (Home::new(), counting());
    put(&home, "emails.txt", lines(5));
    let launch = classify(&home, &server, &[]);
    ended(&run(&launch), 0);
    std::fs::remove_file(home.home_dir().join("out.csv")).unwrap();
    let said = ended(&run(&launch), 0);
    assert!(said.contains("All 5 rows of emails.txt are done already: nothing is sent."), "{said}");
    assert_eq!((server.requests().len(), got(&home, "out.csv")), (5, sorted_lines(5)));
    assert_eq!(journal(&home, "out.csv.journal").len(), 5);
}

#[test]
fn a_journal_of_ones_own_lets_standard_output_be_gone_on_with() {
    let (home, (server, _)) = (Home::new(), counting());
    put(&home, "emails.txt", lines(5));
    let args = ["emails.txt", "--labels", super::kit::LABELS, "--journal", "mine.journal"];
    let launch = super::kit::batch(&home, &server, &args);
    for _ in 0..2 {
        let output = run(&launch);
        ended(&output, 0);
        assert_eq!(String::from_utf8(output.stdout).unwrap(), sorted_lines(5));
    }
    assert_eq!(server.requests().len(), 5);
    assert!(sorted_lines(0) == HEAD);
}
