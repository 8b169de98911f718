//! What a command sees of the machine: its environment, files, processes and the network.

use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;

use munshi::chat::tool::ToolEnd;
use munshi::chat::tooling::CommandDefinition;
use munshi::platform::sandbox::Kind;
use serde_json::json;

use crate::world::{SECRET, World, call, definition, kinds, sandboxes};

#[tokio::test]
async fn the_environment_holds_what_is_named_and_no_secret() {
    for kind in kinds() {
        let world = World::new();
        let outcome = call(&world.source(kind, definition(&["env"])), json!({})).await;
        let mut names: Vec<_> = outcome.content.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        // Bubblewrap says where the command starts.
        names.retain(|name| *name != "PWD");
        names.sort_unstable();
        assert_eq!(names, ["HOME", "LANG", "MARK", "PATH", "TMPDIR"], "{kind:?}");
        assert!(!outcome.content.contains(SECRET), "{kind:?}");
    }
}

#[tokio::test]
async fn the_environment_of_whoever_started_it_is_out_of_reach() {
    // Something that every test's process has, and no command.
    assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
    for kind in kinds() {
        let world = World::new();
        let outcome = world.run(kind, "cat /proc/$PPID/environ /proc/$PPID/task/*/environ 2>/dev/null; true").await;
        // In namespaces of its own its parent is bubblewrap, with the command's own environment.
        assert!(!outcome.content.contains("CARGO"), "{kind:?}: {}", outcome.content);
        if kind != Kind::None {
            let body = "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c CARGO";
            assert!(world.run(kind, body).await.content.contains("exit code 1"), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_command_is_given_its_input_and_output_and_no_other_open_file() {
    let body = "for n in 3 4 5 6 7 8 9; do (true >&$n) 2>/dev/null && echo writes $n; (true <&$n) 2>/dev/null && echo reads $n; done; true";
    for kind in kinds() {
        let world = World::new();
        for network in [true, false] {
            let outcome = call(&with(&world, kind, body, |asks| asks.network = network), json!({})).await;
            assert_eq!(outcome.content, "The command printed nothing.", "{kind:?}: {network}");
        }
    }
}

#[tokio::test]
async fn a_sandboxed_command_reads_nothing_that_it_was_not_given() {
    for kind in sandboxes() {
        let world = World::new();
        for file in ["home/.ssh/id", "home/notes", "data/munshi.db", "open/file"] {
            let path = world.path(file);
            let outcome = world.run(kind, &format!("cat '{}'; ls '{0}'; ls ~", path.display())).await;
            assert_eq!(outcome.end, ToolEnd::Failed, "{kind:?}: {file}: {}", outcome.content);
            assert!(!outcome.content.contains(SECRET), "{kind:?}: {file}");
        }
        let outcome = world.run(kind, "ls /usr/bin | head -3 | wc -l; cat /etc/passwd | head -1").await;
        assert!(outcome.content.starts_with('3') && outcome.content.contains("root"), "{kind:?}: {}", outcome.content);
    }
}

#[tokio::test]
async fn a_sandboxed_command_changes_nothing_outside_of_its_folder() {
    for kind in sandboxes() {
        let world = World::new();
        let (file, new) = (world.path("open/file"), world.path("open/new"));
        let changes = [
            format!("echo x > '{}'", file.display()),
            format!("truncate -s 0 '{}'", file.display()),
            format!("rm '{}'", file.display()),
            format!("mv '{}' '{}'", file.display(), new.display()),
            format!("ln '{}' ./link && echo x > ./link", file.display()),
            format!("ln -s '{}' ./soft && echo x > ./soft", file.display()),
            format!("mkdir '{}'", new.display()),
            "touch /usr/munshi-was-here /etc/munshi-was-here".to_owned(),
            // What stands there already, so that nothing is changed even where it can be.
            "value=$(cat /proc/sys/kernel/panic) && echo $value > /proc/sys/kernel/panic".to_owned(),
        ];
        for change in changes {
            let source = with(&world, kind, &change, |asks| asks.reads.push(world.path("open")));
            let outcome = call(&source, json!({})).await;
            assert_eq!(outcome.end, ToolEnd::Failed, "{kind:?}: {change}: {}", outcome.content);
            assert_eq!(std::fs::read_to_string(&file).unwrap(), SECRET, "{kind:?}: {change}");
            assert!(!new.exists(), "{kind:?}: {change}");
        }
        let outcome = world.run(kind, "echo x > ./mine && mkdir d && cat mine && cd \"$TMPDIR\" && ls").await;
        assert_eq!(outcome.content, "x\nd\nmine\n", "{kind:?}");
    }
}

fn with(
    world: &World,
    kind: Kind,
    body: &str,
    change: impl Fn(&mut CommandDefinition),
) -> munshi::tools::command::CommandSource {
    let script = world.script(body);
    let mut asks = definition(&["sh", &script]);
    change(&mut asks);
    world.source(kind, asks)
}

#[tokio::test]
async fn what_a_definition_names_is_seen_and_what_it_may_change_is_changed() {
    for kind in kinds() {
        let world = World::new();
        let body = format!(
            "cat '{}' '{}' && echo new > '{}'",
            world.path("home/notes").display(),
            world.path("open/file").display(),
            world.path("open/new").display()
        );
        let source = with(&world, kind, &body, |asks| {
            asks.reads.push(world.path("home/notes"));
            asks.writes.push(world.path("open"));
        });
        let outcome = call(&source, json!({})).await;
        assert_eq!(outcome.content, SECRET.repeat(2), "{kind:?}");
        assert_eq!(std::fs::read_to_string(world.path("open/new")).unwrap(), "new\n", "{kind:?}");
        // The script itself was seen because the definition names it.
        let missing = with(&world, kind, "true", |asks| asks.reads.push(world.path("not-there")));
        assert!(missing.examine()[0].notes[0].contains("not-there"));
    }
}

#[tokio::test]
async fn the_network_is_there_only_where_the_definition_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/{} && echo connected'", address.port());
    for kind in kinds() {
        let world = World::new();
        let open = call(&with(&world, kind, &body, |asks| asks.network = true), json!({})).await;
        assert_eq!(open.content, "connected\n", "{kind:?}");
        let closed = call(&with(&world, kind, &body, |asks| asks.network = false), json!({})).await;
        assert_eq!(closed.end == ToolEnd::Done, kind == Kind::None, "{kind:?}: {}", closed.content);
    }
}

#[tokio::test]
async fn a_service_of_the_users_session_cannot_be_asked_with_or_without_the_network() {
    let world = World::new();
    let path = world.path("open/service");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    datagrams.set_nonblocking(true).unwrap();
    let port = datagrams.local_addr().unwrap().port();
    let name = format!("munshi-{}", world.mark);
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let _abstract = std::os::unix::net::UnixListener::bind_addr(&address).unwrap();
    let unix = "socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, sockaddr_un($ARGV[0])) && print qq(connected\\n)";
    let hidden = unix.replace("$ARGV[0]", "qq(\\0).$ARGV[2]");
    let udp = "socket(S, AF_INET, SOCK_DGRAM, 0) && send(S, q(x), 0, sockaddr_in($ARGV[1], INADDR_LOOPBACK)) && print qq(sent\\n)";
    let body = |code: &str| format!("perl -MSocket -e '{code}' '{}' {port} {name}; true", path.display());
    for socket in [unix, &hidden] {
        let works = world.run(Kind::None, &body(socket)).await.content;
        if works != "connected\n" {
            eprintln!("not tested: there is no perl to make sockets with: {works}");
            return;
        }
    }
    for kind in sandboxes() {
        for network in [true, false] {
            for socket in [unix, &hidden] {
                let source = with(&world, kind, &body(socket), |asks| asks.network = network);
                let content = call(&source, json!({})).await.content;
                assert!(!content.contains("connected"), "{kind:?}: {network}: {socket}: {content}");
            }
            let source = with(&world, kind, &body(udp), |asks| asks.network = network);
            let content = call(&source, json!({})).await.content;
            let has_come = datagrams.recv(&mut [0; 8]).is_ok();
            assert_eq!(has_come, network, "{kind:?}: {content}");
        }
    }
}

#[tokio::test]
async fn munshis_own_environment_cannot_be_read_by_any_program_of_the_user() {
    if rustix::process::geteuid().is_root() {
        eprintln!("not tested: nothing is kept from the root user");
        return;
    }
    let (_word, its) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut munshi = std::process::Command::new(env!("CARGO_BIN_EXE_munshi"))
        .arg(munshi::platform::sandbox::HELPER)
        .env("OPENAI_API_KEY", SECRET)
        .stdin(std::process::Stdio::from(std::os::fd::OwnedFd::from(its)))
        .spawn()
        .unwrap();
    let file = format!("/proc/{}/environ", munshi.id());
    crate::world::wait_for("it is closed", || std::fs::read(&file).is_err()).await;
    assert!(munshi.try_wait().unwrap().is_none());
    munshi.kill().unwrap();
    munshi.wait().unwrap();
}

#[tokio::test]
async fn a_sandboxed_command_cannot_signal_or_list_the_users_programs() {
    for kind in sandboxes() {
        let mut victim = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let body = format!("kill -KILL {}; kill -KILL $PPID; ls /proc/{0}", victim.id());
        let outcome = World::new().run(kind, &body).await;
        let holds_signals = !kind.gaps().iter().any(|gap| gap.contains("ending your programs"));
        assert_eq!(outcome.end, ToolEnd::Failed, "{kind:?}: {}", outcome.content);
        assert!(!holds_signals || victim.try_wait().unwrap().is_none(), "{kind:?}: {}", outcome.content);
        let _ = victim.kill();
        let _ = victim.wait();
    }
}

#[tokio::test]
async fn a_command_has_a_folder_for_its_owner_alone_that_is_gone_afterwards() {
    for kind in kinds() {
        let world = World::new();
        let outcome = world.run(kind, "stat -c %a . && pwd && mkdir -p locked/in && chmod 0 locked").await;
        let (mode, folder) = outcome.content.trim().split_once('\n').unwrap();
        assert_eq!(mode, "700", "{kind:?}");
        assert!(!std::path::Path::new(folder).exists(), "{kind:?}: {folder} is still there");
        assert_ne!(std::env::current_dir().unwrap(), std::path::Path::new(folder));
    }
}
