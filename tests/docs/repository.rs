//! What is true of every file: nothing is left undone, and nothing tells of the machine it was written on.

use std::process::Command;

use super::{read, root};

/// Words that no file may hold, in two parts each, so that this file does not hold them either.
const FORBIDDEN: &[(&str, &str)] = &[
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X:"),
    ("todo", "!("),
    ("unimplemented", "!("),
    ("/work", "/"),
    ("/tmp/", "mt"),
    ("/home/", "user/"),
    ("/root", "/"),
];

/// The files that git knows; `None` where this is no clone, as in a package.
fn tracked() -> Option<Vec<String>> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().ok()?;
    let names = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names: Vec<String> = names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    (listed.status.success() && !names.is_empty()).then_some(names)
}

#[test]
fn no_file_holds_a_word_of_unfinished_work_or_a_path_of_some_machine() {
    let Some(names) = tracked() else { return };
    let mut found = Vec::new();
    for name in names.iter().filter(|name| name.as_str() != "Cargo.lock") {
        // Bytes that are no text are data of a test; a file that was just removed has no words.
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        for (at, line) in text.lines().enumerate() {
            let words = FORBIDDEN.iter().map(|(head, tail)| format!("{head}{tail}"));
            found.extend(
                words.filter(|word| line.contains(word.as_str())).map(|word| format!("{name}:{}: {word}", at + 1)),
            );
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn nothing_that_a_build_or_a_test_leaves_behind_is_tracked() {
    let Some(names) = tracked() else { return };
    let left = |name: &&String| {
        name.starts_with("target/")
            || name.ends_with(".snap.new")
            || name.contains(".pending-snap")
            || name.ends_with('~')
    };
    assert_eq!(names.iter().filter(left).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_changelog_has_a_place_for_what_is_not_released_and_the_first_lines_say_so() {
    let text = read("CHANGELOG.md");
    let (_, unreleased) = text.split_once("\n## Unreleased\n").expect("a section for what is not released");
    assert!(unreleased.lines().any(|line| line.starts_with("- ")));
}
