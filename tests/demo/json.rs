//! Answers in JSON: the job posting with and without a schema, any schema, and answers that are wrong on request.

use serde_json::{Value, json};

use super::client::{Demo, request};

const POSTING: &str = "We are hiring a senior Python developer in Pune. Salary ₹18–24 LPA. 5+ years of experience with Python, Django and PostgreSQL. Apply by 31 July 2026.";

fn schema() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object", "additionalProperties": false,
        "required": ["job_title", "location", "salary_range", "required_skills", "application_deadline"],
        "properties": {
            "job_title": text, "location": text, "salary_range": text,
            "required_skills": {"type": "array", "items": text}, "application_deadline": text
        }
    })
}

fn strictly(messages: &[(&str, &str)], schema: &Value) -> Value {
    let mut body = request(messages);
    body["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "shape", "strict": true, "schema": schema}});
    body
}

fn loosely(messages: &[(&str, &str)]) -> Value {
    let mut body = request(messages);
    body["response_format"] = json!({"type": "json_object"});
    body
}

fn answer(demo: &Demo, body: &Value) -> Value {
    let got = demo.post(body);
    serde_json::from_str(&got.text()).unwrap_or_else(|error| panic!("{error}: {}", got.body))
}

fn of_the_chapter() -> Value {
    json!({
        "job_title": "Senior Python Developer", "location": "Pune", "salary_range": "₹18–24 LPA",
        "required_skills": ["Python", "Django", "PostgreSQL"], "application_deadline": "31 July 2026"
    })
}

#[test]
fn the_job_posting_becomes_its_five_fields_with_and_without_a_schema() {
    let demo = Demo::start();
    assert_eq!(answer(&demo, &strictly(&[("user", POSTING)], &schema())), of_the_chapter());
    let asked = format!("Extract the details of this posting as JSON.\n\n{POSTING}");
    assert_eq!(answer(&demo, &loosely(&[("user", &asked)])), of_the_chapter());
    let in_prompt = format!("Answer in JSON that fits this schema: {}", schema());
    assert_eq!(answer(&demo, &loosely(&[("system", &in_prompt), ("user", POSTING)])), of_the_chapter());
}

#[test]
fn other_postings_are_read_by_the_same_patterns() {
    let demo = Demo::start();
    for (posting, title, place, salary, skills, deadline) in [
        (
            "Senior Python developer, Pune, ₹18–24 LPA, 5+ years, apply by 31 July 2026",
            "Senior Python Developer",
            "Pune",
            "₹18–24 LPA",
            json!(["Python"]),
            "31 July 2026",
        ),
        (
            "Job title: Data Analyst\nLocation: Bengaluru (hybrid)\nCTC: 12 to 15 lakh per annum\nSkills:\n- SQL\n- Excel\n- Tally\n\nLast date: 15/08/2026",
            "Data Analyst",
            "Bengaluru (hybrid)",
            "12 to 15 lakh per annum",
            json!(["SQL", "Excel", "Tally"]),
            "15/08/2026",
        ),
        (
            "Acme needs a Backend Engineer based in New Delhi! You know Rust, Kafka and Kubernetes. We pay Rs 25 - 30 LPA. Applications by 2026-09-01, please.",
            "Backend Engineer",
            "New Delhi",
            "Rs 25 - 30 LPA",
            json!(["Rust", "Kafka", "Kubernetes"]),
            "2026-09-01",
        ),
        (
            "Looking for a primary school teacher in Jaipur, ₹35,000 per month. English and Hindi. Deadline: March 5, 2027.",
            "Primary School Teacher",
            "Jaipur",
            "₹35,000 per month",
            json!(["English", "Hindi"]),
            "March 5, 2027",
        ),
    ] {
        let expected = json!({
            "job_title": title, "location": place, "salary_range": salary, "required_skills": skills, "application_deadline": deadline
        });
        assert_eq!(answer(&demo, &strictly(&[("user", posting)], &schema())), expected, "{posting}");
    }
}

#[test]
fn what_the_text_does_not_say_is_left_empty() {
    let demo = Demo::start();
    let found = answer(&demo, &strictly(&[("user", "The train is late.")], &schema()));
    let empty =
        json!({"job_title": "", "location": "", "salary_range": "", "required_skills": [], "application_deadline": ""});
    assert_eq!(found, empty);
}

#[test]
fn any_schema_is_filled_by_names_and_types() {
    let schema = json!({
        "type": "object",
        "$defs": {"money": {"type": "object", "properties": {"salary_min": {"type": "number"}, "salary_max": {"type": "number"}}}},
        "properties": {
            "pay": {"$ref": "#/$defs/money"},
            "years_of_experience": {"type": "integer"},
            "mode": {"enum": ["remote", "hybrid", "office"]},
            "level": {"enum": ["junior", "senior"]},
            "deadline": {"type": "string", "format": "date"},
            "remote": {"type": "boolean"},
            "hybrid": {"type": "boolean"},
            "company": {"type": ["string", "null"]},
            "contact": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"email": {"type": "string"}}}]},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
            "version": {"const": 2}
        }
    });
    let mut body = request(&[("user", &format!("{POSTING} Hybrid work. Write to jobs@example.in."))]);
    body["response_format"] = json!({"type": "json_schema", "json_schema": {"name": "shape", "schema": schema}});
    assert_eq!(
        answer(&Demo::start(), &body),
        json!({
            "pay": {"salary_min": 18.0, "salary_max": 24.0}, "years_of_experience": 5, "mode": "hybrid", "level": "senior",
            "deadline": "2026-07-31", "remote": false, "hybrid": true, "company": null,
            "contact": {"email": "jobs@example.in"}, "tags": [""], "version": 2
        })
    );
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let node = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
    let mut body = request(&[("user", "hello")]);
    body["response_format"] = json!({"type": "json_schema", "json_schema": {"name": "list", "schema": node}});
    assert!(answer(&Demo::start(), &body)["next"].is_object());
}

#[test]
fn without_a_schema_named_fields_are_filled_and_other_answers_are_wrapped() {
    let demo = Demo::start();
    let named = answer(
        &demo,
        &loosely(&[("user", "Give me JSON with the fields: city, salary.\nAn analyst in Pune earns ₹8 LPA.")]),
    );
    assert_eq!(named, json!({"city": "Pune", "salary": "₹8 LPA"}));
    let spoken = answer(&demo, &loosely(&[("system", "Answer in JSON."), ("user", "hello")]));
    assert!(spoken["answer"].as_str().unwrap().contains("demo"), "{spoken}");
}

#[test]
fn a_short_request_is_answered_from_the_posting_before_it() {
    let messages = [("user", POSTING), ("assistant", "I see."), ("user", "Now as JSON, please.")];
    assert_eq!(answer(&Demo::start(), &strictly(&messages, &schema())), of_the_chapter());
}

#[test]
fn a_wrong_answer_on_request_is_right_once_it_is_to_be_mended() {
    let demo = Demo::start();
    let asked = format!("answer wrongly: {POSTING}");
    let first = answer(&demo, &strictly(&[("user", &asked)], &schema()));
    assert!(first.get("job_title").is_none() && first["location"] == "Pune", "{first}");
    let first = first.to_string();
    let mend = "Your answer did not fit the schema: \"job_title\" is a required property. Answer again.";
    let again = [("user", asked.as_str()), ("assistant", &first), ("user", mend)];
    assert_eq!(answer(&demo, &strictly(&again, &schema())), of_the_chapter());
    let never = format!("never right: {POSTING}");
    let again = [("user", never.as_str()), ("assistant", &first), ("user", mend)];
    assert!(answer(&demo, &strictly(&again, &schema())).get("job_title").is_none());
    let text = demo.post(&loosely(&[("user", "answer wrongly, in JSON")])).text();
    assert!(serde_json::from_str::<Value>(&text).is_err(), "without a schema it is no JSON: {text}");
}

#[test]
fn failures_fail_and_tools_are_called_although_json_is_wanted() {
    let demo = Demo::start();
    let failing = [("system", "JSON"), ("user", "fail down")];
    assert_eq!(demo.post(&loosely(&failing)).status, 503);
    let mut body = loosely(&[("system", "JSON"), ("user", "weather in Pune")]);
    body["tools"] = super::tools::tools();
    assert_eq!(demo.post(&body).finish_reason().as_deref(), Some("tool_calls"));
}
