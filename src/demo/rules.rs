//! The rules: which message gets which answer. Owns the one table that both the matching and the `help` text are made
//! from; refuses chance, memory and the wire: the same messages always get the same ruling.

use super::answer::{Answer, Ending, Refusal};
use super::question::Question;
use super::{json, results, summary, texts, tools};

/// What is to be done with a question, before it is known how often it was asked.
#[derive(Debug)]
pub enum Ruling {
    Answer(Answer),
    /// Refused until then, and answered after that.
    Refuse(Refusal, Until, Answer),
    Silence,
}

/// How long a refusal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Never,
    /// So many attempts are refused.
    Attempts(u32),
    /// Until the question comes with another key.
    AnotherKey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Answer,
    Failure,
}

/// What may follow a rule's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Number,
    Rest,
}

/// One row: the words that call it, what `help` says of it, and what it does with what followed the words.
pub struct Rule {
    names: &'static [&'static str],
    takes: Takes,
    /// Empty: not listed.
    pub about: &'static str,
    pub group: Group,
    run: fn(&Question, &str) -> Ruling,
}

impl Rule {
    const fn new(names: &'static [&'static str], about: &'static str, run: fn(&Question, &str) -> Ruling) -> Self {
        Self { names, takes: Takes::Nothing, about, group: Group::Answer, run }
    }
    const fn failure(names: &'static [&'static str], about: &'static str, run: fn(&Question, &str) -> Ruling) -> Self {
        Self { group: Group::Failure, ..Self::new(names, about, run) }
    }
    const fn takes(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }
    /// How `help` writes it.
    pub fn shown(&self) -> String {
        let name = self.names.first().copied().unwrap_or_default();
        match self.takes {
            Takes::Number => format!("{name} N"),
            Takes::Rest if name == "echo" => "echo …".to_owned(),
            _ => name.to_owned(),
        }
    }
}

/// Every rule, in the order of `help`.
pub const RULES: &[Rule] = &[
    Rule::new(&["help", "demo", "menu", "what can you do", "?"], "this list", |_, _| say(texts::help())),
    Rule::new(
        &[
            "hello",
            "hi",
            "hey",
            "namaste",
            "नमस्ते",
            "good morning",
            "good evening",
            "who are you",
            "what are you",
            "what is this",
            "what is munshi",
        ],
        "who I am",
        |_, _| say(texts::HELLO),
    ),
    Rule::new(&["tour", "show me munshi", "how does this work"], "two minutes through munshi, by doing", |_, _| {
        say(texts::TOUR)
    }),
    Rule::new(&["tools", "json"], "how to try tools, and answers in JSON", |_, _| say(texts::TOOLS)),
    Rule::new(&["code", "rust", "python"], "Rust, Python and shell, highlighted", |_, _| say(texts::CODE)),
    Rule::new(&["table", "budget"], "a household's month", |_, _| say(texts::TABLE)),
    Rule::new(&["hindi", "हिन्दी", "हिंदी"], "हिन्दी में एक उत्तर", |_, _| say(texts::HINDI)),
    Rule::new(&["markdown", "everything"], "every kind of block there is", |_, _| say(texts::MARKDOWN)),
    Rule::new(&["emoji"], "emoji, and other wide things", |_, _| say(texts::EMOJI)),
    Rule::new(&["reasoning", "think"], "thoughts first, then the answer", |_, _| think()),
    Rule::new(&["long"], "a long story, of N words if you say how many (2,000)", |_, n| {
        let words = n.split_whitespace().next().map(plain).and_then(|n| n.parse().ok()).unwrap_or(2_000);
        say(texts::long(words.clamp(1, LONGEST)))
    })
    .takes(Takes::Number),
    Rule::new(&["slow"], "at an eighth of the pace", |_, _| {
        Ruling::Answer(Answer { percent: 12, ..Answer::new(texts::SLOW) })
    }),
    Rule::new(&["low"], "a reply that says the rate limit is nearly used up", |_, _| {
        let text = "With this reply came headers that say 4% of the requests and 2% of the tokens of this minute are left. `/status` shows them.";
        Ruling::Answer(Answer { low: true, ..Answer::new(text) })
    }),
    Rule::new(&["echo", "say"], "your own words", |_, rest| say(texts::echo(rest))).takes(Takes::Rest),
    Rule::new(
        &["what did i say", "what have i said", "what did i say before"],
        "which messages came with this one",
        |question, _| say(texts::memory(question)),
    ),
    Rule::new(&["continue", "go on"], "the rest of a reply that was broken off", |question, _| {
        say(texts::rest(question))
    })
    .takes(Takes::Rest),
    Rule::failure(&["fail key", "fail auth", "fail 401"], "401, until it is asked with another key", |_, _| {
        refuse(Refusal::bad_key(), Until::AnotherKey, "key")
    }),
    Rule::failure(&["fail rate", "fail 429"], "429 once, with `Retry-After: 3`", |_, _| {
        refuse(Refusal::rate_limited(), Until::Attempts(1), "rate")
    }),
    Rule::failure(&["fail quota"], "429, but for money: waiting does not help", |_, _| {
        refuse(Refusal::quota(), Until::Never, "")
    }),
    Rule::failure(&["fail server", "fail 503"], "503 twice, then an answer", |_, _| {
        refuse(Refusal::overloaded(), Until::Attempts(2), "server")
    }),
    Rule::failure(&["fail down"], "503, always", |_, _| refuse(Refusal::overloaded(), Until::Never, "")),
    Rule::failure(&["fail context"], "400, too many tokens", |question, _| {
        let most = question.model.context;
        refuse(Refusal::context(most, most + 4_321), Until::Never, "")
    }),
    Rule::failure(&["fail model", "fail 404"], "404, no such model", |_, _| {
        refuse(Refusal::unknown_model("demo-retired"), Until::Never, "")
    }),
    Rule::failure(&["fail forbidden", "fail 403"], "403, not for this account", |_, _| {
        refuse(Refusal::forbidden(), Until::Never, "")
    }),
    Rule::failure(&["fail silence"], "the request is taken, and no answer begins", |_, _| Ruling::Silence),
    Rule::failure(&["fail stall"], "some text, and then nothing more", |_, _| end("stall", Ending::Stalled)),
    Rule::failure(&["fail cut"], "the connection ends in the middle", |_, _| end("cut", Ending::Cut)),
    Rule::failure(&["fail error"], "an error object inside the stream", |_, _| end("error", Ending::Reported)),
    Rule::failure(&["fail json"], "a line that is no JSON", |_, _| end("json", Ending::Malformed)),
    Rule::failure(&["fail length"], "ends at the limit of tokens; `continue` has the rest", |_, _| {
        end("length", Ending::Finished("length"))
    }),
    Rule::failure(&["fail filter"], "stopped by a content filter", |_, _| {
        end("filter", Ending::Finished("content_filter"))
    }),
    Rule::failure(&["fail", "failures", "errors"], "", |_, _| say(texts::failures())).takes(Takes::Rest),
];

/// The most words of `long`.
const LONGEST: usize = 50_000;

/// Words that change nothing about what is asked for.
const FILLERS: &[&str] =
    &["show", "me", "give", "write", "some", "a", "an", "the", "please", "can", "you", "i", "want", "to", "see"];

/// The ruling on a question.
pub fn rule(question: &Question) -> Ruling {
    let mut ruling = rule_plainly(question);
    if let Ruling::Answer(answer) = &mut ruling
        && question.model.reasons
        && answer.reasoning.is_empty()
    {
        answer.reasoning = texts::thoughts(question);
    }
    ruling
}

fn rule_plainly(question: &Question) -> Ruling {
    if let Some(summary) = summary::asked(question) {
        return say(summary);
    }
    let said = question.last();
    if said.is_empty() && !json::is_wanted(question) {
        return say(texts::HELLO);
    }
    let words: Vec<String> = said.split_whitespace().map(plain).collect();
    // Where JSON is wanted, a text that only begins with such a word is a text.
    let fails = |rule: &Rule| rule.group == Group::Failure && !(rule.about.is_empty() && json::is_wanted(question));
    if let Some((rule, used)) = find(&words).filter(|(rule, _)| fails(rule)) {
        return (rule.run)(question, after(said, used));
    }
    if let Some(asking) = tools::reply(question) {
        return Ruling::Answer(asking);
    }
    let spoken = || results::answer(question).map_or_else(|| in_words(question, said, &words), say);
    if !json::is_wanted(question) {
        return spoken();
    }
    say(json::answer(question, || match spoken() {
        Ruling::Answer(answer) => answer.text,
        Ruling::Refuse(..) | Ruling::Silence => String::new(),
    }))
}

/// The answer of the table, of a topic, or the message itself.
fn in_words(question: &Question, said: &str, words: &[String]) -> Ruling {
    if let Some((rule, used)) = find(words) {
        return (rule.run)(question, after(said, used));
    }
    let telling: Vec<String> = words.iter().filter(|word| !FILLERS.contains(&word.as_str())).cloned().collect();
    if let Some((rule, used)) = find(&telling) {
        return (rule.run)(question, &telling[used..].join(" "));
    }
    topic(words).unwrap_or_else(|| say(tools::hint(question).unwrap_or_else(|| texts::echo(said))))
}

/// A word in lower case without the punctuation around it; a lone `?` stays.
fn plain(word: &str) -> String {
    let lower = word.to_lowercase();
    let bare = lower.trim_matches(|c: char| c.is_ascii_punctuation() || matches!(c, '।' | '…' | '“' | '”' | '’'));
    if bare.is_empty() { lower } else { bare.to_owned() }
}

/// The rule that these words call, and how many of them are its name.
fn find(words: &[String]) -> Option<(&'static Rule, usize)> {
    RULES.iter().find_map(|rule| {
        rule.names.iter().find_map(|name| {
            let count = name.split(' ').count();
            let called = words.len() >= count && name.split(' ').zip(words).all(|(name, word)| name == word);
            (called && fits(rule.takes, &words[count..])).then_some((rule, count))
        })
    })
}

fn fits(takes: Takes, rest: &[String]) -> bool {
    match takes {
        Takes::Nothing => rest.is_empty(),
        Takes::Number => match rest {
            [] => true,
            [number] => number.parse::<usize>().is_ok(),
            [number, unit] => number.parse::<usize>().is_ok() && unit == "words",
            _ => false,
        },
        Takes::Rest => true,
    }
}

/// The text after its first `count` words, as it was written.
fn after(text: &str, count: usize) -> &str {
    let mut rest = text.trim_start();
    for _ in 0..count {
        rest = rest.find(char::is_whitespace).map_or("", |end| rest[end..].trim_start());
    }
    rest
}

/// An answer on one of the few topics that the demo knows.
fn topic(words: &[String]) -> Option<Ruling> {
    let has = |word: &str| words.iter().any(|said| said == word);
    let text = if has("ppf") && has("elss") {
        texts::PPF_ELSS
    } else if has("gst") {
        texts::GST
    } else if has("tatkal") || has("irctc") || has("train") && (has("ticket") || has("tickets") || has("berth")) {
        texts::TRAIN
    } else {
        return None;
    };
    Some(say(text))
}

fn say(text: impl Into<String>) -> Ruling {
    Ruling::Answer(Answer::new(text))
}

fn end(fault: &str, ending: Ending) -> Ruling {
    Ruling::Answer(Answer::ends(texts::fault(fault), ending))
}

fn refuse(refusal: Refusal, until: Until, then: &str) -> Ruling {
    Ruling::Refuse(refusal, until, Answer::new(texts::fault(then)))
}

fn think() -> Ruling {
    let (thoughts, text) = texts::reasoning();
    Ruling::Answer(Answer { reasoning: thoughts.to_owned(), ..Answer::new(text) })
}
