//! `/tools`

use crate::chat::{ToolChoice, ToolChoices};
use crate::tui::update::approval;
use crate::tui::update::tools::{self, Wanted};

use super::Command;

pub const COMMAND: Command = Command {
    name: "tools",
    aliases: &[],
    args: "[on|off [NAME] | choice auto|none|required|NAME | review | forget NAME]",
    summary: "List the tools; switch one, a server's or all of them for this chat, say whether the model must call one, look at the call that asks to run, or take back what you allowed of a tool.",
    run: |state, call| {
        let words: Vec<&str> = call.args.split_whitespace().collect();
        match words[..] {
            [] => tools::open(state),
            ["review"] => {
                approval::open(state, call.at);
                Vec::new()
            }
            ["forget", name] => tools::forget(state, name),
            [switch @ ("on" | "off")] => {
                state.toast(format!("All tools are {switch} in this chat."), call.at);
                tools::switch(state, ToolChoices::ALL, switch == "on", call.at)
            }
            [switch @ ("on" | "off"), name] => {
                tools::want(state, Wanted::Switch { name: name.to_owned(), on: switch == "on" })
            }
            ["choice", word] => match ToolChoice::parse(word) {
                Some(ToolChoice::Named(name)) => tools::want(state, Wanted::Choose(name)),
                Some(choice) => {
                    state.toast(format!("The choice of tools is {word} from now on."), call.at);
                    tools::choose(state, choice, call.at)
                }
                None => {
                    state.complain(format!("{word} is no choice: write auto, none, required or the name of a tool."));
                    Vec::new()
                }
            },
            ["choice"] => {
                let choice = state.meta().tools.choice.as_str().to_owned();
                state.note(format!("The choice of tools is **{choice}**. `/tools choice auto`, `none`, `required` or a name changes it."));
                Vec::new()
            }
            _ => {
                state.complain(format!(
                    "/tools has no use for “{}”. It takes on or off (and a name), choice auto, none, required or a name, review, or forget and a name.",
                    call.args
                ));
                Vec::new()
            }
        }
    },
};
