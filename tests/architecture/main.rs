//! Holds the code to the map in `src/lib.rs`: which room may use which, where the big crates live, where colours are
//! mixed, and how long a file may be. Code is read as tokens, without comments, strings and tests.
#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod tokens;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tokens::{own_paths, tokens, without_tests};

/// Each room of the crate and the rooms it may use besides itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("chat", &[]),
    ("session", &["chat"]),
    ("text", &["chat"]),
    ("provider", &["chat"]),
    ("store", &["chat"]),
    ("tools", &["chat", "platform"]),
    ("config", &["chat"]),
    ("platform", &[]),
    ("demo", &[]),
    ("cli", &[]),
    ("logging", &["platform"]),
    ("runtime", &["chat", "session", "provider", "store", "tools"]),
    ("tui", &["chat", "session", "text", "runtime"]),
    ("ask", &["chat", "session", "text", "runtime"]),
    ("batch", &["chat", "session", "text", "runtime"]),
];

/// What stands behind a port. Only `main` names these.
const IMPLEMENTATIONS: &[&[&str]] = &[
    &["provider", "openai"],
    &["provider", "scripted"],
    &["store", "sqlite"],
    &["store", "memory"],
    &["tools", "mcp"],
    &["tools", "builtin"],
    &["tools", "kit"],
];

/// Crates that live in these folders alone.
const HOMES: &[(&str, &[&str])] = &[
    ("ratatui", &["src/tui/"]),
    ("crossterm", &["src/tui/"]),
    ("tui_textarea", &["src/tui/"]),
    ("rusqlite", &["src/store/"]),
    ("async_openai", &["src/provider/openai/"]),
    ("reqwest", &["src/provider/openai/", "src/tools/mcp/"]),
    ("rmcp", &["src/tools/mcp/"]),
    ("axum", &["src/demo/"]),
    ("indicatif", &["src/batch/"]),
    ("tiktoken", &["src/runtime/"]),
    ("landlock", &["src/platform/"]),
    ("seccompiler", &["src/platform/"]),
];

/// The most lines of a file.
const MOST_LINES: usize = 400;

/// Files that may be longer, each with the reason why splitting it would make it worse.
const LONG_FILES: &[(&str, &str)] = &[];

/// The module that a file is: `src/session/history/mod.rs` is `session::history`.
fn module_of(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

fn is_test_file(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// What a file does that the map of the house forbids.
fn violations(file: &str, source: &str) -> Vec<String> {
    let mut out = too_long(file, source);
    if is_test_file(file) {
        return out;
    }
    let tokens = without_tests(&tokens(source));
    let module = module_of(file);
    // `main` wires the house together, from a file or a folder: it may use all of it.
    if let Some(room) = module.first().filter(|room| *room != "main") {
        for (path, line) in own_paths(&tokens, &module) {
            let found = forbidden_path(room, &path).map(|rule| format!("{file}:{line}: {rule}"));
            // A tree of several items from one room breaks one rule.
            out.extend(found.filter(|found| out.last() != Some(found)).into_iter().collect::<Vec<_>>());
        }
    }
    for (at, token) in tokens.iter().enumerate() {
        let homes = HOMES.iter().find(|(name, _)| token.text == *name).map(|(_, homes)| *homes);
        if let Some(homes) = homes.filter(|homes| !homes.iter().any(|home| file.starts_with(home))) {
            out.push(format!("{file}:{}: {} lives in {} alone", token.line, token.text, homes.join(" and ")));
        }
        let is_rgb = token.text == "Rgb" && at >= 2 && tokens[at - 1].text == "::" && tokens[at - 2].text == "Color";
        if is_rgb && file != "src/tui/theme.rs" && !file.starts_with("src/tui/theme/") {
            out.push(format!("{file}:{}: RGB colours are mixed in src/tui/theme.rs alone; ask it for one", token.line));
        }
    }
    out
}

/// The rule that a use of `path` in `room` breaks, if any.
fn forbidden_path(room: &str, path: &[String]) -> Option<String> {
    let other = path.first()?;
    if other == room || !ROOMS.iter().any(|(known, _)| known == other) {
        return None;
    }
    let Some((_, may_use)) = ROOMS.iter().find(|(known, _)| *known == room) else {
        return Some(format!(
            "the room `{room}` is on no map: add it to src/lib.rs and to ROOMS in tests/architecture/main.rs"
        ));
    };
    if !may_use.contains(&other.as_str()) {
        let allowed = if may_use.is_empty() { "none of ours".to_owned() } else { may_use.join(", ") };
        return Some(format!("`{room}` may not use `{other}` (it may use: {allowed})"));
    }
    let named =
        IMPLEMENTATIONS.iter().find(|parts| parts.iter().zip(path).filter(|(a, b)| *a == b).count() == parts.len());
    named.map(|parts| format!("only main names `{}`; use the port", parts.join("::")))
}

fn too_long(file: &str, source: &str) -> Vec<String> {
    let lines = source.lines().count();
    let excused = LONG_FILES.iter().any(|(name, _)| *name == file);
    match (lines > MOST_LINES, excused) {
        (true, false) => vec![format!("{file}:{lines}: a file has {MOST_LINES} lines at most; split it by meaning")],
        (false, true) => vec![format!("{file}:{lines}: is short enough now; take it off LONG_FILES")],
        _ => Vec::new(),
    }
}

/// All Rust files below `folder`, sorted, as paths from the crate's root with forward slashes.
fn rust_files(root: &Path, folder: &Path, out: &mut Vec<(String, PathBuf)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(root, &path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let parts: Vec<_> =
                path.strip_prefix(root).unwrap().iter().map(|part| part.to_string_lossy().into_owned()).collect();
            out.push((parts.join("/"), path));
        }
    }
}

fn sources() -> Vec<(String, String)> {
    files_below("src")
}

/// The Rust files below a folder of the crate, each with its text.
fn files_below(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    rust_files(root, &root.join(folder), &mut files);
    files.into_iter().map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn the_code_keeps_to_the_map_of_the_house() {
    let sources = sources();
    assert!(sources.len() > 20, "the sources were found");
    let found: Vec<String> = sources.iter().flat_map(|(file, source)| violations(file, source)).collect();
    let list = found.iter().fold(String::new(), |mut list, violation| {
        let _ = writeln!(list, "  {violation}");
        list
    });
    assert!(found.is_empty(), "the map in src/lib.rs says otherwise:\n{list}");
}

#[test]
fn tests_benchmarks_and_examples_are_short_files_too() {
    let files: Vec<_> = ["tests", "benches", "examples"].into_iter().flat_map(files_below).collect();
    assert!(files.len() > 20, "the files were found");
    let found: Vec<String> = files.iter().flat_map(|(file, text)| too_long(file, text)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_room_is_on_the_map() {
    let root = sources().into_iter().find(|(file, _)| file == "src/lib.rs").unwrap().1;
    let tokens = without_tests(&tokens(&root));
    for pair in tokens.windows(3).filter(|three| three[0].text == "mod" && three[2].text == ";") {
        let room = &pair[1].text;
        assert!(ROOMS.iter().any(|(known, _)| known == room), "`{room}` of src/lib.rs is missing in ROOMS");
        assert!(root.contains(&format!("[`{room}`]")), "`{room}` is missing in the map of src/lib.rs");
    }
}

#[test]
fn excused_files_exist_and_say_why() {
    let sources = sources();
    for (file, reason) in LONG_FILES {
        assert!(sources.iter().any(|(name, _)| name == file), "{file} is gone; take it off LONG_FILES");
        assert!(reason.len() > 20, "{file}: say why");
    }
}

#[test]
fn forbidden_ways_are_found_however_they_are_written() {
    let cases = [
        ("src/chat/a.rs", "use crate::session::Session;"),
        ("src/session/a.rs", "use crate::{chat::Message, store::{Store, Write}};"),
        ("src/session/history/a.rs", "use super::super::super::store::Store;"),
        ("src/session/mod.rs", "fn f() -> super::tui::App { todo() }"),
        ("src/tui/a.rs", "use crate::runtime::Loop;\nfn f() { crate::store::memory::open(); }"),
        ("src/runtime/a.rs", "use crate::store::{self, sqlite::Sqlite};"),
        ("src/runtime/a.rs", "use crate::{provider::{self as p, openai}};"),
        ("src/text/a.rs", "use ratatui::style::Style;"),
        ("src/config/a.rs", "type Client = reqwest::Client;"),
        ("src/tools/kit.rs", "use rmcp::ServiceExt;"),
        ("src/runtime/a.rs", "use crate::tools::mcp::McpSource;"),
        ("src/session/tokens.rs", "use tiktoken::CoreBpe;"),
        ("src/tui/view.rs", "let red = Color::Rgb(255, 0, 0);"),
        ("src/chat/a.rs", "const A: char = '\"'; use crate::tui::App; const B: char = '\"';"),
        ("src/chat/a.rs", "#[cfg(test)]\nmod tests { fn f() { g() } }\nuse crate::tui::App;"),
        ("src/new/a.rs", "use crate::chat::Message;"),
    ];
    for (file, source) in cases {
        assert_eq!(violations(file, source).len(), 1, "{file}: {source}\n{:?}", violations(file, source));
    }
    let said = &violations("src/chat/a.rs", "\n\nuse crate::session::Session;")[0];
    assert_eq!(said, "src/chat/a.rs:3: `chat` may not use `session` (it may use: none of ours)");
}

#[test]
fn allowed_ways_are_left_alone() {
    let cases = [
        ("src/main.rs", "use munshi::provider::openai::OpenAi; use munshi::store::sqlite::Sqlite;"),
        ("src/main/host.rs", "use munshi::store::sqlite::Sqlite; use crate::setup::Setup;"),
        ("src/session/a.rs", "use crate::chat::{Message, money::{self, Rate}}; use super::retry::decide;"),
        ("src/runtime/a.rs", "use crate::{provider::{Provider, Sink}, store::Store, session::Session};"),
        ("src/provider/openai/a.rs", "use crate::provider::{Report, openai::wire}; use reqwest::Client;"),
        ("src/tui/theme.rs", "use ratatui::style::Color; const RED: Color = Color::Rgb(255, 0, 0);"),
        (
            "src/chat/a.rs",
            "// crate::tui::App\n/* use ratatui; /* nested */ */ const A: &str = \"crate::tui::x \\\" axum\";",
        ),
        ("src/chat/a.rs", "const A: &str = r#\"use crate::tui::App; \" ratatui\"#; fn f<'a>(x: &'a str) {}"),
        ("src/chat/a.rs", "#[cfg(test)]\nmod tests {\n use crate::store::memory::Memory;\n}"),
        ("src/chat/tests/a.rs", "use crate::tui::App; use ratatui::Frame;"),
        ("src/runtime/tests.rs", "use crate::store::memory::Memory;"),
    ];
    for (file, source) in cases {
        assert_eq!(violations(file, source), [""; 0], "{file}: {source}");
    }
}

#[test]
fn long_files_are_found() {
    let long = "\n".repeat(401);
    assert_eq!(violations("src/chat/a.rs", &long).len(), 1);
    assert_eq!(violations("src/chat/tests/a.rs", &long).len(), 1);
    assert_eq!(violations("src/chat/a.rs", &long[1..]), [""; 0]);
}
