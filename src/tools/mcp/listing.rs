//! The tools of a server as munshi offers them: their names, what a model is told of them, and the hash that an
//! approval is bound to. Pure. Believes nothing of what a server says of its tools, least of all that they are harmless.

use rmcp::model::Tool;
use serde_json::{Map, Value, json};

use super::naming;
use crate::chat::tool::ToolSpec;
use crate::chat::tooling::{ServerDefinition, ServerTransport};
use crate::tools::source::SourceTool;

/// The most tools that one server can offer.
pub const MOST_TOOLS: usize = 128;
/// The most of a description that a model is told, in bytes.
pub const MOST_DESCRIPTION: usize = 4 * 1024;
/// The largest schema of arguments, in bytes of JSON; a tool with a larger one is left out.
pub const MOST_SCHEMA: usize = 64 * 1024;

/// A tool with the name that its server knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub own_name: String,
    pub tool: SourceTool,
}

/// The tools that can be offered, and the others, each in a sentence.
#[must_use]
pub fn read(server: &ServerDefinition, tools: &[Tool]) -> (Vec<Listed>, Vec<String>) {
    let own: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    let (mut listed, mut left_out) = (Vec::new(), Vec::new());
    for (tool, name) in tools.iter().zip(naming::names(&server.name, &own)) {
        let Some(name) = name else {
            left_out.push("a tool without a name, or with one that another has".to_owned());
            continue;
        };
        match parameters(&tool.input_schema) {
            Ok(parameters) => listed.push(one(server, tool, name, parameters)),
            Err(why) => left_out.push(format!("{name}: {why}")),
        }
    }
    (listed, left_out)
}

fn one(server: &ServerDefinition, tool: &Tool, name: String, parameters: Value) -> Listed {
    let said = tool.description.as_deref().or(tool.title.as_deref()).unwrap_or_default();
    let description = said[..said.floor_char_boundary(MOST_DESCRIPTION)].to_owned();
    let definition = definition(server, tool, said, &parameters);
    let spec = ToolSpec { name, description, parameters };
    // What a server says of its own harmlessness is no ground to run anything.
    Listed { own_name: tool.name.to_string(), tool: SourceTool { spec, definition, is_sample: false } }
}

/// A schema that every provider takes: of type `object`, with properties.
fn parameters(schema: &Map<String, Value>) -> Result<Value, String> {
    let mut schema = schema.clone();
    let kind = schema.entry("type").or_insert_with(|| json!("object"));
    if *kind != json!("object") {
        return Err("its schema is not one of an object".to_owned());
    }
    schema.entry("properties").or_insert_with(|| json!({}));
    let schema = Value::Object(schema);
    let bytes = schema.to_string().len();
    if bytes > MOST_SCHEMA {
        return Err(format!("its schema has {bytes} bytes, more than {MOST_SCHEMA}"));
    }
    Ok(schema)
}

/// The hash of all that is told of a tool, in full, and of where it runs.
fn definition(server: &ServerDefinition, tool: &Tool, description: &str, parameters: &Value) -> String {
    let schema = parameters.to_string();
    let mut parts = vec![server.name.as_str(), tool.name.as_ref(), description, schema.as_str()];
    match &server.transport {
        ServerTransport::Command { command, .. } => {
            parts.push("command");
            parts.extend(command.iter().map(String::as_str));
        }
        ServerTransport::Url { url, .. } => parts.extend(["url", url.as_str()]),
    }
    naming::hash(&parts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn server(command: &[&str]) -> ServerDefinition {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let transport = ServerTransport::Command { command, env: Vec::new() };
        ServerDefinition { name: "s".to_owned(), transport, timeout: Duration::from_secs(30), is_on: true }
    }

    fn tool(name: &'static str, description: String, schema: Value) -> Tool {
        let Value::Object(schema) = schema else { panic!("a schema is an object") };
        Tool::new(name, description, Arc::new(schema))
    }

    fn first(server: &ServerDefinition, tool: Tool) -> SourceTool {
        read(server, &[tool]).0.remove(0).tool
    }

    #[test]
    fn a_changed_name_description_schema_or_command_is_another_definition() {
        let usual = || tool("a", "does".to_owned(), json!({"type": "object"}));
        let definition = first(&server(&["x", "y"]), usual()).definition;
        assert_eq!(first(&server(&["x", "y"]), usual()).definition, definition);
        let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
        let others = [
            first(&server(&["x", "y"]), tool("b", "does".to_owned(), json!({"type": "object"}))),
            first(&server(&["x", "y"]), tool("a", "does more".to_owned(), json!({"type": "object"}))),
            first(&server(&["x", "y"]), tool("a", "does".to_owned(), schema)),
            first(&server(&["xy"]), usual()),
        ];
        assert!(others.iter().all(|other| other.definition != definition));
    }

    #[test]
    fn a_change_behind_the_end_of_what_is_told_counts_too() {
        let long = "x".repeat(MOST_DESCRIPTION);
        let one = first(&server(&["x"]), tool("a", format!("{long}1"), json!({})));
        let other = first(&server(&["x"]), tool("a", format!("{long}2"), json!({})));
        assert_eq!(one.spec, other.spec);
        assert_eq!(one.spec.description.len(), MOST_DESCRIPTION);
        assert_ne!(one.definition, other.definition);
    }

    #[test]
    fn a_schema_gets_the_type_and_properties_that_providers_want() {
        let parameters = first(&server(&["x"]), tool("a", String::new(), json!({}))).spec.parameters;
        assert_eq!(parameters, json!({"type": "object", "properties": {}}));
    }

    #[test]
    fn schemas_of_other_types_and_huge_ones_are_left_out_with_a_word() {
        let huge = json!({"type": "object", "description": "x".repeat(MOST_SCHEMA)});
        let tools = [
            tool("list", String::new(), json!({"type": "array"})),
            tool("huge", String::new(), huge),
            tool("", String::new(), json!({})),
            tool("good", String::new(), json!({})),
        ];
        let (listed, left_out) = read(&server(&["x"]), &tools);
        assert_eq!(listed.iter().map(|one| one.own_name.as_str()).collect::<Vec<_>>(), ["good"]);
        assert_eq!(left_out.len(), 3, "{left_out:?}");
        assert!(left_out[1].starts_with("s__huge: its schema has"), "{left_out:?}");
    }
}
