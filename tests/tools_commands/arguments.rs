//! What is shown is what runs, whatever the model writes.

use munshi::chat::tool::ToolEnd;
use munshi::platform::sandbox::Kind;
use munshi::tools::source::Source as _;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::world::{World, call, definition, kinds};

/// Prints each of its arguments between brackets.
const ECHO: &str = "for word in \"$0\" \"$@\"; do printf '[%s]' \"$word\"; done";

fn shown(command: &[String]) -> String {
    format!("[{}]", command.join("]["))
}

#[test]
fn what_a_plan_shows_is_what_the_program_gets_for_any_arguments() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for kind in kinds() {
        let world = World::new();
        let script = world.script(ECHO);
        let source = world.source(kind, definition(&[&script, "{a}", "--b={b}", "--", "{b}", "{{a}}"]));
        let text = prop_oneof!["[^\0]{0,20}", "[-=;$`|&<>(){}'\"\\\\ \n\r\t*?~#!]{0,8}", any::<String>()];
        let values = prop::collection::btree_map("[ab]", text.prop_map(Value::from), 0..3);
        let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        let law = |values: std::collections::BTreeMap<String, Value>| {
            let arguments = Value::Object(values.into_iter().collect());
            let outcome = runtime.block_on(call(&source, arguments.clone()));
            match source.plan("tool", &arguments) {
                Ok(plan) => prop_assert_eq!(outcome.content, shown(&plan.command.unwrap())),
                Err(why) => prop_assert_eq!((outcome.end, outcome.content), (ToolEnd::Failed, why)),
            }
            Ok(())
        };
        runner.run(&values, law).unwrap();
    }
}

#[tokio::test]
async fn no_argument_is_ever_code_an_option_or_another_argument() {
    let attacks = [
        "; touch pwned",
        "$(touch pwned)",
        "`touch pwned`",
        "| touch pwned",
        "&& touch pwned",
        "\ntouch pwned\n",
        "' ; touch pwned ; '",
        "\" ; touch pwned ; \"",
        "*",
        "~",
        "$HOME",
        "${IFS}x",
        "a\tb",
        "%s%n",
        "\\x00",
        "{b}",
        "x --output=/etc/passwd",
        "@/etc/passwd",
        "\u{202e}txt.exe",
        "x\r\u{1b}[2K",
        "$(<\u{0}",
    ];
    for kind in kinds() {
        let world = World::new();
        let script = world.script(&format!("{ECHO}; ls pwned 2>/dev/null && echo PWNED; true"));
        let source = world.source(kind, definition(&[&script, "{a}"]));
        for attack in attacks {
            let outcome = call(&source, json!({"a": attack, "b": "PWNED"})).await;
            if attack.contains('\0') {
                assert!(outcome.content.contains("NUL"), "{kind:?}: {}", outcome.content);
            } else {
                assert_eq!(outcome.content, format!("[{script}][{attack}]"), "{kind:?}");
            }
        }
        for option in ["-x", "--help", "-", "--"] {
            let outcome = call(&source, json!({"a": option})).await;
            assert!(outcome.content.contains("begins with `-`"), "{kind:?}: {}", outcome.content);
        }
    }
}

#[tokio::test]
async fn as_many_bytes_as_are_promised_can_be_given() {
    for kind in kinds() {
        let world = World::new();
        let script = world.script("printf %s \"$1\" | wc -c");
        let source = world.source(kind, definition(&[&script, "{a}"]));
        let outcome = call(&source, json!({"a": "x".repeat(96 * 1024 - 1)})).await;
        assert_eq!(outcome.content.trim(), "98303", "{kind:?}");
        assert!(source.plan("tool", &json!({"a": "x".repeat(96 * 1024)})).is_err());
    }
}

#[test]
fn a_definition_that_cannot_be_right_is_refused_with_its_name() {
    let world = World::new();
    let surroundings = || munshi::tools::command::Surroundings {
        helper: "/proc/self/exe".into(),
        sandbox: munshi::platform::sandbox::Sandbox::exactly(Kind::None),
        environment: std::sync::Arc::new(|_| None),
        private: vec![world.path("data")],
    };
    let mut asks = definition(&["{a}"]);
    let why = munshi::tools::command::CommandSource::new(vec![asks.clone()], surroundings()).err().unwrap();
    assert!(why.starts_with("tools.tool: "), "{why}");
    asks.command = vec!["cat".to_owned()];
    asks.reads = vec![world.path("data/chats")];
    let why = munshi::tools::command::CommandSource::new(vec![asks], surroundings()).err().unwrap();
    assert!(why.contains("munshi's own"), "{why}");
}
