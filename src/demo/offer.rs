//! What a request offers and demands beside its words: tools, whether they must be used, the shape of the answer. Owns
//! their strict reading and the original's words for what is wrong with them; refuses to decide which tool is called.

use serde_json::{Map, Value};

use super::answer::Refusal;

/// The most tools of a request, and the most characters of a name, as the original has them.
const MOST_TOOLS: usize = 128;
const LONGEST_NAME: usize = 64;

/// A function that may be called.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    pub name: String,
    pub parameters: Value,
    /// As it was sent, for counting.
    pub written: String,
}

/// Whether a tool must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    Auto,
    None,
    Required,
    Named(String),
}

/// The shape that the answer must have.
#[derive(Debug, Clone, PartialEq)]
pub enum Format {
    Text,
    JsonObject,
    Schema(Value),
}

/// All that a request says of tools and shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub tools: Vec<Offered>,
    pub choice: Choice,
    /// Several calls in one reply are welcome.
    pub parallel: bool,
    pub format: Format,
}

impl Offer {
    /// Reads the fields of a request's body.
    ///
    /// # Errors
    /// The refusal that a real server would send.
    pub fn read(body: &Value) -> Result<Self, Refusal> {
        let tools = tools(&body["tools"])?;
        let choice = choice(&body["tool_choice"], &tools)?;
        if tools.is_empty() && !body["parallel_tool_calls"].is_null() {
            return Err(only_with_tools("parallel_tool_calls"));
        }
        let parallel = body["parallel_tool_calls"].as_bool().unwrap_or(true);
        Ok(Self { tools, choice, parallel, format: format(&body["response_format"])? })
    }

    /// The offered tool of that name.
    pub fn tool(&self, name: &str) -> Option<&Offered> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Whether any tool may be called.
    pub fn may_call(&self) -> bool {
        !self.tools.is_empty() && self.choice != Choice::None
    }
}

fn only_with_tools(param: &str) -> Refusal {
    let message = format!("Invalid value for '{param}': '{param}' is only allowed when 'tools' are specified.");
    Refusal::invalid(&message, Some(param))
}

fn missing(param: &str) -> Refusal {
    let message = format!("Missing required parameter: '{param}'.");
    Refusal::invalid(&message, Some(param)).with_code("missing_required_parameter")
}

fn wrong(param: &str, says: &str, code: &'static str) -> Refusal {
    Refusal::invalid(&format!("Invalid '{param}': {says}"), Some(param)).with_code(code)
}

fn tools(value: &Value) -> Result<Vec<Offered>, Refusal> {
    let list = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        other => return Err(wrong("tools", &format!("expected an array, but got {other} instead."), "invalid_type")),
    };
    if list.is_empty() {
        let says = "empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Err(wrong("tools", says, "empty_array"));
    }
    if list.len() > MOST_TOOLS {
        let says = format!(
            "array too long. Expected an array with maximum length {MOST_TOOLS}, but got an array with length {} instead.",
            list.len()
        );
        return Err(wrong("tools", &says, "array_above_max_length"));
    }
    let mut found: Vec<Offered> = Vec::new();
    for (at, tool) in list.iter().enumerate() {
        let tool = offered(&format!("tools[{at}]"), tool)?;
        if found.iter().any(|known| known.name == tool.name) {
            let says = format!("the name '{}' is used by another tool. Tool names must be unique.", tool.name);
            return Err(wrong(&format!("tools[{at}].function.name"), &says, "invalid_value"));
        }
        found.push(tool);
    }
    Ok(found)
}

fn offered(at: &str, tool: &Value) -> Result<Offered, Refusal> {
    match tool["type"].as_str() {
        Some("function") => {}
        None => return Err(missing(&format!("{at}.type"))),
        Some(other) => {
            let message = format!("Invalid value: '{other}'. Supported values are: 'function'.");
            return Err(Refusal::invalid(&message, Some(&format!("{at}.type"))).with_code("invalid_value"));
        }
    }
    let function = &tool["function"];
    if !function.is_object() {
        return Err(missing(&format!("{at}.function")));
    }
    let name = name(&format!("{at}.function.name"), &function["name"])?;
    let parameters = function["parameters"].clone();
    let kind = &parameters["type"];
    if !parameters.is_null() && (!parameters.is_object() || kind != "object") {
        let message = format!(
            "Invalid schema for function '{name}': schema must be a JSON Schema of 'type: \"object\"', got 'type: {kind}'."
        );
        let param = format!("{at}.function.parameters");
        return Err(Refusal::invalid(&message, Some(&param)).with_code("invalid_function_parameters"));
    }
    Ok(Offered { name, parameters, written: tool.to_string() })
}

fn name(param: &str, value: &Value) -> Result<String, Refusal> {
    let Some(name) = value.as_str() else { return Err(missing(param)) };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || !name.chars().all(is_plain) {
        let says = "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.";
        return Err(wrong(param, says, "invalid_value"));
    }
    if name.len() > LONGEST_NAME {
        let says = format!(
            "string too long. Expected a string with maximum length {LONGEST_NAME}, but got a string with length {} instead.",
            name.len()
        );
        return Err(wrong(param, &says, "string_above_max_length"));
    }
    Ok(name.to_owned())
}

fn choice(value: &Value, tools: &[Offered]) -> Result<Choice, Refusal> {
    let param = "tool_choice";
    if tools.is_empty() && !value.is_null() {
        return Err(only_with_tools(param));
    }
    match value {
        Value::Null => Ok(Choice::Auto),
        Value::String(word) => match word.as_str() {
            "auto" => Ok(Choice::Auto),
            "none" => Ok(Choice::None),
            "required" => Ok(Choice::Required),
            other => {
                let message =
                    format!("Invalid value: '{other}'. Supported values are: 'none', 'auto', and 'required'.");
                Err(Refusal::invalid(&message, Some(param)).with_code("invalid_value"))
            }
        },
        named => match named["function"]["name"].as_str() {
            None => Err(missing("tool_choice.function.name")),
            Some(name) if tools.iter().any(|tool| tool.name == name) => Ok(Choice::Named(name.to_owned())),
            Some(name) => {
                let message = format!("Tool choice 'function': '{name}' not found in 'tools' parameter.");
                Err(Refusal::invalid(&message, Some(param)))
            }
        },
    }
}

fn format(value: &Value) -> Result<Format, Refusal> {
    if value.is_null() {
        return Ok(Format::Text);
    }
    match value["type"].as_str() {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => schema(&value["json_schema"]).map(Format::Schema),
        None => Err(missing("response_format.type")),
        Some(other) => {
            let message =
                format!("Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', and 'text'.");
            Err(Refusal::invalid(&message, Some("response_format.type")).with_code("invalid_value"))
        }
    }
}

fn schema(value: &Value) -> Result<Value, Refusal> {
    if !value.is_object() {
        return Err(missing("response_format.json_schema"));
    }
    let name = name("response_format.json_schema.name", &value["name"])?;
    let schema = &value["schema"];
    let wrong = |says: &str| {
        let message = format!("Invalid schema for response_format '{name}': {says}");
        Refusal::invalid(&message, Some("response_format"))
    };
    if !schema.is_object() {
        return Err(missing("response_format.json_schema.schema"));
    }
    if value["strict"] == true {
        if schema["type"] != "object" {
            let kind = &schema["type"];
            return Err(wrong(&format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: {kind}'.")));
        }
        looseness(schema, &mut Vec::new()).map_or(Ok(()), |says| Err(wrong(&says)))?;
    }
    Ok(schema.clone())
}

/// Why a schema is not one that answers can be held to strictly: every object names all its properties as required and
/// allows no others.
fn looseness(schema: &Value, path: &mut Vec<String>) -> Option<String> {
    let known = schema.as_object()?;
    let place = format!("In context=({}), ", path.join(", "));
    if let Some(properties) = known.get("properties").and_then(Value::as_object) {
        if known.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Some(format!("{place}'additionalProperties' is required to be supplied and to be false."));
        }
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if let Some(name) = properties.keys().find(|name| !required.contains(&name.as_str())) {
            return Some(format!(
                "{place}'required' is required to be supplied and to be an array including every key in properties. Missing '{name}'."
            ));
        }
        inside("properties", properties, path).map_or_else(|| inner(known, path), Some)
    } else {
        inner(known, path)
    }
}

/// The first looseness among the schemas that a schema holds beside its properties.
fn inner(known: &Map<String, Value>, path: &mut Vec<String>) -> Option<String> {
    for key in ["$defs", "definitions"] {
        if let Some(found) = known.get(key).and_then(Value::as_object).and_then(|all| inside(key, all, path)) {
            return Some(found);
        }
    }
    let several = known.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    known.get("items").into_iter().chain(several).find_map(|schema| {
        path.push("'items'".to_owned());
        let found = looseness(schema, path);
        path.pop();
        found
    })
}

fn inside(key: &str, schemas: &Map<String, Value>, path: &mut Vec<String>) -> Option<String> {
    schemas.iter().find_map(|(name, schema)| {
        path.extend([format!("'{key}'"), format!("'{name}'")]);
        let found = looseness(schema, path);
        path.truncate(path.len() - 2);
        found
    })
}
