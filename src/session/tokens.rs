//! An estimate of how many tokens a text is, for models whose tokenizer is not at hand. Shown with `~`.

use crate::chat::{Message, Request, ResponseFormat, Tool, ToolCall, ToolSpec};

/// Tokens that each message costs besides its text, and that each request costs besides its messages
/// (the cookbook of `OpenAI`, "How to count tokens": 3 and 3; one more for a margin).
pub const PER_MESSAGE: u64 = 4;
pub const PER_REQUEST: u64 = 3;

/// What is written around the definition of a tool.
const PER_TOOL: u64 = 12;

/// Tokens in hundredths by kind of character, fitted by hand to what the `o200k_base` vocabulary does:
/// English prose comes to about 4.3 characters a token, code to 3.3, Hindi to 2, Chinese to 1.4.
const fn weight(c: char) -> u64 {
    match c {
        'a'..='z' | 'A'..='Z' => 22,
        ' ' => 6,
        '0'..='9' => 38,
        '\n' | '\t' => 35,
        '\u{0}'..='\u{7f}' => 55,
        '\u{80}'..='\u{24f}' => 45,
        '\u{370}'..='\u{6ff}' => 48,
        '\u{900}'..='\u{dff}' => 50,
        '\u{2000}'..='\u{2fff}' => 90,
        '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}' => 72,
        '\u{1f000}'.. => 200,
        _ => 80,
    }
}

/// About how many tokens `text` is; 0 only for the empty text.
#[must_use]
pub fn estimate(text: &str) -> u64 {
    hundredths(text).div_ceil(100)
}

/// The same in hundredths of a token, which adds up over pieces without rounding each of them.
#[must_use]
pub fn hundredths(text: &str) -> u64 {
    // Most text is ASCII, in runs: a table does for those what the ranges do for the rest.
    let mut sum = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        sum += rest.as_bytes()[..ascii].iter().map(|byte| u64::from(ASCII[usize::from(*byte)])).sum::<u64>();
        let other = rest[ascii..].chars().take_while(|c| !c.is_ascii());
        let mut length = 0;
        for c in other {
            sum += weight(c);
            length += c.len_utf8();
        }
        rest = &rest[ascii + length..];
    }
    sum
}

/// [`weight`] of each byte that is a character by itself; the others are never looked up.
const ASCII: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = weight(byte as u8 as char) as u8;
        byte += 1;
    }
    table
};

/// The longest beginning of a text that weighs no more than so many tokens, cut between two characters.
#[must_use]
pub fn prefix_within(text: &str, tokens: u64) -> &str {
    // No character weighs less than a hundredth: what is shorter than this fits without a look.
    let most = tokens.saturating_mul(100);
    let mut sum = 0;
    for (at, c) in text.char_indices() {
        sum += weight(c);
        if sum > most {
            return &text[..at];
        }
    }
    text
}

/// What a message costs when it is sent. Replies are estimated, too, though their provider counted them: one measure
/// for all lets what a provider bills correct it as a whole.
#[must_use]
pub fn of_message(message: &Message) -> u64 {
    weighed(&message.content, &message.tool_calls)
}

/// What a request costs as input.
#[must_use]
pub fn of_request(request: &Request) -> u64 {
    let messages = request.messages.iter().map(|message| weighed(&message.content, &message.tool_calls)).sum::<u64>();
    messages + of_tools(&request.tools) + of_format(request.format.as_ref()) + PER_REQUEST
}

/// What the definitions of tools cost as input: their JSON, as a provider writes it into the prompt.
#[must_use]
pub fn of_tools(tools: &[Tool]) -> u64 {
    let of = |spec: &ToolSpec| {
        estimate(&spec.name) + estimate(&spec.description) + estimate(&spec.parameters.to_string()) + PER_TOOL
    };
    tools.iter().map(|tool| of(&tool.spec)).sum()
}

/// What a schema that the answer is held to costs as input.
#[must_use]
pub fn of_format(format: Option<&ResponseFormat>) -> u64 {
    match format {
        Some(ResponseFormat::Strict(schema)) => estimate(&schema.schema.to_string()) + PER_TOOL,
        Some(ResponseFormat::JsonObject) | None => 0,
    }
}

/// A message's text and calls with what is written around them.
fn weighed(content: &str, calls: &[ToolCall]) -> u64 {
    let calls: u64 = calls.iter().map(|call| estimate(&call.name) + estimate(&call.arguments) + 8).sum();
    estimate(content) + calls + PER_MESSAGE
}

/// An estimate and a tenth more, to be on the safe side of a provider's own count.
#[must_use]
pub const fn with_margin(estimated: u64) -> u64 {
    estimated.saturating_add(estimated / 10).saturating_add(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_near_what_tokenizers_count() {
        // Counts by o200k_base: 11, 21 and 16.
        let cases = [
            ("What is the difference between ELSS and PPF for tax?", 11..=15),
            ("fn main() {\n    let total: u64 = rows.iter().map(|row| row.cost).sum();\n}\n", 17..=27),
            ("ईएलएसएस और पीपीएफ में क्या अंतर है?", 11..=20),
        ];
        for (text, near) in cases {
            assert!(near.contains(&estimate(text)), "{text}: {}", estimate(text));
        }
        for text in ["", "abc", "नमस्ते world, ok", "a\u{301}x👨‍👩‍👧", "\u{7f}\u{80}"] {
            assert_eq!(hundredths(text), text.chars().map(weight).sum::<u64>(), "{text}");
        }
        assert_eq!(estimate(""), 0);
        assert_eq!(estimate("a"), 1);
    }
}
