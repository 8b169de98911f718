//! Tools as a user meets them: cells that unfold, the list, and the keys that look at what asks to run.

use serde_json::json;

use super::*;
use crate::chat::tool::{ListedTool, Permission, Tool, ToolChoices, ToolList, ToolOrigin, ToolSpec};
use crate::chat::{Conversation, Status, ToolCall};
use crate::tui::state::Overlay;

fn message(of: u128, role: Role, text: &str) -> Message {
    let parent = (of > 1).then(|| MessageId(Uuid::from_u128(of - 1)));
    Message::text(MessageId(Uuid::from_u128(of)), chat_id(77), parent, role, text.to_owned(), 0)
}

/// A chat with a call that ran.
fn with_a_call() -> Play {
    let mut play = Play::new();
    let mut reply = message(2, Role::Assistant, "");
    reply.tool_calls =
        vec![ToolCall { id: "a".into(), name: "get_weather".into(), arguments: r#"{"city":"Pune"}"#.into() }];
    let mut result = message(3, Role::Tool, "24 °C\nrain at noon");
    result.tool_call_id = Some("a".into());
    result.origin = Some(ToolOrigin::BuiltIn);
    result.took_ms = Some(400);
    let messages = vec![message(1, Role::User, "Weather?"), reply, result, message(4, Role::Assistant, "Rain.")];
    assert!(messages.iter().all(|message| message.status == Status::Complete));
    let meta = ConversationMeta::new(chat_id(77), ModelRef::new("openai", "gpt-4o-mini"), 0);
    play.state.insert_chat(Conversation::restore(meta, messages), true);
    let _ = play.state.show(chat_id(77));
    play
}

fn tool(name: &str, origin: ToolOrigin, is_on: bool) -> ListedTool {
    let spec = ToolSpec { name: name.into(), description: format!("What {name} does."), parameters: json!({}) };
    let tool = Tool { spec, origin, definition: String::new(), permission: Permission::Ask, is_sample: false, is_on };
    ListedTool { tool, is_always_allowed: false }
}

fn list() -> ToolList {
    let tools = vec![tool("get_weather", ToolOrigin::BuiltIn, true), tool("word_count", ToolOrigin::Command, false)];
    ToolList { tools, servers: Vec::new() }
}

fn asks_for_the_list(play: &Play) -> bool {
    matches!(play.effects.last(), Some(TuiEffect::ListTools))
}

fn choices(play: &Play) -> &ToolChoices {
    &play.state.meta().tools
}

#[test]
fn a_key_and_a_command_unfold_and_fold_what_is_on_the_screen() {
    let mut play = with_a_call();
    assert!(play.screen().contains("▸ city: \"Pune\""), "{}", play.screen());
    play.press(alt('t'));
    let shown = play.screen();
    assert!(shown.contains("▾ arguments") && shown.contains("▾ result"), "{shown}");
    play.submit("/details");
    let shown = play.screen();
    assert!(shown.contains("▸ city: \"Pune\"") && shown.contains("▸ result"), "{shown}");
    let mut empty = Play::new();
    empty.screen();
    empty.press(alt('t'));
    assert!(empty.screen().contains("Nothing on the screen can be unfolded."));
}

#[test]
fn nothing_ticks_for_a_call_that_is_over() {
    let mut play = with_a_call();
    play.screen();
    assert_eq!(play.pass(Duration::from_mins(1)), 0);
}

#[test]
fn the_list_of_tools_is_asked_for_and_switches_them_for_this_chat() {
    let mut play = Play::new();
    play.submit("/tools");
    assert!(asks_for_the_list(&play));
    play.tell(Happened::ToolsListed(list()));
    let shown = play.screen();
    assert!(shown.contains("1 of 2 on in this chat") && shown.contains("[x] get_weather"), "{shown}");
    play.press(KeyCode::Char(' '));
    assert_eq!(choices(&play).switched.get("get_weather"), Some(&false));
    assert!(play.screen().contains("[ ] get_weather"), "{}", play.screen());
    play.press(KeyCode::Char('*'));
    assert!(play.screen().contains("2 of 2 on in this chat"), "{}", play.screen());
    play.press(KeyCode::Esc);
    assert!(play.state.overlay.is_none());
    play.press(KeyCode::F(6));
    play.press(KeyCode::F(6));
    assert!(play.state.overlay.is_none(), "the key closes what it opened");
}

#[test]
fn tools_are_switched_and_chosen_in_words() {
    let mut play = Play::new();
    play.submit("/tools on word_count");
    assert!(asks_for_the_list(&play) && choices(&play).switched.is_empty(), "not before it is known");
    play.tell(Happened::ToolsListed(list()));
    assert_eq!(choices(&play).switched.get("word_count"), Some(&true));
    play.submit("/tools off");
    assert_eq!(choices(&play).switched.get("*"), Some(&false));
    play.submit("/tools choice required");
    assert_eq!(choices(&play).choice.as_str(), "required");
    play.submit("/tools choice get_weather");
    play.tell(Happened::ToolsListed(list()));
    assert_eq!(choices(&play).choice.as_str(), "required");
    assert!(play.screen().contains("get_weather is off in this chat"), "{}", play.screen());
    play.submit("/tools on");
    play.submit("/tools choice get_weather");
    play.tell(Happened::ToolsListed(list()));
    assert_eq!(choices(&play).choice.as_str(), "get_weather");
    play.submit("/status");
    assert!(play.screen().contains("choice get_weather"), "{}", play.screen());
}

#[test]
fn a_server_that_was_never_started_is_switched_by_its_name_and_so_is_a_tool_of_it() {
    use crate::chat::tool::ListedServer;
    let off = ListedServer { name: "git".into(), trouble: Some("off: its tools are not known".into()) };
    for (line, name) in [("/tools on git", "git"), ("/tools on git__log", "git__log")] {
        let mut play = Play::new();
        play.submit(line);
        play.tell(Happened::ToolsListed(ToolList { servers: vec![off.clone()], ..list() }));
        assert_eq!(choices(&play).switched.get(name), Some(&true));
    }
}

#[test]
fn what_names_no_tool_is_said_with_the_nearest() {
    let mut play = Play::new();
    for line in ["/tools on get_wether", "/tools choice get_wether"] {
        play.submit(line);
        play.tell(Happened::ToolsListed(list()));
        assert!(play.screen().contains("did you mean get_weather?"), "{}", play.screen());
    }
    assert_eq!(*choices(&play), ToolChoices::default());
    play.submit("/tools off zzz");
    play.tell(Happened::ToolsListed(list()));
    assert!(play.screen().contains("There is no tool zzz; /tools lists them all."), "{}", play.screen());
    play.submit("/tools maybe");
    assert!(play.screen().contains("/tools has no use for “maybe”"), "{}", play.screen());
}

#[test]
fn where_no_tool_asks_its_key_and_command_say_so_and_the_draft_stays() {
    let mut play = Play::new();
    play.type_text("half a word");
    for key in [KeyEvent::from(KeyCode::F(5)), alt('a')] {
        play.press(key);
        assert!(play.state.overlay.is_none());
        assert!(play.screen().contains("No tool asks to run."), "{}", play.screen());
    }
    assert_eq!(play.draft(), "half a word");
    play.press(ctrl('u'));
    play.submit("/tools review");
    assert!(!matches!(play.state.overlay, Some(Overlay::Approval(_))));
}

#[test]
fn what_was_allowed_is_taken_back_in_words() {
    let mut play = Play::new();
    let effects = play.submit("/tools forget get_weather");
    let asks =
        |effect: &TuiEffect| matches!(effect, TuiEffect::ForgetTool { name, was_here: false } if name == "get_weather");
    assert!(effects.iter().any(asks), "{effects:?}");
    play.tell(Happened::ToolForgotten { name: "get_weather".to_owned(), was_here: false, result: Ok(()) });
    assert!(play.screen().contains("get_weather asks again before it runs."), "{}", play.screen());
}
