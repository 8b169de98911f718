//! JSON as people read it: a value a line, indented. Owns the white space between tokens; refuses to change a token, so
//! that no number loses a digit and no escape its form.

use serde::de::IgnoredAny;

/// Spaces a level.
const INDENT: usize = 2;

/// More levels or bytes than these are left as they are: the indentation alone would be many times the text.
const DEEPEST: usize = 32;
const MOST_BYTES: usize = 1024 * 1024;

/// The text with its white space set anew, where it is one valid JSON object or array of a size and depth to be read.
#[must_use]
pub fn pretty(raw: &str) -> Option<String> {
    let text = raw.trim();
    if text.len() > MOST_BYTES || !looks_like_json(text) || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return None;
    }
    if depth(text) > DEEPEST {
        return None;
    }
    Some(set(text))
}

/// Whether a text begins and ends as an object or an array does: what costs nothing to see.
#[must_use]
pub fn looks_like_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}

fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for token in Tokens(text) {
        match token {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn set(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut tokens = Tokens(text).peekable();
    while let Some(token) = tokens.next() {
        match token {
            "{" | "[" => {
                out.push_str(token);
                if let Some(close) = tokens.next_if(|next| matches!(*next, "}" | "]")) {
                    out.push_str(close);
                } else {
                    depth += 1;
                    begin_line(&mut out, depth);
                }
            }
            "}" | "]" => {
                depth = depth.saturating_sub(1);
                begin_line(&mut out, depth);
                out.push_str(token);
            }
            "," => {
                out.push(',');
                begin_line(&mut out, depth);
            }
            ":" => out.push_str(": "),
            _ => out.push_str(token),
        }
    }
    out
}

fn begin_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', depth * INDENT));
}

/// The tokens of valid JSON, as they are written.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.0 = self.0.trim_start_matches([' ', '\t', '\n', '\r']);
        let bytes = self.0.as_bytes();
        let end = match bytes.first()? {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_end(bytes),
            _ => bytes
                .iter()
                .position(|byte| matches!(byte, b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r'))
                .unwrap_or(bytes.len()),
        };
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(token)
    }
}

/// The byte behind the string that begins here.
fn string_end(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_stands_on_a_line_of_its_own_and_no_token_changes() {
        let raw =
            r#" {"pay":{"from":1.80e6,"to":12345678901234567890123},"tags":["a, b","\u0041}"],"none":{},"no":[] } "#;
        let lines = "{\n  \"pay\": {\n    \"from\": 1.80e6,\n    \"to\": 12345678901234567890123\n  },\n  \"tags\": [\n    \"a, b\",\n    \"\\u0041}\"\n  ],\n  \"none\": {},\n  \"no\": []\n}";
        assert_eq!(pretty(raw).as_deref(), Some(lines));
    }

    #[test]
    fn what_is_no_whole_object_or_array_is_left_alone() {
        for raw in ["", "12", "\"a\"", "{", "{\"a\":1", "{\"a\":1} and more", "{a:1}", "[1,]", "{} {}", "null"] {
            assert_eq!(pretty(raw), None, "{raw:?}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(pretty(&deep), None, "what is too deep to be read is left alone");
        let long = format!("[{}1]", "1,".repeat(MOST_BYTES));
        assert_eq!(pretty(&long), None, "so is what is too long");
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,12}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::btree_map(".{0,6}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_shown_is_the_same_value(value in value()) {
            let raw = value.to_string();
            match pretty(&raw) {
                Some(pretty) => {
                    prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&pretty).unwrap(), value);
                    prop_assert_eq!(super::pretty(&pretty).unwrap(), pretty);
                }
                None => prop_assert!(!value.is_object() && !value.is_array()),
            }
        }
    }
}
