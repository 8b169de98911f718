//! What a server answered, as a model is told it: text as it is, everything else named with its size. Pure.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

use crate::chat::tool::{ToolEnd, ToolOutcome};
use crate::chat::words::size;

/// The most of a word of the server's, such as a media type or an address, that stands in a line of munshi's.
const MOST_WORD: usize = 200;
const UNKNOWN: &str = "[something of a kind that munshi does not know: not shown]";

/// Reads a result. Its text is cut where it is longer than a model is told.
#[must_use]
pub fn read(result: &CallToolResult) -> ToolOutcome {
    let mut parts: Vec<String> = result.content.iter().map(part).collect();
    let has_text = result.content.iter().any(|block| matches!(block, ContentBlock::Text(_)));
    // The protocol has servers say what is structured as text, too; where one does not, it would be lost.
    if let (Some(structured), false) = (&result.structured_content, has_text) {
        parts.push(structured.to_string());
    }
    if parts.is_empty() {
        parts.push("(The tool gave no result.)".to_owned());
    }
    let end = if result.is_error == Some(true) { ToolEnd::Failed } else { ToolEnd::Done };
    ToolOutcome::new(end, &parts.join("\n"))
}

fn part(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => not_shown("image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => not_shown("audio", &audio.mime_type, &audio.data),
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { uri, text, .. } => format!("[resource {}]\n{text}", word(uri)),
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                not_shown(&format!("resource {}", word(uri)), mime_type.as_deref().unwrap_or_default(), blob)
            }
            _ => UNKNOWN.to_owned(),
        },
        ContentBlock::ResourceLink(link) => format!("[link to the resource {}: {}]", word(&link.uri), word(&link.name)),
        _ => UNKNOWN.to_owned(),
    }
}

/// What stands for data that only a picture or a sound could show.
fn not_shown(what: &str, media_type: &str, base64: &str) -> String {
    let bytes = base64.trim_end_matches('=').len() / 4 * 3 + base64.trim_end_matches('=').len() % 4 * 3 / 4;
    let kind = if media_type.is_empty() { String::new() } else { format!(" ({})", word(media_type)) };
    format!("[{what}{kind}, {}: not shown]", size(bytes as u64))
}

/// A short text of the server's in a line of munshi's own: cut, and without what would end the line.
#[must_use]
pub fn word(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(MOST_WORD)];
    let mut word: String = cut.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if cut.len() < text.len() {
        word.push('…');
    }
    word
}

#[cfg(test)]
mod tests {
    use rmcp::model::Resource;
    use serde_json::json;

    use super::*;
    use crate::chat::tool::MOST_RESULT_BYTES;

    fn told(content: Vec<ContentBlock>) -> String {
        read(&CallToolResult::success(content)).content
    }

    #[test]
    fn pictures_sounds_and_blobs_are_named_with_their_size() {
        let data = "A".repeat(16_000);
        assert_eq!(told(vec![ContentBlock::image(&data, "image/png")]), "[image (image/png), 12 KiB: not shown]");
        assert_eq!(told(vec![ContentBlock::audio("AAA=", "audio/wav")]), "[audio (audio/wav), 2 B: not shown]");
        let blob = ContentBlock::resource(ResourceContents::blob("A".repeat(4_000_000), "file:///a"));
        assert_eq!(told(vec![blob]), "[resource file:///a, 2.9 MiB: not shown]");
    }

    #[test]
    fn texts_of_resources_are_told_with_their_address_and_links_are_named() {
        let text = ContentBlock::resource(ResourceContents::text("inside", "file:///a\nb"));
        let link = ContentBlock::ResourceLink(Resource::new("file:///c", "c"));
        assert_eq!(told(vec![text, link]), "[resource file:///a b]\ninside\n[link to the resource file:///c: c]");
    }

    #[test]
    fn structured_content_is_told_where_no_text_says_it() {
        let mut result = CallToolResult::structured(json!({"sum": 3}));
        assert_eq!(read(&result).content, r#"{"sum":3}"#);
        result.content.clear();
        assert_eq!(read(&result).content, r#"{"sum":3}"#);
    }

    #[test]
    fn an_error_is_a_failure_with_its_words_and_nothing_at_all_is_said() {
        let failed = read(&CallToolResult::error(vec![ContentBlock::text("no such file")]));
        assert_eq!((failed.end, failed.content.as_str()), (ToolEnd::Failed, "no such file"));
        assert_eq!(told(Vec::new()), "(The tool gave no result.)");
    }

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let outcome = read(&CallToolResult::success(vec![ContentBlock::text("क".repeat(MOST_RESULT_BYTES))]));
        assert!(outcome.content.len() <= MOST_RESULT_BYTES && outcome.content.len() > MOST_RESULT_BYTES - 3);
        assert_eq!(outcome.cut_from, Some(3 * MOST_RESULT_BYTES as u64));
    }
}
