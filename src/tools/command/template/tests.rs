//! What becomes of places and values, and what is refused.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn schema() -> Value {
    json!({"type": "object", "properties": {"a": {}, "b": {}}})
}

fn read(words: &[&str]) -> Result<Template, String> {
    Template::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &schema())
}

fn fill(words: &[&str], values: &Value) -> Result<Vec<String>, String> {
    read(words).unwrap().fill(values)
}

#[test]
fn values_are_put_into_single_arguments_whatever_they_hold() {
    let values = json!({"a": "x; rm -rf ~ $(id) `id` \"'\n*", "b": 5});
    let filled = fill(&["p", "{a}", "--n={b}", "{{a}}", "{b}{b}", "{{{a}}}"], &values).unwrap();
    let a = values["a"].as_str().unwrap();
    assert_eq!(filled, [a, "--n=5", "{a}", "55", &format!("{{{a}}}")]);
    assert_eq!(fill(&["p", "{a}"], &json!({"a": {"x": [1, true, null]}})).unwrap(), ["{\"x\":[1,true,null]}"]);
    assert_eq!(fill(&["p", "{a}"], &json!({"a": [true, 1.5]})).unwrap(), ["[true,1.5]"]);
    assert_eq!(fill(&["p", "{a}", "{b}"], &json!({"a": true, "b": ""})).unwrap(), ["true", ""]);
}

#[test]
fn a_value_that_is_not_there_takes_its_argument_with_it_or_leaves_it_empty() {
    assert_eq!(fill(&["p", "{a}", "x{a}", "{a}{b}"], &json!({})).unwrap(), ["x", ""]);
    assert_eq!(fill(&["p", "{a}"], &json!({"a": null})).unwrap(), [""; 0]);
}

#[test]
fn a_value_cannot_become_an_option() {
    for (words, values) in [
        (&["p", "{a}"][..], json!({"a": "--output=/etc/passwd"})),
        (&["p", "{a}"], json!({"a": -5})),
        (&["p", "{a}"], json!({"a": "-"})),
        (&["p", "{a}{b}"], json!({"b": "-x"})),
        (&["p", "{a}-{b}"], json!({"a": "", "b": "rf"})),
        (&["p", "{a}", "--", "x"], json!({"a": "-x"})),
        (&["p", "{a}", "{b}"], json!({"a": "--", "b": "-x"})),
    ] {
        let why = fill(words, &values).unwrap_err();
        assert!(why.contains("\"--\" before it") && why.contains("--flag={"), "{why}");
    }
    assert_eq!(fill(&["p", "--", "{a}"], &json!({"a": "-x"})).unwrap(), ["--", "-x"]);
    assert_eq!(fill(&["p", "--a={a}"], &json!({"a": "-x"})).unwrap(), ["--a=-x"]);
    assert_eq!(fill(&["p", "{a}"], &json!({"a": " -x"})).unwrap(), [" -x"]);
}

#[test]
fn a_value_behind_a_folder_stays_in_it() {
    for (words, values, named) in [
        (&["p", "/notes/{a}"][..], json!({"a": "../.ssh/id"}), "a"),
        (&["p", "/notes/{a}"], json!({"a": ".."}), "a"),
        (&["p", "/notes/{a}"], json!({"a": "x/../../y"}), "a"),
        (&["p", "/notes/{a}"], json!({"a": "/etc/passwd"}), "a"),
        (&["p", "--file=/notes/{a}.md"], json!({"a": "../x"}), "a"),
        (&["p", "{b}/notes/{a}"], json!({"a": "../x", "b": "../y"}), "a"),
        (&["p", "/notes/{a}/{b}"], json!({"a": "x", "b": "../../y"}), "b"),
        (&["p", "/notes/{a}.{b}"], json!({"a": "", "b": "./x"}), "a"),
        (&["p", "/notes/{a}{b}"], json!({"a": ".", "b": "./x"}), "a"),
        (&["p", "/notes/.{a}"], json!({"a": "./x"}), "a"),
        (&["p", "--", "/notes/{a}"], json!({"a": "../x"}), "a"),
        (&["p", "https://x.example/{a}?q=1"], json!({"a": "../admin"}), "a"),
    ] {
        let why = fill(words, &values).unwrap_err();
        assert!(why.contains(&format!("`{named}`")) && why.contains("leads out"), "{words:?} {values}: {why}");
    }
    for (words, values, filled) in [
        (&["p", "/notes/{a}"][..], json!({"a": "plan.md"}), "/notes/plan.md"),
        (&["p", "/notes/{a}"], json!({"a": "2026/..plan..md"}), "/notes/2026/..plan..md"),
        (&["p", "/notes/{a}"], json!({"a": "./plan"}), "/notes/./plan"),
        (&["p", "/notes/.{a}"], json!({"a": "plan"}), "/notes/.plan"),
        (&["p", "{a}"], json!({"a": "../x"}), "../x"),
        (&["p", "--q={a}"], json!({"a": "/x/../y"}), "--q=/x/../y"),
        (&["p", "https://x.example/?q={a}"], json!({"a": "../y"}), "https://x.example/?q=../y"),
    ] {
        assert_eq!(fill(words, &values).unwrap(), [filled], "{words:?} {values}");
    }
}

#[test]
fn what_no_argument_can_hold_is_refused() {
    assert!(fill(&["p", "{a}"], &json!({"a": "x\0y"})).unwrap_err().contains("NUL"));
    let why = fill(&["p", "{a}"], &json!({"a": "x".repeat(MOST_BYTES)})).unwrap_err();
    assert!(why.contains("96 KiB"), "{why}");
    assert!(fill(&["p", "{a}"], &json!({"a": "x".repeat(MOST_BYTES - 1)})).is_ok());
}

#[test]
fn a_definition_that_cannot_be_right_says_what_to_write() {
    for (words, says) in [
        (&[][..], "is empty"),
        (&["{a}"], "must not come from the model"),
        (&["/bin/{a}", "x"], "must not come from the model"),
        (&[""], "no name"),
        (&["./run.sh"], "whole path"),
        (&["bin/run"], "whole path"),
        (&["p", "{c}"], "there are: a, b"),
        (&["p", "{}"], "names no property"),
        (&["p", "{a"], "stands alone"),
        (&["p", "a}"], "stands alone"),
        (&["p", "{a{b}}"], "stands alone"),
        (&["p", "x\0"], "NUL"),
    ] {
        let why = read(words).unwrap_err();
        assert!(why.contains(says), "{words:?}: {why}");
    }
    assert!(read(&["p{{x}}", "{a}"]).is_ok_and(|template| template.program() == "p{x}"));
}

#[test]
fn a_place_in_code_is_found_wherever_the_code_stands() {
    for (words, says) in [
        (&["sh", "-c", "echo {a}"][..], "code that sh runs"),
        (&["/usr/bin/bash", "-ec", "echo {a}"], "code that bash runs"),
        (&["python3", "-c", "print('{a}')"], "code that python3 runs"),
        (&["node", "--eval", "{a}"], "code that node runs"),
        (&["bash", "-c", "--", "{a}"], "code that bash runs"),
        (&["bash", "-c", "-e", "+x", "{a}"], "code that bash runs"),
        (&["bash", "-euo", "pipefail", "-c", "echo {a}"], "code that bash runs"),
        (&["bash", "-ce", "echo {a}"], "code that bash runs"),
        (&["fish", "--command=echo {a}"], "code that fish runs"),
        (&["node", "--eval={a}"], "code that node runs"),
        (&["node", "-r", "fs", "-pe", "{a}"], "code that node runs"),
        (&["perl", "-eprint {a}"], "code that perl runs"),
        (&["perl", "-lne", "print", "-e", "{a}"], "code that perl runs"),
        (&["python3.12", "-Ic", "{a}"], "code that python3.12 runs"),
        (&["php", "-r", "{a}"], "code that php runs"),
        (&["awk", "{a}"], "code that awk runs"),
        (&["gawk", "-F", ":", "-v", "x=1", "{a} == 1"], "code that gawk runs"),
        (&["sed", "-n", "{a}p"], "code that sed runs"),
        (&["sed", "-e", "p", "-e", "{a}"], "code that sed runs"),
        (&["env", "sh", "-c", "{a}"], "code that sh runs"),
        (&["/usr/bin/env", "-i", "X=1", "/bin/sh", "-c", "{a}"], "code that sh runs"),
        (&["env", "-S", "sh -c {a}"], "code that env runs"),
        (&["env", "--split-string={a}"], "code that env runs"),
        (&["sudo", "-u", "me", "env", "bash", "-c", "{a}"], "code that bash runs"),
        (&["nice", "-n", "5", "perl", "-e", "{a}"], "code that perl runs"),
        (&["xargs", "-n1", "sh", "-c", "{a}"], "code that sh runs"),
        (&["timeout", "5", "sh", "-c", "{a}"], "code that sh runs"),
        (&["find", ".", "-exec", "sh", "-c", "{a}", ";"], "code that sh runs"),
        (&["sudo", "{a}"], "code that sudo runs"),
    ] {
        let why = read(words).unwrap_err();
        assert!(why.contains(says), "{words:?}: {why}");
    }
}

#[test]
fn a_place_beside_code_is_an_argument_like_any_other() {
    for words in [
        &["sh", "-c", "echo \"$1\"", "sh", "{a}"][..],
        &["bash", "-c", "--", "echo \"$1\"", "bash", "{a}"],
        &["env", "X={b}", "sh", "-c", "echo \"$1\"", "sh", "{a}"],
        &["python3", "-c", "import sys; print(sys.argv)", "{a}"],
        &["python3", "/home/me/tool.py", "-c", "{a}"],
        &["perl", "-ne", "print", "--", "{a}"],
        &["node", "script.js", "--eval", "{a}"],
        &["awk", "-v", "a={a}", "{{ print a }}"],
        &["awk", "-vname={a}", "{{ print name }}"],
        &["awk", "-f", "/home/me/sum.awk", "{a}"],
        &["awk", "{{ print }}", "{a}"],
        &["sed", "-n", "p", "{a}"],
        &["find", "{a}", "-name", "{b}"],
        &["timeout", "{b}", "wc", "-c", "{a}"],
        &["grep", "-c", "{a}", "sh"],
        &["nice", "wc", "-c", "{a}"],
    ] {
        assert!(read(words).is_ok(), "{words:?}: {:?}", read(words));
    }
}

fn values() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        any::<String>().prop_map(Value::from),
        "[-]{0,2}[a-z= ]{0,4}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        prop::collection::vec(any::<String>(), 0..3).prop_map(Value::from),
    ];
    prop::collection::btree_map("[ab]", value, 0..3).prop_map(|map| Value::Object(map.into_iter().collect()))
}

proptest! {
    #[test]
    fn no_value_adds_an_argument_changes_another_or_becomes_an_option(values in values()) {
        let words = ["p", "first", "{a}", "--b={b}", "-x", "[{a}|{b}]", "--", "{b}"];
        if let Ok(filled) = fill(&words, &values) {
            let text = |name: &str| text_of(values.as_object().unwrap(), name);
            let (a, b) = (text("a"), text("b"));
            let (a_or, b_or) = (a.clone().unwrap_or_default(), b.clone().unwrap_or_default());
            let mut expected = vec!["first".to_owned()];
            expected.extend(a.clone());
            expected.extend([format!("--b={b_or}"), "-x".to_owned(), format!("[{a_or}|{b_or}]"), "--".to_owned()]);
            expected.extend(b);
            prop_assert_eq!(filled, expected);
            prop_assert!(!a.is_some_and(|a| a.starts_with('-')));
        }
    }

    #[test]
    fn any_text_is_an_argument_once_its_braces_are_doubled(text in "[^\0]*") {
        let word = text.replace('{', "{{").replace('}', "}}");
        prop_assert_eq!(fill(&["p", &word], &json!({"a": "no"})).unwrap(), [text]);
    }
}
