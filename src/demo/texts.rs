//! The demo's texts, kept in `assets/demo/`, and those made from them. Owns wording; refuses to decide which is said.

use std::fmt::Write as _;

use super::question::{Question, Said};
use super::rules::{Group, RULES};

pub const HELLO: &str = include_str!("../../assets/demo/hello.md");
pub const TOUR: &str = include_str!("../../assets/demo/tour.md");
pub const TOOLS: &str = include_str!("../../assets/demo/tools.md");
pub const CODE: &str = include_str!("../../assets/demo/code.md");
pub const TABLE: &str = include_str!("../../assets/demo/table.md");
pub const HINDI: &str = include_str!("../../assets/demo/hindi.md");
pub const EMOJI: &str = include_str!("../../assets/demo/emoji.md");
pub const MARKDOWN: &str = include_str!("../../assets/demo/markdown.md");
pub const SLOW: &str = include_str!("../../assets/demo/slow.md");
pub const PPF_ELSS: &str = include_str!("../../assets/demo/ppf-elss.md");
pub const GST: &str = include_str!("../../assets/demo/gst.md");
pub const TRAIN: &str = include_str!("../../assets/demo/train.md");
const HELP: &str = include_str!("../../assets/demo/help.md");
const FAILURES: &str = include_str!("../../assets/demo/failures.md");
const LONG: &str = include_str!("../../assets/demo/long.md");
const REASONING: &str = include_str!("../../assets/demo/reasoning.md");
const FAULTS: &str = include_str!("../../assets/demo/faults.md");

/// The most characters of a message that are said back.
const LONGEST_ECHO: usize = 4_000;
/// The most of the earlier messages that are listed, and of each of them the most characters.
const MOST_REMEMBERED: usize = 20;
const LONGEST_REMEMBERED: usize = 200;

/// What stands in a file under the line `=== name`; without a name, what stands before the first such line.
fn section(file: &'static str, name: &str) -> &'static str {
    let start = if name.is_empty() {
        0
    } else {
        let mark = format!("=== {name}\n");
        match file.find(&mark) {
            Some(at) => at + mark.len(),
            None => return "",
        }
    };
    let rest = &file[start..];
    rest.find("\n=== ").map_or(rest, |end| &rest[..end]).trim_end()
}

/// What is written before or after a failure.
pub fn fault(name: &str) -> &'static str {
    section(FAULTS, name)
}

/// The thoughts and the answer of `reasoning`.
pub fn reasoning() -> (&'static str, &'static str) {
    (section(REASONING, ""), section(REASONING, "answer"))
}

/// All that can be asked, from the table of rules.
pub fn help() -> String {
    HELP.replace("{{answers}}", &listed(Group::Answer)).replace("{{failures}}", &listed(Group::Failure))
}

/// The failures alone.
pub fn failures() -> String {
    FAILURES.replace("{{failures}}", &listed(Group::Failure))
}

fn listed(group: Group) -> String {
    let shown = RULES.iter().filter(|rule| rule.group == group && !rule.about.is_empty());
    shown.map(|rule| format!("- `{}`: {}", rule.shown(), rule.about)).collect::<Vec<_>>().join("\n")
}

/// The long text in about so many words: cut after a line, or begun again until it is enough.
pub fn long(words: usize) -> String {
    let mut text = String::new();
    let mut count = 0;
    let mut round = 1;
    while count < words {
        for line in LONG.lines() {
            if count >= words {
                break;
            }
            if round > 1 && line.starts_with("# ") {
                let _ = write!(text, "\n# The day after: day {round}\n");
                continue;
            }
            let next = line.split_whitespace().count();
            text.push_str(line);
            text.push('\n');
            count += next;
        }
        round += 1;
    }
    text
}

/// What the user said, as a quotation.
pub fn echo(said: &str) -> String {
    let shown: String = said.chars().take(LONGEST_ECHO).collect();
    let quoted: Vec<String> = shown.lines().map(|line| format!("> {line}")).collect();
    let characters = said.chars().count();
    let cut = if characters > LONGEST_ECHO {
        format!("These are the first {LONGEST_ECHO} of its {characters} characters. ")
    } else {
        String::new()
    };
    let words = said.split_whitespace().count();
    let words = if words == 1 { "One word, and it".to_owned() } else { format!("{words} words, and they") };
    format!(
        "You said:\n\n{}\n\n{cut}{words} went to a server on this computer and back. I am the demo, and know only a few answers: `help` lists them.",
        quoted.join("\n")
    )
}

/// What the user said before, from the messages that came with the request.
pub fn memory(question: &Question) -> String {
    let said: Vec<&Said> = question.messages.iter().filter(|message| message.role == "user").collect();
    let earlier = &said[..said.len().saturating_sub(1)];
    if earlier.is_empty() {
        return "Nothing yet: this is the first message of yours that reached me in this conversation.".to_owned();
    }
    let skipped = earlier.len().saturating_sub(MOST_REMEMBERED);
    let mut text = match earlier.len() {
        1 => "One message of yours came with this request:\n\n".to_owned(),
        count => format!("{count} messages of yours came with this request:\n\n"),
    };
    if skipped > 0 {
        let _ = write!(text, "(the first {skipped} are left out here)\n\n");
    }
    for (n, message) in earlier.iter().enumerate().skip(skipped) {
        let line: String = message.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown: String = line.chars().take(LONGEST_REMEMBERED).collect();
        let more = if shown.len() < line.len() { " …" } else { "" };
        let _ = writeln!(text, "{}. {shown}{more}", n + 1);
    }
    let replies = question.messages.iter().filter(|message| message.role == "assistant").count();
    let _ = write!(text, "\nWith them came {replies} of my replies");
    let system = question.messages.iter().any(|message| message.role == "system" || message.role == "developer");
    text.push_str(if system { ", and a system prompt." } else { ", and no system prompt." });
    text.push_str(" I keep nothing myself: a chat's memory is what its messages carry.");
    text
}

/// The rest of a reply that was broken off, if it is one of these texts.
pub fn rest(question: &Question) -> String {
    let last = question.messages.iter().rev().find(|message| message.role == "assistant");
    let begun = last.map_or("", |message| message.text.trim_end());
    let length = format!("{}\n{}", fault("length"), fault("length-rest"));
    let known = [TOUR, CODE, TABLE, HINDI, EMOJI, MARKDOWN, SLOW, PPF_ELSS, GST, TRAIN, LONG, HELLO, &length];
    let found = known.iter().filter(|_| !begun.is_empty()).find_map(|text| text.strip_prefix(begun));
    match found {
        Some(rest) if !rest.trim().is_empty() => rest.to_owned(),
        _ => "There is nothing to go on with: my last reply was whole, as far as I can tell.".to_owned(),
    }
}

/// What the thinking model thinks before an answer that has no thoughts of its own.
pub fn thoughts(question: &Question) -> String {
    let words = question.last().split_whitespace().count();
    format!(
        "The last message has {words} words, in a conversation of {} messages. I go by rules: first the exact requests, then the topics I know, and else I say back what was said. Let me see which of them fits.",
        question.messages.len()
    )
}
