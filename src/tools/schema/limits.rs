//! What a schema may not be, whatever it says: too large, too deep, leading outside itself, or so entangled that one
//! value would be looked at for ever. Owns the walk over the schema as it is written.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// A larger schema is refused, in bytes of its JSON.
pub const MOST_BYTES: usize = 256 * 1024;
/// A schema nested deeper is refused.
const MOST_DEPTH: usize = 64;
/// Regular expressions in one schema, at most: each costs time to compile.
const MOST_PATTERNS: usize = 256;
/// Schemas that may be held against one and the same value, counted with all their repeats.
const MOST_WEIGHT: u64 = 10_000;
/// References that may lead on to one another.
const MOST_CHAIN: usize = 256;

/// Keywords whose values are data, so that what looks like a keyword in there is none.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];
/// Keywords whose values are maps from names of the user's to schemas.
const MAPS: [&str; 6] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

pub(super) fn check(schema: &Value) -> Result<(), String> {
    let size = serde_json::to_vec(schema).map_or(usize::MAX, |bytes| bytes.len());
    if size > MOST_BYTES {
        return Err(format!("the schema has {size} bytes; {MOST_BYTES} is the most that is taken"));
    }
    let mut patterns = 0;
    walk(schema, false, 0, &mut patterns)?;
    if patterns > MOST_PATTERNS {
        return Err(format!(
            "the schema has {patterns} regular expressions; {MOST_PATTERNS} is the most that is taken"
        ));
    }
    let mut weights = Weights { root: schema, known: HashMap::new(), open: Vec::new() };
    weights.all(schema, false)
}

/// The schemas within a schema, and whether what stands there is a map from names to schemas: in there, a name such as
/// `default` is no keyword.
fn within(fields: &Map<String, Value>, is_map: bool) -> impl Iterator<Item = (&Value, bool)> {
    let kept = fields.iter().filter(move |(key, _)| is_map || !DATA.contains(&key.as_str()));
    kept.map(move |(key, value)| (value, !is_map && MAPS.contains(&key.as_str())))
}

/// Looks at every keyword there is.
fn walk(schema: &Value, is_map: bool, depth: usize, patterns: &mut usize) -> Result<(), String> {
    if depth > MOST_DEPTH {
        return Err(format!("the schema is nested deeper than {MOST_DEPTH} levels"));
    }
    match schema {
        Value::Array(items) => items.iter().try_for_each(|item| walk(item, false, depth + 1, patterns)),
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|_| !is_map) {
                if let Value::String(text) = value {
                    keyword(key, text, depth)?;
                    *patterns += usize::from(key == "pattern");
                }
                if key == "patternProperties" {
                    *patterns += value.as_object().map_or(0, Map::len);
                }
            }
            within(fields, is_map).try_for_each(|(value, is_map)| walk(value, is_map, depth + 1, patterns))
        }
        _ => Ok(()),
    }
}

fn keyword(key: &str, text: &str, depth: usize) -> Result<(), String> {
    match key {
        "$ref" if text != "#" && !text.starts_with("#/") => Err(format!(
            "the reference {} leads out of the schema, and nothing is fetched: write what it stands for under \"$defs\" and refer to it by \"#/$defs/…\"",
            super::words::short(text)
        )),
        "$dynamicRef" | "$recursiveRef" => Err(format!("{key} is not supported; \"$ref\" is")),
        "$id" if depth > 0 => Err("\"$id\" is taken at the top of a schema alone".to_owned()),
        _ => Ok(()),
    }
}

/// How many schemas are held against a value where one is: those that it refers to or combines, and theirs.
struct Weights<'a> {
    root: &'a Value,
    /// By the place in memory that a part of `root` has for as long as this borrows it.
    known: HashMap<usize, u64>,
    open: Vec<usize>,
}

impl<'a> Weights<'a> {
    /// Weighs every part.
    fn all(&mut self, schema: &'a Value, is_map: bool) -> Result<(), String> {
        match schema {
            Value::Array(items) => items.iter().try_for_each(|item| self.all(item, false)),
            Value::Object(fields) => {
                if !is_map {
                    self.of(schema)?;
                }
                within(fields, is_map).try_for_each(|(value, is_map)| self.all(value, is_map))
            }
            _ => Ok(()),
        }
    }

    fn of(&mut self, schema: &'a Value) -> Result<u64, String> {
        let Value::Object(fields) = schema else { return Ok(1) };
        let place = std::ptr::from_ref(schema) as usize;
        if let Some(known) = self.known.get(&place) {
            return Ok(*known);
        }
        if self.open.contains(&place) {
            return Err("the schema refers to itself without going any deeper into the value".to_owned());
        }
        if self.open.len() >= MOST_CHAIN {
            return Err(format!("more than {MOST_CHAIN} references of the schema lead on to one another"));
        }
        self.open.push(place);
        let mut weight = 1;
        for part in self.beside(fields) {
            weight += self.of(part)?;
        }
        self.open.pop();
        if weight > MOST_WEIGHT {
            return Err(format!("the schema would hold more than {MOST_WEIGHT} schemas against one value"));
        }
        self.known.insert(place, weight);
        Ok(weight)
    }

    /// What a schema holds against the same value besides itself.
    fn beside(&self, fields: &'a Map<String, Value>) -> Vec<&'a Value> {
        let mut parts = Vec::new();
        for (key, value) in fields {
            match (key.as_str(), value) {
                ("$ref", Value::String(to)) => parts.extend(self.target(to)),
                ("allOf" | "anyOf" | "oneOf", Value::Array(items)) => parts.extend(items),
                ("dependentSchemas" | "dependencies", Value::Object(schemas)) => parts.extend(schemas.values()),
                ("not" | "if" | "then" | "else", _) => parts.push(value),
                _ => {}
            }
        }
        parts
    }

    /// Where a reference leads; one that leads nowhere is refused when the schema is compiled.
    fn target(&self, to: &str) -> Option<&'a Value> {
        let pointer = to.strip_prefix('#')?;
        self.root.pointer(&unescaped(pointer))
    }
}

/// Undoes the `%XX` that a fragment may have.
fn unescaped(fragment: &str) -> String {
    let mut out = Vec::with_capacity(fragment.len());
    let bytes = fragment.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| fragment.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
