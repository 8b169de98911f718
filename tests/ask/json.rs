//! JSON: of the answer, and around it.

use serde_json::Value;

use super::kit::{answered, ask, ended_with, reply, run, said, talk};
use super::support::launch::Home;
use super::support::replies::{error, reasoning};
use super::support::server::Server;

const SCHEMA: &str = r#"{"type": "object", "properties": {"job_title": {"type": "string"}, "years": {"type": "integer"}},
    "required": ["job_title", "years"], "additionalProperties": false}"#;

fn with_schema() -> Home {
    let home = Home::new();
    std::fs::write(home.home_dir().join("job.json"), SCHEMA).unwrap();
    home
}

#[track_caller]
fn object(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_json_object_is_asked_for_and_printed_as_it_came() {
    let (home, server) = (Home::new(), Server::replies([reply(&["{\n  \"a\":", " 1}"])]));
    assert_eq!(answered(&run(&ask(&home, &server, &["--json", "go"]))), "{\n  \"a\": 1}\n");
    assert_eq!(server.requests()[0].json()["response_format"]["type"], "json_object");
}

#[test]
fn an_answer_that_does_not_fit_its_schema_is_asked_for_once_more() {
    let home = with_schema();
    let (wrong, right) = (r#"{"job_title": "dev"}"#, r#"{"job_title": "dev", "years": 5}"#);
    let server = Server::replies([reply(&[wrong]), reply(&[right])]);
    let output = run(&ask(&home, &server, &["--schema", "job.json", "Extract."]));
    assert_eq!(answered(&output), format!("{right}\n"), "the wrong one is not printed");
    assert!(talk(&output).contains("not as asked: ") && talk(&output).contains("years"), "{}", talk(&output));
    assert!(said(&server, 1).last().unwrap().1.contains("years"));
}

#[test]
fn an_answer_that_never_fits_is_printed_and_is_5() {
    let home = with_schema();
    let server = Server::replies([reply(&["nonsense"]), reply(&[r#"{"job_title": 7, "years": 5}"#])]);
    let output = run(&ask(&home, &server, &["--schema", "job.json", "Extract."]));
    let why = ended_with(&output, 5);
    assert!(why.contains("/job_title") && why.contains("expected a text"), "{why}");
    assert_eq!(output.stdout, b"{\"job_title\": 7, \"years\": 5}\n");
    assert_eq!(server.requests().len(), 2, "one attempt to mend it, and no more");
}

#[test]
fn one_object_at_the_end_tells_all() {
    let (home, server) = (Home::new(), Server::replies([reply(&["hi ", "there"])]));
    let all = object(&answered(&run(&ask(&home, &server, &["--output-format", "json", "go"]))));
    assert_eq!((&all["text"], &all["json"], &all["error"]), (&"hi there".into(), &Value::Null, &Value::Null));
    assert_eq!((&all["finish_reason"], &all["status"]), (&"stop".into(), &"complete".into()));
    assert!(all["model"].as_str().unwrap().ends_with("gpt-4o-mini"));
    assert_eq!((&all["usage"]["input"], &all["usage"]["output"]), (&10.into(), &2.into()));
    // 10 × $0.15 and 2 × $0.60 a million.
    assert_eq!((&all["cost"]["usd"], &all["cost"]["currency"]), (&"0.0000027".into(), &"INR".into()));
    assert_eq!(all["cost"]["local"], "0.0002295");
    let id = all["conversation"].as_str().unwrap();
    answered(&run(&home.munshi().args(["chats", "show", id])));
    let unsaved = object(&answered(&run(&ask(&home, &server, &["--no-save", "--output-format", "json", "go"]))));
    assert!(unsaved["conversation"].is_null());
}

#[test]
fn the_parsed_answer_and_both_attempts_at_it_are_in_the_object() {
    let home = with_schema();
    let right = r#"{"job_title": "dev", "years": 5}"#;
    let server = Server::replies([reply(&["{}"]), reply(&[right])]);
    let args = ["--schema", "job.json", "--output-format", "json", "Extract."];
    let all = object(&answered(&run(&ask(&home, &server, &args))));
    assert_eq!((&all["json"]["years"], &all["usage"]["input"]), (&5.into(), &20.into()), "{all}");
}

#[test]
fn each_line_is_an_object_as_things_happen() {
    let thinking = super::support::replies::stream().bytes(super::support::replies::role()).bytes(reasoning("hm"));
    let whole = super::support::replies::closed(thinking.bytes(super::support::replies::delta("hi")), 1);
    let (home, server) = (Home::new(), Server::replies([whole]));
    let text = answered(&run(&ask(&home, &server, &["--output-format", "ndjson", "go"])));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "reasoning", "text", "end"]);
    assert_eq!((&lines[1]["text"], &lines[2]["text"], &lines[3]["text"]), (&"hm".into(), &"hi".into(), &"hi".into()));
    assert!(lines[3]["cost"]["usd"].is_string() && lines[3]["usage"]["estimated"] == false);
}

#[test]
fn a_failure_is_an_object_too() {
    let (home, server) = (Home::new(), Server::replies([error(401, "invalid_api_key", "Incorrect\u{1b} API key")]));
    for format in ["json", "ndjson"] {
        let output = run(&ask(&home, &server, &["--output-format", format, "go"]));
        ended_with(&output, 4);
        let text = String::from_utf8(output.stdout).unwrap();
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert!(last["error"].as_str().unwrap().contains("401") && last["status"] == "failed", "{last}");
        for args in [&["--output-format", format][..], &["--output-format", format, "-c", "go"]] {
            let empty = Home::new();
            let output = run(&ask(&empty, &server, args));
            ended_with(&output, 2);
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(object(text.lines().last().unwrap())["error"].is_string(), "{text}");
        }
    }
}
