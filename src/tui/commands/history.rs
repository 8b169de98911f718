//! `/history`

use crate::chat::History;
use crate::chat::context::Strategy;
use crate::session::Change;
use crate::tui::context;
use crate::tui::state::AppState;

use super::Command;

pub const COMMAND: Command = Command {
    name: "history",
    aliases: &[],
    args: "[STRATEGY] [LIMITS] [PLACE]",
    summary: "Choose what is sent: full, truncate, summarise or retrieve, “20 messages”, “16k tokens”, everywhere or here; alone, say it.",
    run: |state, call| {
        if call.args.is_empty() {
            tell(state, "This chat's history", " `/history full`, `truncate`, `summarise` or `retrieve` changes it.");
            return Vec::new();
        }
        match parse(call.args, state.meta().history) {
            Ok(history) => {
                let effects = state.change(Change::History(history), call.at);
                tell(state, "From now on", "");
                if history.strategy == Strategy::Retrieve {
                    state.note(
                        "Each message is embedded once, in the background, by the chat's own provider where it can; \
                         `/cost` shows what that costs.",
                    );
                }
                effects
            }
            Err(complaint) => {
                state.complain(complaint);
                Vec::new()
            }
        }
    },
};

/// Says what this chat sends.
fn tell(state: &mut AppState, head: &str, tail: &str) {
    let session = state.session();
    let name = session.conversation().meta.history.strategy.as_str();
    let search = context::search(session).map(|by| format!(" Search: {by}.")).unwrap_or_default();
    state.note(format!("{head}: **{name}**. {}{search} `/context` lists it.{tail}", context::strategy(session)));
}

/// What `text` makes of a choice; what it does not name stays.
fn parse(text: &str, now: History) -> Result<History, String> {
    let mut history = now;
    let (mut strategy, mut is_limited, mut place) = (None, false, None);
    let mut words = text.split_whitespace().map(|word| word.trim_end_matches(',').to_lowercase());
    while let Some(word) = words.next() {
        if let Some(named) = Strategy::parse(&word) {
            if strategy.replace(named).is_some_and(|before| before != named) {
                return Err("/history takes one strategy: full, truncate, summarise or retrieve.".to_owned());
            }
        } else if word == "everywhere" || word == "here" {
            place = Some(word == "everywhere");
        } else if let Some(count) = number(&word) {
            limit(&mut history, &word, count, words.next().as_deref())?;
            is_limited = true;
        } else {
            return Err(format!(
                "/history has no use for “{word}”. It takes full, truncate, summarise or retrieve, then, where you \
                 like, “20 messages”, “16k tokens” (or “all messages”, “all tokens”), and for retrieve everywhere or here."
            ));
        }
    }
    history.strategy = strategy.unwrap_or(history.strategy);
    if is_limited && history.strategy == Strategy::Full {
        return Err(
            "full sends everything, so it takes no number of messages or tokens. /history truncate does.".into()
        );
    }
    if place.is_some() && history.strategy != Strategy::Retrieve {
        return Err("everywhere and here say where to search, which only retrieve does: /history retrieve everywhere."
            .to_owned());
    }
    // Other chats are only looked in where that is said with the strategy: it is more than one may remember to have asked.
    history.everywhere = place.unwrap_or(history.everywhere && strategy.is_none());
    Ok(history)
}

/// Sets the limit that a number and its unit mean; no number means no limit.
fn limit(history: &mut History, word: &str, count: Option<u64>, unit: Option<&str>) -> Result<(), String> {
    if count == Some(0) {
        return Err("The question itself is always sent, so a limit is at least 1.".to_owned());
    }
    match unit {
        Some("message" | "messages") => {
            let most = count.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            history.max_messages = most;
        }
        Some("token" | "tokens") => history.max_tokens = count,
        _ => return Err(format!("{word} of what? Write “{word} messages” or “{word} tokens”.")),
    }
    Ok(())
}

/// `20`, `16,000`, `16k`; `Some(None)` for all. `None`: no number.
#[expect(clippy::option_option, reason = "no number, and a number without limit, are told apart")]
fn number(word: &str) -> Option<Option<u64>> {
    if word == "all" {
        return Some(None);
    }
    let digits = word.replace([',', '_'], "");
    let (digits, unit) = digits.strip_suffix('k').map_or((digits.as_str(), 1), |digits| (digits, 1_000));
    Some(Some(digits.parse::<u64>().ok()?.checked_mul(unit)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<History, String> {
        parse(text, History { max_messages: Some(7), ..History::default() })
    }

    #[test]
    fn what_is_named_is_set_and_the_rest_stays() {
        let set = |text| parsed(text).unwrap();
        assert_eq!(set("summarize").strategy, Strategy::Summarise);
        assert_eq!(set("summarise").max_messages, Some(7));
        let both = set("truncate 20 messages, 16k tokens");
        assert_eq!((both.max_messages, both.max_tokens), (Some(20), Some(16_000)));
        assert_eq!(set("1,000 tokens").max_tokens, Some(1_000));
        assert_eq!(set("ALL messages").max_messages, None);
        let found = set("retrieve everywhere");
        assert!(found.everywhere && found.strategy == Strategy::Retrieve);
        assert!(!parse("here", found).unwrap().everywhere);
        assert!(parse("5 messages", found).unwrap().everywhere);
        assert!(!parse("retrieve", found).unwrap().everywhere, "other chats are not looked in unasked");
    }

    #[test]
    fn what_makes_no_sense_is_said_with_what_would() {
        let complaint = |text| parsed(text).unwrap_err();
        assert!(complaint("half").contains("no use for “half”. It takes full, truncate, summarise or retrieve"));
        assert_eq!(complaint("20"), "20 of what? Write “20 messages” or “20 tokens”.");
        assert_eq!(complaint("20 words"), "20 of what? Write “20 messages” or “20 tokens”.");
        assert!(complaint("0 messages").contains("at least 1"));
        assert!(complaint("full 20 messages").contains("full sends everything"));
        assert!(complaint("everywhere").contains("/history retrieve everywhere"));
        assert!(complaint("full retrieve").contains("takes one strategy"));
        assert!(complaint("99999999999999999999999 tokens").contains("no use for"));
    }
}
