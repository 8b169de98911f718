//! munshi itself ends while a command runs: killed, or told to end.

use std::path::Path;
use std::process::{Command, Stdio};

use munshi::platform::sandbox::Kind;
use serde_json::json;

use crate::world::{World, call, definition, folders_with, kinds, wait_for};

/// Which sandbox, which script and which mark the process that is killed works with.
const KIND: &str = "MUNSHI_TOOLS_TEST_KIND";
const SCRIPT: &str = "MUNSHI_TOOLS_TEST_SCRIPT";
const MARK: &str = "MUNSHI_TOOLS_TEST_MARK";

/// Not a test of its own: where it was told what to do, it runs a command until it is killed.
#[tokio::test]
async fn the_process_that_is_killed() {
    let (Ok(kind), Ok(script), Ok(mark)) = (std::env::var(KIND), std::env::var(SCRIPT), std::env::var(MARK)) else {
        return;
    };
    let kind = [Kind::Bubblewrap, Kind::Landlock, Kind::None].into_iter().find(|known| format!("{known:?}") == kind);
    let world = World { mark, ..World::new() };
    call(&world.source(kind.unwrap(), definition(&[&script])), json!({})).await;
}

#[tokio::test]
async fn a_command_does_not_outlive_munshi_however_that_ends() {
    for kind in kinds() {
        for signal in ["-KILL", "-TERM", "-HUP"] {
            let world = World::new();
            let script =
                world.script("trap '' TERM HUP; touch killed-$MARK; setsid sleep 600 & while :; do sleep 600; done");
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["killed::the_process_that_is_killed", "--exact", "--test-threads=1"])
                .envs([(KIND, format!("{kind:?}")), (SCRIPT, script), (MARK, world.mark.clone())])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let file = format!("killed-{}", world.mark);
            let file = Path::new(&file);
            // The mark stands in that process's environment too, under another name.
            wait_for("the command has begun", || !folders_with(file).is_empty()).await;
            assert!(world.alive().len() > 1);
            Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            child.wait().unwrap();
            wait_for(&format!("{kind:?}: {signal}: nothing is left"), || world.alive().is_empty()).await;
            wait_for(&format!("{kind:?}: {signal}: its folder is gone"), || folders_with(file).is_empty()).await;
        }
    }
}
