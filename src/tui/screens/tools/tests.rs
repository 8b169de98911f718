//! The list of tools as a user meets it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;

use super::*;
use crate::chat::tool::{Permission, Tool, ToolSpec};
use crate::tui::theme::Theme;

fn tool(name: &str, origin: ToolOrigin, permission: Permission, is_on: bool) -> ListedTool {
    let spec = ToolSpec {
        name: name.to_owned(),
        description: format!("What {name} does, in a sentence that is long enough to be cut where there is no room."),
        parameters: json!({}),
    };
    let is_sample = name == "get_weather";
    let tool = Tool { spec, origin, definition: String::new(), permission, is_sample, is_on };
    ListedTool { tool, is_always_allowed: name == "files__read" }
}

fn list() -> ToolList {
    let files = || ToolOrigin::Mcp("files".to_owned());
    ToolList {
        tools: vec![
            tool("current_time", ToolOrigin::BuiltIn, Permission::Allow, true),
            tool("get_weather", ToolOrigin::BuiltIn, Permission::Ask, true),
            tool("word_count", ToolOrigin::Command, Permission::Deny, false),
            tool("files__read", files(), Permission::Ask, true),
            tool("files__write", files(), Permission::Ask, true),
        ],
        servers: vec![
            ListedServer { name: "files".to_owned(), trouble: None },
            ListedServer {
                name: "git\u{1b}".to_owned(),
                trouble: Some("it did not start: no such file\u{202e}".into()),
            },
        ],
    }
}

fn text(screen: &ToolsScreen, (columns, rows): (u16, u16)) -> String {
    let area = Rect::new(0, 0, columns, rows);
    let mut buf = Buffer::empty(area);
    screen.draw(area, &mut buf, &Theme::default());
    let line = |y| (0..columns).map(|x| buf[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..rows).map(line).collect::<Vec<_>>().join("\n")
}

const USUAL: (u16, u16) = (80, 24);

#[test]
fn tools_stand_by_where_they_come_from_with_what_is_said_of_them() {
    for (columns, rows) in [(40, 12), (80, 24), (120, 40)] {
        let screen = ToolsScreen::new(Some(list()), ToolChoices::default(), BTreeSet::new());
        insta::assert_snapshot!(format!("tools_{columns}x{rows}"), text(&screen, (columns, rows)));
    }
}

#[test]
fn a_tool_a_server_and_all_are_switched_by_their_names() {
    let mut screen = ToolsScreen::new(Some(list()), ToolChoices::default(), BTreeSet::new());
    let switch = |name: &str, on| Some(Intent::Switch { name: name.to_owned(), on });
    assert_eq!(screen.handle(&ScreenKey::Char(' '), USUAL), switch("current_time", false));
    screen.handle(&ScreenKey::Down, USUAL);
    screen.handle(&ScreenKey::Down, USUAL);
    assert_eq!(screen.handle(&ScreenKey::Enter, USUAL), switch("word_count", true), "a head is passed over");
    screen.handle(&ScreenKey::Down, USUAL);
    assert_eq!(screen.handle(&ScreenKey::Enter, USUAL), switch("files", false));
    assert_eq!(screen.handle(&ScreenKey::Char('*'), USUAL), switch("*", true));
    let mut all = ToolChoices::default();
    all.switch(ToolChoices::ALL, true);
    screen.set_choices(&all);
    assert_eq!(screen.handle(&ScreenKey::Char('*'), USUAL), switch("*", false));
    assert_eq!(screen.handle(&ScreenKey::Esc, USUAL), Some(Intent::Close));
}

#[test]
fn what_was_selected_stays_selected_when_the_list_is_told_anew() {
    let mut screen = ToolsScreen::new(None, ToolChoices::default(), BTreeSet::new());
    assert!(text(&screen, USUAL).contains("asking the servers…"));
    for key in [ScreenKey::Enter, ScreenKey::Char('*'), ScreenKey::Up, ScreenKey::Down, ScreenKey::Last] {
        assert_eq!(screen.handle(&key, USUAL), None, "{key:?} of an empty list");
    }
    screen.listed(list());
    screen.handle(&ScreenKey::Last, USUAL);
    screen.handle(&ScreenKey::Up, USUAL);
    assert_eq!(screen.name_of(screen.selected).as_deref(), Some("files__write"));
    let mut fewer = list();
    fewer.tools.remove(0);
    screen.listed(fewer);
    assert_eq!(screen.name_of(screen.selected).as_deref(), Some("files__write"));
    screen.handle(&ScreenKey::First, USUAL);
    assert_eq!(screen.name_of(screen.selected).as_deref(), Some("get_weather"));
    screen.handle(&ScreenKey::PageUp, USUAL);
    assert_eq!(screen.name_of(screen.selected).as_deref(), Some("get_weather"));
}

#[test]
fn no_control_of_a_server_reaches_the_screen() {
    let screen = ToolsScreen::new(Some(list()), ToolChoices::default(), BTreeSet::new());
    for size in [(1, 1), (5, 3), (20, 5), (80, 24), (200, 60)] {
        let shown = text(&screen, size);
        assert!(!shown.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{shown:?}");
    }
}
