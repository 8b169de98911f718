//! A conversation as a file: Markdown to read, JSON to work with. Raw text, as it was said.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::chat::{Conversation, ConversationMeta, Currency, Message, Role, Status};
use crate::session::shape::ASKED_BY_MUNSHI;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Markdown,
    Json,
}

impl Format {
    /// Reads a format's name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "markdown" | "md" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The format that a file's name asks for.
    #[must_use]
    pub fn of_file(name: &str) -> Self {
        let is_json = std::path::Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        if is_json { Self::Json } else { Self::Markdown }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Json => "json",
        }
    }
}

/// A file name made from the title: letters and digits of any script, nothing a shell or a disk minds.
#[must_use]
pub fn file_name(meta: &ConversationMeta, format: Format) -> String {
    let mut stem = String::new();
    for c in meta.title.chars().take(50) {
        if c.is_alphanumeric() || is_mark(c) {
            stem.extend(c.to_lowercase());
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    let stem = stem.trim_end_matches('-');
    let stem = if stem.is_empty() { "conversation" } else { stem };
    format!("{stem}.{}", format.ending())
}

/// Vowel signs and the like, without which Indian scripts fall apart.
fn is_mark(c: char) -> bool {
    ('\u{900}'..='\u{dff}').contains(&c) && !c.is_ascii_punctuation() && !matches!(c, '\u{964}' | '\u{965}')
}

/// The whole shown conversation.
#[must_use]
pub fn render(conversation: &Conversation, format: Format, currency: &Currency, zone: &TimeZone) -> String {
    match format {
        Format::Markdown => markdown(conversation, currency, zone),
        Format::Json => json(conversation),
    }
}

fn markdown(conversation: &Conversation, currency: &Currency, zone: &TimeZone) -> String {
    let meta = &conversation.meta;
    let title = if meta.title.is_empty() { "Conversation" } else { &meta.title };
    let mut out = format!("# {title}\n\n");
    if !meta.system.trim().is_empty() {
        let _ = write!(out, "> **System:** {}\n\n", meta.system.trim().replace('\n', "\n> "));
    }
    for (at, message) in conversation.path().enumerate() {
        let _ = write!(out, "## {} · {}\n\n", speaker(conversation, at, message), moment(message.created_ms, zone));
        if let Some(call) = conversation.call_of(at) {
            let _ = write!(out, "{}\n\n", fenced(&call.arguments, "json"));
        }
        let text = message.content.trim_end();
        match message.role {
            // What a tool gave is shown as it came, whatever marks stand in it.
            Role::Tool => drop(write!(out, "{}\n\n", fenced(text, ""))),
            _ if text.is_empty() => {}
            _ => drop(write!(out, "{text}\n\n")),
        }
        if let Some(line) = bill(message, currency) {
            let _ = write!(out, "*{line}*\n\n");
        }
    }
    out
}

/// A code block, whose fence is longer than any that stands in it.
fn fenced(text: &str, language: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{text}\n{fence}")
}

fn speaker(conversation: &Conversation, at: usize, message: &Message) -> String {
    match message.role {
        Role::User if message.note.as_deref() == Some(ASKED_BY_MUNSHI) => "munshi".to_owned(),
        Role::User => "You".to_owned(),
        Role::Assistant => message.model.as_ref().map_or_else(|| "Assistant".to_owned(), ToString::to_string),
        Role::System => "System".to_owned(),
        Role::Tool => {
            let name = conversation.call_of(at).map_or("Tool", |call| call.name.as_str());
            let origin = message.origin.as_ref().map(|origin| format!(" ({origin})")).unwrap_or_default();
            format!("{name}{origin}")
        }
    }
}

fn moment(unix_ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(unix_ms)
        .map(|moment| moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}

fn bill(message: &Message, currency: &Currency) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(usage) = &message.usage {
        let about = if usage.estimated { "~" } else { "" };
        parts.push(format!("{about}{} tokens in, {about}{} out", usage.input, usage.output));
        parts.push(currency.show_cost(message.cost));
    }
    if matches!(message.status, Status::Interrupted | Status::Failed) {
        parts.push(message.status.as_str().to_owned());
    }
    parts.extend(message.note.clone());
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn json(conversation: &Conversation) -> String {
    /// Written as it is, not by way of a JSON value, which would widen 0.7 to 0.699999988079071.
    #[derive(serde::Serialize)]
    struct Export<'a> {
        conversation: &'a ConversationMeta,
        messages: Vec<&'a Message>,
    }
    let export = Export { conversation: &conversation.meta, messages: conversation.path().collect() };
    let mut text = serde_json::to_string_pretty(&export).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{ConversationId, ModelRef};

    #[test]
    fn a_tools_result_is_exported_with_its_call_and_no_mark_in_it_counts() {
        let id = |number| crate::chat::MessageId(uuid::Uuid::from_u128(number));
        let meta = ConversationMeta::new(ConversationId(uuid::Uuid::nil()), ModelRef::new("openai", "m"), 0);
        let mut conversation = Conversation::new(meta);
        let say = |number, parent: Option<u128>, role, text: &str| {
            Message::text(id(number), conversation.meta.id, parent.map(id), role, text.to_owned(), 0)
        };
        let call =
            crate::chat::ToolCall { id: "c".into(), name: "read_file".into(), arguments: "{\"path\":\"a\"}".into() };
        let messages = [
            say(1, None, Role::User, "read it"),
            Message { tool_calls: vec![call], ..say(2, Some(1), Role::Assistant, "") },
            Message {
                tool_call_id: Some("c".into()),
                origin: Some(crate::chat::ToolOrigin::BuiltIn),
                ..say(3, Some(2), Role::Tool, "```\n# not a heading")
            },
        ];
        for message in messages {
            conversation.push(message);
        }
        let text = render(&conversation, Format::Markdown, &Currency::default(), &TimeZone::UTC);
        assert!(text.contains("## read_file (built in) · "), "{text}");
        assert!(text.contains("```json\n{\"path\":\"a\"}\n```\n\n````\n```\n# not a heading\n````\n"), "{text}");
    }

    #[test]
    fn a_file_name_keeps_the_words_of_any_script_and_nothing_else() {
        let name = |title: &str| {
            let meta = ConversationMeta {
                title: title.to_owned(),
                ..ConversationMeta::new(ConversationId(uuid::Uuid::nil()), ModelRef::new("openai", "gpt-4o-mini"), 0)
            };
            file_name(&meta, Format::Markdown)
        };
        assert_eq!(name("ELSS vs. PPF?"), "elss-vs-ppf.md");
        assert_eq!(name("../../etc/passwd"), "etc-passwd.md");
        assert_eq!(name("हिन्दी में बताओ"), "हिन्दी-में-बताओ.md");
        assert_eq!(name("\u{1b}[31m"), "31m.md");
        assert_eq!(name("???"), "conversation.md");
    }
}
