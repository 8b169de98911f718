//! What a user does with tools, in one word each: switch them on, look at what asks, say a word. Owns how the results
//! of calls and the processes of a tool are found; refuses assertions about anything else.

use std::time::Instant;

use serde_json::Value;

use super::kit::{begin, demo, rows_of, submit};
use super::support::keys::Key;
use super::support::launch::{Home, Launch};
use super::support::pty::{DEADLINE, Screen, Session};
use super::support::server::Server;

/// At the foot of an approval, and nowhere else.
pub const ASKS: &str = "n Enter no";
/// The question that the demo answers with the weather.
pub const WEATHER: &str = "What is the weather in Pune?";

/// The demo with room to see, all tools on.
#[track_caller]
pub fn with_tools(home: &Home) -> Session {
    let session = begin(roomy(demo(home)));
    submit(&session, "/tools on");
    session.wait_for_text("All tools are on in this chat.");
    session
}

/// A screen that calls and answers fit on.
pub fn roomy(launch: Launch) -> Launch {
    launch.size(100, 40)
}

/// A chat with a scripted server, with room to see; tools of the configuration are on by themselves.
#[track_caller]
pub fn scripted(home: &Home, server: &Server) -> Session {
    begin(roomy(home.munshi().against(&server.base_url())))
}

/// Waits until a tool asks, and looks at what it asks.
#[track_caller]
pub fn look(session: &Session, tool: &str) -> Screen {
    let bar = format!("F5 looks: {tool}");
    session.wait_for_text(&bar);
    session.key(Key::F(5));
    session.wait_for(|screen| screen.contains(ASKS) && screen.row(0).contains(tool))
}

/// Looks at what a tool asks and answers with a key.
#[track_caller]
pub fn answer(session: &Session, tool: &str, key: Key) {
    look(session, tool);
    session.key(key);
    session.wait_until_gone(ASKS);
}

/// After an answer: waits for the next call that asks, and says that it was seen.
#[track_caller]
pub fn go_on_to(session: &Session, title: &str) {
    session.wait_for(|screen| screen.contains("This is the next call") && screen.row(0).trim_end().ends_with(title));
    session.key(Key::Enter);
    session.wait_for_text(ASKS);
}

/// Each result of a request in order, behind the name of the tool whose call has its id.
#[track_caller]
pub fn results(server: &Server, request: usize) -> Vec<(String, String)> {
    let body = server.wait_for_requests(request + 1)[request].json();
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let calls: Vec<&Value> = messages.iter().filter_map(|message| message["tool_calls"].as_array()).flatten().collect();
    let named = |result: &Value| {
        let call = calls.iter().find(|call| call["id"] == result["tool_call_id"]);
        text(&call.expect("a result has its call")["function"]["name"])
    };
    let told = messages.iter().filter(|message| message["role"] == "tool");
    told.map(|result| (named(result), text(&result["content"]))).collect()
}

/// The states of all calls in the demo's database, in order, each with whether it ran. All before a message are there
/// once that was sent.
pub fn calls_of_demo(home: &Home) -> Vec<String> {
    let path = home.data_dir().join("demo").join("munshi.db");
    let sql = "SELECT status || iif(took_ms IS NULL, '', ', ran') FROM messages WHERE role = 'tool' ORDER BY seq";
    rows_of(&path, sql, |row| row.get(0))
}

/// Waits until the calls in the demo's database are these, each by its state and whether it ran; what is on the screen
/// is on disk a moment later.
#[track_caller]
pub fn wait_for_calls(home: &Home, wanted: &[&str]) {
    until(&format!("the calls are {wanted:?}"), || calls_of_demo(home) == wanted);
}

/// A number of seconds that no other test sleeps for, by which a tool's processes are found.
pub fn mark() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("9{:07}.{}", std::process::id(), 100 + COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The command lines of living processes that hold a mark.
pub fn alive(mark: &str) -> Vec<String> {
    let seen = std::process::Command::new("ps").args(["-A", "-ww", "-o", "stat=,args="]).output().unwrap();
    let lines = String::from_utf8_lossy(&seen.stdout).into_owned();
    lines.lines().filter(|line| line.contains(mark) && !line.starts_with('Z')).map(str::to_owned).collect()
}

/// Waits until a condition holds that nothing on the screen tells of.
#[track_caller]
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < DEADLINE, "it was waited for in vain that {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
