//! The commands that print what was spent, what is wrong, and what models cost now.

use std::process::Output;

use serde_json::{Value, json};

use super::kit::{ask, dear, open, quit, submit};
use super::support::launch::{Home, Launch};
use super::support::server::{Reply, Server};

const KEY: &str = "sk-test-0000000000000000";

fn run(launch: &Launch, args: &[&str]) -> Output {
    let output = launch.clone().args(args).command().output().unwrap();
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "no escape codes in a pipe: {args:?}");
    let all = [output.stdout.clone(), output.stderr.clone()].concat();
    assert!(!String::from_utf8(all).unwrap().contains(KEY), "no key is printed: {args:?}");
    output
}

/// What it prints, and its exit code. It says nothing beside.
#[track_caller]
fn prints(launch: &Launch, args: &[&str]) -> (String, i32) {
    let output = run(launch, args);
    assert!(output.stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

#[track_caller]
fn fails(launch: &Launch, args: &[&str], code: i32) -> String {
    let output = run(launch, args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The finding of a check in the doctor's JSON.
#[track_caller]
fn found<'a>(report: &'a Value, check: &str) -> Vec<(&'a str, &'a str)> {
    let text = |value: &'a Value| value.as_str().unwrap_or_default();
    let checks = report["checks"].as_array().unwrap().iter().filter(|row| row["check"] == check);
    let found: Vec<_> = checks.map(|row| (text(&row["status"]), text(&row["says"]))).collect();
    assert!(!found.is_empty(), "{check}: {report}");
    for row in report["checks"].as_array().unwrap() {
        assert_eq!(row["status"] == "ok", row["mend"].is_null(), "what is not well says how to mend it: {row}");
    }
    found
}

#[track_caller]
fn diagnosed(launch: &Launch, code: i32) -> Value {
    let (text, ended) = prints(launch, &["doctor", "--json"]);
    assert_eq!(ended, code, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["ok"], code == 0);
    report
}

fn listing(models: &Value) -> Reply {
    Reply::json(200, &json!({ "data": models }).to_string())
}

#[test]
fn where_nothing_was_spent_each_form_says_so_and_no_database_is_made() {
    let home = Home::new();
    let munshi = home.munshi();
    let (text, code) = prints(&munshi, &["cost", "--since", "2026-11-01", "--until", "2026-11-25"]);
    assert_eq!((text.as_str(), code), ("Nothing was spent from 2026-11-01 to 2026-11-25.\n", 0));
    let (csv, _) = prints(&munshi, &["cost", "--csv", "--by", "model"]);
    let head = "key,label,requests,input_tokens,cached_input_tokens,output_tokens,cost_INR,cost_usd,unknown\n";
    assert_eq!(csv, head);
    let (text, _) = prints(&munshi, &["cost", "--json", "--since", "2026-11-01", "--until", "2026-11-25"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["rows"], &report["total"]["cost"]), (&json!([]), &json!("0")));
    assert_eq!(
        (&report["from"], &report["to"], &report["by"]),
        (&json!("2026-11-01"), &json!("2026-11-25"), &json!("day"))
    );
    assert!(!home.data_dir().exists(), "a question makes no file");
    assert!(fails(&munshi, &["cost", "--since", "2026-11-02", "--until", "2026-11-01"], 2).contains("before --since"));
    assert!(fails(&munshi, &["cost", "--since", "Diwali"], 2).contains("expected a day such as"));
}

#[test]
fn budgets_stand_below_what_was_spent() {
    let home = Home::new();
    home.write_config("[budget]\nday = 50\nmonth = 1_500.5\nmessage = 0.25\n");
    let (text, _) = prints(&home.munshi(), &["cost"]);
    for line in
        ["message       ₹0.25 at most", "day           ₹0.00 of ₹50.00, 0%", "month         ₹0.00 of ₹1,500.50, 0%"]
    {
        assert!(text.lines().any(|known| known == line), "{line}:\n{text}");
    }
    let (text, _) = prints(&home.munshi(), &["cost", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["budgets"]["month"], json!({ "most": "1500.5", "used": "0" }));
}

#[test]
fn the_doctor_finds_nothing_wrong_where_nothing_is() {
    let home = Home::new();
    home.write_config("[budget]\nday = 50\n");
    let server = Server::replies([listing(&json!([{ "id": "gpt-4o-mini" }]))]);
    let munshi = home.munshi().against(&server.base_url());
    let report = diagnosed(&munshi, 0);
    assert_eq!(found(&report, "key"), [("ok", "openai has one, from environment OPENAI_API_KEY")]);
    let network = found(&report, "network");
    assert!(network[0].0 == "ok" && network[0].1.ends_with("lists 1 model"), "{network:?}");
    assert_eq!(found(&report, "budgets"), [("ok", "day: ₹0.00 of ₹50.00, 0%")]);
    assert_eq!(server.requests()[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    let (text, code) = prints(&munshi, &["doctor"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("\nok    database       there is none yet"), "{text}");
    assert!(!home.data_dir().exists(), "a look makes no file");
}

#[test]
fn the_doctor_works_without_a_key_and_without_a_network() {
    let home = Home::new();
    let report = diagnosed(&home.munshi(), 1);
    assert_eq!(found(&report, "key"), [("fail", "openai has none")]);
    assert_eq!(found(&report, "network")[0].0, "warn");
    let report = diagnosed(&home.munshi().against("http://127.0.0.1:9/v1"), 1);
    let network = found(&report, "network");
    assert!(network[0].0 == "fail" && network[0].1.contains("refused the connection"), "{network:?}");
    let refused = Server::replies([Reply::json(401, r#"{"error":{"message":"Incorrect API key provided"}}"#)]);
    let (text, code) = prints(&home.munshi().against(&refused.base_url()), &["doctor"]);
    assert!(
        code == 1 && text.contains("Incorrect API key provided") && text.contains("mend: make a new key"),
        "{text}"
    );
    let silent = Server::replies([Reply::json(404, "{}")]);
    let report = diagnosed(&home.munshi().against(&silent.base_url()), 0);
    assert_eq!(found(&report, "network")[0].0, "warn", "a server without a list may answer a chat");
}

#[test]
fn the_doctor_names_each_fault_of_the_configuration_and_looks_at_the_rest() {
    let home = Home::new();
    home.write_config("temprature = 1\nmodel = \"groq/x\"\n[budget]\nday = -5\n");
    let report = diagnosed(&home.munshi(), 1);
    let wrong = found(&report, "configuration");
    assert_eq!(wrong.len(), 2);
    assert!(wrong[0].1.contains("config.toml:1: ") && wrong[0].1.contains("did you mean \"temperature\"?"));
    assert!(wrong[1].1.contains("config.toml:4: budget.day: expected an amount of money"));
    assert_eq!(found(&report, "key"), [("fail", "groq has none")], "what could be read holds");
    home.write_config("model = \n");
    assert!(found(&diagnosed(&home.munshi(), 1), "configuration")[0].1.contains("no valid TOML"));
}

#[test]
fn the_doctor_looks_at_a_damaged_database_and_leaves_every_byte_of_it() {
    let home = Home::new();
    std::fs::create_dir_all(home.data_dir()).unwrap();
    let path = home.data_dir().join("munshi.db");
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.resize(12_288, 0xA5);
    std::fs::write(&path, &bytes).unwrap();
    home.write_config("[budget]\nday = 50\n");
    let report = diagnosed(&home.munshi(), 1);
    let database = found(&report, "database");
    assert!(database[0].0 == "fail" && database[0].1.contains("munshi.db is damaged"), "{database:?}");
    assert_eq!(found(&report, "budgets")[0].0, "warn");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let names: Vec<_> = std::fs::read_dir(home.data_dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name == "munshi.db" || name == "munshi.db.suspect"), "{names:?}");
}

#[test]
fn the_doctor_knows_a_sound_database_and_one_of_a_newer_munshi() {
    let home = Home::new();
    prints(&home.munshi(), &["chats", "list"]);
    let sound = diagnosed(&home.munshi(), 1);
    let database = found(&sound, "database");
    assert!(database[0].0 == "ok" && database[0].1.contains("munshi.db is sound: schema "), "{database:?}");
    let conn = rusqlite::Connection::open(home.data_dir().join("munshi.db")).unwrap();
    conn.pragma_update(None, "user_version", 999).unwrap();
    drop(conn);
    let newer = diagnosed(&home.munshi(), 1);
    assert!(found(&newer, "database")[0].1.contains("made by a newer munshi"));
}

#[test]
fn a_refresh_asks_the_provider_and_its_prices_hold_from_then_on() {
    let home = Home::new();
    let mini = |prompt: &str| {
        let pricing = json!({ "prompt": prompt, "completion": "0.0000006" });
        json!([
            { "id": "gpt-4o-mini", "pricing": pricing, "context_length": 64_000 },
            { "id": "evil\u{202e}name", "pricing": pricing },
        ])
    };
    let server = Server::replies([listing(&mini("0.0000003")), Reply::json(500, "{}")]);
    let munshi = home.munshi().against(&server.base_url());
    let (text, code) = prints(&munshi, &["models", "--refresh"]);
    assert_eq!(code, 0);
    assert!(text.contains("openai: 2 models, 2 with prices of "), "{text}");
    assert!(text.contains("changed  gpt-4o-mini  ₹12.75 in, ₹51.00 out  →  ₹25.50 in, ₹51.00 out"), "{text}");
    assert!(text.contains("new      evil<U+202E>name  ₹25.50 in"), "{text}");
    assert!(server.requests()[0].head.starts_with("GET /v1/models "));
    let (models, _) = prints(&munshi, &["models"]);
    let row = models.lines().find(|line| line.starts_with("gpt-4o-mini ")).unwrap();
    assert!(row.contains("₹25.50") && row.contains(" 64k "), "{row}");
    assert!(models.contains(", openai's of ") && !models.contains('\u{202e}'), "{models}");

    let why = fails(&munshi, &["models", "--refresh", "openai"], 1);
    assert!(why.starts_with("munshi: openai: "), "{why}");
    let (again, _) = prints(&munshi, &["models"]);
    assert_eq!(again, models, "what was known stands");
    let elsewhere = home.munshi().against("http://127.0.0.1:9/v1");
    let (other, _) = prints(&elsewhere, &["models"]);
    assert!(other.lines().any(|line| line.starts_with("gpt-4o-mini ") && line.contains("₹12.75")), "{other}");
}

#[test]
fn a_refresh_as_json_says_what_it_brought_and_without_any_key_it_says_where_none_is_needed() {
    let home = Home::new();
    let server = Server::replies([listing(&json!([{ "id": "brand-new" }]))]);
    let (text, _) = prints(&home.munshi().against(&server.base_url()), &["models", "--refresh", "openai", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report[0]["new"], json!([{ "model": "brand-new", "micro_usd_per_million": null }]));
    assert_eq!(
        (&report[0]["provider"], &report[0]["models"], &report[0]["priced"]),
        (&json!("openai"), &json!(1), &json!(0))
    );
    assert!(
        fails(&home.munshi(), &["models", "--refresh"], 1).contains("`munshi models --refresh openrouter` needs none")
    );
    assert!(
        fails(&home.munshi(), &["models", "--refresh", "nobody"], 1).contains("no provider \"nobody\" is configured")
    );
}

#[test]
fn openrouter_gives_its_list_without_a_key() {
    let home = Home::new();
    let server =
        Server::replies([listing(&json!([{ "id": "maker/model", "pricing": { "prompt": "0", "completion": "0" } }]))]);
    home.write_config(&format!("[providers.openrouter]\nbase_url = \"{}\"\n", server.base_url()));
    let (text, code) = prints(&home.munshi(), &["models", "--refresh", "openrouter"]);
    assert!(code == 0 && text.contains("new      openrouter/maker/model  ₹0.00 in, ₹0.00 out"), "{text}");
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[test]
fn what_a_chat_cost_is_in_the_report_to_the_last_digit() {
    let home = Home::new();
    home.write_config("[budget]\nday = 50\n");
    let server = Server::replies([dear("Dear.")]);
    let session = open(&home, &server);
    submit(&session, "/title =SUM(A1), \"quoted\"");
    ask(&session, "What does it cost?", "Dear.");
    quit(&session);
    let munshi = home.munshi();
    let (csv, _) = prints(&munshi, &["cost", "--csv", "--by", "model"]);
    assert_eq!(csv.lines().nth(1), Some("gpt-4o-mini,gpt-4o-mini,1,1000000,0,500000,38.25,0.45,0"), "{csv}");
    let (csv, _) = prints(&munshi, &["cost", "--csv", "--by", "conversation"]);
    assert!(csv.contains(",\"'=SUM(A1), \"\"quoted\"\"\",1,"), "{csv}");
    let (text, _) = prints(&munshi, &["cost", "--by", "purpose"]);
    assert!(text.contains(" ₹38.25") && text.contains('█'), "{text}");
    assert!(text.lines().any(|line| line == "chat            1     1M       0    500k  ₹38.25"), "{text}");
    assert!(text.contains("day           ₹38.25 of ₹50.00, 76%"), "{text}");
    let (text, _) = prints(&munshi, &["cost", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&report["total"]["cost"], &report["total"]["pico_usd"]), (&json!("38.25"), &json!("450000000000")));
    let (text, _) = prints(&munshi, &["cost", "--demo"]);
    assert!(text.starts_with("Nothing was spent"), "the demo has a ledger of its own: {text}");
}
