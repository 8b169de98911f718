//! Money: budgets stop a run before it begins or before it passes them, and what nobody can price is said to be so.

use super::kit::{
    EACH, LABELS, batch, classify, ends, got, is_there, lines, number, put, query, run, sorted_lines, sorter, talk,
};
use super::support::launch::Home;

/// What all requests of a home have cost, in pico-dollars.
fn spent(home: &Home) -> i64 {
    number(home, "SELECT coalesce(sum(cost), 0) FROM requests")
}

/// Rupees as pico-dollars, at 85 to the dollar.
fn rupees(amount: f64) -> i64 {
    (amount / 85.0 * 1e12) as i64
}

#[test]
fn a_run_that_is_expected_to_pass_a_budget_is_not_begun() {
    for scope in ["day", "month", "conversation"] {
        let (home, server) = (Home::new(), sorter());
        home.write_config(&format!("[budget]\n{scope} = 0.01\n"));
        put(&home, "emails.txt", lines(100));
        let said = ends(&classify(&home, &server, &[]), 3);
        assert!(said.contains("Nothing was sent") && said.contains("₹0.01"), "{scope}: {said}");
        assert_eq!(server.requests().len(), 0, "{scope}");
        // Once there is room, the same command goes on.
        home.write_config(&format!("[budget]\n{scope} = 10\n"));
        ends(&classify(&home, &server, &[]), 0);
        assert_eq!(got(&home, "out.csv"), sorted_lines(100), "{scope}");
    }
}

#[test]
fn what_was_spent_today_counts_against_the_days_budget() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(100));
    ends(&classify(&home, &server, &[]), 0);
    // 100 answers at EACH are used; the next hundred are expected to cost about as much as the first were.
    home.write_config("[budget]\nday = 0.15\n");
    let said = ends(&batch(&home, &server, &["emails.txt", "--labels", LABELS, "-o", "again.csv"]), 3);
    assert!(said.contains("of it is used"), "{said}");
    assert_eq!(server.requests().len(), 100);
}

#[test]
fn max_cost_stops_before_it_is_passed_and_a_higher_one_goes_on() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(120));
    let mut answered = 0;
    for most in [0.006, 0.02, 0.035] {
        let output = run(&classify(&home, &server, &["--max-cost", &most.to_string(), "--concurrency", "3"]));
        let said = talk(&output);
        assert_eq!(output.status.code(), Some(3), "{most}: {said}");
        assert!(
            said.contains("--max-cost is") && said.contains("The same command with a higher --max-cost goes on"),
            "{most}: {said}"
        );
        assert!(spent(&home) <= rupees(most), "{most}: {} pico-dollars", spent(&home));
        let now = got(&home, "out.csv").lines().count() - 1;
        assert!(now > answered, "{most}: it went on from {answered} to {now}");
        answered = now;
    }
    ends(&classify(&home, &server, &["--max-cost", "10"]), 0);
    assert_eq!(got(&home, "out.csv"), sorted_lines(120));
    assert_eq!(server.requests().len(), 120, "no row was asked twice");
    assert_eq!(spent(&home), 120 * 4_500_000, "each at {EACH}");
}

#[test]
fn without_a_known_price_there_is_nothing_to_hold_to_a_limit() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(5));
    let said = ends(&classify(&home, &server, &["-m", "mystery-1", "--max-cost", "5"]), 3);
    assert!(said.contains("price") && said.contains("mystery-1"), "{said}");
    assert_eq!(server.requests().len(), 0);
    // Without a limit it is asked, and its cost is not 0 but not known.
    let said = ends(&batch(&home, &server, &["emails.txt", "--labels", LABELS, "-m", "mystery-1", "-o", "b.csv"]), 0);
    assert_eq!(got(&home, "b.csv"), sorted_lines(5).replace("gpt-4o-mini,15,0.0003825", "mystery-1,15,"));
    assert!(said.contains("unknown") || said.contains('?'), "{said}");
}

#[test]
fn an_estimate_tells_tokens_money_and_time_and_does_nothing() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(10_000));
    let output = run(&classify(&home, &server, &["--estimate"]));
    assert_eq!(output.status.code(), Some(0), "{}", talk(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    let line =
        |name: &str| told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {told}"));
    assert!(line("rows").ends_with("10,000 of emails.txt"), "{told}");
    assert!(line("tokens").contains(" in and ") && line("tokens").contains("gpt-4o-mini"), "{told}");
    assert!(line("cost").contains("about ₹") && line("cost").contains("at most ₹"), "{told}");
    assert!(line("time").contains("with 32 requests at once"), "{told}");
    assert!(told.ends_with("Nothing was sent.\n"), "{told}");
    assert_eq!(server.requests().len(), 0);
    assert!(!is_there(&home, "out.csv") && !is_there(&home, "out.csv.journal"));
    let unknown = run(&classify(&home, &server, &["--estimate", "-m", "mystery-1"]));
    assert!(String::from_utf8(unknown.stdout).unwrap().contains("cost    unknown"));
}

#[test]
fn each_request_is_in_the_ledger_as_a_batchs() {
    let (home, server) = (Home::new(), sorter());
    put(&home, "emails.txt", lines(7));
    ends(&classify(&home, &server, &[]), 0);
    let sql = "SELECT purpose, model, input, output, cost, outcome FROM requests";
    let kept: Vec<(String, String, i64, i64, i64, String)> =
        query(&home, sql, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)));
    let one = ("batch".to_owned(), "gpt-4o-mini".to_owned(), 10, 5, 4_500_000, "complete".to_owned());
    assert_eq!(kept, vec![one; 7]);
    assert_eq!(server.requests().len(), 7);
}
