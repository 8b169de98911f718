//! Filling a JSON schema from a text, by names and plain patterns. Owns what each name may mean and what stands where
//! nothing is found; refuses to go deeper than a schema that contains itself.

use serde_json::{Map, Value, json};

use super::{classify, dates, letter, places, posting};

/// The deepest that schemas are followed into each other.
const DEEPEST: usize = 12;

/// A value that fits the schema as well as plain rules can, with what the text says.
pub fn fill(schema: &Value, text: &str) -> Value {
    Filler { root: schema, text }.value(schema, "", 0)
}

/// The value of one property, by its name and its schema alone.
pub fn property(root: &Value, schema: &Value, name: &str, text: &str) -> Value {
    Filler { root, text }.value(schema, name, 0)
}

struct Filler<'a> {
    root: &'a Value,
    text: &'a str,
}

impl Filler<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|path| self.root.pointer(path.strip_prefix('#')?)) {
            return self.value(target, name, depth + 1);
        }
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return classify::one_of(values, self.text);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            let several = schema[key].as_array().into_iter().flatten();
            if let Some(first) = several.into_iter().find(|one| one["type"] != "null") {
                return self.value(first, name, depth + 1);
            }
        }
        let (kind, may_be_null) = kind_of(schema);
        match kind {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "integer" | "number" => match self.number(name) {
                None if may_be_null => Value::Null,
                found if kind == "integer" => whole(bounded(schema, found.unwrap_or(0.0))),
                found => json!(bounded(schema, found.unwrap_or(0.0))),
            },
            "boolean" => json!(self.says(name)),
            "null" => Value::Null,
            _ => match self.string(schema, name) {
                None if may_be_null => Value::Null,
                found => json!(found.unwrap_or_default()),
            },
        }
    }

    fn object(&self, schema: &Value, depth: usize) -> Value {
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.map(|(name, inner)| (name.clone(), self.value(inner, name, depth + 1))).collect::<Map<_, _>>().into()
    }

    fn array(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let items = &schema["items"];
        let found = match kind_of(items).0 {
            "number" => {
                posting::numbers(&self.fact(name).unwrap_or_default()).into_iter().map(|number| json!(number)).collect()
            }
            "integer" => posting::numbers(&self.fact(name).unwrap_or_default()).into_iter().map(whole).collect(),
            "string" if items["enum"].is_array() => {
                items["enum"].as_array().map_or_else(Vec::new, |values| classify::all_of(values, self.text))
            }
            "string" => self.list(name).into_iter().map(Value::from).collect(),
            _ => Vec::new(),
        };
        let least = schema["minItems"].as_u64().unwrap_or(0).min(64) as usize;
        let most = schema["maxItems"].as_u64().map_or(usize::MAX, |most| most as usize);
        let missing = least.saturating_sub(found.len());
        let more = (0..missing).map(|_| self.value(items, name, depth + 1));
        found.into_iter().chain(more).take(most).collect()
    }

    fn list(&self, name: &str) -> Vec<String> {
        let words = words_of(name);
        if has(&words, &["skill", "skills", "technologies", "stack", "requirements", "tools"]) {
            return posting::skills(self.text);
        }
        posting::labelled(self.text, |label| label == words.join(" "))
            .map_or_else(Vec::new, |lines| lines.iter().flat_map(|line| posting::items(line)).collect())
    }

    fn string(&self, schema: &Value, name: &str) -> Option<String> {
        let found = self.fact(name)?;
        Some(match schema["format"].as_str() {
            Some("date") => dates::date(&found).and_then(|date| dates::iso(&date)).unwrap_or(found),
            _ => found,
        })
    }

    fn number(&self, name: &str) -> Option<f64> {
        let words = words_of(name);
        let from = match self.fact(name) {
            Some(found) => found,
            // The number of an order is not its price.
            None if letter::knows(&words) => return None,
            None => self.text.to_owned(),
        };
        let numbers = posting::numbers(&from);
        let is_upper = has(&words, &["max", "maximum", "to", "upper", "highest", "end"]);
        let found = if is_upper { numbers.get(1).or(numbers.first()) } else { numbers.first() };
        found.copied()
    }

    fn says(&self, name: &str) -> bool {
        let lower = self.text.to_lowercase();
        let words = words_of(name);
        let names = words.iter().filter(|word| !matches!(word.as_str(), "is" | "has" | "can" | "allowed" | "job"));
        let all: Vec<&String> = names.collect();
        !all.is_empty()
            && all.iter().all(|word| {
                has_words(&lower, word)
                    && !has_words(&lower, &format!("no {word}"))
                    && !has_words(&lower, &format!("not {word}"))
            })
    }

    /// What the text says under a property's name.
    fn fact(&self, name: &str) -> Option<String> {
        let words = words_of(name);
        let text = self.text;
        let labelled = || posting::labelled(text, |label| label == words.join(" ")).map(|lines| lines.join(", "));
        if letter::knows(&words) {
            return letter::fact(&words, text, labelled());
        }
        let by_name = if has(&words, &["deadline", "closing", "apply", "due"]) {
            dates::deadline(text)
        } else if has(&words, &["salary", "ctc", "pay", "compensation", "package", "remuneration", "lpa"]) {
            posting::salary(text)
        } else if has(&words, &["skill", "skills", "technologies", "stack", "requirements"]) {
            Some(posting::skills(text).join(", ")).filter(|skills| !skills.is_empty())
        } else if has(&words, &["experience", "years"]) {
            posting::experience(text)
        } else if has(&words, &["location", "city", "place", "town"]) {
            posting::location(text).or_else(|| places::first_city(text))
        } else if has(&words, &["title", "position", "role", "job", "designation"]) {
            posting::title(text)
        } else if has(&words, &["date", "day"]) {
            dates::date(text)
        } else if has(&words, &["email", "mail"]) {
            text.split_whitespace()
                .find(|word| word.contains('@'))
                .map(|word| word.trim_matches(['<', '>', '.', ',', ';', '(', ')']).to_owned())
        } else if has(&words, &["url", "website", "link"]) {
            text.split_whitespace()
                .find(|word| word.starts_with("http"))
                .map(|word| word.trim_end_matches(['.', ',', ')']).to_owned())
        } else {
            None
        };
        labelled().or(by_name)
    }
}

/// The type of a schema, and whether null is another; what has properties is an object.
fn kind_of(schema: &Value) -> (&str, bool) {
    match &schema["type"] {
        Value::String(kind) => (kind, false),
        Value::Array(kinds) => {
            let first = kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null");
            (first, kinds.iter().any(|kind| kind == "null"))
        }
        _ if schema["properties"].is_object() => ("object", false),
        _ => ("string", false),
    }
}

/// A number within the bounds that a schema sets.
fn bounded(schema: &Value, number: f64) -> f64 {
    let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
    let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
    number.min(most).max(least)
}

fn whole(number: f64) -> Value {
    json!(number.round() as i64)
}

/// The words of `job_title`, `jobTitle` or `Job title`, in lower case.
pub fn words_of(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.extend(c.to_lowercase());
        before = c;
    }
    spaced.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn has(words: &[String], any: &[&str]) -> bool {
    words.iter().any(|word| any.contains(&word.as_str()))
}

/// Whether whole words stand in a text; both in lower case.
fn has_words(text: &str, words: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !words.is_empty()
        && text
            .match_indices(words)
            .any(|(at, _)| is_edge(text[..at].chars().next_back()) && is_edge(text[at + words.len()..].chars().next()))
}
