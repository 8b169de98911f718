//! Answers in a given JSON shape, in the chat: asked for, shown, copied raw, and mended in sight.

use serde_json::Value;

use super::kit::{AT_REST, begin, demo, submit};
use super::support::keys::Key;
use super::support::launch::Home;
use super::support::pty::Session;

/// The chapter's example.
pub const POSTING: &str = "We are hiring a senior Python developer in Pune. ₹18–24 LPA, 5+ years of experience with Python, Django and PostgreSQL. Apply by 31 July 2026.";
/// What is made of it.
pub const FIELDS: [&str; 5] = ["job_title", "location", "salary_range", "required_skills", "application_deadline"];

/// Writes the schema of a posting into the home; its name there.
pub fn write_schema(home: &Home) -> &'static str {
    let text = serde_json::json!({"type": "string"});
    let mut properties: serde_json::Map<String, Value> =
        FIELDS.iter().map(|field| ((*field).to_owned(), text.clone())).collect();
    properties["required_skills"] = serde_json::json!({"type": "array", "items": text});
    let schema = serde_json::json!({
        "type": "object", "properties": properties, "required": FIELDS, "additionalProperties": false,
    });
    std::fs::write(home.home_dir().join("job.json"), schema.to_string()).unwrap();
    "job.json"
}

/// The five fields are the posting's.
#[track_caller]
pub fn assert_is_the_posting(raw: &str) {
    let job: Value = serde_json::from_str(raw).unwrap();
    let text = |field: &str| job[field].as_str().unwrap_or_default().to_owned();
    assert!(text("job_title").to_lowercase().contains("senior python developer"), "{raw}");
    assert!(text("location").contains("Pune") && text("salary_range").contains("18–24"), "{raw}");
    assert!(job["required_skills"].as_array().unwrap().contains(&"Django".into()), "{raw}");
    assert!(text("application_deadline").contains("2026"), "{raw}");
    assert_eq!(job.as_object().unwrap().len(), FIELDS.len(), "{raw}");
}

fn tall(home: &Home) -> Session {
    begin(demo(home).size(110, 70))
}

#[test]
fn json_is_shown_pretty_and_copied_as_it_came() {
    let session = tall(&Home::new());
    submit(&session, "/json");
    session.wait_for_text("Answers are asked for as one JSON object");
    submit(&session, POSTING);
    let screen = session.wait_for(|screen| screen.contains("\"application_deadline\": ") && screen.contains(AT_REST));
    let first = screen.row_of("\"job_title\": ").unwrap();
    assert_eq!(screen.row(first - 1).trim(), "{");
    let rows: Vec<&str> =
        FIELDS.iter().map(|field| screen.row(screen.row_of(&format!("\"{field}\": ")).unwrap())).collect();
    assert!(rows.iter().all(|row| row.starts_with("     \"")), "each field begins a row of its own:\n{}", screen.text);
    session.key(Key::Ctrl('y'));
    session.wait_for(|screen| screen.contains("clipboard") || screen.contains("Copied"));
    let copied = session.clipboard();
    assert!(copied.len() == 1 && !copied[0].contains('\n'), "{copied:?}");
    assert_is_the_posting(&copied[0]);
}

#[test]
fn an_answer_that_does_not_fit_is_shown_with_its_misfit_and_is_mended_in_sight() {
    let home = Home::new();
    let session = tall(&home);
    submit(&session, &format!("/schema {}", write_schema(&home)));
    session.wait_for_text("Answers are held to the schema");
    submit(&session, &format!("{POSTING} (answer wrongly)"));
    let screen = session.wait_for(|screen| screen.contains("\"job_title\": ") && screen.contains(AT_REST));
    assert!(screen.contains("not in the shape that was asked for: "), "{}", screen.text);
    let asked = screen.row_of("Your answer did not fit the JSON that was asked for:").unwrap();
    assert!(screen.row(asked - 1).trim().starts_with("munshi · "), "it is not the user who asks:\n{}", screen.text);
    assert!(screen.row_of("\"job_title\": ").unwrap() > asked, "the mended answer stands below:\n{}", screen.text);
    session.key(Key::Ctrl('y'));
    session.wait_for(|screen| screen.contains("clipboard") || screen.contains("Copied"));
    assert_is_the_posting(&session.clipboard()[0]);
}

#[test]
fn an_answer_that_never_fits_is_asked_for_once_more_and_then_left_as_it_is() {
    let home = Home::new();
    let session = tall(&home);
    submit(&session, &format!("/schema {}", write_schema(&home)));
    session.wait_for_text("Answers are held to the schema");
    submit(&session, &format!("{POSTING} (never right)"));
    let misfit = "not in the shape that was asked for: ";
    let screen = session.wait_for(|screen| screen.count(misfit) == 2 && screen.contains(AT_REST));
    assert_eq!(screen.count("Your answer did not fit the JSON"), 1, "{}", screen.text);
    submit(&session, "/schema off");
    submit(&session, "echo plain again");
    session.wait_for_text("You said:");
}
