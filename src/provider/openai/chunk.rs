//! One chunk of a streamed completion, read as leniently as providers write it. Owns which of their fields
//! mean what; refuses nothing that is JSON.

use serde::Deserialize;
use serde_json::Value;

use super::lenient::{Count, List, Loose, Text, Word};
use crate::chat::Usage;

/// What the library decodes each event into; `None` inside where the event is no object.
pub(super) type Chunk = Loose<ChunkBody>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChunkBody {
    pub model: Word,
    pub choices: List<Choice>,
    usage: Loose<WireUsage>,
    x_groq: Loose<Groq>,
    pub error: Value,
    object: Word,
    message: Word,
    code: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Groq {
    usage: Loose<WireUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    delta: Loose<Delta>,
    /// Some servers end with the whole message instead of an empty delta.
    message: Loose<Delta>,
    pub finish_reason: Word,
    usage: Loose<WireUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    pub content: Text,
    reasoning_content: Word,
    reasoning: Word,
    pub refusal: Word,
    pub tool_calls: List<ToolPiece>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ToolPiece {
    index: Count,
    pub id: Word,
    function: Loose<Function>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Word,
    arguments: Value,
}

/// Usage that cannot be true.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Absurd;

/// The usage object with the names of several houses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    prompt_tokens: Count,
    input_tokens: Count,
    completion_tokens: Count,
    output_tokens: Count,
    prompt_tokens_details: Loose<InputDetails>,
    completion_tokens_details: Loose<OutputDetails>,
    /// By the name that `DeepSeek` gives it.
    prompt_cache_hit_tokens: Count,
    /// By the name that Moonshot gives it.
    cached_tokens: Count,
    cache_creation_input_tokens: Count,
}

#[allow(clippy::struct_field_names, reason = "these are the wire's own names")]
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
    cache_creation_tokens: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Count,
}

impl ChunkBody {
    /// The error this chunk reports, as an object that `refusal` reads.
    pub fn take_error(&mut self) -> Option<Value> {
        match self.error.take() {
            Value::Null | Value::Bool(false) if self.object.0.as_deref() == Some("error") => {
                Some(serde_json::json!({ "message": self.message.0.take(), "code": self.code.take() }))
            }
            Value::Null | Value::Bool(false) => None,
            Value::String(text) if text.is_empty() => None,
            error => Some(error),
        }
    }

    /// What the chunk says of usage, if it says anything.
    pub fn usage(&self) -> Option<Result<Usage, Absurd>> {
        let groq = self.x_groq.0.as_ref().and_then(|groq| groq.usage.0.as_ref());
        let of_choice = self.choices.0.iter().find_map(|choice| choice.usage.0.as_ref());
        self.usage.0.as_ref().or(groq).or(of_choice).and_then(WireUsage::read)
    }
}

impl Choice {
    /// What it adds.
    pub fn into_delta(self) -> Option<Delta> {
        self.delta.0.or(self.message.0)
    }
}

impl Delta {
    /// The reasoning, by whichever name; a provider that sends both sends the same twice.
    pub fn take_reasoning(&mut self) -> Option<String> {
        self.reasoning_content.0.take().or_else(|| self.reasoning.0.take())
    }
}

impl ToolPiece {
    /// The index that the provider gave, if it gave one.
    pub fn wire_index(&self) -> Option<u32> {
        match self.index {
            Count::Said(index) => u32::try_from(index).ok(),
            Count::Unsaid | Count::Nonsense => None,
        }
    }

    /// Whether it names a function, which only the first piece of a call does.
    pub fn has_name(&self) -> bool {
        self.function.0.as_ref().is_some_and(|function| function.name.0.is_some())
    }

    /// Id, name and arguments; arguments that came as JSON become the text of it.
    pub fn into_call(self) -> (Option<String>, Option<String>, String) {
        let function = self.function.0.unwrap_or_default();
        let arguments = match function.arguments {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        (self.id.0, function.name.0, arguments)
    }
}

impl WireUsage {
    fn read(&self) -> Option<Result<Usage, Absurd>> {
        let input = first([self.prompt_tokens, self.input_tokens]);
        let output = first([self.completion_tokens, self.output_tokens]);
        if matches!((input, output), (Count::Unsaid, Count::Unsaid) | (Count::Said(0), Count::Said(0))) {
            // Some send an empty or a zero object with every chunk, before they know.
            return None;
        }
        let details = self.prompt_tokens_details.0.as_ref();
        let detail = |pick: fn(&InputDetails) -> Count| details.map_or(Count::Unsaid, pick);
        let cached = first([detail(|details| details.cached_tokens), self.prompt_cache_hit_tokens, self.cached_tokens]);
        let written = first([
            detail(|details| details.cache_write_tokens),
            detail(|details| details.cache_creation_tokens),
            self.cache_creation_input_tokens,
        ]);
        let reasoning = self.completion_tokens_details.0.as_ref().map_or(Count::Unsaid, |one| one.reasoning_tokens);
        let usage = whole(input).zip(whole(output)).and_then(|(input, output)| {
            let usage = Usage {
                input,
                output,
                cached_input: part(cached)?,
                cache_write: part(written)?,
                reasoning: part(reasoning)?,
                estimated: false,
            };
            usage.plausible()
        });
        Some(usage.ok_or(Absurd))
    }
}

fn first<const N: usize>(counts: [Count; N]) -> Count {
    counts.into_iter().find(|count| *count != Count::Unsaid).unwrap_or_default()
}

fn whole(count: Count) -> Option<u64> {
    match count {
        Count::Said(count) => Some(count),
        Count::Unsaid | Count::Nonsense => None,
    }
}

fn part(count: Count) -> Option<u64> {
    match count {
        Count::Said(count) => Some(count),
        Count::Unsaid => Some(0),
        Count::Nonsense => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(json: &str) -> Option<Result<Usage, Absurd>> {
        let chunk: Chunk = serde_json::from_str(&format!(r#"{{"usage":{json}}}"#)).unwrap();
        chunk.0.unwrap().usage()
    }

    #[test]
    fn every_shape_of_json_is_read() {
        for odd in [
            "{}",
            "[]",
            "1",
            "null",
            r#""ping""#,
            r#"{"choices":null}"#,
            r#"{"choices":{}}"#,
            r#"{"choices":[null,1]}"#,
            r#"{"choices":[{"delta":null}]}"#,
            r#"{"choices":[{"delta":"x","finish_reason":7}]}"#,
            r#"{"choices":[{"delta":{"content":{"a":1},"tool_calls":[{"index":"0","function":[]}]}}]}"#,
            r#"{"model":[],"usage":"none","error":null,"id":{},"created":"x","service_tier":9}"#,
        ] {
            serde_json::from_str::<Chunk>(odd).unwrap_or_else(|error| panic!("{odd}: {error}"));
        }
        serde_json::from_str::<Chunk>(r#"{"choices":["#).unwrap_err();
    }

    #[test]
    fn usage_is_read_by_the_names_of_several_providers() {
        let openai = usage(
            r#"{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60},
                "completion_tokens_details":{"reasoning_tokens":7},"total_tokens":120}"#,
        );
        let read = openai.unwrap().unwrap();
        assert_eq!((read.input, read.cached_input, read.output, read.reasoning), (100, 60, 20, 7));
        let deepseek = r#"{"prompt_tokens":9,"completion_tokens":2,"prompt_cache_hit_tokens":4}"#;
        assert_eq!(usage(deepseek).unwrap().unwrap().cached_input, 4);
        let written = r#"{"prompt_tokens":9,"completion_tokens":2,"cache_creation_input_tokens":3}"#;
        assert_eq!(usage(written).unwrap().unwrap().cache_write, 3);
        let written = r#"{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cache_write_tokens":3}}"#;
        assert_eq!(usage(written).unwrap().unwrap().cache_write, 3);
    }

    #[test]
    fn row_21_usage_that_cannot_be_true_is_unknown() {
        for absurd in [
            r#"{"prompt_tokens":-1,"completion_tokens":2}"#,
            r#"{"prompt_tokens":1.5,"completion_tokens":2}"#,
            r#"{"prompt_tokens":1000000000000000000,"completion_tokens":2}"#,
            r#"{"prompt_tokens":1e30,"completion_tokens":2}"#,
            r#"{"prompt_tokens":"many","completion_tokens":2}"#,
            r#"{"prompt_tokens":5}"#,
            r#"{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":-3}}"#,
            r#"{"prompt_tokens":5,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":6}}"#,
        ] {
            assert_eq!(usage(absurd), Some(Err(Absurd)), "{absurd}");
        }
        for unsaid in ["null", "{}", "[]", r#"{"prompt_tokens":0,"completion_tokens":0}"#] {
            assert_eq!(usage(unsaid), None, "{unsaid}");
        }
    }
}
