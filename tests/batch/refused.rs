//! Providers that cannot be used at all: the run stops with 4 before it has asked for everything in vain, and goes on
//! once they can. And a fallback that answers in the first one's place.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::kit::{
    LABELS, answer, classify, column, ends, got, label, label_of, lines, number, put, row_of, sorted, sorted_lines,
    sorter,
};
use super::support::launch::Home;
use super::support::replies::error;
use super::support::server::{Reply, Request, Server};

fn model(request: &Request) -> String {
    request.json()["model"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_refused_key_a_model_that_is_not_there_and_used_up_credit_stop_the_run_which_goes_on_later() {
    for (status, code) in
        [(401, "invalid_api_key"), (404, "model_not_found"), (403, "forbidden"), (429, "insufficient_quota")]
    {
        let is_well = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&is_well);
        let server = Server::start(move |request| {
            if theirs.load(Ordering::SeqCst) { sorted(request) } else { error(status, code, "not for you") }
        });
        let home = Home::new();
        put(&home, "emails.txt", lines(60));
        let said = ends(&classify(&home, &server, &[]), 4);
        let asked = server.requests().len();
        assert!(asked <= 4, "{status}: {asked} requests for what the first said already");
        assert!(said.contains("not for you") && said.contains("Run the same command again to go on"), "{said}");
        assert!(!said.contains('/') || !said.contains("/key"), "{said}");
        is_well.store(true, Ordering::SeqCst);
        ends(&classify(&home, &server, &[]), 0);
        assert_eq!(server.requests().len(), asked + 60, "{status}: no row was lost, and none is asked twice");
        assert_eq!(got(&home, "out.csv"), sorted_lines(60), "{status}");
    }
}

#[test]
fn a_key_that_is_refused_in_the_middle_loses_no_row() {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let theirs = Arc::clone(&count);
    let server = Server::start(move |request| {
        let n = theirs.fetch_add(1, Ordering::SeqCst) + 1;
        if (20..40).contains(&n) { error(401, "invalid_api_key", "expired") } else { sorted(request) }
    });
    let home = Home::new();
    put(&home, "emails.txt", lines(60));
    let said = ends(&classify(&home, &server, &["--concurrency", "4"]), 4);
    assert!(said.contains("rows answered"), "{said}");
    let asked = server.requests().len();
    assert!((20..28).contains(&asked), "{asked}");
    count.store(100, Ordering::SeqCst);
    let said = ends(&classify(&home, &server, &["--concurrency", "4"]), 0);
    assert!(said.contains("Resuming at row "), "{said}");
    assert_eq!(got(&home, "out.csv"), sorted_lines(60));
    let refused = number(&home, "SELECT count(*) FROM requests WHERE status = 401");
    assert_eq!(server.requests().len() as i64 - refused, 60, "each answer was paid for once");
}

#[test]
fn a_server_that_is_not_there_stops_the_run_soon_and_it_goes_on_once_it_is() {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 2\nlongest_backoff = \"10ms\"\n");
    put(&home, "emails.txt", lines(30));
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let args = ["batch", "run", "emails.txt", "--labels", LABELS, "-o", "out.csv"];
    let launch = home.munshi().against(&format!("http://{nobody}/v1")).args(args);
    let said = ends(&launch, 4);
    assert!(said.contains("No connection") && said.contains("0 of 30 rows answered"), "{said}");
    let server = sorter();
    ends(&classify(&home, &server, &[]), 0);
    assert_eq!(got(&home, "out.csv"), sorted_lines(30));
}

#[test]
fn without_a_key_nothing_is_sent_and_it_says_where_one_is_looked_for() {
    let home = Home::new();
    put(&home, "emails.txt", lines(3));
    let said = ends(&home.munshi().args(["batch", "run", "emails.txt", "--labels", LABELS, "-o", "out.csv"]), 4);
    assert!(said.contains("OPENAI_API_KEY"), "{said}");
}

#[test]
fn a_server_that_does_nothing_but_fail_is_not_asked_for_all_rows() {
    let home = Home::new();
    home.write_config("[retry]\nattempts = 1\n");
    let server = Server::start(|_| error(500, "oops", "broken"));
    put(&home, "emails.txt", lines(200));
    let said = ends(&classify(&home, &server, &[]), 4);
    let asked = server.requests().len();
    assert!((20..60).contains(&asked), "{asked}");
    assert!(said.contains("rows one after another came to nothing"), "{said}");
}

#[test]
fn the_fallback_answers_where_the_first_is_dead_and_is_priced_as_itself() {
    let home = Home::new();
    home.write_config("fallback = [\"gpt-4o\"]\n[retry]\nattempts = 1\n");
    let server = Server::start(|request| match model(request).as_str() {
        "gpt-4o" => answer(&label(label_of(&row_of(request)))),
        _ => error(503, "overloaded", "busy"),
    });
    put(&home, "emails.txt", lines(8));
    ends(&classify(&home, &server, &[]), 0);
    let csv = got(&home, "out.csv");
    // 10 tokens in at $2.50 and 5 out at $10 a million, at ₹85.
    assert_eq!(csv, sorted_lines(8).replace("gpt-4o-mini,15,0.0003825", "gpt-4o,15,0.006375"));
    assert_eq!(column(&csv, "model"), ["gpt-4o"; 8]);
    let spent = number(&home, "SELECT sum(cost) FROM requests WHERE model = 'gpt-4o'");
    assert_eq!(spent, 8 * (10 * 2_500_000 + 5 * 10_000_000));
}

#[test]
fn a_wait_that_is_too_long_stops_the_run_and_says_how_long_it_is() {
    for status in [429, 503] {
        let home = Home::new();
        let server = Server::replies([error(status, "busy", "come back").header("retry-after", "600")]);
        put(&home, "emails.txt", lines(20));
        let said = ends(&classify(&home, &server, &[]), 4);
        assert!(said.contains("10 min"), "{status}: {said}");
        assert!(server.requests().len() <= 4, "{status}: {}", server.requests().len());
        let well = sorter();
        ends(&classify(&home, &well, &[]), 0);
        assert_eq!(got(&home, "out.csv"), sorted_lines(20), "{status}");
    }
}

#[test]
fn what_a_model_refuses_is_found_out_once_and_not_for_each_row() {
    for (field, is_refused) in [
        ("response_format", (|body: &Value| body["response_format"]["type"] == "json_schema") as fn(&Value) -> bool),
        ("temperature", |body| body.get("temperature").is_some()),
    ] {
        let home = Home::new();
        let server = Server::start(move |request| {
            if !is_refused(&request.json()) {
                return sorted(request);
            }
            let error =
                json!({"message": "not supported", "type": "invalid_request_error", "param": field, "code": null});
            Reply::json(400, &json!({ "error": error }).to_string())
        });
        put(&home, "emails.txt", lines(40));
        ends(&classify(&home, &server, &["--concurrency", "4"]), 0);
        assert_eq!(got(&home, "out.csv"), sorted_lines(40), "{field}");
        let asked = server.requests().len();
        assert!((41..=44).contains(&asked), "{field}: {asked} requests for 40 rows");
    }
}

#[test]
fn a_row_that_the_provider_will_not_have_is_an_error_in_that_row_alone() {
    let home = Home::new();
    let server = Server::start(|request| match row_of(request).as_str() {
        "mail 2" => error(400, "content_policy_violation", "this text is against the rules"),
        _ => sorted(request),
    });
    put(&home, "emails.txt", lines(9));
    ends(&classify(&home, &server, &[]), 5);
    let csv = got(&home, "out.csv");
    let errors = column(&csv, "error");
    assert!(errors[1].contains("against the rules"), "{errors:?}");
    assert_eq!(errors.iter().filter(|error| !error.is_empty()).count(), 1);
    assert_eq!(server.requests().len(), 9, "and it is not asked again");
}
