//! Commands that print too much, or what is no text.

use munshi::chat::tool::{MOST_RESULT_BYTES, ToolEnd};
use serde_json::json;

use crate::world::{World, call, kinds, short};

const GIGABYTE: u64 = 1 << 30;

/// The most memory that this process ever had, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Set where this process is there to be measured.
const MEASURED: &str = "MUNSHI_TOOLS_TEST_MEASURED";

/// Not a test of its own: the process whose memory is measured, where nothing else runs.
#[tokio::test]
async fn the_process_that_reads_a_gigabyte() {
    if std::env::var_os(MEASURED).is_none() {
        return;
    }
    for kind in kinds() {
        let before = most_memory();
        let outcome = World::new().run(kind, "yes नमस्ते | head -c 1073741824").await;
        assert_eq!((outcome.end, outcome.cut_from), (ToolEnd::Done, Some(GIGABYTE)), "{kind:?}");
        assert!(outcome.content.len() <= MOST_RESULT_BYTES && outcome.content.len() > MOST_RESULT_BYTES - 4);
        assert!(outcome.content.starts_with("नमस्ते\nनमस्ते\n") && !outcome.content.contains('\u{FFFD}'));
        assert!(most_memory() - before < 8 * 1024, "{kind:?}: {} KiB more", most_memory() - before);
    }
}

#[test]
fn of_a_gigabyte_of_text_the_beginning_is_told_the_rest_is_counted_and_memory_stays_flat() {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["outputs::the_process_that_reads_a_gigabyte", "--exact", "--test-threads=1"]).env(MEASURED, "1");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn a_gigabyte_of_binary_data_is_said_to_be_that() {
    for kind in kinds() {
        let outcome = World::new().run(kind, "head -c 1073741824 /dev/zero; echo; exit 1").await;
        assert_eq!((outcome.end, outcome.cut_from), (ToolEnd::Failed, Some(GIGABYTE + 1)), "{kind:?}");
        assert!(outcome.content.contains("1 GiB that are no text"), "{kind:?}: {}", outcome.content);
    }
}

#[tokio::test]
async fn a_flood_without_end_is_ended_at_the_limit_on_either_stream() {
    for kind in kinds() {
        for body in ["yes", "yes >&2", "yes & yes >&2"] {
            let world = World::new();
            let script = world.script(body);
            let outcome = call(&world.source(kind, short(&[&script])), json!({})).await;
            assert_eq!(outcome.end, ToolEnd::TimedOut, "{kind:?}: {body}");
            assert!(
                outcome.content.contains("y\ny\n") && outcome.content.len() <= MOST_RESULT_BYTES,
                "{kind:?}: {body}"
            );
            world.assert_nothing_is_left(&format!("{kind:?}: {body}"));
        }
    }
}

#[tokio::test]
async fn what_is_no_utf8_is_told_with_replacement_characters_and_escapes_stay_data() {
    for kind in kinds() {
        let outcome = World::new().run(kind, "printf 'price in Stra\\337e: 5, plain\\033[31m red\\n'").await;
        assert_eq!(outcome.content, "price in Stra\u{FFFD}e: 5, plain\u{1b}[31m red\n", "{kind:?}");
        let outcome = World::new().run(kind, "printf 'a\\000b'").await;
        assert_eq!(outcome.content, "The command printed 3 B that are no text.", "{kind:?}");
    }
}
