//! Commands that will not end, or leave others behind.

use std::path::Path;

use munshi::chat::tool::{Confinement, Prepared, ToolEnd};
use munshi::platform::sandbox::Kind;
use munshi::tools::source::Source as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::{World, call, call_until, definition, folders_with, kinds, prepared, short, wait_for};

/// What hangs, each in its own way.
const HANGERS: &[(&str, &str)] = &[
    ("it sleeps", "sleep 600"),
    ("it ignores every signal it can", "trap '' TERM HUP INT QUIT; while :; do sleep 600; done"),
    ("it closes its output", "exec >&- 2>&-; sleep 600"),
    ("it has stopped itself", "kill -STOP $$"),
    ("it has children in sessions of their own", "setsid sh -c 'trap \"\" TERM; sleep 600' & setsid sleep 600 & wait"),
    ("it has many children", "i=0; while [ $i -lt 100 ]; do i=$((i+1)); (trap '' TERM; sleep 600) & done; wait"),
    ("it spins", "while :; do :; done"),
];

#[tokio::test]
async fn a_command_that_hangs_is_ended_at_its_limit_whatever_it_does_against_it() {
    for kind in kinds() {
        for (how, body) in HANGERS {
            let world = World::new();
            let script = world.script(&format!("echo begun; {body}"));
            let outcome = call(&world.source(kind, short(&[&script])), json!({})).await;
            assert_eq!(outcome.end, ToolEnd::TimedOut, "{kind:?}: {how}: {}", outcome.content);
            assert!(outcome.content.contains("0.4 s"), "{kind:?}: {how}: {}", outcome.content);
            world.assert_nothing_is_left(&format!("{kind:?}: {how}"));
        }
    }
}

#[tokio::test]
async fn a_command_that_ends_leaves_nobody_behind_who_could_hold_its_output_open() {
    let leavers = [
        "sleep 600 & echo done",
        "(setsid sh -c 'trap \"\" TERM HUP; exec sleep 600' &) ; echo done",
        "(setsid sh -c '(setsid sleep 600 &) ; sleep 600' &) ; echo done",
    ];
    for kind in kinds() {
        for body in leavers {
            let world = World::new();
            let outcome = world.run(kind, body).await;
            assert_eq!((outcome.end, outcome.content.as_str()), (ToolEnd::Done, "done\n"), "{kind:?}: {body}");
            world.assert_nothing_is_left(&format!("{kind:?}: {body}"));
        }
    }
}

#[tokio::test]
async fn a_command_that_the_user_stops_is_gone_when_the_answer_comes() {
    for kind in kinds() {
        let world = World::new();
        let script = world.script("trap '' TERM; echo half; while :; do sleep 600; done");
        let (source, cancel) = (world.source(kind, definition(&[&script])), CancellationToken::new());
        let stopping = async {
            world.wait_until_it_runs().await;
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(call_until(&source, json!({}), cancel.clone()), stopping);
        assert_eq!(outcome.end, ToolEnd::Stopped, "{kind:?}: {}", outcome.content);
        world.assert_nothing_is_left(&format!("{kind:?}"));
        let at_once = call_until(&source, json!({}), cancel).await;
        assert_eq!(at_once.end, ToolEnd::Stopped, "{kind:?}");
        world.assert_nothing_is_left(&format!("{kind:?}"));
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_ends_too() {
    for kind in kinds() {
        let world = World::new();
        let script = world.script("trap '' TERM; touch dropped-$MARK; setsid sleep 600 & while :; do sleep 600; done");
        let source = world.source(kind, definition(&[&script]));
        tokio::select! {
            outcome = call(&source, json!({})) => panic!("{kind:?}: it ended: {outcome:?}"),
            () = world.wait_until_it_runs() => {}
        }
        wait_for(&format!("{kind:?}: nothing is left"), || world.alive().is_empty()).await;
        let file = format!("dropped-{}", world.mark);
        wait_for(&format!("{kind:?}: its folder is gone"), || folders_with(Path::new(&file)).is_empty()).await;
    }
}

#[test]
fn a_run_ends_with_the_runtime_it_ran_on() {
    for kind in kinds() {
        let world = World::new();
        let script = world.script("trap '' TERM; while :; do sleep 600; done");
        let source = world.source(kind, definition(&[&script]));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let running = source.run(&runtime.block_on(prepared(&source, json!({}))), CancellationToken::new());
        runtime.spawn(running);
        runtime.block_on(world.wait_until_it_runs());
        runtime.shutdown_background();
        let other = tokio::runtime::Runtime::new().unwrap();
        other.block_on(wait_for("nothing is left", || world.alive().is_empty()));
    }
}

#[tokio::test]
async fn a_command_that_ends_or_stops_the_helper_is_ended_all_the_same() {
    for kind in kinds() {
        for signal in ["KILL", "STOP"] {
            let world = World::new();
            let body = format!("setsid sleep 600 & kill -{signal} $PPID 2>/dev/null; sleep 600");
            let script = world.script(&body);
            let outcome = call(&world.source(kind, short(&[&script])), json!({})).await;
            assert_ne!(outcome.end, ToolEnd::Done, "{kind:?}: {signal}: {}", outcome.content);
            world.assert_nothing_is_left(&format!("{kind:?}: {signal}: {}", outcome.content));
        }
    }
}

#[tokio::test]
async fn how_it_ended_is_told_in_words() {
    for kind in kinds() {
        let world = World::new();
        let outcome = world.run(kind, "echo out; echo err >&2; exit 3").await;
        assert_eq!(outcome.end, ToolEnd::Failed, "{kind:?}");
        for part in ["exit code 3", "out", "err"] {
            assert!(outcome.content.contains(part), "{kind:?}: {}", outcome.content);
        }
        let outcome = world.run(kind, "kill -SEGV $$").await;
        assert!(outcome.end == ToolEnd::Failed && outcome.content.contains("SEGV"), "{kind:?}: {}", outcome.content);
        let outcome = world.run(kind, "cat; echo read").await;
        assert_eq!(outcome.content, "read\n", "{kind:?}: standard input is empty");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named_and_nothing_is_run() {
    let world = World::new();
    for command in ["no-such-program-anywhere", "/no/such/program"] {
        let source = world.source(Kind::None, definition(&[command]));
        let why = source.plan("tool", &json!({})).unwrap_err();
        assert!(why.contains(command), "{why}");
        let outcome = call(&source, json!({})).await;
        assert_eq!((outcome.end, outcome.content), (ToolEnd::Failed, why.clone()));
        assert_eq!(source.examine()[0].program, Err(why));
    }
    let source = world.source(Kind::None, definition(&["sh"]));
    assert!(source.examine()[0].program.as_ref().unwrap().is_absolute());
}

#[tokio::test]
async fn a_tool_of_another_definition_than_the_one_agreed_to_does_not_run() {
    let world = World::new();
    let source = world.source(Kind::None, definition(&["echo", "ran"]));
    let call = Prepared { definition: "another".to_owned(), ..prepared(&source, json!({})).await };
    let outcome = source.run(&call, CancellationToken::new()).await;
    assert!(outcome.end == ToolEnd::Failed && outcome.content.contains("was not run"), "{}", outcome.content);
}

#[tokio::test]
async fn a_program_that_another_was_put_before_after_it_was_shown_does_not_run_and_nor_does_the_other() {
    for kind in kinds() {
        let world = World::new();
        let source = world.source(kind, definition(&["echo", "{a}"]));
        let call = prepared(&source, json!({"a": "x"})).await;
        assert_eq!(source.run(&call, CancellationToken::new()).await.content, "x\n", "{kind:?}");
        std::fs::create_dir(world.path("bin")).unwrap();
        let mine = world.path("bin/echo");
        std::fs::rename(world.script("printf other"), &mine).unwrap();
        let outcome = source.run(&call, CancellationToken::new()).await;
        assert_eq!(outcome.end, ToolEnd::Failed, "{kind:?}: {}", outcome.content);
        for part in ["tool", &*mine.to_string_lossy(), "not what was shown", "was not run"] {
            assert!(outcome.content.contains(part), "{kind:?}: {}", outcome.content);
        }
        // Asked about anew, it is the one that is shown.
        let again = prepared(&source, json!({"a": "x"})).await;
        assert_eq!(source.run(&again, CancellationToken::new()).await.content, "other", "{kind:?}");
        let none = Prepared { command: None, ..again };
        assert_eq!(source.run(&none, CancellationToken::new()).await.end, ToolEnd::Failed, "{kind:?}");
    }
}

#[tokio::test]
async fn a_plan_says_what_holds_the_run() {
    for (kind, says) in [
        (Kind::Bubblewrap, Confinement::Bubblewrap),
        (Kind::Landlock, Confinement::Landlock),
        (Kind::None, Confinement::Unsandboxed),
    ] {
        let source = World::new().source(kind, definition(&["echo"]));
        assert_eq!(source.plan("tool", &json!({})).unwrap().confinement, says);
        assert_eq!(source.sandbox().confinement, says);
    }
}

#[test]
fn the_best_sandbox_is_the_first_that_works_and_what_is_missing_is_said() {
    let sandbox = munshi::platform::sandbox::Sandbox::best();
    assert_eq!(sandbox.kind(), kinds()[0]);
    let missing = [Kind::Bubblewrap, Kind::Landlock].into_iter().take_while(|kind| *kind != sandbox.kind());
    assert_eq!(sandbox.misses(), missing.map(|kind| kind.probe().unwrap_err()).collect::<Vec<_>>());
}
