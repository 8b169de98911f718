//! The texts that vectors are asked for: as much of each message, and as many in one request, as any endpoint takes.

use crate::chat::MessageId;
use crate::chat::embedding::{Excerpt, within_limit};

/// Messages in one request.
pub(super) const MOST_MESSAGES: u64 = 64;

/// The most of one request, in bytes; `OpenAI` takes 300,000 tokens.
const MOST_BYTES_TOGETHER: usize = 256_000;

/// What stands for a message without words: an empty text is refused, and with it all others of the request.
const NO_WORDS: &str = "…";

/// The texts of as many messages as one request may have; the rest is still missing afterwards, and comes next.
pub(super) fn of(messages: Vec<Excerpt>) -> Vec<(MessageId, String)> {
    let mut together = 0;
    let texts = messages.into_iter().map(|excerpt| (excerpt.message, cut(&excerpt.content).to_owned()));
    let fits = |(_, text): &(MessageId, String)| {
        together += text.len();
        together <= MOST_BYTES_TOGETHER
    };
    texts.take_while(fits).collect()
}

fn cut(content: &str) -> &str {
    let content = content.trim();
    if content.is_empty() { NO_WORDS } else { within_limit(content) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::chat::{ConversationId, Role};

    fn excerpt(number: u128, content: &str) -> Excerpt {
        Excerpt {
            conversation: ConversationId(Uuid::from_u128(1)),
            title: String::new(),
            message: MessageId(Uuid::from_u128(number)),
            role: Role::User,
            content: content.to_owned(),
            created_ms: 0,
        }
    }

    #[test]
    fn a_long_message_is_cut_at_a_letter_and_an_empty_one_has_a_sign() {
        let texts = of(vec![excerpt(1, &"नि".repeat(5_000)), excerpt(2, " \n"), excerpt(3, " hello ")]);
        assert_eq!(texts[0].1.len(), 7_998);
        assert_eq!((texts[1].1.as_str(), texts[2].1.as_str()), ("…", "hello"));
    }

    #[test]
    fn many_long_messages_go_in_several_requests() {
        let long = "x".repeat(8_000);
        let texts = of((0..64).map(|number| excerpt(number, &long)).collect());
        assert_eq!(texts.len(), 32);
    }
}
