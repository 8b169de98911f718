//! That a tool asks to run, in the words of the bar above the input box and of the status bar. Takes no key.

use super::keymap::{Action, Keymap};
use super::state::AppState;

/// What the bar says; `None` while no call waits for the user's word.
#[must_use]
pub fn words(state: &AppState) -> Option<String> {
    let mut waiting = state.session().approvals();
    let (_, first) = waiting.next()?;
    Some(said(&first.tool, waiting.count(), &key(&state.keymap)))
}

/// The key that looks at it, or the command where the user took all keys away.
#[must_use]
pub fn key(keymap: &Keymap) -> String {
    keymap.key_of(Action::Review).unwrap_or_else(|| "/tools review".to_owned())
}

fn said(tool: &str, more: usize, key: &str) -> String {
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if more.is_empty() { "asks" } else { "ask" };
    // The key comes first: on a narrow screen the end is cut.
    format!("{key} looks: {tool}{more} {verb} to run")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn the_bar_names_the_tool_and_the_key_or_the_command_in_its_place() {
        let keymap = Keymap::builtin();
        assert_eq!(said("get_weather", 0, &key(&keymap)), "F5 looks: get_weather asks to run");
        let none = Keymap::with_overrides(&BTreeMap::from([("review".to_owned(), Vec::new())])).unwrap();
        assert_eq!(said("get_weather", 2, &key(&none)), "/tools review looks: get_weather and 2 more ask to run");
    }
}
