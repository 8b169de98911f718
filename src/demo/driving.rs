//! Calls by name: `call NAME {json}`, `keep calling NAME`, `call NAME badly`. Owns this little language, with which any
//! tool can be driven, and driven wrongly; refuses to look whether the arguments are right.

/// What a message orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub calls: Vec<Ordered>,
    /// Again after each result, for ever; where several tools are named, one after the other.
    pub keeps: bool,
}

/// One call that is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    pub name: String,
    pub arguments: Arguments,
    /// How often in one reply.
    pub times: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arguments {
    /// As they stand in the message.
    Verbatim(String),
    /// That are no JSON.
    Broken,
    /// Such as the tool's schema wants.
    Fitting,
}

/// The most calls of one tool in one reply.
const MOST_TIMES: usize = 100;

/// The order of a message, if it is one. A name without arguments must be one that `is_offered`, since "call" is
/// a word of every day.
pub fn order(said: &str, is_offered: impl Fn(&str) -> bool) -> Option<Order> {
    let text = said.trim().trim_start_matches("please ").trim_start_matches("Please ");
    let (keeps, mut rest) = if let Some(rest) = after_words(text, &["keep", "calling"]) {
        (true, rest)
    } else {
        (false, after_words(text, &["call"]).or_else(|| after_words(text, &["use"]))?)
    };
    let mut calls = Vec::new();
    loop {
        let (one, after) = ordered(rest)?;
        if one.arguments == Arguments::Fitting && !is_offered(&one.name) {
            return None;
        }
        calls.push(one);
        let after = after.trim_start_matches([',', '.', '!', ' ']);
        match after_words(after, &["and"]) {
            Some(more) => rest = more,
            None => return after.is_empty().then_some(Order { calls, keeps }),
        }
    }
}

/// What follows these words, in whatever case.
fn after_words<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    words.iter().try_fold(text.trim_start(), |rest, word| {
        let (first, after) = rest.split_at_checked(word.len())?;
        (first.eq_ignore_ascii_case(word) && after.starts_with(char::is_whitespace)).then(|| after.trim_start())
    })
}

fn ordered(text: &str) -> Option<(Ordered, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let text = text.trim_start_matches('`');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let name = text[..end].to_owned();
    if name.is_empty() {
        return None;
    }
    let rest = text[end..].trim_start_matches('`').trim_start();
    let rest = after_words(rest, &["with"]).unwrap_or(rest);
    let (arguments, rest) = if rest.starts_with(['{', '[', '"']) {
        let (written, rest) = written(rest);
        (Arguments::Verbatim(written.to_owned()), rest)
    } else if let Some(rest) = word(rest, "badly") {
        (Arguments::Broken, rest)
    } else {
        (Arguments::Fitting, rest)
    };
    let (times, rest) = times(rest.trim_start());
    Some((Ordered { name, arguments, times }, rest))
}

/// The arguments at the beginning of a text: one JSON value, else all up to the last bracket, else all.
fn written(text: &str) -> (&str, &str) {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    let whole = matches!(values.next(), Some(Ok(_))).then(|| values.byte_offset());
    text.split_at(whole.or_else(|| text.rfind(['}', ']']).map(|at| at + 1)).unwrap_or(text.len()))
}

/// What follows one word that may be the last.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (first, after) = text.split_at_checked(word.len())?;
    (first.eq_ignore_ascii_case(word) && !after.starts_with(char::is_alphanumeric)).then_some(after)
}

fn times(text: &str) -> (usize, &str) {
    if let Some(rest) = word(text, "twice") {
        return (2, rest);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    match (text[..end].parse::<usize>(), word(text[end..].trim_start(), "times")) {
        (Ok(times), Some(rest)) => (times.clamp(1, MOST_TIMES), rest),
        _ => (1, text),
    }
}
