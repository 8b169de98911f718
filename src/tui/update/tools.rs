//! The tools of the chat in front: listed, switched, and chosen from.

use crate::chat::tool::{ListedServer, ToolList};
use crate::chat::words::nearest;
use crate::chat::{ConversationId, Stamp, ToolChoice, ToolChoices};
use crate::session::{Change, Happened};
use crate::tui::effect::TuiEffect;
use crate::tui::screens::ScreenKey;
use crate::tui::screens::tools::{Intent, ToolsScreen};
use crate::tui::state::{AppState, Overlay};

/// What waits for the list of tools, since it names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Switch { name: String, on: bool },
    Choose(String),
}

/// What is known of tools.
#[derive(Debug, Default)]
pub struct Known {
    /// As it was told last.
    pub list: Option<ToolList>,
    /// What was asked for meanwhile, and in which chat.
    wanted: Vec<(ConversationId, Wanted)>,
}

/// Opens the list, or closes it where it is open.
pub(in crate::tui) fn open(state: &mut AppState) -> Vec<TuiEffect> {
    let screen =
        ToolsScreen::new(state.tools.list.clone(), state.meta().tools.clone(), state.session().allowed().clone());
    state.overlay = Some(Overlay::Tools(screen));
    vec![TuiEffect::ListTools]
}

/// Has the tools told while the first message is written, so that its price is right.
pub(super) fn warm(state: &mut AppState) -> Vec<TuiEffect> {
    if !state.session().wants_tools() || !state.holds_message() {
        return Vec::new();
    }
    let at = state.now;
    state.tell_session(Happened::ToolsWanted, at)
}

/// Takes back what the user allowed of a tool: in the open chats at once, for good where it is kept.
pub(in crate::tui) fn forget(state: &mut AppState, name: &str) -> Vec<TuiEffect> {
    let mut was_here = false;
    for chat in state.chats.values_mut() {
        was_here |= chat.session.forget_tool(name);
    }
    vec![TuiEffect::ForgetTool { name: name.to_owned(), was_here }]
}

/// Says what became of it; `was_here`: it was allowed in an open chat, which is taken back already.
pub(super) fn forgotten(
    state: &mut AppState,
    name: &str,
    was_here: bool,
    result: Result<(), String>,
) -> Vec<TuiEffect> {
    match result {
        Err(_) if was_here => state.note(format!("`{name}` asks again before it runs.")),
        Ok(()) => state.note(format!("`{name}` asks again before it runs.")),
        Err(why) => state.complain(why),
    }
    Vec::new()
}

/// Switches one tool, one server or all of them in the chat in front.
pub(in crate::tui) fn switch(state: &mut AppState, name: &str, on: bool, at: Stamp) -> Vec<TuiEffect> {
    let mut choices = state.meta().tools.clone();
    choices.switch(name, on);
    state.change(Change::Tools(choices), at)
}

/// Sets whether the model must use tools.
pub(in crate::tui) fn choose(state: &mut AppState, choice: ToolChoice, at: Stamp) -> Vec<TuiEffect> {
    let choices = ToolChoices { choice, ..state.meta().tools.clone() };
    state.change(Change::Tools(choices), at)
}

/// Does what names a tool as soon as it is known which there are.
pub(in crate::tui) fn want(state: &mut AppState, wanted: Wanted) -> Vec<TuiEffect> {
    let chat = state.current;
    state.tools.wanted.push((chat, wanted));
    vec![TuiEffect::ListTools]
}

/// Takes in all tools there are, and does what waited for them.
pub(super) fn listed(state: &mut AppState, list: ToolList) -> Vec<TuiEffect> {
    if let Some(Overlay::Tools(screen)) = &mut state.overlay {
        screen.listed(list.clone());
        screen.resize(state.size);
    }
    let mut effects = Vec::new();
    for (chat, wanted) in std::mem::take(&mut state.tools.wanted) {
        effects.extend(fulfil(state, chat, &wanted, &list));
    }
    state.tools.list = Some(list);
    effects
}

fn fulfil(state: &mut AppState, chat: ConversationId, wanted: &Wanted, list: &ToolList) -> Vec<TuiEffect> {
    let at = state.now;
    let Some(session) = state.chats.get(&chat).map(|chat| &chat.session) else { return Vec::new() };
    let mut choices = session.conversation().meta.tools.clone();
    let named = match wanted {
        Wanted::Switch { name, .. } | Wanted::Choose(name) => name.clone(),
    };
    let tool = list.tools.iter().find(|listed| listed.tool.spec.name == named);
    let said = match wanted {
        Wanted::Switch { on, .. } => {
            // What a server has that was never started is not known; its tools are called after it.
            let is_of = |server: &ListedServer| {
                let is_its = named.strip_prefix(&server.name).is_some_and(|rest| rest.starts_with("__"));
                server.name == named || (is_its && server.trouble.is_some())
            };
            if tool.is_none() && !list.servers.iter().any(is_of) {
                state.complain(unknown(&named, list));
                return Vec::new();
            }
            choices.switch(&named, *on);
            format!("{named} is {} in this chat.", if *on { "on" } else { "off" })
        }
        Wanted::Choose(_) => {
            let Some(tool) = tool else {
                state.complain(unknown(&named, list));
                return Vec::new();
            };
            if !choices.is_on(&tool.tool) {
                state.complain(format!("{named} is off in this chat; /tools on {named} switches it on."));
                return Vec::new();
            }
            choices.choice = ToolChoice::Named(named.clone());
            format!("The model must call {named} from now on; /tools choice auto ends that.")
        }
    };
    state.toast(said, at);
    state.tell(chat, Happened::Changed(Change::Tools(choices)), at)
}

/// That there is no such tool, and which one was meant.
fn unknown(name: &str, list: &ToolList) -> String {
    let tools = list.tools.iter().map(|listed| listed.tool.spec.name.as_str());
    let known = tools.chain(list.servers.iter().map(|server| server.name.as_str()));
    match nearest(name, known) {
        Some(nearest) => format!("There is no tool {name}; did you mean {nearest}?"),
        None => format!("There is no tool {name}; /tools lists them all."),
    }
}

/// Lets an open list show what the chat decided.
pub(super) fn refresh(state: &mut AppState) {
    let Some(choices) = state.chats.get(&state.current).map(|chat| &chat.session.conversation().meta.tools) else {
        return;
    };
    if let Some(Overlay::Tools(screen)) = &mut state.overlay {
        screen.set_choices(choices);
    }
}

/// Hands a key to the list, and does what it asks for.
pub(super) fn pass(state: &mut AppState, key: &ScreenKey, at: Stamp) -> Vec<TuiEffect> {
    let size = state.size;
    let Some(Overlay::Tools(screen)) = &mut state.overlay else { return Vec::new() };
    match screen.handle(key, size) {
        None => Vec::new(),
        Some(Intent::Close) => {
            state.overlay = None;
            Vec::new()
        }
        Some(Intent::Switch { name, on }) => switch(state, &name, on, at),
    }
}
