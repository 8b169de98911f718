//! How servers are started, die, are started again, and end.

use std::time::Duration;

use munshi::chat::tool::ToolEnd;
use munshi::tools::source::Source as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::kit::{World, call, prepared, runs, until};

/// Lets time pass for whoever looks at the clock, and for nobody else.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_server_that_dies_in_a_call_is_started_again_by_the_next() {
    let world = World::new("good");
    let outcome = world.call("test__die", json!({})).await;
    assert_eq!(outcome.end, ToolEnd::Failed);
    assert!(outcome.content.contains("ended with exit status: 3 during the call"), "{}", outcome.content);
    assert_eq!(world.count("called die"), 1, "it is never called twice for one call");
    assert_eq!(world.call("test__echo", json!({"text": "again"})).await.content, "echo: again");
    assert_eq!(world.count("started"), 2);
}

#[tokio::test]
async fn a_server_that_dies_three_times_in_a_minute_is_left_alone_until_a_minute_later() {
    let world = World::new("crash");
    for _ in 0..3 {
        let says = world.tools().await.unwrap_err();
        assert!(says.contains("ended with exit status: 7 before it was ready"), "{says}");
    }
    for _ in 0..3 {
        let says = world.tools().await.unwrap_err();
        assert!(says.contains("died three times within a minute") && says.contains("exit status: 7"), "{says}");
    }
    assert_eq!(world.count("started"), 3);
    pass(Duration::from_secs(61)).await;
    assert!(world.tools().await.unwrap_err().contains("before it was ready"));
    assert_eq!(world.count("started"), 4);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_to_be_not_there() {
    let world = World::with("good", |server, _| {
        server.transport = munshi::chat::tooling::ServerTransport::Command {
            command: vec!["no-such-program-anywhere".to_owned()],
            env: Vec::new(),
        };
    });
    let says = world.tools().await.unwrap_err();
    assert!(says.contains("no-such-program-anywhere") && says.contains("cannot be started"), "{says}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_and_killed() {
    for kind in ["silent", "deaf"] {
        let world = World::with(kind, |_, options| options.start_limit = Duration::from_millis(300));
        let says = world.tools().await.unwrap_err();
        assert!(says.contains("was not ready within 0.3 s"), "{says}");
        let started = world.lines().into_iter().find_map(|line| line.strip_prefix("started ").map(str::to_owned));
        // It may have been killed before it came to write anything down.
        if let Some(pid) = started {
            until("it is killed", || !runs(&pid)).await;
        }
    }
}

#[tokio::test]
async fn a_dropped_source_ends_its_server_with_all_that_it_started() {
    let mut world = World::new("good");
    let told = world.call("test__family", json!({})).await.content;
    let family: Vec<&str> = told.split(' ').collect();
    assert!(family.len() >= 3 && family.iter().all(|pid| runs(pid)), "{told}");
    world.source = None;
    until("all of them are gone", || !family.iter().any(|pid| runs(pid))).await;
}

#[tokio::test]
async fn an_ended_source_has_nothing_running_and_starts_nothing_again() {
    let world = World::new("good");
    let told = world.call("test__family", json!({})).await.content;
    world.source().end().await;
    assert!(!told.split(' ').any(runs), "{told}");
    assert!(world.tools().await.unwrap_err().contains("has been ended"));
    assert_eq!(world.count("started"), 1);
}

/// Set where this process is there to be killed: the file that it tells its server's family in.
const KILLED: &str = "MUNSHI_MCP_TEST_KILLED";

/// Not a test of its own: a process whose server has a family, until it is killed.
#[tokio::test]
async fn the_process_that_is_killed() {
    let Some(file) = std::env::var_os(KILLED) else { return };
    let world = World::new("good");
    let told = world.call("test__family", json!({})).await.content;
    std::fs::write(&file, told + "\n").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_and_its_family_do_not_outlive_a_munshi_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("family");
    let mut munshi = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["lives::the_process_that_is_killed", "--exact", "--test-threads=1"])
        .env(KILLED, &file)
        // Nobody is left to remove what it makes.
        .env("TMPDIR", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let told = || std::fs::read_to_string(&file).unwrap_or_default();
    until("the family is told", || told().ends_with('\n')).await;
    let told = told();
    let family: Vec<&str> = told.trim().split(' ').collect();
    assert!(family.len() >= 3 && family.iter().all(|pid| runs(pid)), "{told}");
    munshi.kill().unwrap();
    munshi.wait().unwrap();
    until("all of them are gone", || !family.iter().any(|pid| runs(pid))).await;
}

#[tokio::test]
async fn a_server_has_no_terminal_of_munshis() {
    let world = World::new("good");
    world.tools().await.unwrap();
    let pid = world.lines()[0].strip_prefix("started ").unwrap().to_owned();
    let session = |pid: &str| {
        let seen = std::process::Command::new("ps").args(["-o", "sess=", "-p", pid]).output().unwrap();
        String::from_utf8_lossy(&seen.stdout).trim().to_owned()
    };
    assert_ne!(session(&pid), session(&std::process::id().to_string()));
}

#[tokio::test]
async fn a_server_that_ignores_the_request_to_end_is_killed() {
    let world = World::new("stubborn");
    world.tools().await.unwrap();
    let pid = world.lines()[0].strip_prefix("started ").unwrap().to_owned();
    assert!(runs(&pid));
    world.source().end().await;
    assert!(!runs(&pid));
}

#[test]
fn a_runtime_that_ends_first_takes_its_servers_along() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = World::new("good");
    let told = runtime.block_on(world.call("test__family", json!({}))).content;
    assert!(told.split(' ').all(runs));
    drop(runtime);
    let waiting = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    waiting.block_on(until("all of them are gone", || !told.split(' ').any(runs)));
}

#[tokio::test]
async fn a_source_dropped_during_a_call_ends_the_call_and_the_server() {
    let mut world = World::new("good");
    world.tools().await.unwrap();
    let source = world.source.take().unwrap();
    let tool = source.tools().await.unwrap().into_iter().find(|tool| tool.spec.name == "test__wait").unwrap();
    let running = source.run(&prepared(&tool, json!({})), CancellationToken::new());
    let (outcome, ()) = tokio::join!(running, async {
        until("the server waits", || world.count("waiting") == 1).await;
        drop(source);
    });
    assert_eq!(outcome.end, ToolEnd::Failed);
    let pid = world.lines()[0].strip_prefix("started ").unwrap().to_owned();
    until("it is gone", || !runs(&pid)).await;
}

#[tokio::test]
async fn a_server_that_hangs_after_a_call_was_stopped_is_started_again() {
    let world = World::new("hangs");
    let cancel = CancellationToken::new();
    let (outcome, ()) = tokio::join!(call(world.source(), "test__raw", json!({}), cancel.clone()), async {
        until("the server hangs", || world.count("hanging") == 1).await;
        cancel.cancel();
    });
    assert_eq!(outcome.end, ToolEnd::Stopped);
    world.tools().await.unwrap();
    assert_eq!(world.count("started"), 2);
}
