//! `/cost`

use super::Command;

pub const COMMAND: Command = Command {
    name: "cost",
    aliases: &[],
    args: "",
    summary: "Say what this chat and today have cost.",
    run: |state, _| {
        let currency = state.preferences.settings.currency.clone();
        let chat = currency.show(&state.chat_spend());
        let today = currency.show(&state.today);
        let (input, output) = state.chat_tokens();
        state.note(format!(
            "This chat: **{chat}** ({input} tokens in, {output} out in the replies shown). Today: **{today}**, all chats and failed attempts included. \
             A dollar is counted as {}{}; prices are of {}.",
            currency.symbol,
            f64::from(u32::try_from(currency.rate.0 / 10_000).unwrap_or(u32::MAX)) / 100.0,
            state.catalogue().as_of
        ));
        Vec::new()
    },
};
