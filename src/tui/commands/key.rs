//! `/key`

use super::Command;

pub const COMMAND: Command = Command {
    name: "key",
    aliases: &[],
    args: "[PROVIDER]",
    summary: "Set the key of a provider; it is asked for, and hidden as it is typed.",
    run: |state, call| {
        let provider = if call.args.is_empty() { state.meta().model.provider.clone() } else { call.args.to_owned() };
        if state.catalogue().providers.contains_key(&provider) {
            state.ask_key(provider);
        } else {
            // What was typed may be the key itself: it is not said back.
            state.complain(
                "/key takes the name of a provider, such as openai or groq, not the key; the key is asked for then.",
            );
        }
        Vec::new()
    },
};
