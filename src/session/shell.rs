//! The chat's sentences for someone who has no chat before them: what they say of its commands is left out.

/// Commands of the chat that its sentences name.
const COMMANDS: &[&str] =
    &["/key", "/retry", "/model", "/new", "/history", "/summarise", "/budget", "/context", "/max-tokens", "/tools"];

/// `text` without the advice that only the chat can follow; whole where nothing else would be left.
#[must_use]
pub fn for_the_shell(text: &str) -> String {
    let kept: Vec<String> =
        text.split_inclusive(". ").filter_map(|sentence| without_advice(sentence.trim_end())).collect();
    if kept.is_empty() { text.to_owned() } else { kept.join(" ") }
}

/// A sentence without its clauses that name a command; `None` where all do.
fn without_advice(sentence: &str) -> Option<String> {
    let names_one = |clause: &&str| {
        let mut words = clause.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | '.' | '`'));
        words.any(|word| COMMANDS.contains(&word))
    };
    let clauses: Vec<&str> = sentence.split(", ").collect();
    if !clauses.iter().any(names_one) {
        return Some(sentence.to_owned());
    }
    let kept: Vec<&str> = clauses.into_iter().filter(|clause| !names_one(clause)).collect();
    // An alternative to what was left out is none by itself.
    if kept.first().is_none_or(|first| first.starts_with("or ")) {
        return None;
    }
    let mut out = kept.join(", ").trim_end_matches('.').to_owned();
    let open = out.matches('(').count().saturating_sub(out.matches(')').count());
    out.push_str(&")".repeat(open));
    out.push('.');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_chat_can_do_is_left_out() {
        for (said, told) in [
            (
                "openai has no key that can be sent (no key for OpenAI: set OPENAI_API_KEY, or enter it with /key). Set one with /key, then /retry.",
                "openai has no key that can be sent (no key for OpenAI: set OPENAI_API_KEY).",
            ),
            (
                "No connection to openai (refused). Check that it is running and reachable, then /retry.",
                "No connection to openai (refused). Check that it is running and reachable.",
            ),
            (
                "openai has a fault of its own (503). Try /retry in a while, or another model with /model.",
                "openai has a fault of its own (503).",
            ),
            (
                "The key file /home/me/keys.toml is open to others.",
                "The key file /home/me/keys.toml is open to others.",
            ),
            (
                "Incomplete: nothing came for 60 s. /retry asks again, or send “continue”.",
                "Incomplete: nothing came for 60 s.",
            ),
            ("Use /model.", "Use /model."),
        ] {
            assert_eq!(for_the_shell(said), told);
        }
    }
}
