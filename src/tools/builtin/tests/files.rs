//! Row 34: nothing outside the roots, and nothing of munshi's own inside them.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;
use crate::chat::tool::{MOST_RESULT_BYTES, ToolEnd};

/// A root with files, beside a secret and with munshi's own folder inside.
fn house() -> (tempfile::TempDir, World) {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    for folder in ["root/notes", "root/munshi/deep", "outside"] {
        std::fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    for (file, text) in [
        ("root/notes/a.txt", "one\ntwo\nthree\n"),
        ("root/munshi/keys.toml", "SECRET"),
        ("root/munshi/deep/munshi.db", "SECRET"),
        ("outside/secret.txt", "SECRET"),
    ] {
        std::fs::write(home.path().join(file), text).unwrap();
    }
    let world =
        World { private: vec![root.join("munshi"), home.path().join("not there")], roots: vec![root], ..world() };
    (home, world)
}

async fn read(world: &World, path: &str) -> ToolOutcome {
    call(world, "read_file", json!({ "path": path })).await
}

#[tokio::test]
async fn a_file_is_read_by_a_path_below_the_root_or_a_whole_one() {
    let (home, world) = house();
    let whole = home.path().join("root/notes/a.txt").display().to_string();
    for path in ["notes/a.txt", "./notes//a.txt", whole.as_str()] {
        assert_eq!(read(&world, path).await, ToolOutcome::done("one\ntwo\nthree\n"), "{path}");
    }
    symlink("notes/a.txt", home.path().join("root/link")).unwrap();
    assert_eq!(read(&world, "link").await.content, "one\ntwo\nthree\n", "a link that stays inside is followed");
    let missing = read(&world, "notes/b.txt").await;
    assert!(missing.end == ToolEnd::Failed && missing.content.contains("notes/b.txt cannot be opened"), "{missing:?}");
    assert!(read(&world, "notes").await.content.contains("is a folder"));
}

#[tokio::test]
async fn row_34_what_leads_out_of_the_root_is_refused_with_its_path() {
    let (home, world) = house();
    let root = home.path().join("root");
    symlink(home.path().join("outside/secret.txt"), root.join("absolute")).unwrap();
    symlink("../outside/secret.txt", root.join("relative")).unwrap();
    symlink("../outside", root.join("folder")).unwrap();
    symlink("folder/secret.txt", root.join("twice")).unwrap();
    symlink("notes/../../outside/secret.txt", root.join("round")).unwrap();
    let whole = home.path().join("outside/secret.txt").display().to_string();
    let sideways = format!("{}side/x", root.display());
    for path in [
        "../outside/secret.txt",
        "notes/../../outside/secret.txt",
        "..",
        "/etc/passwd",
        "/",
        &whole,
        &sideways,
        "absolute",
        "relative",
        "folder/secret.txt",
        "twice",
        "round",
        "notes/../notes/a.txt",
    ] {
        for tool in ["read_file", "list_files"] {
            let outcome = call(&world, tool, json!({ "path": path })).await;
            let says = &outcome.content;
            assert!(says.starts_with("REFUSED ") && says.contains(&format!("{path:?}")), "{tool} {path}: {says}");
        }
    }
}

#[tokio::test]
async fn munshis_own_folders_are_never_read_under_whatever_name() {
    let (home, world) = house();
    let root = home.path().join("root");
    symlink("munshi", root.join("alias")).unwrap();
    symlink("munshi/keys.toml", root.join("key")).unwrap();
    for path in
        ["munshi/keys.toml", "munshi/deep/munshi.db", "munshi", "alias/keys.toml", "alias/deep/munshi.db", "key"]
    {
        let says = read(&world, path).await.content;
        assert!(says.starts_with("REFUSED ") && says.contains("munshi's own folders"), "{path}: {says}");
    }
    // A root inside of them has nothing to give.
    let inside = World { roots: vec![root.join("munshi/deep")], private: world.private.clone(), ..self::world() };
    assert!(read(&inside, "munshi.db").await.content.contains("munshi's own folders"));
}

#[tokio::test]
async fn a_file_that_munshi_takes_keys_from_is_never_read_under_whatever_name_and_the_folder_still_is() {
    let (home, world) = house();
    let root = home.path().join("root");
    std::fs::write(root.join(".env"), "OPENAI_API_KEY=SECRET").unwrap();
    symlink(".env", root.join("link")).unwrap();
    std::fs::hard_link(root.join(".env"), root.join("notes/hard")).unwrap();
    let world = World { private: vec![root.join(".env")], ..world };
    for path in [".env", "./.env", "link", "notes/hard"] {
        let says = read(&world, path).await.content;
        assert!(says.starts_with("REFUSED ") && says.contains("takes keys from"), "{path}: {says}");
    }
    assert_eq!(read(&world, "notes/a.txt").await.end, ToolEnd::Done);
}

#[tokio::test]
async fn row_34_a_link_that_is_swapped_while_it_is_read_never_leads_out() {
    let (home, world) = house();
    let (root, outside) = (home.path().join("root"), home.path().join("outside"));
    std::fs::create_dir(root.join("real")).unwrap();
    std::fs::write(root.join("real/secret.txt"), "harmless").unwrap();
    symlink("real", root.join("swap")).unwrap();
    let stop = CancellationToken::new();
    let (stopped, place) = (stop.clone(), root.clone());
    let swapper = std::thread::spawn(move || {
        let mut at = 0_u32;
        while !stopped.is_cancelled() {
            let to = if at.is_multiple_of(2) { outside.as_path() } else { Path::new("real") };
            let next = place.join("next");
            let _ = std::fs::remove_file(&next);
            let _ = symlink(to, &next).and_then(|()| std::fs::rename(&next, place.join("swap")));
            at += 1;
        }
    });
    for _ in 0..300 {
        let said = read(&world, "swap/secret.txt").await.content;
        assert!(!said.contains("SECRET"), "{said}");
    }
    stop.cancel();
    swapper.join().unwrap();
}

#[tokio::test]
async fn pipes_sockets_and_devices_are_never_opened() {
    let (home, world) = house();
    let root = home.path().join("root");
    rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    for name in ["pipe", "socket"] {
        let says = read(&world, name).await.content;
        assert!(says.contains("a device, a pipe or a socket"), "{name}: {says}");
    }
    let devices = World { roots: vec![PathBuf::from("/dev")], ..self::world() };
    assert!(read(&devices, "zero").await.content.contains("a device, a pipe or a socket"));
}

#[tokio::test]
async fn row_33_a_huge_file_is_read_in_parts_and_a_binary_one_is_said_to_be_binary() {
    let (home, world) = house();
    let root = home.path().join("root");
    // A sparse gigabyte behind a line of text.
    let big = std::fs::File::create(root.join("big.txt")).unwrap();
    let line = "नमस्ते दुनिया\n";
    std::fs::write(root.join("big.txt"), line.repeat(20_000)).unwrap();
    let first = read(&world, "big.txt").await;
    let size = std::fs::metadata(root.join("big.txt")).unwrap().len();
    assert_eq!((first.end, first.cut_from), (ToolEnd::Done, Some(size)));
    assert!(first.content.len() <= MOST_RESULT_BYTES && !first.content.contains('\u{fffd}'), "cut between characters");
    let (told, note) = first.content.rsplit_once("\n[").unwrap();
    let on = told.len();
    assert!(note.contains(&format!("bytes 0 to {on} of {size}; offset = {on} reads on")), "{note}");
    let next = call(&world, "read_file", json!({ "path": "big.txt", "offset": on })).await;
    assert!(
        format!("{told}{}", next.content).starts_with(&line.repeat(8_000)[..told.len() + 1_000]),
        "nothing is lost between"
    );
    let lines = call(&world, "read_file", json!({ "path": "notes/a.txt", "first_line": 2, "most_lines": 1 })).await;
    assert_eq!((lines.content.as_str(), lines.cut_from), ("two\n\n[bytes 4 to 8 of 14; offset = 8 reads on]", None));
    let beyond = call(&world, "read_file", json!({ "path": "notes/a.txt", "first_line": 99 })).await;
    assert_eq!(beyond.end, ToolEnd::Done);
    big.set_len(1 << 30).unwrap();
    let far = call(&world, "read_file", json!({ "path": "big.txt", "offset": (1 << 30) - 100 })).await;
    assert!(far.end == ToolEnd::Failed && far.content.contains("binary file of 1073741824 bytes"), "{far:?}");
    std::fs::write(root.join("odd.txt"), b"caf\xe9 and more").unwrap();
    assert_eq!(read(&world, "odd.txt").await.content, "caf\u{fffd} and more");
}

#[tokio::test]
async fn a_folder_is_listed_in_order_with_hostile_names_escaped() {
    let (home, world) = house();
    let notes = home.path().join("root/notes");
    std::fs::create_dir(notes.join("sub")).unwrap();
    std::fs::write(notes.join("bad\nname\u{1b}[31m"), "").unwrap();
    symlink("/etc", notes.join("z")).unwrap();
    let listed = call(&world, "list_files", json!({ "path": "notes" })).await;
    let lines: Vec<&str> = listed.content.lines().skip(1).collect();
    assert_eq!(lines, ["a.txt  14 bytes", "bad\\nname\\u{1b}[31m  0 bytes", "sub/", "z  (a link)"]);
    for n in 0..1_100 {
        std::fs::write(notes.join(format!("n{n:04}")), "").unwrap();
    }
    assert!(call(&world, "list_files", json!({ "path": "notes" })).await.content.ends_with("… and 104 more."));
    let two = World { roots: vec![notes.clone(), home.path().join("outside")], ..self::world() };
    let roots = call(&two, "list_files", json!({})).await.content;
    assert_eq!(roots, format!("{}/\n{}/", notes.display(), home.path().join("outside").display()));
    let second = home.path().join("outside/secret.txt").display().to_string();
    assert_eq!(read(&two, &second).await.content, "SECRET", "a second root is reached by a whole path");
}
